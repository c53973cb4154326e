package api

import (
	"context"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// MessageList is a run of a conversation's messages, newest first.
type MessageList struct {
	Data       []Message `json:"data"`
	NextCursor *string   `json:"next_cursor" doc:"Pass it as cursor to get older ones; null when there are none."`
	PrevCursor *string   `json:"prev_cursor" doc:"Pass it as cursor to get newer ones; null when there are none."`
}

// Messages asks for a run of a conversation's messages.
type Messages struct {
	ByRef
	PageOf

	Before string   `query:"before" maxLength:"64" doc:"Those before this message, by its id or UUID."`
	After  string   `query:"after" maxLength:"64" doc:"Those after this message: the ones that follow it at once."`
	Around string   `query:"around" maxLength:"64" doc:"Those around this message, which stands among them."`
	Kind   []string `query:"kind" enum:"message,note,activity" maxItems:"3" doc:"Any of these, separated by commas. Customers are shown messages."`
}

// Directions of a run, as cursors name them.
const (
	toOlder = 0
	toNewer = 1
)

// listMessages serves GET /v1/conversations/{id}/messages.
func (a *API) listMessages(ctx context.Context, c *caller, in *Messages) (reply[MessageList], error) {
	t, err := a.thread(ctx, c, in.Ref)
	if err != nil {
		return reply[MessageList]{}, err
	}
	q := conversation.LinesQuery{Limit: in.Limit}
	for _, kind := range in.Kind {
		q.Kinds = append(q.Kinds, core.EntryKind(kind))
	}
	if c.Customer != nil {
		if slices.ContainsFunc(in.Kind, func(kind string) bool { return kind != "message" }) {
			return reply[MessageList]{}, &core.Error{Kind: core.Forbidden, Message: "customers are shown messages"}
		}
		q.Kinds = []core.EntryKind{core.Message}
	}
	filter := filterOf("messages", number64(t.Conversation.ID), strings.Join(in.Kind, ","))
	if err := a.runFrom(ctx, c, &t, in, filter, &q); err != nil {
		return reply[MessageList]{}, err
	}
	run, err := a.conversations.Lines(ctx, c.AccountID, &t, q)
	if err != nil {
		return reply[MessageList]{}, err
	}
	list := MessageList{Data: make([]Message, 0, len(run.Lines))}
	for _, l := range slices.Backward(run.Lines) {
		list.Data = append(list.Data, toMessage(c.view(), &l))
	}
	if n := len(run.Lines); n > 0 {
		if run.Older {
			list.NextCursor = runCursor(filter, run.Lines[0].Entry.ID, toOlder)
		}
		if run.Newer {
			list.PrevCursor = runCursor(filter, run.Lines[n-1].Entry.ID, toNewer)
		}
	}
	return reply[MessageList]{body: list}, nil
}

// runCursor is the cursor of what is older, or newer, than a message.
func runCursor(filter uint32, message, direction int64) *string {
	text := place{order: byEntry, filter: filter, keys: []int64{message, direction}}.cursor()
	return &text
}

// runFrom says where the run begins that is asked for.
func (a *API) runFrom(ctx context.Context, c *caller, t *core.Thread, in *Messages, filter uint32, q *conversation.LinesQuery) error {
	var given []*int64
	for _, from := range []struct {
		name, ref string
		to        *int64
	}{{"before", in.Before, &q.Before}, {"after", in.After, &q.After}, {"around", in.Around, &q.Around}} {
		if from.ref == "" {
			continue
		}
		l, err := a.line(ctx, c, t, from.ref)
		if err != nil && core.KindOf(err) == core.NotFound {
			err = inQuery(from.name, "the conversation has no such message")
		}
		if err != nil {
			return err
		}
		*from.to = l.Entry.Position
		given = append(given, from.to)
	}
	if len(given) > 1 || len(given) == 1 && in.Cursor != "" {
		return inQuery("cursor", "before, after, around and cursor exclude each other")
	}
	if in.Cursor == "" {
		return nil
	}
	at, err := in.place(byEntry, filter, 2)
	if err != nil {
		return err
	}
	// What the caller does not see does not exist for its cursors either.
	from, err := a.line(ctx, c, t, number64(at.keys[0]))
	if err != nil && core.KindOf(err) == core.NotFound {
		err = errBadCursor
	}
	if at.keys[1] == toNewer {
		q.After = from.Entry.Position
	} else {
		q.Before = from.Entry.Position
	}
	return err
}
