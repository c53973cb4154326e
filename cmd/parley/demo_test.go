package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/testkit"
)

// demoAnswers is what each request that the demo prints is answered with, by
// a part of its address.
var demoAnswers = map[string]string{
	"/v2/users/identities/": `"objectId":396001`,
	"/streams/":             `"childs":[{"id":`,
	"/public/api/v1/":       `"name":"Eddie Novak"`,
	"/api/agents/":          `"message_count":4`,
	"/v1/me":                `{"type":"account","account_id":1,`,
	"/v1/contacts/":         `"conversations":[{"id":396001,`,
	"/v1/search":            "invoice of my last order",
	"/v1/events":            "event: message.created",
}

// What the demo prints works when it is copied.
func TestDemoPrintsWhatWorks(t *testing.T) {
	t.Parallel()
	if testkit.Small() {
		t.Skip("an account as large as the demo's takes the race detector minutes")
	}
	printed := startDemo(t)
	seen := map[string]bool{}
	for line := range strings.Lines(printed) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		for part, want := range demoAnswers {
			if strings.Contains(line, part) {
				seen[part] = true
				awaitAnswer(t, curlRequest(t, line), want)
			}
		}
	}
	if len(seen) != len(demoAnswers) || strings.Count(printed, "\n  curl ") != len(seen) {
		t.Errorf("of %d requests these are known: %v\n%s", strings.Count(printed, "\n  curl "), seen, printed)
	}
	for _, address := range regexp.MustCompile(`http://\S+/(?:readyz|docs|openapi/\w+\.json|demo/badge)\b`).FindAllString(printed, -1) {
		awaitAnswer(t, request(t, address), "")
	}
	// The badge asks what its token's customer has not read.
	base, token, ok := strings.Cut(regexp.MustCompile(`http://\S+#token=\S+`).FindString(printed), "/demo/badge#token=")
	if !ok {
		t.Fatalf("no address of a badge in %s", printed)
	}
	r := request(t, base+"/v1/contacts/me/unread")
	r.Header.Set("Authorization", "Bearer "+token)
	awaitAnswer(t, r, `"conversations":[{"id":396001,`)
}

// startDemo runs the demo until the test ends and returns what it prints.
func startDemo(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--addr", "127.0.0.1:0", "--log-level", "error"}, streams{in: strings.NewReader(""), out: w, err: os.Stderr})
		_ = w.Close()
	}()
	var printed strings.Builder
	lines := bufio.NewScanner(out)
	for !strings.HasPrefix(lines.Text(), "Stop with") && lines.Scan() {
		printed.WriteString(lines.Text() + "\n")
	}
	t.Cleanup(func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("the demo ended with status %d", status)
		}
		dir := regexp.MustCompile(`data +(\S+)`).FindStringSubmatch(printed.String())
		if len(dir) == 0 {
			t.Errorf("no data dir in %s", printed.String())
		} else if _, err := os.Stat(filepath.Clean(dir[1])); !os.IsNotExist(err) {
			t.Errorf("the demo's data is still there: %v", err)
		}
	})
	return printed.String()
}

// curlRequest is the request that a printed line makes, as a shell and curl
// read it: words in single quotes, flags, headers and one address.
func curlRequest(t *testing.T, line string) *http.Request {
	t.Helper()
	var address string
	headers := http.Header{}
	words := regexp.MustCompile(`'([^']*)'|\S+`).FindAllString(line, -1)[1:]
	for i := 0; i < len(words); i++ {
		switch word := strings.Trim(words[i], "'"); {
		case word == "-H" && i+1 < len(words):
			i++
			name, value, _ := strings.Cut(strings.Trim(words[i], "'"), ": ")
			headers.Set(name, value)
		case word == "-s", word == "-sN":
		case address == "" && strings.HasPrefix(words[i], "'http://"):
			address = word
		default:
			t.Fatalf("%q in %s", word, line)
		}
	}
	r := request(t, address)
	r.Header = headers
	return r
}

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// awaitAnswer asks until the answer has what is wanted of it: the demo moves,
// and its index is being filled. Each answer has to be 200 and to hold
// something.
func awaitAnswer(t *testing.T, r *http.Request, want string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		got := answerUpTo(t, r, want)
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-r.Context().Done():
			t.Fatalf("%s never has %q: %s", r.URL.Path, want, got)
		case <-tick.C:
		}
	}
}

// answerUpTo asks and reads the answer up to what is wanted, or all of it.
func answerUpTo(t *testing.T, r *http.Request, want string) string {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got strings.Builder
	for lines := bufio.NewReader(answer.Body); err == nil && (got.Len() == 0 || !strings.Contains(got.String(), want)); {
		var line string
		line, err = lines.ReadString('\n')
		got.WriteString(line)
	}
	if answer.StatusCode != http.StatusOK || got.Len() == 0 {
		t.Fatalf("%s: %d %s", r.URL.Path, answer.StatusCode, got.String())
	}
	return got.String()
}
