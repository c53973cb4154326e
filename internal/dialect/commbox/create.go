package commbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
)

// created is the description of answers that made something (OpenAPI 2.07).
const created = "OK"

// The longest texts of a user (OpenAPI 2.07, tables of user fields), in
// characters.
const (
	maxUniqueID = 50
	maxPhone    = 20
	maxEmail    = 255
	maxName     = 100
)

// check refuses what is too long.
func (u *newUser) check() error {
	for _, f := range []struct {
		name string
		text wireText
		most int
	}{
		{"UniqueId", u.UniqueID, maxUniqueID},
		{"FirstName", u.FirstName, maxName},
		{"LastName", u.LastName, maxName},
		{"Phone1", u.Phone1, maxPhone},
		{"Phone2", u.Phone2, maxPhone},
		{"Email", u.Email, maxEmail},
	} {
		if len([]rune(f.text.S)) > f.most {
			return core.Refuse(f.name, fmt.Sprintf("has at most %d characters", f.most))
		}
	}
	return nil
}

// profile is what the body tells of a customer.
func (u *newUser) profile() contact.Profile {
	p := contact.Profile{
		Identifier: u.UniqueID.S, FirstName: u.FirstName.S, LastName: u.LastName.S, Phone: u.Phone1.S, Phone2: u.Phone2.S,
		Email: u.Email.S, Remarks: u.Remarks.S,
	}
	if u.Content != "" {
		p.Ext = withContent("", core.JSON(u.Content))
	}
	return p
}

// createObject serves POST /streams/{STREAM_ID}/objects: it starts a
// conversation with a known or a new customer. With a ManagerId the message is
// that agent's, without one the customer's. The text is the object's message;
// createChildObject also makes it the first child.
//
// sendToClient, which has an SMS sent without storing it, is ignored: nothing
// is lost that way.
//
// Files hang on the message, which then is the first child in any case, since
// childs alone show files.
func (d *dialect) createObject(w http.ResponseWriter, r *http.Request, caller auth.Principal) (err error) {
	p := readParams(r)
	stream := d.streamOf(p, caller)
	var body newObject
	if p.err != nil {
		return p.err
	}
	files, err := d.readFiles(w, r, caller, &body)
	ctx := r.Context()
	defer func() { files.Release(ctx, err) }()
	if err != nil {
		return err
	}
	if stream == 0 {
		return core.Absent("stream")
	}
	inbox, err := d.inboxes.Inbox(r.Context(), caller.AccountID, stream)
	if err != nil {
		return err
	}
	in, err := body.start(inbox.Channel, files.Attachments())
	if err != nil {
		return err
	}
	in.Place = conversation.PlaceID{InboxID: stream, SubInboxID: body.SubStreamID.N}
	if in.OpenedBy, err = d.author(r, caller, body.ManagerID); err != nil {
		return err
	}
	in.Repeat = repeatOf(r, caller, "commbox create object", stream, body, files.Sums())
	made, err := d.changes.Start(r.Context(), caller.AccountID, in)
	if err != nil {
		return err
	}
	// Documents have id, and public clients read Id.
	return d.answer(w, r, created, struct {
		ID    int64 `json:"id"`
		AltID int64 `json:"Id"`
	}{made.Conversation.ID, made.Conversation.ID})
}

// start is the conversation that the body asks for, in an inbox of the channel,
// with files of its first message.
func (b *newObject) start(channel core.Channel, files []core.Attachment) (conversation.NewConversation, error) {
	in := conversation.NewConversation{}
	if b.Message.S == "" && len(files) == 0 {
		return in, core.Refuse("Message", "is missing")
	}
	if err := b.User.check(); err != nil {
		return in, err
	}
	if b.StatusID.Set && b.StatusID.N != 0 {
		status, err := newStatus(b.StatusID.N)
		if err != nil {
			return in, err
		}
		in.Status, in.Code = status.Status, status.Code
	}
	for _, n := range []wireInt{b.Type, b.StreamProviderType, b.UserStreamProviderType, b.SubStreamID, b.UserIdentity} {
		if n.N < 0 || n.N > core.MaxID {
			return in, core.Refuse("body", "a number is out of range")
		}
	}
	in.With = contact.Claim{IdentityID: b.UserIdentity.N, Profile: b.User.profile()}
	if b.UserIdentity.N == 0 {
		switch {
		case b.UserStreamProviderID.S != "" && b.UserStreamProviderType.Set:
			in.With.ProviderType, in.With.Address = b.UserStreamProviderType.N, b.UserStreamProviderID.S
		case b.UserStreamProviderType.Set && b.UserStreamProviderType.N == core.AnonymousProvider:
			// a visitor whom nobody knows
		default:
			return in, core.Refuse("UserStreamProviderId", "the customer is not named")
		}
	}
	ext := core.JSON("").With("type", decimal(b.Type.N)).With("module_id", decimal(moduleOf(channel).id))
	if b.StreamProviderID.S != "" {
		ext = ext.With("provider_address", core.Quote(b.StreamProviderID.S))
	}
	if b.StreamProviderType.Set {
		ext = ext.With("provider_type", decimal(b.StreamProviderType.N))
	}
	if b.Content != "" {
		ext = ext.With("content", core.JSON(b.Content))
	}
	in.Ext = core.JSON("").With("commbox", ext)
	in.First = &conversation.NewEntry{Content: b.Message.S, Files: files, Unlisted: !b.CreateChildObject.V && len(files) == 0}
	return in, nil
}

