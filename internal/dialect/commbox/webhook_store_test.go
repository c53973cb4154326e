package commbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/dialect/commbox"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// events are those of account 1 since seq, the latest of each type.
func events(t testing.TB, st store.Store, seq int64) map[core.EventType]*core.Event {
	t.Helper()
	log, err := st.ListEvents(t.Context(), 1, seq, 100)
	if err != nil {
		t.Fatal(err)
	}
	latest := map[core.EventType]*core.Event{}
	for i := range log {
		latest[log[i].Type] = &log[i]
	}
	return latest
}

// TestWebhookHostileTexts: whatever people write, both forms can be read, and
// give it back but for what they cannot hold.
func TestWebhookHostileTexts(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	formats := formatsOf(st, nil)
	for name, test := range map[string]struct{ said, inXML string }{
		"markup":     {`</Message><Message>"'&amp;&#1;<!--`, ""},
		"CDATA":      {`<![CDATA[x]]> ]]>`, ""},
		"control":    {"a\x00b\x01c\x1b\x7f\td\r\ne\u2028f\ufffe", "a\ufffdb\ufffdc\ufffd\x7f\td\r\ne\u2028f\ufffd"},
		"emoji":      {"👩‍👩‍👧 שלום \U0010ffff", ""},
		"no UTF-8":   {"a\xffb\xc3", "a\ufffdb\ufffd"},
		"surrogates": {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		"tags":       {"1 < 2 <b >x</b>y<br>z <", ""},
		"unclosed":   {strings.Repeat("<a", 50_000), ""},
		"empty":      {"", ""},
	} {
		if test.inXML == "" {
			test.inXML = test.said
		}
		e := &core.Event{AccountID: 1, Type: core.MessageCreated, Data: core.EntryChange{
			Entry: core.Entry{ID: 1 << 50, AccountID: 1, Kind: core.Message, Listed: true, Content: test.said, ExternalID: test.said, Ext: `{"commbox":{"content":{no JSON}}}`},
			Conversation: core.Conversation{
				ID: 900001, InboxID: 41, Ext: core.JSON(`{"commbox":{"content":{"x":` + string(core.Quote("]]>")) + `}}}`),
			},
		}}
		var asXML struct {
			Object struct {
				Children struct {
					Child struct {
						Message          string
						StreamProviderID string `xml:"StreamProviderId,attr"`
					}
				}
			}
		}
		b := body(t, formats[0], e)
		wellFormed(t, name, b)
		if err := xml.Unmarshal(b, &asXML); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := asXML.Object.Children.Child
		if c.Message != test.inXML || c.StreamProviderID != test.inXML {
			t.Errorf("%s: XML gives back %q and %q, want %q", name, c.Message, c.StreamProviderID, test.inXML)
		}
		var asJSON struct {
			Payload struct {
				Children struct {
					Child struct{ Message, Snippet string }
				}
			}
		}
		b = body(t, formats[1], e)
		wellFormed(t, name, b)
		if err := json.Unmarshal(b, &asJSON); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := asJSON.Payload.Children.Child.Message, strings.Join(strings.Split(strings.ToValidUTF8(test.said, "\x00bad"), "\x00bad"), "\ufffd"); got != want && name != "surrogates" && name != "control" {
			t.Errorf("%s: JSON gives back %q, want %q", name, got, want)
		}
		if s := asJSON.Payload.Children.Child.Snippet; len([]rune(s)) > 200 || strings.ContainsAny(s, "\r\n") {
			t.Errorf("%s: snippet %q", name, s)
		}
	}
}

// TestWebhookRowsThatAreGone: what was deleted since is not told; what an event
// carries itself still is.
func TestWebhookRowsThatAreGone(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		ctx, st, system := t.Context(), s.Store, core.Actor{Type: core.ActorSystem}
		now := testserver.Now
		clock := func() core.Time { now += 1_000_000; return now }
		writes, people := conversation.NewWrites(st, clock), contact.NewWrites(st, clock)
		before := lastSeq(t, st, 1)
		start := func(address string) conversation.Started {
			made, err := writes.Start(ctx, 1, conversation.NewConversation{
				Place: conversation.PlaceID{InboxID: 41}, OpenedBy: core.Actor{Type: core.ActorContact},
				With:  contact.Claim{ProviderType: core.MailProvider, Address: address},
				First: &conversation.NewEntry{Content: "Regretted words"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		kept, gone := start("kept@example.org"), start("gone@example.org")
		log := events(t, st, before)
		if _, err := writes.DeleteMessage(ctx, 1, conversation.Revision{EntryID: gone.FirstID, ConversationID: gone.Conversation.ID, Actor: system}); err != nil {
			t.Fatal(err)
		}
		if _, err := people.Merge(ctx, 1, kept.Conversation.ContactID, gone.Conversation.ContactID, system, nil); err != nil {
			t.Fatal(err)
		}
		merged := events(t, st, before)
		base := fmt.Sprintf(`"Id":"%d"`, kept.Conversation.ContactID)
		for _, test := range []struct {
			event    *core.Event
			has, not []string
		}{
			{log[core.ConversationCreated], []string{`{"Message":"",`, `"Snippet":""`, base, "gone@example.org"}, []string{"Regretted"}},
			{log[core.MessageCreated], []string{`{"Message":"",`, base, "gone@example.org"}, []string{"Regretted"}},
			{log[core.ContactCreated], []string{fmt.Sprintf(`"Id":"%d"`, gone.Conversation.ContactID), `"Email":"gone@example.org"`, `"NumIdentities":"0"`}, []string{`"Identity"`, base}},
			{merged[core.ContactMerged], []string{`"Name":"OnUpdate"`, base, `"NumIdentities":"2"`, `"NumObjects":"2"`}, nil},
			{merged[core.IdentityMoved], []string{`"Name":"OnUpdate"`, base, `"StreamProviderId":"gone@example.org"`}, nil},
			{
				&core.Event{Type: core.MessageCreated, Data: core.EntryChange{Entry: core.Entry{ID: core.MaxID, Listed: true, Content: "Unknown", Sender: core.Actor{Type: core.ActorAgent, ID: core.MaxID}}}},
				[]string{`{"Message":"Unknown"`, fmt.Sprintf(`"User":{"Content":{},"Id":"%d"`, core.MaxID)},
				[]string{`"Identity"`},
			},
			{
				&core.Event{Type: core.ConversationCreated, Data: core.ConversationChange{Conversation: core.Conversation{ID: 5, ContactID: 6, IdentityID: 7, PrimaryMessageID: core.MaxID}}},
				[]string{`{"Message":""`, `"User":{"Content":{},"Id":"6"`},
				[]string{`"Identity"`},
			},
		} {
			for i, f := range formatsOf(st, nil) {
				b := body(t, f, test.event)
				wellFormed(t, string(test.event.Type), b)
				if i == 0 {
					continue // XML shows the same tree
				}
				for _, text := range test.has {
					if !bytes.Contains(b, []byte(text)) {
						t.Errorf("%s lacks %s: %s", test.event.Type, text, b)
					}
				}
				for _, text := range test.not {
					if bytes.Contains(b, []byte(text)) {
						t.Errorf("%s has %s: %s", test.event.Type, text, b)
					}
				}
			}
		}
		// Nothing true can be said of an identity whose contact is no more, nor of
		// labels in a log of before they were told.
		for _, e := range []*core.Event{
			{Type: core.IdentityUpdated, Data: core.Identity{ID: 5, ContactID: gone.Conversation.ContactID}},
			{Type: core.ConversationUpdated, Data: core.ConversationChange{Conversation: gone.Conversation, Changed: []string{core.FieldLabels}}},
		} {
			if b := body(t, formatsOf(st, nil)[1], e); b != nil {
				t.Errorf("%s: %s", e.Type, b)
			}
		}
	})
}

// TestWebhookOfAnotherAccount: an event shows nothing of another account,
// whatever ids it holds.
func TestWebhookOfAnotherAccount(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		c, err := s.Store.Conversation(t.Context(), 1, 293854)
		if err != nil {
			t.Fatal(err)
		}
		if c.PrimaryMessageID == 0 || c.ContactID == 0 || c.IdentityID == 0 {
			t.Fatalf("%+v has nothing to tell of", c)
		}
		for _, f := range formatsOf(s.Store, nil) {
			for _, e := range []*core.Event{
				{AccountID: 2, Type: core.ConversationCreated, Data: core.ConversationChange{Conversation: c}},
				{AccountID: 2, Type: core.MessageCreated, Data: core.EntryChange{Conversation: c, Entry: core.Entry{
					ID: c.PrimaryMessageID, Listed: true, Sender: core.Actor{Type: core.ActorAgent, ID: 600002},
				}}},
				{AccountID: 2, Type: core.NoteCreated, Data: core.EntryChange{Conversation: c, Entry: core.Entry{
					ID: c.PrimaryMessageID, Kind: core.Note, Sender: core.Actor{Type: core.ActorContact, ID: c.ContactID},
				}}},
				{AccountID: 2, Type: core.IdentityUpdated, Data: core.Identity{ID: c.IdentityID, ContactID: c.ContactID}},
			} {
				_, b, ok, err := f.Body(t.Context(), 2, e)
				if err != nil || ok != (e.Type != core.IdentityUpdated) {
					t.Errorf("%s: %t, %v", e.Type, ok, err)
				}
				for _, text := range []string{"Eddie", "Doe", "eddie", "972531234567", "I need some help", "528986", "Nora", "nora", "Lind", "700002", "Harbour"} {
					if bytes.Contains(b, []byte(text)) {
						t.Errorf("%s tells account 2 of %s: %s", e.Type, text, b)
					}
				}
			}
		}
	})
}

// TestWebhookFailures: a store that is away is a failure that is tried again,
// and a payload that is not the type's is none.
func TestWebhookFailures(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	full := core.Conversation{ID: 900001, ContactID: 600010, IdentityID: 700021, PrimaryMessageID: 1200001}
	for _, e := range []*core.Event{
		{Type: core.ConversationCreated, Data: core.ConversationChange{Conversation: full}},
		{Type: core.MessageCreated, Data: core.EntryChange{Conversation: full, Entry: core.Entry{Listed: true, Sender: core.Actor{Type: core.ActorContact, ID: 600010}}}},
		{Type: core.NoteCreated, Data: core.EntryChange{Conversation: full, Entry: core.Entry{Sender: core.Actor{Type: core.ActorAgent, ID: 600002}}}},
		{Type: core.ContactCreated, Data: core.Contact{ID: 600010}},
		{Type: core.IdentityUpdated, Data: core.Identity{ContactID: 600010}},
		{Type: core.LabelCreated, Data: core.Label{ID: 7}},
	} {
		reads := 0
		for at := 1; ; at++ {
			r := &away{Reader: st, at: at}
			_, _, ok, err := commbox.NewWebhookFormat(r, nil, commbox.WebhookXML).Body(t.Context(), 1, e)
			if r.calls < at {
				reads = at - 1
				break
			}
			if ok || core.KindOf(err) != core.Unavailable {
				t.Errorf("%s: read %d fails: %t, %v", e.Type, at, ok, err)
			}
		}
		if reads == 0 {
			t.Errorf("%s: nothing was read", e.Type)
		}
		wrong := *e
		wrong.Data = core.Team{}
		if _, _, ok, err := commbox.NewWebhookFormat(st, nil, commbox.WebhookXML).Body(t.Context(), 1, &wrong); ok || err == nil || core.KindOf(err) == core.Unavailable {
			t.Errorf("%s with a team: %t, %v", e.Type, ok, err)
		}
	}
}

// away is a reader whose read number at fails.
type away struct {
	store.Reader
	at, calls int
}

func (r *away) fail() error {
	if r.calls++; r.calls == r.at {
		return &core.Error{Kind: core.Unavailable, Message: "away"}
	}
	return nil
}

func (r *away) Account(ctx context.Context, id int64) (core.Account, error) {
	if err := r.fail(); err != nil {
		return core.Account{}, err
	}
	return r.Reader.Account(ctx, id)
}

func (r *away) Agent(ctx context.Context, account, id int64) (core.Agent, error) {
	if err := r.fail(); err != nil {
		return core.Agent{}, err
	}
	return r.Reader.Agent(ctx, account, id)
}

func (r *away) Contact(ctx context.Context, account, id int64) (core.Contact, error) {
	if err := r.fail(); err != nil {
		return core.Contact{}, err
	}
	return r.Reader.Contact(ctx, account, id)
}

func (r *away) Entry(ctx context.Context, account, id int64) (core.Entry, error) {
	if err := r.fail(); err != nil {
		return core.Entry{}, err
	}
	return r.Reader.Entry(ctx, account, id)
}

func (r *away) ListIdentities(ctx context.Context, account, contact, after int64, limit int) ([]store.IdentityUse, error) {
	if err := r.fail(); err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return r.Reader.ListIdentities(ctx, account, contact, after, limit)
}
