package interchange

import (
	"errors"
	"time"

	"parley/internal/core"
)

var errTime = errors.New(`must be a time such as "2024-05-06T07:08:09.123456Z" (RFC 3339)`)

// instant is a time as a record gives it. The zero value is a key that is
// absent; given and 0 is "", a time that is unset and not to be derived.
type instant struct {
	at    core.Time
	given bool
}

// stamp is a time whose key is left out when it is unset.
func stamp(t core.Time) instant { return instant{t, t != 0} }

// fixed is a time whose key is always written, because an absent one would be
// derived.
func fixed(t core.Time) instant { return instant{t, true} }

// or returns the time, or def when it is not set.
func (i instant) or(def core.Time) core.Time {
	if i.at != 0 {
		return i.at
	}
	return def
}

// parseTime reads RFC 3339 with any number of fractional digits, of which six
// are kept. It never returns the unset time. It is stricter than package time, which takes a comma for the
// point and hours of one digit.
func parseTime(s string) (core.Time, error) {
	const seconds = "2006-01-02T15:04:05"
	if len(s) < len(seconds)+1 || !shaped(s[:len(seconds)], seconds) {
		return 0, errTime
	}
	rest := s[len(seconds):]
	micros, digits := int64(0), 0
	if rest[0] == '.' {
		rest = rest[1:]
		for ; digits < len(rest) && isDigit(rest[digits]); digits++ {
			if digits < 6 {
				micros = micros*10 + int64(rest[digits]-'0')
			}
		}
		if digits == 0 {
			return 0, errTime
		}
		rest = rest[digits:]
	}
	for ; digits < 6; digits++ {
		micros *= 10
	}
	offset, ok := parseOffset(rest)
	if !ok {
		return 0, errTime
	}
	at, err := time.Parse(seconds, s[:10]+"T"+s[11:len(seconds)])
	if err != nil {
		return 0, errTime
	}
	unix := at.Unix() - offset
	if unix < firstSecond || unix > lastSecond {
		return 0, errTime
	}
	t := core.Time(unix*1_000_000 + micros)
	if t == 0 {
		t = 1 // the microsecond that begins 1970 is how "unset" is kept
	}
	return t, nil
}

// The years that four digits can write, in UTC: 1 to 9999.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// shaped tells whether s has a digit wherever layout has one, and otherwise
// the same bytes.
func shaped(s, layout string) bool {
	for i := range len(layout) {
		switch {
		case isDigit(layout[i]):
			if !isDigit(s[i]) {
				return false
			}
		case layout[i] == 'T':
			if s[i] != 'T' && s[i] != 't' {
				return false
			}
		case s[i] != layout[i]:
			return false
		}
	}
	return true
}

// parseOffset reads Z or +hh:mm and returns seconds east.
func parseOffset(s string) (int64, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || (s[0] != '+' && s[0] != '-') || !shaped(s[1:], "00:00") {
		return 0, false
	}
	hours := int64(s[1]-'0')*10 + int64(s[2]-'0')
	minutes := int64(s[4]-'0')*10 + int64(s[5]-'0')
	if hours > 23 || minutes > 59 {
		return 0, false
	}
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// appendTime writes t in UTC with as many fractional digits as it has.
func appendTime(b []byte, t core.Time) []byte {
	b = append(b, '"')
	if t != 0 {
		b = t.Std().AppendFormat(b, "2006-01-02T15:04:05.999999Z")
	}
	return append(b, '"')
}
