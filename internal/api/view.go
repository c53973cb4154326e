package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// view is who looks at what is shown: a customer, or staff.
type view struct{ customer bool }

func (c *caller) view() view { return view{customer: c.Customer != nil} }

// Shown is a member that not everybody is shown, and that not every place has:
// there it is absent.
type Shown[T any] struct {
	value T
	shown bool
}

// forStaff is a member that only staff are shown.
func forStaff[T any](v view, value T) Shown[T] {
	if v.customer {
		return Shown[T]{}
	}
	return Shown[T]{value, true}
}

// always is a member that everybody is shown.
func always[T any](value T) Shown[T] { return Shown[T]{value, true} }

// IsZero tells encoding/json to leave the member out.
func (s Shown[T]) IsZero() bool { return !s.shown }

// MarshalJSON implements json.Marshaler.
func (s Shown[T]) MarshalJSON() ([]byte, error) { return encode(s.value) }

// Schema implements huma.SchemaProvider: it is that of the value.
func (Shown[T]) Schema(r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	s := huma.SchemaFromType(r, t)
	if t.Kind() == reflect.Pointer {
		s.Nullable = true
	}
	return s
}
