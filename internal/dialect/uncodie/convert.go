package uncodie

import (
	"encoding/json"
	"math"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// defaultStatus returns the text of a core status where none was kept beside
// it. No snoozing is known here: such a thread waits, as a pending one does.
func defaultStatus(s core.Status) string {
	switch s {
	case core.Open:
		return "active"
	case core.Pending, core.Snoozed:
		return "pending"
	case core.Resolved:
		return "closed"
	}
	return "active"
}

// webChannel is how a website is called: the dashboard of the source takes it,
// web and null for the same.
const webChannel = "website_chat"

// defaultChannel returns the text of an inbox's channel where none was kept
// with the conversation.
func defaultChannel(ch core.Channel) string {
	if ch == core.ChannelWeb {
		return webChannel
	}
	return string(ch)
}

// matchStatus selects by what row prints as status.
func matchStatus(text string) conversation.Match {
	m := conversation.Match{Path: []string{extMember, "status"}, Value: text}
	for _, s := range []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved} {
		if defaultStatus(s) == text {
			m.OrStatuses = append(m.OrStatuses, s)
		}
	}
	return m
}

// matchChannel selects by what row prints as channel.
func matchChannel(text string) conversation.Match {
	m := conversation.Match{Path: []string{extMember, "channel"}, Value: text}
	switch {
	case text == webChannel:
		m.OrChannels = []core.Channel{core.ChannelWeb}
	case text != string(core.ChannelWeb):
		m.OrChannels = []core.Channel{core.Channel(text)}
	}
	return m
}

// matchCustomStatus selects by the member status of custom_data.
func matchCustomStatus(text string) conversation.Match {
	return conversation.Match{Path: []string{extMember, "custom_data", "status"}, Value: text}
}

// selection turns the query into what the use case is asked. ok is false when
// the query can match nothing, whatever is stored.
func (q *listQuery) selection() (sel conversation.Selection, ok bool) {
	sel = conversation.Selection{
		Account: q.SiteID, Lead: q.LeadID, Visitor: q.VisitorID, Owner: q.UserID, Bot: q.AgentID,
		Limit: int(min(q.Limit, maxRows)),
	}
	if sel.Lead != "" {
		sel.Visitor = "" // the source asks for the visitor only where no lead is given
	}
	if q.pastAnyEnd() {
		sel.Limit = 0
	} else {
		sel.Offset = int(q.Offset)
	}
	for _, f := range []struct {
		text  string
		match func(string) conversation.Match
	}{{q.Status, matchStatus}, {q.Channel, matchChannel}, {q.CustomDataStatus, matchCustomStatus}} {
		if f.text != "" {
			sel.Match = append(sel.Match, f.match(f.text))
		}
	}
	return sel, storable(q.Status) && storable(q.Channel) && storable(q.CustomDataStatus)
}

// pastAnyEnd tells whether no list is long enough for the offset, one that is
// no number included: the source answers it with an empty page.
func (q *listQuery) pastAnyEnd() bool { return !(q.Offset <= core.MaxID) }

// pagination describes the page. Division by a limit of 0 leaves nothing finite,
// which is sent as null.
func (q *listQuery) pagination(total int64) pagination {
	return pagination{
		Limit: q.Limit, Offset: q.Offset, Total: total,
		Page:  math.Floor(q.Offset/q.Limit) + 1,
		Pages: math.Ceil(float64(total) / q.Limit),
	}
}

// debugParams returns what debug prints, nil when nothing was asked.
func (q *listQuery) debugParams() *debugParams {
	if !q.Debug {
		return nil
	}
	return &debugParams{LeadID: q.LeadID, VisitorID: q.VisitorID, UserID: q.UserID, SiteID: q.SiteID, AgentID: q.AgentID}
}

// row converts a thread. It reads the parts that conversation.Selected has.
func row(a *core.Account, t *core.Thread) conversationRow {
	c := &t.Conversation
	ext := readExt(c.Ext)
	out := conversationRow{
		ID: c.UUID, Title: c.Subject, CreatedAt: c.CreatedAt, UpdatedAt: c.LastMessageAt,
		UserID: t.OwnerUUID, AgentID: t.BotUUID, MessageCount: c.MessageCount,
		SiteID: a.UUID, Status: ext.textOr("status", defaultStatus(c.Status)),
		Channel:    ext.textOr("channel", defaultChannel(t.Inbox.Channel)),
		CustomData: ext.raw("custom_data"), IsArchived: c.ArchivedAt.IsSet(),
	}
	if t.Contact.Known() {
		out.LeadID = t.Contact.UUID
	}
	if conversation.IsVisitor(t.Identity, t.Inbox.Channel) {
		out.VisitorID = t.Identity.UUID
	}
	if t.Last != nil {
		last := toMessage(t.Last)
		out.LastMessage, out.LastMessageAt = &last, c.LastMessageAt
	}
	return out
}

// toMessage converts a public message.
func toMessage(l *core.Line) message {
	e := &l.Entry
	return message{Content: e.Text(), Role: role(l), CreatedAt: e.CreatedAt, ID: e.UUID}
}

// role returns the role that an import gave, else one by the author. A bot is
// the assistant in all it says, be it a template; what a rule or a template says
// in the name of nobody or of a person is a notice of the system.
func role(l *core.Line) string {
	e := &l.Entry
	if given := readExt(e.Ext).textOr("role", ""); given != "" {
		return given
	}
	switch e.Sender.Type {
	case core.ActorContact:
		return roleUser
	case core.ActorSystem:
		return roleSystem
	case core.ActorAgent:
	}
	if e.Origin == core.OriginBot || (l.Agent != nil && l.Agent.Type == core.Bot) {
		return roleAssistant
	}
	switch e.Origin {
	case core.OriginAutomation, core.OriginTemplate:
		return roleSystem
	case core.OriginPerson, core.OriginBot, core.OriginCampaign, core.OriginChannel:
	}
	return roleTeamMember
}

// extMember is the dialect's own member of ext, where what only it knows is
// kept.
const extMember = "uncodie"

// ext holds the members of ext.uncodie, each as its own text.
type ext map[string]json.RawMessage

// readExt returns the dialect's members of a conversation's or message's ext,
// none when it has none.
func readExt(text core.JSON) ext {
	if text == "" || text == "{}" {
		return nil
	}
	// Maps, not structs: encoding/json finds the fields of a struct in any case.
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &all) != nil {
		return nil
	}
	var own ext
	if json.Unmarshal(all[extMember], &own) != nil {
		return nil
	}
	return own
}

// raw returns a member as it stands, "" when it is absent or null.
func (e ext) raw(name string) core.JSON {
	if text := core.JSON(e[name]); text != "null" {
		return text
	}
	return ""
}

// textOr returns a string member's text, another one as it stands, def when it
// is absent or null: as the store's filters compare it.
func (e ext) textOr(name, def string) string {
	raw := e.raw(name)
	if raw == "" {
		return def
	}
	var s string
	if json.Unmarshal([]byte(raw), &s) == nil {
		return s
	}
	return string(raw)
}
