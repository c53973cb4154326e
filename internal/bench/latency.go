package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The histogram tells 64 ns apart up to 131 µs, and three digits above that.
const (
	shortestLatency = 100 * time.Nanosecond
	longestLatency  = 10 * time.Minute
	latencyDigits   = 3
)

// latencies is a histogram of spans. It is not safe for concurrent use: each
// worker has one, and they are merged at the end.
type latencies struct{ h *hdrhistogram.Histogram }

func newLatencies() latencies {
	return latencies{hdrhistogram.New(int64(shortestLatency), int64(longestLatency), latencyDigits)}
}

// record adds a span; what is longer than the longest counts as that.
func (l latencies) record(d time.Duration) {
	// The bounds leave no value that could be refused.
	_ = l.h.RecordValue(int64(min(max(d, 0), longestLatency)))
}

func (l latencies) merge(from latencies) { l.h.Merge(from.h) }

// percentile returns the span within which p percent of all stayed, 0 when
// there are none.
func (l latencies) percentile(p float64) time.Duration {
	return time.Duration(l.h.ValueAtQuantile(p))
}

func (l latencies) percentiles() Percentiles {
	micros := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	return Percentiles{
		P50: micros(l.percentile(50)), P90: micros(l.percentile(90)), P99: micros(l.percentile(99)),
		P999: micros(l.percentile(99.9)), Max: micros(l.max()),
	}
}

func (l latencies) max() time.Duration { return time.Duration(l.h.Max()) }
