//go:build unix

package chaos_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// cloud is a NATS server that goes and comes back, at one address.
type cloud struct {
	*wire
	running *server.Server // nil = stopped
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{wire: newWire(t, nil, false)}
	c.up(t)
	t.Cleanup(c.down)
	return c
}

func (c *cloud) up(t *testing.T) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server does not start")
	}
	c.running = s
	c.lead(s.Addr().String())
}

func (c *cloud) down() {
	if c.running == nil {
		return
	}
	c.lead()
	c.running.Shutdown()
	c.running.WaitForShutdown()
	c.running = nil
}
