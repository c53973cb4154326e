//go:build unix

package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/migrated"
	"parley/internal/testkit/testserver"
)

// The account that all of it happens in.
const (
	accountID = 1
	adminID   = 101 // sees everything
	memberID  = 102 // sees the second inbox alone
	inboxes   = 2
	firstBox  = 4
	contacts  = 20
	sleepers  = 30 // conversations that are snoozed, and nobody writes to
	siteKey   = "chaos-site-key-00001"
	memberKey = "chaos-member-key-001"
	hmacKey   = "chaos-hmac-key-that-has-32-bytes"
)

// contact is somebody with a conversation.
type contact struct {
	id, conversation, inbox int64
	reads                   bool // now and then
}

func contactOf(i int) contact {
	return contact{id: int64(301 + i), conversation: int64(501 + i), inbox: int64(firstBox + i*inboxes/contacts), reads: i%2 == 0}
}

// sleeperOf returns a snoozed conversation.
func sleeperOf(i int) int64 { return int64(701 + i) }

// fixture is the account as interchange lines.
func fixture() []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	const made = `"created_at":"2026-01-01T00:00:00Z"`
	line(`{"kind":"account","id":%d,"name":"Chaos",%s}`, accountID, made)
	line(`{"kind":"agent","id":%d,"account_id":1,"name":"Ada","role":"administrator","identity_id":201,%s}`, adminID, made)
	line(`{"kind":"agent","id":%d,"account_id":1,"name":"Bo","identity_id":202,%s}`, memberID, made)
	line(`{"kind":"token","account_id":1,"name":"site","token":%q}`, siteKey)
	line(`{"kind":"token","account_id":1,"name":"member","agent_id":%d,"token":%q}`, memberID, memberKey)
	line(`{"kind":"inbox","id":%d,"account_id":1,"name":"Web","channel":"web","hmac_token":%q,"agent_ids":[%d],%s}`, firstBox, hmacKey, adminID, made)
	line(`{"kind":"inbox","id":%d,"account_id":1,"name":"App","channel":"api","agent_ids":[%d],%s}`, firstBox+1, memberID, made)
	for i := range contacts {
		c := contactOf(i)
		line(`{"kind":"contact","id":%d,"account_id":1,"identifier":"cust-%d",%s}`, c.id, i, made)
		line(`{"kind":"identity","id":%d,"contact_id":%d,"provider_type":6,"address":"visitor-%d",%s}`, 401+i, c.id, i, made)
		line(`{"kind":"conversation","id":%d,"inbox_id":%d,"identity_id":%d,"status":"open",%s}`, c.conversation, c.inbox, 401+i, made)
	}
	line(`{"kind":"contact","id":601,"account_id":1,"identifier":"quiet",%s}`, made)
	line(`{"kind":"identity","id":602,"contact_id":601,"provider_type":6,"address":"quiet",%s}`, made)
	for i := range sleepers {
		line(`{"kind":"conversation","id":%d,"inbox_id":%d,"identity_id":602,"status":"open",%s}`, sleeperOf(i), firstBox+1, made)
	}
	return b.Bytes()
}

// world is an installation, and everybody who has to do with it.
type world struct {
	cfg   *config.Config
	start core.Time
	clock core.Clock
	rng   *rand.Rand
	wire  *wire // clients and writers reach the servers over it

	hook      int64 // the id of the webhook
	receiver  *receiver
	begin     string // the cursor from which everybody reads
	written   counter
	writers   []*writer
	clients   []*client
	watches   []*watch
	following sync.WaitGroup // the clients that end by themselves
	watching  sync.WaitGroup
	unwatch   context.CancelFunc
	unread    [contacts]string // as the API tells in the end
}

