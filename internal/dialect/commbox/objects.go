package commbox

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
)

// maxPageSize is the highest page size, and the default (OpenAPI 2.07).
const maxPageSize = 100

// listUserObjects serves GET /v2/users/identities/{USER_IDENTITY_ID}/objects:
// the conversations of one identity, with the messages that the customer has
// not read yet. No parameters are published for it; it takes those of its
// first version.
func (d *dialect) listUserObjects(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	identity := p.pathID("USER_IDENTITY_ID")
	limit, offset := p.page()
	q := conversation.Query{
		ConversationID: p.number("objectId", 0, 0), InboxID: p.number("stream", 0, 0), SubInboxID: p.number("subStream", 0, 0),
		States: p.states(), Order: p.order("order", conversation.ByClosing), Desc: p.descending(),
		Limit: limit, Offset: offset,
		With: conversation.WithContact | conversation.WithIdentity | conversation.WithInbox | conversation.WithPrimary,
	}
	if module := p.number("moduleId", 0, 0); module > 0 {
		q.Ext = []conversation.Match{moduleIs(module)}
	}
	o := objectWriter{dialect: d, account: caller.AccountID, childs: p.flag("includeChilds", true), activities: p.flag("includeActivityLog", false), form: formV2}
	if p.err != nil {
		return p.err
	}
	if identity > core.MaxID {
		return core.Absent("identity")
	}
	q.With |= o.parts()
	threads, unread, err := d.conversations.OfIdentity(r.Context(), caller.AccountID, identity, q)
	if err != nil {
		return err
	}
	return o.write(w, r, threads, func(b []byte) []byte {
		return append(number(b, `{"totalUnreadChatMessages":`, unread), ',')
	})
}

// getObject serves GET /streams/{STREAM_ID}/objects/{OBJECT_ID}: one
// conversation, alone in an array. The stream is part of the address: in
// another one there is no such object.
func (d *dialect) getObject(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	stream := d.streamOf(p, caller)
	id := p.pathID("OBJECT_ID")
	o := objectWriter{dialect: d, account: caller.AccountID, childs: p.flag("includeChilds", false), activities: p.flag("includeActivityLog", false), form: formGetObject}
	if p.err != nil {
		return p.err
	}
	if stream == 0 || id > core.MaxID {
		return core.Absent("object")
	}
	with := conversation.WithContact | conversation.WithIdentity | conversation.WithPrimary | o.parts()
	thread, err := d.conversations.Thread(r.Context(), caller.AccountID, id, with)
	if err != nil {
		return err
	}
	if thread.Conversation.InboxID != stream {
		return core.Absent("object")
	}
	return o.write(w, r, []core.Thread{thread}, openBrace)
}

// objectWriter writes objects with what the caller wants of them.
type objectWriter struct {
	dialect *dialect
	account int64
	// childs: all of them, newest first; else the newest alone.
	childs     bool
	activities bool
	form       objectForm
	authors    map[authorKey][]byte
}

// objectForm is what an operation adds to the keys that all objects have.
type objectForm int

const (
	formV2        objectForm = iota // unreadMessages
	formGetObject                   // Get Object's second names
	formStream                      // priorityTime and two counts
)

// authorKey names an author within an answer: an agent, or a contact on one of
// its identities; all 0 is the system.
type authorKey struct{ agent, contact, identity int64 }

// maxAuthors bounds how many authors are remembered.
const maxAuthors = 256

// parts returns what the threads must bring along for the childs.
func (o *objectWriter) parts() conversation.Parts {
	if o.childs {
		return 0
	}
	return conversation.WithLastListed
}

