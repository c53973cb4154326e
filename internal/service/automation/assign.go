package automation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// assign gives some conversations of an inbox that nobody is in charge of to
// the agents whose turn it is, and puts the job again while there may be any: at
// once when it stopped for their number, else in case nobody tells that there is
// somebody. The job is gone when nothing is left, or the inbox gives nothing any
// more.
func (a *Automation) assign(ctx context.Context, tx store.Tx, j store.Job) error {
	inbox, found, err := inboxOf(ctx, tx, j)
	if err != nil || !found || !inbox.Rules().Assigns {
		return err
	}
	if left, err := tx.HasUnassigned(ctx, j.AccountID, inbox.ID); err != nil || !left {
		return err
	}
	given, err := a.giveTurns(ctx, tx, &inbox)
	if err != nil {
		return err
	}
	now := a.clock()
	j.RunAt, j.Attempts = now+assignEvery, 0
	if given == assignedAtOnce {
		j.RunAt = now
	}
	return tx.PutJob(ctx, j)
}

// giveTurns gives conversations to agents, who waits longest first, until
// nobody has room or there were enough. It returns how many it gave.
func (a *Automation) giveTurns(ctx context.Context, tx store.Tx, inbox *core.Inbox) (int, error) {
	turns, err := turnsOf(ctx, tx, inbox)
	if err != nil || len(turns.Candidates) == 0 {
		return 0, err
	}
	teams, err := teamsOf(ctx, tx, inbox.AccountID, turns.Candidates)
	if err != nil {
		return 0, err
	}
	queue, err := queueOf(ctx, tx, inbox, teams)
	if err != nil {
		return 0, err
	}
	last, given := turns.Last, 0
	full := map[int64]bool{} // teams of which nobody has room
	for _, c := range queue {
		if full[c.team] {
			continue
		}
		if given == assignedAtOnce {
			break
		}
		err := a.conversations.AssignTurn(ctx, tx, inbox.AccountID, inbox.ID, c.ID, func(team int64) *core.Agent {
			members, known := teams[team]
			if !known { // it was given to another one since
				return nil
			}
			agent := turns.Next(members)
			if agent == nil {
				full[team] = true
			} else {
				given++
			}
			return agent
		})
		if err != nil {
			return 0, fmt.Errorf("assign conversation %d: %w", c.ID, err)
		}
	}
	if turns.Last == last {
		return given, nil
	}
	return given, tx.PutTurn(ctx, inbox.AccountID, inbox.ID, turns.Last)
}

// turnsOf returns the turns of an inbox, which are the caller's until the
// transaction ends.
func turnsOf(ctx context.Context, tx store.Tx, inbox *core.Inbox) (*core.Turns, error) {
	account := inbox.AccountID
	last, err := tx.LockTurns(ctx, account, inbox.ID)
	if err != nil {
		return nil, err
	}
	agents, err := store.All(ctx, account, pageRows, tx.PageAgents, func(a *core.Agent) int64 { return a.ID })
	if err != nil {
		return nil, err
	}
	members, err := tx.InboxMembers(ctx, account, []int64{inbox.ID})
	if err != nil {
		return nil, err
	}
	turns := &core.Turns{Chat: inbox.Channel.IsChat(), Most: inbox.Rules().MaxAssigned, Last: last}
	var ids []int64
	place := map[int64]int{}
	for i := range agents {
		a := &agents[i]
		if some := members[inbox.ID]; a.HasTurns() && (len(some) == 0 || slices.Contains(some, a.ID)) {
			place[a.ID] = len(ids)
			ids = append(ids, a.ID)
			turns.Candidates = append(turns.Candidates, core.Candidate{Agent: *a})
		}
	}
	for some := range slices.Chunk(ids, store.MaxIDs) {
		counts, err := tx.CountOpen(ctx, account, some)
		if err != nil {
			return nil, err
		}
		for _, n := range counts {
			c := &turns.Candidates[place[n.AgentID]]
			if n.Channel.IsChat() {
				c.Chats += n.Count
			} else {
				c.Others += n.Count
			}
			if n.InboxID == inbox.ID {
				c.Here = n.Count
			}
		}
	}
	return turns, nil
}

// teamsOf returns the teams that have candidates among their members, by id;
// nil under 0 stands for all agents.
func teamsOf(ctx context.Context, r store.Reader, account int64, candidates []core.Candidate) (map[int64]*core.Team, error) {
	all, err := store.All(ctx, account, pageRows, r.PageTeams, func(t *core.Team) int64 { return t.ID })
	if err != nil {
		return nil, err
	}
	teams := map[int64]*core.Team{0: nil}
	for i := range all {
		isMember := func(c core.Candidate) bool { return slices.Contains(all[i].AgentIDs, c.Agent.ID) }
		if slices.ContainsFunc(candidates, isMember) {
			teams[all[i].ID] = &all[i]
		}
	}
	return teams, nil
}

// queued is a conversation that is nobody's, and the team that it was given to.
type queued struct {
	store.Unassigned
	team int64
}

// queueOf returns what the teams may be given, who waits longest first: of each
// team enough to stop at.
func queueOf(ctx context.Context, r store.Reader, inbox *core.Inbox, teams map[int64]*core.Team) ([]queued, error) {
	var queue []queued
	for team := range teams {
		some, err := r.ListUnassigned(ctx, inbox.AccountID, inbox.ID, team, assignedAtOnce)
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			if !c.WaitingSince.IsSet() {
				c.WaitingSince = math.MaxInt64
			}
			queue = append(queue, queued{c, team})
		}
	}
	slices.SortFunc(queue, func(a, b queued) int {
		return cmp.Or(cmp.Compare(a.WaitingSince, b.WaitingSince), cmp.Compare(a.ID, b.ID))
	})
	return queue, nil
}
