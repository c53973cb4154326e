package conversation

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/store"
)

const (
	accountUUID = "0b9d3c52-6e1f-4a77-8c20-5d4e3f2a1b09"
	uuidA       = "62a8f1c7-0d3e-4b95-b7f4-8c5e9a10d246"
	uuidB       = "77ab1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c12"
	absentUUID  = "99999999-9999-4999-8999-99999999999f"
)

// selectStore has one account with rows conversations, and people by uuid. It
// remembers what it was asked. Calls that it does not have panic.
type selectStore struct {
	store.Reader
	rows       int
	contacts   map[string]core.Contact
	identities map[string]core.Identity
	agents     map[string]core.Agent
	lookedUp   []string
	listed     []store.ThreadQuery
	counted    []store.ThreadQuery
}

func (s *selectStore) Account(_ context.Context, id int64) (core.Account, error) {
	return core.Account{ID: id, UUID: accountUUID}, nil
}

func (s *selectStore) ListThreads(_ context.Context, _ int64, q store.ThreadQuery) ([]core.Thread, error) {
	s.listed = append(s.listed, q)
	return make([]core.Thread, max(0, min(q.Limit, s.rows-q.Offset))), nil
}

func (s *selectStore) CountThreads(_ context.Context, _ int64, q store.ThreadQuery) (int64, error) {
	s.counted = append(s.counted, q)
	return int64(s.rows), nil
}

func (s *selectStore) FindContactByUUID(_ context.Context, _ int64, uuid string) (core.Contact, bool, error) {
	s.lookedUp = append(s.lookedUp, uuid)
	v, ok := s.contacts[uuid]
	return v, ok, nil
}

func (s *selectStore) FindIdentityByUUID(_ context.Context, _ int64, uuid string) (core.Identity, bool, error) {
	v, ok := s.identities[uuid]
	return v, ok, nil
}

func (s *selectStore) FindAgentByUUID(_ context.Context, _ int64, uuid string) (core.Agent, bool, error) {
	v, ok := s.agents[uuid]
	return v, ok, nil
}

func TestSelectTotals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		rows, limit, offset int
		threads             int
		lists, counts       int // how many reads
	}{
		{"a short page tells the total", 5, 10, 0, 5, 1, 0},
		{"so does a short last page", 5, 3, 3, 2, 1, 0},
		{"a full page does not", 5, 3, 0, 3, 1, 1},
		{"nor one that is just full", 6, 3, 3, 3, 1, 1},
		{"nor an empty one", 5, 3, 5, 0, 1, 1},
		{"nor one past the end", 5, 3, 50, 0, 1, 1},
		{"no rows wanted, none read", 5, 0, 0, 0, 0, 1},
	} {
		st := &selectStore{rows: c.rows}
		got, err := NewReads(st).Select(t.Context(), 1, Selection{Limit: c.limit, Offset: c.offset})
		if err != nil || got.Total != int64(c.rows) || len(got.Threads) != c.threads || got.Account.UUID != accountUUID {
			t.Errorf("%s: %d threads of %d, %v", c.name, len(got.Threads), got.Total, err)
		}
		if len(st.listed) != c.lists || len(st.counted) != c.counts {
			t.Errorf("%s: %d lists and %d counts, want %d and %d", c.name, len(st.listed), len(st.counted), c.lists, c.counts)
		}
	}
}

