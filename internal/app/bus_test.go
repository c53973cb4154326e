package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

// TestBusBetweenNodes: nodes that share the key of the database wake each other
// with every commit, and others that share NATS alone do not.
func TestBusBetweenNodes(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server does not start")
	}
	st := testserver.Open(t, "postgres")
	open := func(key string) live.Bus {
		t.Helper()
		cfg := config.Default()
		cfg.DatabaseURL, cfg.NATSURL = "postgres://somewhere", config.Secret(s.ClientURL())
		bus, end, err := app.OpenBus(t.Context(), &cfg, st, []byte(key), testserver.Log(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(end)
		return bus
	}
	near, foreign, far := open("key"), open("another"), open("key")
	f := storetest.Seed(t, st)
	misled := foreign.Wake(f.Account.ID)
	// The last one that was opened is the one that the store tells.
	for _, bus := range []live.Bus{far, near} {
		woken := bus.Wake(f.Account.ID)
		err := st.InTx(t.Context(), f.Account.ID, func(_ context.Context, tx store.Tx) error {
			tx.Emit(core.Event{AccountID: f.Account.ID, Type: core.LabelCreated, At: testserver.Now, Data: f.Label})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		<-woken // or the test's deadline tells
	}
	select {
	case <-misled:
		t.Error("another installation was woken")
	default:
	}
}

// TestBusOfOneNode: without NATS there is no bus, and on SQLite an operator is
// told so.
func TestBusOfOneNode(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	for url, want := range map[config.Secret]string{"": "", "nats://parley:hunter22@h": "nats-url"} {
		log.Reset()
		cfg := config.Default()
		cfg.NATSURL = url
		bus, end, err := app.OpenBus(t.Context(), &cfg, nil, nil, slog.New(slog.NewTextHandler(&log, nil)))
		if bus != nil || err != nil {
			t.Errorf("with %q: %v, %v", url, bus, err)
		}
		end()
		if got := log.String(); (got == "") != (want == "") || !strings.Contains(got, want) || strings.Contains(got, "hunter22") {
			t.Errorf("with %q: %q is logged", url, got)
		}
	}
}
