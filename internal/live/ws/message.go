package ws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"parley/internal/core"
)

// message is what a client sends.
type message struct {
	Type string `json:"type"` // subscribe, unsubscribe, ack, typing or ping
	ID   string `json:"id"`   // of the subscription, the client's choice

	// subscribe
	After        string           `json:"after"` // a cursor; "" = from now on
	Types        []core.EventType `json:"types"`
	Contact      ref              `json:"contact"`
	Conversation ref              `json:"conversation"`

	Cursor string `json:"cursor"` // ack

	// typing
	ConversationID int64 `json:"conversation_id"`
	Typing         bool  `json:"typing"`
}

// ref names a thing: its id, as number or text, or another text that stands for
// it.
type ref string

// UnmarshalJSON implements json.Unmarshaler.
func (f *ref) UnmarshalJSON(b []byte) error {
	var id int64
	if json.Unmarshal(b, &id) == nil {
		*f = ref(strconv.FormatInt(id, 10))
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("neither a number nor a text: %w", err)
	}
	*f = ref(text)
	return nil
}

// maxIDBytes bounds the name of a subscription.
const maxIDBytes = 64

// parse reads a message.
func parse(text []byte) (m message, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return message{}, core.Refuse("", "a message is a JSON object of known members")
	}
	if _, err := d.Token(); err != io.EOF {
		return message{}, core.Refuse("", "a message is one JSON object")
	}
	if len(m.ID) > maxIDBytes {
		return message{}, core.Refuse("id", fmt.Sprintf("at most %d bytes", maxIDBytes))
	}
	return m, nil
}

// frame returns what the server sends: an object of type and id, if there is
// one, and a member that is JSON already.
func frame(typ, id, member string, value []byte) []byte {
	b := append(make([]byte, 0, len(value)+len(id)+64), `{"type":"`...)
	b = append(append(b, typ...), '"')
	if id != "" {
		b = append(append(b, `,"id":`...), quoted(id)...)
	}
	if member != "" {
		b = append(append(append(append(b, `,"`...), member...), `":`...), value...)
	}
	return append(b, '}')
}

// quoted returns a text as JSON.
func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(fmt.Sprintf("quote: %v", err)) // texts can be encoded
	}
	return b
}
