package bench_test

import (
	"fmt"
	"testing"

	"parley/internal/bench"
	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/account"
	"parley/internal/service/search"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// filled fills a database and returns what can be asked, searches once what was
// said is indexed.
func filled(t *testing.T, st store.Store, fill bench.Fill) (targets bench.Targets, index func()) {
	t.Helper()
	made, err := fill.Into(t.Context(), st, clock, nil)
	if err != nil {
		t.Fatal(err)
	}
	inbox, err := st.Inbox(t.Context(), bench.AccountID, bench.SigningInbox)
	if err != nil {
		t.Fatal(err)
	}
	keys := bench.Keys{Token: token(t, st, 0), InboxID: inbox.ID, HMACToken: inbox.HMACToken}
	for _, agent := range bench.Staff() {
		keys.AgentTokens = append(keys.AgentTokens, token(t, st, agent))
	}
	return made.Filled.Targets(keys), func() {
		if err := job.NewRunner(st, clock, testserver.Log(t), search.NewBackfill(clock).Handlers(), nil).Work(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// token makes a token of an agent, of the account when agent is 0.
func token(t *testing.T, st store.Store, agent int64) string {
	t.Helper()
	text, _, err := account.New(st, clock).CreateToken(t.Context(), account.NewToken{
		AccountID: bench.AccountID, AgentID: agent, Name: fmt.Sprint("t", agent), Scopes: []core.Scope{core.ScopeRead, core.ScopeWrite},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	testserver.Secret(text)
	return text
}
