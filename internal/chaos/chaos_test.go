//go:build unix

package chaos_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/store"
	"parley/internal/testkit"
)

// deadline is far more than a test takes: what has not happened by then never
// will.
const deadline = 8 * time.Minute

// writers is how many write at once.
const writers = 16

// messagesEnv says how many messages are written: `make test-chaos` writes many.
const messagesEnv = "PARLEY_TEST_MESSAGES"

// messages is how many they write.
func messages() int {
	if n, err := strconv.Atoi(os.Getenv(messagesEnv)); err == nil {
		return n
	}
	if testkit.Small() {
		return 300
	}
	return 1500
}

// reach waits until somewhere in the tenth of the writing.
func (w *world) reach(ctx context.Context, tenth int) {
	w.written.reach(ctx, (tenth*messages()+w.rng.IntN(messages()))/10)
}

// TestOneServer kills a server twice under writers, and cuts the connections of
// everybody at random, while the receiver of its webhook fails, hangs and
// restarts: all clients end with the same events, each once and in order, nothing
// acknowledged is lost, and what is unread is exact.
func TestOneServer(t *testing.T) {
	t.Parallel()
	engines := []string{store.SQLite, store.Postgres}
	if testkit.Small() {
		engines = engines[:1]
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			began := time.Now()
			w := newWorld(t, engine)
			n := w.startNode(t)
			w.prepare(ctx, t, n)
			w.wire.lead(n.addr)
			w.follow(ctx, t)
			defer w.leave(cancel)
			done := w.write(ctx, t, writers, messages())
			in := func(tenth int) { w.reach(ctx, tenth) }
			kill := func() {
				w.wire.lead()
				n.Kill(t)
				n = w.startNode(t)
				w.wire.lead(n.addr)
			}
			in(1)
			w.receiver.will(20, 0)
			in(3)
			kill()
			in(4)
			w.receiver.refused.reach(ctx, 1)
			w.receiver.will(0, 3)
			w.receiver.held.reach(ctx, 1)
			w.receiver.down()
			in(5)
			w.receiver.up()
			in(7)
			kill()
			<-done
			if t.Failed() {
				return
			}
			w.conclude(ctx, t)
			n.Stop(t)
			w.open(t, func(st store.Store) { w.verify(t, st) })
			w.summary(t, 2, began)
		})
	}
}

// TestNodes kills nodes of one database under writers, while NATS goes away and
// comes back, and freezes the two that are left one after the other, with all
// that they have begun: clients of a node that is gone go on at another one, and
// all end with the same events; the webhook has one delivery of each event in its
// ledger, and jobs are done once.
func TestNodes(t *testing.T) {
	t.Parallel()
	if testkit.Small() {
		t.Skip("needs more than a small run may take; what it is about needs no race detector between processes")
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	began := time.Now()
	w := newWorld(t, store.Postgres)
	cloud := newCloud(t)
	w.cfg.NATSURL = config.Secret("nats://" + cloud.Addr().String())
	first, second := w.startNode(t), w.startNode(t)
	w.prepare(ctx, t, first)
	w.wire.lead(first.addr, second.addr)
	w.follow(ctx, t)
	defer w.leave(cancel)
	done := w.write(ctx, t, writers, messages())
	w.reach(ctx, 1)
	w.wire.lead(second.addr)
	first.Kill(t)
	w.receiver.will(20, 0)
	third := w.startNode(t)
	w.wire.lead(second.addr, third.addr)
	w.reach(ctx, 3)
	cloud.down()
	w.wire.lead(third.addr)
	second.Kill(t)
	fourth := w.startNode(t)
	w.wire.lead(third.addr, fourth.addr)
	w.reach(ctx, 5)
	cloud.up(t)
	for _, turn := range []struct{ frozen, other *node }{{third, fourth}, {fourth, third}} {
		w.freeze(ctx, t, turn.frozen, turn.other, done)
	}
	<-done
	if t.Failed() {
		return
	}
	w.conclude(ctx, t)
	third.Stop(t)
	fourth.Stop(t)
	w.open(t, func(st store.Store) { w.verify(t, st) })
	w.summary(t, 2, began)
}
