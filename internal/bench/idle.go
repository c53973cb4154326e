package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// IdleResult is what sockets cost on which nothing happens.
type IdleResult struct {
	Sockets int `json:"sockets"`
	// OpenedPerSecond is how fast they were opened.
	OpenedPerSecond float64 `json:"opened_per_second"`
	// Before is the server's memory with one socket, After with all of them when
	// they had been idle, Peak the most that was seen; nil when it cannot be read.
	Before *Memory `json:"before,omitempty"`
	After  *Memory `json:"after,omitempty"`
	Peak   *Memory `json:"peak,omitempty"`
	// PerSocket is what RSS grew by, in bytes, at the peak and when they were
	// idle.
	PeakPerSocket  int64 `json:"peak_bytes_per_socket"`
	AfterPerSocket int64 `json:"bytes_per_socket"`
	// Reached is how long a message took to each socket of one contact, in
	// milliseconds from the event's time.
	Reached float64 `json:"reached_ms"`
	// Failures are what went wrong.
	Failures []string `json:"failures,omitempty"`
}

// Failed tells whether anything went wrong.
func (r *IdleResult) Failed() bool { return len(r.Failures) > 0 }

// contactSockets is how many sockets of one customer a server takes.
const contactSockets = 20

// openAtOnce is how many sockets are opened at the same time.
const openAtOnce = 16

// spareFiles are those that a process has open beside sockets.
const spareFiles = 64

// Idle opens sockets of contacts on which nothing happens, leaves them for the
// length of the load, and sends a message to one contact. An error means that
// there is nothing to report.
func (p LivePlan) Idle(ctx context.Context, sockets int) (*IdleResult, error) {
	if most := p.Targets.Contacts.Count * contactSockets; int64(sockets) > most {
		return nil, fmt.Errorf("--sockets: the data has contacts for %d of them: fill more conversations", most)
	}
	if limit, ok := openFiles(); ok && uint64(sockets)+spareFiles > limit {
		return nil, fmt.Errorf("--sockets: %d of them take %d open files here and as many in the server; the limit is %d (ulimit -n)", sockets, sockets+spareFiles, limit)
	}
	to, err := p.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	all := newStreams(to, p.Load.Timeout, p.Clock.Now)
	var open []socket
	defer func() {
		for _, s := range open {
			s.end()
		}
		all.running.Wait()
	}()
	first, err := p.socket(ctx, all, 0, sockets)
	if err != nil {
		return nil, err
	}
	open = append(open, first)
	result := &IdleResult{Sockets: sockets, Before: MemoryOf(p.PID)}
	p.tell(fmt.Sprintf("opening %d sockets", sockets))
	peak := watchMemory(ctx, p.PID)
	begin := p.Clock.Now()
	rest, err := p.openSockets(ctx, all, sockets)
	open = append(open, rest...)
	if err != nil {
		peak()
		return nil, err
	}
	result.OpenedPerSecond = float64(len(rest)) / p.Clock.Now().Sub(begin).Seconds()
	p.Clock.Sleep(p.Load.Duration)
	result.After, result.Peak = MemoryOf(p.PID), peak()
	result.settle()
	return result, p.reach(ctx, open, result)
}

// socket is a stream with the contact whose it is.
type socket struct {
	*stream
	contact int64
}

// socket opens the i-th of n sockets.
func (p LivePlan) socket(ctx context.Context, all *streams, i, n int) (socket, error) {
	contact := p.contact(int64(i), int64(n))
	s, err := all.open(ctx, webSocket, i, p.customer(contact))
	return socket{s, contact}, err
}

// settle divides memory by sockets.
func (r *IdleResult) settle() {
	if r.Before == nil || r.After == nil || r.Peak == nil || r.Sockets < 2 {
		return
	}
	n := int64(r.Sockets - 1) // the first is in Before
	r.AfterPerSocket, r.PeakPerSocket = (r.After.RSS-r.Before.RSS)/n, (r.Peak.RSS-r.Before.RSS)/n
}

// openSockets opens all but the first.
func (p LivePlan) openSockets(ctx context.Context, all *streams, sockets int) (open []socket, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex // guards open
	var opening sync.WaitGroup
	next := make(chan int)
	for range openAtOnce {
		opening.Go(func() {
			for i := range next {
				s, err := p.socket(ctx, all, i, sockets)
				if err != nil {
					cancel(fmt.Errorf("socket %d: %w", i+1, err))
					continue
				}
				mu.Lock()
				open = append(open, s)
				mu.Unlock()
			}
		})
	}
	for i := 1; i < sockets && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	opening.Wait()
	return open, context.Cause(ctx)
}

// reach sends a message to the last contact and looks who gets it.
func (p LivePlan) reach(ctx context.Context, open []socket, result *IdleResult) error {
	fail := func(format string, args ...any) {
		result.Failures = append(result.Failures, fmt.Sprintf(format, args...))
	}
	cut := 0
	for _, s := range open {
		if s.failure() != nil {
			cut++
		}
	}
	if cut > 0 {
		fail("%d sockets were cut off", cut)
	}
	n := int64(len(open))
	contact := p.contact(n-1, n)
	conversation := contact - p.Targets.Contacts.First + 1 // the first that was dealt out to it
	err := newService(p.URL, p.Load.Timeout).call(ctx, http.MethodPost, fmt.Sprintf("%s%d%s", messagesPrefix, conversation, messagesSuffix), p.Targets.Token,
		map[string]any{"sender": map[string]string{"type": "contact"}, "content": said}, nil)
	if err != nil {
		return err
	}
	until := p.Clock.Now().Add(p.Load.Timeout)
	got, others := 0, 0
	for _, s := range open {
		mine := s.contact == contact
		for mine && s.count() == 0 && p.Clock.Now().Before(until) && ctx.Err() == nil {
			p.Clock.Sleep(time.Millisecond)
		}
		switch {
		case mine && s.count() > 0:
			got++
		case mine:
			fail("a message did not reach its contact")
		case s.count() > 0:
			others++
		}
		for _, e := range s.taken() {
			if mine && e.message != 0 {
				result.Reached = max(result.Reached, e.came.Sub(e.at).Seconds()*1000)
			}
		}
	}
	if got == 0 {
		return errors.New("no socket is of the chosen contact")
	}
	if others > 0 {
		fail("%d sockets got what was not theirs", others)
	}
	return ctx.Err()
}