// createChild serves POST /streams/{STREAM_ID}/objects/{OBJECT_ID}/child and
// its form with the address that the conversation has at its provider: a
// message of the customer or, with IsManager, of an agent; with files, it needs
// no text.
func (d *dialect) createChild(w http.ResponseWriter, r *http.Request, caller auth.Principal) (err error) {
	p := readParams(r)
	find := d.objectIn(p, caller)
	if p.err != nil {
		return p.err
	}
	var body newChild
	files, err := d.readFiles(w, r, caller, &body)
	ctx := r.Context()
	defer func() { files.Release(ctx, err) }()
	if err != nil {
		return err
	}
	thread, err := find(r)
	if err != nil {
		return err
	}
	in, err := body.entry(&thread, files.Attachments())
	if err != nil {
		return err
	}
	switch {
	case body.IsManager.V:
		// The members are called otherwise, and mean the agent.
		who := body.UserIdentity
		if !who.Set {
			who = body.ManagerID
		}
		if in.Sender, err = d.author(r, caller, who); err != nil {
			return err
		}
		if in.Sender.Type == core.ActorContact {
			if in.Sender = actor(caller); in.Sender.Type != core.ActorAgent {
				return core.Refuse("UserIdentity", "the agent is not named")
			}
		}
	default:
		if in.Sender, err = d.customer(r, caller, &thread, &body); err != nil {
			return err
		}
	}
	in.Repeat = repeatOf(r, caller, "commbox create child", thread.Conversation.ID, body, files.Sums())
	made, err := d.changes.Append(r.Context(), caller.AccountID, in)
	if err != nil {
		return err
	}
	return d.answer(w, r, created, struct {
		ID int64 `json:"id"`
	}{made.ID})
}

// entry is the message that the body asks for, with files, without its sender.
func (b *newChild) entry(t *core.Thread, files []core.Attachment) (conversation.NewEntry, error) {
	if b.Message.S == "" && b.Content == "" && len(files) == 0 {
		return conversation.NewEntry{}, core.Refuse("Message", "is missing")
	}
	if b.Type.N < 0 || b.Type.N > core.MaxID {
		return conversation.NewEntry{}, core.Refuse("Type", "is out of range")
	}
	in := conversation.NewEntry{ConversationID: t.Conversation.ID, Kind: core.Message, Content: b.Message.S, Files: files}
	var ext core.JSON
	if b.Type.Set || len(files) == 0 { // else the first file tells the type
		ext = ext.With("type", decimal(b.Type.N))
	}
	if b.Content != "" {
		ext = ext.With("content", core.JSON(b.Content))
	}
	if ext != "" {
		in.Ext = core.JSON("").With("commbox", ext)
	}
	// A greeting that the client had rendered was seen: nobody owes it a look.
	in.Uncounted = b.Type.N == typeSystemMessage && core.JSON(b.Content).Member("messageAlreadyRenderedFromClient") == "true"
	return in, nil
}

// typeSystemMessage is the type of a child that the system wrote.
const typeSystemMessage = 11

// customer is who says a child that is no agent's: the identity at the address,
// where it is one of the conversation's contact, else the conversation's own.
func (d *dialect) customer(r *http.Request, caller auth.Principal, t *core.Thread, b *newChild) (core.Actor, error) {
	who := core.Actor{Type: core.ActorContact, ID: t.Conversation.ContactID}
	if b.UserStreamProviderID.S == "" || !b.UserStreamProviderType.Set {
		return who, nil
	}
	found, err := d.people.PersonAt(r.Context(), caller.AccountID, b.UserStreamProviderType.N, b.UserStreamProviderID.S)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			err = nil // clients send any text
		}
		return who, err
	}
	if found.Contact == nil || found.Contact.ID != t.Conversation.ContactID {
		return who, nil
	}
	for i := range found.Identities {
		if found.Identities[i].ProviderType == b.UserStreamProviderType.N && found.Identities[i].Address == b.UserStreamProviderID.S &&
			found.Identities[i].ID != t.Conversation.IdentityID {
			who.IdentityID = found.Identities[i].ID
		}
	}
	return who, nil
}

