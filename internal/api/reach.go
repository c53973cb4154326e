package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// What a caller can reach: a customer the own contact and its conversations,
// staff those of the account. What is out of reach is not there.

// ByRef names a conversation in the path.
type ByRef struct {
	Ref string `path:"id" maxLength:"64" doc:"The id or the UUID."`
}

// number reads an id; a UUID comes back in lower case. Neither is core.NotFound.
func number(ref string) (id int64, text string, err error) {
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil && id >= 1 && id <= core.MaxID && ref == strconv.FormatInt(id, 10) {
		return id, "", nil
	}
	if uuid.Validate(ref) != nil {
		return 0, "", core.Absent("path")
	}
	return 0, strings.ToLower(ref), nil
}

// shownParts are those of a thread that a conversation shows.
const shownParts = store.WithInbox | store.WithLast | store.WithContact | store.WithIdentity

// spokenParts are those of a thread that its messages show.
const spokenParts = store.WithContact | store.WithIdentity

// thread returns the conversation that a reference means, as it is shown.
func (a *API) thread(ctx context.Context, c *caller, ref string) (core.Thread, error) {
	return a.threadWith(ctx, c, ref, shownParts)
}

// threadWith is thread with other parts.
func (a *API) threadWith(ctx context.Context, c *caller, ref string, parts store.Parts) (core.Thread, error) {
	id, name, err := number(ref)
	if err != nil {
		return core.Thread{}, err
	}
	if name != "" {
		if id, err = a.conversations.IDOf(ctx, c.AccountID, name); err != nil {
			return core.Thread{}, err
		}
	}
	t, err := a.conversations.Thread(ctx, c.AccountID, id, parts)
	if err != nil {
		return core.Thread{}, err
	}
	return t, a.reaches(ctx, c, &t.Conversation)
}

// reaches refuses a conversation that is out of the caller's reach.
func (a *API) reaches(ctx context.Context, c *caller, conv *core.Conversation) error {
	if c.Customer != nil {
		if c.Customer.ContactID == 0 || conv.ContactID != c.Customer.ContactID {
			return core.Absent("conversation")
		}
		return nil
	}
	seen, err := a.sight(ctx, c)
	if err == nil && !seen.Sees(conv.InboxID) {
		err = core.Absent("conversation")
	}
	return err
}

// isNobody tells that a customer asks about itself whom nobody knows yet.
func (c *caller) isNobody(ref string) bool {
	return c.Customer != nil && c.Customer.ContactID == 0 && (ref == "me" || ref == c.Customer.Subject)
}

// sight returns the inboxes that the caller sees. Customers see their
// conversations wherever they are.
func (a *API) sight(ctx context.Context, c *caller) (conversation.Sight, error) {
	return a.sights.Of(ctx, c.AccountID, c.AgentID)
}

// externalRef returns the identifier of a reference by the account's own key.
func externalRef(ref string) (string, bool) {
	identifier, ok := strings.CutPrefix(ref, "external:")
	identifier = strings.TrimSpace(identifier)
	return identifier, ok && identifier != ""
}

// line returns a message of a conversation.
func (a *API) line(ctx context.Context, c *caller, t *core.Thread, ref string) (core.Line, error) {
	id, name, err := number(ref)
	if err != nil {
		return core.Line{}, err
	}
	var l core.Line
	if name != "" {
		l, err = a.conversations.LineByUUID(ctx, t, name)
	} else {
		l, err = a.conversations.Line(ctx, t, id)
	}
	if err == nil && c.Customer != nil && l.Entry.Kind != core.Message {
		err = core.Absent("entry")
	}
	return l, err
}

// contact returns the contact that a reference means. Customers reach their own
// alone, whatever it is called.
func (a *API) contact(ctx context.Context, c *caller, ref string) (core.Contact, error) {
	if c.Customer != nil {
		if ref == "me" || ref == c.Customer.Subject {
			ref = strconv.FormatInt(c.Customer.ContactID, 10)
		}
		who, err := a.contacts.Find(ctx, c.AccountID, ref)
		if err == nil && who.ID != c.Customer.ContactID {
			err = core.Absent("contact")
		}
		return who, err
	}
	return a.contacts.Find(ctx, c.AccountID, ref)
}
