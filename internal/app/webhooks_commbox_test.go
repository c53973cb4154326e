package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/internal/app"
	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// TestCommBoxWebhooks makes webhooks of both forms over /v1, tests them, and has
// a client of CommBox's API begin a conversation and say something in it. What
// comes to the receivers is signed over its bytes, says what type it is, and is
// what the ledger holds.
func TestCommBoxWebhooks(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.WebhookNetworks = []string{"127.0.0.0/8", "::1/128"}
	now := func() core.Time { return core.TimeOf(time.Now()) } // signatures are compared with the present
	s, err := app.NewServer(t.Context(), cfg, now, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	accounts := account.New(s.Store, now)
	a, err := accounts.Create(t.Context(), "Harbour & Sons")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := accounts.CreateToken(t.Context(), account.NewToken{AccountID: a.ID, Name: "test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := commBoxClient{t: t, base: "http://" + s.Addr.String(), token: token}
	forms := []commBoxForm{
		{format: "commbox_xml", contentType: "application/xml; charset=utf-8", name: xmlName},
		{format: "commbox_json", contentType: "application/json", name: jsonName},
	}
	for i := range forms {
		f := &forms[i]
		f.got = make(chan received, 16)
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			f.got <- received{body, r.Header}
		}))
		t.Cleanup(receiver.Close)
		c.post("/v1/webhooks", map[string]any{"url": receiver.URL, "format": f.format}, &f.hook)
		testserver.Secret(f.hook.Secret)
	}
	c.post(fmt.Sprintf("/v1/webhooks/%d/test", forms[0].hook.ID), nil, nil)
	var inbox struct{ ID int64 }
	c.post("/v1/inboxes", map[string]any{"name": "Chat", "channel": "web"}, &inbox)
	var object, child struct{ Data struct{ ID int64 } }
	objects := fmt.Sprintf("/streams/%d/objects", inbox.ID)
	c.post(objects, map[string]any{"Type": 4, "UserStreamProviderId": "mia@example.org", "UserStreamProviderType": 4, "Message": "Hello"}, &object)
	c.post(fmt.Sprintf("%s/%d/child", objects, object.Data.ID), map[string]any{"Type": 4, "UserStreamProviderId": "mia@example.org", "UserStreamProviderType": 4, "Message": "When, <b>when</b>?"}, &child)
	for i := range forms {
		want := map[string]bool{"User OnNew": true, "Object OnNew": true, "Object OnNewChild": true}
		if i == 0 {
			want["Webhook OnTest"] = true
		}
		forms[i].check(t, s.Store, a.ID, want, child.Data.ID)
	}
}

// commBoxForm is one form of CommBox's webhooks, and a receiver of it.
type commBoxForm struct {
	format, contentType string
	name                func(body []byte) (string, error) // subscription and name
	hook                struct {
		ID     int64
		Secret string
	}
	got chan received
}

// check receives what is wanted, once each, in whatever order: what is about
// different things has none.
func (f *commBoxForm) check(t *testing.T, st store.Store, account int64, want map[string]bool, child int64) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(f.hook.Secret)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]bool{}
	for len(want) > 0 {
		var r received
		select {
		case r = <-f.got:
		case <-time.After(time.Minute): // far more than it takes
			t.Fatalf("%s: %v did not come", f.format, want)
		}
		if err := verifier.Verify(r.body, r.header); err != nil {
			t.Errorf("%s: %v: %v", f.format, r.header, err)
		}
		if got := r.header.Get("Content-Type"); got != f.contentType {
			t.Errorf("%s: content type %q", f.format, got)
		}
		name, err := f.name(r.body)
		if err != nil || !want[name] {
			t.Fatalf("%s: got %q, %v: %s", f.format, name, err, r.body)
		}
		if name == "Object OnNewChild" && !bytes.Contains(r.body, fmt.Appendf(nil, `%d"`, child)) {
			t.Errorf("%s: the child is not %d: %s", f.format, child, r.body)
		}
		delete(want, name)
		bodies[string(r.body)] = true
	}
	sent, err := st.ListDeliveries(t.Context(), account, f.hook.ID, store.DeliveryQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	seqs := make([]int64, len(sent))
	for i := range sent {
		seqs[i] = sent[i].Seq
	}
	kept, err := st.DeliveriesBySeq(t.Context(), account, f.hook.ID, seqs)
	if err != nil || len(kept) != len(bodies) {
		t.Fatalf("%s: the ledger has %d deliveries, want %d, %v", f.format, len(kept), len(bodies), err)
	}
	for i := range kept {
		if !bodies[kept[i].Body] || kept[i].ContentType != f.contentType {
			t.Errorf("%s: the ledger has what was not sent: %s, %s", f.format, kept[i].ContentType, kept[i].Body)
		}
	}
}

func xmlName(body []byte) (string, error) {
	var e struct {
		Subscription string `xml:",attr"`
		Name         string `xml:",attr"`
		Brand        string `xml:",attr"`
	}
	err := xml.Unmarshal(body, &e)
	if err == nil && e.Brand != "Harbour & Sons" {
		err = fmt.Errorf("brand %q", e.Brand)
	}
	return e.Subscription + " " + e.Name, err
}

func jsonName(body []byte) (string, error) {
	type event struct{ Subscription, Name, Brand string }
	var e struct{ Event, Payload event }
	err := json.Unmarshal(body, &e)
	if e.Event == (event{}) {
		e.Event = e.Payload
	}
	if err == nil && e.Event.Brand != "Harbour & Sons" {
		err = fmt.Errorf("brand %q", e.Event.Brand)
	}
	return e.Event.Subscription + " " + e.Event.Name, err
}

// commBoxClient calls a server.
type commBoxClient struct {
	t           *testing.T
	base, token string
}

// post sends a body, nil = none, and reads the answer into into, nil = not.
func (c *commBoxClient) post(path string, body, into any) {
	c.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.base+path, bytes.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(got, into)
	}
	if err != nil || resp.StatusCode >= 300 {
		c.t.Fatalf("%s: %d, %v: %s", path, resp.StatusCode, err, got)
	}
}
