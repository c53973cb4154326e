package account

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// Member is an agent and the teams that the agent is in, by id.
type Member struct {
	core.Agent
	Teams []core.Team
}

// ListMembers returns the account's people and bots by id, without those who
// were deleted.
func (s *Accounts) ListMembers(ctx context.Context, account int64) ([]Member, error) {
	return s.members(ctx, account, func(*core.Agent, []core.Team) bool { return true })
}

// MemberQuery says which members are wanted: those who match all that is set.
type MemberQuery struct {
	Type         core.AgentType
	TeamID       int64
	Availability core.Availability
}

// PageMembers returns at most limit of the members that match q, with ids above
// after, by id. It reads all of the account's agents and teams.
func (s *Accounts) PageMembers(ctx context.Context, account int64, q MemberQuery, after int64, limit int) ([]Member, error) {
	all, err := s.members(ctx, account, func(a *core.Agent, teams []core.Team) bool {
		return a.ID > after && (q.Type == "" || a.Type == q.Type) &&
			(q.Availability == "" || cmp.Or(a.Availability, core.Offline) == q.Availability) &&
			(q.TeamID == 0 || slices.ContainsFunc(teams, func(t core.Team) bool { return t.ID == q.TeamID }))
	})
	return all[:min(len(all), limit)], err
}

// MembersOfTeam returns the members of a team.
func (s *Accounts) MembersOfTeam(ctx context.Context, account, team int64) ([]Member, error) {
	if _, err := s.store.Team(ctx, account, team); err != nil {
		return nil, fmt.Errorf("read team: %w", err)
	}
	return s.members(ctx, account, func(_ *core.Agent, teams []core.Team) bool {
		return slices.ContainsFunc(teams, func(t core.Team) bool { return t.ID == team })
	})
}

// MembersWithProfile returns those who have a profile.
func (s *Accounts) MembersWithProfile(ctx context.Context, account, profile int64) ([]Member, error) {
	if _, err := s.store.Profile(ctx, account, profile); err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return s.members(ctx, account, func(a *core.Agent, _ []core.Team) bool { return slices.Contains(a.ProfileIDs, profile) })
}

// members returns those who are wanted, in one state of the store.
func (s *Accounts) members(ctx context.Context, account int64, wanted func(a *core.Agent, teams []core.Team) bool) ([]Member, error) {
	var all []Member
	err := s.store.View(ctx, func(ctx context.Context, r store.Reader) error {
		all = nil
		agents, err := listAgents(ctx, r, account)
		if err != nil {
			return err
		}
		teams, err := listTeams(ctx, r, account)
		if err != nil {
			return err
		}
		byAgent := map[int64][]core.Team{}
		for _, t := range teams {
			for _, id := range t.AgentIDs {
				byAgent[id] = append(byAgent[id], t)
			}
		}
		for i := range agents {
			a := &agents[i]
			if wanted(a, byAgent[a.ID]) {
				all = append(all, Member{Agent: *a, Teams: byAgent[a.ID]})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return all, nil
}

// listAgents returns the agents who are not deleted, by id.
func listAgents(ctx context.Context, r store.Reader, account int64) ([]core.Agent, error) {
	all, err := store.All(ctx, account, listRows, r.PageAgents, func(a *core.Agent) int64 { return a.ID })
	return slices.DeleteFunc(all, func(a core.Agent) bool { return a.DeletedAt.IsSet() }), err
}

// Member returns one agent; a deleted one is core.NotFound.
func (s *Accounts) Member(ctx context.Context, account, id int64) (Member, error) {
	a, err := member(ctx, s.store, account, id)
	if err != nil {
		return Member{}, fmt.Errorf("read agent: %w", err)
	}
	teams, err := teamsOf(ctx, s.store, account, id)
	if err != nil {
		return Member{}, fmt.Errorf("read teams of agent: %w", err)
	}
	return Member{Agent: a, Teams: teams}, nil
}

// FindAgent returns the agent who signs in with a user name.
func (s *Accounts) FindAgent(ctx context.Context, account int64, userName string) (a core.Agent, found bool, err error) {
	a, found, err = s.store.FindAgentByUserName(ctx, account, userName)
	if err != nil {
		return core.Agent{}, false, fmt.Errorf("find agent: %w", err)
	}
	return a, found, nil
}

// Load is how many conversations of an inbox an agent is in charge of, without
// resolved ones.
type Load struct {
	Inbox   core.Inbox
	Count   int64
	Waiting int64 // of them: with a message of the contact that nobody has answered
}

// ListLoads returns what an agent is in charge of, by the inbox's id. It does
// not read the conversations, however many there are.
func (s *Accounts) ListLoads(ctx context.Context, account, agent int64) ([]Load, error) {
	if _, err := member(ctx, s.store, account, agent); err != nil {
		return nil, fmt.Errorf("read agent: %w", err)
	}
	counts, err := s.store.CountAssigned(ctx, account, agent)
	if err != nil {
		return nil, fmt.Errorf("count conversations of agent: %w", err)
	}
	loads := make([]Load, len(counts))
	for i, c := range counts {
		in, err := s.store.Inbox(ctx, account, c.InboxID)
		if err != nil {
			return nil, fmt.Errorf("read inbox: %w", err)
		}
		loads[i] = Load{Inbox: in, Count: c.Count, Waiting: c.Waiting}
	}
	return loads, nil
}
