package account_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// desk is an account with a token, and a clock that the test moves.
type desk struct {
	*account.Accounts
	st      store.Store
	at      core.Time
	account int64
	text    string
	token   core.Token
}

// eachDesk runs the test on each engine; the token is valid for an hour.
func eachDesk(t *testing.T, run func(t *testing.T, d *desk)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			d := &desk{st: testserver.Open(t, engine), at: now}
			d.Accounts = account.New(d.st, func() core.Time { return d.at })
			a, err := d.Create(t.Context(), "Acme")
			if err != nil {
				t.Fatal(err)
			}
			d.account = a.ID
			d.text, d.token, err = d.CreateToken(t.Context(), account.NewToken{
				AccountID: a.ID, Name: "ci", Scopes: []core.Scope{core.ScopeRead}, ExpiresAt: now + hour,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			run(t, d)
		})
	}
}

const hour = core.Time(3_600_000_000)

// opens tells whether the token's text opens the account now.
func (d *desk) opens(t *testing.T, text string) bool {
	t.Helper()
	_, err := auth.NewTokens(d.st, func() core.Time { return d.at }).Check(t.Context(), text)
	if err != nil && core.KindOf(err) != core.Unauthenticated {
		t.Fatal(err)
	}
	return err == nil
}

// deskEvents is how many events eachDesk leaves: of the account, its profiles
// and the token.
const deskEvents = 5

// newEvents returns the types of the events that followed those of eachDesk,
// which are all of the actor's.
func (d *desk) newEvents(t *testing.T, by core.Actor) []core.EventType {
	t.Helper()
	events, err := d.st.ListEvents(t.Context(), d.account, deskEvents, 10)
	if err != nil {
		t.Fatal(err)
	}
	var types []core.EventType
	for _, e := range events {
		if data, ok := e.Data.(core.Token); !ok || data.Hash != "" {
			t.Errorf("the event tells the hash, or is of no token: %+v", e)
		}
		if e.Actor != by {
			t.Errorf("%s is of %+v, want %+v", e.Type, e.Actor, by)
		}
		types = append(types, e.Type)
	}
	return types
}

func TestRevokeTokenEndsItOnce(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		if !d.opens(t, d.text) {
			t.Fatal("a fresh token opens nothing")
		}
		first, err := d.RevokeToken(t.Context(), by, d.account, d.token.ID, nil)
		if err != nil || first.RevokedAt != now || d.opens(t, d.text) {
			t.Errorf("revoked: %+v, %v; it opens: %t", first, err, d.opens(t, d.text))
		}
		d.at++
		if again, err := d.RevokeToken(t.Context(), core.Actor{}, d.account, d.token.ID, nil); err != nil || again.RevokedAt != now {
			t.Errorf("revoked again: %+v, %v", again, err)
		}
		if diff := cmp.Diff([]core.EventType{core.TokenRevoked}, d.newEvents(t, by)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if _, _, err := d.RotateToken(t.Context(), core.Actor{}, d.account, d.token.ID, 0, nil); core.KindOf(err) != core.Invalid {
			t.Errorf("rotating a revoked token: %v", err)
		}
	})
}

func TestRotateTokenOverlaps(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.at = now + hour/2
		text, made, err := d.RotateToken(t.Context(), core.Actor{}, d.account, d.token.ID, 10*time.Minute, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := d.token
		want.ID, want.Hash, want.CreatedAt, want.ExpiresAt = made.ID, auth.HashToken(text), d.at, d.at+hour
		if diff := cmp.Diff(want, made); diff != "" || made.ID == d.token.ID {
			t.Errorf("the new token (-want +got):\n%s", diff)
		}
		old, err := d.st.Token(t.Context(), d.account, d.token.ID)
		if name := "ci (replaced " + strconv.FormatInt(d.token.ID, 10) + ")"; err != nil || old.Name != name || old.ExpiresAt != d.at+hour/6 {
			t.Errorf("the old token: %+v, %v", old, err)
		}
		for _, c := range []struct {
			at       core.Time
			old, new bool
		}{{d.at, true, true}, {old.ExpiresAt - 1, true, true}, {old.ExpiresAt, false, true}, {made.ExpiresAt, false, false}} {
			d.at = c.at
			if d.opens(t, d.text) != c.old || d.opens(t, text) != c.new {
				t.Errorf("at %d the old one opens: %t, the new one: %t; want %t, %t", c.at-now, d.opens(t, d.text), d.opens(t, text), c.old, c.new)
			}
		}
		if diff := cmp.Diff([]core.EventType{core.TokenUpdated, core.TokenCreated}, d.newEvents(t, core.Actor{Type: core.ActorSystem})); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestRotateTokenNeverLengthensTheOldOne(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		if _, _, err := d.RotateToken(t.Context(), core.Actor{}, d.account, d.token.ID, -time.Second, nil); core.KindOf(err) != core.Invalid {
			t.Errorf("negative overlap: %v", err)
		}
		_, made, err := d.RotateToken(t.Context(), core.Actor{}, d.account, d.token.ID, 100*time.Hour, nil)
		if err != nil {
			t.Fatal(err)
		}
		if old, err := d.st.Token(t.Context(), d.account, d.token.ID); err != nil || old.ExpiresAt != d.token.ExpiresAt {
			t.Errorf("the old token: %+v, %v", old, err)
		}
		// At once, and a second generation of the same name.
		if _, _, err = d.RotateToken(t.Context(), core.Actor{}, d.account, made.ID, 0, nil); err != nil {
			t.Fatal(err)
		}
		if second, err := d.st.Token(t.Context(), d.account, made.ID); err != nil || second.Valid(d.at) {
			t.Errorf("after no overlap: %+v, %v", second, err)
		}
		all, err := d.ListTokens(t.Context(), 0)
		if err != nil || len(all) != 3 {
			t.Errorf("%d tokens, %v", len(all), err)
		}
	})
}

func TestTokensOfOthersAreAbsent(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		other, err := d.Create(t.Context(), "Other")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.RevokeToken(t.Context(), core.Actor{}, other.ID, d.token.ID, nil); core.KindOf(err) != core.NotFound {
			t.Errorf("revoke: %v", err)
		}
		if _, _, err := d.RotateToken(t.Context(), core.Actor{}, other.ID, d.token.ID, 0, nil); core.KindOf(err) != core.NotFound {
			t.Errorf("rotate: %v", err)
		}
		if list, err := d.ListTokens(t.Context(), other.ID); err != nil || len(list) != 0 {
			t.Errorf("list of the other account: %v, %v", list, err)
		}
		if _, err := d.ListTokens(t.Context(), other.ID+1); core.KindOf(err) != core.NotFound {
			t.Errorf("list of no account: %v", err)
		}
		if list, err := d.ListTokens(t.Context(), d.account); err != nil || len(list) != 1 || list[0].ID != d.token.ID {
			t.Errorf("list: %v, %v", list, err)
		}
		if !d.opens(t, d.text) {
			t.Error("the token is gone")
		}
	})
}
