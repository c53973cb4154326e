package automation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/account"
	"parley/internal/service/automation"
	"parley/internal/service/conversation"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/storetest"
	"parley/internal/testkit/migrated"
	"parley/internal/testkit/testserver"
)

const (
	start  = core.Time(1_800_000_000_000_000)
	minute = core.Time(time.Minute / time.Microsecond)
)

// world is a store with an account, a clock that tests set, and several nodes.
type world struct {
	t      *testing.T
	st     store.Store
	f      storetest.Fixture
	w      *conversation.Writes
	people *account.Accounts
	mu     sync.Mutex
	at     core.Time     // guarded by mu
	stores []store.Store // of the nodes
	nodes  []*job.Runner
}

func (x *world) clock() core.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.at
}

// work sets the clock and has all nodes work at once.
func (x *world) work(at core.Time) {
	x.t.Helper()
	x.mu.Lock()
	x.at = at
	x.mu.Unlock()
	var wg sync.WaitGroup
	for _, node := range x.nodes {
		wg.Go(func() {
			if err := node.Work(x.t.Context()); err != nil {
				x.t.Error(err)
			}
		})
	}
	wg.Wait()
}

func (x *world) conversation(id int64) core.Conversation {
	x.t.Helper()
	c, err := x.st.Conversation(x.t.Context(), x.f.Account.ID, id)
	if err != nil {
		x.t.Fatal(err)
	}
	return c
}

func (x *world) inTx(fn func(ctx context.Context, tx store.Tx) error) {
	x.t.Helper()
	if err := x.st.InTx(x.t.Context(), x.f.Account.ID, fn); err != nil {
		x.t.Fatal(err)
	}
}

// open returns the stores of three nodes: of one database on PostgreSQL, where
// each has its own; one store thrice on SQLite, of which there is one process.
func open(t *testing.T, engine string) []store.Store {
	t.Helper()
	if engine == "sqlite" {
		return slices.Repeat([]store.Store{testserver.Open(t, engine)}, 3)
	}
	url := migrated.Postgres(t)
	var nodes []store.Store
	for range 3 {
		st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: url, MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		nodes = append(nodes, st)
	}
	return nodes
}

func each(t *testing.T, run func(x *world)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			stores := open(t, engine)
			st := stores[0]
			x := &world{t: t, st: st, stores: stores, f: storetest.Seed(t, st), at: start}
			x.w = conversation.NewWrites(st, x.clock)
			x.people = account.New(st, x.clock)
			for _, own := range stores {
				auto := automation.New(conversation.NewWrites(own, x.clock), x.clock)
				x.nodes = append(x.nodes, job.NewRunner(own, x.clock, testserver.Log(t), auto.Handlers(), nil))
				if err := auto.Begin(t.Context(), own); err != nil {
					t.Fatal(err)
				}
			}
			run(x)
			if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}
		})
	}
}

var agentSystem = core.Actor{Type: core.ActorSystem}

func TestSnoozedConversationsWakeOnce(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		snooze := func(id int64, until core.Time) {
			to := core.NewStatus{Status: core.Snoozed, Until: until}
			if _, err := x.w.Change(ctx, account, id, agentSystem, conversation.Changes{Status: &to}); err != nil {
				x.t.Fatal(err)
			}
		}
		snooze(x.f.Chat.ID, start+minute)
		snooze(x.f.Quiet.ID, start+2*minute)
		snooze(x.f.Quiet.ID, start+3*minute) // put off further
		snooze(x.f.Ask.ID, start+minute)
		if _, err := x.w.Append(ctx, account, conversation.NewEntry{ConversationID: x.f.Ask.ID, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}}); err != nil {
			x.t.Fatal(err) // the contact wakes it
		}
		asked := x.conversation(x.f.Ask.ID)
		x.work(start + minute - 1)
		if c := x.conversation(x.f.Chat.ID); c.Status != core.Snoozed {
			x.t.Errorf("woken early: %s", c.Status)
		}
		before := x.conversation(x.f.Chat.ID)
		x.work(start + minute)
		woken := x.conversation(x.f.Chat.ID)
		if woken.Status != core.Open || woken.SnoozedUntil != 0 || woken.LastPosition != before.LastPosition+1 {
			x.t.Errorf("woken %+v", woken)
		}
		last, err := x.st.ListEntries(ctx, account, store.EntryQuery{ConversationIDs: []int64{woken.ID}, Desc: true, Limit: 1})
		if err != nil || len(last) != 1 || last[0].Params != `{"status":"open","cause":"snooze_over"}` {
			x.t.Errorf("activity %+v, %v", last, err)
		}
		if c := x.conversation(x.f.Ask.ID); c.LastPosition != asked.LastPosition {
			x.t.Errorf("woken twice: %+v", c)
		}
		x.work(start + 2*minute)
		if c := x.conversation(x.f.Quiet.ID); c.Status != core.Snoozed {
			x.t.Errorf("woken at the older time: %s", c.Status)
		}
		x.work(start + 10*minute)
		if c := x.conversation(x.f.Quiet.ID); c.Status != core.Open {
			x.t.Errorf("not woken: %s", c.Status)
		}
		if c := x.conversation(x.f.Chat.ID); c.LastPosition != woken.LastPosition {
			x.t.Errorf("woken again: %+v", c)
		}
	})
}

