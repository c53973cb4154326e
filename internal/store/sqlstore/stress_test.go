package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// scratch is the smallest schema that a writer works on.
var scratch = []string{
	"CREATE TABLE accounts (id bigint PRIMARY KEY, event_seq bigint NOT NULL, epoch text NOT NULL, conversation_count bigint NOT NULL, first_event_seq bigint NOT NULL DEFAULT 1)",
	"CREATE TABLE events (account_id bigint NOT NULL, seq bigint NOT NULL, item bigint NOT NULL, PRIMARY KEY (account_id, seq))",
	"CREATE TABLE items (id bigint PRIMARY KEY)",
	"CREATE TABLE tops (account_id bigint PRIMARY KEY, item bigint NOT NULL)",
}

const scratchAccounts = 3

// newScratch returns a writer on the scratch schema, with accounts from 1 on.
func newScratch(t testing.TB, e sqlstore.Engine) *sqlstore.Writer {
	t.Helper()
	run(t, e, scratch...)
	for i := range scratchAccounts {
		run(t, e, fmt.Sprintf("INSERT INTO accounts (id, event_seq, epoch, conversation_count) VALUES (%d, 0, 'epoch', 0)", i+1), fmt.Sprintf("INSERT INTO tops VALUES (%d, 0)", i+1))
	}
	w := sqlstore.NewWriter(e, func(ctx context.Context, q sqlstore.Querier, account, first int64, _ string, events []core.Event) error {
		var (
			sql  strings.Builder
			args []any
		)
		for i, event := range events {
			sep := ","
			if i == 0 {
				sep = "INSERT INTO events VALUES"
			}
			fmt.Fprintf(&sql, "%s ($%d, $%d, $%d)", sep, 3*i+1, 3*i+2, 3*i+3)
			args = append(args, account, first+int64(i), event.ConversationID)
		}
		_, err := q.Exec(ctx, sql.String(), args...)
		return err
	})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return w
}

var errOwn = errors.New("the command changed its mind")

// deed is one command of the stress test: what it does on its way.
type deed int

const (
	good deed = iota
	taken
	failedRead
	refuses
	turnsBack
	panics
	cancelled
	deeds
)

// command stores item and its event for the account, unless its deed stops it.
func (d deed) command(account, item int64, cancel context.CancelFunc) sqlstore.Command {
	return func(ctx context.Context, q sqlstore.Querier, left *sqlstore.Left) error {
		if d == refuses {
			left.Emit(core.Event{AccountID: account, ConversationID: -item})
			return errOwn
		}
		if d == cancelled {
			cancel() // too late: it has begun
		}
		if _, err := q.Exec(ctx, "INSERT INTO items VALUES ($1)", item); err != nil {
			return err
		}
		// Under the row's lock, as positions are: groups of one account must not pass each other.
		if _, err := q.Exec(ctx, "UPDATE tops SET item = $2 WHERE account_id = $1", account, item); err != nil {
			return err
		}
		left.Emit(core.Event{AccountID: account, ConversationID: item})
		left.AddConversations(account, 1)
		switch d {
		case taken:
			_, err := q.Exec(ctx, "INSERT INTO items VALUES ($1)", item)
			return err
		case failedRead:
			_, err := column[int64](ctx, q, "SELECT nothing FROM items")
			return err
		case turnsBack:
			return errOwn
		case panics:
			panic("a broken rule")
		case good, refuses, cancelled, deeds:
		}
		return nil
	}
}

// check tells whether err is what the deed leads to, and whether the item must
// be there.
func (d deed) check(e sqlstore.Engine, err error) (stored, ok bool) {
	switch d {
	case good:
		return true, err == nil
	case taken:
		return false, core.KindOf(orNone(err)) == core.Conflict
	case failedRead, panics:
		return false, err != nil && core.KindOf(err) == core.Internal
	case refuses, turnsBack:
		return false, errors.Is(err, errOwn)
	case cancelled, deeds:
		// Given up before it began, or carried to its end.
		return err == nil, err == nil || errors.Is(err, context.Canceled)
	}
	return false, false
}

