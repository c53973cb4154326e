//go:build browser

package badge_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromiumEnv names the browser where it is not in the path.
const chromiumEnv = "PARLEY_TEST_CHROMIUM"

// patience is how long the tests wait for what should come at once.
const patience = 30 * time.Second

// chromium is a browser without a window.
type chromium struct {
	ctx context.Context
}

// browser starts a browser, which ends with the test.
func browser(t *testing.T) *chromium {
	t.Helper()
	path := os.Getenv(chromiumEnv)
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Fatalf("no Chromium was found: install the package chromium, or set %s", chromiumEnv)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root with one
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &chromium{ctx}
}

// page is a tab of the browser.
type page struct {
	ctx context.Context
}

// open shows an address in a tab of its own. What the page breaks of its
// Content-Security-Policy, and errors that nobody catches, fail the test.
func open(t *testing.T, c *chromium, address string) *page {
	t.Helper()
	ctx, stop := chromedp.NewContext(c.ctx)
	t.Cleanup(stop)
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if strings.Contains(e.Entry.Text, "Content Security Policy") {
				t.Error(e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			t.Error(e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &page{ctx}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(within, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	return p
}

// ask returns what an expression is in the page.
func ask[T any](t *testing.T, p *page, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// do runs a statement in the page.
func (p *page) do(t *testing.T, statement string) {
	t.Helper()
	ask[bool](t, p, "{"+statement+"; true}")
}

// wait waits until the element of the badge shows the text, "" for a hidden one.
func (p *page) wait(t *testing.T, want string) {
	t.Helper()
	eventually(t, func() (bool, string) {
		got := p.text(t)
		hidden := ask[bool](t, p, `document.getElementById("badge").hidden`)
		return got == want && hidden == (want == ""), fmt.Sprintf("the badge shows %q (hidden: %t), want %q", got, hidden, want)
	})
}

// text is what the element of the badge shows.
func (p *page) text(t *testing.T) string {
	t.Helper()
	return ask[string](t, p, `document.getElementById("badge").textContent`)
}

// offline takes the network from the page, or gives it back.
func (p *page) offline(t *testing.T, off bool) {
	t.Helper()
	conditions := network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}},
	}
	if _, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, conditions); err != nil {
		t.Fatal(err)
	}
	state := network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(p.ctx, network.OverrideNetworkState, state); err != nil {
		t.Fatal(err)
	}
}

// eventually asks until the answer is yes. Of a browser there is no clock that
// could be set.
func eventually(t *testing.T, is func() (yes bool, state string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, state := is()
		if yes {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(state)
		case <-tick.C:
		}
	}
}

// website serves pages of another origin than Parley's: each is one script tag
// and the element that it names, under a policy that allows Parley's host and
// nothing else.
func website(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		host := q.Get("parley")
		own := ""
		allowed := host
		if q.Has("renewed") {
			own, allowed = `<script src="/renew.js?token=`+q.Get("renewed")+`"></script>`, host+" 'self'"
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src "+allowed+"; connect-src "+host)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>Shop</title><span id="badge" hidden></span>%s
			<script async src="%s/badge.js" data-token="%s" data-target="#badge" data-channel="web"></script>`, own, host, q.Get("token"))
	})
	mux.HandleFunc("GET /renew.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `window.ParleyBadge = { asked: 0, onToken: async () => { ParleyBadge.asked++; return %q; } };`, r.URL.Query().Get("token"))
	})
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site.URL
}

// address is that of a page of the website.
func address(site, parley, token string, more ...string) string {
	q := url.Values{"parley": {parley}, "token": {token}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return site + "/?" + q.Encode()
}

// between is a proxy before Parley that lets streams through or not, and
// counts.
type between struct {
	url string

	mu       sync.Mutex
	streams  int   // requests for streams
	statuses []int // of the answers to polls
}

// proxy starts a proxy; refuse answers requests for streams.
func proxy(t *testing.T, parley string, refuse http.HandlerFunc) *between {
	t.Helper()
	target, err := url.Parse(parley)
	if err != nil {
		t.Fatal(err)
	}
	b := &between{}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			if strings.HasSuffix(r.Request.URL.Path, "/unread") && r.Request.Method == http.MethodGet {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.statuses = append(b.statuses, r.StatusCode)
			}
			return nil
		},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/stream") && r.Method == http.MethodGet {
			b.mu.Lock()
			b.streams++
			b.mu.Unlock()
			w.Header().Set("Access-Control-Allow-Origin", "*")
			refuse(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	b.url = srv.URL
	return b
}

// seen returns how many streams were asked for, and the answers to polls.
func (b *between) seen() (streams int, statuses []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.streams, slices.Clone(b.statuses)
}

// wait waits until polls were answered with these statuses.
func (b *between) wait(t *testing.T, want []int) {
	t.Helper()
	eventually(t, func() (bool, string) {
		_, got := b.seen()
		return slices.Equal(got, want), fmt.Sprintf("polls were answered %d, want %d", got, want)
	})
}
