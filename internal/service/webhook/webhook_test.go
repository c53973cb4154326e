package webhook_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/service/integrity"
	"parley/internal/service/repeat"
	"parley/internal/service/webhook"
	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit/testserver"
)

const now = core.Time(1_800_000_000_000_000)

var admin = core.Actor{Type: core.ActorAgent, ID: 7}

// world is a store with an account, and the events that a test caused.
type world struct {
	*testing.T
	*webhook.Webhooks
	st      store.Store
	account int64
	seen    int64
}

func each(t *testing.T, run func(x *world)) {
	t.Helper()
	for _, engine := range testserver.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testserver.Open(t, engine)
			f := storetest.Seed(t, st)
			x := &world{T: t, st: st, account: f.Account.ID}
			x.Webhooks = webhook.New(st, func() core.Time { return now }, webhook.Options{
				Formats: []string{"parley", "other"}, Types: []core.EventType{core.MessageCreated, core.NoteCreated},
			})
			x.told()
			run(x)
			if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// told returns the types of events since the last call, after a look that they
// hold no secret.
func (x *world) told() string {
	x.Helper()
	events, err := x.st.ListEvents(x.Context(), x.account, x.seen, 1000)
	if err != nil {
		x.Fatal(err)
	}
	var types []string
	for i := range events {
		x.seen = events[i].Seq
		types = append(types, string(events[i].Type))
		if w, ok := events[i].Data.(core.Webhook); ok && (w.Secret != "" || w.FormerSecret != "" || events[i].Actor != admin) {
			x.Errorf("told %+v by %+v", w, events[i].Actor)
		}
	}
	return strings.Join(types, " ")
}

func (x *world) new(url string) core.Webhook {
	return core.Webhook{AccountID: x.account, URL: url, Enabled: true}
}

func (x *world) make(url string) core.Webhook {
	x.Helper()
	w, err := x.Create(x.Context(), admin, x.new(url), nil)
	if err != nil {
		x.Fatal(err)
	}
	x.told()
	return w
}

func TestCreate(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		key := func(hash string) *repeat.Key {
			return &repeat.Key{Caller: "token 1", Operation: "createWebhook", Key: "k", Hash: hash}
		}
		w, err := x.Create(x.Context(), admin, x.new("https://shop.example/in?x=1"), key("a"))
		if err != nil {
			x.Fatal(err)
		}
		secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Secret, "whsec_"))
		if err != nil || len(secret) != 32 || w.Format != "parley" || fmt.Sprint(w.Events) != "[*]" || !w.Active() || w.UpdatedAt != now {
			x.Errorf("made %+v, %v", w, err)
		}
		again := key("a")
		if same, err := x.Create(x.Context(), admin, x.new("https://shop.example/in?x=1"), again); err != nil || same.ID != w.ID || !again.Repeated {
			x.Errorf("again: %+v, %v", same, err)
		}
		if _, err := x.Create(x.Context(), admin, x.new("https://shop.example/2"), key("b")); core.KindOf(err) != core.Conflict {
			x.Errorf("another request: %v", err)
		}
		if got := x.told(); got != "webhook.created" {
			x.Errorf("told %s", got)
		}
		if _, err := x.Create(x.Context(), admin, x.new(w.URL), nil); core.KindOf(err) != core.Conflict {
			x.Errorf("a taken address: %v", err)
		}
		if other := x.make("https://shop.example/other"); other.Secret == w.Secret {
			x.Error("two webhooks have the same secret")
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		for name, spoil := range map[string]func(w *core.Webhook){
			"url no":       func(w *core.Webhook) { w.URL = "" },
			"url plain":    func(w *core.Webhook) { w.URL = "http://shop.example" },
			"url scheme":   func(w *core.Webhook) { w.URL = "ftp://shop.example" },
			"url host":     func(w *core.Webhook) { w.URL = "https:///in" },
			"url opaque":   func(w *core.Webhook) { w.URL = "https:shop.example" },
			"url name":     func(w *core.Webhook) { w.URL = "https://me:secret@shop.example" },
			"url fragment": func(w *core.Webhook) { w.URL = "https://shop.example/#x" },
			"url long":     func(w *core.Webhook) { w.URL += strings.Repeat("x", 2048) },
			"format x":     func(w *core.Webhook) { w.Format = "nonsense" },
			"events x":     func(w *core.Webhook) { w.Events = []string{"label.created"} },
			"events twice": func(w *core.Webhook) { w.Events = []string{"note.created", "note.created"} },
		} {
			w := x.new("https://shop.example")
			spoil(&w)
			_, err := x.Create(x.Context(), admin, w, nil)
			var known *core.Error
			if field, _, _ := strings.Cut(name, " "); !errors.As(err, &known) || known.Kind != core.Invalid || known.Field != field {
				x.Errorf("%s: got %v", name, err)
			} else if strings.Contains(err.Error(), "secret") {
				x.Errorf("%s: tells %v", name, err)
			}
		}
		for i := range webhook.MaxWebhooks {
			x.make(fmt.Sprintf("https://shop.example/%d", i))
		}
		if _, err := x.Create(x.Context(), admin, x.new("https://shop.example/more"), nil); core.KindOf(err) != core.Invalid {
			x.Errorf("one more: %v", err)
		}
	})
}

func TestPlainWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	st := testserver.Open(t, "sqlite")
	f := storetest.Seed(t, st)
	plain := webhook.New(st, func() core.Time { return now }, webhook.Options{Formats: []string{"parley"}, Plain: true})
	if _, err := plain.Create(t.Context(), admin, core.Webhook{AccountID: f.Account.ID, URL: "http://10.0.0.1"}, nil); err != nil {
		t.Error(err)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		w, other := x.make("https://shop.example"), x.make("https://other.example")
		update := func(change func(w *core.Webhook) error) (core.Webhook, error) {
			return x.Update(x.Context(), admin, x.account, w.ID, change)
		}
		got, err := update(func(w *core.Webhook) error {
			w.URL, w.Format, w.Enabled, w.Events[0] = "https://new.example", "other", false, "note.created"
			w.ID, w.AccountID, w.Secret, w.PausedAt, w.CreatedAt = 99, 99, "mine", 5, 5 // which are not for it to change
			return nil
		})
		want := w
		want.URL, want.Format, want.Enabled, want.Events = "https://new.example", "other", false, []string{"note.created"}
		if stored, readErr := x.Webhook(x.Context(), x.account, w.ID); err != nil || readErr != nil || fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(stored) != fmt.Sprint(want) {
			x.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if _, err := update(func(*core.Webhook) error { return nil }); err != nil || x.told() != "webhook.updated" {
			x.Errorf("nothing altered: %v", err)
		}
		stop := &core.Error{Kind: core.Precondition}
		for kind, change := range map[core.Kind]func(w *core.Webhook) error{
			core.Conflict:     func(w *core.Webhook) error { w.URL = other.URL; return nil },
			core.Invalid:      func(w *core.Webhook) error { w.Events = nil; return nil },
			core.Precondition: func(*core.Webhook) error { return stop },
		} {
			if _, err := update(change); core.KindOf(err) != kind {
				x.Errorf("got %v, want %v", err, kind)
			}
		}
		if _, err := x.Update(x.Context(), admin, x.account, 999, func(*core.Webhook) error { return nil }); core.KindOf(err) != core.NotFound {
			x.Errorf("absent: %v", err)
		}
		if got := x.told(); got != "" {
			x.Errorf("told %s", got)
		}
	})
}

func TestDeleteAndRotate(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		w := x.make("https://shop.example")
		rotated, err := x.RotateSecret(x.Context(), admin, x.account, w.ID, nil, time.Hour)
		if err != nil || rotated.Secret == w.Secret || rotated.FormerSecret != w.Secret || rotated.FormerUntil != now+core.Time(time.Hour/time.Microsecond) {
			x.Errorf("rotated %+v, %v", rotated, err)
		}
		if resumed, err := x.Resume(x.Context(), admin, x.account, w.ID, nil); err != nil || fmt.Sprint(resumed) != fmt.Sprint(rotated) {
			x.Errorf("resumed what was not paused: %+v, %v", resumed, err)
		}
		no := func(core.Webhook) error { return &core.Error{Kind: core.Precondition} }
		if err := x.Delete(x.Context(), admin, x.account, w.ID, no); core.KindOf(err) != core.Precondition {
			x.Errorf("deleted: %v", err)
		}
		if err := x.Delete(x.Context(), admin, x.account, w.ID, nil); err != nil {
			x.Error(err)
		}
		if got := x.told(); got != "webhook.updated webhook.deleted" {
			x.Errorf("told %s", got)
		}
		if err := x.Delete(x.Context(), admin, x.account, w.ID, nil); core.KindOf(err) != core.NotFound {
			x.Errorf("deleted again: %v", err)
		}
		if rows, err := x.Page(x.Context(), x.account, 0, 10); err != nil || len(rows) != 0 {
			x.Errorf("left %v, %v", rows, err)
		}
	})
}

// TestAccounts: another account's webhook is as good as absent.
func TestAccounts(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		w := x.make("https://shop.example")
		a := core.Account{Name: "Other", CreatedAt: now, UpdatedAt: now}
		if err := x.st.InTx(x.Context(), 0, func(ctx context.Context, tx store.Tx) error { return tx.InsertAccount(ctx, &a) }); err != nil {
			x.Fatal(err)
		}
		ctx := x.Context()
		for name, try := range map[string]func() error{
			"Webhook": func() error { _, err := x.Webhook(ctx, a.ID, w.ID); return err },
			"Update": func() error {
				_, err := x.Update(ctx, admin, a.ID, w.ID, func(*core.Webhook) error { return nil })
				return err
			},
			"Delete":       func() error { return x.Delete(ctx, admin, a.ID, w.ID, nil) },
			"RotateSecret": func() error { _, err := x.RotateSecret(ctx, admin, a.ID, w.ID, nil, 0); return err },
			"Resume":       func() error { _, err := x.Resume(ctx, admin, a.ID, w.ID, nil); return err },
			"Test":         func() error { return x.Test(ctx, admin, a.ID, w.ID, nil) },
			"Deliveries":   func() error { _, err := x.Deliveries(ctx, a.ID, w.ID, store.DeliveryQuery{Limit: 1}); return err },
			"Delivery":     func() error { _, err := x.Delivery(ctx, a.ID, w.ID, 1); return err },
			"Attempts":     func() error { _, err := x.Attempts(ctx, a.ID, w.ID, 1, 0, 1); return err },
			"Replay":       func() error { return x.Replay(ctx, a.ID, w.ID, 1) },
			"ReplayRange":  func() error { _, err := x.ReplayRange(ctx, a.ID, w.ID, store.DeliveryQuery{Limit: 1}); return err },
		} {
			if err := try(); core.KindOf(err) != core.NotFound {
				x.Errorf("%s: %v", name, err)
			}
		}
	})
}
