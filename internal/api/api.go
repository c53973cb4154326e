// Package api is Parley's own HTTP API, version 1, below /v1.
//
// An operation is registered once, in one of the five ways of register.go, and
// gets everything that all have in common from there: who may call it, limits,
// conditional requests, requests that may be asked again, failures as problems
// (RFC 9457), and its place in the OpenAPI document. huma reads and checks what
// is sent and writes the document; no other file knows it but for tags of
// struct fields and the schemas of the types in types.go. What is answered is
// written here, in one place.
//
// An API is safe for concurrent use.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/live"
	"parley/internal/live/ws"
	"parley/internal/service/account"
	"parley/internal/service/attribute"
	"parley/internal/service/canned"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/feed"
	"parley/internal/service/file"
	"parley/internal/service/inbox"
	"parley/internal/service/label"
	"parley/internal/service/search"
	"parley/internal/service/webhook"
)

// Deps is what the API asks.
type Deps struct {
	Labels        *label.Labels
	Accounts      *account.Accounts
	Contacts      *contact.Reads
	People        *contact.Writes
	Conversations *conversation.Reads
	Writes        *conversation.Writes
	Inboxes       *inbox.Inboxes
	InboxReads    *inbox.Reads
	Sights        *inbox.Sights
	Files         *file.Files // nil: none are taken
	Gate          *httpx.Gate
	Log           *slog.Logger
	Clock         core.Clock
	Canned        *canned.Responses
	Attributes    *attribute.Definitions
	Feed          *feed.Feed
	Cursors       *feed.Cursors
	Render        *Renderer
	Hub           *live.Hub
	Sockets       *ws.Sockets
	Searches      *search.Searches
	Webhooks      *webhook.Webhooks
	// PublicURL begins the addresses of kinds of problems; "": they are paths.
	PublicURL string
}

// API serves /v1.
type API struct {
	labels        *label.Labels
	accounts      *account.Accounts
	contacts      *contact.Reads
	people        *contact.Writes
	conversations *conversation.Reads
	writes        *conversation.Writes
	inboxes       *inbox.Inboxes
	inboxReads    *inbox.Reads
	sights        *inbox.Sights
	files         *file.Files
	gate          *httpx.Gate
	problems      string // what the addresses of kinds of problems begin with
	clock         core.Clock
	canned        *canned.Responses
	attributes    *attribute.Definitions
	feed          *feed.Feed
	cursors       *feed.Cursors
	render        *Renderer
	hub           *live.Hub
	sockets       *ws.Sockets
	streams       streams
	searches      *search.Searches
	webhooks      *webhook.Webhooks

	huma       huma.API
	mux        *http.ServeMux
	operations map[string]*op // by the mux's pattern
	listed     []httpx.Operation
	handler    http.Handler
}

// New returns the API with all of its operations.
func New(d Deps) *API {
	a := &API{
		labels: d.Labels, accounts: d.Accounts, contacts: d.Contacts, people: d.People, conversations: d.Conversations, writes: d.Writes,
		inboxes: d.Inboxes, inboxReads: d.InboxReads, sights: d.Sights, files: d.Files, canned: d.Canned, attributes: d.Attributes, searches: d.Searches, webhooks: d.Webhooks,
		feed: d.Feed, cursors: d.Cursors, render: d.Render, hub: d.Hub, sockets: d.Sockets, clock: d.Clock, gate: d.Gate, problems: strings.TrimSuffix(d.PublicURL, "/"),
		mux: http.NewServeMux(), operations: map[string]*op{},
	}
	a.huma = newHuma(a.mux)
	a.selfOperations()
	a.labelOperations()
	a.labelGroupOperations()
	a.teamOperations()
	a.inboxOperations()
	a.subInboxOperations()
	a.cannedOperations()
	a.attributeOperations()
	a.accountOperations()
	a.agentOperations()
	a.profileOperations()
	a.tokenOperations()
	a.webhookOperations()
	a.deliveryOperations()
	a.contactOperations()
	a.identityOperations()
	a.listOperations()
	a.unreadOperations()
	a.conversationOperations()
	a.eventOperations()
	a.readOperations()
	a.messageOperations()
	a.uploadOperations()
	a.searchOperations()
	adapter := httpx.Adapter{Log: d.Log, Error: a.writeProblem, Gate: d.Gate, BodyBytes: a.bodyBytes}
	a.handler = adapter.Handle(a.serve)
	return a
}

// Operations lists the calls of the API.
func Operations() []httpx.Operation { return New(Deps{}).listed }

// Document returns the OpenAPI document of the API, indented.
func Document() ([]byte, error) {
	text, err := json.Marshal(New(Deps{}).huma.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the OpenAPI document: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Headers that pages of other origins may read, and send.
var (
	exposedHeaders = strings.Join([]string{
		"ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Idempotent-Replayed",
	}, ", ")
	allowedHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id"
)

// ServeHTTP implements http.Handler. Pages of any origin may call: what opens
// the door is a token that the page holds, never something that a browser adds
// by itself.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", allowedHeaders)
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a.handler.ServeHTTP(w, r)
}

// serve finds the operation, lets its caller in and runs it.
func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	o, err := a.route(r)
	if err != nil {
		if err := a.anonymous(w, r); err != nil {
			return err
		}
		return err
	}
	call := httpx.CallOf(r.Context())
	call.Route = o.path
	c, err := a.admit(w, r, o)
	if err != nil {
		return err
	}
	if err := checkForm(r, o); err != nil {
		return err
	}
	x := &exchange{caller: c}
	if ctx := r.Context(); o.forms != onlyJSON && isMultipart(r) {
		defer func() {
			if c.files != nil {
				c.files.Release(ctx, x.err)
			}
		}()
		var without *http.Request
		if without, x.err = a.takeFiles(w, r, c, o); x.err != nil {
			return x.err
		}
		r = without
	}
	a.mux.ServeHTTP(silent{}, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	if x.err != nil {
		return x.err
	}
	if x.stream != nil {
		w.Header().Set("Vary", "Authorization")
		return x.stream(w, r)
	}
	x.answer(w, r)
	return nil
}

// anonymous lets in a call that no operation answers.
func (a *API) anonymous(w http.ResponseWriter, r *http.Request) error {
	err := a.gate.Anonymous(r.Context())
	showAllowance(w, r)
	return err
}

// methods are those that an operation can have.
var methods = []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut}

