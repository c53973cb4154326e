package api

import (
	"context"
	"strconv"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// maxUnreadShown is how many conversations an answer about unread messages
// tells; the total is of all.
const maxUnreadShown = 1000

// UnreadTotal is what somebody has not read.
type UnreadTotal struct {
	Total         int64                `json:"total" doc:"How many messages, exactly."`
	Conversations []ConversationUnread `json:"conversations" doc:"Those with unread messages, newest message first; at most 1000."`
	Truncated     bool                 `json:"truncated,omitempty" doc:"There are more conversations; the total counts them, too."`
}

// ConversationUnread is what somebody has not read of a conversation.
type ConversationUnread struct {
	ID     int64 `json:"id"`
	Unread int64 `json:"unread"`
}

// appendJSON writes the body without reflection: websites ask for it all day
// long.
func (u *UnreadTotal) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"total":`...), u.Total, 10)
	b = append(b, `,"conversations":[`...)
	for i, c := range u.Conversations {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"id":`...), c.ID, 10)
		b = append(strconv.AppendInt(append(b, `,"unread":`...), c.Unread, 10), '}')
	}
	b = append(b, ']')
	if u.Truncated {
		b = append(b, `,"truncated":true`...)
	}
	return append(b, '}')
}

func toUnread(total int64, counts []conversation.UnreadCount, more bool) UnreadTotal {
	shown := UnreadTotal{Total: total, Conversations: make([]ConversationUnread, len(counts)), Truncated: more}
	for i, c := range counts {
		shown.Conversations[i] = ConversationUnread{c.ConversationID, c.Count}
	}
	return shown
}

// UnreadOf asks what a contact has not read.
type UnreadOf struct {
	ByContact

	Inbox   int64  `query:"inbox" minimum:"1" maximum:"9007199254740991" doc:"In this inbox only."`
	Channel string `query:"channel" maxLength:"100" doc:"In inboxes of this channel only."`
}

func (a *API) unreadOperations() {
	read(a, op{
		path: "/v1/contacts/{ref}/unread", id: "getUnread", tag: "Contacts", summary: "How much has a contact not read?", customers: true,
	}, a.getUnread)
	read(a, op{path: "/v1/agents/{id}/unread", id: "getAgentUnread", tag: "Agents", summary: "How much has an agent not read?"}, a.getAgentUnread)
}

// getUnread serves GET /v1/contacts/{ref}/unread.
func (a *API) getUnread(ctx context.Context, c *caller, in *UnreadOf) (reply[UnreadTotal], error) {
	unread, err := a.unread(ctx, c, in)
	return reply[UnreadTotal]{body: unread}, err
}

// unread is what the contact has not read of what the caller sees.
func (a *API) unread(ctx context.Context, c *caller, in *UnreadOf) (UnreadTotal, error) {
	if c.isNobody(in.Ref) {
		return toUnread(0, nil, false), nil
	}
	q := conversation.UnreadQuery{Limit: maxUnreadShown}
	var err error
	if q.ContactID, q.Identifier, err = a.unreadRef(ctx, c, in.Ref); err != nil {
		return UnreadTotal{}, err
	}
	if q.Sight, err = a.sight(ctx, c); err != nil {
		return UnreadTotal{}, err
	}
	if in.Inbox != 0 {
		q.Sight = onlyInbox(q.Sight, in.Inbox)
	}
	if in.Channel != "" {
		q.Channels = []core.Channel{core.Channel(in.Channel)}
	}
	found, err := a.conversations.Unread(ctx, c.AccountID, q)
	if err != nil {
		return UnreadTotal{}, err
	}
	return toUnread(found.Total, found.Conversations, found.More), nil
}

// unreadRef says which contact is asked about. Where the reference is one that
// the question itself can carry, nobody is looked up.
func (a *API) unreadRef(ctx context.Context, c *caller, ref string) (id int64, identifier string, err error) {
	if c.Customer != nil && (ref == "me" || ref == c.Customer.Subject) {
		return c.Customer.ContactID, "", nil
	}
	if c.Customer == nil {
		if id, text, err := number(ref); err == nil && text == "" {
			return id, "", nil
		}
		if identifier, ok := externalRef(ref); ok {
			return 0, identifier, nil
		}
	}
	who, err := a.contact(ctx, c, ref)
	return who.ID, "", err
}

// onlyInbox narrows a sight to one inbox.
func onlyInbox(s conversation.Sight, inbox int64) conversation.Sight {
	if s.Sees(inbox) {
		return conversation.Sight{InboxIDs: []int64{inbox}}
	}
	return conversation.Sight{}
}

// getAgentUnread serves GET /v1/agents/{id}/unread.
func (a *API) getAgentUnread(ctx context.Context, c *caller, in *ByID) (reply[UnreadTotal], error) {
	if c.AgentID != 0 && in.ID != c.AgentID {
		return reply[UnreadTotal]{}, &core.Error{Kind: core.Forbidden, Message: "the token sees its own agent's view"}
	}
	sight, err := a.sights.Of(ctx, c.AccountID, in.ID)
	if err != nil {
		return reply[UnreadTotal]{}, err
	}
	found, err := a.conversations.AgentUnread(ctx, c.AccountID, in.ID, sight, maxUnreadShown)
	if err != nil {
		return reply[UnreadTotal]{}, err
	}
	return reply[UnreadTotal]{body: toUnread(found.Total, found.Conversations, found.More)}, nil
}
