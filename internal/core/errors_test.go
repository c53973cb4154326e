package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"parley/internal/core"
)

func TestKindString(t *testing.T) {
	t.Parallel()
	for kind, want := range map[core.Kind]string{
		core.Internal:        "internal",
		core.Invalid:         "invalid",
		core.NotFound:        "not found",
		core.Conflict:        "conflict",
		core.Forbidden:       "forbidden",
		core.Unauthenticated: "unauthenticated",
		core.RateLimited:     "rate limited",
		core.TooLarge:        "too large",
		core.Unavailable:     "unavailable",
		core.Kind(99):        "internal",
	} {
		if got := kind.String(); got != want {
			t.Errorf("kind %d prints %q, want %q", int(kind), got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	for _, tc := range []struct {
		in   *core.Error
		want string
	}{
		{&core.Error{}, "internal"},
		{&core.Error{Kind: core.Conflict}, "conflict"},
		{&core.Error{Message: "name is taken"}, "name is taken"},
		{&core.Error{Field: "name", Message: "is too long"}, "name: is too long"},
		{&core.Error{Field: "name", Kind: core.Invalid}, "name: invalid"},
		{&core.Error{Message: "not stored", Err: cause}, "not stored: disk full"},
		{&core.Error{Kind: core.Unavailable, Err: cause}, "unavailable: disk full"},
		{&core.Error{Field: "f", Message: "m", Err: cause}, "f: m: disk full"},
	} {
		if got := tc.in.Error(); got != tc.want {
			t.Errorf("Error() of %+v = %q, want %q", *tc.in, got, tc.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		in   error
		want core.Kind
	}{
		{"nobody classified it", errors.New("plain"), core.Internal},
		{"direct", core.Absent("inbox"), core.NotFound},
		{"wrapped", fmt.Errorf("read: %w", core.Absent("inbox")), core.NotFound},
		{"joined", errors.Join(errors.New("plain"), core.Taken("name")), core.Conflict},
		{"the outermost wins", &core.Error{Kind: core.Unavailable, Err: core.Absent("inbox")}, core.Unavailable},
		{"as a cause", &core.Error{Err: core.Absent("inbox")}, core.Internal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := core.KindOf(tc.in); got != tc.want {
				t.Errorf("kind of %v is %v, want %v", tc.in, got, tc.want)
			}
		})
	}
}

func TestErrorConstructors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in    error
		kind  core.Kind
		field string
		text  string
	}{
		{core.Absent("conversation"), core.NotFound, "", "conversation not found"},
		{core.Refuse("name", "must not be empty"), core.Invalid, "name", "name: must not be empty"},
		{core.Refuse("", "body is not an object"), core.Invalid, "", "body is not an object"},
		{core.Taken("e-mail"), core.Conflict, "", "e-mail is taken"},
	} {
		var e *core.Error
		if !errors.As(tc.in, &e) {
			t.Fatalf("%v is no *core.Error", tc.in)
		}
		if e.Kind != tc.kind || e.Field != tc.field || e.Error() != tc.text {
			t.Errorf("got kind %v, field %q, text %q; want %v, %q, %q", e.Kind, e.Field, e.Error(), tc.kind, tc.field, tc.text)
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("append: %w", &core.Error{Kind: core.Unavailable, Err: context.Canceled})
	if !errors.Is(err, context.Canceled) {
		t.Error("the cause cannot be found in the chain")
	}
}
