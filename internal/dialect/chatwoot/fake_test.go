package chatwoot

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/contact"
	"parley/internal/service/conversation"
	"parley/internal/store"
)

// fake is a store with one api inbox, "door", in which every source id names
// the same contact, who has one conversation. It remembers what it was asked
// for. What is not overridden panics.
type fake struct {
	store.Reader

	entries []core.Entry
	account core.Account

	mu      sync.Mutex
	inboxes []string // identifiers looked for; guarded by mu
	sources []string // source ids looked for; guarded by mu
}

func (f *fake) FindInboxByIdentifier(_ context.Context, identifier string) (core.Inbox, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inboxes = append(f.inboxes, identifier)
	return core.Inbox{ID: 3, AccountID: 1, Channel: core.ChannelAPI}, identifier == "door", nil
}

func (f *fake) FindContactInboxBySource(_ context.Context, account, inbox int64, source string) (core.ContactInbox, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sources = append(f.sources, source)
	return core.ContactInbox{ID: 8, AccountID: account, InboxID: inbox, ContactID: 31, SourceID: source}, true, nil
}

func (f *fake) Account(context.Context, int64) (core.Account, error) { return f.account, nil }

func (f *fake) ListThreads(context.Context, int64, store.ThreadQuery) ([]core.Thread, error) {
	return []core.Thread{{
		Conversation: core.Conversation{
			ID: 70, UUID: "5f0dbd1e-6f0e-4b57-9a39-bd1f4f3a5c11", AccountID: 1, DisplayID: 7, InboxID: 3, Status: core.Open,
			LastPosition: int64(len(f.entries)),
		},
		Contact: core.Contact{ID: 31, AccountID: 1, Name: "Ana", CreatedAt: 1, UpdatedAt: 1},
	}}, nil
}

func (f *fake) ListEntries(_ context.Context, _ int64, q store.EntryQuery) ([]core.Entry, error) {
	var page []core.Entry
	for _, e := range f.entries {
		if e.Position > q.After && (q.Before == 0 || e.Position < q.Before) && len(page) < q.Limit {
			page = append(page, e)
		}
	}
	return page, nil
}

// say adds n messages of the contact.
func (f *fake) say(n int, text string) {
	for range n {
		position := int64(len(f.entries) + 1)
		f.entries = append(f.entries, core.Entry{
			ID: 900 + position, ConversationID: 70, Position: position, Kind: core.Message, Origin: core.OriginPerson,
			Sender: core.Actor{Type: core.ActorContact}, Content: text, CreatedAt: 1_700_000_000_000_000,
		})
	}
}

// asked returns the identifiers and source ids looked for since the last call.
func (f *fake) asked() (inboxes, sources []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	inboxes, sources = f.inboxes, f.sources
	f.inboxes, f.sources = nil, nil
	return inboxes, sources
}

func newHandler(f *fake) http.Handler {
	return New(Deps{
		Conversations: conversation.NewReads(f), Contacts: contact.NewReads(f), Gate: httpx.NewGate(nil, nil, nil), Log: slog.New(slog.DiscardHandler),
	})
}

// listPath is the path of the list, segments encoded as given.
func listPath(inbox, source string) string {
	return "/public/api/v1/inboxes/" + inbox + "/contacts/" + source + "/conversations"
}

// do sends a request straight to the handler. The target is parsed as the
// HTTP server does it.
func do(t testing.TB, h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatalf("parse %q: %v", target, err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
	r.URL, r.RequestURI = u, target
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
