package demo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/demo"
	"parley/internal/interchange"
	"parley/internal/service/conversation"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

func clock() core.Time { return testserver.Now }

func generate(t *testing.T, seed uint64) string {
	t.Helper()
	var b bytes.Buffer
	if err := demo.Generate(&b, seed, testserver.Now); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGenerateIsRepeatable(t *testing.T) {
	t.Parallel()
	one := generate(t, 1)
	if one != generate(t, 1) {
		t.Error("the same seed gave two accounts")
	}
	if one == generate(t, 2) {
		t.Error("two seeds gave the same account")
	}
	for kind, want := range map[string]int{
		"contact": demo.ContactCount, "conversation": demo.ConversationCount, "inbox": 5,
	} {
		if got := strings.Count(one, `{"kind":"`+kind+`",`); got != want {
			t.Errorf("%d records of kind %s, want %d", got, kind, want)
		}
	}
	public := strings.Count(one, `{"kind":"message",`) - strings.Count(one, `"visibility":"note"`)
	if public != demo.MessageCount {
		t.Errorf("%d public messages, want %d", public, demo.MessageCount)
	}
}

// TestDemoLives imports the account, lets 200 things happen and asks the
// doctor.
func TestDemoLives(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	if _, err := interchange.Import(t.Context(), st, strings.NewReader(generate(t, 1)), interchange.Options{Clock: clock}); err != nil {
		t.Fatal(err)
	}
	reads := conversation.NewReads(st)
	_, unread, err := reads.OfIdentity(t.Context(), demo.AccountID, demo.VisitorID, store.ThreadQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if unread != 2 {
		t.Errorf("the showcase visitor has %d unread, want 2", unread)
	}
	before, err := st.Account(t.Context(), demo.AccountID)
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	live := demo.Live{
		Reads: reads, Writes: conversation.NewWrites(st, clock), Log: testserver.Log(t), Seed: 1,
		Wait: func(context.Context, time.Duration) error {
			if steps++; steps > 200 {
				return errors.New("enough")
			}
			return nil
		},
	}
	if err := live.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := st.Account(t.Context(), demo.AccountID)
	if err != nil {
		t.Fatal(err)
	}
	if happened := after.EventSeq - before.EventSeq; happened < 100 {
		t.Errorf("only %d events in 200 steps", happened)
	}
	if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
		t.Fatal(err)
	}
	if err := interchange.Export(t.Context(), st, io.Discard, interchange.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestDemoOutlivesItsGuests: conversations that are nobody's, and an agent who
// is gone, end no demo.
func TestDemoOutlivesItsGuests(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	if _, err := interchange.Import(t.Context(), st, strings.NewReader(generate(t, 1)), interchange.Options{Clock: clock}); err != nil {
		t.Fatal(err)
	}
	reads, writes := conversation.NewReads(st), conversation.NewWrites(st, clock)
	showcase, err := reads.Thread(t.Context(), demo.AccountID, demo.VisitorThread, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := writes.Start(t.Context(), demo.AccountID, conversation.NewConversation{
			Place: conversation.PlaceID{InboxID: showcase.Conversation.InboxID}, OpenedBy: core.Actor{Type: core.ActorContact},
			First: &conversation.NewEntry{Content: "Anybody there?"},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.InTx(t.Context(), demo.AccountID, func(ctx context.Context, tx store.Tx) error {
		bot, err := tx.Agent(ctx, demo.AccountID, showcase.Conversation.BotID)
		if err != nil {
			return err
		}
		bot.DeletedAt = clock()
		return tx.UpdateAgent(ctx, bot)
	}); err != nil {
		t.Fatal(err)
	}
	steps := 0
	live := demo.Live{
		Reads: reads, Writes: writes, Log: testserver.Log(t), Seed: 1,
		Wait: func(context.Context, time.Duration) error {
			if steps++; steps > 100 {
				return errors.New("enough")
			}
			return nil
		},
	}
	if err := live.Run(t.Context()); err != nil || steps != 101 {
		t.Errorf("after %d steps: %v", steps, err)
	}
}
