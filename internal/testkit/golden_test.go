package testkit

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoldenComparesBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "body.json")
	write(t, path, `{"id":1,"name":"Dana","labels":[]}`)

	for name, c := range map[string]struct {
		got  string
		want []string // parts of the failure; none means that there is no failure
	}{
		"equal":             {got: `{"id":1,"name":"Dana","labels":[]}`},
		"other value":       {got: `{"id":1,"name":"Rui","labels":[]}`, want: []string{"byte 16", `Dana`, `Rui`, `-`, `+`}},
		"other white space": {got: `{"id":1,"name":"Dana", "labels":[]}`, want: []string{"byte 22", `\"Dana\", \"labels`}},
		"other key order":   {got: `{"name":"Dana","id":1,"labels":[]}`, want: []string{"byte 2", "(-want +got)"}},
		"shorter":           {got: `{"id":1`, want: []string{"byte 7", "got 7"}},
		"empty":             {got: ``, want: []string{"byte 0", "got 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			failures := record(t, func(r *recorder) { Golden(r, path, []byte(c.got)) })
			if len(c.want) == 0 {
				if len(failures) != 0 {
					t.Errorf("failures = %q, want none", failures)
				}
				return
			}
			if len(failures) != 1 {
				t.Fatalf("failures = %q, want one", failures)
			}
			for _, part := range c.want {
				if !strings.Contains(failures[0], part) {
					t.Errorf("failure does not contain %q:\n%s", part, failures[0])
				}
			}
		})
	}
}

func TestGoldenFailsWithoutAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "absent.json")
	failures := record(t, func(r *recorder) { Golden(r, path, []byte(`[]`)) })
	if len(failures) != 1 || !strings.Contains(failures[0], "make golden") {
		t.Errorf("failures = %q, want one that says `make golden`", failures)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was written without -update")
	}
}

//nolint:paralleltest // the flag belongs to the process: parallel tests wait until this one has put it back
func TestGoldenUpdate(t *testing.T) {
	setUpdate(t)
	path := filepath.Join(t.TempDir(), "route", "case.json")

	failures := record(t, func(r *recorder) {
		Golden(r, path, []byte("{\"id\": 1}\n"))
		Golden(r, path, []byte("{\"id\": 1}\n"))
	})
	if len(failures) != 0 {
		t.Fatalf("failures = %q, want none", failures)
	}
	if got := read(t, path); got != "{\"id\": 1}\n" {
		t.Errorf("file = %q, want the body byte for byte", got)
	}

	failures = record(t, func(r *recorder) { Golden(r, path, []byte(`{"id": 2}`)) })
	if len(failures) != 1 || !strings.Contains(failures[0], "two cases") {
		t.Errorf("failures = %q, want one about two cases", failures)
	}
	if got := read(t, path); got != "{\"id\": 1}\n" {
		t.Errorf("file = %q, want the first body", got)
	}
}

// setUpdate turns -update on for the length of the test.
func setUpdate(t *testing.T) {
	t.Helper()
	before := flag.Lookup("update").Value.String()
	set := func(value string) {
		if err := flag.Set("update", value); err != nil {
			t.Fatal(err)
		}
	}
	set("true")
	t.Cleanup(func() { set(before) })
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
