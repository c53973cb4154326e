package api

import (
	"bytes"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/core"
)

// Object is a JSON object whose members nobody here knows, as it was given.
type Object core.JSON

// MarshalJSON implements json.Marshaler. What was never given is {}.
func (o Object) MarshalJSON() ([]byte, error) { return []byte(core.JSON(o).Or("{}")), nil }

// UnmarshalJSON implements json.Unmarshaler. That it is an object the schema
// sees to.
func (o *Object) UnmarshalJSON(text []byte) error {
	*o = Object(bytes.TrimSpace(text))
	return nil
}

// Schema implements huma.SchemaProvider.
func (Object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// patch changes an object member by member: those that were sent are set, and
// those that are null go. null empties it.
func patch(field *core.JSON, by Optional[Object]) {
	switch {
	case by.Null:
		*field = ""
	case by.Set:
		*field = field.Patch(core.JSON(by.Value))
	}
}
