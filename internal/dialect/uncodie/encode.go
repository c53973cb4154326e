package uncodie

import (
	"math"

	"parley/internal/core"
	"parley/internal/httpx"
)

// The bodies are written as the source's JSON.stringify writes them, without
// white space and with `<`, `>` and `&` as they are. Only U+2028 and U+2029,
// which it leaves alone, are escaped here: the texts are the same once read.

// appendHead opens the answer of a list, up to its first row.
func appendHead(b []byte) []byte { return append(b, `{"success":true,"data":{"conversations":[`...) }

// appendTail closes the answer of a list behind its last row.
func appendTail(b []byte, p pagination, debug *debugParams) []byte {
	b = append(b, `],"pagination":{"limit":`...)
	b = appendNumber(b, p.Limit)
	b = append(b, `,"offset":`...)
	b = appendNumber(b, p.Offset)
	b = append(b, `,"total":`...)
	b = httpx.AppendInt(b, p.Total)
	b = append(b, `,"page":`...)
	b = appendNumber(b, p.Page)
	b = append(b, `,"pages":`...)
	b = appendNumber(b, p.Pages)
	b = append(b, `}}`...)
	if debug != nil {
		b = append(b, `,"debug":{"query_params":{"leadId":`...)
		b = httpx.AppendStringOrNull(b, debug.LeadID)
		b = append(b, `,"visitorId":`...)
		b = httpx.AppendStringOrNull(b, debug.VisitorID)
		b = append(b, `,"userId":`...)
		b = httpx.AppendStringOrNull(b, debug.UserID)
		b = append(b, `,"siteId":`...)
		b = httpx.AppendStringOrNull(b, debug.SiteID)
		b = append(b, `,"agentId":`...)
		b = httpx.AppendStringOrNull(b, debug.AgentID)
		b = append(b, `}}`...)
	}
	return append(b, '}')
}

// appendRow appends a row without its closing brace, so that messages can
// follow.
func appendRow(b []byte, c *conversationRow) []byte {
	b = append(b, `{"id":`...)
	b = httpx.AppendString(b, c.ID)
	b = append(b, `,"title":`...)
	b = httpx.AppendStringOrNull(b, c.Title)
	b = append(b, `,"created_at":`...)
	b = appendTime(b, c.CreatedAt)
	b = append(b, `,"updated_at":`...)
	b = appendTime(b, c.UpdatedAt)
	b = append(b, `,"lead_id":`...)
	b = httpx.AppendStringOrNull(b, c.LeadID)
	b = append(b, `,"visitor_id":`...)
	b = httpx.AppendStringOrNull(b, c.VisitorID)
	b = append(b, `,"user_id":`...)
	b = httpx.AppendStringOrNull(b, c.UserID)
	b = append(b, `,"agent_id":`...)
	b = httpx.AppendStringOrNull(b, c.AgentID)
	b = append(b, `,"message_count":`...)
	b = httpx.AppendInt(b, c.MessageCount)
	b = append(b, `,"last_message":`...)
	if c.LastMessage == nil {
		b = append(b, `null`...)
	} else {
		b = appendMessage(b, c.LastMessage)
	}
	b = append(b, `,"site_id":`...)
	b = httpx.AppendString(b, c.SiteID)
	b = append(b, `,"status":`...)
	b = httpx.AppendString(b, c.Status)
	b = append(b, `,"channel":`...)
	b = httpx.AppendString(b, c.Channel)
	b = append(b, `,"custom_data":`...)
	b = append(b, c.CustomData.Or("null")...)
	b = append(b, `,"last_message_at":`...)
	b = appendTime(b, c.LastMessageAt)
	b = append(b, `,"is_archived":`...)
	b = httpx.AppendBool(b, c.IsArchived)
	return append(b, `,"flag":0,"delegate_id":null,"command_id":null`...)
}

func appendMessage(b []byte, m *message) []byte {
	b = append(b, `{"content":`...)
	b = httpx.AppendString(b, m.Content)
	b = append(b, `,"role":`...)
	b = httpx.AppendString(b, m.Role)
	b = append(b, `,"created_at":`...)
	b = appendTime(b, m.CreatedAt)
	b = append(b, `,"id":`...)
	b = httpx.AppendString(b, m.ID)
	return append(b, '}')
}

func appendFailure(b []byte, f failure) []byte {
	b = append(b, `{"success":false,"error":{"code":`...)
	b = httpx.AppendString(b, f.Code)
	b = append(b, `,"message":`...)
	b = httpx.AppendString(b, f.Message)
	return append(b, `}}`...)
}

// appendTime prints RFC 3339 in UTC with Z, the unset time as null.
//
// Three digits follow the seconds, as JavaScript's toISOString has them, and six
// where the instant has microseconds. D1 shows none, the source up to six; its
// clients read them all. Digits that are always there keep texts of equal length
// in order of time, and no digit is lost, so that a client which compares two
// times sees what the server compared.
func appendTime(b []byte, t core.Time) []byte {
	if !t.IsSet() {
		return append(b, `null`...)
	}
	layout := `"2006-01-02T15:04:05.000Z"`
	if t%1000 != 0 {
		layout = `"2006-01-02T15:04:05.000000Z"`
	}
	return t.Std().AppendFormat(b, layout)
}

// appendNumber prints a number as JSON.stringify does, what is not finite as
// null.
func appendNumber(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, `null`...)
	}
	return httpx.AppendFloat(b, f)
}
