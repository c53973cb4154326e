package commbox_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/dialect/commbox"
	"parley/internal/httpx"
	"parley/internal/testkit"
)

// coverage is a line of coverage.txt.
type coverage struct {
	status, method, path, source string
	goldens                      []string
}

// sources are where an operation is published beside OpenAPI 2.07.
var sources = []string{"(H)", "(RO)", "(P)"}

// webhook is the method of lines about webhooks, whose path is subscription and
// name.
const webhook = "WEBHOOK"

// readCoverage returns the operations.
func readCoverage(t *testing.T) []coverage {
	t.Helper()
	return slices.DeleteFunc(readLines(t), func(c coverage) bool { return c.method == webhook })
}

func readLines(t *testing.T) []coverage {
	t.Helper()
	text, err := os.ReadFile("coverage.txt")
	if err != nil {
		t.Fatalf("read coverage: %v", err)
	}
	var all []coverage
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) < 3 {
			t.Fatalf("coverage.txt: %q has no status, method and path", line)
		}
		source := ""
		if last := fields[len(fields)-1]; slices.Contains(sources, last) {
			source, fields = last, fields[:len(fields)-1]
		}
		all = append(all, coverage{status: fields[0], method: fields[1], path: fields[2], source: source, goldens: fields[3:]})
	}
	return all
}

// TestCoverage compares coverage.txt with the routes and the golden files.
func TestCoverage(t *testing.T) {
	t.Parallel()
	served := map[string]bool{} // by method and path
	for _, c := range commbox.Calls() {
		name := c.Method + " " + c.Path
		if _, twice := served[name]; twice {
			t.Errorf("%s is routed twice", name)
		}
		served[name] = c.Served
	}
	named := map[string]bool{} // golden files
	for _, c := range readLines(t) {
		if c.method == webhook {
			served[c.method+" "+c.path] = c.status != "absent" // TestWebhookCoverage looks
		}
		name := c.method + " " + c.path
		isServed, known := served[name]
		delete(served, name)
		switch {
		case !known:
			t.Errorf("coverage.txt has %s, which is not routed", name)
		case c.status == "absent" && (isServed || len(c.goldens) > 0):
			t.Errorf("%s is called absent, but it is served or has golden files", name)
		case (c.status == "done" || c.status == "partial") && (!isServed || len(c.goldens) == 0):
			t.Errorf("%s is called %s, but it is not served or names no golden file", name, c.status)
		case c.status != "absent" && c.status != "done" && c.status != "partial":
			t.Errorf("%s is %q, which says nothing", name, c.status)
		}
		for _, pattern := range c.goldens {
			files, err := filepath.Glob(filepath.Join("testdata/golden", pattern))
			if err != nil || len(files) == 0 {
				t.Errorf("%s names %s, of which there are none (%v)", name, pattern, err)
			}
			for _, f := range files {
				named[f] = true
			}
		}
	}
	for name := range served {
		t.Errorf("%s is routed and not in coverage.txt", name)
	}
	files, err := filepath.Glob("testdata/golden/*/*.*")
	if err != nil {
		t.Fatalf("list golden files: %v", err)
	}
	for _, f := range files {
		if !named[f] {
			t.Errorf("no operation names the golden file %s", f)
		}
	}
}

// TestAbsentOperations calls each of them, and each path with a verb that
// nobody published. Neither needs a key.
func TestAbsentOperations(t *testing.T) {
	t.Parallel()
	handler := commbox.New(commbox.Deps{Gate: httpx.NewGate(nil, nil, nil), Clock: func() core.Time { return 1_772_355_605_123_456 }, Log: nil, IDKey: make([]byte, 64)})
	for _, c := range readCoverage(t) {
		methods := []string{http.MethodPut, http.MethodHead}
		if c.status == "absent" {
			methods = append(methods, c.method)
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(c.path)
		for _, form := range []string{path, strings.ToUpper(path) + "/"} {
			for _, method := range methods {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest(method, form, http.NoBody))
				if w.Code != http.StatusNotImplemented {
					t.Errorf("%s %s answered %d, want 501", method, form, w.Code)
				}
				golden := "testdata/golden/errors/501.json"
				if strings.HasPrefix(c.path, "/v2") {
					golden = "testdata/golden/errors/v2_501.json"
				}
				testkit.Golden(t, golden, w.Body.Bytes())
			}
		}
	}
}
