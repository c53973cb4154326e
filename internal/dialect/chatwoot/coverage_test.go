package chatwoot

import (
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// operation is a line of coverage.txt.
type operation struct {
	state   string
	goldens []string // patterns below testdata/golden
}

// readCoverage returns coverage.txt by "METHOD /path".
func readCoverage(t *testing.T) map[string]operation {
	t.Helper()
	text, err := os.ReadFile("coverage.txt")
	if err != nil {
		t.Fatalf("read the coverage: %v", err)
	}
	operations := map[string]operation{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) < 3 || !slices.Contains([]string{"done", "partial", "absent"}, fields[0]) || fields[1] != strings.ToUpper(fields[1]) ||
			!strings.HasPrefix(fields[2], "/") || strings.HasSuffix(fields[2], "/") {
			t.Errorf("coverage.txt:%d: %q is not `done|partial|absent METHOD /path goldens`", n, strings.TrimSpace(line))
			continue
		}
		name := fields[1] + " " + fields[2]
		if _, twice := operations[name]; twice {
			t.Errorf("coverage.txt:%d: %s stands here a second time", n, name)
		}
		operations[name] = operation{state: fields[0], goldens: fields[3:]}
	}
	return operations
}

// TestCoverage compares coverage.txt with the routes: what is served is listed
// as such, and nothing else is.
func TestCoverage(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	heads := map[string]bool{}
	err := chi.Walk(routes(&handler{}), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		route = strings.TrimSuffix(strings.TrimSuffix(route, "/"), ".json")
		if method == http.MethodHead {
			heads["GET "+route] = true
		} else {
			served[method+" "+route] = true
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the routes: %v", err)
	}
	listed := map[string]bool{}
	for name, op := range readCoverage(t) {
		if op.state != "absent" {
			listed[name] = true
		} else if len(op.goldens) > 0 {
			t.Errorf("%s is absent and names golden files", name)
		}
		if op.state == "done" && len(op.goldens) == 0 {
			t.Errorf("%s is done without a golden file", name)
		}
	}
	if !maps.Equal(served, listed) {
		t.Errorf("served %q, coverage.txt lists %q", slices.Sorted(maps.Keys(served)), slices.Sorted(maps.Keys(listed)))
	}
	for name := range heads {
		if !served[name] {
			t.Errorf("HEAD is served without %s", name)
		}
	}
	for name := range served {
		if strings.HasPrefix(name, "GET ") && !heads[name] {
			t.Errorf("%s is served without HEAD", name)
		}
	}
}

// unknownRoutes holds the golden files of paths that are no operations.
const unknownRoutes = "unknown_route"

// TestCoverageNamesEveryGolden: each pattern names golden files, and each
// golden file belongs to an operation.
func TestCoverageNamesEveryGolden(t *testing.T) {
	t.Parallel()
	const root = "testdata/golden"
	files, err := filepath.Glob(root + "/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files (error %v)", len(files), err)
	}
	named := map[string]bool{}
	for name, op := range readCoverage(t) {
		for _, pattern := range op.goldens {
			found := false
			for _, file := range files {
				if ok, err := path.Match(pattern, strings.TrimPrefix(filepath.ToSlash(file), root+"/")); err != nil {
					t.Errorf("%s: pattern %q: %v", name, pattern, err)
				} else if ok {
					found, named[file] = true, true
				}
			}
			if !found {
				t.Errorf("%s: no golden file is called %s", name, pattern)
			}
		}
	}
	for _, file := range files {
		if !named[file] && filepath.Base(filepath.Dir(file)) != unknownRoutes {
			t.Errorf("%s belongs to no operation of coverage.txt", file)
		}
	}
}
