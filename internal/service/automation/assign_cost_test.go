package automation_test

import (
	"context"
	"testing"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// TestTurnsCostOthersNothing counts what messages cost an account whose inboxes
// give nothing.
func TestTurnsCostOthersNothing(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		inbox := x.inbox(core.ChannelWeb, "")
		a := x.agents(1, 0, 0)[0]
		c := &counting{Store: x.st}
		x.w = conversation.NewWrites(c, x.clock)
		var id int64
		say := func(sender core.Actor) {
			if _, err := x.w.Append(ctx, account, conversation.NewEntry{ConversationID: id, Kind: core.Message, Sender: sender}); err != nil {
				x.t.Fatal(err)
			}
		}
		for _, step := range []struct {
			name         string
			do           func()
			inboxes, ask int
		}{
			{"start", func() { id = x.start(inbox, 1)[0] }, 1, 0},
			{"a contact's message", func() { say(core.Actor{Type: core.ActorContact}) }, 1, 0}, // which may be greeted
			{"assign", func() { x.change(id, conversation.Changes{AssigneeID: &a}) }, 0, 0},
			{"an agent's message", func() { say(core.Actor{Type: core.ActorAgent, ID: a}) }, 0, 0},
			{"resolve", func() { x.change(id, conversation.Changes{Status: &core.NewStatus{Status: core.Resolved}}) }, 0, 1},
			{"a message opens it", func() { say(core.Actor{Type: core.ActorContact}) }, 1, 0},
			{"unassign", func() { x.change(id, conversation.Changes{UnassignID: &a}) }, 1, 1},
		} {
			c.inboxes, c.asked, c.jobs = 0, 0, 0
			step.do()
			if c.inboxes != step.inboxes || c.asked != step.ask || c.jobs != 0 {
				x.t.Errorf("%s: inboxes read %d times, want %d; jobs %d times, want %d; stored %d times", step.name, c.inboxes, step.inboxes, c.asked, step.ask, c.jobs)
			}
		}
	})
}

// counting counts what commands ask for the sake of turns.
type counting struct {
	store.Store
	inboxes, asked, jobs int
}

func (c *counting) InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx store.Tx) error) error {
	return c.Store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error { return fn(ctx, &countingTx{tx, c}) })
}

type countingTx struct {
	store.Tx
	c *counting
}

func (t *countingTx) Inbox(ctx context.Context, account, id int64) (core.Inbox, error) {
	t.c.inboxes++
	return t.Tx.Inbox(ctx, account, id)
}

func (t *countingTx) ListJobs(ctx context.Context, account int64, kind string) ([]store.Job, error) {
	t.c.asked++
	return t.Tx.ListJobs(ctx, account, kind)
}

func (t *countingTx) HastenJob(ctx context.Context, j store.Job) error {
	t.c.jobs++
	return t.Tx.HastenJob(ctx, j)
}
