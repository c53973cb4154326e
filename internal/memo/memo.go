// Package memo remembers for a moment what was looked up, so that a busy node
// does not ask the database the same thing all the time. What changed on another
// node is noticed once the moment has passed; what changed on this one at once,
// when whoever changed it has it forgotten.
package memo

import (
	"sync"

	"parley/internal/core"
)

// maxKnown bounds what one memo holds.
const maxKnown = 10_000

// Memo remembers values by their keys. It is safe for concurrent use.
type Memo[K comparable, V any] struct {
	age core.Time // for how long

	mu    sync.Mutex // guards what follows
	known map[K]finding[V]
	// forgotten counts what was forgotten: what was read before the last time is
	// not remembered.
	forgotten uint64
}

// finding is a value as it was read.
type finding[V any] struct {
	value  V
	readAt core.Time
}

// New returns a memo that remembers a value for an age, in microseconds.
func New[K comparable, V any](age core.Time) *Memo[K, V] {
	return &Memo[K, V]{age: age, known: map[K]finding[V]{}}
}

// Get returns the value of a key, from memory where it is fresh, else as find
// gives it. What is not ok is not remembered.
func (m *Memo[K, V]) Get(now core.Time, key K, find func() (v V, ok bool, err error)) (V, bool, error) {
	m.mu.Lock()
	k, known := m.known[key]
	forgotten := m.forgotten
	m.mu.Unlock()
	// A clock that was set back must not make an old reading look fresh.
	if age := now - k.readAt; known && age >= 0 && age < m.age {
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
			clear(m.known) // all of it is read again in a moment anyway
		}
		m.known[key] = finding[V]{v, now}
	}
	return v, true, nil
}

// Forget drops what is remembered of a key.
func (m *Memo[K, V]) Forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, key)
	m.forgotten++
}

// Clear drops all that is remembered.
func (m *Memo[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.known)
	m.forgotten++
}
