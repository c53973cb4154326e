package account

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/assignment"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// NewAgent says whom to make an agent.
type NewAgent struct {
	AccountID   int64
	Type        core.AgentType // "" = core.Person
	Name        string         // "" = FirstName and LastName
	FirstName   string
	LastName    string
	DisplayName string
	Description string
	AvatarURL   string
	// Bots have none of these four.
	Email    string    // unique in the account, whatever its letter case
	UserName string    // unique in the account; "" = none
	Password string    // "" = none. Kept as a hash; no door takes passwords yet
	Role     core.Role // "" = core.Member
	TeamID   int64     // 0 = none; bots may have one
	// SyncCapacity and AsyncCapacity are those of core.Agent.
	SyncCapacity, AsyncCapacity int64
	By                          core.Actor
}

// CreateAgent makes a person or a bot an agent of the account. A person's
// e-mail address is the agent's own identity, too. again makes the command one
// that may be asked again; nil: it may not.
func (s *Accounts) CreateAgent(ctx context.Context, in NewAgent, again *repeat.Key) (core.Agent, error) {
	made, err := s.createAgent(ctx, in, again)
	if err != nil {
		return core.Agent{}, fmt.Errorf("create agent: %w", err)
	}
	return made, nil
}

func (s *Accounts) createAgent(ctx context.Context, in NewAgent, again *repeat.Key) (core.Agent, error) {
	draft, err := in.draft()
	if err != nil {
		return core.Agent{}, err
	}
	if in.Password != "" {
		if draft.PasswordHash, err = auth.HashPassword(ctx, in.Password); err != nil {
			return core.Agent{}, err
		}
	}
	return repeat.Made(ctx, s.store, s.clock, in.AccountID, again, func(ctx context.Context, tx store.Tx) (core.Agent, int64, error) {
		made := draft
		if _, err := tx.Account(ctx, in.AccountID); err != nil {
			return core.Agent{}, 0, err
		}
		if err := checkFree(ctx, tx, &made); err != nil {
			return core.Agent{}, 0, err
		}
		moves, err := findTeam(ctx, tx, in.AccountID, in.TeamID)
		if err != nil {
			return core.Agent{}, 0, err
		}
		made.CreatedAt = s.clock()
		made.UpdatedAt = made.CreatedAt
		if err := tx.InsertAgent(ctx, &made); err != nil {
			return core.Agent{}, 0, err
		}
		tx.Emit(agentEvent(core.AgentCreated, made.CreatedAt, in.By, made))
		return made, made.ID, s.moveToTeam(ctx, tx, in.By, made.ID, moves)
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Agent, error) {
		return member(ctx, tx, in.AccountID, id)
	})
}

// draft is the agent to make, but for the password.
func (in *NewAgent) draft() (core.Agent, error) {
	email := strings.ToLower(in.Email)
	a := core.Agent{
		AccountID: in.AccountID, Type: cmp.Or(in.Type, core.Person), Name: cmp.Or(in.Name, fullName(in.FirstName, in.LastName)),
		FirstName: in.FirstName, LastName: in.LastName, DisplayName: in.DisplayName, Description: in.Description, AvatarURL: in.AvatarURL,
		Email: email, UserName: in.UserName, Role: in.Role, SyncCapacity: in.SyncCapacity, AsyncCapacity: in.AsyncCapacity,
	}
	if a.Type == core.Bot {
		for field, given := range map[string]string{"email": email, "user_name": in.UserName, "password": in.Password, "role": string(in.Role)} {
			if given != "" {
				return core.Agent{}, core.Refuse(field, noneOfBots)
			}
		}
		return a, checkAgent(&a)
	}
	a.Role = cmp.Or(a.Role, core.Member)
	a.ProviderType, a.Address = core.MailProvider, email
	if err := checkAgent(&a); err != nil {
		return core.Agent{}, err
	}
	return a, checkEmail(email)
}

// fullName joins two names, either of which may be "".
func fullName(first, last string) string { return strings.TrimSpace(first + " " + last) }

// maxUserNameBytes bounds the user names of agents.
const maxUserNameBytes = 255

// noneOfBots refuses what only people have.
const noneOfBots = "a bot has none"

