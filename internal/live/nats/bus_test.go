package nats_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/live/nats"
	"parley/internal/testkit/testserver"
)

// cloud is a NATS server that a test stops and starts. Whoever dials it finds
// it wherever it is.
type cloud struct {
	options server.Options
	mu      sync.Mutex
	running *server.Server // nil = stopped; guarded by mu
	dials   chan struct{}  // has one for each dial while somebody waits for it
}

// newCloud starts a server with the options.
func newCloud(t *testing.T, o server.Options) *cloud {
	t.Helper()
	o.Host, o.Port, o.NoLog, o.NoSigs = "127.0.0.1", server.RANDOM_PORT, true, true
	c := &cloud{options: o, dials: make(chan struct{})}
	c.start(t)
	t.Cleanup(c.stop)
	return c
}

func (c *cloud) start(t *testing.T) {
	t.Helper()
	o := c.options
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server does not start")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = s
}

func (c *cloud) stop() {
	c.mu.Lock()
	s := c.running
	c.running = nil
	c.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// Dial implements the client's CustomDialer.
func (c *cloud) Dial(network, _ string) (net.Conn, error) {
	c.mu.Lock()
	s := c.running
	c.mu.Unlock()
	select {
	case c.dials <- struct{}{}:
	default:
	}
	if s == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("nobody is there")}
	}
	return net.Dial(network, s.Addr().String())
}

