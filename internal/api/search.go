package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/service/search"
	"parley/internal/store"
)

// SearchHit is what was found: a message, a note or a contact.
type SearchHit struct {
	Type           string         `json:"type" enum:"message,note,contact"`
	Message        Maybe[Message] `json:"message" doc:"The message or the note; null for a contact."`
	ConversationID *int64         `json:"conversation_id" doc:"Where it was said; null for a contact."`
	Contact        Maybe[Contact] `json:"contact" doc:"Null for what was said."`
	Snippet        Snippet        `json:"snippet"`
}

// Snippet is the part of a text that shows why it was found.
type Snippet struct {
	Text  string   `json:"text" doc:"Plain text, about 200 characters of it; … stands where something was cut off."`
	Marks [][2]int `json:"marks" doc:"The places of what was asked for: the first character and the one behind the last, counted in Unicode code points."`
}

// SearchList is a page of what was found, newest first.
type SearchList struct {
	Data       []SearchHit `json:"data"`
	NextCursor *string     `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one. A page may hold fewer than the limit, even none, before the last."`
	Incomplete bool        `json:"incomplete" doc:"Older messages are still being indexed: more may be found later."`
}

// SearchFor asks for what was said, and for contacts, by their words.
type SearchFor struct {
	Q            string   `query:"q" required:"true" minLength:"1" maxLength:"500" doc:"At most 10 words, all of which must be there; in quotation marks one behind the other. The last one may be a beginning, unless a space follows."`
	Types        []string `query:"types" enum:"message,note,contact" maxItems:"3" doc:"Any of these, separated by commas."`
	Contact      string   `query:"contact" maxLength:"2100" doc:"What was said in conversations with this contact."`
	Conversation string   `query:"conversation" maxLength:"64" doc:"What was said there: an id or a UUID."`
	Inbox        int64    `query:"inbox" minimum:"1" maximum:"9007199254740991" doc:"What was said in conversations of this inbox."`
	From         string   `query:"from" format:"date-time" doc:"Made then or later."`
	To           string   `query:"to" format:"date-time" doc:"Made before."`
	Limit        int      `query:"limit" default:"25" minimum:"1" maximum:"50" doc:"How many at most."`
	Cursor       string   `query:"cursor" doc:"The next_cursor of the page before; without it the first page."`
}

func (a *API) searchOperations() {
	read(a, op{path: "/v1/search", id: "search", tag: "Search", summary: "Find messages, notes and contacts by their words, newest first"}, a.search)
}

// search serves GET /v1/search.
func (a *API) search(ctx context.Context, c *caller, in *SearchFor) (reply[SearchList], error) {
	q, err := a.searchQuery(ctx, c, in)
	if err != nil {
		return reply[SearchList]{}, err
	}
	filter := filterOf(
		"search", in.Q, strings.Join(in.Types, ","), number64(q.ContactID), number64(q.ConversationID), number64(in.Inbox),
		number64(int64(q.From)), number64(int64(q.To)),
	)
	if q.Before, err = beforeOf(in.Cursor, filter); err != nil {
		return reply[SearchList]{}, err
	}
	found, err := a.searches.Find(ctx, c.AccountID, q)
	if err != nil {
		return reply[SearchList]{}, asQuery(err, "q")
	}
	hits, err := a.shownHits(ctx, c, found.Hits)
	return reply[SearchList]{body: SearchList{Data: hits, NextCursor: beforeCursor(filter, found.Next), Incomplete: found.Incomplete}}, err
}

// searchQuery reads what is asked for; what it names must be in sight.
func (a *API) searchQuery(ctx context.Context, c *caller, in *SearchFor) (search.Query, error) {
	sight, err := a.sight(ctx, c)
	if err != nil {
		return search.Query{}, err
	}
	q := search.Query{
		Text: in.Q, AllInboxes: sight.All, InboxIDs: sight.InboxIDs, InboxID: in.Inbox,
		From: optionalTime(in.From), To: optionalTime(in.To), Limit: in.Limit,
	}
	for _, kind := range in.Types {
		q.Kinds = append(q.Kinds, store.DocumentKind(kind))
	}
	if in.Contact != "" {
		who, err := a.contact(ctx, c, in.Contact)
		if err != nil {
			return q, absentQuery(err, "contact")
		}
		q.ContactID = who.ID
	}
	if in.Conversation != "" {
		t, err := a.thread(ctx, c, in.Conversation)
		if err != nil {
			return q, absentQuery(err, "conversation")
		}
		q.ConversationID = t.Conversation.ID
	}
	return q, nil
}

// optionalTime is a time of the query, 0 = not given. Its form was checked by the
// schema.
func optionalTime(text string) core.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0
	}
	return instantOf(t)
}

// asQuery says of what a search was refused for that it stands in the parameter.
func asQuery(err error, name string) error {
	var refused *core.Error
	if errors.As(err, &refused) && refused.Kind == core.Invalid && refused.Field == "q" {
		return inQuery(name, refused.Message)
	}
	return err
}