// checkAgent refuses what cannot be an agent.
func checkAgent(a *core.Agent) error {
	if err := core.CheckName(a.Name); err != nil {
		return err
	}
	for field, n := range map[string]int64{"sync_capacity": a.SyncCapacity, "async_capacity": a.AsyncCapacity} {
		if n < 0 {
			return core.Refuse(field, "a capacity is not negative")
		}
	}
	switch a.Availability {
	case core.Online, core.Busy, core.Offline, "":
	default:
		return core.Refuse("availability", "an availability is online, busy or offline")
	}
	if a.Email != "" {
		if err := checkEmail(a.Email); err != nil {
			return err
		}
	}
	if len(a.UserName) > maxUserNameBytes || a.UserName != strings.TrimSpace(a.UserName) {
		return core.Refuse("user_name", fmt.Sprintf("a user name has at most %d bytes and no blank at its ends", maxUserNameBytes))
	}
	switch a.Role {
	case core.Member, core.Administrator, "":
		return nil
	}
	return core.Refuse("role", "a role is agent or administrator")
}

// checkEmail refuses what is no address, and names and brackets around one,
// which ParseAddress would take as well.
func checkEmail(email string) error {
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return core.Refuse("email", "not an e-mail address")
	}
	return nil
}

// checkFree refuses an agent whose e-mail or user name another one has.
func checkFree(ctx context.Context, r store.Reader, a *core.Agent) error {
	held, taken, err := r.FindAgentByEmail(ctx, a.AccountID, a.Email)
	if err != nil {
		return err
	}
	if taken && held.ID != a.ID {
		return core.TakenField("email", "the email "+a.Email)
	}
	held, taken, err = r.FindAgentByUserName(ctx, a.AccountID, a.UserName)
	if err == nil && taken && held.ID != a.ID {
		err = core.TakenField("user_name", "the user name "+a.UserName)
	}
	return err
}

// AgentChange says what to change of an agent; nil leaves a thing as it is.
type AgentChange struct {
	Name                *string
	FirstName, LastName *string // the name follows, once there is either, unless Name is given
	DisplayName         *string
	Description         *string
	AvatarURL           *string
	// Bots have none of these four.
	Email, UserName             *string // "" = none from now on
	Password                    *string // "" = none from now on
	Role                        *core.Role
	Availability                *core.Availability
	SyncCapacity, AsyncCapacity *int64 // 0 = no limit
	// ProfileIDs are the agent's only profiles from now on. One that the account
	// does not have, or that is named twice, is core.Invalid.
	ProfileIDs *[]int64
	// TeamID is the agent's only team from now on, 0 = none. The team that
	// comes first among the agent's stands for all of them: it changes nothing.
	TeamID *int64
	// May looks at the agent as it is before the change.
	May core.Check[Member]
}

// UpdateAgent changes what is given. A change that alters nothing is no event.
func (s *Accounts) UpdateAgent(ctx context.Context, by core.Actor, account, id int64, in AgentChange) (core.Agent, error) {
	var hash string
	if in.Password != nil && *in.Password != "" {
		var err error
		if hash, err = auth.HashPassword(ctx, *in.Password); err != nil {
			return core.Agent{}, fmt.Errorf("update agent: %w", err)
		}
	}
	var a core.Agent
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		if a, err = checkedMember(ctx, tx, account, id, in.May); err != nil {
			return err
		}
		before := a
		in.apply(&a)
		if in.Password != nil {
			a.PasswordHash = hash
		}
		if err := in.check(ctx, tx, &a); err != nil {
			return err
		}
		if err := checkFree(ctx, tx, &a); err != nil {
			return err
		}
		moves, err := in.moves(ctx, tx, account, id)
		if err != nil {
			return err
		}
		if err := s.storeAgent(ctx, tx, by, &before, &a); err != nil {
			return err
		}
		return s.moveToTeam(ctx, tx, by, id, moves)
	})
	if err != nil {
		return core.Agent{}, fmt.Errorf("update agent: %w", err)
	}
	return a, nil
}

// apply changes a, but for the password.
func (in *AgentChange) apply(a *core.Agent) {
	set(&a.FirstName, in.FirstName)
	set(&a.LastName, in.LastName)
	set(&a.DisplayName, in.DisplayName)
	set(&a.Description, in.Description)
	set(&a.AvatarURL, in.AvatarURL)
	set(&a.UserName, in.UserName)
	set(&a.Role, in.Role)
	set(&a.Availability, in.Availability)
	set(&a.SyncCapacity, in.SyncCapacity)
	set(&a.AsyncCapacity, in.AsyncCapacity)
	set(&a.ProfileIDs, in.ProfileIDs)
	if name := fullName(a.FirstName, a.LastName); name != "" && (in.FirstName != nil || in.LastName != nil) {
		a.Name = name
	}
	set(&a.Name, in.Name)
	if in.Email != nil {
		email := strings.ToLower(*in.Email)
		if a.ProviderType == core.MailProvider && a.Address == a.Email {
			a.Address = email
		}
		a.Email = email
	}
}

