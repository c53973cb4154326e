package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// DeliveryResult is what was measured of a webhook.
type DeliveryResult struct {
	// Writes are the messages that were written.
	Writes Figures `json:"writes"`
	// Deliveries are the messages that the receiver was told of, PerSecond how
	// many between the first and the last.
	Deliveries int64   `json:"deliveries"`
	PerSecond  float64 `json:"deliveries_per_second"`
	// Missing were written and never delivered, Repeated came again.
	Missing  int64 `json:"missing"`
	Repeated int64 `json:"repeated"`
	// Behind is how long after the last answer to a write the last delivery came,
	// in milliseconds.
	Behind float64 `json:"behind_ms"`
	// Latency begins with the time that the event says and ends with the
	// delivery.
	Latency  Percentiles `json:"latency_us"`
	Failures []string    `json:"failures,omitempty"`
}

// Failed tells whether a delivery is missing. One that comes again is no
// failure: they are promised at least once.
func (r *DeliveryResult) Failed() bool {
	return r.Writes.Errors > 0 || r.Missing > 0 || len(r.Failures) > 0
}

// receiver takes what a webhook is sent.
type receiver struct {
	now func() time.Time

	mu       sync.Mutex
	came     map[int64]arrival // by message; guarded by mu
	repeated int64             // guarded by mu
	last     time.Time         // guarded by mu
	failures []string          // guarded by mu
}

// maxDeliveryBytes bounds what a receiver reads.
const maxDeliveryBytes = 1 << 20

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxDeliveryBytes))
	came := r.now()
	var a arrival
	if err == nil {
		_, a, err = readEvent(body)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if len(r.failures) < maxToldErrors {
			r.failures = append(r.failures, err.Error())
		}
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.came, r.last = came, came
	if _, ok := r.came[a.message]; ok {
		r.repeated++
	} else {
		r.came[a.message] = a
	}
	w.WriteHeader(http.StatusNoContent)
}

// listen serves the receiver on a free loopback port, until done is called.
func (r *receiver) listen(ctx context.Context) (url string, done func() error, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: r} //nolint:gosec // only the server that is measured calls
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	return "http://" + l.Addr().String() + "/", func() error { return errors.Join(srv.Close(), ignoreClosed(<-served)) }, nil
}

// Deliver makes a webhook, writes messages and counts what it is sent. An error
// means that there is nothing to report.
func (p LivePlan) Deliver(ctx context.Context) (result *DeliveryResult, err error) {
	to, err := p.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	r := &receiver{now: p.Clock.Now, came: map[int64]arrival{}}
	url, done, err := r.listen(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	api := newService(p.URL, p.Load.Timeout)
	var hook struct {
		ID int64 `json:"id"`
	}
	err = api.call(ctx, http.MethodPost, "/v1/webhooks", p.Targets.Token, map[string]any{"url": url, "events": []string{"message.created"}}, &hook)
	if err != nil {
		return nil, fmt.Errorf("make a webhook: %w", err)
	}
	defer func() {
		// Also when we are to stop: else it would call nobody for days.
		path := fmt.Sprintf("/v1/webhooks/%d", hook.ID)
		err = errors.Join(err, api.call(context.WithoutCancel(ctx), http.MethodDelete, path, p.Targets.Token, nil, nil))
	}()
	p.tell(fmt.Sprintf("writing %g messages a second", p.Load.Rate))
	w := p.write(ctx, to, p.conversations(p.Targets.Contacts.Count))
	written := p.Clock.Now()
	p.tell("waiting for what is still to be delivered")
	if err := p.drain(ctx, r, len(w.answered)); err != nil {
		return nil, err
	}
	return r.result(w, written), nil
}

// drain returns when so many deliveries have come, or none for a while.
func (p LivePlan) drain(ctx context.Context, r *receiver, wanted int) error {
	begin := p.Clock.Now()
	for {
		r.mu.Lock()
		count, last := len(r.came), r.last
		r.mu.Unlock()
		if last.Before(begin) {
			last = begin
		}
		if count >= wanted || p.Clock.Now().Sub(last) > p.Load.Timeout {
			return ctx.Err()
		}
		p.Clock.Sleep(10 * time.Millisecond)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// result compares what was written with what came.
func (r *receiver) result(w *writes, written time.Time) *DeliveryResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := &DeliveryResult{Writes: w.figures(), Deliveries: int64(len(r.came)), Repeated: r.repeated, Failures: r.failures}
	for _, text := range w.total.failures {
		result.Failures = append(result.Failures, "writes: "+text)
	}
	spans := newLatencies()
	first := r.last
	for message := range w.answered {
		a, ok := r.came[message]
		if !ok {
			result.Missing++
			continue
		}
		if a.came.Before(first) {
			first = a.came
		}
		if !a.at.Before(w.from) {
			spans.record(a.came.Sub(a.at))
		}
	}
	result.Latency = spans.percentiles()
	result.Behind = max(r.last.Sub(written), 0).Seconds() * 1000
	if span := r.last.Sub(first); span > 0 {
		result.PerSecond = float64(result.Deliveries) / span.Seconds()
	}
	return result
}
