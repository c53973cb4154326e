package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"parley/internal/core"
)

// Bounds of what is remembered of credentials.
const (
	maxAge   = core.Time(time.Second / time.Microsecond)
	maxKnown = 10_000
)

// recent remembers what was found out about credentials for maxAge, so that
// what changed on another node is noticed here within a second; what changed on
// this node at once, see forget. It is safe for concurrent use; the zero value
// is not: see newRecent.
type recent[V any] struct {
	mu    sync.Mutex // guards what follows
	known map[[sha256.Size]byte]finding[V]
	// forgotten counts the calls of forget: what was read before the last one
	// is not remembered.
	forgotten uint64
}

// finding is what was found out about a credential.
type finding[V any] struct {
	value  V
	readAt core.Time
}

func newRecent[V any]() *recent[V] { return &recent[V]{known: map[[sha256.Size]byte]finding[V]{}} }

// get returns what find has to say of the credential with the hash, from memory
// where it is fresh. What is not ok is not remembered: whoever guesses is
// stopped by the limits.
func (m *recent[V]) get(hash [sha256.Size]byte, now core.Time, find func() (v V, ok bool, err error)) (V, bool, error) {
	m.mu.Lock()
	k, known := m.known[hash]
	forgotten := m.forgotten
	m.mu.Unlock()
	// A clock that was set back must not make an old reading look fresh.
	if age := now - k.readAt; known && age >= 0 && age < maxAge {
		return k.value, true, nil
	}
	v, ok, err := find()
	if err != nil || !ok {
		return v, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forgotten == forgotten {
		if len(m.known) >= maxKnown {
			clear(m.known) // all of it is read again within a second anyway
		}
		m.known[hash] = finding[V]{v, now}
	}
	return v, true, nil
}

// forget drops all that is remembered.
func (m *recent[V]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.known)
	m.forgotten++
}
