package chatwoot_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/dialect/chatwoot"
	"parley/internal/service/account"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/file"
	"parley/internal/service/inbox"
	"parley/internal/service/label"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
	"parley/internal/webhook"
)

// Of the fixture.
const (
	harbour = 1 // the account
	porto   = 2
	rui     = 11 // an administrator, with a picture
	pilot   = 13 // a bot
	vip     = 41 // labels
	sailing = 42
	app     = 21 // inboxes
	website = 23
	mail    = 24
	mira    = 1001 // identities; Mira has a picture, a phone and more
	vera    = 1016 // on the website
	visitor = 3002 // a conversation of nobody known
	lastID  = 2000 // ids above it are given to what is made: small ones are those of other things, too
)

// heard is a world whose events are put into bodies, step by step, with clocks
// and ids that are the same each time.
type heard struct {
	testing.TB
	st       store.Store
	now      core.Time
	format   *chatwoot.WebhookFormat
	seq      int64 // of the last event that was looked at
	events   []core.Event
	bodies   []string
	writes   *conversation.Writes
	people   *contact.Writes
	inboxes  *inbox.Inboxes
	accounts *account.Accounts
	labels   *label.Labels
}

// eachHeard runs the test on both engines; small runs have one.
func eachHeard(t *testing.T, run func(x *heard)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		if engine == "postgres" && testkit.Small() {
			continue
		}
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			testserver.Import(t, st, fixture)
			links, err := file.NewLinks(testserver.IDKey(), "https://parley.example")
			if err != nil {
				t.Fatal(err)
			}
			x := &heard{TB: t, st: st, now: testserver.Now, format: chatwoot.NewWebhookFormat(st, links)}
			clock := func() core.Time { return x.now }
			x.writes, x.people, x.inboxes = conversation.NewWrites(st, clock), contact.NewWrites(st, clock), inbox.New(st, clock)
			x.accounts, x.labels = account.New(st, clock), label.New(st, clock)
			x.look()
			run(x)
		})
	}
}

// look puts the new events into bodies, and returns both: an event that has none
// has "-".
func (x *heard) look() string {
	x.Helper()
	events, err := x.st.ListEvents(x.Context(), harbour, x.seq, 1000)
	if err != nil {
		x.Fatal(err)
	}
	var all strings.Builder
	for i := range events {
		x.seq = events[i].Seq
		x.events = append(x.events, events[i])
		fmt.Fprintf(&all, "%s\n%s\n", events[i].Type, x.body(harbour, &events[i]))
	}
	return all.String()
}

// body is what is sent for an event.
func (x *heard) body(account int64, e *core.Event) string {
	x.Helper()
	contentType, body, ok, err := x.format.Body(x.Context(), account, e)
	if err != nil {
		x.Fatalf("%s: %v", e.Type, err)
	}
	if !ok {
		return "-"
	}
	if contentType != "application/json" {
		x.Errorf("%s: Content-Type %q", e.Type, contentType)
	}
	x.bodies = append(x.bodies, string(body))
	return string(body)
}

// numbers and signatures are what differs from engine to engine: sequences go on
// in lots, and an address is signed with the file's number.
var (
	numbers    = regexp.MustCompile(`\b[0-9]+\b`)
	signatures = regexp.MustCompile(`sig=[\w-]+`)
)

// steady is text with numbers in the order of their making in place of the ids
// that the events gave.
func (x *heard) steady(text string) []byte {
	made := map[string]string{}
	add := func(what string, id int64) {
		if name := fmt.Sprint(id); id > lastID && made[name] == "" {
			made[name] = fmt.Sprintf("%s%d", what, len(made)+1)
		}
	}
	for i := range x.events {
		switch d := x.events[i].Data.(type) {
		case core.EntryChange:
			add("80", d.Entry.ID)
			for _, a := range d.Attachments {
				add("81", a.ID)
			}
		case core.Contact:
			add("82", d.ID)
		case core.ContactInbox:
			add("84", d.ID)
			text = strings.ReplaceAll(text, d.SourceID, "SOURCE")
		case core.Inbox:
			add("83", d.ID)
		}
	}
	text = numbers.ReplaceAllStringFunc(text, func(n string) string { return cmp.Or(made[n], n) })
	return []byte(signatures.ReplaceAllString(text, "sig=SIGNATURE"))
}

// step does something a second later, and compares what is heard of it.
func (x *heard) step(name string, do func(ctx context.Context) error) {
	x.Helper()
	x.now += core.Time(time.Second/time.Microsecond) + 1
	if err := do(x.Context()); err != nil {
		x.Fatalf("%s: %v", name, err)
	}
	testkit.Golden(x, "testdata/webhooks/"+name+".txt", x.steady(x.look()))
}