// check refuses a change that makes no agent of a.
func (in *AgentChange) check(ctx context.Context, r store.Reader, a *core.Agent) error {
	if a.Type == core.Bot {
		for field, given := range map[string]bool{"email": in.Email != nil, "user_name": in.UserName != nil, "password": in.Password != nil, "role": in.Role != nil} {
			if given {
				return core.Refuse(field, noneOfBots)
			}
		}
	}
	if in.ProfileIDs != nil {
		for i, id := range a.ProfileIDs {
			if slices.Contains(a.ProfileIDs[:i], id) {
				return core.Refuse("profile_ids", "a profile is named twice")
			}
			if _, err := r.Profile(ctx, a.AccountID, id); err != nil {
				return refuseAbsent(err, "profile_ids", "there is no such profile")
			}
		}
	}
	return checkAgent(a)
}

func set[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}

// moves returns what becomes of the teams.
func (in *AgentChange) moves(ctx context.Context, r store.Reader, account, agent int64) (*teamMove, error) {
	if in.TeamID == nil {
		return nil, nil
	}
	all, err := teamsOf(ctx, r, account, agent)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 && all[0].ID == *in.TeamID {
		return nil, nil
	}
	moves, err := findTeam(ctx, r, account, *in.TeamID)
	if err != nil {
		return nil, err
	}
	if moves == nil {
		moves = &teamMove{}
	}
	moves.leave = slices.DeleteFunc(all, func(t core.Team) bool { return t.ID == *in.TeamID })
	if len(moves.leave) < len(all) {
		moves.join = nil // is in it already
	}
	return moves, nil
}

// storeAgent stores what has changed, and tells of it.
func (s *Accounts) storeAgent(ctx context.Context, tx store.Tx, by core.Actor, before, a *core.Agent) error {
	if sameAgent(before, a) {
		return nil
	}
	a.UpdatedAt = s.clock()
	if err := tx.UpdateAgent(ctx, *a); err != nil {
		return err
	}
	tx.Emit(agentEvent(core.AgentUpdated, a.UpdatedAt, by, *a))
	if a.HasTurns() && (!before.HasTurns() || roomier(before.SyncCapacity, a.SyncCapacity) || roomier(before.AsyncCapacity, a.AsyncCapacity)) {
		return assignment.RoomMade(ctx, tx, a.AccountID, a.UpdatedAt)
	}
	return nil
}

// roomier tells whether a capacity grew; 0 is without limit.
func roomier(before, now int64) bool { return before != 0 && (now == 0 || now > before) }

// sameAgent tells whether no command has changed anything of the agent.
func sameAgent(a, b *core.Agent) bool {
	return a.Name == b.Name && a.FirstName == b.FirstName && a.LastName == b.LastName && a.Email == b.Email && a.Address == b.Address &&
		a.DisplayName == b.DisplayName && a.Description == b.Description && a.AvatarURL == b.AvatarURL &&
		a.UserName == b.UserName && a.PasswordHash == b.PasswordHash && a.Role == b.Role && a.Availability == b.Availability &&
		a.SyncCapacity == b.SyncCapacity && a.AsyncCapacity == b.AsyncCapacity &&
		slices.Equal(a.ProfileIDs, b.ProfileIDs)
}

// SetAvailability changes whether the agent can be given conversations.
func (s *Accounts) SetAvailability(ctx context.Context, by core.Actor, account, id int64, to core.Availability) (core.Agent, error) {
	var a core.Agent
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) (err error) {
		if a, err = member(ctx, tx, account, id); err != nil {
			return err
		}
		before := a
		a.Availability = to
		return s.storeAgent(ctx, tx, by, &before, &a)
	})
	if err != nil {
		return core.Agent{}, fmt.Errorf("set availability: %w", err)
	}
	return a, nil
}

