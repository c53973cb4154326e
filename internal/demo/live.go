package demo

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// Spans between two lines that somebody writes.
const (
	minPause = 2 * time.Second
	maxPause = 6 * time.Second
)

// maxShowcaseUnread is how many messages the showcase visitor leaves unread
// before reading them all.
const maxShowcaseUnread = 6

// Live keeps the demo account alive: every few seconds a contact or an agent
// writes, through the same use cases as everybody, and some read.
type Live struct {
	Reads  *conversation.Reads
	Writes *conversation.Writes
	Log    *slog.Logger
	Seed   uint64
	// Wait pauses for a span or until ctx ends, which it then reports; nil
	// means a timer.
	Wait func(ctx context.Context, d time.Duration) error
}

// Run writes until ctx ends and then returns nil. A step that fails is logged
// and left out: whoever tries the demo may have changed anything in it.
func (l *Live) Run(ctx context.Context) error {
	rnd := rand.New(rand.NewPCG(l.Seed, 7)) //nolint:gosec // a demo must be repeatable
	wait := l.Wait
	if wait == nil {
		wait = sleep
	}
	for n := 1; ; n++ {
		if wait(ctx, minPause+time.Duration(rnd.Int64N(int64(maxPause-minPause)))) != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		err := l.step(ctx, rnd, n)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end was asked for
		}
		if err != nil {
			l.Log.WarnContext(ctx, "the demo could not go on somewhere", slog.Any("error", err))
		}
	}
}

// sleep waits on a timer.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// step lets one line be written. Every sixth is the showcase's, so that its
// counts move while one looks.
func (l *Live) step(ctx context.Context, rnd *rand.Rand, n int) error {
	if n%6 == 0 {
		return l.showcase(ctx, rnd)
	}
	open, err := l.Reads.List(ctx, AccountID, store.ThreadQuery{
		States: []store.State{{Status: core.Open}}, Order: store.ByLastMessage, Desc: true, Limit: 40,
		With: store.WithContact | store.WithIdentity | store.WithLast,
	})
	if err != nil || len(open) == 0 {
		return err
	}
	t := open[rnd.IntN(len(open))]
	if t.Conversation.ID == VisitorThread {
		return nil
	}
	if rnd.IntN(4) == 0 {
		side := core.Side(rnd.IntN(2))
		_, err := l.Writes.ReadUpTo(ctx, AccountID, t.Conversation.ID, conversation.Reader{Side: side}, 0)
		return err
	}
	return l.say(ctx, rnd, &t)
}

// say adds the next line of a follow-up: the side that did not speak last.
func (l *Live) say(ctx context.Context, rnd *rand.Rand, t *core.Thread) error {
	lang := languageOf(t.Contact.Locale)
	pair := lang.followUps[rnd.IntN(len(lang.followUps))]
	name := t.Contact.FirstName
	fill := strings.NewReplacer("{product}", products[rnd.IntN(len(products))], "{name}", name)
	in := conversation.NewEntry{ConversationID: t.Conversation.ID, Kind: core.Message}
	if t.Last != nil && t.Last.Entry.Sender.Type == core.ActorContact {
		in.Sender = core.Actor{Type: core.ActorAgent, ID: answering(&t.Conversation)}
		if in.Sender.ID == 0 {
			return nil
		}
		in.Content = strings.TrimSpace(fill.Replace(pair[1]))
	} else {
		in.Sender = core.Actor{Type: core.ActorContact, ID: t.Contact.ID}
		in.Content = fill.Replace(pair[0])
	}
	_, err := l.Writes.Append(ctx, AccountID, in)
	return err
}

// answering is who answers in the conversation: its assignee, its bot, else
// its owner; 0 for one that is nobody's.
func answering(c *core.Conversation) int64 {
	for _, id := range []int64{c.AssigneeID, c.BotID} {
		if id != 0 {
			return id
		}
	}
	return c.OwnerID
}

func (l *Live) showcase(ctx context.Context, rnd *rand.Rand) error {
	t, err := l.Reads.Thread(ctx, AccountID, VisitorThread, 0)
	if err != nil {
		return err
	}
	if t.Conversation.ContactUnread() >= maxShowcaseUnread {
		_, err := l.Writes.ReadUpTo(ctx, AccountID, VisitorThread, conversation.Reader{Side: core.ContactSide}, 0)
		return err
	}
	lines := []string{"Are you still with me?", "<p>I found <b>two</b> invoices from last month. Which one do you need?</p>", "Take your time, I will wait here 🙂"}
	_, err = l.Writes.Append(ctx, AccountID, conversation.NewEntry{
		ConversationID: VisitorThread, Kind: core.Message, Content: lines[rnd.IntN(len(lines))],
		Sender: core.Actor{Type: core.ActorAgent, ID: t.Conversation.BotID},
	})
	return err
}

// languageOf finds the demo's language of a locale, English for others.
func languageOf(locale string) *language {
	for i := range languages {
		if languages[i].locale == locale {
			return &languages[i]
		}
	}
	return &languages[0]
}
