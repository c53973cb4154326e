package inbox

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/store"
)

// Update has change alter the inbox's name, greeting, time zone, working hours,
// settings and whether HMAC is mandatory, and stores what comes out. change may
// be called more than once, each time with the inbox as it is, and may refuse.
// A change that alters nothing is no event. A name that another one has is
// core.Conflict. may looks at the inbox before the change.
func (s *Inboxes) Update(
	ctx context.Context, by core.Actor, account, id int64, may core.Check[State], change func(i *core.Inbox) error,
) (State, error) {
	return s.change(ctx, by, account, id, may, func(ctx context.Context, tx store.Tx, state *State) (bool, error) {
		now := state.Inbox
		if err := change(&now); err != nil {
			return false, err
		}
		i, before := &state.Inbox, state.Inbox
		i.Name, i.Greeting, i.Timezone, i.WorkingHours = now.Name, now.Greeting, now.Timezone, now.WorkingHours
		i.Settings, i.HMACMandatory = now.Settings, now.HMACMandatory
		if *i == before {
			return false, nil
		}
		if err := check(i, &before); err != nil {
			return false, err
		}
		return true, checkFree(ctx, tx, i)
	})
}

// Key names one of an inbox's keys.
type Key string

// The keys.
const (
	Identifier   Key = "identifier"
	WebsiteToken Key = "website_token"
	HMACToken    Key = "hmac_token"
)

// RotateKeys gives the inbox others in place of some of its keys, which mean
// nothing from then on. A key that the inbox does not have is core.Invalid.
func (s *Inboxes) RotateKeys(ctx context.Context, by core.Actor, account, id int64, may core.Check[State], keys []Key) (State, error) {
	return s.change(ctx, by, account, id, may, func(_ context.Context, _ store.Tx, state *State) (bool, error) {
		held := map[Key]*string{Identifier: &state.Identifier, WebsiteToken: &state.WebsiteToken, HMACToken: &state.HMACToken}
		for _, key := range keys {
			value, known := held[key]
			if !known || *value == "" {
				return false, core.Refuse("keys", "the inbox has no such key")
			}
			*value = core.NewKey()
			if key == HMACToken {
				*value = core.NewSigningKey()
			}
		}
		return len(keys) > 0, nil
	})
}

// SetMembers makes the agents the inbox's only members; none: everybody works in
// it. An agent whom the account does not have, or who is named twice, is
// core.Invalid. Conversations stay with those who are in charge of them.
func (s *Inboxes) SetMembers(ctx context.Context, by core.Actor, account, id int64, may core.Check[State], agents []int64) (State, error) {
	agents = slices.Sorted(slices.Values(agents))
	return s.change(ctx, by, account, id, may, func(ctx context.Context, tx store.Tx, state *State) (bool, error) {
		if slices.Equal(agents, state.AgentIDs) {
			return false, nil
		}
		for i, agent := range agents {
			if i > 0 && agents[i-1] == agent {
				return false, core.Refuse("agent_ids", "an agent is named twice")
			}
			a, err := tx.Agent(ctx, account, agent)
			if err != nil && core.KindOf(err) != core.NotFound {
				return false, err
			}
			if err != nil || a.DeletedAt.IsSet() {
				return false, core.Refuse("agent_ids", "there is no such agent")
			}
		}
		state.AgentIDs = agents
		return true, nil
	})
}

// change stores what alter makes of an inbox, and tells of it where alter says
// that something changed.
func (s *Inboxes) change(
	ctx context.Context, by core.Actor, account, id int64, may core.Check[State],
	alter func(ctx context.Context, tx store.Tx, state *State) (changed bool, err error),
) (State, error) {
	var state State
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		now := s.clock()
		if state, err = stateOf(ctx, tx, account, id, now); err != nil {
			return err
		}
		if err := may.Of(state); err != nil {
			return err
		}
		before, members := state.Inbox, state.AgentIDs
		changed, err := alter(ctx, tx, &state)
		if err != nil || !changed {
			return err
		}
		state.UpdatedAt = now
		if err := tx.UpdateInbox(ctx, state.Inbox); err != nil {
			return err
		}
		// Under the lock of the inbox's row, so that no two lists are mixed.
		if !slices.Equal(members, state.AgentIDs) {
			if err := tx.SetInboxMembers(ctx, account, id, state.AgentIDs); err != nil {
				return err
			}
		}
		tx.Emit(core.Event{
			AccountID: account, Type: core.InboxUpdated, At: now, Actor: orSystem(by), InboxID: id,
			Data: core.InboxChange{Inbox: state.Inbox, AgentIDs: state.AgentIDs, Before: &before},
		})
		if state.Rules().Assigns { // to others than before, maybe
			if err := tx.HastenJob(ctx, assignment.JobOf(account, id, now)); err != nil {
				return err
			}
		}
		state, err = stateOf(ctx, tx, account, id, now)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("change inbox: %w", err)
	}
	return state, nil
}
