package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/internal/core"
	"parley/internal/store/sqlstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCommandsThatWaitShareATransaction(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		var answers []<-chan error
		for range sqlstore.MaxGroup + 3 {
			answers = append(answers, g.send(write("x")))
		}
		g.release()
		for _, answer := range answers {
			wantErr(t, "command", answered(t, answer), nil)
		}
		g.wantGroups(t, "first", strings.Repeat("x ", sqlstore.MaxGroup-1)+"x", "x x x")
	})
}

func TestAnswersComeAfterTheCommit(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		refusal := errors.New("no")
		hold := make(chan struct{})
		good := g.send(write("good"))
		refused := g.send(func(context.Context, sqlstore.Querier, *sqlstore.Left) error { return refusal })
		g.engine.onCommit = func() error { <-hold; return nil }
		g.release()
		select {
		case err := <-good:
			t.Errorf("answered %v before the commit", err)
		case err := <-refused:
			t.Errorf("refused with %v before the commit of what it may have seen", err)
		default:
		}
		close(hold)
		synctest.Wait()
		wantErr(t, "good", answered(t, good), nil)
		wantErr(t, "refused", answered(t, refused), refusal)
		g.wantGroups(t, "first", "good")
	})
}

func TestFailuresHarmNoOther(t *testing.T) {
	t.Parallel()
	own := errors.New("own error")
	for name, bad := range map[string]struct {
		fn   sqlstore.Command
		want error
	}{
		"failed write": {write("FAIL"), errStatement},
		"failed read":  {write("SELECT FAIL"), errStatement},
		"failed read that was swallowed": {func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			_ = write("SELECT FAIL")(ctx, q, nil)
			return nil
		}, errStatement},
		"failure that shows in the rows": {func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			rows, err := q.Query(ctx, "LATE")
			if err != nil {
				return err
			}
			defer rows.Close()
			rows.Next()
			return nil
		}, errStatement},
		"write after a failure": {func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			_ = write("FAIL")(ctx, q, nil)
			return write("bad")(ctx, q, nil)
		}, errStatement},
		"error after a write": {func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			if err := write("bad")(ctx, q, nil); err != nil {
				return err
			}
			return own
		}, own},
		"error after a query that wrote": {func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			rows, err := q.Query(ctx, "INSERT bad RETURNING id")
			if err != nil {
				return err
			}
			rows.Close()
			return own
		}, own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, g *gate) {
				afterFailure := false
				g.engine.onExec = func(sql string) error {
					if strings.HasPrefix(sql, "FAIL") {
						afterFailure = true
					} else if afterFailure && sql == "bad" {
						t.Error("a statement ran after a failed one")
					}
					return nil
				}
				a, failed, b := g.send(write("a")), g.send(bad.fn), g.send(write("b"))
				g.release()
				wantErr(t, "a", answered(t, a), nil)
				wantErr(t, "failed", answered(t, failed), bad.want)
				wantErr(t, "b", answered(t, b), nil)
				g.wantGroups(t, "first", "a", "b")
			})
		})
	}
}

func TestRefusalBeforeAnyWriteLeavesTheGroup(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		refusal := errors.New("no")
		runs := 0
		a := g.send(write("a"))
		refused := g.send(func(ctx context.Context, q sqlstore.Querier, left *sqlstore.Left) error {
			runs++
			left.Emit(core.Event{AccountID: 1, Type: "refused"})
			if err := write("SELECT 1")(ctx, q, nil); err != nil {
				return err
			}
			return refusal
		})
		b := g.send(write("b"))
		g.release()
		wantErr(t, "a", answered(t, a), nil)
		wantErr(t, "refused", answered(t, refused), refusal)
		wantErr(t, "b", answered(t, b), nil)
		g.wantGroups(t, "first", "a b")
		if runs != 1 {
			t.Errorf("the refused command ran %d times, want once", runs)
		}
		if len(g.stored) != 0 {
			t.Errorf("events of a refused command were stored: %q", g.stored)
		}
	})
}

func TestAnOnlyCommandThatFailsRunsOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		g.release()
		runs := 0
		failed := g.send(func(ctx context.Context, q sqlstore.Querier, left *sqlstore.Left) error {
			runs++
			return write("FAIL")(ctx, q, left)
		})
		wantErr(t, "failed", answered(t, failed), errStatement)
		if runs != 1 {
			t.Errorf("it ran %d times, want once", runs)
		}
	})
}

func TestPanicIsTheCommandsOwnError(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		a := g.send(write("a"))
		failed := g.send(func(context.Context, sqlstore.Querier, *sqlstore.Left) error { panic("broken rule") })
		b := g.send(write("b"))
		g.release()
		wantErr(t, "a", answered(t, a), nil)
		wantErr(t, "b", answered(t, b), nil)
		err := answered(t, failed)
		if err == nil || core.KindOf(err) != core.Internal || !strings.Contains(err.Error(), "broken rule") || !strings.Contains(err.Error(), "writer_test.go") {
			t.Errorf("error = %v, want an internal one with the panic and its stack", err)
		}
		g.wantGroups(t, "first", "a", "b")
	})
}

func TestGoexitIsTheCommandsOwnError(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		a := g.send(write("a"))
		failed := g.send(func(context.Context, sqlstore.Querier, *sqlstore.Left) error {
			runtime.Goexit()
			return nil
		})
		b := g.send(write("b"))
		g.release()
		wantErr(t, "a", answered(t, a), nil)
		wantErr(t, "b", answered(t, b), nil)
		if err := answered(t, failed); err == nil {
			t.Error("the command succeeded")
		}
		g.wantGroups(t, "first", "a", "b")
	})
}

func TestEventsAndCountersAreSettledOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		var updates []string
		g.engine.onExec = func(sql string) error {
			if strings.HasPrefix(sql, "UPDATE accounts") {
				updates = append(updates, sql)
			}
			return nil
		}
		emit := func(account int64, name core.EventType) sqlstore.Command {
			return func(ctx context.Context, q sqlstore.Querier, left *sqlstore.Left) error {
				left.Emit(core.Event{AccountID: account, Type: name})
				left.AddConversations(account, 1)
				return write(string(name))(ctx, q, left)
			}
		}
		one, two := g.Committed(1), g.Committed(2)
		g.send(emit(2, "a"))
		g.send(emit(1, "b"))
		g.send(emit(2, "c"))
		g.release()
		g.wantGroups(t, "first", "a b c events events")
		// The fake row stands at 1000 after the update.
		if want := []string{"1/1000/epoch/b", "2/999/epoch/a", "2/1000/epoch/c"}; !slices.Equal(g.stored, want) {
			t.Errorf("stored events = %q, want %q", g.stored, want)
		}
		if len(updates) != 2 {
			t.Errorf("the accounts' rows were updated %d times, want once each", len(updates))
		}
		for account, ch := range map[int64]<-chan struct{}{1: one, 2: two} {
			select {
			case <-ch:
			default:
				t.Errorf("nobody woke the readers of account %d", account)
			}
		}
		if _, watched := g.Load(); watched != 0 {
			t.Errorf("%d accounts are still watched, want none", watched)
		}
	})
}

func TestCommittedSleepsWithoutEvents(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		mine, other := g.Committed(1), g.Committed(2)
		g.send(write("no event"))
		g.send(func(_ context.Context, _ sqlstore.Querier, left *sqlstore.Left) error {
			left.AddConversations(1, 1)
			return nil
		})
		g.sendFor(t.Context(), 1, func(_ context.Context, _ sqlstore.Querier, left *sqlstore.Left) error {
			left.Emit(core.Event{AccountID: 2})
			return nil
		})
		g.release()
		select {
		case <-mine:
			t.Error("a commit without events woke the readers")
		default:
		}
		select {
		case <-other:
		default:
			t.Error("an event for another account did not wake its readers")
		}
		if g.Committed(1) != mine {
			t.Error("two readers of one account wait on different channels")
		}
	})
}

func TestFailureThatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		left := 3
		g.engine.onExec = func(sql string) error {
			if sql == "b" && left > 0 {
				left--
				return errRetry
			}
			return nil
		}
		a, b := g.send(write("a")), g.send(write("b"))
		close(g.open)
		wantErr(t, "a", <-a, nil)
		wantErr(t, "b", <-b, nil)
		g.wantGroups(t, "first", "a", "b")

		left = 1000
		if err := g.Do(t.Context(), 1, write("b")); core.KindOf(err) != core.Unavailable {
			t.Errorf("error after too many tries = %v, want unavailable", err)
		}
	})
}

func TestCommitThatWasRolledBackIsRunAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		refuse := true
		a, b := g.send(write("a")), g.send(write("b"))
		g.engine.onCommit = func() error {
			if refuse {
				refuse = false
				return fmt.Errorf("%w: a constraint", sqlstore.ErrRolledBack)
			}
			return nil
		}
		g.release()
		wantErr(t, "a", answered(t, a), nil)
		wantErr(t, "b", answered(t, b), nil)
		g.wantGroups(t, "first", "a", "b")
	})
}

func TestUnknownOutcomeIsNotRunAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		woken := g.Committed(1)
		runs := 0
		a := g.send(write("a"))
		b := g.send(func(ctx context.Context, q sqlstore.Querier, left *sqlstore.Left) error {
			runs++
			left.Emit(core.Event{AccountID: 1})
			return write("b")(ctx, q, left)
		})
		g.engine.onCommit = func() error { return errLost }
		g.release()
		for name, answer := range map[string]<-chan error{"a": a, "b": b} {
			err := answered(t, answer)
			wantErr(t, name, err, errLost)
			if core.KindOf(err) != core.Unavailable {
				t.Errorf("%s: error = %v, want unavailable", name, err)
			}
		}
		if runs != 1 {
			t.Errorf("b ran %d times, want once", runs)
		}
		select {
		case <-woken:
		default:
			t.Error("readers were not woken, and the events may be there")
		}
		g.engine.onCommit = nil
		wantErr(t, "a command after that", g.Do(t.Context(), 1, write("c")), nil)
	})
}

func TestNoBeginNoCommand(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		runs := 0
		g.engine.onBegin = func() error { return errLost }
		a := g.send(func(context.Context, sqlstore.Querier, *sqlstore.Left) error { runs++; return nil })
		g.release()
		wantErr(t, "a", answered(t, a), errLost)
		if runs != 0 {
			t.Error("the command ran without a transaction")
		}
		tries := 0
		g.engine.onBegin = func() error {
			if tries++; tries < 3 {
				return errRetry
			}
			return nil
		}
		wantErr(t, "a command that has to wait for the database", g.Do(t.Context(), 1, write("b")), nil)
	})
}

// TestBeginIsGivenUpInTime: an engine that waits long before it reports that
// somebody else holds the database is not asked again and again.
func TestBeginIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		close(g.open)
		const oneTry = 10 * time.Second
		g.engine.onBegin = func() error {
			time.Sleep(oneTry)
			return errRetry
		}
		start := time.Now()
		if err := g.Do(t.Context(), 1, write("a")); core.KindOf(err) != core.Unavailable {
			t.Errorf("error = %v, want unavailable", err)
		}
		if waited := time.Since(start); waited < oneTry || waited > 2*oneTry+time.Second {
			t.Errorf("gave up after %s", waited)
		}
	})
}

