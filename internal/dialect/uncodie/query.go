package uncodie

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/internal/core"
)

// listQuery is the decoded query of the list of conversations. Absent texts are
// "".
type listQuery struct {
	LeadID, VisitorID, UserID, SiteID, AgentID string

	Status, Channel, CustomDataStatus string

	Limit    float64 // finite, not negative; 10 when absent
	Offset   float64 // not negative; NaN for text without a number; 0 when absent
	Debug    bool
	Messages bool // every message in each row
}

// Limits of a page.
const (
	defaultLimit = 10
	// maxRows is how many rows come back at most, however large the limit: the
	// hosted storage of the source stops there.
	maxRows = 1000
)

// decodeListQuery reads the query of GET
// /api/agents/customerSupport/conversations. The checks and their order are the
// reference's; what is checked first fails first.
//
// The source's own limits that no client can want are not kept: a negative limit
// and one that is no number are refused, where it answers 500 and an empty page.
func decodeListQuery(raw string) (listQuery, error) {
	p := parseParams(raw, listParams)
	q := listQuery{
		LeadID: p["lead_id"], VisitorID: p["visitor_id"], UserID: p["user_id"], SiteID: p["site_id"], AgentID: p["agent_id"],
		Status: p["status"], Channel: p["channel"], CustomDataStatus: p["custom_data_status"],
		Limit: defaultLimit, Debug: p["debug"] == "true", Messages: p["include"] == "messages",
	}
	if q.LeadID+q.VisitorID+q.UserID+q.SiteID+q.AgentID == "" {
		return q, core.Refuse("", "At least one of lead_id, visitor_id, user_id, site_id, or agent_id is required")
	}
	for _, name := range idParams {
		if value := p[name]; value != "" && !isStrictUUID(value) {
			return q, core.Refuse(name, name+" must be a valid UUID")
		}
	}
	if text := p["limit"]; text != "" {
		q.Limit = parseInt(text)
	}
	if !(q.Limit >= 0) || math.IsInf(q.Limit, 1) {
		return q, core.Refuse("limit", "limit must be a non-negative number")
	}
	if text := p["offset"]; text != "" {
		q.Offset = parseInt(text)
	}
	if q.Offset < 0 {
		q.Offset = 0
	}
	return q, nil
}

// idParams are the parameters that hold uuids, in the order of their checks.
var idParams = []string{"lead_id", "visitor_id", "user_id", "site_id", "agent_id"}

// listParams are all parameters that are read; others are ignored.
var listParams = map[string]bool{
	"lead_id": true, "visitor_id": true, "user_id": true, "site_id": true, "agent_id": true,
	"status": true, "channel": true, "custom_data_status": true,
	"limit": true, "offset": true, "debug": true, "include": true,
}

// parseParams reads a query as a URLSearchParams does: the first value of a
// repeated name counts, + is a blank, a percent sign without two hex digits
// stands for itself, and broken UTF-8 becomes U+FFFD. net/url would drop such
// pairs, and those with a semicolon.
func parseParams(raw string, known map[string]bool) map[string]string {
	params := make(map[string]string, len(known))
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)
		if !known[name] {
			continue
		}
		if _, again := params[name]; !again {
			params[name] = unescape(value)
		}
	}
	return params
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && digit(s[i+1]) < 16 && digit(s[i+2]) < 16:
			b = append(b, byte(digit(s[i+1])<<4|digit(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// digit returns the value of a hexadecimal digit, 16 for everything else.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return 16
}

// parseInt is JavaScript's function of that name, without a radix: blanks are
// skipped, then a sign, then as many digits as there are, hexadecimal ones
// behind 0x. NaN stands for text without a number. As there, the result is a
// double: rounded beyond 2^53 and infinite beyond some 308 digits.
func parseInt(s string) float64 {
	s = strings.TrimLeftFunc(s, isBlank)
	sign := 1.0
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	radix, prefix, suffix := 10, "", ""
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") {
		s = s[2:]
		radix, prefix, suffix = 16, "0x", "p0"
	}
	end := 0
	for end < len(s) && digit(s[end]) < radix {
		end++
	}
	if end == 0 {
		return math.NaN()
	}
	// The only failure left is a value out of range, which comes as infinity.
	f, _ := strconv.ParseFloat(prefix+s[:end]+suffix, 64)
	return sign * f
}

// isBlank tells what JavaScript skips before a number: Unicode's white space
// without NEL, and the byte order mark.
func isBlank(r rune) bool { return (unicode.IsSpace(r) && r != 0x85) || r == 0xFEFF }

// isStrictUUID is the check of all customer-support routes (source): 8-4-4-4-12
// hexadecimal digits in any case, versions 1 to 5, variant 8, 9, a or b. Some of
// D1's own sample ids break it.
func isStrictUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if digit(s[i]) == 16 {
				return false
			}
		}
	}
	return '1' <= s[14] && s[14] <= '5' && 8 <= digit(s[19]) && digit(s[19]) <= 11
}

// storable tells whether a text can be one that is stored: none holds a NUL.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
