package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
)

func TestCreateAgent(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		made, err := d.CreateAgent(t.Context(), account.NewAgent{AccountID: d.account, Name: "Rui", Email: "Rui@Example.org", Role: core.Administrator}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := core.Agent{
			ID: made.ID, UUID: made.UUID, AccountID: d.account, Type: core.Person, Name: "Rui", Email: "rui@example.org", Role: core.Administrator,
			IdentityID: made.IdentityID, ProviderType: core.MailProvider, Address: "rui@example.org", CreatedAt: now, UpdatedAt: now,
		}
		stored, err := d.st.Agent(t.Context(), d.account, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, stored); diff != "" || made.ID == 0 || made.IdentityID == 0 {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		events, err := d.st.ListEvents(t.Context(), d.account, deskEvents, 10)
		if err != nil || len(events) != 1 || events[0].Type != core.AgentCreated {
			t.Fatalf("events %+v, %v", events, err)
		}
		if diff := cmp.Diff(core.EventData(want), events[0].Data); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		if other, err := d.CreateAgent(t.Context(), account.NewAgent{AccountID: d.account, Name: "Ana", Email: "ana@example.org"}, nil); err != nil || other.Role != core.Member {
			t.Errorf("without a role: %+v, %v", other, err)
		}
	})
}

func TestCreateAgentRefuses(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		good := account.NewAgent{AccountID: d.account, Name: "Rui", Email: "rui@example.org"}
		if _, err := d.CreateAgent(t.Context(), good, nil); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			change func(a *account.NewAgent)
			kind   core.Kind
		}{
			"taken email":     {func(a *account.NewAgent) { a.Email = "RUI@example.org" }, core.Conflict},
			"absent account":  {func(a *account.NewAgent) { a.AccountID++ }, core.NotFound},
			"no name":         {func(a *account.NewAgent) { a.Name = "" }, core.Invalid},
			"long name":       {func(a *account.NewAgent) { a.Name = strings.Repeat("x", 256) }, core.Invalid},
			"no email":        {func(a *account.NewAgent) { a.Email = "" }, core.Invalid},
			"no address":      {func(a *account.NewAgent) { a.Email = "rui" }, core.Invalid},
			"name and email":  {func(a *account.NewAgent) { a.Email = "Rui <other@example.org>" }, core.Invalid},
			"two addresses":   {func(a *account.NewAgent) { a.Email = "a@example.org, b@example.org" }, core.Invalid},
			"unknown role":    {func(a *account.NewAgent) { a.Email, a.Role = "b@example.org", "owner" }, core.Invalid},
			"broken encoding": {func(a *account.NewAgent) { a.Name, a.Email = "\xff", "b@example.org" }, core.Invalid},
		} {
			in := good
			c.change(&in)
			if _, err := d.CreateAgent(t.Context(), in, nil); err == nil || core.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.kind)
			}
		}
	})
}
