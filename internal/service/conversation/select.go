package conversation

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// Match is store.ExtMatch, for callers that know only use cases.
type Match = store.ExtMatch

// Selection asks for conversations by the uuids of those who take part. What
// is "" restricts nothing; all that is given must hold together.
//
// A uuid is looked up as given, then in lower and in upper case: uuids are kept
// as an import wrote them, and clients fold them.
type Selection struct {
	Account string // the account itself; any other one has no conversations here
	Lead    string // a contact with contact data: core.Contact.Known
	Visitor string // an identity, where IsVisitor holds for it
	Owner   string // the owning agent
	Bot     string // the serving bot
	Match   []Match

	Limit  int // at most; 0 asks for the total alone
	Offset int // past the end brings no threads
}

// Selected is the answer to a Selection: one page, newest public message first
// (creation where there is none), then by creation and id, newest first.
type Selected struct {
	Account core.Account
	// Threads carry Contact, Identity, Inbox, Last, OwnerUUID and BotUUID.
	Threads []core.Thread
	Total   int64 // how many match, whatever the page
}

// IsVisitor tells whether an identity stands for a visitor of a website in
// conversations of an inbox of the given channel: its address is anonymous, or
// the inbox is a website.
func IsVisitor(i core.Identity, ch core.Channel) bool {
	return i.ProviderType == core.AnonymousProvider || ch == core.ChannelWeb
}

// Select returns the page that sel asks for. A uuid that the account does not
// know, or that belongs to another sort of thing, brings an empty answer and no
// error.
func (s *Reads) Select(ctx context.Context, account int64, sel Selection) (Selected, error) {
	a, err := s.store.Account(ctx, account)
	if err != nil {
		return Selected{}, fmt.Errorf("read account: %w", err)
	}
	out := Selected{Account: a}
	q, ok, err := s.resolve(ctx, a, sel)
	if err != nil || !ok {
		return out, err
	}
	if sel.Limit > 0 {
		if out.Threads, err = s.List(ctx, account, q); err != nil {
			return Selected{}, err
		}
	}
	// A page that is neither full nor empty ends the list, and so tells the
	// total without another read.
	if n := len(out.Threads); n > 0 && n < sel.Limit {
		out.Total = int64(sel.Offset) + int64(n)
		return out, nil
	}
	if out.Total, err = s.Count(ctx, account, q); err != nil {
		return Selected{}, err
	}
	return out, nil
}

// resolve turns uuids into a query of ids; ok is false when nothing can match.
func (s *Reads) resolve(ctx context.Context, a core.Account, sel Selection) (q store.ThreadQuery, ok bool, err error) {
	q = store.ThreadQuery{
		Ext: sel.Match, Order: store.ByLastMessage, Desc: true, Limit: sel.Limit, Offset: sel.Offset,
		With: store.WithContact | store.WithIdentity | store.WithInbox | store.WithLast | store.WithAgents,
	}
	if sel.Account != "" && !strings.EqualFold(sel.Account, a.UUID) {
		return q, false, nil
	}
	if sel.Lead != "" {
		contact, ok, err := findByUUID(ctx, a.ID, sel.Lead, s.store.FindContactByUUID)
		if err != nil || !ok || !contact.Known() {
			return q, false, err
		}
		q.ContactID = contact.ID
	}
	if sel.Visitor != "" {
		identity, ok, err := findByUUID(ctx, a.ID, sel.Visitor, s.store.FindIdentityByUUID)
		if err != nil || !ok {
			return q, false, err
		}
		q.IdentityID = identity.ID
		if !IsVisitor(identity, "") {
			q.Channels = []core.Channel{core.ChannelWeb}
		}
	}
	if q.OwnerID, ok, err = s.agentID(ctx, a.ID, sel.Owner); err != nil || !ok {
		return q, false, err
	}
	if q.BotID, ok, err = s.agentID(ctx, a.ID, sel.Bot); err != nil || !ok {
		return q, false, err
	}
	return q, true, nil
}

// agentID returns the id of the agent that uuid names, 0 for "".
func (s *Reads) agentID(ctx context.Context, account int64, uuid string) (id int64, ok bool, err error) {
	if uuid == "" {
		return 0, true, nil
	}
	agent, ok, err := findByUUID(ctx, account, uuid, s.store.FindAgentByUUID)
	return agent.ID, ok, err
}

// findByUUID looks for uuid in the forms that Selection names.
func findByUUID[T any](
	ctx context.Context, account int64, uuid string, find func(context.Context, int64, string) (T, bool, error),
) (found T, ok bool, err error) {
	forms := []string{uuid, strings.ToLower(uuid), strings.ToUpper(uuid)}
	for i, form := range forms {
		if i > 0 && form == uuid {
			continue
		}
		if found, ok, err = find(ctx, account, form); ok || err != nil {
			break
		}
	}
	if err != nil {
		return found, false, fmt.Errorf("find %T by uuid: %w", found, err)
	}
	return found, ok, nil
}
