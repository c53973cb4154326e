package uncodie

import "parley/internal/core"

// contentType of every JSON answer, without a charset (source).
const contentType = "application/json"

// conversationRow is one element of data.conversations. Members are sent in
// this order: those of D1 in D1's order, then the columns that only the source
// sends, then messages where they were asked for.
//
// A zero text, time or JSON below is sent as null where the comment says so; no
// member but messages is ever left out.
type conversationRow struct {
	ID           string    // uuid, in the form that it is kept in
	Title        string    // null until somebody sets a subject
	CreatedAt    core.Time // see appendTime
	UpdatedAt    core.Time // moves with every public message and with nothing else (source: a trigger)
	LeadID       string    // null unless the contact has contact data
	VisitorID    string    // null unless anonymous or of a website; both may be set
	UserID       string    // the owner; null without
	AgentID      string    // the serving bot; null without
	MessageCount int64     // public messages, whatever their role, deleted ones included
	LastMessage  *message  // null without messages

	SiteID        string    // the account
	Status        string    // free text
	Channel       string    // free text
	CustomData    core.JSON // as it was stored, byte for byte; null without
	LastMessageAt core.Time // null without messages
	IsArchived    bool
	// flag is 0, delegate_id and command_id are null: nothing here sets them.
}

// message is last_message and an element of messages. D1 shows the first three
// members, the source adds id.
type message struct {
	Content   string // "" once deleted
	Role      string
	CreatedAt core.Time
	ID        string
}

// Roles that are written; others come with imports and are sent as they came.
const (
	roleUser       = "user"        // the customer, known or not
	roleAssistant  = "assistant"   // a bot
	roleTeamMember = "team_member" // a person
	roleSystem     = "system"      // notices
)

// pagination joins the members of D1 (limit, offset, total) and of the source
// (total, page, limit, pages), so that clients of both find theirs.
//
// The numbers are JavaScript's, as the limit and offset that are echoed: beyond
// 2^53 they are rounded, and what is not finite is sent as null.
type pagination struct {
	Limit  float64 // in force, however many rows came
	Offset float64
	Total  int64
	Page   float64 // floor(offset / limit) + 1; null for limit 0
	Pages  float64 // ceil(total / limit); null for limit 0
}

// debugParams is debug.query_params, sent for debug=true: the ids as they were
// read, "" as null (source).
type debugParams struct {
	LeadID, VisitorID, UserID, SiteID, AgentID string
}

// failure is the error envelope's content.
type failure struct {
	Code    string
	Message string
}
