package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/safehttp"
	hooks "parley/internal/service/webhook"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/testkit/migrated"
	"parley/internal/testkit/testserver"
	"parley/internal/webhook"
)

const (
	second = core.Time(time.Second / time.Microsecond)
	minute = 60 * second
	hour   = 60 * minute
	// patience is far more than a call to this machine takes.
	patience = 10 * time.Second
)

var admin = core.Actor{Type: core.ActorAgent, ID: 7}

var _ webhook.HeaderFormat = plainFormat{}

// world is an account of a store, a clock that tests set, and nodes that send.
type world struct {
	testing.TB
	st       store.Store
	account  int64
	now      atomic.Int64
	webhooks *hooks.Webhooks
	nodes    []*node
}

// node is one process.
type node struct {
	*webhook.Deliverer
	runner *job.Runner
}

// plainFormat prints what tests look for. It has nothing for labels that are
// updated, and fails for those that are deleted.
type plainFormat struct{}

func (plainFormat) Body(_ context.Context, account int64, e *core.Event) (contentType string, body []byte, ok bool, err error) {
	switch e.Type { //nolint:exhaustive // the others are rendered
	case core.LabelUpdated:
		return "", nil, false, nil
	case core.LabelDeleted:
		return "", nil, false, errors.New("it is not known how")
	}
	return "application/json; charset=utf-8", fmt.Appendf(nil, `{"account":%d,"seq":%d,"type":%q,"conversation":%d}`, account, e.Seq, e.Type, e.ConversationID), true, nil
}

// Header says what a format is told of an attempt, and tries to sign in the
// sender's place.
func (plainFormat) Header(h http.Header, s *webhook.Sending) {
	h.Set("X-Plain", fmt.Sprintf("%s %d %s %s", s.MessageID, s.At, s.Secret, s.Body))
	h.Set("Webhook-Signature", "v1,none")
}

// told is what Header is told when the secret is the webhook's present one.
func (x *world) told(c call, secret string) {
	x.Helper()
	if got, want := c.head.Get("X-Plain"), fmt.Sprintf("%s %s %s %s", c.id, c.head.Get("Webhook-Timestamp"), secret, c.body); got != want {
		x.Errorf("the format was told %q, want %q", got, want)
	}
}

func each(t *testing.T, run func(x *world)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(newWorld(t, stores(t, engine, 1), 0))
		})
	}
}

// stores returns what several nodes have open: on PostgreSQL each its own, one
// store several times on SQLite, of which there is one process.
func stores(t testing.TB, engine string, n int) []store.Store {
	t.Helper()
	if engine == "sqlite" || n == 1 {
		return slices.Repeat([]store.Store{testserver.Open(t, engine)}, n)
	}
	url := migrated.Postgres(t)
	var all []store.Store
	for range n {
		st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: url, MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		all = append(all, st)
	}
	return all
}

func newWorld(t testing.TB, all []store.Store, linger time.Duration) *world {
	t.Helper()
	x := &world{TB: t, st: all[0]}
	x.now.Store(1_800_000_000_000_000)
	a := core.Account{Name: "Acme", Epoch: "epoch-1", CreatedAt: x.clock(), UpdatedAt: x.clock()}
	if err := x.st.InTx(t.Context(), 0, func(ctx context.Context, tx store.Tx) error { return tx.InsertAccount(ctx, &a) }); err != nil {
		t.Fatal(err)
	}
	x.account = a.ID
	x.webhooks = hooks.New(x.st, x.clock, hooks.Options{Formats: []string{"plain"}, Types: []core.EventType{core.LabelCreated, core.LabelDeleted}, Plain: true})
	for _, st := range all {
		d := webhook.New(webhook.Options{
			Store: st, Clock: x.clock, Log: testserver.Log(t), Linger: linger, Formats: map[string]webhook.Format{"plain": plainFormat{}},
			Client: safehttp.NewClient(safehttp.Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: patience}),
		})
		x.nodes = append(x.nodes, &node{d, job.NewRunner(st, x.clock, testserver.Log(t), nil, d.Outside())})
	}
	return x
}

func (x *world) clock() core.Time { return core.Time(x.now.Load()) }