// change changes a conversation.
func (x *heard) change(name string, id int64, in conversation.Changes) {
	x.Helper()
	x.step(name, func(ctx context.Context) error {
		_, err := x.writes.Change(ctx, harbour, id, core.Actor{Type: core.ActorAgent, ID: rui}, in)
		return err
	})
}

// say says something in a conversation.
func (x *heard) say(name string, in conversation.NewEntry) (id int64) {
	x.Helper()
	x.step(name, func(ctx context.Context) error {
		made, err := x.writes.Append(ctx, harbour, in)
		id = made.ID
		return err
	})
	return id
}

// start begins a conversation.
func (x *heard) start(name string, inboxID, identity int64, text string) (id int64) {
	x.Helper()
	x.step(name, func(ctx context.Context) error {
		made, err := x.writes.Start(ctx, harbour, conversation.NewConversation{
			Place: conversation.PlaceID{InboxID: inboxID}, With: contact.Claim{IdentityID: identity}, OpenedBy: core.Actor{Type: core.ActorContact},
			CustomAttributes: `{"berth":"B 7"}`, AdditionalAttributes: `{"conversation_language":"sv"}`, First: &conversation.NewEntry{Content: text},
		})
		id = made.Conversation.ID
		return err
	})
	return id
}

var (
	byRui     = core.Actor{Type: core.ActorAgent, ID: rui}
	byPilot   = core.Actor{Type: core.ActorAgent, ID: pilot}
	byContact = core.Actor{Type: core.ActorContact}
)

// talk is a conversation with everything that is said in one.
func (x *heard) talk() (id int64) {
	const markdown = "Hi **there** <b>x</b> [here](https://x.example) or [there](javascript:alert(1)) ~~not~~\n& so on\n\n<script>alert(1)</script>"
	id = x.start("started_in_app", app, mira, markdown)
	x.start("started_on_website", website, vera, markdown)
	x.say("of_nobody_known", conversation.NewEntry{ConversationID: visitor, Kind: core.Message, Sender: byContact, Content: "hello?"})
	answer := x.say("agent", conversation.NewEntry{ConversationID: id, Kind: core.Message, Sender: byRui, Content: "Yes", ExternalID: "ext-7", Attributes: `{"in_reply_to": 4001}`})
	x.say("bot", conversation.NewEntry{ConversationID: id, Kind: core.Message, Sender: byPilot, Content: "Berth *7* is free."})
	note := x.say("note", conversation.NewEntry{ConversationID: id, Kind: core.Note, Sender: byRui, Content: "Ask **Nora**"})
	x.step("file", func(ctx context.Context) error {
		const key = "7b1f0c5e7b1f0c5e7b1f0c5e7b1f0c5e"
		err := x.st.InTx(ctx, harbour, func(ctx context.Context, tx store.Tx) error {
			return tx.PutUpload(ctx, store.Upload{AccountID: harbour, Key: key, CreatedAt: x.now})
		})
		if err != nil {
			return err
		}
		_, err = x.writes.Append(ctx, harbour, conversation.NewEntry{
			ConversationID: id, Kind: core.Message, Sender: byContact,
			Files: []core.Attachment{{FileType: "image", Name: "mooring 1.png", Path: key, MIME: "image/png", SizeBytes: 4711, Width: 640, Height: 480}},
		})
		return err
	})
	x.step("edited", func(ctx context.Context) error {
		for _, e := range []conversation.Revision{{ConversationID: id, EntryID: answer, Actor: byRui}, {ConversationID: id, EntryID: note, Actor: byRui}, {ConversationID: 3001, EntryID: 4002, Actor: byRui}} {
			if _, err := x.writes.EditMessage(ctx, harbour, e, "Another text"); err != nil {
				return err
			}
		}
		return nil
	})
	x.step("deleted", func(ctx context.Context) error {
		for _, e := range []int64{answer, note} {
			if _, err := x.writes.DeleteMessage(ctx, harbour, conversation.Revision{ConversationID: id, EntryID: e, Actor: byRui}); err != nil {
				return err
			}
		}
		return nil
	})
	return id
}

