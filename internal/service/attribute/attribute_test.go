package attribute_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/service/attribute"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/inbox"
	"parley/internal/service/repeat"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

const start = core.Time(1_700_000_000_000_000)

var by = core.Actor{Type: core.ActorSystem}

// each runs the test on an account of each engine.
func each(t *testing.T, run func(t *testing.T, st store.Store, account int64)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			a, err := account.New(st, clock).Create(t.Context(), "Acme")
			if err != nil {
				t.Fatal(err)
			}
			run(t, st, a.ID)
		})
	}
}

func clock() core.Time { return start }

func plan(account int64) core.AttributeDefinition {
	return core.AttributeDefinition{
		AccountID: account, AppliesTo: core.AppliesToContact, Key: "plan", Name: "Plan", Description: "What they pay",
		Type: core.AttributeList, Options: []string{"free", "paid"},
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, account int64) {
		now := start
		s := attribute.New(st, func() core.Time { return now })
		before := events(t, st, account)
		again := &repeat.Key{Caller: "c", Operation: "o", Key: "k", Hash: "h"}
		made, err := s.Create(t.Context(), by, plan(account), again)
		want := plan(account)
		want.ID, want.CreatedAt, want.UpdatedAt = made.ID, now, now
		if diff := cmp.Diff(want, made); diff != "" || err != nil {
			t.Fatalf("made (-want +got):\n%s%v", diff, err)
		}
		twice, err := s.Create(t.Context(), by, plan(account), again)
		if diff := cmp.Diff(made, twice); diff != "" || err != nil || !again.Repeated {
			t.Errorf("asked again (-want +got):\n%s%v", diff, err)
		}
		now += 5
		for range 2 { // the second changes nothing
			changed, err := s.Update(t.Context(), by, account, made.ID, func(d *core.AttributeDefinition) error {
				*d = core.AttributeDefinition{AppliesTo: "x", Key: "x", Name: "Code", Type: core.AttributeText, Options: []string{}, Pattern: "^A"}
				return nil
			})
			want := made // what it applies to, its key and when it was made stay
			want.Name, want.Description, want.Type, want.Options, want.Pattern, want.UpdatedAt = "Code", "", core.AttributeText, nil, "^A", now
			if diff := cmp.Diff(want, changed); diff != "" || err != nil {
				t.Errorf("changed (-want +got):\n%s%v", diff, err)
			}
		}
		other := plan(account)
		other.AppliesTo = core.AppliesToConversation // there the key is free
		if other, err = s.Create(t.Context(), by, other, nil); err != nil {
			t.Fatal(err)
		}
		refuse := func(core.AttributeDefinition) error { return &core.Error{Kind: core.Precondition} }
		bad := plan(account)
		bad.Key, bad.Options = "bad", nil
		untyped := func(d *core.AttributeDefinition) error { d.Type = "x"; return nil }
		for what, c := range map[string]struct {
			err  error
			kind core.Kind
		}{
			"taken":     {second(s.Create(t.Context(), by, plan(account), nil)), core.Conflict},
			"no list":   {second(s.Create(t.Context(), by, bad, nil)), core.Invalid},
			"no type":   {second(s.Update(t.Context(), by, account, other.ID, untyped)), core.Invalid},
			"absent":    {second(s.Update(t.Context(), by, account, 99, untyped)), core.NotFound},
			"foreign":   {s.Delete(t.Context(), by, account+1, other.ID, nil), core.NotFound},
			"theirs":    {second(s.Definition(t.Context(), account+1, other.ID)), core.NotFound},
			"protected": {s.Delete(t.Context(), by, account, other.ID, refuse), core.Precondition},
		} {
			if c.err == nil || core.KindOf(c.err) != c.kind {
				t.Errorf("%s: got %v, want %s", what, c.err, c.kind)
			}
		}
		if err := s.Delete(t.Context(), by, account, other.ID, nil); err != nil {
			t.Error(err)
		}
		if page, err := s.Page(t.Context(), account, 0, 9); err != nil || len(page) != 1 || page[0].ID != made.ID {
			t.Errorf("left: %+v, %v", page, err)
		}
		wanted := append(before, core.AttributeDefinitionCreated, core.AttributeDefinitionUpdated, core.AttributeDefinitionCreated, core.AttributeDefinitionDeleted)
		if diff := cmp.Diff(wanted, events(t, st, account)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestOneDefinitionTooMany(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, account int64) {
		err := st.InTx(t.Context(), account, func(ctx context.Context, tx store.Tx) error {
			for i := range 500 {
				d := plan(account)
				d.Key = fmt.Sprint("key", i)
				if err := tx.InsertAttributeDefinition(ctx, &d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s := attribute.New(st, clock)
		d := plan(account)
		if _, err := s.Create(t.Context(), by, d, nil); core.KindOf(err) != core.Invalid {
			t.Errorf("one more of contacts: %v", err)
		}
		d.AppliesTo = core.AppliesToConversation
		if _, err := s.Create(t.Context(), by, d, nil); err != nil {
			t.Errorf("one of conversations: %v", err)
		}
	})
}

// TestWhatDefinitionsRule: what is written where they count, and nothing else.
func TestWhatDefinitionsRule(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, account int64) {
		s := attribute.New(st, clock)
		for _, to := range []core.AppliesTo{core.AppliesToContact, core.AppliesToConversation} {
			d := plan(account)
			d.AppliesTo = to
			if _, err := s.Create(t.Context(), by, d, nil); err != nil {
				t.Fatal(err)
			}
		}
		in, err := inbox.New(st, clock).Create(t.Context(), inbox.NewInbox{AccountID: account, Name: "Site", Channel: core.ChannelWeb}, nil)
		if err != nil {
			t.Fatal(err)
		}
		good, bad, unknown := core.JSON(`{"plan":"paid"}`), core.JSON(`{"plan":"gold"}`), core.JSON(`{"size":"gold"}`)
		people, talks := contact.NewWrites(st, clock), conversation.NewWrites(st, clock)
		create := func(object core.JSON, defined bool) (core.Contact, error) {
			c, _, err := people.Create(t.Context(), account, by, contact.NewContact{Changes: contact.Changes{CustomAttributes: &object, Defined: defined}})
			return c, err
		}
		who, err := create(bad, false)
		if err != nil || who.CustomAttributes != bad {
			t.Fatalf("where they do not rule: %+v, %v", who, err)
		}
		begin := func(object core.JSON, defined bool) (core.Conversation, error) {
			made, err := talks.Start(t.Context(), account, conversation.NewConversation{
				Place: conversation.PlaceID{InboxID: in.ID}, With: contact.Claim{ContactID: who.ID, InboxID: in.ID}, OpenedBy: by, CustomAttributes: object, Defined: defined,
			})
			return made.Conversation, err
		}
		talk, err := begin(bad, false)
		if err != nil || talk.CustomAttributes != bad {
			t.Fatalf("where they do not rule: %+v, %v", talk, err)
		}
		log := events(t, st, account)
		change := func(object core.JSON) error {
			return second(people.Change(t.Context(), account, who.ID, by, contact.Changes{PatchCustomAttributes: &object, Defined: true}))
		}
		changeTalk := func(object core.JSON) error {
			return second(talks.Change(t.Context(), account, talk.ID, by, conversation.Changes{PatchCustomAttributes: &object, Defined: true}))
		}
		worse := core.JSON(`{"plan":7}`)
		for what, err := range map[string]error{
			"a new contact": second(create(bad, true)), "a contact": change(worse),
			"a new conversation": second(begin(bad, true)), "a conversation": changeTalk(worse),
			"all of a conversation's":  second(talks.Change(t.Context(), account, talk.ID, by, conversation.Changes{CustomAttributes: &worse, Defined: true})),
			"some of a conversation's": second(talks.Change(t.Context(), account, talk.ID, by, conversation.Changes{MergeCustomAttributes: &worse, Defined: true})),
			"all of a contact's":       second(people.Change(t.Context(), account, who.ID, by, contact.Changes{CustomAttributes: &worse, Defined: true})),
		} {
			var refused *core.Error
			if !errors.As(err, &refused) || refused.Kind != core.Invalid || refused.Field != "custom_attributes/plan" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if now := events(t, st, account); !slices.Equal(now, log) {
			t.Errorf("what was refused told of %v", now[len(log):])
		}
		// Another attribute may change beside a value that is wrong, which may go.
		for _, object := range []core.JSON{unknown, bad, `{"plan":null}`, good} {
			if err := errors.Join(change(object), changeTalk(object)); err != nil {
				t.Errorf("%s: %v", object, err)
			}
		}
		if _, err := create(good, true); err != nil {
			t.Error(err)
		}
		if _, err := begin(good, true); err != nil {
			t.Error(err)
		}
		// Of a definition that is gone the values stay, and may be anything.
		page, err := s.Page(t.Context(), account, 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			if err := s.Delete(t.Context(), by, account, d.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := st.Contact(t.Context(), account, who.ID); err != nil || c.CustomAttributes.Member("plan") != `"paid"` {
			t.Errorf("a value of what is not defined any more: %+v, %v", c, err)
		}
		if err := errors.Join(change(worse), changeTalk(worse)); err != nil {
			t.Error(err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func events(t *testing.T, st store.Store, account int64) []core.EventType {
	t.Helper()
	all, err := st.ListEvents(t.Context(), account, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var types []core.EventType
	for i := range all {
		types = append(types, all[i].Type)
	}
	return types
}
