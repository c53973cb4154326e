package account

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// listRows is how many rows are read at once.
const listRows = 500

// ListTeams returns the account's teams by id.
func (s *Accounts) ListTeams(ctx context.Context, account int64) ([]core.Team, error) {
	all, err := listTeams(ctx, s.store, account)
	if err != nil {
		return nil, fmt.Errorf("list teams: %w", err)
	}
	return all, nil
}

func listTeams(ctx context.Context, r store.Reader, account int64) ([]core.Team, error) {
	return store.All(ctx, account, listRows, r.PageTeams, func(t *core.Team) int64 { return t.ID })
}

// teamsOf returns the teams of an agent by id.
func teamsOf(ctx context.Context, r store.Reader, account, agent int64) ([]core.Team, error) {
	all, err := listTeams(ctx, r, account)
	return slices.DeleteFunc(all, func(t core.Team) bool { return !slices.Contains(t.AgentIDs, agent) }), err
}

// PageTeams returns at most limit teams with ids above after, by id.
func (s *Accounts) PageTeams(ctx context.Context, account, after int64, limit int) ([]core.Team, error) {
	rows, err := s.store.PageTeams(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page teams: %w", err)
	}
	return rows, nil
}

// Team returns a team.
func (s *Accounts) Team(ctx context.Context, account, id int64) (core.Team, error) {
	t, err := s.store.Team(ctx, account, id)
	if err != nil {
		return core.Team{}, fmt.Errorf("read team: %w", err)
	}
	return t, nil
}

// CreateTeam makes a team of t's name and members, in t's account. A name that
// another one has is core.Conflict, members as in UpdateTeam. again makes the
// command one that may be asked again; nil: it may not.
func (s *Accounts) CreateTeam(ctx context.Context, by core.Actor, t core.Team, again *repeat.Key) (core.Team, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, t.AccountID, again, func(ctx context.Context, tx store.Tx) (core.Team, int64, error) {
		made := core.Team{AccountID: t.AccountID, Name: t.Name, AgentIDs: t.AgentIDs, CreatedAt: s.clock()}
		if err := checkTeam(ctx, tx, &made); err != nil {
			return core.Team{}, 0, err
		}
		if err := checkMembers(ctx, tx, &made); err != nil {
			return core.Team{}, 0, err
		}
		if err := tx.InsertTeam(ctx, &made); err != nil {
			return core.Team{}, 0, err
		}
		tx.Emit(teamEvent(core.TeamCreated, made.CreatedAt, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Team, error) {
		return tx.Team(ctx, t.AccountID, id)
	})
	if err != nil {
		return core.Team{}, fmt.Errorf("create team: %w", err)
	}
	return made, nil
}

// UpdateTeam has change alter the team's name and members, and stores what
// comes out. change may be called more than once, each time with a team of its
// own as it is, and may refuse. A change that alters nothing is no event. An
// agent whom the account does not have, or who is named twice, is core.Invalid.
func (s *Accounts) UpdateTeam(ctx context.Context, by core.Actor, account, id int64, change func(t *core.Team) error) (core.Team, error) {
	var t core.Team
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.Team(ctx, account, id)
		if err != nil {
			return err
		}
		t = before
		t.AgentIDs = slices.Clone(before.AgentIDs)
		if err := change(&t); err != nil {
			return err
		}
		t.ID, t.AccountID, t.CreatedAt = before.ID, before.AccountID, before.CreatedAt
		sameMembers := slices.Equal(t.AgentIDs, before.AgentIDs)
		if t.Name == before.Name && sameMembers {
			return nil
		}
		if err := checkTeam(ctx, tx, &t); err != nil {
			return err
		}
		if !sameMembers {
			if err := checkMembers(ctx, tx, &t); err != nil {
				return err
			}
		}
		return s.storeTeam(ctx, tx, by, t)
	})
	if err != nil {
		return core.Team{}, fmt.Errorf("update team: %w", err)
	}
	return t, nil
}