func TestSelectResolves(t *testing.T) {
	t.Parallel()
	match := Match{Path: []string{"x"}, Value: "y"}
	web := []core.Channel{core.ChannelWeb}
	for _, c := range []struct {
		name  string
		sel   Selection
		want  store.ThreadQuery // the part that uuids decide
		empty bool
	}{
		{name: "nothing given"},
		{name: "the account", sel: Selection{Account: accountUUID}},
		{name: "the account in upper case", sel: Selection{Account: strings.ToUpper(accountUUID)}},
		{name: "another account", sel: Selection{Account: absentUUID}, empty: true},
		{name: "a lead", sel: Selection{Lead: uuidA}, want: store.ThreadQuery{ContactID: 1}},
		{name: "a contact without contact data", sel: Selection{Lead: uuidB}, empty: true},
		{name: "no such lead", sel: Selection{Lead: absentUUID}, empty: true},
		{name: "an anonymous visitor", sel: Selection{Visitor: uuidA}, want: store.ThreadQuery{IdentityID: 3}},
		{name: "an address, on websites alone", sel: Selection{Visitor: uuidB}, want: store.ThreadQuery{IdentityID: 4, Channels: web}},
		{
			name: "an address beside other filters", sel: Selection{Visitor: uuidB, Match: []Match{match}},
			want: store.ThreadQuery{IdentityID: 4, Channels: web, Ext: []Match{match}},
		},
		{name: "no such visitor", sel: Selection{Visitor: absentUUID}, empty: true},
		{name: "an owner and a bot", sel: Selection{Owner: uuidA, Bot: uuidB}, want: store.ThreadQuery{OwnerID: 5, BotID: 6}},
		{name: "no such owner", sel: Selection{Owner: absentUUID, Bot: uuidB}, empty: true},
		{name: "no such bot", sel: Selection{Owner: uuidA, Bot: absentUUID}, empty: true},
	} {
		st := &selectStore{
			rows:       1,
			contacts:   map[string]core.Contact{uuidA: {ID: 1, Name: "Lena"}, uuidB: {ID: 2}},
			identities: map[string]core.Identity{uuidA: {ID: 3, ProviderType: core.AnonymousProvider}, uuidB: {ID: 4, ProviderType: 3}},
			agents:     map[string]core.Agent{uuidA: {ID: 5}, uuidB: {ID: 6}},
		}
		c.sel.Limit = 10
		got, err := NewReads(st).Select(t.Context(), 1, c.sel)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.empty {
			if got.Total != 0 || len(st.listed)+len(st.counted) != 0 {
				t.Errorf("%s: total %d after %d reads, want nothing", c.name, got.Total, len(st.listed)+len(st.counted))
			}
			continue
		}
		c.want.Limit, c.want.Order, c.want.Desc = 10, store.ByLastMessage, true
		c.want.With = store.WithContact | store.WithIdentity | store.WithInbox | store.WithLast | store.WithAgents
		if diff := cmp.Diff([]store.ThreadQuery{c.want}, st.listed); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// The caller's filters are not written to: two requests may share them.
func TestSelectLeavesMatchesAlone(t *testing.T) {
	t.Parallel()
	st := &selectStore{identities: map[string]core.Identity{uuidA: {ID: 1, ProviderType: 3}}}
	shared := make([]Match, 0, 8)
	if _, err := NewReads(st).Select(t.Context(), 1, Selection{Visitor: uuidA, Match: shared, Limit: 1}); err != nil {
		t.Fatal(err)
	}
	if first := shared[:1][0]; first.Path != nil {
		t.Errorf("the caller's list was written to: %+v", first)
	}
}

func TestFormsOfUUID(t *testing.T) {
	t.Parallel()
	mixed := "62a8F1c7-0d3e-4b95-b7f4-8c5e9a10d246"
	for _, c := range []struct {
		asked string
		tried []string
	}{
		{mixed, []string{mixed, strings.ToLower(mixed), strings.ToUpper(mixed)}},
		{uuidA, []string{uuidA, strings.ToUpper(uuidA)}},
		{strings.ToUpper(uuidA), []string{strings.ToUpper(uuidA), uuidA}},
		{"11111111-1111-4111-8111-111111111111", []string{"11111111-1111-4111-8111-111111111111"}},
	} {
		st := &selectStore{}
		if _, err := NewReads(st).Select(t.Context(), 1, Selection{Lead: c.asked, Limit: 1}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.tried, st.lookedUp); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.asked, diff)
		}
	}
	st := &selectStore{contacts: map[string]core.Contact{strings.ToUpper(uuidA): {ID: 9, Email: "x"}}}
	got, err := NewReads(st).Select(t.Context(), 1, Selection{Lead: uuidA, Limit: 1})
	if err != nil || len(st.listed) != 1 || st.listed[0].ContactID != 9 {
		t.Errorf("stored in upper case, asked in lower: %+v, %v", got, err)
	}
}
