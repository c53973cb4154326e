package chatwoot

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// Deps is what the dialect is built from.
type Deps struct {
	Conversations *conversation.Reads
	Contacts      *contact.Reads
	Gate          *httpx.Gate
	Log           *slog.Logger
}

type handler struct{ Deps }

// New returns the dialect's handler: every route it serves, and the dialect's
// own 404 for all other paths.
func New(d Deps) http.Handler {
	return crossOrigin(routes(&handler{d}))
}

// listRoute is the path of the conversation list.
const listRoute = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations"

// endpoint is a call that is served. HEAD goes with each GET.
type endpoint struct {
	httpx.Operation
	serve httpx.HandlerFunc
}

// endpoints lists every call that is served.
func (h *handler) endpoints() []endpoint {
	return []endpoint{
		{httpx.Operation{Method: http.MethodGet, Pattern: listRoute}, h.listConversations},
	}
}

// Operations lists every call that the dialect serves. HEAD goes with each GET.
func Operations() []httpx.Operation {
	served := (&handler{}).endpoints()
	all := make([]httpx.Operation, len(served))
	for i, e := range served {
		all[i] = e.Operation
	}
	return all
}

// routes returns every route of the dialect.
func routes(h *handler) *chi.Mux {
	adapter := httpx.Adapter{Log: h.Log, Error: writeError, Gate: h.Gate}
	public := func(route string, serve httpx.HandlerFunc) http.Handler {
		return adapter.Handle(func(w http.ResponseWriter, r *http.Request) error {
			httpx.CallOf(r.Context()).Route = route
			if err := h.Gate.Anonymous(r.Context()); err != nil {
				return err
			}
			return serve(w, r)
		})
	}
	unknown := public("", func(http.ResponseWriter, *http.Request) error { return core.Absent("route") })

	r := chi.NewRouter()
	r.NotFound(unknown.ServeHTTP)
	r.MethodNotAllowed(unknown.ServeHTTP) // no 405: such a route is unknown (server)
	for _, e := range h.endpoints() {
		// Every path may end in .json, or in a slash (server).
		for _, end := range []string{"", ".json", "/"} {
			r.Method(e.Method, e.Pattern+end, public(e.Pattern, e.serve))
			if e.Method == http.MethodGet {
				r.Method(http.MethodHead, e.Pattern+end, public(e.Pattern, e.serve))
			}
		}
	}
	return r
}

// crossOrigin lets scripts of any site call the client API: whatever the
// method, the headers and the path below /public/api (server).
func crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/public/api" && !strings.HasPrefix(r.URL.Path, "/public/api/") {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Origin") // also without one: caches have to know
		if r.Header.Get("Origin") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		h.Set("Access-Control-Expose-Headers", "")
		h.Set("Access-Control-Max-Age", "7200")
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
			h.Set("Access-Control-Allow-Headers", wanted)
		}
		w.WriteHeader(http.StatusOK)
	})
}

// pathText returns a segment of the path, decoded. A segment that no stored
// identifier can equal is core.NotFound, without a look-up: an empty or too
// long one, one with a NUL byte or broken UTF-8, and one with a dot, which
// would begin a format suffix (server). An encoded dot or slash is like any
// other character.
func pathText(r *http.Request, name string) (string, error) {
	s := chi.URLParam(r, name)
	if strings.Contains(s, ".") {
		return "", core.Absent(name)
	}
	if r.URL.RawPath != "" {
		// chi matches the raw path where there is one, and leaves it encoded.
		// There is one wherever a dot or slash was encoded.
		var err error
		if s, err = url.PathUnescape(s); err != nil {
			return "", core.Absent(name)
		}
	}
	if s == "" || len(s) > store.MaxKeyBytes || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", core.Absent(name)
	}
	return s, nil
}
