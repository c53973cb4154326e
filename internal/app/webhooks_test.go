package app_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/internal/app"
	"parley/internal/core"
	"parley/internal/service/account"
	"parley/internal/testkit/testserver"
)

// received is what a receiver of webhooks got.
type received struct {
	body   []byte
	header http.Header
}

// hooked is a server that runs and may call this machine, an account's token,
// and a receiver.
type hooked struct {
	*testing.T
	url      string // of the server
	token    string
	receiver string // its address
	got      chan received
}

func newHooked(t *testing.T) *hooked {
	h := &hooked{T: t, got: make(chan received, 16)}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.got <- received{body, r.Header}
	}))
	t.Cleanup(receiver.Close)
	h.receiver = receiver.URL + "/hook"
	cfg := settings(t)
	cfg.WebhookNetworks = []string{"127.0.0.0/8", "::1/128"}
	// Signatures are compared with the present.
	now := func() core.Time { return core.TimeOf(time.Now()) }
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
	h.url = "http://" + s.Addr.String()
	accounts := account.New(s.Store, now)
	a, err := accounts.Create(t.Context(), "Acme")
	if err != nil {
		t.Fatal(err)
	}
	if h.token, _, err = accounts.CreateToken(t.Context(), account.NewToken{AccountID: a.ID, Name: "test"}, nil); err != nil {
		t.Fatal(err)
	}
	return h
}

// call asks the server; body "" is a GET.
func (h *hooked) call(path, body string, into any) {
	h.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(h.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode >= 300 {
		h.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
}

// hook is a webhook as it is made.
type hook struct {
	ID     int64
	Secret string
}

// make makes a webhook.
func (h *hooked) make(settings string) (made hook) {
	h.Helper()
	h.call("/v1/webhooks", `{"url":"`+h.receiver+`",`+settings+`}`, &made)
	testserver.Secret(made.Secret)
	return made
}

// next is what the receiver gets, which the reference library accepts.
func (h *hooked) next(secret string) received {
	h.Helper()
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		h.Fatal(err)
	}
	select {
	case r := <-h.got:
		if err := check.Verify(r.body, r.header); err != nil {
			h.Errorf("%v: %v", r.header, err)
		}
		return r
	case <-time.After(time.Minute): // far more than it takes
		h.Fatal("nothing comes")
	}
	return received{}
}

// TestWebhookOfARunningServer is made and tested by HTTP, in a private network
// that the operator allows; what is signed comes to the receiver, and the
// ledger knows.
func TestWebhookOfARunningServer(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	w := h.make(`"events":["label.created"]`)
	h.call("/v1/webhooks/"+strconv.FormatInt(w.ID, 10)+"/test", "{}", &struct{}{})
	h.call("/v1/labels", `{"title":"vip"}`, &struct{}{})
	for types := map[string]bool{}; !types["webhook.tested"] || !types["label.created"]; {
		r := h.next(w.Secret)
		var event struct{ ID, Type string }
		if err := json.Unmarshal(r.body, &event); err != nil || event.ID == "" || types[event.Type] {
			t.Fatalf("got %s, %v", r.body, err)
		}
		types[event.Type] = true
	}
}

// TestChatwootWebhookOfARunningServer: what is said through CommBox comes as a
// Chatwoot server would send it, with the signatures of both kinds; and the
// ledger holds the body as it was sent.
func TestChatwootWebhookOfARunningServer(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	w := h.make(`"events":["message.created"],"format":"chatwoot"`)
	var shop struct{ ID int64 }
	h.call("/v1/inboxes", `{"name":"Shop","channel":"web"}`, &shop)
	h.call("/streams/"+strconv.FormatInt(shop.ID, 10)+"/objects",
		`{"data":{"Message":"Is it **there**?","Type":4,"UserStreamProviderId":"972500000001","UserStreamProviderType":5}}`, &struct{}{})
	r := h.next(w.Secret)
	at := r.header.Get("X-Chatwoot-Timestamp")
	mac := hmac.New(sha256.New, []byte(w.Secret))
	_, _ = mac.Write([]byte(at + "." + string(r.body)))
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json", "X-Chatwoot-Timestamp": r.header.Get("Webhook-Timestamp"),
		"X-Chatwoot-Delivery": r.header.Get("Webhook-Id"), "X-Chatwoot-Signature": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		if got := r.header.Get(name); got != want || want == "" {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	var told struct {
		Event, Content string
		MessageType    string `json:"message_type"`
	}
	if err := json.Unmarshal(r.body, &told); err != nil || told.Event != "message_created" || told.MessageType != "incoming" || told.Content != "<p>Is it <strong>there</strong>?</p>\n" {
		t.Errorf("got %s, %v", r.body, err)
	}
	ledger := "/v1/webhooks/" + strconv.FormatInt(w.ID, 10) + "/deliveries"
	var list struct{ Data []struct{ ID int64 } }
	h.call(ledger, "", &list)
	if len(list.Data) != 1 {
		t.Fatalf("%d deliveries, want one", len(list.Data))
	}
	var sent struct{ Body string }
	if h.call(ledger+"/"+strconv.FormatInt(list.Data[0].ID, 10), "", &sent); sent.Body != string(r.body) {
		t.Errorf("the ledger holds %s, sent was %s", sent.Body, r.body)
	}
}