// changes changes a conversation in every way.
func (x *heard) changes(id, team int64) {
	high, text, attributes, agent, botID, none := "high", "Berths", core.JSON(`{"berth": "C 1"}`), int64(rui), int64(pilot), int64(0)
	x.change("assigned", id, conversation.Changes{AssigneeID: &agent, TeamID: &team, Priority: &high, AddLabels: []int64{vip, sailing}, CustomAttributes: &attributes, Subject: &text})
	x.change("assigned_to_bot", id, conversation.Changes{AssigneeID: &botID, RemoveLabels: []int64{vip}})
	x.change("unassigned", id, conversation.Changes{AssigneeID: &none, TeamID: &none})
	x.change("what_only_parley_knows", id, conversation.Changes{Subject: new(string), AddParticipants: []int64{rui}})
	x.change("snoozed", id, conversation.Changes{Status: &core.NewStatus{Status: core.Snoozed, Until: x.now + 3_600_000_000}})
	x.change("snoozed_longer", id, conversation.Changes{Status: &core.NewStatus{Status: core.Snoozed, Until: x.now + 7_200_000_000}})
	x.change("resolved", id, conversation.Changes{Status: &core.NewStatus{Status: core.Resolved}, AssigneeID: &agent})
	x.change("resolved_otherwise", id, conversation.Changes{Status: &core.NewStatus{Status: core.Resolved, Code: 12}})
	x.say("reopened", conversation.NewEntry{ConversationID: id, Kind: core.Message, Sender: byContact, Content: "Once more"})
	x.change("moved", id, conversation.Changes{Place: &conversation.PlaceID{InboxID: mail}})
}

// contacts makes, changes and merges contacts.
func (x *heard) contacts() {
	name, phone, gender, picture, attributes := "Ola", "+46700000123", "f", "https://parley.example/avatars/ola.png", core.JSON(`{"plan":"none"}`)
	var id int64
	x.step("contact_created", func(ctx context.Context) error {
		c, _, err := x.people.Create(ctx, harbour, byRui, contact.NewContact{Changes: contact.Changes{Name: &name}})
		id = c.ID
		return err
	})
	for _, s := range []struct {
		name string
		in   contact.Changes
	}{
		{"contact_updated", contact.Changes{Phone: &phone, CustomAttributes: &attributes, AddLabels: []int64{sailing}}},
		{"contact_picture", contact.Changes{AvatarURL: &picture}},
		{"contact_gender", contact.Changes{Gender: &gender}},
	} {
		x.step(s.name, func(ctx context.Context) error {
			_, err := x.people.Change(ctx, harbour, id, byRui, s.in)
			return err
		})
	}
	x.step("contact_merged", func(ctx context.Context) error {
		_, err := x.people.Merge(ctx, harbour, id, 101, byRui, nil)
		return err
	})
}

// TestWebhookBodies compares whole bodies, byte for byte and the same on both
// engines; and no key of any kind is in one.
func TestWebhookBodies(t *testing.T) {
	t.Parallel()
	eachHeard(t, func(x *heard) {
		id := x.talk()
		team, err := x.accounts.CreateTeam(x.Context(), byRui, core.Team{AccountID: harbour, Name: "Dock"}, nil)
		if err != nil {
			x.Fatal(err)
		}
		x.look()
		x.changes(id, team.ID)
		x.contacts()
		var made core.Inbox
		x.step("inbox_created", func(ctx context.Context) error {
			made, err = x.inboxes.Create(ctx, inbox.NewInbox{AccountID: harbour, Name: "Pier", Channel: core.ChannelAPI, Identifier: "Pier0000000000000000pier", By: byRui}, nil)
			return err
		})
		x.step("inbox_updated", func(ctx context.Context) error {
			_, err := x.inboxes.Update(ctx, byRui, harbour, made.ID, nil, func(i *core.Inbox) error {
				i.Name, i.Greeting, i.Timezone = "North pier", "Ahoy", "Europe/Stockholm"
				i.Settings = `{"out_of_office_message":"Asleep","business_name":"Harbour AB","csat_survey_enabled":true}`
				i.WorkingHours = `[{"day_of_week":1,"open_hour":9,"close_hour":17}]`
				return nil
			})
			return err
		})
		x.step("inbox_keys", func(ctx context.Context) error {
			_, err := x.inboxes.RotateKeys(ctx, byRui, harbour, made.ID, nil, []inbox.Key{inbox.HMACToken})
			return err
		})
		keys := x.keys()
		if len(keys) < 25 || len(x.bodies) < 25 {
			x.Fatalf("%d keys, %d bodies", len(keys), len(x.bodies))
		}
		for _, body := range x.bodies {
			for _, key := range keys {
				if strings.Contains(body, key) {
					x.Errorf("a body holds the key %s: %s", key, body)
				}
			}
		}
	})
}

