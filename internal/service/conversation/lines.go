package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// LinesQuery selects a run of lines of one thread. At most one of Before, After
// and Around is set, each a position; with none of them it is the newest run.
type LinesQuery struct {
	Before int64 // the newest lines before this position
	After  int64 // the oldest lines after this position
	// Around is a position in the middle: half of the limit is before it, the
	// rest at it and after it.
	Around int64
	Kinds  []core.EntryKind // none = all
	Limit  int              // at most; 1 to store.MaxIDs-1
}

// Run is some lines of one thread that follow each other, oldest first.
type Run struct {
	Lines        []core.Line
	Older, Newer bool // whether lines of the kinds are before, behind it
}

// Lines returns a run of lines of the thread, which must carry Contact and
// Identity. It costs the run, wherever in the thread that is.
func (s *Reads) Lines(ctx context.Context, account int64, thread *core.Thread, q LinesQuery) (Run, error) {
	if q.Limit <= 0 || q.Limit >= store.MaxIDs {
		return Run{}, core.Refuse("limit", fmt.Sprintf("must be 1 to %d", store.MaxIDs-1))
	}
	if q.Before != 0 && q.After != 0 || q.Around != 0 && q.Before+q.After != 0 {
		return Run{}, core.Refuse("around", "before, after and around exclude each other")
	}
	r := runReader{reads: s, account: account, query: q, conversation: thread.Conversation.ID}
	entries, run, err := r.read(ctx)
	if err != nil {
		return Run{}, fmt.Errorf("list entries: %w", err)
	}
	h := history{store: s.store, account: account, agents: map[int64]*core.Agent{}}
	run.Lines, err = h.lines(ctx, []core.Thread{*thread}, entries)
	return run, err
}

// runReader reads the entries of a run.
type runReader struct {
	reads        *Reads
	account      int64
	conversation int64
	query        LinesQuery
}

// read returns the entries, oldest first, and what is beyond them.
func (r *runReader) read(ctx context.Context) (entries []core.Entry, run Run, err error) {
	q := r.query
	switch {
	case q.Around != 0:
		var newer []core.Entry
		if entries, run.Older, err = r.before(ctx, q.Around, q.Limit/2); err != nil {
			return nil, run, err
		}
		newer, run.Newer, err = r.after(ctx, q.Around-1, q.Limit-q.Limit/2)
		return append(entries, newer...), run, err
	case q.After != 0:
		if entries, run.Newer, err = r.after(ctx, q.After, q.Limit); err != nil {
			return nil, run, err
		}
		_, run.Older, err = r.before(ctx, q.After+1, 0)
	default:
		if entries, run.Older, err = r.before(ctx, q.Before, q.Limit); err != nil || q.Before == 0 {
			return entries, run, err
		}
		_, run.Newer, err = r.after(ctx, q.Before-1, 0)
	}
	return entries, run, err
}

// before returns the newest entries before the position, 0 = behind all, and
// whether there are older ones.
func (r *runReader) before(ctx context.Context, position int64, limit int) ([]core.Entry, bool, error) {
	entries, more, err := r.entries(ctx, store.EntryQuery{Before: position, Desc: true}, limit)
	slices.Reverse(entries)
	return entries, more, err
}

// after returns the oldest entries after the position, and whether there are
// newer ones.
func (r *runReader) after(ctx context.Context, position int64, limit int) ([]core.Entry, bool, error) {
	return r.entries(ctx, store.EntryQuery{After: position}, limit)
}

// entries reads one more than it returns, and so knows whether there are more.
func (r *runReader) entries(ctx context.Context, q store.EntryQuery, limit int) ([]core.Entry, bool, error) {
	q.ConversationIDs, q.Kinds, q.Limit = []int64{r.conversation}, r.query.Kinds, limit+1
	entries, err := r.reads.store.ListEntries(ctx, r.account, q)
	if err != nil || len(entries) <= limit {
		return entries, false, err
	}
	return entries[:limit], true, nil
}
