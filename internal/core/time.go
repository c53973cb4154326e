package core

import "time"

// Time is an instant in UTC, in microseconds since 1970-01-01T00:00:00Z. The
// zero value means "unset": the one microsecond that begins 1970 cannot be
// told from it. It is an integer from the database to the wire, so that no
// layer rounds: finer instants are truncated.
type Time int64

// TimeOf truncates t to microseconds. The zero time.Time gives the unset Time.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.Unix()*1_000_000 + int64(t.Nanosecond()/1_000))
}

// Std returns t as a time.Time in UTC; the unset Time gives the zero time.Time.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// IsSet tells whether t holds an instant.
func (t Time) IsSet() bool { return t != 0 }

// Unix returns whole seconds since 1970, rounded down; 0 for the unset Time.
func (t Time) Unix() int64 {
	s := int64(t) / 1_000_000
	if int64(t)%1_000_000 < 0 {
		s--
	}
	return s
}

// Later returns the later of t and u; an unset Time is earlier than any other.
func (t Time) Later(u Time) Time {
	switch {
	case t == 0:
		return u
	case u == 0:
		return t
	}
	return max(t, u)
}

// Clock tells the present. Everything that needs it is given one; only the
// program's start reads the machine's.
type Clock func() Time

// Earlier returns the earlier of t and u; an unset Time gives the other.
func (t Time) Earlier(u Time) Time {
	switch {
	case t == 0:
		return u
	case u == 0:
		return t
	}
	return min(t, u)
}