// keys are the secrets that the account's rows hold.
func (x *heard) keys() []string {
	x.Helper()
	doors, err := x.st.PageContactInboxes(x.Context(), harbour, 0, 500)
	if err != nil {
		x.Fatal(err)
	}
	inboxes, err := x.st.PageInboxes(x.Context(), harbour, 0, 500)
	if err != nil {
		x.Fatal(err)
	}
	var keys []string
	for i := range doors {
		keys = append(keys, doors[i].PubsubToken)
	}
	for i := range inboxes {
		keys = append(keys, inboxes[i].HMACToken, inboxes[i].WebsiteToken)
	}
	return slices.DeleteFunc(keys, func(key string) bool { return key == "" })
}

// TestWebhookOfRowsThatAreGone: what was deleted since is not shown, and what
// has taken another's place is.
func TestWebhookOfRowsThatAreGone(t *testing.T) {
	t.Parallel()
	eachHeard(t, func(x *heard) {
		must := func(err error) {
			x.Helper()
			if err != nil {
				x.Fatal(err)
			}
		}
		team, err := x.accounts.CreateTeam(x.Context(), byRui, core.Team{AccountID: harbour, Name: "Dock"}, nil)
		must(err)
		agent := int64(rui)
		c, err := x.writes.Change(x.Context(), harbour, 3001, byRui, conversation.Changes{TeamID: &team.ID, AssigneeID: &agent, AddLabels: []int64{vip}})
		must(err)
		said, err := x.writes.Append(x.Context(), harbour, conversation.NewEntry{ConversationID: 3001, Kind: core.Message, Sender: byContact, Content: "unsaid"})
		must(err)
		x.look()
		then := slices.Clone(x.events)
		_, err = x.writes.DeleteMessage(x.Context(), harbour, conversation.Revision{ConversationID: 3001, EntryID: said.ID, Actor: byRui})
		must(err)
		must(x.labels.Delete(x.Context(), byRui, harbour, vip, nil))
		must(x.accounts.DeleteTeam(x.Context(), byRui, harbour, team.ID, nil))
		_, err = x.people.Merge(x.Context(), harbour, 102, c.ContactID, byRui, nil) // Olof was Mira
		must(err)
		var all strings.Builder
		for i := range then {
			if then[i].ConversationID == 3001 {
				fmt.Fprintf(&all, "%s\n%s\n", then[i].Type, x.body(harbour, &then[i]))
			}
		}
		if strings.Contains(all.String(), "unsaid") {
			x.Error("what was deleted is still told")
		}
		testkit.Golden(x, "testdata/webhooks/gone.txt", x.steady(all.String()))
		// Nothing of the account is left: the event stands for itself.
		orphan := core.Event{Type: core.MessageCreated, AccountID: harbour, Data: core.EntryChange{
			Entry:        core.Entry{ID: 1 << 40, AccountID: harbour, Kind: core.Message, Sender: core.Actor{Type: core.ActorAgent, ID: 1 << 40}, Content: "Hello"},
			Conversation: core.Conversation{ID: 1 << 40, AccountID: harbour, DisplayID: 7, InboxID: 1 << 40, ContactID: 1 << 40, IdentityID: 1 << 40, ContactInboxID: 1 << 40, TeamID: 1 << 40, AssigneeID: 1 << 40, LastMessageID: 1<<40 + 1, LabelIDs: []int64{1 << 40}, Status: core.Open},
		}}
		testkit.Golden(x, "testdata/webhooks/orphan.txt", []byte(x.body(harbour, &orphan)))
	})
}

// TestWebhookIsolation: an event that names rows of another account finds none
// of them.
func TestWebhookIsolation(t *testing.T) {
	t.Parallel()
	eachHeard(t, func(x *heard) {
		c, err := x.st.Conversation(x.Context(), harbour, 3001)
		if err != nil {
			x.Fatal(err)
		}
		c.AccountID, c.AssigneeID, c.LabelIDs = porto, rui, []int64{vip}
		c.CustomAttributes = ""
		for _, e := range []core.Event{
			{Type: core.ConversationCreated, Data: core.ConversationChange{Conversation: c}},
			{Type: core.ConversationUpdated, Data: core.ConversationChange{Conversation: c, Changed: []string{core.FieldLabels}, Before: core.Before{LabelIDs: []int64{sailing}, UpdatedAt: 1}}},
			{Type: core.MessageCreated, Data: core.EntryChange{Entry: core.Entry{ID: 4001, Sender: core.Actor{Type: core.ActorContact, ID: 101}, Kind: core.Message, Content: "x"}, Conversation: c}},
			{Type: core.MessageCreated, Data: core.EntryChange{Entry: core.Entry{ID: 4002, Sender: byRui, Kind: core.Message, Content: "x"}, Conversation: c}},
		} {
			body := x.body(porto, &e)
			for _, word := range []string{"Mira", "mira", "Rui", "rui@", "vip", "sailing", "seed-example", "App\"", "mooring", "Harbour", "pier", "High water", "Chartroom"} {
				if strings.Contains(body, word) {
					x.Errorf("%s holds %q: %s", e.Type, word, body)
				}
			}
		}
	})
}

