package commbox

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/account"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/file"
	"parley/internal/service/inbox"
	"parley/internal/service/label"
	people "parley/internal/service/person"
)

// contentType is that of every answer.
const contentType = "application/json"

// Deps is what the dialect is built from.
type Deps struct {
	Conversations *conversation.Reads
	Changes       *conversation.Writes
	Users         *contact.Writes
	Inboxes       *inbox.Reads
	People        *people.Reads
	Labels        *label.Labels
	Accounts      *account.Accounts
	Files         *file.Files // nil: none are taken
	Gate          *httpx.Gate
	Clock         core.Clock
	Log           *slog.Logger
	// IDKey is the installation's key of opaque ids, 64 random bytes; the keys
	// of the two ciphers are derived from it.
	IDKey []byte
}

// dialect answers all calls. It is not changed after New.
type dialect struct {
	conversations *conversation.Reads
	changes       *conversation.Writes
	users         *contact.Writes
	inboxes       *inbox.Reads
	people        *people.Reads
	labels        *label.Labels
	accounts      *account.Accounts
	files         *file.Files
	gate          *httpx.Gate
	clock         core.Clock
	ids           *OpaqueIDs
	router        router
}

// handlerFunc serves a call for whom the key names, or says why it could not.
type handlerFunc func(w http.ResponseWriter, r *http.Request, caller auth.Principal) error

// New returns the dialect's handler. It panics when no keys can be derived
// from IDKey: that is a fault of the wiring.
func New(deps Deps) http.Handler {
	ids, err := NewOpaqueIDs(deps.IDKey)
	if err != nil {
		panic("commbox: " + err.Error())
	}
	d := &dialect{
		conversations: deps.Conversations, changes: deps.Changes, users: deps.Users, inboxes: deps.Inboxes, people: deps.People,
		labels: deps.Labels, accounts: deps.Accounts, files: deps.Files, gate: deps.Gate, clock: deps.Clock, ids: ids,
	}
	for _, c := range d.calls() {
		d.router.add(c)
	}
	return httpx.Adapter{Log: deps.Log, Error: d.writeError, Gate: deps.Gate, BodyBytes: d.bodyBytes}.Handle(d.serve)
}

// call is a published operation; serve is nil while it is not served.
type call struct {
	method, path string
	serve        handlerFunc
	// admin: it changes who works here and with what, which takes an
	// administrator's key. Others take one that reads or, where the method is
	// not GET, writes. CommBox publishes no rights of keys.
	admin bool
	// files: its body may be long, and have files.
	files bool
	// open: it takes no key, and looks at none that comes along.
	open bool
}

// scope is the right that the key must have.
func (c *call) scope() core.Scope {
	switch {
	case c.admin:
		return core.ScopeAdmin
	case c.method == http.MethodGet:
		return core.ScopeRead
	}
	return core.ScopeWrite
}

// calls lists every published operation: OpenAPI 2.07, what newer help pages
// and older revisions add, and what public clients were seen to call.
// coverage.txt has the same list with its sources.
func (d *dialect) calls() []call {
	return slices.Concat(
		d.objectCalls(), d.changeCalls(), d.streamCalls(), d.userCalls(), d.ticketCalls(), d.tagCalls(), d.staffCalls(), d.teamCalls(), d.profileCalls(), d.presenceCalls(), unserved(),
	)
}

// objectCalls are the reads of conversations.
func (d *dialect) objectCalls() []call {
	return []call{
		{method: "GET", path: "/v2/users/identities/{USER_IDENTITY_ID}/objects", serve: d.listUserObjects},
		{method: "GET", path: "/streams/{STREAM_ID}/objects", serve: d.listStreamObjects},
		{method: "GET", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}", serve: d.getObject},
		{method: "GET", path: "/streams/{STREAM_ID}/objects/{OBJECT_ID}/transcript", serve: d.getTranscript},
		{method: "GET", path: "/objects/{OBJECT_ID}/activities", serve: d.listActivities},
	}
}

// Operations lists every call that the router knows, also those that answer
// 501.
func Operations() []httpx.Operation {
	calls := (&dialect{}).calls()
	all := make([]httpx.Operation, len(calls))
	for i, c := range calls {
		all[i] = httpx.Operation{Method: c.method, Pattern: c.path}
	}
	return all
}

// unserved lists the published operations that answer 501.
func unserved() []call {
	lines := strings.FieldsFunc(unservedCalls, func(r rune) bool { return r == '\n' })
	calls := make([]call, len(lines))
	for i, line := range lines {
		method, path, _ := strings.Cut(line, " ")
		calls[i] = call{method: method, path: path}
	}
	return calls
}

const unservedCalls = `
POST /sms/sendinitialtext/{ENCRYPTED_STREAM_ID}/{PHONE_NUMBER}
POST /sms/sendsms/{ENCRYPTED_STREAM_ID}
POST /v2/whatsapp/sendtemplatedmessage/{ENCRYPTED_STREAM_ID}
POST /whatsapp/sendtemplatedmessage/{ENCRYPTED_STREAM_ID}
POST /whatsapp/uploadmedia/{ENCRYPTED_STREAM_ID}
GET /whatsapp/validatecontact/{ENCRYPTED_STREAM_ID}/{PHONE_NUMBER}
GET /whatsapp/templates/{ENCRYPTED_STREAM_ID}
POST /whatsapp/campaign
POST /emarsys/sendwhatsapptemplate/{ENCRYPTED_STREAM_ID}
POST /forms/createlink/{FORM_ID}
POST /forms/createpredefinedlink/{FORM_ID}
GET /automation/objects/{OBJECT_ID}/context
POST /automation/objects/{OBJECT_ID}/context
POST /automation/objects/{OBJECT_ID}/context/jump
`

// serve routes, then authenticates, and leaves the rest to the call: an
// unknown path is 404 and a verb that is not served 501 ("the requested
// operation is not supported", never 405), with a key and without.
func (d *dialect) serve(w http.ResponseWriter, r *http.Request) error {
	calls, values := d.router.find(r.URL)
	call, ok := pick(r, calls, values)
	if !ok {
		if err := d.gate.Anonymous(r.Context()); err != nil {
			return err
		}
	}
	switch {
	case calls == nil:
		d.refuse(w, r, http.StatusNotFound)
		return nil
	case !ok:
		d.refuse(w, r, http.StatusNotImplemented)
		return nil
	case call.open:
		if err := d.gate.Anonymous(r.Context()); err != nil {
			return err
		}
		return call.serve(w, r, auth.Principal{})
	}
	caller, err := d.gate.Token(r.Context(), key(r))
	if err != nil {
		return err
	}
	if scope := call.scope(); !caller.Can(scope) {
		return &core.Error{Kind: core.Forbidden, Message: "the token lacks the scope " + string(scope)}
	}
	return call.serve(w, r, caller)
}

// key returns the caller's key: the Authorization header, with or without the
// word Bearer in any letter case; without that header access_token of the
// query, which older revisions declare and public clients still send.
func key(r *http.Request) string {
	header := strings.TrimSpace(r.Header.Get("Authorization"))
	if header == "" {
		return r.URL.Query().Get("access_token")
	}
	scheme, rest, found := strings.Cut(header, " ")
	if found && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	if strings.EqualFold(header, "Bearer") {
		return ""
	}
	return header
}
