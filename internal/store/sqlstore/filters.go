package sqlstore

import (
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// where is a condition under construction: its text and the values it binds.
type where struct {
	text strings.Builder
	args []any
	bare int // how long the text was before the first filter
}

// bind adds a value and returns its placeholder.
func (w *where) bind(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// equal adds a condition on a column when the id is not 0.
func (w *where) equal(column string, id int64) {
	if id != 0 {
		w.text.WriteString(" AND " + column + " = " + w.bind(id))
	}
}

// conditions adds what selects the threads of q, whatever its paging.
func (w *where) conditions(engine Engine, account int64, q *store.ThreadQuery) {
	if usesChannels(q) {
		w.text.WriteString(" JOIN inboxes i ON i.account_id = c.account_id AND i.id = c.inbox_id")
	}
	w.account(account)
	// An identity has few conversations and an inbox many: beside an identity
	// the inbox is hidden.
	inbox := naming(shown)
	if q.IdentityID != 0 || q.ContactID != 0 || len(q.ConversationIDs) > 0 || q.ContactInboxID != 0 || q.OwnerID != 0 || q.BotID != 0 {
		inbox = hidden
	}
	as := naming(shown)
	if few := q.IdentityID + q.ContactID + q.ContactInboxID; few == 0 && (q.ParticipantID != 0 || sharedUnread(q)) {
		inbox, as = hidden, hidden // there are few of these, in indexes of their own
	}
	w.equal(inbox("c.inbox_id"), q.InboxID)
	w.filters(q, as)
	w.channels(q.Channels)
	for _, m := range q.Ext {
		w.ext(engine, m)
	}
}

func (w *where) account(account int64) {
	w.text.WriteString(" WHERE c.account_id = " + w.bind(account))
	w.bare = w.text.Len()
}

// filtered tells whether there is any filter but the account.
func (w *where) filtered() bool { return w.text.Len() > w.bare }

// naming is how a filter names a column.
type naming func(name string) string

// shown lets the column lead to the rows.
func shown(name string) string { return name }

// hidden keeps it from the choice of an index, also of those that only hold rows
// where it is not null.
func hidden(name string) string {
	if name == "c.status" {
		return "(c.status || '')"
	}
	return "COALESCE(" + name + ", 0)"
}

// filters adds the filters that need nothing but the conversation's row, the
// inbox aside.
func (w *where) filters(q *store.ThreadQuery, as naming) {
	w.equal(as("c.id"), q.ConversationID)
	w.anyOf(as("c.id"), q.ConversationIDs)
	w.equal(as("c.display_id"), q.DisplayID)
	w.equal(as("c.identity_id"), q.IdentityID)
	w.equal(as("c.contact_id"), q.ContactID)
	w.equal(as("c.contact_inbox_id"), q.ContactInboxID)
	w.equal(hidden("c.sub_inbox_id"), q.SubInboxID) // the one index that has it gives no order
	w.equal(as("c.owner_id"), q.OwnerID)
	w.equal(as("c.bot_id"), q.BotID)
	w.equal(as("c.team_id"), q.TeamID)
	if q.AssigneeID != 0 {
		agent := w.bind(q.AssigneeID)
		w.text.WriteString(" AND (" + as("c.assignee_id") + " = " + agent + " OR " + as("c.assignee_bot_id") + " = " + agent + ")")
	}
	if q.Unassigned {
		w.text.WriteString(" AND " + hidden("c.assignee_id") + " = 0 AND " + hidden("c.assignee_bot_id") + " = 0")
	}
	w.participant(q)
	w.listed("c.label_ids", q.LabelID)
	w.anyOf(as("c.inbox_id"), q.InboxIDs)
	w.statuses(q.Statuses, as)
	w.states(q.States)
	w.unread(q.Unread)
	if q.Range.By != store.ByID {
		key := orders[q.Range.By][0]
		w.text.WriteString(" AND " + key + " >= " + w.bind(q.Range.From) + " AND " + key + " <= " + w.bind(q.Range.To))
	}
}

// listed adds "the id is in the list" when it is not 0.
func (w *where) listed(column string, id int64) {
	if id != 0 {
		w.text.WriteString(listed(column, w.bind(listedPattern(id))))
	}
}

// participant adds "takes part", with the condition of the index of what is not
// over where that is asked for.
func (w *where) participant(q *store.ThreadQuery) {
	w.listed("c.participant_ids", q.ParticipantID)
	if q.ParticipantID != 0 && len(q.Statuses) > 0 && !slices.Contains(q.Statuses, core.Resolved) {
		w.text.WriteString(" AND c.participant_ids <> '' AND c.status <> 'resolved'")
	}
}

// sharedUnread tells whether q is of what the agents together have not read.
func sharedUnread(q *store.ThreadQuery) bool {
	return q.Unread != nil && *q.Unread == (store.CursorOf{Side: core.AgentSide})
}

// listed is the condition that a column of idList has what the pattern, a
// listedPattern, stands for.
func listed(column, pattern string) string {
	return " AND REPLACE(REPLACE(" + column + ", '[', ','), ']', ',') LIKE " + pattern
}

func listedPattern(id int64) string { return "%," + strconv.FormatInt(id, 10) + ",%" }

// anyOf adds "one of the ids", padded so that there are few texts.
func (w *where) anyOf(column string, ids []int64) {
	if len(ids) == 0 {
		return
	}
	w.text.WriteString(" AND " + column + " IN (")
	for i, id := range padded(ids) {
		if i > 0 {
			w.text.WriteString(", ")
		}
		w.text.WriteString(w.bind(id))
	}
	w.text.WriteString(")")
}

// statuses adds "one of the statuses", which stand in the text as they do in
// the conditions of indexes: there are four.
func (w *where) statuses(statuses []core.Status, as naming) {
	if len(statuses) == 0 {
		return
	}
	or := " AND ("
	for _, s := range statuses {
		w.text.WriteString(or + as("c.status") + " = '" + string(s) + "'")
		or = " OR "
	}
	w.text.WriteString(")")
}

// unread adds "something is unread". The comparisons of the two shared cursors
// are those of the indexes that hold only such rows.
func (w *where) unread(of *store.CursorOf) {
	switch {
	case of == nil:
	case of.Side == core.ContactSide:
		w.text.WriteString(" AND c.agent_seq > c.contact_cursor")
	case of.AgentID == 0:
		w.text.WriteString(" AND c.contact_seq > c.agent_cursor")
	default:
		w.text.WriteString(" AND c.contact_seq > COALESCE((SELECT r.seq FROM read_cursors r WHERE r.account_id = c.account_id" +
			" AND r.conversation_id = c.id AND r.agent_id = " + w.bind(of.AgentID) + "), c.agent_cursor)")
	}
}

// channels adds "an inbox of one of the channels".
func (w *where) channels(channels []core.Channel) {
	if len(channels) == 0 {
		return
	}
	or := " AND ("
	for _, ch := range channels {
		w.text.WriteString(or + "i.channel = " + w.bind(string(ch)))
		or = " OR "
	}
	w.text.WriteString(")")
}

// inboxOf adds "an inbox of one of the channels" without a join, which could
// lead to the rows.
func (w *where) inboxOf(channels []core.Channel) {
	if len(channels) == 0 {
		return
	}
	w.text.WriteString(" AND " + hidden("c.inbox_id") + " IN (SELECT i.id FROM inboxes i WHERE i.account_id = $1") // see account
	w.channels(channels)
	w.text.WriteString(")")
}

// states adds "one of the pairs", padded like ids so that there are few texts.
func (w *where) states(states []store.State) {
	if len(states) == 0 {
		return
	}
	size := len(states)
	for _, s := range idSizes {
		if s >= size {
			size = s
			break
		}
	}
	w.text.WriteString(" AND (")
	for i := range size {
		s := states[min(i, len(states)-1)]
		if i > 0 {
			w.text.WriteString(" OR ")
		}
		w.text.WriteString("(c.status = " + w.bind(string(s.Status)) + " AND c.status_code = " + w.bind(s.Code) + ")")
	}
	w.text.WriteString(")")
}

// indexedExt is the member of ext that has an index, over its first
// indexedRunes characters.
var indexedExt = []string{"commbox", "provider_address"}

const indexedRunes = 255

// firstRunes returns the first n characters of s, as SQL's substr does.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// ext adds the comparison of a member of ext, and what stands in for it where
// it is absent.
func (w *where) ext(engine Engine, m store.ExtMatch) {
	member := engine.JSONText("c.ext", m.Path)
	if slices.Equal(m.Path, indexedExt) {
		w.text.WriteString(" AND substr(" + member + ", 1, " + strconv.Itoa(indexedRunes) + ") = " + w.bind(firstRunes(m.Value, indexedRunes)))
	}
	w.text.WriteString(" AND (" + member + " = " + w.bind(m.Value))
	if len(m.OrStatuses)+len(m.OrChannels) > 0 {
		w.text.WriteString(" OR (" + member + " IS NULL AND (")
		or := ""
		for _, s := range m.OrStatuses {
			w.text.WriteString(or + "c.status = " + w.bind(string(s)))
			or = " OR "
		}
		for _, ch := range m.OrChannels {
			w.text.WriteString(or + "i.channel = " + w.bind(string(ch)))
			or = " OR "
		}
		w.text.WriteString("))")
	}
	w.text.WriteString(")")
}

func usesChannels(q *store.ThreadQuery) bool {
	if len(q.Channels) > 0 {
		return true
	}
	for _, m := range q.Ext {
		if len(m.OrChannels) > 0 {
			return true
		}
	}
	return false
}
