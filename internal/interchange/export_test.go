package interchange

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

func TestExportOrder(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	mustImport(t, st, smallFile)
	var kindsInOrder []string
	for line := range strings.Lines(mustExport(t, st)) {
		r, _, err := decodeRecord([]byte(line), nil)
		if err != nil {
			t.Fatal(err)
		}
		kindsInOrder = append(kindsInOrder, r.kind().String())
	}
	want := "account agent agent token team label_group label label inbox sub_inbox canned_response attribute_definition webhook contact identity contact_inbox " +
		"conversation message attachment message message activity read_cursor read_cursor"
	if got := strings.Join(kindsInOrder, " "); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

func TestExportOfSomeAccounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, faultBase)
		all, one, two := exportOf(t, st, 0), exportOf(t, st, 1), exportOf(t, st, 2)
		if all != one+two || strings.Contains(one, `"name":"Two"`) || strings.Contains(two, `"name":"One"`) {
			t.Errorf("the accounts' exports are not the whole one")
		}
		var out bytes.Buffer
		if err := Export(t.Context(), st, &out, ExportOptions{Accounts: []int64{2, 1, 2}}); err != nil || out.String() != all {
			t.Errorf("accounts in another order and twice: %v", err)
		}
		out.Reset()
		err := Export(t.Context(), st, &out, ExportOptions{Accounts: []int64{1, 9}, WithSecrets: true})
		if core.KindOf(err) != core.NotFound || out.Len() != 0 {
			t.Errorf("an absent account: %v, %d bytes", err, out.Len())
		}
	})
}

func TestExportWithoutSecrets(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	mustImport(t, st, smallFile+lines(
		`{"kind":"agent","id":9,"account_id":1,"name":"Secret","password_hash":"$argon2id$x"}`,
		`{"kind":"inbox","id":9,"account_id":1,"name":"App","channel":"api","identifier":"public","hmac_token":"hmac-secret"}`,
	))
	out := exportOf(t, st, 0)
	for _, secret := range []string{`"kind":"installation"`, `"kind":"token"`, "token", `"secret"`, "password_hash", "hmac-secret", "pubsub"} {
		if strings.Contains(out, secret) {
			t.Errorf("the export without secrets holds %s", secret)
		}
	}
	if !strings.Contains(out, `"identifier":"public"`) {
		t.Error("the export lacks the inbox identifier, which is public")
	}
	// It can be imported, and the product makes new secrets.
	again := openSQLite(t)
	mustImport(t, again, out)
	equalText(t, "without secrets", exportOf(t, again, 0), out)
}

// TestExportIsOneState writes to the store while it is exported.
func TestExportIsOneState(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		if _, err := Import(t.Context(), st, &bigFile{threads: 2 * pageBodies, perThread: 3}, testOptions()); err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := Export(t.Context(), st, &want, ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		w := &writesMeanwhile{t: t, st: st}
		if err := Export(t.Context(), st, w, ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		equalText(t, "while it is written to", w.got.String(), want.String())
		if w.writes < 2 {
			t.Errorf("the export came in %d writes", w.writes)
		}
	})
}

type writesMeanwhile struct {
	t      *testing.T
	st     store.Store
	writes int
	got    bytes.Buffer
}

// Write implements io.Writer.
func (w *writesMeanwhile) Write(p []byte) (int, error) {
	if w.writes++; w.writes == 1 {
		mustImport(w.t, w.st, lines(
			`{"kind":"conversation","id":90000,"inbox_id":1,"identity_id":2}`,
			`{"kind":"message","id":90000,"conversation_id":200,"sender":{"type":"contact"}}`,
		))
	}
	return w.got.Write(p)
}

type brokenWriter struct{}

var errPipe = errors.New("the pipe is broken")

// Write implements io.Writer.
func (brokenWriter) Write([]byte) (int, error) { return 0, errPipe }

func TestExportToABrokenWriter(t *testing.T) {
	t.Parallel()
	st := openSQLite(t)
	if _, err := Import(t.Context(), st, &bigFile{threads: 30, perThread: 20}, testOptions()); err != nil {
		t.Fatal(err)
	}
	if err := Export(t.Context(), st, brokenWriter{}, ExportOptions{}); !errors.Is(err, errPipe) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Export(ctx, st, &bytes.Buffer{}, ExportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestExportOfManyPages has more rows of each kind than a page.
func TestExportOfManyPages(t *testing.T) {
	t.Parallel()
	threads := pageRows + 1
	st := openSQLite(t)
	file := &bigFile{threads: threads, perThread: 1}
	if _, err := Import(t.Context(), st, file, testOptions()); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), st, strings.NewReader(longThread(pageBodies*2)), testOptions()); err != nil {
		t.Fatal(err)
	}
	out := mustExport(t, st)
	// The account, its agent and its inbox; a contact, an identity, a contact
	// inbox, a conversation and its message for each thread; the long one.
	if got, want := strings.Count(out, "\n"), 3+5*threads+1+pageBodies*2; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
	again := openSQLite(t)
	mustImport(t, again, out)
	equalText(t, "many pages", mustExport(t, again), out)
}

// longThread adds a conversation to bigFile's account.
func longThread(messages int) string {
	var b strings.Builder
	b.WriteString(`{"kind":"conversation","id":90000,"inbox_id":1,"identity_id":2}` + "\n")
	for i := range messages {
		b.WriteString(strings.Replace(said('c', 100_000+i, i), `"conversation_id":1`, `"conversation_id":90000`, 1) + "\n")
	}
	return b.String()
}
