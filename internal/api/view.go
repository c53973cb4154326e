package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// view is who looks at what is shown: a customer, or staff.
type view struct{ customer bool }

func (c *caller) view() view { return view{customer: c.Customer != nil} }

// StaffOnly is a member that customers are not shown: for them it is absent.
type StaffOnly[T any] struct {
	value T
	shown bool
}

// forStaff is a member that only staff are shown.
func forStaff[T any](v view, value T) StaffOnly[T] {
	if v.customer {
		return StaffOnly[T]{}
	}
	return StaffOnly[T]{value, true}
}

// IsZero tells encoding/json to leave the member out.
func (s StaffOnly[T]) IsZero() bool { return !s.shown }

// MarshalJSON implements json.Marshaler.
func (s StaffOnly[T]) MarshalJSON() ([]byte, error) { return encode(s.value) }

// Schema implements huma.SchemaProvider: it is that of the value.
func (StaffOnly[T]) Schema(r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	s := huma.SchemaFromType(r, t)
	if t.Kind() == reflect.Pointer {
		s.Nullable = true
	}
	return s
}