// route returns the operation that the request calls.
func (a *API) route(r *http.Request) (*op, error) {
	// The mux would send a client who writes a path in another form elsewhere.
	if p := r.URL.EscapedPath(); path.Clean(p) != p {
		return nil, core.Absent("path")
	}
	if o := a.operation(r, r.Method); o != nil {
		return o, nil
	}
	var allowed []string
	for _, m := range methods {
		if a.operation(r, m) != nil {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		return nil, core.Absent("path")
	}
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
		slices.Sort(allowed)
	}
	return nil, &refusal{kind: methodNotAllowed, header: http.Header{"Allow": {strings.Join(allowed, ", ")}}}
}

// operation returns the operation that the request would call by a method, nil
// when there is none.
func (a *API) operation(r *http.Request, method string) *op {
	_, pattern := a.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
	return a.operations[pattern]
}

// admit lets a caller in who may call the operation.
func (a *API) admit(w http.ResponseWriter, r *http.Request, o *op) (*caller, error) {
	credential, err := credentialOf(r, o)
	if err != nil {
		return nil, err
	}
	principal, err := a.gate.Bearer(r.Context(), credential)
	showAllowance(w, r)
	if err != nil {
		return nil, err
	}
	c := &caller{Principal: principal, header: r.Header, credential: credential}
	return c, a.may(r.Context(), c, o)
}

// may refuses a caller who lacks a right that the operation asks for.
func (a *API) may(ctx context.Context, c *caller, o *op) error {
	if c.Customer != nil && !o.customers {
		return &core.Error{Kind: core.Forbidden, Message: "customers may not do this"}
	}
	if err := c.needs(o.scope()); err != nil {
		return err
	}
	if o.permit == "" || c.AgentID == 0 {
		return nil
	}
	ok, err := a.accounts.May(ctx, c.AccountID, c.AgentID, o.permit)
	if err == nil && !ok {
		err = &core.Error{Kind: core.Forbidden, Message: "the agent lacks the permission " + o.permit}
	}
	return err
}

// bearer returns the token of the Authorization header, "" without one.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// protocolToken begins the WebSocket subprotocol that carries a token.
const protocolToken = "parley.token."

// credentialOf returns what the request shows: where it leads to a stream, a
// customer token may stand in the address and a token of any kind among the
// subprotocols of a WebSocket, since browsers can send no header there. An API
// token has no place in an address, which proxies write down.
func credentialOf(r *http.Request, o *op) (string, error) {
	if text := bearer(r); text != "" || !o.streams {
		return text, nil
	}
	for _, protocol := range strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(protocol), protocolToken); ok {
			return text, nil
		}
	}
	q := r.URL.Query()
	text := q.Get("access_token")
	if text == "" {
		return "", nil
	}
	if !auth.IsCustomerToken(text) {
		return "", &refusal{kind: unauthenticated, detail: "only customer tokens may stand in an address"}
	}
	q.Del("access_token")
	r.URL.RawQuery = q.Encode()
	return text, nil
}

// checkQuery refuses a query that cannot be read, or that has a parameter twice
// or without a value, where huma would see the first one alone, or nothing; and
// NUL, which no database keeps.
func checkQuery(raw string) error {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return &refusal{kind: malformed, detail: "the query cannot be read"}
	}
	var faults []Fault
	for name, values := range q {
		value := strings.Join(values, "")
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return &refusal{kind: malformed, detail: "the query is not UTF-8"}
		}
		switch {
		case len(values) > 1:
			faults = append(faults, queryFault(name, "it stands there more than once; a list is one parameter, with commas"))
		case value == "":
			faults = append(faults, queryFault(name, "it is empty"))
		case strings.Contains(value, "\x00"):
			faults = append(faults, queryFault(name, "it holds the character NUL"))
		}
	}
	if len(faults) > 0 {
		return refuse(faults)
	}
	return nil
}

// checkForm refuses a request whose path or query cannot be read, who wants no
// JSON, or who sends something else.
func checkForm(r *http.Request, o *op) error {
	if !utf8.ValidString(r.URL.Path) || strings.Contains(r.URL.Path, "\x00") {
		return core.Absent("path") // nothing is called so
	}
	if err := checkQuery(r.URL.RawQuery); err != nil {
		return err
	}
	if !accepts(r.Header.Values("Accept")) && !(o.streams && wantsStream(r.Header)) {
		return &refusal{kind: notAcceptable, detail: "answers are application/json"}
	}
	if o.forms != onlyJSON && isMultipart(r) {
		return nil
	}
	if o.forms == oneFile {
		return &refusal{kind: unsupportedMediaType, detail: "a body is multipart/form-data, with one file"}
	}
	if o.takesBody && !isJSON(r.Header.Get("Content-Type")) {
		return &refusal{kind: unsupportedMediaType, detail: "a body is application/json, in UTF-8"}
	}
	return nil
}
