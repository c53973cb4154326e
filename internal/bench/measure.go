package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// probes is how many answers are looked at closely before the load.
const probes = 101

// Plan is what to measure.
type Plan struct {
	// URL is the server's, such as http://127.0.0.1:8080.
	URL string
	// PID is the server's process, whose time and memory are read; 0 = unknown.
	PID       int
	Scenarios []Scenario
	Load      Load
	// Writes, unless nil, is written on the server while it is measured, with
	// WriteRate requests a second and as many connections as Load has.
	Writes    *Scenario
	WriteRate float64
	// Rounds is how often each scenario is measured.
	Rounds int
	// Floor is measured before the server in each round, under the same load;
	// nil leaves it out.
	Floor *FloorProgram
	// Await are scenarios whose Settled is waited for before anything is
	// measured.
	Await []Scenario
	Clock Clock
	// Progress, which may be nil, is told what comes next.
	Progress func(what string)
}

// Result is what was measured of a scenario.
type Result struct {
	Scenario string `json:"scenario"`
	// BodyBytes is the median length of the answers.
	BodyBytes int      `json:"body_bytes"`
	Server    Figures  `json:"server"`
	Floor     *Figures `json:"floor,omitempty"`
	// Writes are what was written on the server meanwhile, nil when nothing was.
	Writes *Figures `json:"writes,omitempty"`
	// OfFloor is the server's requests a second as a share of the floor's: the
	// median of the rounds, each of which has a share of its own.
	OfFloor float64 `json:"of_floor,omitempty"`
	// Failures are some of the different failures.
	Failures []string `json:"failures,omitempty"`
}

// Figures are those of a server in all rounds.
type Figures struct {
	Requests int64 `json:"requests"` // answered rightly, in all rounds
	Errors   int64 `json:"errors"`
	// Late and Dropped are requests of the open loop that were sent more than a
	// millisecond behind their time, and never.
	Late    int64 `json:"late,omitempty"`
	Dropped int64 `json:"dropped,omitempty"`
	// PerSecond and CPUMillis, the server's processor time a request in
	// milliseconds, are medians of the rounds.
	PerSecond float64 `json:"requests_per_second"`
	CPUMillis float64 `json:"cpu_ms_per_request,omitempty"`
	// Latencies are those of all rounds together.
	Latency Percentiles `json:"latency_us"`
	// Peak is the most memory that was seen, nil when it cannot be read.
	Peak *Memory `json:"peak,omitempty"`
}

// Percentiles are spans in microseconds.
type Percentiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// Failed tells whether any request failed.
func (r *Result) Failed() bool {
	return r.Server.Errors > 0 || r.Floor != nil && r.Floor.Errors > 0 || r.Writes != nil && r.Writes.Errors > 0
}

// Run measures one scenario after the other. An error means that there is
// nothing to report; requests that fail are in the results.
func (p Plan) Run(ctx context.Context) ([]Result, error) {
	to, err := parseEndpoint(p.URL)
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx, to); err != nil {
		return nil, err
	}
	var results []Result
	for i := range p.Scenarios {
		s := &p.Scenarios[i]
		p.tell("measuring " + s.Name)
		result, err := p.measure(ctx, to, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		results = append(results, result)
	}
	return results, nil
}

func (p Plan) tell(what string) {
	if p.Progress != nil {
		p.Progress(what)
	}
}

// settleInterval is the time between two looks whether a server is done with
// work of its own.
const settleInterval = time.Second

