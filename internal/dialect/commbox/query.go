package commbox

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/service/conversation"
)

// params reads what a request asks for. The first value that cannot be read is
// kept as err; until it is looked at, reading goes on. Of a repeated parameter
// the first counts, an empty one is as good as none, and names that no
// operation knows are ignored.
type params struct {
	request *http.Request
	query   url.Values
	err     error
}

func readParams(r *http.Request) *params {
	p := &params{request: r}
	var err error
	if p.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		p.refuse("query")
	}
	return p
}

func (p *params) refuse(name string) {
	if p.err == nil {
		p.err = core.Refuse(name, "the value cannot be read")
	}
}

// pathID reads an id from the path: digits, at least 1, in the range of an
// int64. Ids that nothing can have, past core.MaxID, are absent, not malformed.
func (p *params) pathID(name string) int64 {
	id := p.pathNumber(name)
	if id == 0 {
		p.refuse(name)
	}
	return id
}

// pathNumber reads an id from the path that may also be 0.
func (p *params) pathNumber(name string) int64 {
	n, ok := wholeNumber(p.request.PathValue(name))
	if !ok {
		p.refuse(name)
	}
	return n
}

// stream reads a stream id from the path: digits are the plain id, whatever
// else is an opaque one, which find looks up. One that is not found is 0, and
// so absent: text that this server did not make cannot be told from the ids of
// another one.
func (p *params) stream(name string, find func(text string) (int64, bool)) int64 {
	text := p.request.PathValue(name)
	if !allDigits(text) {
		id, _ := find(text)
		return id
	}
	return p.pathID(name)
}

// number reads a whole number of at least least.
func (p *params) number(name string, def, least int64) int64 {
	value := p.query.Get(name)
	if value == "" {
		return def
	}
	n, ok := wholeNumber(value)
	if !ok || n < least {
		p.refuse(name)
	}
	return n
}

// flag reads a boolean: true, false, 1 or 0 in any letter case, since clients
// send what their language prints.
func (p *params) flag(name string, def bool) bool {
	return p.boolean(name, p.query.Get(name), def)
}

// boolean reads the value of the boolean called name.
func (p *params) boolean(name, value string, def bool) bool {
	switch strings.ToLower(value) {
	case "":
		return def
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	p.refuse(name)
	return def
}

// page reads which page is wanted, counted from 0, and how long it is.
func (p *params) page() (limit, offset int) {
	page, size := p.number("pageNumber", 0, 0), min(p.number("pageSize", maxPageSize, 1), maxPageSize)
	return int(size), int(min(page, core.MaxID/maxPageSize) * size)
}

// address reads an address and the type of its provider, which go together. ok
// is false when neither is there.
func (p *params) address(address, provider string) (at conversation.Address, ok bool) {
	at = conversation.Address{Text: p.query.Get(address), ProviderType: p.number(provider, 0, 0)}
	typed := p.query.Get(provider) != ""
	if typed != (at.Text != "") {
		p.refuse(address)
	}
	return at, typed
}

// span reads a range of seconds since 1970, of which either both ends are
// there or none; the second of the end belongs to it. ok is false when there
// is none.
func (p *params) span(start, end string) (from, to core.Time, ok bool) {
	const most = (math.MaxInt64 - 999_999) / 1_000_000
	a, b := p.number(start, -1, 0), p.number(end, -1, 0)
	if (a < 0) != (b < 0) {
		p.refuse(start)
	}
	return core.Time(min(a, most) * 1_000_000), core.Time(min(b, most)*1_000_000 + 999_999), a >= 0
}

// order reads a time to go by, def without one. There is no time of priority here: the
// order in which agents see their conversations, newest entry first, stands in
// for it.
func (p *params) order(name string, def conversation.Order) conversation.Order {
	switch strings.ToLower(p.query.Get(name)) {
	case "":
		return def
	case "closedtime":
		return conversation.ByClosing
	case "createdtime":
		return conversation.ByCreation
	case "updatedtime":
		return conversation.ByCustomerUpdate
	case "prioritytime":
		return conversation.ByLastActivity
	}
	p.refuse(name)
	return def
}

// descending reads the direction.
func (p *params) descending() bool {
	const name = "sort"
	switch strings.ToLower(p.query.Get(name)) {
	case "", "desc":
		return true
	case "asc":
		return false
	}
	p.refuse(name)
	return true
}

// states reads status, a comma list of status numbers; blanks around a number are
// tolerated, as `1, 8` is easily written. What is compared is the number that
// the object shows: a code counts beside any core status, and a core status
// without a code as its default.
func (p *params) states() []conversation.State {
	const name = "status"
	list := p.query.Get(name)
	if strings.TrimSpace(list) == "" {
		return nil
	}
	var states []conversation.State
	for item := range strings.SplitSeq(list, ",") {
		code, ok := wholeNumber(strings.TrimSpace(item))
		if _, known := statuses[code]; !ok || !known {
			p.refuse(name)
			return nil
		}
		if slices.Contains(states, conversation.State{Status: core.Open, Code: code}) {
			continue
		}
		for _, s := range []core.Status{core.Open, core.Pending, core.Snoozed, core.Resolved} {
			states = append(states, conversation.State{Status: s, Code: code})
			if defaultStatus(s) == code {
				states = append(states, conversation.State{Status: s})
			}
		}
	}
	return states
}

// moduleIs matches conversations of one module.
func moduleIs(module int64) conversation.Match {
	return conversation.Match{Path: []string{"commbox", "module_id"}, Value: strconv.FormatInt(module, 10)}
}

// wholeNumber reads digits and nothing else, not even a sign.
func wholeNumber(s string) (n int64, ok bool) {
	if !allDigits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
