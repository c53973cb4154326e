package bench_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/bench"
	"parley/internal/core"
	"parley/internal/testkit/testserver"
)

// liveServer is a filled server whose clock goes.
func liveServer(t *testing.T, engine string) (url string, plan bench.LivePlan) {
	t.Helper()
	st := testserver.Open(t, engine)
	targets, index := filled(t, st, small)
	index()
	s := testserver.ServeWith(t, st, engine, testserver.Options{Clock: func() core.Time { return core.TimeOf(time.Now()) }})
	return s.URL, bench.LivePlan{
		URL: s.URL, PID: os.Getpid(), Targets: *targets.Live, Await: targets.Scenarios, Clock: bench.Clock{Now: time.Now, Sleep: bench.Sleep},
		Load: bench.Load{Concurrency: 2, Rate: 50, Duration: 300 * time.Millisecond, Timeout: time.Minute, Seed: 1},
	}
}

// TestFollow: what is written comes to the streams of the contacts and of
// everybody who sees it, on both kinds of connections.
func TestFollow(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			_, plan := liveServer(t, engine)
			r, err := plan.Follow(t.Context(), bench.Streams{Contacts: 12, Agents: 8})
			if err != nil {
				t.Fatal(err)
			}
			if r.Failed() || r.Writes.Requests == 0 || r.EventStreams != 10 || r.WebSockets != 10 || r.Contacts.Connections != 12 || r.Agents.Connections != 8 {
				t.Errorf("%+v", r)
			}
			// All contacts have a stream, so that each message comes to one of them;
			// the first of the agents' streams is the account's, which sees all.
			if n := r.Writes.Requests; r.Contacts.Events < n || r.Agents.Events < 2*n || r.Contacts.Events != r.Contacts.Expected || r.Agents.Events != r.Agents.Expected {
				t.Errorf("%d messages were written, %+v", n, r)
			}
			if r.Contacts.Latency.P50 <= 0 || r.Agents.Latency.Max < r.Agents.Answered.P50 {
				t.Errorf("latencies %+v and %+v", r.Contacts, r.Agents)
			}
			report := bench.Report{Live: r}
			var table strings.Builder
			if err := report.WriteTable(&table); err != nil || report.Failed() || !strings.Contains(table.String(), "20 connections: 12 of contacts, 8 of agents") {
				t.Errorf("failed %v, %v: %s", report.Failed(), err, &table)
			}
		})
	}
}

// TestFollowFindsLosses puts a proxy before the server that loses an event,
// brings another one twice, and ends a stream.
func TestFollowFindsLosses(t *testing.T) {
	t.Parallel()
	addr, plan := liveServer(t, "sqlite")
	target, err := url.Parse(addr)
	if err != nil {
		t.Fatal(err)
	}
	var opened atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") == "text/event-stream" {
			proxy.ServeHTTP(&lossy{ResponseWriter: w, fault: opened.Add(1)}, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = nil
	plan.URL, plan.Load.Timeout = srv.URL, 2*time.Second
	plan.Targets.AgentTokens = nil // every stream sees everything
	r, err := plan.Follow(t.Context(), bench.Streams{Agents: 6})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Failed() || r.Agents.Missing == 0 || r.Agents.Repeated != 1 || r.Agents.CutOff != 1 || r.Contacts.Connections != 0 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(strings.Join(r.Failures, "\n"), "cut off") {
		t.Errorf("failures %q", r.Failures)
	}
}

// lossy changes what is written to a stream: the first one loses an event, the
// second one gets one twice, the third one ends.
type lossy struct {
	http.ResponseWriter
	fault  int64
	events int
}

func (l *lossy) Unwrap() http.ResponseWriter { return l.ResponseWriter }

func (l *lossy) Write(b []byte) (int, error) {
	if !bytes.Contains(b, []byte("\ndata: {\"id\":")) {
		return l.ResponseWriter.Write(b)
	}
	if l.events++; l.events == 3 {
		switch l.fault {
		case 1:
			return len(b), nil
		case 2:
			first, _, _ := bytes.Cut(b, []byte("\n\n"))
			_, _ = l.ResponseWriter.Write(append(bytes.Clone(first), "\n\n"...))
		case 3:
			panic(http.ErrAbortHandler)
		}
	}
	return l.ResponseWriter.Write(b)
}

// TestIdle: sockets of several to a contact, one of whom gets a message.
func TestIdle(t *testing.T) {
	t.Parallel()
	_, plan := liveServer(t, "sqlite")
	plan.Load.Duration = 10 * time.Millisecond
	r, err := plan.Idle(t.Context(), 30)
	if err != nil {
		t.Fatal(err)
	}
	if r.Failed() || r.Sockets != 30 || r.OpenedPerSecond <= 0 || r.Reached <= 0 {
		t.Errorf("%+v", r)
	}
	var table strings.Builder
	if err := (&bench.Report{Idle: r}).WriteTable(&table); err != nil || !strings.Contains(table.String(), "30 idle WebSockets") {
		t.Errorf("%v: %s", err, &table)
	}
	for sockets, want := range map[int]string{12*20 + 1: "fill more", 1 << 30: "fill more"} {
		if _, err := plan.Idle(t.Context(), sockets); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d sockets: %v, want %s", sockets, err, want)
		}
	}
	plan.Targets.Contacts.Count = 1 << 40
	if _, err := plan.Idle(t.Context(), 1<<30); err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("more sockets than files: %v", err)
	}
}
