// Package assignment has inboxes look for agents: commands tell it here what
// they did, and it has the job done that gives conversations to agents whose
// turn it is (see package automation). An account none of whose inboxes does so
// has no such jobs, and pays next to nothing.
//
// All of it is safe for concurrent use.
package assignment

import (
	"context"
	"strconv"

	"parley/internal/core"
	"parley/internal/store"
)

// JobOf returns the job of an inbox, to be done at the time given.
func JobOf(account, inbox int64, at core.Time) store.Job {
	return store.Job{AccountID: account, Kind: store.AssignJob, Key: strconv.FormatInt(inbox, 10), RunAt: at}
}

// Offer has an agent looked for when the command leaves the conversation open
// and nobody's, in an inbox that gives its conversations to agents.
func Offer(ctx context.Context, tx store.JobWrites, c *core.Conversation, inbox *core.Inbox, now core.Time) error {
	if !c.Unassigned() || !inbox.Rules().Assigns {
		return nil
	}
	return tx.HastenJob(ctx, JobOf(c.AccountID, c.InboxID, now))
}

// RoomMade has all inboxes of the account look again that have conversations
// which found nobody: the command has an agent take turns, or gave one room.
func RoomMade(ctx context.Context, tx store.Tx, account int64, now core.Time) error {
	waiting, err := tx.ListJobs(ctx, account, store.AssignJob)
	if err != nil {
		return err
	}
	for _, j := range waiting {
		j.RunAt = now
		if err := tx.HastenJob(ctx, j); err != nil {
			return err
		}
	}
	return nil
}
