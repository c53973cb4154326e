package uncodie

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// coverage.txt tells the truth: what it calls done or partial is routed and has
// golden files, what it calls absent is not routed, every route is listed, and
// every golden file belongs to a line.
func TestCoverage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("coverage.txt")
	if err != nil {
		t.Fatal(err)
	}
	routes := (&handler{}).routes()
	golden := goldenFiles(t)
	listed := map[string]bool{} // METHOD /path
	used := map[string]bool{}   // golden file
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) < 3 {
			t.Fatalf("malformed line %q", line)
		}
		state, method, path, patterns := fields[0], fields[1], fields[2], fields[3:]
		if key := method + " " + path; listed[key] {
			t.Errorf("%s is listed twice", key)
		} else {
			listed[key] = true
		}
		_, routed := routes[path]
		routed = routed && method == "GET"
		switch state {
		case "done", "partial":
			if !routed || len(patterns) == 0 {
				t.Errorf("%s %s is called %s: routed %v, golden files %q", method, path, state, routed, patterns)
			}
		case "absent":
			if routed || len(patterns) > 0 {
				t.Errorf("%s %s is called absent: routed %v, golden files %q", method, path, routed, patterns)
			}
		default:
			t.Errorf("%s %s: unknown state %q", method, path, state)
		}
		for _, pattern := range patterns {
			found := false
			for _, file := range golden {
				if ok, err := filepath.Match(pattern, file); err != nil {
					t.Fatal(err)
				} else if ok {
					found, used[file] = true, true
				}
			}
			if !found {
				t.Errorf("%s %s: no golden file is called %s", method, path, pattern)
			}
		}
	}
	for path := range routes {
		if !listed["GET "+path] {
			t.Errorf("GET %s is served and not listed", path)
		}
	}
	for _, file := range golden {
		if !used[file] {
			t.Errorf("golden file %s belongs to no operation", file)
		}
	}
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	root := os.DirFS("testdata/golden")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}
