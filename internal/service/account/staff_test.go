package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/integrity"
	"parley/internal/store"
)

var by = core.Actor{Type: core.ActorAgent, ID: 77}

// log returns the events after the first ones.
func (d *desk) log(t *testing.T, after int64) []core.Event {
	t.Helper()
	events, err := d.st.ListEvents(t.Context(), d.account, after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func (d *desk) seq(t *testing.T) int64 {
	t.Helper()
	a, err := d.st.Account(t.Context(), d.account)
	if err != nil {
		t.Fatal(err)
	}
	return a.EventSeq
}

// wantLog compares the types of the events after the first ones, and asks the
// doctor.
func (d *desk) wantLog(t *testing.T, after int64, want ...core.EventType) []core.Event {
	t.Helper()
	events := d.log(t, after)
	var got []core.EventType
	for _, e := range events {
		got = append(got, e.Type)
		if e.Actor != by {
			t.Errorf("%s: by %+v", e.Type, e.Actor)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	if _, err := integrity.Check(t.Context(), d.st, func(f integrity.Fault) { t.Error(f) }); err != nil {
		t.Error(err)
	}
	return events
}

// hire makes an agent of this name.
func (d *desk) hire(t *testing.T, name string) core.Agent {
	t.Helper()
	a, err := d.CreateAgent(t.Context(), account.NewAgent{AccountID: d.account, FirstName: name, Email: name + "@example.org", UserName: name, By: by}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (d *desk) team(t *testing.T, name string, members ...int64) core.Team {
	t.Helper()
	team, err := d.CreateTeam(t.Context(), by, core.Team{AccountID: d.account, Name: name, AgentIDs: members}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return team
}

// named and manned are changes of a team.
func named(name string) func(t *core.Team) error {
	return func(t *core.Team) error {
		t.Name = name
		return nil
	}
}

func manned(agents ...int64) func(t *core.Team) error {
	return func(t *core.Team) error {
		t.AgentIDs = agents
		return nil
	}
}

func refused[T any](_ T, err error) error { return err }

func TestNewAgentsHavePasswordAndTeam(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		team, before := d.team(t, "desk"), d.seq(t)
		made, err := d.CreateAgent(t.Context(), account.NewAgent{
			AccountID: d.account, FirstName: "Rui", LastName: "Sá", Email: "Rui@Example.org", UserName: "rui", Password: "correct horse",
			Role: core.Administrator, TeamID: team.ID, By: by,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if made.Name != "Rui Sá" || made.FirstName != "Rui" || made.LastName != "Sá" || made.UserName != "rui" {
			t.Errorf("made %+v", made)
		}
		if match, err := argon2id.ComparePasswordAndHash("correct horse", made.PasswordHash); !match || err != nil {
			t.Errorf("password: %v, %v", match, err)
		}
		events := d.wantLog(t, before, core.AgentCreated, core.TeamUpdated)
		if data := events[0].Data.(core.Agent); data.PasswordHash != "" {
			t.Error("the event tells the hash")
		}
		if data := events[1].Data.(core.Team); !slices.Equal(data.AgentIDs, []int64{made.ID}) {
			t.Errorf("team %+v", data)
		}
	})
}

func TestUpdateAgent(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		a := d.hire(t, "rui")
		one, two, three := d.team(t, "one", a.ID), d.team(t, "two", a.ID), d.team(t, "three")
		before := d.seq(t)
		d.at++
		last, email, user, role, password := "Sá", "NEW@example.org", "", core.Administrator, "another password"
		got, err := d.UpdateAgent(t.Context(), by, d.account, a.ID, account.AgentChange{
			LastName: &last, Email: &email, UserName: &user, Role: &role, Password: &password, TeamID: &one.ID,
		})
		if err != nil {
			t.Fatal(err)
		}
		want := a
		want.Name, want.LastName, want.Email, want.Address, want.UserName = "rui Sá", "Sá", "new@example.org", "new@example.org", ""
		want.Role, want.UpdatedAt, want.PasswordHash = role, d.at, got.PasswordHash
		if diff := cmp.Diff(want, got); diff != "" || got.PasswordHash == "" {
			t.Errorf("updated (-want +got):\n%s", diff)
		}
		stored, err := d.st.Agent(t.Context(), d.account, a.ID)
		if diff := cmp.Diff(want, stored); diff != "" || err != nil {
			t.Errorf("stored (-want +got):\n%s%v", diff, err)
		}
		// The first team stands for both; nothing that changes nothing is told.
		d.wantLog(t, before, core.AgentUpdated)
		if _, err := d.UpdateAgent(t.Context(), by, d.account, a.ID, account.AgentChange{LastName: &last, TeamID: &one.ID}); err != nil {
			t.Error(err)
		}
		d.wantLog(t, before, core.AgentUpdated)
		for _, step := range []struct {
			team int64
			want []int64
		}{{two.ID, []int64{two.ID}}, {three.ID, []int64{three.ID}}, {0, nil}} {
			if _, err := d.UpdateAgent(t.Context(), by, d.account, a.ID, account.AgentChange{TeamID: &step.team}); err != nil {
				t.Error(err)
			}
			m, err := d.Member(t.Context(), d.account, a.ID)
			var in []int64
			for _, team := range m.Teams {
				in = append(in, team.ID)
			}
			if diff := cmp.Diff(step.want, in); diff != "" || err != nil {
				t.Errorf("teams after %d (-want +got):\n%s%v", step.team, diff, err)
			}
		}
	})
}

func TestUpdateAgentRefuses(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		a := d.hire(t, "rui")
		d.hire(t, "ana")
		before := d.seq(t)
		text := func(s string) *string { return &s }
		absent, role := int64(99), core.Role("owner")
		for name, c := range map[string]struct {
			in   account.AgentChange
			kind core.Kind
		}{
			"taken email":     {account.AgentChange{Email: text("ANA@example.org")}, core.Conflict},
			"taken user name": {account.AgentChange{UserName: text("ana")}, core.Conflict},
			"no address":      {account.AgentChange{Email: text("rui")}, core.Invalid},
			"long name":       {account.AgentChange{FirstName: text(strings.Repeat("x", 256))}, core.Invalid},
			"blank user name": {account.AgentChange{UserName: text(" rui")}, core.Invalid},
			"short password":  {account.AgentChange{Password: text("1234567")}, core.Invalid},
			"absent team":     {account.AgentChange{TeamID: &absent}, core.Invalid},
			"unknown role":    {account.AgentChange{Role: &role}, core.Invalid},
		} {
			if err := refused(d.UpdateAgent(t.Context(), by, d.account, a.ID, c.in)); err == nil || core.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.kind)
			}
		}
		if err := refused(d.UpdateAgent(t.Context(), by, d.account, 99, account.AgentChange{})); core.KindOf(err) != core.NotFound {
			t.Errorf("absent agent: %v", err)
		}
		d.wantLog(t, before)
	})
}

func TestSetAvailability(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		a := d.hire(t, "rui")
		before := d.seq(t)
		for range 2 {
			if got, err := d.SetAvailability(t.Context(), by, d.account, a.ID, core.Busy); err != nil || got.Availability != core.Busy {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		d.wantLog(t, before, core.AgentUpdated)
	})
}

// assign makes n conversations, of every status, that the agent and the team
// are in charge of.
func (d *desk) assign(t *testing.T, n int, agent, team int64) {
	t.Helper()
	err := d.st.InTx(t.Context(), d.account, func(ctx context.Context, tx store.Tx) error {
		in := core.Inbox{AccountID: d.account, Name: "site", Channel: core.ChannelWeb, CreatedAt: now, UpdatedAt: now}
		who := core.Contact{AccountID: d.account, CreatedAt: now, UpdatedAt: now}
		if err := tx.InsertInbox(ctx, &in); err != nil {
			return err
		}
		if err := tx.InsertContact(ctx, &who); err != nil {
			return err
		}
		id := core.Identity{AccountID: d.account, ContactID: who.ID, Address: "a", CreatedAt: now}
		if err := tx.InsertIdentity(ctx, &id); err != nil {
			return err
		}
		for i := range n {
			c := core.Conversation{
				AccountID: d.account, InboxID: in.ID, ContactID: who.ID, IdentityID: id.ID, AssigneeID: agent, TeamID: team, CreatedAt: now,
			}
			c.Begin()
			c.Status = []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved}[i%4]
			if i%4 == 0 {
				c.WaitingSince = now
			}
			if i%5 == 0 {
				c.AssigneeID, c.AssigneeBotID = 0, agent
			}
			if err := tx.InsertConversation(ctx, &c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeleteAgent deletes an agent whose conversations take more than one
// command.
func TestDeleteAgent(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		a, stays := d.hire(t, "rui"), d.hire(t, "ana")
		d.team(t, "help", stays.ID, a.ID)
		if _, err := d.AddProfiles(t.Context(), by, d.account, a.ID, []string{"agent"}); err != nil {
			t.Fatal(err)
		}
		text, _, err := d.CreateToken(t.Context(), account.NewToken{AccountID: d.account, AgentID: a.ID, Name: "own"}, nil)
		if err != nil || !d.opens(t, text) {
			t.Fatalf("the agent's token: %v", err)
		}
		const conversations = 230
		d.assign(t, conversations, a.ID, 0)
		loads, err := d.ListLoads(t.Context(), d.account, a.ID)
		if err != nil || len(loads) != 1 || loads[0].Count != 173 || loads[0].Waiting != 58 || loads[0].Inbox.Name != "site" {
			t.Errorf("loads %+v, %v", loads, err)
		}
		before := d.seq(t)
		d.at++
		if err := d.DeleteAgent(t.Context(), by, d.account, a.ID, nil); err != nil {
			t.Fatal(err)
		}
		want := append(slices.Repeat([]core.EventType{core.ConversationUpdated}, conversations), core.TokenRevoked, core.TeamUpdated, core.AgentDeleted)
		events := d.wantLog(t, before, want...)
		for _, e := range events[:conversations] {
			c := e.Data.(core.ConversationChange)
			if c.Conversation.AssigneeID != 0 || c.Conversation.AssigneeBotID != 0 || !slices.Equal(c.Changed, []string{core.FieldAssignee}) || c.Before.AssigneeID+c.Before.AssigneeBotID != a.ID || c.Cause != core.CauseAgentDeleted || c.Conversation.UpdatedAt != d.at {
				t.Fatalf("released: %+v", c)
			}
		}
		gone, err := d.st.Agent(t.Context(), d.account, a.ID)
		kept := core.Agent{
			ID: a.ID, UUID: a.UUID, AccountID: d.account, Type: core.Person, Name: "rui", FirstName: "rui", Role: core.Member, IdentityID: a.IdentityID,
			ProviderType: core.MailProvider, Address: "rui@example.org", Availability: core.Offline, CreatedAt: now, UpdatedAt: d.at, DeletedAt: d.at,
		}
		if diff := cmp.Diff(kept, gone); diff != "" || err != nil {
			t.Errorf("what stays (-want +got):\n%s%v", diff, err)
		}
		if d.opens(t, text) {
			t.Error("the agent's token still opens the account")
		}
		members, err := d.ListMembers(t.Context(), d.account)
		if err != nil || len(members) != 1 || members[0].ID != stays.ID || len(members[0].Teams) != 1 {
			t.Errorf("members %+v, %v", members, err)
		}
		password := "long enough"
		for what, err := range map[string]error{
			"delete":       d.DeleteAgent(t.Context(), by, d.account, a.ID, nil),
			"member":       refused(d.Member(t.Context(), d.account, a.ID)),
			"update":       refused(d.UpdateAgent(t.Context(), by, d.account, a.ID, account.AgentChange{Password: &password})),
			"availability": refused(d.SetAvailability(t.Context(), by, d.account, a.ID, core.Online)),
			"profiles":     refused(d.SetProfiles(t.Context(), by, d.account, a.ID, nil)),
			"loads":        refused(d.ListLoads(t.Context(), d.account, a.ID)),
			"foreign":      d.DeleteAgent(t.Context(), by, d.account+1, stays.ID, nil),
		} {
			if core.KindOf(err) != core.NotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, _, err := d.CreateToken(t.Context(), account.NewToken{AccountID: d.account, AgentID: a.ID, Name: "again"}, nil); core.KindOf(err) != core.Invalid {
			t.Errorf("a token for who is gone: %v", err)
		}
		if err := refused(d.UpdateTeam(t.Context(), by, d.account, members[0].Teams[0].ID, manned(a.ID))); core.KindOf(err) != core.Invalid {
			t.Errorf("a team of who is gone: %v", err)
		}
		d.hire(t, "rui") // e-mail and user name are free
	})
}

func TestTeams(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		a := d.hire(t, "rui")
		begin := d.seq(t)
		team := d.team(t, "help", a.ID)
		for range 2 {
			if got, err := d.UpdateTeam(t.Context(), by, d.account, team.ID, named("desk")); err != nil || got.Name != "desk" {
				t.Errorf("renamed %+v, %v", got, err)
			}
		}
		d.wantLog(t, begin, core.TeamCreated, core.TeamUpdated)
		other := d.team(t, "other")
		for what, c := range map[string]struct {
			err  error
			kind core.Kind
		}{
			"taken":         {refused(d.CreateTeam(t.Context(), by, core.Team{AccountID: d.account, Name: "desk"}, nil)), core.Conflict},
			"nameless":      {refused(d.CreateTeam(t.Context(), by, core.Team{AccountID: d.account, Name: " "}, nil)), core.Invalid},
			"rename":        {refused(d.UpdateTeam(t.Context(), by, d.account, other.ID, named("desk"))), core.Conflict},
			"rename absent": {refused(d.UpdateTeam(t.Context(), by, d.account, 99, named("x"))), core.NotFound},
			"twice":         {refused(d.UpdateTeam(t.Context(), by, d.account, other.ID, manned(a.ID, a.ID))), core.Invalid},
			"nobody":        {refused(d.UpdateTeam(t.Context(), by, d.account, other.ID, manned(99))), core.Invalid},
			"members":       {refused(d.MembersOfTeam(t.Context(), d.account, 99)), core.NotFound},
			"foreign":       {d.DeleteTeam(t.Context(), by, d.account+1, team.ID, nil), core.NotFound},
		} {
			if c.err == nil || core.KindOf(c.err) != c.kind {
				t.Errorf("%s: got %v, want %s", what, c.err, c.kind)
			}
		}
		if in, err := d.MembersOfTeam(t.Context(), d.account, team.ID); err != nil || len(in) != 1 || in[0].ID != a.ID {
			t.Errorf("members %+v, %v", in, err)
		}
		const conversations = 120
		d.assign(t, conversations, a.ID, team.ID)
		before := d.seq(t)
		if err := d.DeleteTeam(t.Context(), by, d.account, team.ID, nil); err != nil {
			t.Fatal(err)
		}
		d.wantLog(t, before, append(slices.Repeat([]core.EventType{core.ConversationUpdated}, conversations), core.TeamDeleted)...)
		if teams, err := d.ListTeams(t.Context(), d.account); err != nil || len(teams) != 1 || teams[0].ID != other.ID {
			t.Errorf("teams %+v, %v", teams, err)
		}
	})
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		all, err := d.ListProfiles(t.Context(), d.account)
		if err != nil || len(all) != 3 {
			t.Fatalf("a new account has %+v, %v", all, err)
		}
		for i, want := range core.DefaultProfiles() {
			want.ID, want.AccountID, want.CreatedAt = all[i].ID, d.account, now
			if diff := cmp.Diff(want, all[i]); diff != "" {
				t.Errorf("default profile (-want +got):\n%s", diff)
			}
		}
		a := d.hire(t, "rui")
		begin := d.seq(t)
		night, err := d.CreateProfile(t.Context(), by, core.Profile{AccountID: d.account, Name: "Night", UniqueName: "night", Permissions: []string{"x"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err := d.UpdateProfile(t.Context(), by, d.account, night.ID, func(p *core.Profile) error {
				p.Name, p.Permissions = "Night shift", nil
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		for _, step := range []struct {
			change func(ctx context.Context, by core.Actor, account, agent int64, refs []string) ([]core.Profile, error)
			refs   []string
			want   []string
		}{
			{d.AddProfiles, []string{"agent", "Night shift"}, []string{"agent", "night"}},
			{d.AddProfiles, []string{"night", "Supervisor"}, []string{"agent", "night", "supervisor"}},
			{d.SetProfiles, []string{"night", "night"}, []string{"night"}},
			{d.SetProfiles, nil, nil},
			{d.AddProfiles, []string{"night"}, []string{"night"}},
		} {
			now, err := step.change(t.Context(), by, d.account, a.ID, step.refs)
			var names []string
			for _, p := range now {
				names = append(names, p.UniqueName)
			}
			if diff := cmp.Diff(step.want, names); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s%v", step.refs, diff, err)
			}
		}
		if has, err := d.MembersWithProfile(t.Context(), d.account, night.ID); err != nil || len(has) != 1 || has[0].ID != a.ID {
			t.Errorf("with the profile: %+v, %v", has, err)
		}
		for what, c := range map[string]struct {
			err  error
			kind core.Kind
		}{
			"unknown":       {refused(d.AddProfiles(t.Context(), by, d.account, a.ID, []string{"agent", "owner"})), core.Invalid},
			"absent agent":  {refused(d.AddProfiles(t.Context(), by, d.account, 99, nil)), core.NotFound},
			"not had":       {d.RemoveProfile(t.Context(), by, d.account, a.ID, all[0].ID), core.NotFound},
			"taken":         {refused(d.CreateProfile(t.Context(), by, core.Profile{AccountID: d.account, Name: "n", UniqueName: "agent"}, nil)), core.Conflict},
			"no name":       {refused(d.CreateProfile(t.Context(), by, core.Profile{AccountID: d.account, UniqueName: "n"}, nil)), core.Invalid},
			"no key":        {refused(d.CreateProfile(t.Context(), by, core.Profile{AccountID: d.account, Name: "n"}, nil)), core.Invalid},
			"update absent": {refused(d.UpdateProfile(t.Context(), by, d.account, 99, func(*core.Profile) error { return nil })), core.NotFound},
			"delete absent": {d.DeleteProfile(t.Context(), by, d.account, 99, nil), core.NotFound},
			"who has it":    {refused(d.MembersWithProfile(t.Context(), d.account, 99)), core.NotFound},
		} {
			if c.err == nil || core.KindOf(c.err) != c.kind {
				t.Errorf("%s: got %v, want %s", what, c.err, c.kind)
			}
		}
		if err := d.DeleteProfile(t.Context(), by, d.account, night.ID, nil); err != nil {
			t.Error(err)
		}
		if stored, err := d.st.Agent(t.Context(), d.account, a.ID); err != nil || len(stored.ProfileIDs) != 0 {
			t.Errorf("the agent still has %v, %v", stored.ProfileIDs, err)
		}
		updates := slices.Repeat([]core.EventType{core.AgentUpdated}, 6)
		d.wantLog(t, begin, append(append([]core.EventType{core.ProfileCreated, core.ProfileUpdated}, updates...), core.ProfileDeleted)...)
	})
}
