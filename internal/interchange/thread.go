package interchange

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// threadState is what an import remembers of a conversation until all its
// messages have come. It is staged, so that it survives the batch and the run:
// that a conversation has one tells that its import has not come to its end.
type threadState struct {
	Line int64 `json:"line"` // of the conversation's record, 0 when it is not of this import
	// Given has a bit for each of stamps that the file gives; Closes tells
	// that closed_at follows from the last entry.
	Given  uint8 `json:"given,omitempty"`
	Closes bool  `json:"closes,omitempty"`

	Contact mark           `json:"contact"`
	Agent   mark           `json:"agent"`
	Primary mark           `json:"primary"`
	Readers map[int64]mark `json:"readers,omitempty"` // by the agent's id in the store

	// Order tells whether entries give positions; LastAt and LastID, the id in
	// the file, say where the last one stands if they don't.
	Order  order     `json:"order,omitempty"`
	LastAt core.Time `json:"last_at,omitempty"`
	LastID int64     `json:"last_id,omitempty"`
}

// order says how the entries of a conversation are ordered in the file.
type order int

const (
	orderUnknown order = iota
	orderByPosition
	orderByTime
)

// mark is where a cursor or pointer stands.
type mark struct {
	// Exact: the file names an entry by ID, its id in the file, 0 = nothing
	// read. Done: that entry has come.
	Exact bool  `json:"exact,omitempty"`
	ID    int64 `json:"id,omitempty"`
	Done  bool  `json:"done,omitempty"`
	// ByTime: the cursor follows the side's stamp of the last read. Stopped: a
	// message newer than that has come.
	ByTime  bool `json:"by_time,omitempty"`
	Stopped bool `json:"stopped,omitempty"`
}

// waits tells whether the mark names an entry that has not come.
func (m mark) waits() bool { return m.Exact && !m.Done }

func exactly(id int64) mark { return mark{Exact: true, ID: id, Done: id == 0} }

// waits tells whether anything of the conversation has not come, and what.
func (s *threadState) waits() (key string, id int64) {
	switch {
	case s.Primary.waits():
		return "primary_message_id", s.Primary.ID
	case s.Contact.waits():
		return "contact_read_message_id", s.Contact.ID
	case s.Agent.waits():
		return "agent_read_message_id", s.Agent.ID
	}
	for _, agent := range sortedKeys(s.Readers) {
		if s.Readers[agent].waits() {
			return "a read_cursor", s.Readers[agent].ID
		}
	}
	return "", 0
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}

// thread is a conversation that the batch works on. What changed is stored
// when it leaves the batch's memory.
type thread struct {
	conv    core.Conversation
	fresh   bool // this batch stored it: nothing else of it exists
	changed bool

	state        threadState
	staged       bool // the store has a state, or will
	stateChanged bool

	cursors map[int64]ownCursor // by agent
}

// ownCursor is one agent's cursor.
type ownCursor struct {
	core.ReadCursor
	exists, changed bool
}

// weight estimates the memory that the thread takes.
func (t *thread) weight() int {
	c := &t.conv
	return 2_000 + len(c.Ext) + len(c.CustomAttributes) + len(c.AdditionalAttributes) + len(c.Subject) + 100*len(t.state.Readers)
}

// maxThreadBytes bounds the threads that a batch keeps in memory.
const maxThreadBytes = 8 << 20

// threads are the batch's threads, those used last kept in memory.
type threads struct {
	byID  map[int64]*thread
	used  []int64 // least recently first, each once
	bytes int
}

// thread returns a conversation by its id in the store, locked.
func (a *applier) thread(ctx context.Context, id int64) (*thread, error) {
	if t, ok := a.threads.byID[id]; ok {
		a.threads.touch(id)
		return t, nil
	}
	conv, err := a.tx.LockConversation(ctx, a.account, id)
	if err != nil {
		return nil, err
	}
	t := &thread{conv: conv}
	if t.state, t.staged, err = a.findState(ctx, id); err != nil {
		return nil, err
	}
	return t, a.keep(ctx, t)
}

func (a *applier) findState(ctx context.Context, id int64) (threadState, bool, error) {
	return findState(ctx, a.tx, a.account, id)
}

func findState(ctx context.Context, tx store.Tx, account, id int64) (threadState, bool, error) {
	var s threadState
	text, ok, err := tx.FindStaged(ctx, account, stagedThread, id)
	if err == nil && ok {
		err = json.Unmarshal([]byte(text), &s)
	}
	return s, ok, err
}

// keep takes a thread into memory, where the oldest make room for it.
func (a *applier) keep(ctx context.Context, t *thread) error {
	ts := &a.threads
	if ts.byID == nil {
		ts.byID = map[int64]*thread{}
	}
	ts.byID[t.conv.ID] = t
	ts.used = append(ts.used, t.conv.ID)
	ts.bytes += t.weight()
	for ts.bytes > maxThreadBytes && len(ts.used) > 1 {
		oldest := ts.byID[ts.used[0]]
		if err := a.flushThread(ctx, oldest); err != nil {
			return err
		}
		delete(ts.byID, ts.used[0])
		ts.used = ts.used[1:]
		ts.bytes = 0
		for _, t := range ts.byID {
			ts.bytes += t.weight()
		}
	}
	return nil
}

func (ts *threads) touch(id int64) {
	if last := len(ts.used) - 1; ts.used[last] != id {
		at := slices.Index(ts.used, id)
		ts.used = append(slices.Delete(ts.used, at, at+1), id)
	}
}

func (a *applier) flushThreads(ctx context.Context) error {
	for _, id := range sortedKeys(a.threads.byID) {
		if err := a.flushThread(ctx, a.threads.byID[id]); err != nil {
			return err
		}
	}
	return nil
}

// flushThread stores what changed.
func (a *applier) flushThread(ctx context.Context, t *thread) error {
	if t.changed {
		if err := a.tx.UpdateConversation(ctx, t.conv); err != nil {
			return err
		}
	}
	for _, agent := range sortedKeys(t.cursors) {
		if c := t.cursors[agent]; c.changed {
			if err := a.tx.PutReadCursor(ctx, c.ReadCursor); err != nil {
				return err
			}
		}
	}
	if !t.stateChanged {
		return nil
	}
	a.out.staged = true
	if key, _ := t.state.waits(); key != "" {
		if err := push(ctx, a.tx, a.account, stagedWaiting, t.conv.ID); err != nil {
			return err
		}
	}
	text, err := json.Marshal(&t.state)
	if err != nil {
		return err
	}
	return a.tx.PutStaged(ctx, a.account, stagedThread, t.conv.ID, string(text))
}

// cursor returns an agent's own cursor.
func (a *applier) cursor(ctx context.Context, t *thread, agent int64) (ownCursor, error) {
	if c, ok := t.cursors[agent]; ok {
		return c, nil
	}
	var c ownCursor
	var err error
	if !t.fresh {
		c.ReadCursor, c.exists, err = a.tx.FindReadCursor(ctx, a.account, t.conv.ID, agent)
	}
	return c, err
}

// put keeps an agent's own cursor, to be stored with the thread.
func (t *thread) put(c core.ReadCursor) {
	if t.cursors == nil {
		t.cursors = map[int64]ownCursor{}
	}
	t.cursors[c.AgentID] = ownCursor{ReadCursor: c, exists: true, changed: true}
}