// beforeOf reads the cursor of a list of hits: the document behind which it goes
// on, 0 = its beginning.
func beforeOf(cursor string, filter uint32) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	p := PageOf{Cursor: cursor}
	at, err := p.place(byDocument, filter, 1)
	if err != nil {
		return 0, err
	}
	return at.keys[0], nil
}

// beforeCursor is the cursor of what follows a document, nil at the end.
func beforeCursor(filter uint32, next int64) *string {
	if next == 0 {
		return nil
	}
	text := place{order: byDocument, filter: filter, keys: []int64{next}}.cursor()
	return &text
}

// shownHits shows hits to staff.
func (a *API) shownHits(ctx context.Context, c *caller, hits []search.Hit) ([]SearchHit, error) {
	var entries []core.Entry
	for i := range hits {
		if hits[i].Kind != store.ContactDocument {
			entries = append(entries, hits[i].Entry)
		}
	}
	lines, err := a.conversations.LinesOf(ctx, c.AccountID, entries)
	if err != nil {
		return nil, err
	}
	shown := make([]SearchHit, len(hits))
	for i := range hits {
		h := &hits[i]
		shown[i] = SearchHit{Type: string(h.Kind), Snippet: Snippet{Text: h.Snippet.Text, Marks: orEmpty(h.Snippet.Marks)}}
		if h.Kind == store.ContactDocument {
			labels, err := a.contacts.ShownLabels(ctx, c.AccountID, h.Contact.LabelIDs)
			if err != nil {
				return nil, err
			}
			who := toContact(c.view(), &h.Contact, labels)
			shown[i].Contact.Value = &who
			continue
		}
		m := toMessage(c.view(), &lines[0])
		lines = lines[1:]
		shown[i].Message.Value, shown[i].ConversationID = &m, &h.Entry.ConversationID
	}
	return shown, nil
}

// pagesOfText is how many pages of hits are read for a page of conversations:
// other filters may leave few of them.
const pagesOfText = 5

// withText returns the conversations of the view in which q finds something, the
// one with the newest hit first.
func (a *API) withText(ctx context.Context, c *caller, p *PageOf, filter uint32, q search.Query, v conversation.View) ([]core.Thread, *string, error) {
	filter = filterOf("text", q.Text, number64(int64(filter)))
	var err error
	if q.Before, err = beforeOf(p.Cursor, filter); err != nil {
		return nil, nil, err
	}
	q.AllInboxes, q.InboxIDs, q.InboxID, q.ContactID = v.Sight.All, v.Sight.InboxIDs, v.InboxID, v.ContactID
	v.From, v.Order, v.Desc = nil, conversation.ByID, false
	var threads []core.Thread
	for range pagesOfText {
		q.Limit = p.Limit - len(threads)
		found, err := a.searches.Conversations(ctx, c.AccountID, q)
		if err != nil {
			return nil, nil, asQuery(err, "text")
		}
		q.Before = found.Next
		if len(found.IDs) > 0 {
			v.ConversationIDs, v.Limit = found.IDs, len(found.IDs)
			page, err := a.conversations.ListView(ctx, c.AccountID, v)
			if err != nil {
				return nil, nil, err
			}
			slices.SortFunc(page.Threads, func(x, y core.Thread) int {
				return slices.Index(found.IDs, x.Conversation.ID) - slices.Index(found.IDs, y.Conversation.ID)
			})
			threads = append(threads, page.Threads...)
		}
		if found.Next == 0 || len(threads) == p.Limit {
			break
		}
	}
	return threads, beforeCursor(filter, q.Before), nil
}

// contactText is the list of a contact's conversations in which a text is found.
// Customers find messages alone.
func (a *API) contactText(ctx context.Context, c *caller, in *ContactConversations, contact int64, filter uint32, sight conversation.Sight) (reply[ContactConversationList], error) {
	q := search.Query{Text: in.Text}
	if c.Customer != nil {
		q.Kinds = []store.DocumentKind{store.MessageDocument}
	}
	v := conversation.View{Sight: sight, ContactID: contact, InboxID: in.Inbox, LabelID: in.Label, Statuses: statuses(in.Status), With: shownParts}
	if in.Unread {
		v.Unread = &conversation.CursorOf{Side: core.ContactSide}
	}
	threads, next, err := a.withText(ctx, c, &in.PageOf, filter, q, v)
	if err != nil {
		return reply[ContactConversationList]{}, err
	}
	unread, err := a.conversations.Unread(ctx, c.AccountID, conversation.UnreadQuery{ContactID: contact, Sight: sight, Limit: 1})
	if err != nil {
		return reply[ContactConversationList]{}, err
	}
	shown, err := a.shownThreads(ctx, c, threads)
	return reply[ContactConversationList]{body: ContactConversationList{Data: shown, NextCursor: next, UnreadTotal: unread.Total}}, err
}
