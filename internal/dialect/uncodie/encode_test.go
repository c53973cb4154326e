package uncodie

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"parley/internal/core"
)

func checkJSON(body []byte) error {
	if !json.Valid(body) {
		return errors.New("not JSON")
	}
	return nil
}

func TestAppendTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 10, 15, 18, 22, 45, 0, time.UTC)
	for _, c := range []struct {
		at   core.Time
		want string
	}{
		{0, `null`},
		{core.TimeOf(at), `"2023-10-15T18:22:45.000Z"`},
		{core.TimeOf(at.Add(120 * time.Millisecond)), `"2023-10-15T18:22:45.120Z"`},
		{core.TimeOf(at.Add(7 * time.Microsecond)), `"2023-10-15T18:22:45.000007Z"`},
		{core.TimeOf(at.Add(999_999_999)), `"2023-10-15T18:22:45.999999Z"`},
		{-1, `"1969-12-31T23:59:59.999999Z"`},
		{-1000, `"1969-12-31T23:59:59.999Z"`},
	} {
		if got := string(appendTime(nil, c.at)); got != c.want {
			t.Errorf("appendTime(%d) = %s, want %s", c.at, got, c.want)
		}
	}
}

func TestAppendNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "0"},
		{10, "10"},
		{-1, "-1"},
		{9007199254740992, "9007199254740992"},
		{9223372036854775808, "9223372036854776000"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{math.MaxFloat64, "1.7976931348623157e+308"},
		{math.NaN(), "null"},
		{math.Inf(1), "null"},
		{math.Inf(-1), "null"},
	} {
		if got := string(appendNumber(nil, c.f)); got != c.want {
			t.Errorf("appendNumber(%v) = %s, want %s", c.f, got, c.want)
		}
	}
}

func TestPagination(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit, offset float64
		total         int64
		want          string
	}{
		{10, 0, 2, `"limit":10,"offset":0,"total":2,"page":1,"pages":1`},
		{10, 0, 0, `"limit":10,"offset":0,"total":0,"page":1,"pages":0`},
		{5, 5, 11, `"limit":5,"offset":5,"total":11,"page":2,"pages":3`},
		{5, 7, 10, `"limit":5,"offset":7,"total":10,"page":2,"pages":2`},
		{5, 4, 10, `"limit":5,"offset":4,"total":10,"page":1,"pages":2`},
		{0, 0, 2, `"limit":0,"offset":0,"total":2,"page":null,"pages":null`},
		{0, 3, 0, `"limit":0,"offset":3,"total":0,"page":null,"pages":null`},
		{10, math.NaN(), 2, `"limit":10,"offset":null,"total":2,"page":null,"pages":1`},
		{10, math.Inf(1), 2, `"limit":10,"offset":null,"total":2,"page":null,"pages":1`},
		{1e20, 0, 2, `"limit":100000000000000000000,"offset":0,"total":2,"page":1,"pages":1`},
		{1, 1e20, 2, `"limit":1,"offset":100000000000000000000,"total":2,"page":100000000000000000000,"pages":2`},
	} {
		q := listQuery{Limit: c.limit, Offset: c.offset}
		want := `{"success":true,"data":{"conversations":[],"pagination":{` + c.want + `}}}`
		if got := string(appendTail(appendHead(nil), q.pagination(c.total), nil)); got != want {
			t.Errorf("limit %v, offset %v, total %d:\n got %s\nwant %s", c.limit, c.offset, c.total, got, want)
		}
	}
}
