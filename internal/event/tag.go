package event

import (
	"crypto/sha256"
	"encoding/hex"

	"parley/internal/core"
)

// Tag returns a short text that stands for one state of a record: equal states
// have equal tags, and another state has another one. It is of hexadecimal
// digits and tells nothing of the record; secrets have no part in it. It fails
// as Encode does.
func Tag(data core.EventData) (string, error) {
	text, err := Encode(data)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16]), nil
}