// TestWriterKeepsWhatItAcknowledgedAndNothingElse drives one writer from many
// goroutines that fail in every way there is.
func TestWriterKeepsWhatItAcknowledgedAndNothingElse(t *testing.T) {
	t.Parallel()
	rounds := 40
	if testkit.Small() {
		rounds = 5
	}
	onEngines(t, func(t *testing.T, e migrated) {
		const callers = 64
		w := newScratch(t, e)
		stop := make(chan struct{})
		var watchers, workers sync.WaitGroup
		watchers.Go(func() { watchLog(t, e, w, stop) })

		var (
			mu           sync.Mutex
			acknowledged []int64
		)
		for caller := range int64(callers) {
			workers.Go(func() {
				r := rand.New(rand.NewPCG(uint64(caller), 7))
				for round := range int64(rounds) {
					item := caller*1000 + round + 1
					account := r.Int64N(scratchAccounts) + 1
					d := good
					if r.IntN(3) == 0 {
						d = deed(r.IntN(int(deeds)))
					}
					ctx, cancel := context.WithCancel(t.Context())
					if d == cancelled && r.IntN(2) == 0 {
						time.AfterFunc(time.Duration(r.IntN(int(time.Millisecond))), cancel)
					}
					err := w.Do(ctx, account, d.command(account, item, cancel))
					cancel()
					stored, ok := d.check(e, err)
					if !ok {
						t.Errorf("deed %d: unexpected error %v", d, err)
					}
					if stored {
						mu.Lock()
						acknowledged = append(acknowledged, item)
						mu.Unlock()
					}
				}
			})
		}
		workers.Wait()
		close(stop)
		watchers.Wait()
		slices.Sort(acknowledged)
		checkScratch(t, e, acknowledged)
	})
}

// checkScratch compares the database with what was acknowledged.
func checkScratch(t *testing.T, e sqlstore.Engine, acknowledged []int64) {
	t.Helper()
	if got := mustColumn[int64](t, e, "SELECT id FROM items ORDER BY id"); !slices.Equal(got, acknowledged) {
		t.Errorf("%d items are stored and %d were acknowledged", len(got), len(acknowledged))
	}
	if got := mustColumn[int64](t, e, "SELECT item FROM events ORDER BY item"); !slices.Equal(got, acknowledged) {
		t.Errorf("%d events are stored and %d items were acknowledged", len(got), len(acknowledged))
	}
	for account := range int64(scratchAccounts) {
		account++
		seqs := mustColumn[int64](t, e, "SELECT seq FROM events WHERE account_id = $1 ORDER BY seq", account)
		for i, seq := range seqs {
			if seq != int64(i)+1 {
				t.Fatalf("account %d: event %d has the number %d", account, i+1, seq)
			}
		}
		counters := mustColumn[string](t, e, "SELECT CAST(event_seq AS text) || ' ' || CAST(conversation_count AS text) FROM accounts WHERE id = $1", account)
		if want := fmt.Sprint(len(seqs), " ", len(seqs)); counters[0] != want {
			t.Errorf("account %d: counters are %s, want %s", account, counters[0], want)
		}
		// The row was last written by the command whose event came last.
		top := mustColumn[int64](t, e, "SELECT item FROM tops WHERE account_id = $1", account)
		last := mustColumn[int64](t, e, "SELECT item FROM events WHERE account_id = $1 ORDER BY seq DESC LIMIT 1", account)
		if len(last) > 0 && top[0] != last[0] {
			t.Errorf("account %d: the row was last written by %d, the log ends with %d", account, top[0], last[0])
		}
	}
}

