package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
)

// order is the order of a list, as cursors name it.
type order byte

// byID is the order of lists by rising id. Its key is the id.
const byID order = 1

// place is where a page of a list ends: the keys of its last row. A cursor is
// its text form. It is not signed: a forged one only leads to another start in
// what its caller may see anyway.
type place struct {
	order  order
	filter uint32 // hash of which list it is, and of its filters
	keys   []int64
}

// cursorVersion begins every cursor. Raise it when the form changes; then older
// cursors are refused.
const cursorVersion = 1

// headBytes is the length of what stands before the keys.
const headBytes = 1 + 1 + 4

// maxKeys bounds the keys of an order.
const maxKeys = 4

// filterOf returns the hash of a list's name and filters.
func filterOf(list string, filters ...string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(list))
	for _, f := range filters {
		_, _ = h.Write([]byte{0})
		_, _ = h.Write([]byte(f))
	}
	return h.Sum32()
}

// cursor returns the place as text.
func (p place) cursor() string {
	b := binary.BigEndian.AppendUint32([]byte{cursorVersion, byte(p.order)}, p.filter)
	for _, key := range p.keys {
		b = binary.AppendVarint(b, key)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads a cursor; ok is false for what cursor does not write.
func parseCursor(text string) (p place, ok bool) {
	if len(text) > base64.RawURLEncoding.EncodedLen(headBytes+maxKeys*binary.MaxVarintLen64) {
		return place{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < headBytes || b[0] != cursorVersion {
		return place{}, false
	}
	p = place{order: order(b[1]), filter: binary.BigEndian.Uint32(b[2:headBytes])}
	for b = b[headBytes:]; len(b) > 0; {
		key, n := binary.Varint(b)
		if n <= 0 {
			return place{}, false
		}
		p.keys = append(p.keys, key)
		b = b[n:]
	}
	return p, len(p.keys) <= maxKeys && p.cursor() == text
}
