package conversation

import (
	"context"
	"fmt"
	"strconv"

	"parley/internal/core"
	"parley/internal/store"
)

// scheduleWake keeps the job in step with the status, in the transaction that
// changes it.
func (w *work) scheduleWake(ctx context.Context) error {
	j, sleeps := store.WakeOf(&w.conv)
	if sleeps {
		return w.tx.PutJob(ctx, j)
	}
	return w.tx.DeleteJob(ctx, j.AccountID, j.Kind, j.Key)
}

// Wake does a job of the kind store.WakeJob: a conversation whose time has come is open again. One
// that is gone, awake or put off further is left alone.
func (s *Writes) Wake(ctx context.Context, tx store.Tx, j store.Job) error {
	id, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return fmt.Errorf("wake conversation %q: %w", j.Key, err)
	}
	w, err := s.begin(ctx, tx, j.AccountID, id, system)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			return nil
		}
		return err
	}
	if w.conv.Status != core.Snoozed || !w.conv.SnoozedUntil.IsSet() || w.conv.SnoozedUntil > w.now {
		return nil
	}
	return w.setStatus(ctx, core.NewStatus{Status: core.Open, Cause: core.CauseSnooze})
}

// ResolveIdle resolves an open conversation in which nothing was said since
// before, inside a command. One in which something was, or that is not open, is
// left alone.
func (s *Writes) ResolveIdle(ctx context.Context, tx store.Tx, account, id int64, before core.Time) error {
	w, err := s.begin(ctx, tx, account, id, system)
	if err != nil {
		return err
	}
	if w.conv.Status != core.Open || w.conv.LastActivityAt >= before {
		return nil
	}
	return w.setStatus(ctx, core.NewStatus{Status: core.Resolved, Cause: core.CauseIdle})
}

// setStatus is a command that changes the status alone.
func (w *work) setStatus(ctx context.Context, to core.NewStatus) error {
	ch, err := core.SetStatus(&w.conv, to, w.now)
	if err != nil {
		return err
	}
	if err := w.apply(ctx, ch, system); err != nil {
		return err
	}
	return w.finish(ctx)
}

// answer says by itself what the inbox has for a message of the contact: that
// the office is closed, and a greeting.
func (w *work) answer(ctx context.Context) error {
	inbox, err := w.ownInbox(ctx)
	if err != nil {
		return err
	}
	rules := inbox.Rules()
	greets := rules.Greets(&w.conv) // before another text is the first
	closed, err := w.saysClosed(ctx, inbox, &rules)
	if err != nil {
		return err
	}
	if closed {
		if err := w.sayTemplate(ctx, rules.OutOfOffice); err != nil {
			return err
		}
	}
	if greets {
		return w.sayTemplate(ctx, rules.Greeting)
	}
	return nil
}

// recentTemplates is how many entries are looked at for the last template:
// further back lies another day, or an agent who answers.
const recentTemplates = 50

func (w *work) saysClosed(ctx context.Context, inbox *core.Inbox, rules *core.InboxRules) (bool, error) {
	if rules.OutOfOffice == "" {
		return false, nil
	}
	account, err := w.tx.Account(ctx, w.conv.AccountID)
	if err != nil {
		return false, err
	}
	if inbox.IsOpen(&account, w.now) {
		return false, nil
	}
	recent, err := w.tx.ListEntries(ctx, w.conv.AccountID, store.EntryQuery{
		ConversationIDs: []int64{w.conv.ID}, Kinds: []core.EntryKind{core.Message}, Desc: true, Limit: recentTemplates,
	})
	if err != nil {
		return false, err
	}
	var told core.Time
	for i := range recent {
		if recent[i].Origin == core.OriginTemplate {
			told = recent[i].CreatedAt
			break
		}
	}
	return rules.SaysClosed(&w.conv, told, w.now, inbox.Place(&account)), nil
}

func (w *work) sayTemplate(ctx context.Context, text string) error {
	return w.add(ctx, &core.Entry{
		Kind: core.Message, Sender: system, Origin: core.OriginTemplate, Listed: true, Counts: true, Content: text, CreatedAt: w.now,
	})
}
