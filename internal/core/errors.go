package core

import (
	"errors"
	"time"
)

// Kind says what sort of failure an Error is. Dialects turn it into a status.
type Kind int

// The kinds of failure. Internal is the zero value: what nobody classified is
// our own fault.
const (
	Internal        Kind = iota // a fault of this server
	Invalid                     // the input breaks a rule
	NotFound                    // absent, or of another account: nobody can tell which
	Conflict                    // taken, or changed meanwhile
	Forbidden                   // known caller, not allowed
	Unauthenticated             // no credential, or a wrong one
	RateLimited                 // too many requests
	Unavailable                 // try again later
	TooLarge                    // more input than is taken
	Precondition                // the thing is not as the caller last saw it
)

// String returns the kind in lower case, as logs print it.
func (k Kind) String() string {
	switch k {
	case Internal:
		return "internal"
	case Invalid:
		return "invalid"
	case NotFound:
		return "not found"
	case Conflict:
		return "conflict"
	case Forbidden:
		return "forbidden"
	case Unauthenticated:
		return "unauthenticated"
	case RateLimited:
		return "rate limited"
	case Unavailable:
		return "unavailable"
	case TooLarge:
		return "too large"
	case Precondition:
		return "precondition failed"
	}
	return "internal"
}

// Error is a failure that a caller may be told about. Message is safe to show;
// Err, the cause, is only logged.
type Error struct {
	Kind    Kind
	Field   string // the offending input field, "" when none
	Message string
	Err     error
	// RetryAfter is how long to wait before the next try, 0 when that is not
	// known. RateLimited has it.
	RetryAfter time.Duration
}

// Error returns the message and, where there is one, the cause. It is for
// logs: clients are shown Message alone.
func (e *Error) Error() string {
	s := e.Message
	if s == "" {
		s = e.Kind.String()
	}
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, Internal when
// there is none. It must not be asked about nil.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Absent is the error for a thing that does not exist in the account.
func Absent(what string) error {
	return &Error{Kind: NotFound, Message: what + " not found"}
}

// Refuse is the error for input that breaks a rule; field may be "".
func Refuse(field, message string) error {
	return &Error{Kind: Invalid, Field: field, Message: message}
}

// Taken is the error for a value that another thing holds already.
func Taken(what string) error {
	return &Error{Kind: Conflict, Message: what + " is taken"}
}

// TakenField is Taken where a thing has several values that no other may have:
// it says which of them it is.
func TakenField(field, what string) error {
	return &Error{Kind: Conflict, Field: field, Message: what + " is taken"}
}