// open returns a bus of the installation that dials the cloud.
func (c *cloud) open(t *testing.T, url, installation string) (*nats.Bus, *journal) {
	t.Helper()
	j := newJournal(t)
	b, err := nats.OpenWith(url, installation, j.log(), client.SetCustomDialer(c), client.ReconnectWait(time.Millisecond), client.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b, j
}

// raw returns a connection of somebody else.
func (c *cloud) raw(t *testing.T) *client.Conn {
	t.Helper()
	conn, err := client.Connect("nats://nobody", client.SetCustomDialer(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

const anywhere = "nats://nats.example:4222"

// The texts of the log.
const (
	connected = "connected to NATS"
	away      = "NATS is away"
)

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// TestWakesAreGathered: an account that is written to all the time wakes the
// others a hundred times a second at most, and after its last commit, too.
func TestWakesAreGathered(t *testing.T) {
	t.Parallel()
	c := newCloud(t, server.Options{})
	b, _ := c.open(t, anywhere, "one")
	raw := c.raw(t)
	var busy, last atomic.Int64
	done := make(chan struct{})
	_, err := raw.Subscribe("parley.one.wake.*", func(m *client.Msg) {
		switch m.Subject {
		case "parley.one.wake.7":
			busy.Add(1)
		case "parley.one.wake.8":
			if last.Add(1) == 1 {
				close(done)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Flush(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for time.Since(began) < 100*time.Millisecond {
		b.Committed([]int64{7})
		runtime.Gosched()
	}
	b.Committed([]int64{7, 8})
	<-done
	took := time.Since(began)
	if got, most := busy.Load(), int64(took/(10*time.Millisecond))+2; got < 1 || got > most {
		t.Errorf("woke %d times in %v, want 1 to %d", got, took, most)
	}
}

// TestInstallationsAreApart: nodes that share a NATS server and no database hear
// nothing of each other.
func TestInstallationsAreApart(t *testing.T) {
	t.Parallel()
	c := newCloud(t, server.Options{})
	one, _ := c.open(t, anywhere, "one")
	same, _ := c.open(t, anywhere, "one")
	other, _ := c.open(t, anywhere, "two")
	heard, misled := make(chan live.Signal, 8), make(chan live.Signal, 8)
	same.Receive(func(s live.Signal) { heard <- s })
	other.Receive(func(s live.Signal) { misled <- s })
	mine, foreign := same.Wake(7), other.Wake(7)
	one.Publish(typing(7))
	<-heard
	one.Committed([]int64{7})
	<-mine
	// What comes after it is there, and it is not.
	if err := c.raw(t).Publish("parley.two.signal", []byte(`{"AccountID":9,"Typing":{}}`)); err != nil {
		t.Fatal(err)
	}
	if s := <-misled; s.AccountID != 9 {
		t.Errorf("heard %+v of another installation", s)
	}
	if closed(foreign) {
		t.Error("woken by another installation")
	}
}

func typing(account int64) live.Signal {
	return live.Signal{AccountID: account, Typing: &live.Typing{ConversationID: 3, ContactID: 4, InboxID: 5, Who: core.Actor{Type: core.ActorAgent, ID: 6}, On: true}}
}

// TestNonsense: what no node sends is passed over.
func TestNonsense(t *testing.T) {
	t.Parallel()
	c := newCloud(t, server.Options{})
	b, _ := c.open(t, anywhere, "one")
	heard := make(chan live.Signal, 64)
	b.Receive(func(s live.Signal) { heard <- s })
	raw := c.raw(t)
	woken := b.Wake(7)
	for _, subject := range []string{"wake.x", "wake.-", "wake.99999999999999999999", "wake.7x", "wake.7.7", "wake", "signal.7", "other"} {
		if err := raw.Publish("parley.one."+subject, []byte(`{"AccountID":7,"Typing":{}}`)); err != nil {
			t.Fatal(err)
		}
	}
	for _, body := range []string{
		"", "{", "null", "[]", "7", `"x"`, `{"AccountID":7}`, `{"AccountID":7,"Typing":{},"Presence":{"Node":"n"}}`, `{"Typing":{}}`,
		`{"AccountID":-7,"Typing":{}}`, `{"AccountID":"7","Typing":{}}`, `{"AccountID":7,"Typing":7}`, `{"AccountID":7,"Presence":{"People":[{}]}}`,
		strings.Repeat("[", 100_000), "\xff\x00",
	} {
		if err := raw.Publish("parley.one.signal", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Publish("parley.one.signal", []byte(`{"AccountID":7,"Typing":{"On":true},"of a later version":1}`)); err != nil {
		t.Fatal(err)
	}
	if s := <-heard; s.Typing == nil || !s.Typing.On {
		t.Errorf("heard %+v", s)
	}
	if closed(woken) {
		t.Error("woken by nonsense")
	}
	if err := raw.Publish("parley.one.wake.7", []byte("whatever")); err != nil {
		t.Fatal(err)
	}
	<-woken
}

// TestWithoutNATS: a node starts without NATS and serves its own, and finds
// NATS when it comes.
func TestWithoutNATS(t *testing.T) {
	t.Parallel()
	c := newCloud(t, server.Options{})
	c.stop()
	one, oneLog := c.open(t, anywhere, "one")
	two, twoLog := c.open(t, anywhere, "one")
	oneLog.await(away)
	twoLog.await(away)
	heard := make(chan live.Signal, 8)
	two.Receive(func(s live.Signal) { heard <- s })
	woken := two.Wake(7)
	two.Committed([]int64{7})
	if !closed(woken) {
		t.Error("does not wake itself")
	}
	two.Publish(typing(7))
	if len(heard) != 1 {
		t.Error("does not hear itself")
	}
	<-heard
	c.start(t)
	oneLog.await(connected)
	twoLog.await(connected)
	woken = two.Wake(7)
	one.Committed([]int64{7})
	<-woken
	one.Publish(typing(8))
	if s := <-heard; s.AccountID != 8 {
		t.Errorf("heard %+v", s)
	}
	answer := make(chan live.Signal, 8)
	one.Receive(func(s live.Signal) { answer <- s })
	two.Publish(typing(9))
	<-answer
	one.Publish(typing(10))
	for _, want := range []int64{9, 10} {
		if s := <-heard; s.AccountID != want {
			t.Errorf("heard %+v, want %d once", s, want)
		}
	}
}

// TestOutagesAreLoggedOnce: not with every attempt, and never with what is
// secret in the URL.
func TestOutagesAreLoggedOnce(t *testing.T) {
	t.Parallel()
	const password, token = "correct-horse-battery", "staple-token"
	testserver.Secret(password, token)
	for name, test := range map[string]struct{ url, want string }{
		"password":       {"nats://parley:" + password + "@nats.example", password},
		"token":          {"nats://" + token + "@nats.example:4222", token},
		"several":        {"nats://parley:" + password + "@a.example:4222,nats://parley:" + password + "@b.example", password},
		"wrong password": {"nats://parley:" + password + "@nats.example", "another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := server.Options{Username: "parley", Password: test.want}
			if test.want == token {
				o = server.Options{Authorization: token}
			}
			c := newCloud(t, o)
			_, j := c.open(t, test.url, "one")
			if test.want == "another" {
				j.await(away)
				for range 5 {
					<-c.dials
				}
				if n := j.count(away); n != 1 {
					t.Errorf("told %d times of an outage", n)
				}
				return
			}
			j.await(connected)
			for outage := 1; outage <= 2; outage++ {
				c.stop()
				j.await(away)
				for range 5 {
					<-c.dials
				}
				c.start(t)
				j.await(connected)
				if n := j.count(away); n != outage {
					t.Errorf("told %d times of %d outages", n, outage)
				}
			}
		})
	}
	for _, url := range []string{"nats://parley:" + password + "@[x", "nats://parley:" + password + "@a:b:c", "nats://%zz" + token + "@h", "\x00" + token} {
		if _, err := nats.Open(url, "one", testserver.Log(t)); err == nil || strings.Contains(err.Error(), password) || strings.Contains(err.Error(), token) {
			t.Errorf("Open = %v", err)
		}
	}
}

// TestCloseEndsAll: whether NATS is there or not.
func TestCloseEndsAll(t *testing.T) { //nolint:paralleltest // goleak looks at all goroutines
	for _, there := range []bool{true, false} {
		c := newCloud(t, server.Options{})
		if !there {
			c.stop()
		}
		ignored := goleak.IgnoreCurrent()
		j := newJournal(t)
		b, err := nats.OpenWith(anywhere, "one", j.log(), client.SetCustomDialer(c))
		if err != nil {
			t.Fatal(err)
		}
		if there {
			j.await(connected)
		} else {
			j.await(away)
		}
		b.Committed([]int64{7})
		b.Close()
		c.stop()
		goleak.VerifyNone(t, ignored)
	}
}
