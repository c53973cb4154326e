package uncodie

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/internal/core"
)

const (
	someUUID  = "f41bb290-0404-44d7-a969-b21a7ec65b77"
	otherUUID = "9be0a6a2-5567-41bf-ad06-cb4014f0faf2"
)

func TestParseInt(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for text, want := range map[string]float64{
		"5": 5, "05": 5, "+5": 5, "-5": -5, "-0": 0, "5abc": 5, "2.9": 2, "1e3": 1, "1_000": 1,
		" 5": 5, "\t\n\v\f\r 5": 5, "\u00a05": 5, "\ufeff5": 5, "\u20285": 5, "\u30005": 5, "5 ": 5,
		"0x10": 16, "0X1f": 31, "-0x10": -16, "0x10g": 16, "0xF.8": 15,
		"": nan, " ": nan, "abc": nan, "-": nan, "+": nan, "+-5": nan, "- 5": nan, ".5": nan, "0x": nan, "0xg": nan, "x10": nan,
		"NaN": nan, "Infinity": nan, "\u00855": nan, "\u0665": nan,
		"9007199254740993": 9007199254740992, "9223372036854775807": 9223372036854775808,
		"99999999999999999999": 1e20, "0xffffffffffffffffffff": 0xffffffffffffffffffff,
		"1" + strings.Repeat("0", 400): inf, "0x" + strings.Repeat("f", 400): inf,
	} {
		got := parseInt(text)
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("parseInt(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestIsStrictUUID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		someUUID:                                 true,
		strings.ToUpper(someUUID):                true,
		"f41bb290-0404-14d7-8969-b21a7ec65b77":   true,
		"f41bb290-0404-54d7-b969-b21a7ec65b77":   true,
		"f41bb290-0404-04d7-a969-b21a7ec65b77":   false, // version 0
		"f41bb290-0404-64d7-a969-b21a7ec65b77":   false, // version 6
		"f41bb290-0404-a4d7-a969-b21a7ec65b77":   false,
		"f41bb290-0404-44d7-7969-b21a7ec65b77":   false, // variant 7
		"f41bb290-0404-44d7-c969-b21a7ec65b77":   false, // variant c
		"6a7b8c9d-0e1f-2a3b-4c5d-6e7f8a9b0c1d":   false, // the sample user of D1
		"a1b2c3d4-e5f6-7a8b-9c0d-1e2f3a4b5c6d":   false, // the sample agent of D1
		"00000000-0000-0000-0000-000000000000":   false,
		"{f41bb290-0404-44d7-a969-b21a7ec65b77}": false,
		"f41bb290040444d7a969b21a7ec65b77":       false,
		" " + someUUID:                           false,
		someUUID + " ":                           false,
		"f41bb290-0404-44d7-a969-b21a7ec65b7g":   false,
		"f41bb290-0404-44d7-a969+b21a7ec65b77":   false,
		"":                                       false,
	} {
		if got := isStrictUUID(text); got != want {
			t.Errorf("isStrictUUID(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestParseParams(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"status=a":                      "a",
		"status=a&status=b":             "a",
		"status=&status=b":              "",
		"status":                        "",
		"status&status=b":               "",
		"st%61tus=a":                    "a",
		"Status=b&status=a":             "a",
		"x=1&&status=a&":                "a",
		"status=a=b":                    "a=b",
		"status=a+b%2Bc%20d":            "a b+c d",
		"status=a;b":                    "a;b",
		"status=100%":                   "100%",
		"status=%zz%4":                  "%zz%4",
		"status=%E2%82%AC":              "\u20ac",
		"status=%ff":                    "\ufffd",
		"status=%E2%82":                 "\ufffd",
		"status=\xff":                   "\ufffd",
		"status=%00":                    "\x00",
		"lead_id=x&status=%F0%9F%A6%8A": "\U0001f98a",
	} {
		if got := parseParams(raw, listParams)["status"]; got != want {
			t.Errorf("parseParams(%q): status = %q, want %q", raw, got, want)
		}
	}
}

func TestDecodeListQueryRefuses(t *testing.T) {
	t.Parallel()
	const nobody = "At least one of lead_id, visitor_id, user_id, site_id, or agent_id is required"
	for raw, want := range map[string]string{
		"":                                 nobody,
		"status=active&channel=email":      nobody,
		"lead_id=&site_id=":                nobody,
		"Lead_id=" + someUUID:              nobody,
		"lead_id=&lead_id=" + someUUID:     nobody,
		"limit=-1":                         nobody,
		"lead_id=x":                        "lead_id must be a valid UUID",
		"visitor_id=x":                     "visitor_id must be a valid UUID",
		"user_id=x":                        "user_id must be a valid UUID",
		"site_id=x":                        "site_id must be a valid UUID",
		"agent_id=x":                       "agent_id must be a valid UUID",
		"agent_id=x&site_id=x&user_id=x":   "user_id must be a valid UUID",
		"visitor_id=x&lead_id=" + someUUID: "visitor_id must be a valid UUID",
		"lead_id=+" + someUUID:             "lead_id must be a valid UUID",
		"lead_id=x&limit=-1":               "lead_id must be a valid UUID",
		"limit=-1&lead_id=" + someUUID:     "limit must be a non-negative number",
		"limit=abc&lead_id=" + someUUID:    "limit must be a non-negative number",
		"limit=+&lead_id=" + someUUID:      "limit must be a non-negative number",
		"lead_id=" + someUUID + "&limit=1" + strings.Repeat("0", 400): "limit must be a non-negative number",
	} {
		_, err := decodeListQuery(raw)
		var known *core.Error
		if !errors.As(err, &known) || known.Kind != core.Invalid || known.Message != want {
			t.Errorf("decodeListQuery(%q) = %v, want %q", raw, err, want)
		}
	}
}

func TestDecodeListQuery(t *testing.T) {
	t.Parallel()
	base := listQuery{LeadID: someUUID, Limit: 10}
	with := func(change func(q *listQuery)) listQuery {
		q := base
		change(&q)
		return q
	}
	for raw, want := range map[string]listQuery{
		"":                     base,
		"&limit=&offset=":      base,
		"&limit=0":             with(func(q *listQuery) { q.Limit = 0 }),
		"&limit=-0":            with(func(q *listQuery) { q.Limit = 0 }),
		"&limit=0x10&offset=7": with(func(q *listQuery) { q.Limit, q.Offset = 16, 7 }),
		"&limit=5&limit=6":     with(func(q *listQuery) { q.Limit = 5 }),
		"&offset=-3":           base,
		"&debug=true":          with(func(q *listQuery) { q.Debug = true }),
		"&debug=True":          base,
		"&debug=1":             base,
		"&include=messages":    with(func(q *listQuery) { q.Messages = true }),
		"&include=other":       base,
		"&status=closed&channel=email&custom_data_status=sent": with(func(q *listQuery) {
			q.Status, q.Channel, q.CustomDataStatus = "closed", "email", "sent"
		}),
		"&visitor_id=" + otherUUID: with(func(q *listQuery) { q.VisitorID = otherUUID }),
		"&unknown=x":               base,
	} {
		got, err := decodeListQuery("lead_id=" + someUUID + raw)
		if err != nil || got != want {
			t.Errorf("decodeListQuery(%q) = %+v, %v, want %+v", raw, got, err, want)
		}
	}
}

func TestOffsetWithoutANumber(t *testing.T) {
	t.Parallel()
	q, err := decodeListQuery("offset=abc&lead_id=" + someUUID)
	if err != nil || !math.IsNaN(q.Offset) || !q.pastAnyEnd() {
		t.Errorf("offset=abc gives %v, %v, want NaN, past any end", q.Offset, err)
	}
}

// The decoder never fails in another way than the reference's, and what it lets
// pass can be asked of the store.
func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{
		"", "lead_id=" + someUUID, "site_id=" + otherUUID + "&limit=0x10&offset=-5&debug=true", "agent_id=%", "status=%00&user_id=" + someUUID,
		"lead_id=" + someUUID + "&limit=1e400&offset=" + strings.Repeat("9", 400), "a;b&=&&%=%&visitor_id=" + someUUID + "&offset=9223372036854775808",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := decodeListQuery(raw)
		if err != nil {
			if core.KindOf(err) != core.Invalid {
				t.Fatalf("kind %v: %v", core.KindOf(err), err)
			}
			return
		}
		sel, ok := q.selection()
		if sel.Limit < 0 || sel.Limit > maxRows || sel.Offset < 0 || sel.Offset > core.MaxID {
			t.Fatalf("limit %d, offset %d", sel.Limit, sel.Offset)
		}
		for _, m := range sel.Match {
			if !utf8.ValidString(m.Value) || (ok && strings.Contains(m.Value, "\x00")) {
				t.Fatalf("a filter on %q", m.Value)
			}
		}
		// net/url reads well-formed pairs in the same way.
		if std, err := url.ParseQuery(raw); err == nil && utf8.ValidString(raw) {
			if want := std.Get("lead_id"); utf8.ValidString(want) && q.LeadID != want {
				t.Fatalf("lead_id = %q, want %q", q.LeadID, want)
			}
			if n, err := strconv.ParseUint(std.Get("limit"), 10, 50); err == nil && q.Limit != float64(n) {
				t.Fatalf("limit = %v, want %d", q.Limit, n)
			}
		}
		tail := appendTail(appendHead(nil), q.pagination(7), q.debugParams())
		if err := checkJSON(tail); err != nil {
			t.Fatalf("%v: %s", err, tail)
		}
	})
}
