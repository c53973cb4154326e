package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/core"
)

// Time is an instant in answers: RFC 3339 in UTC with six digits of a second.
type Time core.Time

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(core.Time(t).Std().Format(`"2006-01-02T15:04:05.000000Z"`)), nil
}

// Schema implements huma.SchemaProvider.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: "date-time", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$`,
		Examples: []any{"2026-11-22T12:55:11.000000Z"},
	}
}

// timeOrNull shows an unset time as null.
func timeOrNull(t core.Time) *Time {
	if !t.IsSet() {
		return nil
	}
	shown := Time(t)
	return &shown
}

// orNull shows what is not known as null.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// orEmpty shows a list that holds nothing as [].
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// valueOf returns what an optional member holds, the zero value for null and
// absent ones.
func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// Optional is a member of a change: absent leaves a thing as it is, null
// empties it.
type Optional[T any] struct {
	Set   bool // it was sent
	Null  bool
	Value T
}

// UnmarshalJSON implements json.Unmarshaler. It is not called for an absent
// member.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	o.Set = true
	if string(text) == "null" {
		o.Null = true
		return nil
	}
	return json.Unmarshal(text, &o.Value)
}

// Schema implements huma.SchemaProvider: it is that of the value.
func (Optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// change writes what was sent to field; null is the zero value.
func (o Optional[T]) change(field *T) {
	if o.Set {
		*field = o.Value
	}
}

// changeTo is change for a member that cannot be null.
func (o Optional[T]) changeTo(field *T, member string) error {
	if o.Null {
		return core.Refuse(member, "it cannot be null")
	}
	o.change(field)
	return nil
}

// pointer is what was sent, nil for nothing; null is the zero value.
func (o Optional[T]) pointer() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}

// instantOf is an instant of a request. It is never the unset time, which stands
// for no bound and no end: the first microsecond of 1970 is taken for the second.
func instantOf(t time.Time) core.Time { return cmp.Or(core.TimeOf(t), 1) }

// TimeInput is an instant in requests: RFC 3339.
type TimeInput core.Time

// UnmarshalJSON implements json.Unmarshaler. The form was checked by the schema.
func (t *TimeInput) UnmarshalJSON(text []byte) error {
	var at time.Time
	if err := json.Unmarshal(text, &at); err != nil {
		return fmt.Errorf("read a time: %w", err)
	}
	*t = TimeInput(instantOf(at))
	return nil
}

// Schema implements huma.SchemaProvider.
func (TimeInput) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// ByID names a thing in the path.
type ByID struct {
	ID int64 `path:"id" minimum:"1" maximum:"9007199254740991" doc:"The id."`
}

// Creation is what a create is sent.
type Creation[B any] struct {
	Body B
}

// Change is what a change of a thing is sent.
type Change[B any] struct {
	ByID
	Body B
}

// Maybe is an object or null.
type Maybe[T any] struct{ Value *T }

// MarshalJSON implements json.Marshaler.
func (m Maybe[T]) MarshalJSON() ([]byte, error) { return encode(m.Value) }

// Schema implements huma.SchemaProvider.
func (Maybe[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}