// TestWebhookOfEveryType: somebody has decided what each type of event is.
func TestWebhookOfEveryType(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	format := chatwoot.NewWebhookFormat(st, nil)
	payloads := storetest.Payloads(harbour)
	if len(payloads) != len(core.EventTypes()) {
		t.Fatalf("%d payloads of %d types", len(payloads), len(core.EventTypes()))
	}
	var sent []core.EventType
	for i := range payloads {
		e := &payloads[i]
		if change, ok := e.Data.(core.EntryChange); ok {
			change.Entry.Kind = core.Message
			e.Data = change
		}
		_, _, ok, err := format.Body(t.Context(), harbour, e)
		if err != nil {
			t.Errorf("%s: %v", e.Type, err)
		}
		if ok {
			sent = append(sent, e.Type)
		}
	}
	want := []core.EventType{
		core.ContactCreated, core.ContactMerged, core.ContactUpdated, core.ConversationCreated, core.ConversationUpdated, core.InboxCreated, core.InboxUpdated,
		core.MessageCreated, core.MessageDeleted, core.MessageUpdated, core.NoteCreated, core.NoteDeleted, core.NoteUpdated, core.WebhookTested,
	}
	if !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
	for _, e := range []core.Event{{Type: "berth.taken"}, {Type: core.MessageCreated, Data: core.Label{}}} {
		if _, _, ok, err := format.Body(t.Context(), harbour, &e); ok || err == nil || core.KindOf(err) == core.Unavailable {
			t.Errorf("%s: %t, %v; want an error that is not tried again", e.Type, ok, err)
		}
	}
}

// TestWebhookOfFormerEvents: where an event does not know what was before, the
// list of changes is null.
func TestWebhookOfFormerEvents(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	testserver.Import(t, st, fixture)
	format := chatwoot.NewWebhookFormat(st, nil)
	c := core.Conversation{ID: 3001, AccountID: harbour, Status: core.Open}
	change := func(fields ...string) core.EventData {
		return core.ConversationChange{Conversation: c, Changed: fields}
	}
	for _, test := range []struct {
		typ  core.EventType
		data core.EventData
		end  string
	}{
		{core.ConversationUpdated, change(core.FieldLabels), `"event":"conversation_updated","changed_attributes":null}`},
		{core.ConversationUpdated, change(core.FieldStatus, core.FieldLabels), `"event":"conversation_status_changed","changed_attributes":null}`},
		{core.ConversationUpdated, change(core.FieldSubject), ""},
		{core.ContactUpdated, core.ContactChange{}, `"event":"contact_updated","changed_attributes":null}`},
		{core.ContactMerged, core.ContactMerge{}, `"event":"contact_updated","changed_attributes":null}`},
		{core.InboxUpdated, core.InboxChange{}, `"event":"inbox_updated","changed_attributes":null}`},
	} {
		_, body, ok, err := format.Body(t.Context(), harbour, &core.Event{Type: test.typ, Data: test.data})
		if err != nil || ok != (test.end != "") || !strings.HasSuffix(string(body), test.end) {
			t.Errorf("%s: %s, %v; want it to end with %s", test.typ, body, err, test.end)
		}
	}
}

// TestWebhookHeader: the signature is one that a receiver works out for itself.
func TestWebhookHeader(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	new(chatwoot.WebhookFormat).Header(h, &webhook.Sending{MessageID: "msg_7", At: 1_772_355_605, Body: `{"a":1}`, Secret: "whsec_c2VjcmV0"})
	mac := hmac.New(sha256.New, []byte("whsec_c2VjcmV0"))
	fmt.Fprintf(mac, "%d.%s", 1_772_355_605, `{"a":1}`)
	for name, want := range map[string]string{
		"Accept": "application/json", "X-Chatwoot-Timestamp": "1772355605", "X-Chatwoot-Delivery": "msg_7",
		"X-Chatwoot-Signature": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