// work has the node send what may be sent now.
func (x *world) work(n int) {
	x.Helper()
	if _, err := x.nodes[n].Find(x.Context()); err != nil {
		x.Fatal(err)
	}
	if err := x.nodes[n].runner.Work(x.Context()); err != nil {
		x.Fatal(err)
	}
}

// later moves the clock and has the first node work.
func (x *world) later(by core.Time) {
	x.Helper()
	x.now.Add(int64(by))
	x.work(0)
}

// say adds an event about each of the conversations, 0 = about none.
func (x *world) say(typ core.EventType, conversations ...int64) {
	x.Helper()
	err := x.st.InTx(x.Context(), x.account, func(_ context.Context, tx store.Tx) error {
		for _, c := range conversations {
			tx.Emit(core.Event{AccountID: x.account, Type: typ, At: x.clock(), ConversationID: c, Data: core.Label{ID: 1}})
		}
		return nil
	})
	if err != nil {
		x.Fatal(err)
	}
}

// add makes a webhook that hears of labels.
func (x *world) add(url string) core.Webhook {
	x.Helper()
	w, err := x.webhooks.Create(x.Context(), admin, core.Webhook{AccountID: x.account, URL: url, Events: []string{"label.created", "label.deleted"}, Enabled: true}, nil)
	if err != nil {
		x.Fatal(err)
	}
	return w
}

// hook returns the webhook as it is.
func (x *world) hook(id int64) core.Webhook {
	x.Helper()
	w, err := x.webhooks.Webhook(x.Context(), x.account, id)
	if err != nil {
		x.Fatal(err)
	}
	return w
}

// ledger is what the deliveries of a webhook came to, the oldest first.
func (x *world) ledger(id int64) []core.Delivery {
	x.Helper()
	all, err := x.webhooks.Deliveries(x.Context(), x.account, id, store.DeliveryQuery{Limit: 5000})
	if err != nil {
		x.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// attempts returns the attempts of a delivery.
func (x *world) attempts(id, seq int64) []core.Attempt {
	x.Helper()
	all, err := x.webhooks.Attempts(x.Context(), x.account, id, seq, 0, 1000)
	if err != nil {
		x.Fatal(err)
	}
	return all
}

// states counts the deliveries of a webhook by state.
func (x *world) states(id int64) map[core.DeliveryState]int {
	x.Helper()
	n := map[core.DeliveryState]int{}
	for _, d := range x.ledger(id) {
		n[d.State]++
	}
	return n
}

func (x *world) same(what string, got, want map[core.DeliveryState]int) {
	x.Helper()
	if !maps.Equal(got, want) {
		x.Errorf("%s: %v, want %v", what, got, want)
	}
}

// call is one request that a receiver got.
type call struct {
	id   string
	body string
	head http.Header
}

// receiver answers as it is told, and remembers what it was sent.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	answer http.HandlerFunc // guarded by mu; nil = 200
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.calls = append(r.calls, call{req.Header.Get("webhook-id"), string(body), req.Header})
		answer := r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) does(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// fails has it answer with the status.
func (r *receiver) fails(status int) {
	r.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// got returns what it was sent since the last call.
func (r *receiver) got() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// bodies are the bodies of calls, in order.
func bodies(calls []call) []string {
	var all []string
	for _, c := range calls {
		all = append(all, c.body)
	}
	return all
}

// expect compares bodies with those of events.
func (x *world) expect(what string, calls []call, seqs []int64, conversations []int64, anyOrder bool) {
	x.Helper()
	got := bodies(calls)
	var want []string
	for i, seq := range seqs {
		want = append(want, fmt.Sprintf(`{"account":%d,"seq":%d,"type":"label.created","conversation":%d}`, x.account, seq, conversations[i]))
	}
	if anyOrder {
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		x.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// verified fails unless each of the secrets alone accepts the call. The
// reference library wants calls of these minutes, so the clock has to be right.
func (x *world) verified(c call, want bool, secrets ...string) {
	x.Helper()
	for _, secret := range secrets {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			x.Fatal(err)
		}
		if err := wh.Verify([]byte(c.body), c.head); (err == nil) != want {
			x.Errorf("accepted: %t, want %t: %v", err == nil, want, err)
		}
	}
}
