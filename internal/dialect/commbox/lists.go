package commbox

import (
	"net/http"
	"strconv"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/conversation"
)

// listParts is what every object of a list needs.
const listParts = conversation.WithContact | conversation.WithIdentity | conversation.WithPrimary

// listStreamObjects serves GET /streams/{STREAM_ID}/objects: conversations of
// one stream. The caller must narrow the list down in one way at least: by a
// range of time, by an identity or its address, or by the address that the
// conversation itself has at its provider. All that is given must hold.
func (d *dialect) listStreamObjects(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	stream := d.streamOf(p, caller)
	limit, offset := p.page()
	q := conversation.Query{
		IdentityID: p.number("userIdentityId", 0, 0), SubInboxID: p.number("subStream", 0, 0),
		States: p.states(), Order: p.order("order", conversation.ByCreation), Desc: p.descending(),
		Limit: limit, Offset: offset, With: listParts,
	}
	narrowed := q.IdentityID > 0
	by := p.order("timeFilter", conversation.ByCreation)
	if from, to, ok := p.span("unixStartTime", "unixEndTime"); ok {
		q.Range, narrowed = conversation.Range{By: by, From: from, To: to}, true
	}
	if own, ok := p.address("streamProviderId", "streamProviderType"); ok {
		q.Ext, narrowed = addressIs(own), true
	}
	var at *conversation.Address
	if identity, ok := p.address("identityStreamProviderId", "identityStreamProviderType"); ok {
		at, narrowed = &identity, true
	}
	if !narrowed {
		p.refuse("unixStartTime")
	}
	o := objectWriter{dialect: d, account: caller.AccountID, childs: p.flag("includeChilds", false), activities: p.flag("includeActivityLog", false), form: formStream}
	if p.err != nil {
		return p.err
	}
	if stream == 0 {
		return core.Absent("stream")
	}
	q.With |= o.parts()
	threads, err := d.conversations.ListOfInbox(r.Context(), caller.AccountID, stream, at, q)
	if err != nil {
		return err
	}
	return o.write(w, r, threads, openBrace)
}

// addressIs matches conversations by the address that they have at their
// provider. One without a type is of type 0, as it shows itself.
func addressIs(at conversation.Address) []conversation.Match {
	kind := conversation.Match{Path: []string{"commbox", "provider_type"}, Value: strconv.FormatInt(at.ProviderType, 10)}
	if at.ProviderType == 0 {
		kind.OrStatuses = []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved}
	}
	return []conversation.Match{{Path: []string{"commbox", "provider_address"}, Value: at.Text}, kind}
}

// listIdentityObjects serves GET /users/identities/{USER_IDENTITY_ID}/objects,
// the first version of Get User Objects: no unread counts, and the names of
// Get Object besides. With an address in the query the id in the path says
// nothing; callers write 0 there.
func (d *dialect) listIdentityObjects(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	at, byAddress := p.address("streamProviderId", "streamProviderType")
	identity := p.pathNumber("USER_IDENTITY_ID")
	if identity == 0 && !byAddress {
		p.refuse("USER_IDENTITY_ID")
	}
	limit, offset := p.page()
	q := conversation.Query{
		ConversationID: p.number("objectId", 0, 0), InboxID: p.number("stream", 0, 0), SubInboxID: p.number("subStream", 0, 0),
		States: p.states(), Order: p.order("order", conversation.ByClosing), Desc: p.descending(),
		Limit: limit, Offset: offset, With: listParts,
	}
	if module := p.number("moduleId", 0, 0); module > 0 {
		q.Ext = []conversation.Match{moduleIs(module)}
	}
	o := objectWriter{dialect: d, account: caller.AccountID, childs: p.flag("includeChilds", true), activities: p.flag("includeActivityLog", false), form: formGetObject}
	if p.err != nil {
		return p.err
	}
	q.With |= o.parts()
	var threads []core.Thread
	var err error
	switch {
	case byAddress:
		threads, err = d.conversations.ListOfAddress(r.Context(), caller.AccountID, at, q)
	case identity > core.MaxID:
		return core.Absent("identity")
	default:
		threads, err = d.conversations.ListOfIdentity(r.Context(), caller.AccountID, identity, q)
	}
	if err != nil {
		return err
	}
	return o.write(w, r, threads, openBrace)
}
