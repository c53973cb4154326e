package app_test

import (
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
	"parley/internal/testkit/testserver"
)

// received is what a receiver of webhooks got.
type received struct {
	body   []byte
	header http.Header
}

// hooked is a server that runs and may call this machine, and an account's
// token.
type hooked struct {
	*testing.T
	server *app.Server
	token  string
}

func newHooked(t *testing.T, account string) *hooked {
	t.Helper()
	cfg := settings(t)
	cfg.WebhookNetworks = []string{"127.0.0.0/8", "::1/128"}
	// Signatures are compared with the present.
	s := startAt(t, cfg, func() core.Time { return core.TimeOf(time.Now()) })
	return &hooked{T: t, server: s, token: tokenOf(t, s, account)}
}

// call asks the server, and reads the answer into into, nil = not; body "" is a
// GET.
func (h *hooked) call(path, body string, into any) {
	h.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(h.Context(), method, "http://"+h.server.Addr.String()+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(got, into)
	}
	if err != nil || resp.StatusCode >= 300 {
		h.Fatalf("%s: %d, %v: %s", path, resp.StatusCode, err, got)
	}
}

// receiver is a webhook as it is made, and what comes to it.
type receiver struct {
	ID     int64
	Secret string

	got chan received
}

// receive makes a webhook, with more settings than its address, and receives for
// it.
func (h *hooked) receive(settings string) *receiver {
	h.Helper()
	r := &receiver{got: make(chan received, 16)}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.got <- received{body, req.Header}
	}))
	h.Cleanup(s.Close)
	h.call("/v1/webhooks", `{"url":"`+s.URL+`/hook",`+settings+`}`, r)
	testserver.Secret(r.Secret)
	return r
}

// next is what comes, which the reference library accepts.
func (r *receiver) next(t *testing.T) received {
	t.Helper()
	check, err := standardwebhooks.NewWebhook(r.Secret)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-r.got:
		if err := check.Verify(got.body, got.header); err != nil {
			t.Errorf("%v: %v", got.header, err)
		}
		return got
	case <-time.After(time.Minute): // far more than it takes
		t.Fatal("nothing comes")
	}
	return received{}
}

// TestWebhookOfARunningServer is made and tested by HTTP, in a private network
// that the operator allows; what is signed comes to the receiver, and the
// ledger knows.
func TestWebhookOfARunningServer(t *testing.T) {
	t.Parallel()
	h := newHooked(t, "Acme")
	w := h.receive(`"events":["label.created"]`)
	h.call("/v1/webhooks/"+strconv.FormatInt(w.ID, 10)+"/test", "{}", nil)
	h.call("/v1/labels", `{"title":"vip"}`, nil)
	for types := map[string]bool{}; !types["webhook.tested"] || !types["label.created"]; {
		r := w.next(t)
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
	h := newHooked(t, "Acme")
	w := h.receive(`"events":["message.created"],"format":"chatwoot"`)
	var shop struct{ ID int64 }
	h.call("/v1/inboxes", `{"name":"Shop","channel":"web"}`, &shop)
	h.call("/streams/"+strconv.FormatInt(shop.ID, 10)+"/objects",
		`{"data":{"Message":"Is it **there**?","Type":4,"UserStreamProviderId":"972500000001","UserStreamProviderType":5}}`, nil)
	r := w.next(t)
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