// await returns when the server is done with what it has begun with, such as
// filling an index after an import.
func (p Plan) await(ctx context.Context, to endpoint) error {
	for i := range p.Await {
		s := &p.Await[i]
		if s.Settled == "" {
			continue
		}
		c := newConn(to, s, p.Load.Timeout, p.Clock.Now)
		defer c.close()
		for waited := false; ; waited = true {
			body, err := c.ask(ctx, s, 0)
			if err != nil {
				return fmt.Errorf("%s: wait for the server: %w", s.Name, err)
			}
			if bytes.Contains(body, []byte(s.Settled)) {
				break
			}
			if !waited {
				p.tell("waiting until the server answers " + s.Settled + " to " + s.Name)
			}
			p.Clock.Sleep(settleInterval)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p Plan) measure(ctx context.Context, to endpoint, s *Scenario) (Result, error) {
	result := Result{Scenario: s.Name}
	sample, err := p.probe(ctx, to, s)
	ask := s.plainly()
	if err == nil && s.Revalidates {
		ask, err = p.tags(ctx, to, s)
		sample = nil
	}
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	if err != nil {
		// There is no use in load on what fails.
		result.Server.Errors, result.Failures = 1, []string{err.Error()}
		return result, nil
	}
	result.BodyBytes = len(sample)

	server := &subject{to: to, pid: p.PID}
	if p.Writes != nil {
		server.beside = &subject{to: to}
	}
	servers := []*subject{server}
	var floor *subject
	if p.Floor != nil {
		child, url, err := p.Floor.start(ctx, sample)
		if err != nil {
			return result, err
		}
		defer func() { _ = child.Stop() }() // a failure shows in the figures
		floorAt, err := parseEndpoint(url)
		if err != nil {
			return result, err
		}
		floor = &subject{to: floorAt, pid: child.PID()}
		servers = []*subject{floor, server}
	}
	for round := range p.Rounds {
		for _, m := range servers {
			p.round(ctx, m, ask, uint64(round))
			if ctx.Err() != nil {
				return result, ctx.Err()
			}
		}
	}
	result.Server, result.Failures = server.figures(), server.total.failures
	if server.beside != nil {
		figures := server.beside.figures()
		result.Writes = &figures
		result.fail("writes: ", server.beside)
	}
	if floor != nil {
		figures := floor.figures()
		result.Floor = &figures
		result.fail("floor: ", floor)
		result.OfFloor = median(shares(server.perSecond, floor.perSecond))
	}
	return result, nil
}

// fail adds the failures of a subject to the result's own.
func (r *Result) fail(whose string, s *subject) {
	for _, text := range s.total.failures {
		r.Failures = append(r.Failures, whose+text)
	}
}

// probe asks for some rows one after the other, looks at the answers closely
// and returns one of median length.
func (p Plan) probe(ctx context.Context, to endpoint, s *Scenario) ([]byte, error) {
	c := newConn(to, s, p.Load.Timeout, p.Clock.Now)
	defer c.close()
	rnd := rand.New(rand.NewPCG(p.Load.Seed, probes)) //nolint:gosec // rows are chosen, not secrets
	bodies := make([][]byte, probes)
	for i := range bodies {
		body, err := c.ask(ctx, s, rnd.Int64N(s.size()))
		if err == nil {
			err = s.check(body)
		}
		if err == nil && !json.Valid(body) {
			err = fmt.Errorf("the answer is not JSON: %.200s", body)
		}
		if err != nil {
			return nil, err
		}
		bodies[i] = bytes.Clone(body)
	}
	slices.SortFunc(bodies, func(a, b []byte) int { return len(a) - len(b) })
	return bodies[probes/2], nil
}

// check looks whether a body is what was asked for.
func (s *Scenario) check(body []byte) error {
	if len(body) == 0 {
		return errors.New("the answer is empty")
	}
	if !bytes.Contains(body, []byte(s.Contains)) {
		return fmt.Errorf("the answer does not contain %s: %.200s", s.Contains, body)
	}
	return nil
}

// asking is what load asks for.
type asking struct {
	scenario *Scenario
	rows     int64 // of which each time one is chosen
	// answer asks for one of the rows and returns the length of the answer's
	// body.
	answer func(ctx context.Context, c *conn, row int64) (int, error)
}

// plainly asks for the paths of the scenario.
func (s *Scenario) plainly() asking {
	return asking{s, s.size(), func(ctx context.Context, c *conn, row int64) (int, error) {
		body, err := c.ask(ctx, s, row)
		if err == nil {
			err = s.check(body)
		}
		return len(body), err
	}}
}

// taggedPaths is how many answers a client knows that revalidates them.
const taggedPaths = 1000

// tags fetches the tags of some answers, and returns what asks for those again.
func (p Plan) tags(ctx context.Context, to endpoint, s *Scenario) (asking, error) {
	c := newConn(to, s, p.Load.Timeout, p.Clock.Now)
	defer c.close()
	rnd := rand.New(rand.NewPCG(p.Load.Seed, taggedPaths)) //nolint:gosec // rows are chosen, not secrets
	type known struct {
		row int64
		tag string
	}
	all := make([]known, min(taggedPaths, s.size()))
	for i := range all {
		all[i].row = rnd.Int64N(s.size())
		if _, err := c.ask(ctx, s, all[i].row); err != nil {
			return asking{}, err
		}
		if all[i].tag = c.tag; c.tag == "" {
			return asking{}, errors.New("the answer has no ETag")
		}
	}
	return asking{s, int64(len(all)), func(ctx context.Context, c *conn, row int64) (int, error) {
		return 0, c.revalidate(ctx, s, all[row].row, all[row].tag)
	}}, nil
}

// subject is a server that is measured, and what was found so far.
type subject struct {
	to  endpoint
	pid int

	total     *outcome
	perSecond []float64 // of each round
	cpuMillis []float64
	peak      *Memory
	from      time.Time // when the last round's warm-up was over

	beside *subject // what is written meanwhile, nil = nothing
}

// round puts load on the server once.
func (p Plan) round(ctx context.Context, m *subject, a asking, number uint64) {
	load := p.Load
	load.Seed += number
	var writing sync.WaitGroup
	if m.beside != nil {
		writes := load
		writes.Rate = p.WriteRate
		writing.Go(func() {
			m.beside.add(writes.run(ctx, p.Clock, p.Writes.size(), p.sender(m.to, p.Writes.plainly()), func() {}))
		})
	}
	stop := watchMemory(ctx, m.pid)
	var before time.Duration
	var known bool
	found := load.run(ctx, p.Clock, a.rows, p.sender(m.to, a), func() {
		before, known = m.cpu()
		m.from = p.Clock.Now()
	})
	after, _ := m.cpu()
	if peak := stop(); peak != nil {
		if m.peak == nil {
			m.peak = &Memory{}
		}
		m.peak.RSS, m.peak.Anonymous = max(m.peak.RSS, peak.RSS), max(m.peak.Anonymous, peak.Anonymous)
	}
	m.add(found)
	if known && found.requests > 0 {
		m.cpuMillis = append(m.cpuMillis, (after-before).Seconds()*1000/float64(found.requests))
	}
	writing.Wait()
}

// sender returns what makes the senders of requests.
func (p Plan) sender(to endpoint, a asking) func() (sendFunc, func()) {
	return func() (sendFunc, func()) {
		c := newConn(to, a.scenario, p.Load.Timeout, p.Clock.Now)
		return func(ctx context.Context, row int64) (int, error) { return a.answer(ctx, c, row) }, c.close
	}
}

// add takes over what a round found.
func (m *subject) add(found *outcome) {
	if m.total == nil {
		m.total = &outcome{spans: newLatencies()}
	}
	m.total.add(found)
	m.perSecond = append(m.perSecond, float64(found.requests)/found.elapsed.Seconds())
}

// cpu is the processor time that the server's process has used.
func (m *subject) cpu() (time.Duration, bool) {
	if m.pid == 0 {
		return 0, false
	}
	return cpuTime(m.pid)
}

func (m *subject) figures() Figures {
	t := m.total
	return Figures{
		Requests: t.requests, Errors: t.errors, Late: t.late, Dropped: t.dropped,
		PerSecond: median(m.perSecond), CPUMillis: median(m.cpuMillis), Peak: m.peak,
		Latency: t.spans.percentiles(),
	}
}

// shares divides round by round: what slows the machine for a while slows both
// of a round.
func shares(server, floor []float64) []float64 {
	var found []float64
	for i, perSecond := range floor {
		if perSecond > 0 {
			found = append(found, server[i]/perSecond)
		}
	}
	return found
}

// median returns the middle value, or the mean of the two in the middle; 0 of
// none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
