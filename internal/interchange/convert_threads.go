package interchange

import (
	"cmp"
	"encoding/json"
	"strings"

	"parley/internal/core"
)

// conversation returns what the record says of a conversation that has no
// entries yet. Where it names messages (the primary one, the read ones) they
// are left out: they come later.
func (r *conversationRecord) conversation(now core.Time, labelIDs []int64) core.Conversation {
	c := core.Conversation{
		ID:                   r.ID,
		UUID:                 r.UUID,
		DisplayID:            r.DisplayID,
		InboxID:              r.InboxID,
		SubInboxID:           r.SubInboxID,
		IdentityID:           r.IdentityID,
		ContactInboxID:       r.ContactInboxID,
		Status:               core.Status(r.Status),
		StatusCode:           r.StatusCode,
		ArchivedAt:           r.ArchivedAt.at,
		Priority:             r.Priority,
		Subject:              r.Subject,
		ExternalID:           r.ExternalID,
		LabelIDs:             labelIDs,
		AssigneeID:           r.AssigneeID,
		LastAssigneeID:       r.LastAssigneeID,
		AssigneeBotID:        r.AssigneeBotID,
		OwnerID:              r.OwnerID,
		BotID:                r.BotID,
		TeamID:               r.TeamID,
		ParticipantIDs:       r.ParticipantIDs,
		CustomAttributes:     r.CustomAttributes,
		AdditionalAttributes: r.AdditionalAttributes,
		Ext:                  r.Ext,
		SnoozedUntil:         r.SnoozedUntil.at,
		ContactLastSeenAt:    r.ContactLastSeenAt.at,
		AgentLastSeenAt:      r.AgentLastSeenAt.at,
		CreatedAt:            r.CreatedAt.or(now),
	}
	if r.OpenedBy == "agent" {
		c.OpenedBy = core.AgentSide
	}
	c.Begin()
	if c.Status == core.Resolved {
		c.ClosedAt = c.CreatedAt
	}
	for i := range stamps {
		if at, given := stamps[i].given(r); given {
			*stamps[i].in(&c) = at
		}
	}
	return c
}

// derivedStamp is a time that follows from a conversation's entries unless the
// file gives it.
type derivedStamp struct {
	of func(*conversationRecord) instant
	in func(*core.Conversation) *core.Time
	// always: every conversation has one, so that it cannot be given as unset.
	always bool
}

// given returns the time that the file gives, unset included.
func (s *derivedStamp) given(r *conversationRecord) (core.Time, bool) {
	i := s.of(r)
	return i.at, i.given && (i.at != 0 || !s.always)
}

var stamps = [...]derivedStamp{
	{func(r *conversationRecord) instant { return r.FirstResponseAt }, func(c *core.Conversation) *core.Time { return &c.FirstResponseAt }, false},
	{func(r *conversationRecord) instant { return r.LastResponseAt }, func(c *core.Conversation) *core.Time { return &c.LastResponseAt }, false},
	{func(r *conversationRecord) instant { return r.ClosedAt }, func(c *core.Conversation) *core.Time { return &c.ClosedAt }, false},
	{func(r *conversationRecord) instant { return r.WaitingSince }, func(c *core.Conversation) *core.Time { return &c.WaitingSince }, false},
	{func(r *conversationRecord) instant { return r.CustomerUpdatedAt }, func(c *core.Conversation) *core.Time { return &c.CustomerUpdatedAt }, true},
	{func(r *conversationRecord) instant { return r.UpdatedAt }, func(c *core.Conversation) *core.Time { return &c.UpdatedAt }, true},
}

// Where some stand in stamps.
const (
	lastResponseStamp = 1
	closedStamp       = 2
)

