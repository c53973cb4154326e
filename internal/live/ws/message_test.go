package ws

import (
	"encoding/json"
	"testing"
)

// Whatever a client sends is refused or read, and what is answered under its
// name is JSON.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"type":"subscribe","id":"s","after":"x","types":["message.created"],"contact":"external:a","conversation":7}`,
		`{"type":"ack","cursor":"x"}`, `{"type":"typing","conversation_id":1,"typing":true}`, `{"type":"ping","id":"\u0000\""}`, `null`, `[]`, `{}x`, `{"contact":1e3}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parse(text)
		if err != nil {
			return
		}
		if b := frame("error", m.ID, "error", []byte(`{"status":1}`)); !json.Valid(b) {
			t.Errorf("%q", b)
		}
	})
}