func TestIdleConversationsAreResolved(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			// An inbox of its own, whose settings say so.
			i := core.Inbox{AccountID: account, Name: "Idle", Channel: core.ChannelWeb, Settings: `{"auto_resolve_minutes":30}`, CreatedAt: start, UpdatedAt: start}
			if err := tx.InsertInbox(ctx, &i); err != nil {
				return err
			}
			x.f.Web = i
			return nil
		})
		var ids []int64
		for range 120 { // more than one transaction takes
			made, err := x.w.Start(ctx, account, conversation.NewConversation{
				Place: conversation.PlaceID{InboxID: x.f.Web.ID}, OpenedBy: core.Actor{Type: core.ActorContact}, First: &conversation.NewEntry{Content: "x"},
			})
			if err != nil {
				x.t.Fatal(err)
			}
			ids = append(ids, made.Conversation.ID)
		}
		x.work(start + 20*minute)
		if _, err := x.w.Append(ctx, account, conversation.NewEntry{ConversationID: ids[7], Kind: core.Note, Sender: core.Actor{Type: core.ActorAgent, ID: x.f.Agent.ID}}); err != nil {
			x.t.Fatal(err)
		}
		x.work(start + 31*minute)
		for i, id := range ids {
			c := x.conversation(id)
			want := core.Resolved
			if i == 7 {
				want = core.Open
			}
			if c.Status != want || (want == core.Resolved && c.LastPosition != 2) {
				x.t.Fatalf("conversation %d of %d: %s, %d entries", i, len(ids), c.Status, c.LastPosition)
			}
		}
		x.work(start + 51*minute)
		if c := x.conversation(ids[7]); c.Status != core.Resolved {
			x.t.Errorf("the one that was noted on: %s", c.Status)
		}
		if c := x.conversation(x.f.Chat.ID); c.Status != x.f.Chat.Status {
			x.t.Errorf("one of another inbox: %s", c.Status)
		}
	})
}

// TestJobsThatFail has a job fail a few times.
func TestJobsThatFail(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		tries, stored := 0, 0
		x.nodes = []*job.Runner{job.NewRunner(x.st, x.clock, testserver.Log(x.t), map[string]job.Handler{
			"flaky": func(ctx context.Context, tx store.Tx, j store.Job) error {
				if tries++; tries < 3 {
					// What it wrote before it failed must not stay.
					if err := tx.PutSetting(ctx, "half done", fmt.Sprint(j.Attempts)); err != nil {
						return err
					}
					return errors.New("not yet")
				}
				stored++
				return tx.PutSetting(ctx, "done", fmt.Sprint(j.Attempts))
			},
		}, nil)}
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			return tx.PutJob(ctx, store.Job{AccountID: x.f.Account.ID, Kind: "flaky", Key: "1", RunAt: start})
		})
		for _, step := range []struct {
			at          core.Time
			tries, done int
		}{{start, 1, 0}, {start + 9_999_999, 1, 0}, {start + 10_000_000, 2, 0}, {start + 29_000_000, 2, 0}, {start + 31_000_000, 3, 1}, {start + minute, 3, 1}} {
			x.work(step.at)
			if tries != step.tries || stored != step.done {
				x.t.Fatalf("at %d: %d tries, %d done; want %d, %d", step.at-start, tries, stored, step.tries, step.done)
			}
		}
		if v, _, err := x.st.FindSetting(x.t.Context(), "done"); v != "2" || err != nil {
			x.t.Errorf("done after %s tries, %v", v, err)
		}
		if v, ok, err := x.st.FindSetting(x.t.Context(), "half done"); ok || err != nil {
			x.t.Errorf("half done: %s, %v", v, err)
		}
	})
}

// TestGreetings has contacts speak in an inbox that answers by itself.
func TestGreetings(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			i := core.Inbox{
				AccountID: account, Name: "Polite", Channel: core.ChannelWeb, Greeting: "Hello!", Settings: `{"out_of_office_message":"We are closed"}`,
				WorkingHours: `[{"day_of_week":0,"closed_all_day":true}]`, CreatedAt: start, UpdatedAt: start,
			}
			if err := tx.InsertInbox(ctx, &i); err != nil {
				return err
			}
			x.f.Web = i
			return nil
		})
		made, err := x.w.Start(ctx, account, conversation.NewConversation{
			Place: conversation.PlaceID{InboxID: x.f.Web.ID}, OpenedBy: core.Actor{Type: core.ActorContact}, First: &conversation.NewEntry{Content: "one"},
		})
		if err != nil {
			t.Fatal(err)
		}
		id := made.Conversation.ID
		say := func(text string, sender core.Actor) {
			x.t.Helper()
			if _, err := x.w.Append(ctx, account, conversation.NewEntry{ConversationID: id, Kind: core.Message, Sender: sender, Content: text}); err != nil {
				x.t.Fatal(err)
			}
		}
		said := func() string {
			x.t.Helper()
			entries, err := x.st.ListEntries(ctx, account, store.EntryQuery{ConversationIDs: []int64{id}, Limit: 100})
			if err != nil {
				x.t.Fatal(err)
			}
			var all []string
			for _, e := range entries {
				all = append(all, e.Content)
			}
			return strings.Join(all, ", ")
		}
		visitor := core.Actor{Type: core.ActorContact}
		if got := said(); got != "one, We are closed, Hello!" {
			x.t.Errorf("first: %s", got)
		}
		say("two", visitor)
		x.at += 24 * 60 * minute
		say("three", visitor)
		x.at += minute
		say("I am here", core.Actor{Type: core.ActorAgent, ID: x.f.Agent.ID})
		x.at += 24 * 60 * minute
		say("four", visitor)
		if got, want := said(), "one, We are closed, Hello!, two, three, We are closed, I am here, four, We are closed"; got != want {
			x.t.Errorf("later: %s\nwant:  %s", got, want)
		}
		c := x.conversation(id)
		if c.ContactUnread() != 1 || c.FirstResponseAt == 0 || c.LastResponseAt != x.at-24*60*minute {
			x.t.Errorf("unread %d, responses %d to %d", c.ContactUnread(), c.FirstResponseAt, c.LastResponseAt)
		}
	})
}
