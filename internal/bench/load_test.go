package bench

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Time in these tests is that of a synctest bubble: it stands still but for
// the pauses that are asked for, so that every figure is exact.
var bubble = Clock{Now: time.Now, Sleep: time.Sleep}

// paced is a server that takes a span for each answer, and once, for the first
// request after stallAt, a longer one.
type paced struct {
	takes   time.Duration
	stallAt time.Time
	stall   time.Duration
	stalled bool
}

func (p *paced) send(context.Context, int64) (int, error) {
	if !p.stalled && p.stall > 0 && !time.Now().Before(p.stallAt) {
		p.stalled = true
		time.Sleep(p.stall)
	}
	time.Sleep(p.takes)
	return 10, nil
}

func (p *paced) sender() (sendFunc, func()) { return p.send, func() {} }

// TestOpenLoopShowsAStall is about coordinated omission: a server that stalls
// once, for a second, makes the requests of that second wait. The closed loop
// sends none of them and hides it from every percentile but the last.
func TestOpenLoopShowsAStall(t *testing.T) {
	t.Parallel()
	const stall = time.Second
	measure := func(t *testing.T, rate float64) *outcome {
		t.Helper()
		var got *outcome
		synctest.Test(t, func(t *testing.T) {
			load := Load{Concurrency: 1, Rate: rate, Warmup: time.Second, Duration: 10 * time.Second, Timeout: time.Minute}
			s := &paced{takes: time.Millisecond, stallAt: time.Now().Add(3 * time.Second), stall: stall}
			got = load.run(t.Context(), bubble, 1, s.sender, func() {})
		})
		return got
	}

	open := measure(t, 100)
	if open.requests != 1000 || open.dropped != 0 || open.errors != 0 {
		t.Errorf("open loop: %d requests, %d dropped, %d errors; want 1000, 0, 0", open.requests, open.dropped, open.errors)
	}
	// The requests of that second wait from a second down to nothing, and those
	// behind them until the queue is gone: about 111 of 1000.
	for _, want := range []struct {
		p        float64
		from, to time.Duration
	}{{50, 0, 2 * time.Millisecond}, {90, 50 * time.Millisecond, 150 * time.Millisecond}, {99, 800 * time.Millisecond, stall}, {100, stall, stall + 5*time.Millisecond}} {
		if got := open.spans.percentile(want.p); got < want.from || got > want.to {
			t.Errorf("open loop: p%g = %s, want %s to %s", want.p, got, want.from, want.to)
		}
	}
	if open.late < 100 || open.late > 120 {
		t.Errorf("open loop: %d were late, want some 111", open.late)
	}

	closed := measure(t, 0)
	if got := closed.spans.percentile(99.9); got > 2*time.Millisecond {
		t.Errorf("closed loop: p99.9 = %s: the stall was one request of many", got)
	}
	if got := closed.spans.max(); got < stall {
		t.Errorf("closed loop: max = %s, want the stall", got)
	}
}

func TestOpenLoopKeepsItsSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var starts []time.Duration
		newSend := func() (sendFunc, func()) {
			return func(context.Context, int64) (int, error) {
				starts = append(starts, time.Since(begin))
				time.Sleep(time.Millisecond)
				return 1, nil
			}, func() {}
		}
		warm := time.Duration(0)
		load := Load{Concurrency: 1, Rate: 40, Warmup: 500 * time.Millisecond, Duration: time.Second, Timeout: time.Second}
		got := load.run(t.Context(), bubble, 1, newSend, func() { warm = time.Since(begin) })
		if got.requests != 40 || got.late != 0 || got.elapsed != time.Second {
			t.Errorf("%d requests, %d late, in %s; want 40, 0, 1s", got.requests, got.late, got.elapsed)
		}
		if len(starts) != 60 || starts[0] != 0 || starts[1] != 25*time.Millisecond || starts[59] != 1475*time.Millisecond {
			t.Errorf("requests began at %v", starts)
		}
		if warm != load.Warmup {
			t.Errorf("the warm-up was over after %s, want %s", warm, load.Warmup)
		}
	})
}

// TestOpenLoopDrops has a server that manages a tenth of what falls due.
func TestOpenLoopDrops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := Load{Concurrency: 1, Rate: 100, Duration: 10 * time.Second, Timeout: time.Second}
		got := load.run(t.Context(), bubble, 1, (&paced{takes: 100 * time.Millisecond}).sender, func() {})
		if got.requests+got.dropped != 1000 {
			t.Errorf("%d requests and %d dropped are not 1000", got.requests, got.dropped)
		}
		// What began within the timeout was served, at ten a second.
		if got.requests < 100 || got.requests > 112 {
			t.Errorf("%d requests, want some 110", got.requests)
		}
		if longest := got.spans.max(); longest > load.Timeout+200*time.Millisecond {
			t.Errorf("one was served after %s; it should have been dropped", longest)
		}
		if rate := float64(got.requests) / got.elapsed.Seconds(); rate > 10.1 {
			t.Errorf("%.1f requests a second of a server that does 10", rate)
		}
	})
}

func TestClosedLoopCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		load := Load{Concurrency: 4, Warmup: 100 * time.Millisecond, Duration: time.Second, Timeout: time.Second}
		got := load.run(t.Context(), bubble, 1, (&paced{takes: 10 * time.Millisecond}).sender, func() {})
		if got.requests != 400 || got.elapsed != time.Second || got.bytes != 4000 {
			t.Errorf("%d requests of %d bytes in %s, want 400, 4000, 1s", got.requests, got.bytes, got.elapsed)
		}
	})
}

// TestEveryRowIsAskedFor looks at the choice of rows: all, about equally often,
// and the same for the same seed.
func TestEveryRowIsAskedFor(t *testing.T) {
	t.Parallel()
	choose := func(seed uint64) (counts [10]int) {
		synctest.Test(t, func(t *testing.T) {
			newSend := func() (sendFunc, func()) {
				return func(_ context.Context, i int64) (int, error) {
					counts[i]++
					time.Sleep(time.Millisecond)
					return 1, nil
				}, func() {}
			}
			load := Load{Concurrency: 1, Duration: time.Second, Timeout: time.Second, Seed: seed}
			load.run(t.Context(), bubble, int64(len(counts)), newSend, func() {})
		})
		return counts
	}
	one := choose(1)
	for i, n := range one {
		if n < 60 || n > 140 {
			t.Errorf("row %d was asked for %d times of 1000", i, n)
		}
	}
	if one != choose(1) {
		t.Error("the same seed chose other rows")
	}
	if one == choose(2) {
		t.Error("another seed chose the same rows")
	}
}

func TestFailuresAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		newSend := func() (sendFunc, func()) {
			return func(context.Context, int64) (int, error) {
				time.Sleep(10 * time.Millisecond)
				if n++; n%2 == 0 {
					return 0, fmt.Errorf("failure %d", n%20)
				}
				return 1, nil
			}, func() {}
		}
		load := Load{Concurrency: 1, Warmup: 300 * time.Millisecond, Duration: 3 * time.Second, Timeout: time.Second}
		got := load.run(t.Context(), bubble, 1, newSend, func() {})
		// A pair takes 10 ms each and a pause of 10 ms; failures of the warm-up
		// count, too.
		if got.requests != 100 || got.errors != 110 {
			t.Errorf("%d requests, %d errors; want 100, 110", got.requests, got.errors)
		}
		if len(got.failures) != maxToldErrors {
			t.Errorf("told of %v", got.failures)
		}
	})
}

func TestLoadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 100} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			begin := time.Now()
			newSend := func() (sendFunc, func()) {
				return func(ctx context.Context, _ int64) (int, error) {
					select {
					case <-ctx.Done():
						return 0, errors.New("cut off")
					case <-time.After(time.Millisecond):
						return 1, nil
					}
				}, func() {}
			}
			load := Load{Concurrency: 2, Rate: rate, Duration: time.Hour, Timeout: time.Second}
			got := load.run(ctx, bubble, 1, newSend, func() {})
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("it went on for %s", took)
			}
			if got.errors != 0 {
				t.Errorf("being cut off counts as %d errors", got.errors)
			}
		})
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	l, more := newLatencies(), newLatencies()
	for i := 1; i <= 500; i++ {
		l.record(time.Duration(i) * time.Millisecond)
		more.record(time.Duration(500+i) * time.Millisecond)
	}
	l.merge(more)
	for p, want := range map[float64]time.Duration{50: 500 * time.Millisecond, 90: 900 * time.Millisecond, 99: 990 * time.Millisecond, 99.9: 999 * time.Millisecond, 100: time.Second} {
		if got := l.percentile(p); got < want*999/1000 || got > want*1001/1000 {
			t.Errorf("p%g = %s, want %s", p, got, want)
		}
	}
	l.record(time.Hour)
	l.record(-time.Second)
	if got := l.max(); got < longestLatency || got > longestLatency*1001/1000 {
		t.Errorf("an hour counts as %s", got)
	}
	if got := newLatencies().percentile(99); got != 0 {
		t.Errorf("p99 of nothing = %s", got)
	}
	if got := median(shares([]float64{10, 30, 5}, []float64{100, 100, 0})); got != 0.2 {
		t.Errorf("shares of the floor: %g", got)
	}
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median = %g", got)
	}
	if got := median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("median = %g", got)
	}
}