// checkMembers refuses members whom the account does not have.
func checkMembers(ctx context.Context, r store.Reader, t *core.Team) error {
	for i, agent := range t.AgentIDs {
		if slices.Contains(t.AgentIDs[:i], agent) {
			return core.Refuse("agent_ids", "an agent is named twice")
		}
		if _, err := member(ctx, r, t.AccountID, agent); err != nil {
			return refuseAbsent(err, "agent_ids", "there is no such agent")
		}
	}
	return nil
}

func (s *Accounts) storeTeam(ctx context.Context, tx store.Tx, by core.Actor, t core.Team) error {
	if err := tx.UpdateTeam(ctx, t); err != nil {
		return err
	}
	now := s.clock()
	tx.Emit(teamEvent(core.TeamUpdated, now, by, t))
	return assignment.RoomMade(ctx, tx, t.AccountID, now) // for who may have joined
}

// DeleteTeam deletes a team; the conversations that were given to it are given
// to none. It works in commands of bounded size, the last of which deletes the
// team. A call that fails on its way can be made again.
func (s *Accounts) DeleteTeam(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Team]) error {
	err := s.inBatches(ctx, account, func(ctx context.Context, tx store.Tx) (bool, error) {
		t, err := tx.Team(ctx, account, id)
		if err == nil {
			err = may.Of(t)
		}
		if err != nil {
			return false, err
		}
		left, err := tx.ConversationsOfTeam(ctx, account, id, batch)
		if err != nil {
			return false, err
		}
		release := func(c *core.Conversation, at core.Time) []string { return core.ReleaseTeam(c, id, at) }
		if err := s.changeConversations(ctx, tx, by, account, left, core.CauseTeamDeleted, release); err != nil || len(left) == batch {
			return false, err
		}
		if err := tx.DeleteTeam(ctx, account, id); err != nil {
			return false, err
		}
		tx.Emit(teamEvent(core.TeamDeleted, s.clock(), by, t))
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("delete team: %w", err)
	}
	return nil
}

func checkTeam(ctx context.Context, r store.Reader, t *core.Team) error {
	if err := core.CheckName(t.Name); err != nil {
		return err
	}
	held, taken, err := r.FindTeamByName(ctx, t.AccountID, t.Name)
	if err == nil && taken && held.ID != t.ID {
		err = core.Taken("the name " + t.Name)
	}
	return err
}

// teamMove is what becomes of an agent's teams; nil = nothing.
type teamMove struct {
	join  *core.Team
	leave []core.Team
}

// findTeam is the move into a team, nil for 0. A team that the account does not
// have is core.Invalid.
func findTeam(ctx context.Context, r store.Reader, account, id int64) (*teamMove, error) {
	if id == 0 {
		return nil, nil
	}
	t, err := r.Team(ctx, account, id)
	if err != nil {
		return nil, refuseAbsent(err, "team_id", "there is no such team")
	}
	return &teamMove{join: &t}, nil
}

// moveToTeam carries out a move.
func (s *Accounts) moveToTeam(ctx context.Context, tx store.Tx, by core.Actor, agent int64, m *teamMove) error {
	if m == nil {
		return nil
	}
	for _, t := range m.leave {
		t.AgentIDs = slices.DeleteFunc(slices.Clone(t.AgentIDs), func(id int64) bool { return id == agent })
		if err := s.storeTeam(ctx, tx, by, t); err != nil {
			return err
		}
	}
	if m.join == nil {
		return nil
	}
	t := *m.join
	t.AgentIDs = append(slices.Clone(t.AgentIDs), agent)
	return s.storeTeam(ctx, tx, by, t)
}

// refuseAbsent turns core.NotFound of something that was only referred to into
// core.Invalid.
func refuseAbsent(err error, field, message string) error {
	if core.KindOf(err) == core.NotFound {
		return core.Refuse(field, message)
	}
	return err
}

func teamEvent(typ core.EventType, at core.Time, by core.Actor, t core.Team) core.Event {
	return core.Event{AccountID: t.AccountID, Type: typ, At: at, Actor: orSystem(by), Data: t}
}