func TestCancellationCountsBeforeTheCommandBegins(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		given := g.sendFor(ctx, 1, func(context.Context, sqlstore.Querier, *sqlstore.Left) error { runs++; return nil })
		cancel()
		synctest.Wait()
		// Still before the gate opens: whoever leaves does not wait for others.
		wantErr(t, "cancelled while it waited", answered(t, given), context.Canceled)
		wantErr(t, "cancelled before", g.Do(ctx, 1, write("x")), context.Canceled)

		running, stop := context.WithCancel(t.Context())
		late := g.sendFor(running, 1, func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			stop()
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err := q.Exec(running, "late") // with the caller's own, ended context
			return err
		})
		spoiler := g.send(write("FAIL"))
		g.release()
		wantErr(t, "cancelled while it ran, and was run again", answered(t, late), nil)
		wantErr(t, "spoiler", answered(t, spoiler), errStatement)
		if runs != 0 {
			t.Error("a command ran after its caller had gone")
		}
		g.wantGroups(t, "first", "late")
	})
}

func TestTransactionIsUselessAfterItsCommand(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		g.release()
		var kept sqlstore.Querier
		err := g.Do(t.Context(), 1, func(_ context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			kept = q
			return nil
		})
		wantErr(t, "command", err, nil)
		if _, err := kept.Exec(t.Context(), "late"); err == nil {
			t.Error("a statement ran after the command")
		}
	})
}

func TestCommandsDoNotNest(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		g.release()
		err := g.Do(t.Context(), 1, func(ctx context.Context, _ sqlstore.Querier, _ *sqlstore.Left) error {
			return g.Do(ctx, 2, write("inner"))
		})
		if err == nil {
			t.Error("a command inside a command succeeded; on one writer it would wait for itself")
		}
	})
}

func TestPanicWhileEventsAreStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := &fakeEngine{}
		w := sqlstore.NewWriter(engine, func(context.Context, sqlstore.Querier, int64, int64, string, []core.Event) error { panic("no codec") })
		err := w.Do(t.Context(), 1, func(_ context.Context, _ sqlstore.Querier, left *sqlstore.Left) error {
			left.Emit(core.Event{AccountID: 1})
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "no codec") {
			t.Errorf("error = %v, want the panic", err)
		}
		wantErr(t, "the next command", w.Do(t.Context(), 1, write("x")), nil)
		wantErr(t, "Close", w.Close(), nil)
	})
}

func TestReadingCommandsDoNotCommit(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, g *gate) {
		g.release()
		wantErr(t, "reader", g.Do(t.Context(), 1, write("SELECT 1")), nil)
		g.wantGroups(t, "first")
	})
}

func TestCloseCarriesToTheEndWhatHasBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		waits := g.send(write("waits"))
		closed := make(chan error, 1)
		go func() { closed <- g.Close() }()
		synctest.Wait()
		select {
		case err := <-closed:
			t.Errorf("Close did not wait for the command that has begun: %v", err)
		default:
		}
		if err := g.Do(t.Context(), 1, write("new")); core.KindOf(err) != core.Unavailable {
			t.Errorf("a new command got %v, want unavailable", err)
		}
		g.release()
		wantErr(t, "Close", answered(t, closed), nil)
		if err := answered(t, waits); core.KindOf(err) != core.Unavailable {
			t.Errorf("a command that waited got %v, want unavailable", err)
		}
		g.wantGroups(t, "first")
		if !g.engine.closed {
			t.Error("the engine is still open")
		}
		wantErr(t, "second Close", g.Close(), nil)
	})
}

func TestAccountsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		g.engine.perAccount = true
		// The first command holds partition 0, where account 1 went before.
		blocked := g.sendFor(t.Context(), 7, func(ctx context.Context, q sqlstore.Querier, _ *sqlstore.Left) error {
			<-g.open
			return write("seven")(ctx, q, nil)
		})
		g.engine.onCommit = nil
		free := g.sendFor(t.Context(), 8, write("eight"))
		wantErr(t, "account 8", answered(t, free), nil)
		select {
		case err := <-blocked:
			t.Errorf("account 7 was answered early: %v", err)
		default:
		}
		g.release()
		wantErr(t, "account 7", answered(t, blocked), nil)
		if partitions, _ := g.Load(); partitions != 0 {
			t.Errorf("%d idle partitions are left, want none", partitions)
		}
		wantErr(t, "Close", g.Close(), nil)
	})
}
