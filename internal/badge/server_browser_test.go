//go:build browser

package badge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// parley is the real program on a database of its own, with an account, a web
// inbox and an agent. It can be killed and started again at the same address.
type parley struct {
	url string

	binary, dir string
	cmd         *exec.Cmd
	key         string // the account's
	hmacToken   string
	inbox       int64
	agent       int64
}

// startParley builds the program and starts it; it is killed when the test ends.
func startParley(t *testing.T) *parley {
	t.Helper()
	p := &parley{binary: filepath.Join(t.TempDir(), "parley")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.binary, "parley/cmd/parley")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	dir, err := os.MkdirTemp("", "parley") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p.dir = dir
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.url = "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.command(t, "account", "create", "--name", "Shop")
	inbox := p.command(t, "inbox", "create", "--account", "1", "--name", "Website", "--channel", "web")
	p.inbox, p.hmacToken = inbox.Inbox, inbox.HMACToken
	p.agent = p.command(t, "agent", "create", "--account", "1", "--name", "Ada", "--email", "ada@shop.example").Agent
	p.key = p.command(t, "token", "create", "--account", "1", "--name", "test").Token
	p.start(t)
	t.Cleanup(func() { p.kill(t) })
	return p
}

// printed is what the command line prints of what it has made.
type printed struct {
	Inbox     int64  `json:"inbox_id"`
	HMACToken string `json:"hmac_token"`
	Agent     int64  `json:"agent_id"`
	Token     string `json:"token"`
}

func (p *parley) environ() []string {
	return append(os.Environ(), "PARLEY_DATA_DIR="+p.dir+"/data", "PARLEY_ADDR="+p.url[len("http://"):], "PARLEY_ADMIN_ADDR=off")
}

func (p *parley) command(t *testing.T, args ...string) (made printed) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.binary, args...)
	cmd.Env = p.environ()
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, problems.Bytes())
	}
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatalf("%v: %v in %s", args, err, out)
	}
	return made
}

// start starts the server and waits until it answers.
func (p *parley) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), p.binary, "serve")
	p.cmd.Env = p.environ()
	var said bytes.Buffer
	p.cmd.Stderr = &said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/readyz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = answer.Body.Close()
			return
		}
		select {
		case <-ctx.Done():
			p.kill(t)
			t.Fatalf("the server does not answer: %v\n%s", err, said.Bytes())
		case <-tick.C:
		}
	}
}

// kill kills the server as kill -9 does. It may be dead.
func (p *parley) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_ = p.cmd.Wait() // it was killed
}

// customer is a token for the contact whom the account calls so, as a website's
// server signs it.
func (p *parley) customer(t *testing.T, name string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(p.hmacToken)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Audience: jwt.Audience{fmt.Sprint(p.inbox)}, Subject: "external:" + name, Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// call sends a JSON body, and returns the id of what came of it.
func (p *parley) call(t *testing.T, method, path, token, body string) int64 {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %d, %v\n%s", method, path, answer.StatusCode, err, text)
	}
	var made struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return made.ID
}

// begin begins a conversation of a customer.
func (p *parley) begin(t *testing.T, token string) int64 {
	t.Helper()
	return p.call(t, "POST", "/v1/conversations", token, `{"message":{"content":"Where is my order?"}}`)
}

// say has the agent write through CommBox (Create Child).
func (p *parley) say(t *testing.T, conversation int64) {
	t.Helper()
	p.call(t, "POST", fmt.Sprintf("/streams/%d/objects/%d/child", p.inbox, conversation), p.key,
		fmt.Sprintf(`{"data":{"IsManager":true,"UserIdentity":%d,"Message":"On its way."}}`, p.agent))
}

// read has the customer read the conversation through /v1.
func (p *parley) read(t *testing.T, conversation int64, token string) {
	t.Helper()
	p.call(t, "POST", fmt.Sprintf("/v1/conversations/%d/read", conversation), token, `{}`)
}
