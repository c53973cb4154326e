package webhook

import (
	"cmp"
	"container/heap"

	"parley/internal/core"
)

// queue holds a webhook's open deliveries, without bodies. Those of one
// conversation stand in a line, of which only the first may be sent; what is
// about no conversation is a line of its own.
type queue struct {
	lines map[int64][]*core.Delivery // by conversation, or by the negative seq
	first firsts
	size  int // of all lines
}

func newQueue() *queue { return &queue{lines: map[int64][]*core.Delivery{}} }

func lineOf(v *core.Delivery) int64 {
	if v.ConversationID == 0 {
		return -v.Seq
	}
	return v.ConversationID
}

// add puts a delivery at the end of its line.
func (q *queue) add(v *core.Delivery) {
	line := lineOf(v)
	q.lines[line] = append(q.lines[line], v)
	q.size++
	if len(q.lines[line]) == 1 {
		heap.Push(&q.first, v)
	}
}

// take returns a delivery that may be sent now, nil when there is none. Its
// line stands still until it is put back or done.
func (q *queue) take(now core.Time) *core.Delivery {
	if len(q.first) == 0 || q.first[0].NextAt > now {
		return nil
	}
	v, _ := heap.Pop(&q.first).(*core.Delivery)
	return v
}

// putBack returns a delivery that was taken.
func (q *queue) putBack(v *core.Delivery) { heap.Push(&q.first, v) }

// done removes a delivery that was taken, and lets the next of its line go.
func (q *queue) done(v *core.Delivery) {
	line := lineOf(v)
	q.size--
	if q.lines[line] = q.lines[line][1:]; len(q.lines[line]) == 0 {
		delete(q.lines, line)
		return
	}
	heap.Push(&q.first, q.lines[line][0])
}

// next returns when something may be sent, unset when nothing waits.
func (q *queue) next() core.Time {
	if len(q.first) == 0 {
		return 0
	}
	return max(q.first[0].NextAt, 1)
}

// firsts is a heap of the first delivery of each line that is not taken, by
// time, then by seq.
type firsts []*core.Delivery

func (f firsts) Len() int { return len(f) }
func (f firsts) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(f[i].NextAt, f[j].NextAt), cmp.Compare(f[i].Seq, f[j].Seq)) < 0
}
func (f firsts) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *firsts) Push(v any) {
	if d, ok := v.(*core.Delivery); ok {
		*f = append(*f, d)
	}
}

func (f *firsts) Pop() any {
	last := len(*f) - 1
	v := (*f)[last]
	(*f)[last] = nil
	*f = (*f)[:last]
	return v
}
