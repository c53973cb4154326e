package app

import (
	"log/slog"
	"net/http"
	"strings"

	"parley/internal/api"
	"parley/internal/auth"
	"parley/internal/badge"
	"parley/internal/core"
	"parley/internal/dialect/chatwoot"
	"parley/internal/dialect/commbox"
	"parley/internal/dialect/uncodie"
	"parley/internal/httpx"
	"parley/internal/reference"
	"parley/internal/service/account"
	"parley/internal/service/attribute"
	"parley/internal/service/canned"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/service/file"
	"parley/internal/service/inbox"
	"parley/internal/service/label"
	"parley/internal/service/person"
	"parley/internal/service/search"
	"parley/internal/store"
	"parley/openapi"
)

// HandlerOptions is what the doors are built from.
type HandlerOptions struct {
	Store   store.Store
	Clock   core.Clock
	Log     *slog.Logger
	IDKey   []byte        // see IDKey
	Tokens  *auth.Tokens  // nil: tokens of Store, which nobody else changes
	Limits  *httpx.Limits // nil: none
	Proxies httpx.Proxies // whose word about the client's address counts
	// AllowedOrigin tells whether pages of a host may call from a browser; nil:
	// those of this machine.
	AllowedOrigin func(host string) bool
	Observe       httpx.Observer // nil: nobody
	PublicURL     string         // begins addresses in v1's problems; "": they are paths
	Files         *file.Files    // nil: none are taken or served
	Live          *Live          // nil: nobody asks for events
	PlainWebhooks bool           // addresses of webhooks may be without TLS

	health *health // nil: one of its own
}

// NewHandler returns all doors of the public listener: Parley's own API and the
// dialects by the first segments of the path, and what belongs to none of them.
func NewHandler(o HandlerOptions) http.Handler {
	if o.Tokens == nil {
		o.Tokens = auth.NewTokens(o.Store, o.Clock)
	}
	if o.Live == nil {
		o.Live = new(Live)
	}
	gate := httpx.NewGate(o.Tokens, auth.NewCustomers(o.Store, o.Clock), o.Limits)
	var reader store.Reader = o.Store
	if o.Files != nil {
		reader = o.Files.Links.Reader(reader)
	}
	reads := conversation.NewReads(reader)
	labels, accounts := label.New(o.Store, o.Clock), account.New(o.Store, o.Clock)
	writes, people, inboxes := conversation.NewWrites(o.Store, o.Clock), contact.NewWrites(o.Store, o.Clock), inbox.NewReads(o.Store, o.Clock)
	d := doors{
		v1: api.New(api.Deps{
			Labels: labels, Accounts: accounts, Contacts: contact.NewReads(o.Store), People: people,
			Conversations: reads, Writes: writes, Inboxes: inbox.New(o.Store, o.Clock), InboxReads: inboxes, Sights: inbox.NewSights(o.Store, o.Clock), Files: o.Files, Canned: canned.New(o.Store, o.Clock), Attributes: attribute.New(o.Store, o.Clock),
			Feed: o.Live.feed, Cursors: o.Live.cursors, Render: o.Live.render, Hub: o.Live.hub, Sockets: o.Live.sockets,
			Searches: search.New(o.Store),
			Webhooks: newWebhooks(o.Store, o.Clock, o.PlainWebhooks),
			Clock:    o.Clock, Gate: gate, Log: o.Log, PublicURL: o.PublicURL,
		}),
		commbox: commbox.New(commbox.Deps{
			Conversations: reads, Changes: writes, Users: people,
			Inboxes: inboxes, People: person.NewReads(o.Store), Labels: labels,
			Accounts: accounts, Files: o.Files,
			Gate: gate, Clock: o.Clock, Log: o.Log, IDKey: o.IDKey,
		}),
		chatwoot: chatwoot.New(chatwoot.Deps{Conversations: reads, Contacts: contact.NewReads(o.Store), Gate: gate, Log: o.Log}),
		uncodie:  uncodie.New(uncodie.Deps{Conversations: reads, Gate: gate, Log: o.Log, AllowedOrigin: o.AllowedOrigin}),
		own:      http.NewServeMux(),
	}
	if o.health == nil {
		o.health = newHealth(o.Store, o.Log)
	}
	d.own.Handle("GET /healthz", o.health)
	d.own.Handle("GET /readyz", o.health)
	d.own.HandleFunc("GET /openapi/{file}", serveOpenAPI)
	pages := reference.New()
	d.own.Handle("GET /docs", pages)
	d.own.Handle("GET /docs/", pages)
	d.own.Handle("GET /badge.js", badge.Script())
	demo := badge.Demo()
	d.own.Handle("GET /demo/badge", demo)
	d.own.Handle("GET /demo/badge/{file}", demo)
	if o.Files != nil {
		files := newFileDoor(o.Files, gate, o.Log)
		d.own.Handle("GET /files/{account}/{attachment}/{name}", files)
		d.own.Handle("GET /files/{account}/{attachment}/thumbnail/{name}", files)
	}
	return httpx.WithCalls(d, o.Proxies, o.Observe)
}

// doors chooses the API or dialect by the path's first segments. Their paths do
// not collide; each answers unknown paths under its own in its own shape.
type doors struct {
	v1, commbox, chatwoot, uncodie http.Handler
	own                            *http.ServeMux
}

// commboxRoots are the first segments of CommBox's paths, which match in any
// letter case.
var commboxRoots = map[string]bool{
	"core": true, "streams": true, "stats": true, "objects": true, "users": true, "managers": true, "tags": true,
	"v2": true, "sms": true, "whatsapp": true, "emarsys": true, "forms": true, "automation": true,
}

// uncodieRoots are the segments below /api that are Uncodie's; the others are
// Chatwoot's.
var uncodieRoots = map[string]bool{"agents": true, "visitors": true, "keys": true, "notifications": true, "workflow": true, "status": true}

// ServeHTTP passes the request to the door that its path names.
func (d doors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	second, _, _ := strings.Cut(rest, "/")
	call := httpx.CallOf(r.Context())
	switch {
	case first == "v1":
		call.Door = "v1"
		d.v1.ServeHTTP(w, r)
	case first == "api" && uncodieRoots[second]:
		call.Door = "uncodie"
		d.uncodie.ServeHTTP(w, r)
	case first == "api", first == "public", first == "platform":
		call.Door = "chatwoot"
		d.chatwoot.ServeHTTP(w, r)
	case commboxRoots[strings.ToLower(first)], strings.EqualFold(first, "auth") && strings.EqualFold(second, "ticket"):
		call.Door = "commbox"
		d.commbox.ServeHTTP(w, r)
	default:
		call.Door = "parley"
		if _, pattern := d.own.Handler(r); pattern != "" {
			_, call.Route, _ = strings.Cut(pattern, " ")
		}
		d.own.ServeHTTP(w, r)
	}
}

func serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("file"), ".json")
	doc, found := openapi.Document(name)
	if !ok || !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(doc)
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