// watchLog reads account 1's log as live delivery does: it waits for a commit,
// reads what is new, and must never see a gap nor lose a wake-up.
func watchLog(t *testing.T, e sqlstore.Engine, w *sqlstore.Writer, stop <-chan struct{}) {
	var seen int64
	read := func() {
		seqs, err := column[int64](t.Context(), e, "SELECT seq FROM events WHERE account_id = 1 AND seq > $1 ORDER BY seq", seen)
		if err != nil {
			t.Errorf("read the log: %v", err)
		}
		for _, seq := range seqs {
			if seq != seen+1 {
				t.Errorf("event %d follows %d", seq, seen)
			}
			seen = seq
		}
	}
	for {
		next := w.Committed(1)
		read()
		select {
		case <-next:
		case <-stop:
			last, err := column[string](t.Context(), e, "SELECT CAST(event_seq AS text) FROM accounts WHERE id = 1")
			read()
			if err != nil || last[0] != strconv.FormatInt(seen, 10) {
				t.Errorf("the watcher saw events up to %d, there are %v (%v)", seen, last, err)
			}
			return
		}
	}
}

// TestTwoProcessesShareALog has two writers on one PostgreSQL database.
func TestTwoProcessesShareALog(t *testing.T) {
	t.Parallel()
	e := openers["postgres"](t)
	one := newScratch(t, e)
	two := sqlstore.NewWriter(unclosed{e}, func(ctx context.Context, q sqlstore.Querier, account, first int64, _ string, events []core.Event) error {
		for i, event := range events {
			if _, err := q.Exec(ctx, "INSERT INTO events VALUES ($1, $2, $3)", account, first+int64(i), event.ConversationID); err != nil {
				return err
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	var acknowledged []int64
	for i := range int64(40) {
		acknowledged = append(acknowledged, i+1)
		wg.Go(func() {
			w := one
			if i%2 == 0 {
				w = two
			}
			// Two accounts, taken in either order, so that the two writers also get into deadlocks.
			err := w.Do(t.Context(), i%3+1, func(ctx context.Context, q sqlstore.Querier, left *sqlstore.Left) error {
				for _, account := range []int64{i%2 + 1, 2 - i%2} {
					if _, err := q.Exec(ctx, "UPDATE tops SET item = $2 WHERE account_id = $1", account, i+1); err != nil {
						return err
					}
				}
				if _, err := q.Exec(ctx, "INSERT INTO items VALUES ($1)", i+1); err != nil {
					return err
				}
				left.Emit(core.Event{AccountID: 3, ConversationID: i + 1})
				left.AddConversations(3, 1)
				return nil
			})
			if err != nil {
				t.Errorf("command %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if err := two.Close(); err != nil {
		t.Error(err)
	}
	if got := mustColumn[int64](t, e, "SELECT item FROM events ORDER BY item"); !slices.Equal(got, acknowledged) {
		t.Errorf("events = %v, want %v", got, acknowledged)
	}
	seqs := mustColumn[int64](t, e, "SELECT seq FROM events WHERE account_id = 3 ORDER BY seq")
	if n := int64(len(seqs)); n != 40 || seqs[n-1] != n {
		t.Errorf("numbers = %v, want 1 to 40", seqs)
	}
}

// unclosed is an engine that its writer does not close.
type unclosed struct{ sqlstore.Engine }

func (unclosed) Close() error { return nil }

// BenchmarkInTx measures commands of one inserted row and one event.
func BenchmarkInTx(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				e := openers[name](b)
				w := newScratch(b, e)
				var (
					wg   sync.WaitGroup
					next = make(chan int64, callers)
				)
				b.ResetTimer()
				for range callers {
					wg.Go(func() {
						for item := range next {
							if err := w.Do(b.Context(), 1, good.command(1, item, nil)); err != nil {
								b.Error(err)
							}
						}
					})
				}
				for i := range int64(b.N) {
					next <- i + 1
				}
				close(next)
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			})
		}
	}
}
