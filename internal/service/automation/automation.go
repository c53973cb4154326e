// Package automation holds what inboxes do by themselves at some time. What
// they do at once, such as greeting, belongs to the command that it follows.
//
// All of it is safe for concurrent use.
package automation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// The kinds of jobs.
const (
	// ScheduleJob looks which inboxes have jobs of their own; there is one for
	// the whole installation.
	ScheduleJob = "automation.schedule"
	// ResolveJob resolves the idle conversations of an inbox, whose id is the
	// key.
	ResolveJob = "inbox.resolve_idle"
)

// Bounds of the jobs.
const (
	scheduleEvery = core.Time(10 * time.Minute / time.Microsecond)
	resolveEvery  = core.Time(time.Minute / time.Microsecond)
	assignEvery   = core.Time(time.Minute / time.Microsecond)
	// resolvedAtOnce and assignedAtOnce bound how long one transaction keeps
	// others waiting.
	resolvedAtOnce = 50
	assignedAtOnce = 50
	pageRows       = 500
)

// Automation does what inboxes do by themselves.
type Automation struct {
	clock         core.Clock
	conversations *conversation.Writes
}

// New returns the automation that works by clock.
func New(conversations *conversation.Writes, clock core.Clock) *Automation {
	return &Automation{clock: clock, conversations: conversations}
}

// Handler does a job inside the transaction that removes it.
type Handler = func(ctx context.Context, tx store.Tx, j store.Job) error

// Handlers returns what does each kind of job.
func (a *Automation) Handlers() map[string]Handler {
	return map[string]Handler{
		store.WakeJob:   a.conversations.Wake,
		store.AssignJob: a.assign,
		ScheduleJob:     a.schedule,
		ResolveJob:      a.resolve,
	}
}

// Begin has the jobs of inboxes looked for now.
func (a *Automation) Begin(ctx context.Context, st store.Store) error {
	err := st.InTx(ctx, 0, func(ctx context.Context, tx store.Tx) error {
		return tx.PutJob(ctx, store.Job{Kind: ScheduleJob, RunAt: a.clock()})
	})
	if err != nil {
		return fmt.Errorf("begin automation: %w", err)
	}
	return nil
}

// schedule puts the jobs that inboxes ask for and do not have, and has those done
// that look for agents.
func (a *Automation) schedule(ctx context.Context, tx store.Tx, j store.Job) error {
	accounts, err := store.All(ctx, 0, pageRows, func(ctx context.Context, _, after int64, limit int) ([]core.Account, error) {
		return tx.ListAccounts(ctx, after, limit)
	}, func(a *core.Account) int64 { return a.ID })
	if err != nil {
		return err
	}
	for i := range accounts {
		if err := a.scheduleInboxes(ctx, tx, accounts[i].ID); err != nil {
			return err
		}
	}
	j.RunAt, j.Attempts = a.clock()+scheduleEvery, 0
	return tx.PutJob(ctx, j)
}

func (a *Automation) scheduleInboxes(ctx context.Context, tx store.Tx, account int64) error {
	inboxes, err := store.All(ctx, account, pageRows, tx.PageInboxes, func(i *core.Inbox) int64 { return i.ID })
	if err != nil {
		return err
	}
	for i := range inboxes {
		rules := inboxes[i].Rules()
		if rules.Assigns {
			if err := tx.HastenJob(ctx, assignment.JobOf(account, inboxes[i].ID, a.clock())); err != nil {
				return err
			}
		}
		if rules.ResolveAfter == 0 {
			continue
		}
		key := strconv.FormatInt(inboxes[i].ID, 10)
		if _, waits, err := tx.FindJob(ctx, account, ResolveJob, key); waits || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := tx.PutJob(ctx, store.Job{AccountID: account, Kind: ResolveJob, Key: key, RunAt: a.clock()}); err != nil {
			return err
		}
	}
	return nil
}

// inboxOf returns the inbox that a job's key names; found is false for one that
// is gone.
func inboxOf(ctx context.Context, tx store.Tx, j store.Job) (inbox core.Inbox, found bool, err error) {
	id, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return inbox, false, fmt.Errorf("do job %s of inbox %q: %w", j.Kind, j.Key, err)
	}
	inbox, err = tx.Inbox(ctx, j.AccountID, id)
	if core.KindOf(err) == core.NotFound {
		return inbox, false, nil
	}
	return inbox, err == nil, err
}

// resolve resolves some idle conversations of an inbox and puts the job again:
// at once when there are more, later else, and not at all for an inbox that
// resolves nothing any more.
func (a *Automation) resolve(ctx context.Context, tx store.Tx, j store.Job) error {
	inbox, found, err := inboxOf(ctx, tx, j)
	if err != nil || !found {
		return err
	}
	after := inbox.Rules().ResolveAfter
	if after == 0 {
		return nil
	}
	now := a.clock()
	before := now - core.Time(after/time.Microsecond)
	idle, err := tx.ListIdle(ctx, j.AccountID, inbox.ID, before, resolvedAtOnce)
	if err != nil {
		return err
	}
	for _, c := range idle {
		if err := a.conversations.ResolveIdle(ctx, tx, j.AccountID, c, before); err != nil {
			return fmt.Errorf("resolve conversation %d: %w", c, err)
		}
	}
	j.RunAt, j.Attempts = now+resolveEvery, 0
	if len(idle) == resolvedAtOnce {
		j.RunAt = now
	}
	return tx.PutJob(ctx, j)
}
