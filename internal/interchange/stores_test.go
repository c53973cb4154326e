package interchange

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/testkit"
	"parley/internal/testkit/migrated"
)

// testNow is the time of every import in these tests.
const testNow core.Time = 1_767_225_600_000_000 // 2026-01-01T00:00:00Z

func testOptions() Options {
	return Options{Clock: func() core.Time { return testNow }}
}

// later returns opts of an import a day after.
func later(opts Options) Options {
	opts.Clock = func() core.Time { return testNow + 86_400_000_000 }
	return opts
}

// openSQLite returns an empty store in a file of its own.
func openSQLite(t testing.TB) store.Store {
	t.Helper()
	st, err := sqlite.OpenStore(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), sqlite.FileName)})
	return keepOpen(t, st, err)
}

// openPostgres returns an empty store in a database of its own.
func openPostgres(t testing.TB) store.Store {
	t.Helper()
	st, err := postgres.OpenStore(t.Context(), postgres.Options{URL: migrated.Postgres(t)})
	return keepOpen(t, st, err)
}

func keepOpen(t testing.TB, st store.Store, err error) store.Store {
	t.Helper()
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return st
}

// onBoth runs a test on both engines, in small runs on SQLite alone.
func onBoth(t *testing.T, test func(t *testing.T, st store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, openSQLite(t)) })
	if !testkit.Small() {
		t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, openPostgres(t)) })
	}
}

// mustImport imports lines and returns the summary.
func mustImport(t testing.TB, st store.Store, text string) Summary {
	t.Helper()
	sum, err := Import(t.Context(), st, strings.NewReader(text), testOptions())
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return sum
}

// mustExport returns an export with secrets.
func mustExport(t testing.TB, st store.Store) string {
	t.Helper()
	var out bytes.Buffer
	if err := Export(t.Context(), st, &out, ExportOptions{WithSecrets: true}); err != nil {
		t.Fatalf("export: %v", err)
	}
	return out.String()
}

// step is how far to go from one of many cases to the next: n in a small run.
func step(n int) int {
	if testkit.Small() {
		return n
	}
	return 1
}

// lines joins lines of a file.
func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

// equalText reports the first line in which two exports differ.
func equalText(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		line := func(l []string) string {
			if i < len(l) {
				return l[i]
			}
			return "(nothing)"
		}
		if line(g) != line(w) {
			t.Fatalf("%s: line %d\n got %s\nwant %s", what, i+1, line(g), line(w))
		}
	}
}

// random matches what an import makes up.
var random = regexp.MustCompile(`"(uuid|source_id|website_token|hmac_token|pubsub_token|identifier)":"[^"]*"`)

// withoutRandom blanks what two imports of one file make up differently.
func withoutRandom(text string) string { return random.ReplaceAllString(text, `"$1":"?"`) }
