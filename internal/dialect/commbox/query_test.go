package commbox

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

func paramsOf(query string) *params {
	return readParams(httptest.NewRequest(http.MethodGet, "/?"+query, http.NoBody))
}

func TestWholeNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "007": 7, "9223372036854775807": math.MaxInt64} {
		if n, ok := wholeNumber(text); n != want || !ok {
			t.Errorf("wholeNumber(%q) = %d, %t", text, n, ok)
		}
	}
	for _, text := range []string{"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1_0", "9223372036854775808", "٣", "\x00"} {
		if n, ok := wholeNumber(text); ok {
			t.Errorf("wholeNumber(%q) = %d", text, n)
		}
	}
}

func TestFlag(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"f=true": true, "f=TRUE": true, "f=True": true, "f=1": true, "f=false": false, "f=False": false, "f=0": false,
		"": true, "f=": true, "f": true, "f=0&f=1": false, "f=true&f=x": true, "F=0": true,
	} {
		p := paramsOf(query)
		if got := p.flag("f", true); got != want || p.err != nil {
			t.Errorf("flag of %q = %t, %v", query, got, p.err)
		}
	}
	for _, query := range []string{"f=yes", "f=2", "f=%20true", "f=truE%00", "f=null", "f=&f=x&f"} {
		p := paramsOf(query)
		if p.flag("f", true); (p.err == nil) != (query == "f=&f=x&f") {
			t.Errorf("flag of %q: %v", query, p.err)
		}
	}
}

// TestStatesFindWhatIsShown asks for each number and compares with the number
// that an object in each state shows.
func TestStatesFindWhatIsShown(t *testing.T) {
	t.Parallel()
	shown := func(s conversation.State) int64 {
		return statusID(&core.Conversation{Status: s.Status, StatusCode: s.Code})
	}
	for code, status := range statuses {
		p := paramsOf("status=" + strconv.FormatInt(code, 10))
		states := p.states()
		if p.err != nil || len(states) < 4 {
			t.Fatalf("states of %d: %v, %v", code, states, p.err)
		}
		for _, s := range states {
			if shown(s) != code {
				t.Errorf("asked for %d, found %v, which shows %d", code, s, shown(s))
			}
		}
		if defaultStatus(status) == code && len(states) != 5 {
			t.Errorf("%d misses the default of %s: %v", code, status, states)
		}
	}
	p := paramsOf("status=1,2,3,4,5,6,7,8,9,10,11,13,14,15,1,2,3")
	if states := p.states(); len(states) != 14*4+4 || p.err != nil {
		t.Errorf("all statuses are %d states, %v", len(states), p.err)
	}
}

func TestStatusesFitTheirDefaults(t *testing.T) {
	t.Parallel()
	for _, s := range []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved} {
		if statuses[defaultStatus(s)] != s {
			t.Errorf("the default of %s is %d, a shade of %s", s, defaultStatus(s), statuses[defaultStatus(s)])
		}
	}
	if len(statuses) != 14 {
		t.Errorf("there are %d statuses, want 14", len(statuses))
	}
}