func conversationOf(c *core.Conversation, labels []labelRef) *conversationRecord {
	r := &conversationRecord{
		ID:                   c.ID,
		UUID:                 c.UUID,
		DisplayID:            c.DisplayID,
		InboxID:              c.InboxID,
		SubInboxID:           c.SubInboxID,
		IdentityID:           c.IdentityID,
		ContactInboxID:       c.ContactInboxID,
		Status:               string(c.Status),
		StatusCode:           c.StatusCode,
		ArchivedAt:           stamp(c.ArchivedAt),
		Priority:             c.Priority,
		Subject:              c.Subject,
		OpenedBy:             "contact",
		ExternalID:           c.ExternalID,
		Labels:               labels,
		AssigneeID:           c.AssigneeID,
		LastAssigneeID:       c.LastAssigneeID,
		AssigneeBotID:        c.AssigneeBotID,
		OwnerID:              c.OwnerID,
		BotID:                c.BotID,
		TeamID:               c.TeamID,
		ParticipantIDs:       c.ParticipantIDs,
		CustomAttributes:     c.CustomAttributes,
		AdditionalAttributes: c.AdditionalAttributes,
		Ext:                  c.Ext,
		PrimaryMessageID:     &c.PrimaryMessageID,
		ContactLastSeenAt:    stamp(c.ContactLastSeenAt),
		AgentLastSeenAt:      stamp(c.AgentLastSeenAt),
		ContactReadMessageID: &c.ContactReadID,
		AgentReadMessageID:   &c.AgentReadID,
		SnoozedUntil:         stamp(c.SnoozedUntil),
		// An unset stamp is written, as "", where an import would derive one.
		FirstResponseAt:   instant{c.FirstResponseAt, c.FirstResponseAt != 0 || c.AgentSeq > 0},
		LastResponseAt:    instant{c.LastResponseAt, c.LastResponseAt != 0 || c.AgentSeq > 0},
		ClosedAt:          instant{c.ClosedAt, c.ClosedAt != 0 || c.Status == core.Resolved},
		WaitingSince:      instant{c.WaitingSince, c.WaitingSince != 0 || c.ContactSeq > 0},
		CreatedAt:         fixed(c.CreatedAt),
		CustomerUpdatedAt: fixed(c.CustomerUpdatedAt),
		UpdatedAt:         fixed(c.UpdatedAt),
	}
	if c.OpenedBy == core.AgentSide {
		r.OpenedBy = "agent"
	}
	return r
}

func (p *party) actor() core.Actor {
	if !p.given {
		return core.Actor{Type: core.ActorSystem}
	}
	return core.Actor{Type: core.ActorType(p.Type), ID: p.ID, IdentityID: p.IdentityID}
}

func partyOf(a core.Actor) party {
	return party{Type: string(a.Type), ID: a.ID, IdentityID: a.IdentityID, given: true}
}

// entry returns the message or note without its place in the conversation.
// origin is the one that the sender implies.
func (r *messageRecord) entry(now core.Time, origin core.Origin) core.Entry {
	created := r.CreatedAt.or(now)
	e := core.Entry{
		ID:                r.ID,
		UUID:              r.UUID,
		Kind:              core.Message,
		Sender:            r.Sender.actor(),
		Origin:            core.Origin(cmp.Or(r.Origin, string(origin))),
		Listed:            r.Listed == nil || *r.Listed,
		Counts:            countsByDefault(r.Ext),
		Content:           r.Content,
		ContentType:       r.ContentType,
		ContentAttributes: r.ContentAttributes,
		Ext:               r.Ext,
		ExternalID:        r.ExternalID,
		DeliveryStatus:    r.Status,
		DeletedAt:         r.DeletedAt.at,
		CreatedAt:         created,
		UpdatedAt:         r.UpdatedAt.or(created),
	}
	if r.Visibility == "note" {
		e.Kind = core.Note
	}
	if r.Counts != nil {
		e.Counts = *r.Counts
	}
	return e
}

func messageOf(e *core.Entry) *messageRecord {
	r := &messageRecord{
		ID:                e.ID,
		UUID:              e.UUID,
		ConversationID:    e.ConversationID,
		Sender:            partyOf(e.Sender),
		Origin:            string(e.Origin),
		Position:          e.Position,
		Content:           e.Content,
		ContentType:       e.ContentType,
		ContentAttributes: e.ContentAttributes,
		Ext:               e.Ext,
		ExternalID:        e.ExternalID,
		Status:            e.DeliveryStatus,
		DeletedAt:         stamp(e.DeletedAt),
		CreatedAt:         fixed(e.CreatedAt),
		UpdatedAt:         fixed(e.UpdatedAt),
	}
	if e.Kind == core.Note {
		r.Visibility = "note"
	}
	if !e.Listed {
		r.Listed = &e.Listed
	}
	if e.Counts != countsByDefault(e.Ext) {
		r.Counts = &e.Counts
	}
	return r
}

