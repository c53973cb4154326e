package inbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/inbox"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

const now = core.Time(1_700_000_000_000_000)

func clock() core.Time { return now }

// each runs the test on each engine, with one account.
func each(t *testing.T, run func(t *testing.T, st store.Store, s *inbox.Inboxes, account int64)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			a, err := account.New(st, clock).Create(t.Context(), "Acme")
			if err != nil {
				t.Fatal(err)
			}
			run(t, st, inbox.New(st, clock), a.ID)
		})
	}
}

// TestCreateGivesTheKeysOfTheChannel looks at each channel's row, event and
// keys; a key that nobody needs is not made.
func TestCreateGivesTheKeysOfTheChannel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, s *inbox.Inboxes, account int64) {
		a, err := st.Account(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		begin := a.EventSeq
		for i, c := range []struct {
			channel                   core.Channel
			given                     string
			identifier, website, hmac bool
		}{
			{core.ChannelWeb, "", false, true, true},
			{core.ChannelAPI, "", true, false, true},
			{core.ChannelAPI, "shop-App_1", true, false, true},
			{core.ChannelEmail, "", false, false, false},
			{core.ChannelSMS, "", false, false, false},
			{core.ChannelWhatsApp, "", false, false, false},
		} {
			name := string(c.channel) + c.given
			made, err := s.Create(t.Context(), inbox.NewInbox{AccountID: account, Name: name, Channel: c.channel, Identifier: c.given}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (made.Identifier != "") != c.identifier || (made.WebsiteToken != "") != c.website || (made.HMACToken != "") != c.hmac {
				t.Errorf("%s: %+v", name, made)
			}
			if c.given != "" && made.Identifier != c.given {
				t.Errorf("%s: identifier %s", name, made.Identifier)
			}
			stored, err := st.Inbox(t.Context(), account, made.ID)
			if err != nil {
				t.Fatal(err)
			}
			want := core.Inbox{
				ID: made.ID, UUID: made.UUID, AccountID: account, Name: name, Channel: c.channel, Identifier: made.Identifier,
				WebsiteToken: made.WebsiteToken, HMACToken: made.HMACToken, CreatedAt: now, UpdatedAt: now,
			}
			if diff := cmp.Diff(want, stored); diff != "" {
				t.Errorf("%s, stored (-want +got):\n%s", name, diff)
			}
			events, err := st.ListEvents(t.Context(), account, begin+int64(i), 10)
			if err != nil || len(events) != 1 || events[0].Type != core.InboxCreated || events[0].InboxID != made.ID {
				t.Fatalf("%s: events %+v, %v", name, events, err)
			}
			want.WebsiteToken, want.HMACToken = "", "" // secrets are in no event
			if diff := cmp.Diff(core.EventData(want), events[0].Data); diff != "" {
				t.Errorf("%s, event (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ store.Store, s *inbox.Inboxes, account int64) {
		good := inbox.NewInbox{AccountID: account, Name: "App", Channel: core.ChannelAPI, Identifier: "app"}
		if _, err := s.Create(t.Context(), good, nil); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			change func(i *inbox.NewInbox)
			kind   core.Kind
		}{
			"taken name":       {func(i *inbox.NewInbox) { i.Identifier = "other" }, core.Conflict},
			"taken identifier": {func(i *inbox.NewInbox) { i.Name = "Other" }, core.Conflict},
			"absent account":   {func(i *inbox.NewInbox) { i.AccountID++ }, core.NotFound},
			"no name":          {func(i *inbox.NewInbox) { i.Name = " " }, core.Invalid},
			"odd identifier":   {func(i *inbox.NewInbox) { i.Name, i.Identifier = "Other", "a/b" }, core.Invalid},
			"long identifier":  {func(i *inbox.NewInbox) { i.Name, i.Identifier = "Other", strings.Repeat("x", 256) }, core.Invalid},
			"unknown channel":  {func(i *inbox.NewInbox) { i.Name, i.Identifier, i.Channel = "Other", "", "fax" }, core.Invalid},
		} {
			in := good
			c.change(&in)
			if _, err := s.Create(t.Context(), in, nil); err == nil || core.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.kind)
			}
		}
	})
}