// write streams the answer. open appends the opening bracket and what stands
// before the envelope.
func (o *objectWriter) write(w http.ResponseWriter, r *http.Request, threads []core.Thread, open func([]byte) []byte) error {
	return o.dialect.stream(w, r, open, func(s *httpx.Stream) error {
		if err := s.Append(openBracket); err != nil {
			return err
		}
		childs, activities := o.feeds(r, threads)
		defer childs.stop()
		defer activities.stop()
		for i := range threads {
			if err := o.object(s, &threads[i], i > 0, childs, activities); err != nil {
				return err
			}
		}
		return s.Append(closeBracket)
	})
}

func openBracket(b []byte) []byte { return append(b, '[') }

func closeBracket(b []byte) []byte { return append(b, ']') }

// feeds opens the two walks through the threads, which go side by side: each
// brings one thread's lines after the other's, reading ahead one page.
func (o *objectWriter) feeds(r *http.Request, threads []core.Thread) (childs, activities feed) {
	ctx := r.Context()
	history := func(q conversation.HistoryQuery) feed {
		return newFeed(o.dialect.conversations.History(ctx, o.account, threads, q))
	}
	if o.childs {
		childs = history(conversation.HistoryQuery{Kinds: []core.EntryKind{core.Message}, ListedOnly: true, Desc: true})
	}
	if o.activities {
		activities = history(conversation.HistoryQuery{Kinds: []core.EntryKind{core.Activity, core.Note}, Desc: true})
	}
	return childs, activities
}

// object writes one conversation.
func (o *objectWriter) object(s *httpx.Stream, t *core.Thread, comma bool, childs, activities feed) error {
	wire := toObject(t)
	switch o.form {
	case formV2:
		unread := int64(0)
		if t.Inbox.Channel.IsChat() {
			unread = t.Conversation.ContactUnread()
		}
		wire.UnreadMessages = &unread
	case formGetObject:
		wire.CloseTime = &wire.ClosedTime
	case formStream:
		priority, tags, childs := stamp(t.Conversation.LastActivityAt), int64(len(wire.TagsObjectID)), childCount(t)
		wire.PriorityTime, wire.NumTags, wire.NumChilds = &priority, &tags, &childs
	}
	if err := s.Append(func(b []byte) []byte { return wire.appendHead(separate(b, comma)) }); err != nil {
		return err
	}
	writeChild := func(l *core.Line, comma bool) error {
		c := toChild(l, wire.StreamProviderType)
		if o.form == formGetObject {
			c.ObjectIDAlias = c.ObjectID
		}
		user := o.author(l)
		return s.Append(func(b []byte) []byte { return c.appendJSON(separate(b, comma), user) })
	}
	if o.childs {
		if err := childs.thread(writeChild); err != nil {
			return err
		}
	} else if t.Last != nil {
		if err := writeChild(t.Last, false); err != nil {
			return err
		}
	}
	if err := s.Append(appendActivities); err != nil {
		return err
	}
	err := activities.thread(func(l *core.Line, comma bool) error {
		a := toActivity(l)
		return s.Append(func(b []byte) []byte { return a.appendJSON(separate(b, comma)) })
	})
	if err != nil {
		return err
	}
	return s.Append(wire.appendTail)
}

// author returns who said the line, as JSON. Few people say most lines, and an
// agent's opaque id costs more than all the rest.
func (o *objectWriter) author(l *core.Line) []byte {
	var key authorKey
	switch {
	case l.Agent != nil:
		key.agent = l.Agent.ID
	case l.Contact != nil:
		key.contact = l.Contact.ID
		if l.Identity != nil {
			key.identity = l.Identity.ID
		}
	}
	if known := o.authors[key]; known != nil {
		return known
	}
	a := toAuthor(l, func(agent int64) string { return o.dialect.ids.Agent(o.account, agent) })
	if o.authors == nil || len(o.authors) == maxAuthors {
		o.authors = map[authorKey][]byte{}
	}
	o.authors[key] = a.appendJSON(nil)
	return o.authors[key]
}

func separate(b []byte, comma bool) []byte {
	if comma {
		return append(b, ',')
	}
	return b
}
