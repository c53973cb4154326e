package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPathsOfSeries(t *testing.T) {
	t.Parallel()
	s := Scenario{Paths: []Series{
		{Prefix: "/a/", First: 9, Count: 2, Suffix: "/x"},
		{Prefix: "/b?id=", First: 98, Count: 3, Digits: 4},
		{Prefix: "/c"},
		{Prefix: "/d/", First: 1, Count: 2, Step: 5},
	}}
	want := []string{"/a/9/x", "/a/10/x", "/b?id=0098", "/b?id=0099", "/b?id=0100", "/c", "/d/1", "/d/6"}
	if s.size() != int64(len(want)) {
		t.Fatalf("%d paths, want %d", s.size(), len(want))
	}
	for i := range want {
		if got := string(s.appendPath([]byte("GET "), int64(i))); got != "GET "+want[i] {
			t.Errorf("path %d = %q, want %q", i, got, want[i])
		}
	}
}

func TestTargetsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), TargetsFile)
	// One that everybody can read must not stay so.
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fill := Fill{Conversations: 100_000, PerContact: 5, Messages: 10, Seed: 1}
	written := Filled{Fill: fill, ID: "x"}.Targets(Keys{Token: "secret", AgentTokens: []string{"one"}, InboxID: 1, HMACToken: "key"})
	if err := written.Write(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: the file holds a token", info.Mode())
	}
	if info.Size() > 24<<10 {
		t.Errorf("%d bytes: it grows with the data", info.Size())
	}
	read, err := ReadTargets(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, read); diff != "" {
		t.Errorf("what was written and what is read (-want +got):\n%s", diff)
	}
	some, err := read.Select([]string{"uncodie-site", "commbox-object"})
	if err != nil || len(some) != 2 || some[0].Name != "commbox-object" {
		t.Errorf("selected %v, %v", some, err)
	}
	if _, err := read.Select([]string{"nonsense"}); err == nil {
		t.Error("an unknown scenario was selected")
	}
	all, err := read.Select(nil)
	if err != nil || len(all) != len(read.Scenarios)-2 {
		t.Errorf("selected %v, %v; want all that read", all, err)
	}
	if writing, err := read.Writing(); err != nil || writing.Name != "commbox-child" {
		t.Errorf("writing is %v, %v", writing, err)
	}
	if _, err := (Targets{Scenarios: all}).Writing(); err == nil {
		t.Error("a scenario that reads is taken for one that writes")
	}
	if _, err := (Targets{Scenarios: read.Scenarios[len(read.Scenarios)-2:]}).Select(nil); err == nil {
		t.Error("a scenario that writes was selected without being named")
	}
}

func TestTargetsAreChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`:                            "unexpected end",
		`{}`:                           "no scenarios",
		`{"scenarios":[{}]}`:           "has no name",
		`{"scenarios":[{"name":"a"}]}`: "has no paths",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"x"}]}]}`:                                     "begins with /",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x y"}]}]}`:                                  "no blanks",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x","count":-1}]}]}`:                         "not negative",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x"}],"body":"{"}]}`:                         "not JSON",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x","step":-1}]}]}`:                          "not negative",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x"}],"body":"{}","revalidates":true}]}`:     "not revalidated",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x"}],"headers":{"a":"b\r\nc: d"}}]}`:        "is no header",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x"}],"headers":{"a: b\r\nc":"d"}}]}`:        "is no header",
		`{"scenarios":[{"name":"a","paths":[{"prefix":"/x","suffix":" HTTP/1.1\r\nHost: evil"}]}]}`: "no blanks",
	} {
		path := filepath.Join(t.TempDir(), TargetsFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadTargets(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
