package app_test

import (
	"context"
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

// TestWebhookOfARunningServer is made and tested by HTTP, in a private network
// that the operator allows; what is signed comes to the receiver, and the
// ledger knows.
func TestWebhookOfARunningServer(t *testing.T) {
	t.Parallel()
	got := make(chan received, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{body, r.Header}
	}))
	t.Cleanup(receiver.Close)
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
	accounts := account.New(s.Store, now)
	a, err := accounts.Create(t.Context(), "Acme")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := accounts.CreateToken(t.Context(), account.NewToken{AccountID: a.ID, Name: "test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	post := func(path, body string, into any) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.Addr.String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
		}
	}
	var hook struct {
		ID     int64
		Secret string
	}
	post("/v1/webhooks", `{"url":"`+receiver.URL+`/hook","events":["label.created"]}`, &hook)
	testserver.Secret(hook.Secret)
	post("/v1/webhooks/"+strconv.FormatInt(hook.ID, 10)+"/test", "", &struct{}{})
	post("/v1/labels", `{"title":"vip"}`, &struct{}{})

	check, err := standardwebhooks.NewWebhook(hook.Secret)
	if err != nil {
		t.Fatal(err)
	}
	for types := map[string]bool{}; !types["webhook.tested"] || !types["label.created"]; {
		var r received
		select {
		case r = <-got:
		case <-time.After(time.Minute): // far more than it takes
			t.Fatalf("only %v came", types)
		}
		if err := check.Verify(r.body, r.header); err != nil {
			t.Errorf("%v: %v", r.header, err)
		}
		var event struct{ ID, Type string }
		if err := json.Unmarshal(r.body, &event); err != nil || event.ID == "" || types[event.Type] {
			t.Fatalf("got %s, %v", r.body, err)
		}
		types[event.Type] = true
	}
}
