package api

import (
	"context"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// ReadInput says up to where a conversation was read.
type ReadInput struct {
	UpTo   *int64       `json:"up_to,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"The last message that was read; the newest without it."`
	Reader *ReaderInput `json:"reader,omitempty" doc:"Who has read; an account's token must say."`
}

// UnreadInput says from where on a conversation is to be unread.
type UnreadInput struct {
	From   *int64       `json:"from,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"The first message that is to be unread; all of them without it."`
	Reader *ReaderInput `json:"reader,omitempty" doc:"For whom; an account's token must say."`
}

// ReaderInput is who reads.
type ReaderInput struct {
	Type string `json:"type" enum:"contact,agents,agent" doc:"agents moves the cursor that all agents share, agent that of one alone. An agent's token reads as that agent without it."`
	ID   *int64 `json:"id,omitempty" nullable:"true" minimum:"1" maximum:"9007199254740991" doc:"Which agent."`
}

// ReadState is how far a conversation was read.
type ReadState struct {
	ConversationID int64  `json:"conversation_id"`
	Unread         Unread `json:"unread"`
	ReadMessageID  *int64 `json:"read_message_id" doc:"The last message that this side has read. For a single agent it is still the cursor that all agents share."`
}

func (a *API) readOperations() {
	const tag = "Conversations"
	n := names{fields: map[string]string{"entry": "up_to"}}
	act(a, op{path: "/v1/conversations/{id}/read", id: "readConversation", tag: tag, summary: "Read up to a message", customers: true, names: n}, a.readConversation)
	act(a, op{path: "/v1/conversations/{id}/unread", id: "markConversationUnread", tag: tag, summary: "Mark unread from a message on", customers: true, names: n}, a.markConversationUnread)
}

// reader says who reads.
func (c *caller) reader(in *ReaderInput) (conversation.Reader, error) {
	if in == nil {
		switch {
		case c.Customer != nil:
			return conversation.Reader{Side: core.ContactSide}, nil
		case c.AgentID != 0:
			return conversation.Reader{Side: core.AgentSide, AgentID: c.AgentID}, nil
		}
		return conversation.Reader{}, core.Refuse("reader", "an account's token says who has read")
	}
	other := &core.Error{Kind: core.Forbidden, Field: "reader", Message: "the token reads for nobody else"}
	if in.Type == "contact" {
		if c.AgentID != 0 {
			return conversation.Reader{}, other
		}
		return conversation.Reader{Side: core.ContactSide}, nil
	}
	if c.Customer != nil {
		return conversation.Reader{}, other
	}
	r := conversation.Reader{Side: core.AgentSide}
	if in.Type == "agent" {
		if r.AgentID = valueOf(in.ID); r.AgentID == 0 {
			r.AgentID = c.AgentID
		}
		switch {
		case r.AgentID == 0:
			return r, core.Refuse("reader/id", "it is needed")
		case c.AgentID != 0 && r.AgentID != c.AgentID:
			return r, other
		}
	}
	return r, nil
}

// readConversation serves POST /v1/conversations/{id}/read.
func (a *API) readConversation(ctx context.Context, c *caller, in *struct {
	ByRef
	Body ReadInput
},
) (reply[ReadState], error) {
	return a.moveCursor(ctx, c, in.Ref, in.Body.UpTo, in.Body.Reader, a.writes.ReadUpTo)
}

// markConversationUnread serves POST /v1/conversations/{id}/unread.
func (a *API) markConversationUnread(ctx context.Context, c *caller, in *struct {
	ByRef
	Body UnreadInput
},
) (reply[ReadState], error) {
	return a.moveCursor(ctx, c, in.Ref, in.Body.From, in.Body.Reader, a.writes.MarkUnread)
}

// moveCursor moves a reader's cursor to a message and tells how far it is.
func (a *API) moveCursor(
	ctx context.Context, c *caller, ref string, message *int64, who *ReaderInput,
	move func(ctx context.Context, account, conversation int64, reader conversation.Reader, entry int64) (core.Conversation, error),
) (reply[ReadState], error) {
	t, err := a.thread(ctx, c, ref)
	if err != nil {
		return reply[ReadState]{}, err
	}
	reader, err := c.reader(who)
	if err != nil {
		return reply[ReadState]{}, err
	}
	if message != nil { // customers may not name what they are not shown
		l, err := a.conversations.Line(ctx, &t, *message)
		if err != nil && core.KindOf(err) != core.NotFound {
			return reply[ReadState]{}, err
		}
		if err != nil || c.Customer != nil && l.Entry.Kind != core.Message {
			return reply[ReadState]{}, core.Refuse("entry", "the conversation has no such message")
		}
	}
	if t.Conversation, err = move(ctx, c.AccountID, t.Conversation.ID, reader, valueOf(message)); err != nil {
		return reply[ReadState]{}, err
	}
	mine, err := a.own(ctx, c, []core.Thread{t})
	if err != nil {
		return reply[ReadState]{}, err
	}
	shown := toConversation(c.view(), &t)
	state := ReadState{ConversationID: shown.ID, Unread: shown.Unread, ReadMessageID: shown.ContactReadMessageID}
	if c.Customer == nil {
		state.Unread.Mine = forStaff(c.view(), mine[0])
	}
	if reader.Side == core.AgentSide {
		state.ReadMessageID = orNull(t.Conversation.AgentReadID)
	}
	return reply[ReadState]{body: state}, nil
}