// DeleteAgent ends an agent's membership: whatever the agent was in charge of
// is nobody's, what goes on goes on without its part, teams are left, tokens
// revoked, e-mail and user name free. What the agent has said stays, under the
// agent's name.
//
// It works in commands of bounded size, the last of which deletes the agent
// together with the last of the conversations: a deleted agent is in charge of
// nothing. A call that fails on its way can be made again.
func (s *Accounts) DeleteAgent(ctx context.Context, by core.Actor, account, id int64, may core.Check[Member]) error {
	err := s.inBatches(ctx, account, func(ctx context.Context, tx store.Tx) (bool, error) {
		a, err := checkedMember(ctx, tx, account, id, may)
		if err != nil {
			return false, err
		}
		left, err := tx.ConversationsOfAgent(ctx, account, id, batch)
		if err != nil {
			return false, err
		}
		release := func(c *core.Conversation, at core.Time) []string { return core.Release(c, id, at) }
		if err := s.changeConversations(ctx, tx, by, account, left, core.CauseAgentDeleted, release); err != nil || len(left) == batch {
			return false, err
		}
		return true, s.deleteAgent(ctx, tx, by, a)
	})
	if err != nil {
		return fmt.Errorf("delete agent: %w", err)
	}
	return nil
}

// deleteAgent ends the membership of an agent who is in charge of nothing.
func (s *Accounts) deleteAgent(ctx context.Context, tx store.Tx, by core.Actor, a core.Agent) error {
	now := s.clock()
	var tokens []core.Token
	if err := listTokens(ctx, tx, a.AccountID, &tokens); err != nil {
		return err
	}
	for _, t := range tokens {
		if t.AgentID != a.ID || t.RevokedAt.IsSet() {
			continue
		}
		t.RevokedAt = now
		if err := tx.UpdateToken(ctx, t); err != nil {
			return err
		}
		tx.Emit(tokenEvent(core.TokenRevoked, now, by, t))
	}
	teams, err := teamsOf(ctx, tx, a.AccountID, a.ID)
	if err != nil {
		return err
	}
	if err := s.moveToTeam(ctx, tx, by, a.ID, &teamMove{leave: teams}); err != nil {
		return err
	}
	if err := s.leaveInboxes(ctx, tx, by, &a, now); err != nil {
		return err
	}
	a.Email, a.UserName, a.PasswordHash, a.Availability, a.ProfileIDs = "", "", "", core.Offline, nil
	a.UpdatedAt, a.DeletedAt = now, now
	if err := tx.UpdateAgent(ctx, a); err != nil {
		return err
	}
	tx.Emit(agentEvent(core.AgentDeleted, now, by, a))
	return nil
}

// leaveInboxes takes an agent who is deleted from the members of inboxes. Where
// nobody else is a member the agent stays one: else the inbox would be open to
// everybody.
func (s *Accounts) leaveInboxes(ctx context.Context, tx store.Tx, by core.Actor, a *core.Agent, now core.Time) error {
	inboxes, err := tx.InboxesOfAgent(ctx, a.AccountID, a.ID)
	if err != nil {
		return err
	}
	for _, id := range inboxes {
		members, err := tx.InboxMembers(ctx, a.AccountID, []int64{id})
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(members[id], func(member int64) bool { return member == a.ID })
		if len(left) == 0 {
			continue
		}
		inbox, err := tx.Inbox(ctx, a.AccountID, id)
		if err != nil {
			return err
		}
		before := inbox
		inbox.UpdatedAt = now
		if err := tx.UpdateInbox(ctx, inbox); err != nil { // which locks its members, too
			return err
		}
		if err := tx.SetInboxMembers(ctx, a.AccountID, id, left); err != nil {
			return err
		}
		tx.Emit(core.Event{
			AccountID: a.AccountID, Type: core.InboxUpdated, At: now, Actor: orSystem(by), InboxID: id,
			Data: core.InboxChange{Inbox: inbox, AgentIDs: left, Before: &before},
		})
	}
	return nil
}

// member reads an agent who is not deleted.
func member(ctx context.Context, r store.Reader, account, id int64) (core.Agent, error) {
	a, err := r.Agent(ctx, account, id)
	if err == nil && a.DeletedAt.IsSet() {
		err = core.Absent("agent")
	}
	return a, err
}

// checkedMember is member for an agent whom a check lets pass.
func checkedMember(ctx context.Context, r store.Reader, account, id int64, may core.Check[Member]) (core.Agent, error) {
	a, err := member(ctx, r, account, id)
	if err != nil || may == nil {
		return a, err
	}
	teams, err := teamsOf(ctx, r, account, id)
	if err != nil {
		return core.Agent{}, err
	}
	return a, may(Member{Agent: a, Teams: teams})
}

func agentEvent(typ core.EventType, at core.Time, by core.Actor, a core.Agent) core.Event {
	return core.Event{AccountID: a.AccountID, Type: typ, At: at, Actor: orSystem(by), Data: a}
}

// orSystem is by, or the system where nobody is named.
func orSystem(by core.Actor) core.Actor {
	if by.Type == "" {
		by.Type = core.ActorSystem
	}
	return by
}
