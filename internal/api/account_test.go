package api_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/testkit/testserver"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	huge := fmt.Sprintf(`{"settings":{"note":"%s"}}`, strings.Repeat("x", 64<<10))
	scene(t, []step{
		{call: "GET /v1/account", key: readerKey, golden: "account/plain"},
		{call: "GET /v1/account", key: boKey, golden: "account/plain"},
		{call: "PATCH /v1/account", body: `{}`, golden: "account/plain"},
		{call: "PATCH /v1/account", body: `{"name":"Quay & Co","locale":"pt-BR","timezone":"America/Sao_Paulo","settings":{"b":1.0,"a":{"c":[null]}}}`, golden: "account/changed"},
		{call: "PATCH /v1/account", body: `{"settings":{"b":null,"d":"new"}}`, golden: "account/merged"},
		{call: "PATCH /v1/account", body: huge, status: 413, golden: "errors/large_settings"},
		{call: "PATCH /v1/account", body: `{"timezone":"Europe/Atlantis"}`, status: 422, golden: "errors/no_such_zone"},
		{call: "PATCH /v1/account", body: `{"timezone":"Local"}`, status: 422},
		{call: "PATCH /v1/account", body: `{"locale":"x y"}`, status: 422, golden: "errors/odd_locale"},
		{call: "PATCH /v1/account", body: `{"name":null}`, status: 422},
		{call: "PATCH /v1/account", body: `{"settings":[]}`, status: 422, golden: "errors/settings_list"},
		{call: "PATCH /v1/account", body: `{"name":"x"}`, key: writerKey, status: 403},
		{call: "PATCH /v1/account", body: `{"name":"x"}`, key: boKey, status: 403},
		{call: "GET /v1/account", golden: "account/merged"},
		{call: "PATCH /v1/account", body: `{"locale":null,"timezone":null,"settings":null}`, key: adaKey, golden: "account/emptied"},
	})
}

// TestAccountThatIsBusy keeps its tag, whatever happens in it.
func TestAccountThatIsBusy(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		before := step{call: "GET /v1/account"}.play(t, s).Header.Get("ETag")
		step{call: "POST /v1/labels", body: `{"title":"new"}`, status: 201}.play(t, s)
		step{call: "PATCH /v1/account", body: `{"name":"Quai"}`, header: []string{"If-Match", before}}.play(t, s)
		step{call: "PATCH /v1/account", body: `{"name":"Kai"}`, header: []string{"If-Match", before}, status: 412}.play(t, s)
	})
}