// newWorld makes an installation with the account in it.
func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cfg := config.Default()
	cfg.DataDir = dir
	if engine == store.Postgres {
		cfg.DatabaseURL = config.Secret(migrated.Postgres(t))
	}
	w := &world{cfg: &cfg, start: core.TimeOf(time.Now()), rng: testkit.Random(t)}
	w.clock = clockOf(w.start)
	w.wire = newWire(t, w.source(), true)
	w.receiver = newReceiver(t, newWire(t, w.source(), false))
	lines := filepath.Join(dir, "chaos.ndjson")
	if err := os.WriteFile(lines, fixture(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.open(t, func(st store.Store) { testserver.Import(t, st, lines) })
	return w
}

// source returns random choices of its own for somebody.
func (w *world) source() *rand.Rand { return rand.New(rand.NewPCG(w.rng.Uint64(), 0)) }

// open opens the database for the time of do; on SQLite no server may run.
func (w *world) open(t *testing.T, do func(st store.Store)) {
	t.Helper()
	st, err := app.OpenStore(t.Context(), w.cfg, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	do(st)
}

// prepare makes the webhook, snoozes conversations, and finds where the log is,
// all at a server that nobody harms.
func (w *world) prepare(ctx context.Context, t *testing.T, n *node) {
	t.Helper()
	var hook struct{ ID int64 }
	w.ask(ctx, t, n.addr, http.MethodPost, "/v1/webhooks", fmt.Sprintf(`{"url":"http://%s/"}`, w.receiver.Addr()), &hook)
	w.hook = hook.ID
	for path := "/v1/events?limit=500"; ; {
		var page struct {
			Next string `json:"next_cursor"`
		}
		w.ask(ctx, t, n.addr, http.MethodGet, path, "", &page)
		if page.Next == w.begin {
			break
		}
		w.begin = page.Next
		path = "/v1/events?limit=500&after=" + w.begin
	}
	for i := range sleepers {
		until := w.clock().Std().Add(time.Duration(10+w.rng.IntN(40+messages()/10)) * time.Second)
		w.ask(ctx, t, n.addr, http.MethodPatch, fmt.Sprint("/v1/conversations/", sleeperOf(i)),
			fmt.Sprintf(`{"status":"snoozed","snoozed_until":%q}`, until.UTC().Format("2006-01-02T15:04:05.000000Z")), nil)
	}
}

// ask sends a request that must succeed.
func (w *world) ask(ctx context.Context, t *testing.T, addr, method, path, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+siteKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s was answered %d %s, %v", method, path, resp.StatusCode, &answer, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// token is a customer token of a contact.
func (w *world) token(t *testing.T, i int) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(hmacKey)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(map[string]any{
		"aud": fmt.Sprint(firstBox), "sub": fmt.Sprint("external:cust-", i), "exp": w.clock().Std().Add(12 * time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// newClient makes somebody who follows over the wire; contact is the number of
// one, or less than 0 for who shows a key.
func (w *world) newClient(t *testing.T, form, key string, contact int) *client {
	t.Helper()
	c := &client{
		t: t, url: "http://" + w.wire.Addr().String(), token: key, agent: key == memberKey, rng: w.source(), written: &w.written,
		http: newHTTPClient(t), cursor: w.begin, seen: map[string]bool{},
	}
	who := "the account"
	switch {
	case contact >= 0:
		who = fmt.Sprint("contact ", contact)
		c.contact, c.token = contactOf(contact).id, w.token(t, contact)
	case c.agent:
		who = "the agent"
	}
	c.name = fmt.Sprintf("client %d of %s by %s", len(w.clients)+len(w.watches), who, form)
	return c
}

// newHTTPClient has connections of its own.
func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// follow has 50 clients follow what happens.
func (w *world) follow(ctx context.Context, t *testing.T) {
	t.Helper()
	forms := map[string]func(c *client) func(ctx context.Context) error{
		"SSE":       func(c *client) func(ctx context.Context) error { return c.followSSE },
		"WebSocket": func(c *client) func(ctx context.Context) error { return c.followSocket },
		"pages":     func(c *client) func(ctx context.Context) error { return c.followPages },
	}
	add := func(n int, form, key string, ofContacts bool) {
		for range n {
			who := -1
			if ofContacts {
				who = w.rng.IntN(contacts)
			}
			c := w.newClient(t, form, key, who)
			w.clients = append(w.clients, c)
			w.following.Go(func() { c.until(ctx, forms[form](c)) })
		}
	}
	for _, form := range []string{"SSE", "WebSocket", "pages"} {
		add(4, form, siteKey, false)
		add(2, form, memberKey, false)
		add(7, form, "", true)
	}
	watching, unwatch := context.WithCancel(ctx)
	w.unwatch = unwatch
	for i := range 11 {
		form := "unread stream"
		if i%2 == 1 {
			form = "unread polls"
		}
		k := &watch{client: w.newClient(t, form, "", i), changed: make(chan struct{})}
		w.watches = append(w.watches, k)
		w.watching.Go(func() {
			for watching.Err() == nil {
				k.connects++
				if i%2 == 1 {
					_ = k.pollUnread(watching) // it is cut off all the time
				} else {
					_ = k.followUnread(watching)
				}
			}
		})
	}
}

// leave ends all clients.
func (w *world) leave(cancel context.CancelFunc) {
	cancel()
	w.following.Wait()
	w.watching.Wait()
}

// write has writers write messages; the channel is closed when all have.
func (w *world) write(ctx context.Context, t *testing.T, writers, messages int) <-chan struct{} {
	t.Helper()
	var writing sync.WaitGroup
	for i := range writers {
		wr := &writer{t: t, name: fmt.Sprint("writer ", i), url: "http://" + w.wire.Addr().String(), rng: w.source(), http: newHTTPClient(t)}
		w.writers = append(w.writers, wr)
		writing.Go(func() {
			for range messages / writers {
				if ctx.Err() != nil {
					return
				}
				wr.write(ctx)
				w.written.add(1)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		writing.Wait()
	}()
	return done
}