// countsByDefault tells whether a message counts when the file does not say.
// CommBox marks the greeting that its client renders by itself, and stores
// later, as a system message (type 11) with a flag: nobody has yet to read it.
func countsByDefault(ext core.JSON) bool {
	const systemMessage = 11
	if !strings.Contains(string(ext), `"messageAlreadyRenderedFromClient"`) {
		return true // the usual case, without reading the JSON
	}
	var parts struct {
		CommBox struct {
			Type    json.Number `json:"type"`
			Content struct {
				Rendered bool `json:"messageAlreadyRenderedFromClient"`
			} `json:"content"`
		} `json:"commbox"`
	}
	if err := json.Unmarshal([]byte(ext), &parts); err != nil {
		return true // of another shape
	}
	n, err := parts.CommBox.Type.Int64()
	return err != nil || n != systemMessage || !parts.CommBox.Content.Rendered
}

// entry returns the activity without its place in the conversation.
func (r *activityRecord) entry(now core.Time) core.Entry {
	created := r.CreatedAt.or(now)
	return core.Entry{
		ID:        r.ID,
		UUID:      r.UUID,
		Kind:      core.Activity,
		Sender:    r.Actor.actor(),
		Content:   r.Text,
		Ext:       r.Ext,
		Code:      r.Code,
		Params:    r.Params,
		DeletedAt: r.DeletedAt.at,
		CreatedAt: created,
		UpdatedAt: r.UpdatedAt.or(created),
	}
}

func activityOf(e *core.Entry) *activityRecord {
	return &activityRecord{
		ID:             e.ID,
		UUID:           e.UUID,
		ConversationID: e.ConversationID,
		Code:           e.Code,
		Params:         e.Params,
		Actor:          partyOf(e.Sender),
		Text:           e.Content,
		Ext:            e.Ext,
		Position:       e.Position,
		DeletedAt:      stamp(e.DeletedAt),
		CreatedAt:      fixed(e.CreatedAt),
		UpdatedAt:      fixed(e.UpdatedAt),
	}
}

// entryOf returns the record of any entry.
func entryOf(e *core.Entry) record {
	if e.Kind == core.Activity {
		return activityOf(e)
	}
	return messageOf(e)
}

func (r *attachmentRecord) attachment(now core.Time) core.Attachment {
	a := core.Attachment{
		ID:              r.ID,
		MessageID:       r.MessageID,
		FileType:        "file",
		Name:            r.Name,
		URL:             r.URL,
		Path:            r.Path,
		MIME:            r.MIME,
		SizeBytes:       r.SizeBytes,
		Width:           r.Width,
		Height:          r.Height,
		ThumbnailURL:    r.ThumbnailURL,
		Latitude:        r.Latitude,
		Longitude:       r.Longitude,
		FallbackTitle:   r.FallbackTitle,
		TranscribedText: r.TranscribedText,
		Meta:            r.Meta,
		CreatedAt:       r.CreatedAt.or(now),
	}
	if r.FileType != nil {
		a.FileType = *r.FileType
	}
	return a
}

func attachmentOf(a *core.Attachment) *attachmentRecord {
	return &attachmentRecord{
		ID:              a.ID,
		MessageID:       a.MessageID,
		FileType:        &a.FileType,
		Name:            a.Name,
		URL:             a.URL,
		Path:            a.Path,
		MIME:            a.MIME,
		SizeBytes:       a.SizeBytes,
		Width:           a.Width,
		Height:          a.Height,
		ThumbnailURL:    a.ThumbnailURL,
		Latitude:        a.Latitude,
		Longitude:       a.Longitude,
		FallbackTitle:   a.FallbackTitle,
		TranscribedText: a.TranscribedText,
		Meta:            a.Meta,
		CreatedAt:       fixed(a.CreatedAt),
	}
}
