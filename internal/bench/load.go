package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is what load is timed with. Tests bring their own.
type Clock struct {
	// Now must be monotonic.
	Now func() time.Time
	// Sleep pauses for the span, as exactly as the machine can.
	Sleep func(time.Duration)
}

// Load says how hard and how long to ask.
type Load struct {
	// Concurrency is how many connections there are, each with at most one
	// request under way.
	Concurrency int
	// Rate is how many requests a second fall due, whether or not the server
	// keeps up (open loop); 0: each connection asks again as soon as it has its
	// answer (closed loop).
	Rate float64
	// Warmup comes first and is not counted; Duration is what is.
	Warmup, Duration time.Duration
	// Timeout bounds one request, and how long one may wait for a connection
	// in the open loop before it is dropped.
	Timeout time.Duration
	// Seed chooses the rows.
	Seed uint64
}

// lateAfter is how far behind its time a request starts before it is late.
const lateAfter = time.Millisecond

// errorPause keeps a server that is gone from being asked in a tight loop.
const errorPause = 10 * time.Millisecond

// maxToldErrors is how many different failures are told of a run.
const maxToldErrors = 5

// outcome is what a run of load found. Only requests that fell due after the
// warm-up count.
type outcome struct {
	requests int64 // answered rightly
	errors   int64
	late     int64 // open loop: started later than they should have
	dropped  int64 // open loop: never started
	elapsed  time.Duration
	bytes    int64 // of all bodies
	spans    latencies
	failures []string // some of the different failures
}

// sendFunc sends the request for row i of a scenario and returns the length of
// the body. It is called by one goroutine at a time.
type sendFunc func(ctx context.Context, i int64) (int, error)

// run puts load on a server. newSend makes the sender of each worker; measured
// is called, concurrently, when the warm-up is over.
//
// In the closed loop a span is the time of the request. In the open loop it
// begins when the request fell due: a server that stalls makes all wait that
// come meanwhile, and the percentiles show it.
func (l Load) run(ctx context.Context, clock Clock, rows int64, newSend func() (send sendFunc, done func()), measured func()) *outcome {
	begin := clock.Now()
	r := &run{Load: l, clock: clock, rows: rows, from: begin.Add(l.Warmup)}
	r.until = r.from.Add(l.Duration)

	var helpers, workers sync.WaitGroup
	helpers.Go(func() {
		clock.Sleep(l.Warmup)
		measured()
	})
	var due chan time.Time
	total := &outcome{spans: newLatencies()}
	if l.Rate > 0 {
		// What would wait longer than the timeout has no place here.
		due = make(chan time.Time, max(1, int(l.Rate*l.Timeout.Seconds())))
		helpers.Go(func() { total.dropped = r.pace(ctx, begin, due) })
	}
	found := make([]*worker, l.Concurrency)
	for i := range found {
		send, done := newSend()
		w := &worker{
			run: r, send: send, rnd: rand.New(rand.NewPCG(l.Seed, uint64(i))), //nolint:gosec // rows are chosen, not secrets
			found: outcome{spans: newLatencies()},
		}
		found[i] = w
		workers.Go(func() {
			defer done()
			if due != nil {
				w.serve(ctx, due)
			} else {
				w.loop(ctx)
			}
			w.end = clock.Now()
		})
	}
	workers.Wait()
	helpers.Wait()
	end := r.until
	for _, w := range found {
		total.add(&w.found)
		if w.end.After(end) {
			end = w.end
		}
	}
	total.elapsed = end.Sub(r.from)
	return total
}

// run is a run under way; it does not change.
type run struct {
	Load
	clock       Clock
	rows        int64
	from, until time.Time // what is counted
}

// pace lets requests fall due on a fixed schedule and returns how many found
// the queue full.
func (r *run) pace(ctx context.Context, begin time.Time, due chan<- time.Time) (dropped int64) {
	defer close(due)
	for n := 0; ctx.Err() == nil; n++ {
		at := begin.Add(time.Duration(float64(n) / r.Rate * float64(time.Second)))
		if !at.Before(r.until) {
			return dropped
		}
		if wait := at.Sub(r.clock.Now()); wait > 0 {
			r.clock.Sleep(wait)
		}
		select {
		case due <- at:
		default:
			if !at.Before(r.from) {
				dropped++
			}
		}
	}
	return dropped
}

// worker is one connection. Its fields belong to its goroutine until that ends.
type worker struct {
	*run
	send  sendFunc
	rnd   *rand.Rand
	found outcome
	end   time.Time
}

// loop asks again and again.
func (w *worker) loop(ctx context.Context) {
	for ctx.Err() == nil {
		now := w.clock.Now()
		if !now.Before(w.until) {
			return
		}
		w.request(ctx, now)
	}
}

// serve sends what falls due.
func (w *worker) serve(ctx context.Context, due <-chan time.Time) {
	for at := range due {
		behind := w.clock.Now().Sub(at)
		switch counts := !at.Before(w.from); {
		case ctx.Err() != nil:
			return
		case behind > w.Timeout:
			if counts {
				w.found.dropped++
			}
			continue
		case behind > lateAfter && counts:
			w.found.late++
		}
		w.request(ctx, at)
	}
}

// request sends one request whose span begins at from.
func (w *worker) request(ctx context.Context, from time.Time) {
	size, err := w.send(ctx, w.rnd.Int64N(w.rows))
	if ctx.Err() != nil {
		return // cut off by us
	}
	span := w.clock.Now().Sub(from)
	if err != nil {
		w.clock.Sleep(errorPause)
	}
	switch {
	case err != nil:
		// A failure during the warm-up is one, too.
		w.found.errors++
		w.found.tell(err.Error())
	case !from.Before(w.from):
		w.found.requests++
		w.found.bytes += int64(size)
		w.found.spans.record(span)
	}
}

// add takes over what another outcome counted. Elapsed times are the caller's.
func (o *outcome) add(from *outcome) {
	o.requests += from.requests
	o.errors += from.errors
	o.late += from.late
	o.dropped += from.dropped
	o.bytes += from.bytes
	o.spans.merge(from.spans)
	for _, text := range from.failures {
		o.tell(text)
	}
}

// tell keeps a failure unless it is known or there are enough.
func (o *outcome) tell(text string) {
	if len(o.failures) >= maxToldErrors {
		return
	}
	for _, known := range o.failures {
		if known == text {
			return
		}
	}
	o.failures = append(o.failures, text)
}

// Check reports what cannot be run.
func (l Load) Check() error {
	var errs []error
	if l.Concurrency < 1 {
		errs = append(errs, errors.New("--concurrency: at least 1"))
	}
	if l.Rate < 0 {
		errs = append(errs, errors.New("--rate: must not be negative"))
	}
	if l.Warmup < 0 || l.Duration <= 0 || l.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("--warmup %s, --duration %s, --timeout %s: must be positive", l.Warmup, l.Duration, l.Timeout))
	}
	return errors.Join(errs...)
}
