package conversation_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestLines compares every run of a thread with the same run of the whole
// history.
func TestLines(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		appendLines(t, st, f, f.Chat.ID, 5) // Chat had a message, a note, an activity and a message
		reads := conversation.NewReads(st)
		thread, err := reads.Thread(t.Context(), f.Account.ID, f.Chat.ID, parts)
		if err != nil {
			t.Fatal(err)
		}
		whole := read(t, st, f.Account.ID, []core.Thread{thread}, conversation.HistoryQuery{})[0]
		for _, kinds := range [][]core.EntryKind{nil, {core.Message}, {core.Note}} {
			lines := slices.DeleteFunc(slices.Clone(whole), func(l core.Line) bool { return kinds != nil && !slices.Contains(kinds, l.Entry.Kind) })
			for position := range thread.Conversation.LastPosition + 3 {
				for _, limit := range []int{1, 2, 3, 50} {
					for _, q := range []conversation.LinesQuery{{Before: position}, {After: position}, {Around: position}} {
						q.Kinds, q.Limit = kinds, limit
						got, err := reads.Lines(t.Context(), f.Account.ID, &thread, q)
						if err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(runOf(lines, q), got, cmpopts.EquateEmpty()); diff != "" {
							t.Fatalf("%+v (-want +got):\n%s", q, diff)
						}
					}
				}
			}
		}
	})
}

// runOf cuts a run out of all lines.
func runOf(lines []core.Line, q conversation.LinesQuery) conversation.Run {
	behind := func(position int64) int { // how many lines stand at it or before it
		n := 0
		for _, l := range lines {
			if l.Entry.Position <= position {
				n++
			}
		}
		return n
	}
	from, to := max(0, len(lines)-q.Limit), len(lines)
	switch {
	case q.Before != 0:
		to = behind(q.Before - 1)
		from = max(0, to-q.Limit)
	case q.After != 0:
		from = behind(q.After)
		to = min(len(lines), from+q.Limit)
	case q.Around != 0:
		middle := behind(q.Around - 1)
		from, to = max(0, middle-q.Limit/2), min(len(lines), middle+q.Limit-q.Limit/2)
	}
	return conversation.Run{Lines: lines[from:to], Older: from > 0, Newer: to < len(lines)}
}

func TestLinesWithoutAMeaningAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, st store.Store, f storetest.Fixture) {
		for _, q := range []conversation.LinesQuery{
			{}, {Limit: -1}, {Limit: store.MaxIDs}, {Limit: 1, Before: 1, After: 1}, {Limit: 1, Before: 1, Around: 1}, {Limit: 1, After: 1, Around: 1},
		} {
			if _, err := conversation.NewReads(st).Lines(t.Context(), f.Account.ID, &core.Thread{}, q); core.KindOf(err) != core.Invalid {
				t.Errorf("%+v: got %v, want core.Invalid", q, err)
			}
		}
	})
}
