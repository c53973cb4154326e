package commbox

import (
	"net/http"
	"slices"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
)

// Descriptions of Set Stream's answers (OpenAPI 2.07).
const (
	unchangedStream = "Stream and sub-stream values unchanged"
	invalidStream   = "Invalid parameters"
	missingStream   = "Invalid parameters - missing mandatory field - streamId"
	unknownObject   = "Object not found"
	failed          = "Operation failed"
)

// transfers says to which channels the conversations of one may be moved
// besides their own (OpenAPI 2.07, and for WhatsApp the help pages): a channel
// and the name that CommBox has for it.
var transfers = []struct {
	from core.Channel
	name string
	to   []core.Channel
}{
	{core.ChannelSMS, "SMS", []core.Channel{core.ChannelEmail, core.ChannelWeb}},
	{core.ChannelEmail, "MAILBOX_CONNECTOR", []core.Channel{core.ChannelSMS, core.ChannelWeb}},
	{core.ChannelWeb, "CHAT", []core.Channel{core.ChannelSMS, core.ChannelEmail}},
	{core.ChannelWhatsApp, "WHATSAPP", []core.Channel{core.ChannelSMS, core.ChannelEmail, core.ChannelWeb}},
}

// setStream serves PATCH /objects/{OBJECT_ID}/stream. What it refuses it
// answers with 400 and a body of its own, also an object that does not exist.
func (d *dialect) setStream(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id := p.pathID("OBJECT_ID")
	if p.err != nil {
		return p.err
	}
	var body newStream
	switch err := readBody(r, &body); {
	case err != nil && core.KindOf(err) == core.Invalid, body.StreamID.N < 0, body.SubStreamID.N < 0:
		return d.refuseStream(w, r, invalidStream, nil)
	case err != nil:
		return err
	case body.StreamID.N == 0:
		return d.refuseStream(w, r, missingStream, nil)
	case id > core.MaxID:
		return d.refuseStream(w, r, unknownObject, nil)
	}
	thread, err := d.conversations.Thread(r.Context(), caller.AccountID, id, conversation.WithInbox|conversation.WithContact|conversation.WithIdentity)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			return d.refuseStream(w, r, unknownObject, nil)
		}
		return err
	}
	to, problem, err := d.target(r, caller, &thread, body)
	if err != nil {
		return err
	}
	if problem != nil {
		return d.refuseStream(w, r, failed, problem)
	}
	if thread.Conversation.InboxID == to.InboxID && thread.Conversation.SubInboxID == to.SubInboxID {
		return d.answer(w, r, unchangedStream, "")
	}
	c, err := d.changes.Change(r.Context(), caller.AccountID, id, actor(caller), conversation.Changes{Place: &to})
	if err != nil {
		return err
	}
	return d.answer(w, r, success, transferred{
		StreamID: c.InboxID, SubStreamID: c.SubInboxID,
		// The documents' colon before the milliseconds is no RFC 3339.
		UpdatedTime: c.CustomerUpdatedAt.Std().Format("2006-01-02T15:04:05.000Z"),
	})
}

// problem is one error of Set Stream. Message is a JSON value.
type problem struct {
	code    string
	message []byte
}

func said(code, message string) *problem {
	return &problem{code, httpx.AppendString(nil, message)}
}

// target says where the object is to go, or why it must not.
func (d *dialect) target(r *http.Request, caller auth.Principal, t *core.Thread, body newStream) (conversation.PlaceID, *problem, error) {
	to := conversation.PlaceID{InboxID: body.StreamID.N, SubInboxID: body.SubStreamID.N}
	if to.InboxID > core.MaxID {
		return to, said("INVALID_STREAM", "The specified stream ID does not exist"), nil
	}
	inbox, err := d.inboxes.Inbox(r.Context(), caller.AccountID, to.InboxID)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			return to, said("INVALID_STREAM", "The specified stream ID does not exist"), nil
		}
		return to, nil, err
	}
	if to.SubInboxID != 0 {
		if _, err := d.inboxes.Part(r.Context(), caller.AccountID, to.InboxID, min(to.SubInboxID, core.MaxID)); err != nil {
			if core.KindOf(err) == core.NotFound {
				return to, said("INVALID_SUBSTREAM", "The specified subStreamId does not belong to the provided streamId"), nil
			}
			return to, nil, err
		}
	}
	from, channel := t.Inbox.Channel, inbox.Channel
	if from == channel {
		return to, nil, nil
	}
	if !mayTransfer(from, channel) {
		return to, forbidden(channel), nil
	}
	switch {
	case channel == core.ChannelEmail && t.Contact.Email == "" && t.Identity.ProviderType != core.MailProvider:
		return to, said("MISSING_EMAIL_ADDRESS", "Email address is required for EMAIL channel"), nil
	case channel == core.ChannelSMS && t.Contact.Phone == "" && t.Identity.ProviderType != telephone:
		return to, said("MISSING_PHONE_NUMBER", "Phone number is required for SMS channel"), nil
	}
	return to, nil, nil
}

// telephone is the provider type of phone numbers.
const telephone = 5

func mayTransfer(from, to core.Channel) bool {
	for _, t := range transfers {
		if t.from == from {
			return slices.Contains(t.to, to)
		}
	}
	return false
}

// forbidden is the error of a pair of channels that is not allowed. WhatsApp is
// blocked as a target whatever the source.
func forbidden(to core.Channel) *problem {
	if to == core.ChannelWhatsApp {
		return said("INVALID_STREAM_TRANSFER", "Transfers to 'WHATSAPP' are blocked")
	}
	names := map[core.Channel]string{}
	for _, t := range transfers {
		names[t.from] = t.name
	}
	b := text([]byte{'{'}, `"content":`, "Objects can only be transferred between allowed channel types. Allowed transfer")
	b = append(b, `,"allowed_transfers":{`...)
	for i, t := range transfers {
		if i > 0 {
			b = append(b, ',')
		}
		list := make([]string, len(t.to))
		for k, ch := range t.to {
			list[k] = names[ch]
		}
		b = text(b, `"`+t.name+`":`, "["+strings.Join(list, ",")+"]")
	}
	return &problem{"INVALID_STREAM_TYPE_TRANSFER", append(b, '}', '}')}
}

// refuseStream answers 400 with the description and the error; without one data
// is "".
func (d *dialect) refuseStream(w http.ResponseWriter, r *http.Request, description string, p *problem) error {
	b := text([]byte(`{"status":400`), `,"description":`, description)
	b = append(d.appendResponseTime(append(b, ','), r), `,"data":`...)
	if p == nil {
		b = append(b, `""}`...)
	} else {
		b = text(b, `{"errors":[{"code":`, p.code)
		b = append(append(append(b, `,"message":`...), p.message...), `}]}}`...)
	}
	return d.send(w, http.StatusBadRequest, b)
}