// streamOf reads the path's stream.
func (d *dialect) streamOf(p *params, caller auth.Principal) int64 {
	return p.stream("STREAM_ID", func(text string) (int64, bool) { return d.ids.FindStream(caller.AccountID, text) })
}

// objectIn reads from the path which object of which stream is meant, by its
// id or by its address and type, and returns how to find it.
func (d *dialect) objectIn(p *params, caller auth.Principal) func(r *http.Request) (core.Thread, error) {
	stream := d.streamOf(p, caller)
	if p.request.PathValue("PROVIDER_TYPE") == "" {
		id := p.pathID("OBJECT_ID")
		return func(r *http.Request) (core.Thread, error) {
			if stream == 0 || id > core.MaxID {
				return core.Thread{}, core.Absent("object")
			}
			t, err := d.conversations.Thread(r.Context(), caller.AccountID, id, 0)
			if err == nil && t.Conversation.InboxID != stream {
				err = core.Absent("object")
			}
			return t, err
		}
	}
	at := conversation.Address{Text: p.request.PathValue("PROVIDER_ID"), ProviderType: p.pathNumber("PROVIDER_TYPE")}
	return func(r *http.Request) (core.Thread, error) {
		if stream == 0 {
			return core.Thread{}, core.Absent("object")
		}
		// Several may have had the address: the newest is meant.
		found, err := d.conversations.List(r.Context(), caller.AccountID, conversation.Query{
			InboxID: stream, Ext: addressIs(at), Order: conversation.ByCreation, Desc: true, Limit: 1,
		})
		if err == nil && len(found) == 0 {
			err = core.Absent("object")
		}
		if err != nil {
			return core.Thread{}, err
		}
		return found[0], nil
	}
}

// actor is in whose name a caller acts.
func actor(caller auth.Principal) core.Actor {
	if caller.AgentID != 0 {
		return core.Actor{Type: core.ActorAgent, ID: caller.AgentID}
	}
	return core.Actor{Type: core.ActorSystem}
}

// author is the agent whom the member names, by its id or its identity's; the
// contact when it names nobody.
func (d *dialect) author(r *http.Request, caller auth.Principal, id wireInt) (core.Actor, error) {
	if !id.Set || id.N == 0 {
		return core.Actor{Type: core.ActorContact}, nil
	}
	if id.N < 0 || id.N > core.MaxID {
		return core.Actor{}, core.Refuse("ManagerId", "there is no such manager")
	}
	a, err := d.people.Agent(r.Context(), caller.AccountID, id.N)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			err = core.Refuse("ManagerId", "there is no such manager")
		}
		return core.Actor{}, err
	}
	return core.Actor{Type: core.ActorAgent, ID: a.ID}, nil
}

// repeatOf names a request that brings an Idempotency-Key, so that it may be
// sent again; nil without one. CommBox publishes no such header; it is the one
// that the field uses.
func repeatOf(r *http.Request, caller auth.Principal, operation string, of int64, asked ...any) *conversation.Repeat {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return nil
	}
	// What was read, not how it was sent: the boundary of a form differs each
	// time.
	hash := sha256.Sum256(fmt.Appendf(nil, "%d %+v", of, asked))
	return &conversation.Repeat{
		Caller: "token " + strconv.FormatInt(caller.TokenID, 10), Operation: operation, Key: key, Hash: hex.EncodeToString(hash[:]),
	}
}

// newStatus is the status that a number of CommBox's means.
func newStatus(code int64) (core.NewStatus, error) {
	status, known := statuses[code]
	if !known {
		return core.NewStatus{}, core.Refuse("status", "there is no such status")
	}
	if code == defaultStatus(status) {
		code = 0
	}
	return core.NewStatus{Status: status, Code: code}, nil
}

// withContent returns an ext whose content of this dialect is the object.
func withContent(ext, content core.JSON) core.JSON {
	return ext.With("commbox", ext.Member("commbox").With("content", content))
}

// inPath makes a refusal of something that the path names one of its absence.
func inPath(err error, field string) error {
	var known *core.Error
	if errors.As(err, &known) && known.Kind == core.Invalid && strings.EqualFold(known.Field, field) {
		return core.Absent(field)
	}
	return err
}

func decimal(n int64) core.JSON { return core.JSON(strconv.FormatInt(n, 10)) }
