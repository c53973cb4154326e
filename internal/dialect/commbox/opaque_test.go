package commbox

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"parley/internal/core"
)

func testIDs(tb testing.TB, first byte) *OpaqueIDs {
	tb.Helper()
	key := make([]byte, 64)
	for i := range key {
		key[i] = first + byte(i)
	}
	ids, err := NewOpaqueIDs(key)
	if err != nil {
		tb.Fatalf("new opaque ids: %v", err)
	}
	return ids
}

var (
	streamForm = regexp.MustCompile(`^([A-Za-z0-9]|_[fb]){22}%3d%3d$`)
	agentForm  = regexp.MustCompile(`^([A-Za-z0-9]|_[fb]){43}%3d$`)
)

func TestOpaqueIDsComeBack(t *testing.T) {
	t.Parallel()
	ids := testIDs(t, 0)
	seen := map[string]bool{}
	for _, account := range []int64{1, 2, core.MaxID} {
		for _, id := range []int64{1, 2, 255, 256, 19155, 1407374883872618, core.MaxID} {
			stream, agent := ids.Stream(account, id), ids.Agent(account, id)
			if !streamForm.MatchString(stream) || !agentForm.MatchString(agent) {
				t.Fatalf("ids of %d do not look like CommBox's: %s, %s", id, stream, agent)
			}
			if seen[stream] || seen[agent] || stream != ids.Stream(account, id) || agent != ids.Agent(account, id) {
				t.Errorf("ids of %d in account %d are not stable and unique", id, account)
			}
			seen[stream], seen[agent] = true, true
			if got, ok := ids.FindStream(account, stream); !ok || got != id {
				t.Errorf("FindStream(%s) = %d, %t, want %d", stream, got, ok, id)
			}
			if got, ok := ids.FindAgent(account, agent); !ok || got != id {
				t.Errorf("FindAgent(%s) = %d, %t, want %d", agent, got, ok, id)
			}
			for _, other := range []int64{account + 1, account - 1} {
				if got, ok := ids.FindStream(other, stream); ok {
					t.Errorf("stream %d of account %d is %d in account %d", id, account, got, other)
				}
				if got, ok := ids.FindAgent(other, agent); ok {
					t.Errorf("agent %d of account %d is %d in account %d", id, account, got, other)
				}
			}
		}
	}
}

// TestOpaqueIDsStayTheSame pins ids: clients keep them, so no change of this
// code may change them.
func TestOpaqueIDsStayTheSame(t *testing.T) {
	t.Parallel()
	ids := testIDs(t, 0)
	if got, want := ids.Stream(1, 19155), "QwcmciV8kv6KIs5vO2_fKaA%3d%3d"; got != want {
		t.Errorf("Stream(1, 19155) = %s, want %s", got, want)
	}
	if got, want := ids.Agent(1, 545437), "NbfahSKIRV65oLOWq4ihJLHg7ChF376dSZDksLcECzE%3d"; got != want {
		t.Errorf("Agent(1, 545437) = %s, want %s", got, want)
	}
}

func TestFindStreamReadsEverySpelling(t *testing.T) {
	t.Parallel()
	ids := testIDs(t, 0)
	literal := ids.Stream(1, 532)
	for _, end := range []string{"==", "%3d%3d", "%3D%3D", "%3d=", "%253d%253d", "%253D%253d", "%25253d%25253d"} {
		text := strings.TrimSuffix(literal, "%3d%3d") + end
		if got, ok := ids.FindStream(1, text); !ok || got != 532 {
			t.Errorf("FindStream(%s) = %d, %t, want 532", text, got, ok)
		}
	}
}

func TestForeignOpaqueIDsMiss(t *testing.T) {
	t.Parallel()
	ids, others := testIDs(t, 0), testIDs(t, 1)
	stream := ids.Stream(1, 532)
	foreign := []string{
		"", "=", "==", "%", "%3d", "_", "_f", "abc", "-5", "532", stream[:20], stream + "A", stream + "%3d", strings.ToLower(stream),
		strings.Repeat("A", 22) + "==", strings.Repeat("A", 24), strings.Repeat("_f", 24), strings.Repeat("%25", 200), strings.Repeat("_", 104),
		"hNyRN_fLUy7rrOrN9jLpipA%3d%3d", "nex9tHPKdBkD_fAfbuUPABg%3d%3d", // published examples
		others.Stream(1, 532), ids.Agent(1, 532), "HnJymfEHh8dORgiV0otwEgRpcFYJqKfueiQqPvbZTrs%3d",
	}
	for _, text := range foreign {
		if id, ok := ids.FindStream(1, text); ok {
			t.Errorf("FindStream(%q) = %d", text, id)
		}
	}
	for _, text := range append(foreign[:len(foreign)-2:len(foreign)-2], others.Agent(1, 532), foreign[len(foreign)-1], stream) {
		if id, ok := ids.FindAgent(1, text); ok {
			t.Errorf("FindAgent(%q) = %d", text, id)
		}
	}
}

// FuzzOpaqueIDs looks for panics, and for text that means an id without being
// a spelling of what this server makes of that id.
func FuzzOpaqueIDs(f *testing.F) {
	ids := testIDs(f, 0)
	f.Add(ids.Stream(1, 532))
	f.Add(ids.Agent(1, 532))
	f.Add("hNyRN_fLUy7rrOrN9jLpipA%253d%253d")
	f.Add("%25%25%25")
	f.Add("_")
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 16)))
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := ids.FindStream(1, text); ok && plain(text) != plain(ids.Stream(1, id)) {
			t.Errorf("FindStream(%q) = %d, which is %s", text, id, ids.Stream(1, id))
		}
		if id, ok := ids.FindAgent(1, text); ok && plain(text) != plain(ids.Agent(1, id)) {
			t.Errorf("FindAgent(%q) = %d, which is %s", text, id, ids.Agent(1, id))
		}
	})
}

// plain undoes the spellings of the end.
func plain(text string) string {
	for strings.Contains(text, "%25") {
		text = strings.ReplaceAll(text, "%25", "%")
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "%3d", "="), "%3D", "=")
}
