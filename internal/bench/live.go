package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// LivePlan measures those who follow what happens, through /v1.
type LivePlan struct {
	// URL is the server's, such as http://127.0.0.1:8080.
	URL string
	// PID is the server's process, whose time and memory are read; 0 = unknown.
	PID     int
	Targets LiveTargets
	// Load writes messages: Rate a second in an open loop.
	Load Load
	// Await is as in Plan.
	Await []Scenario
	Clock Clock
	// Progress, which may be nil, is told what comes next.
	Progress func(what string)
}

// Streams says how many connections there are.
type Streams struct {
	Contacts int // each of another contact, as far as there are as many
	Agents   int // of the account and of the agents who see some of its inboxes, in turn
}

// LiveResult is what was measured of streams.
type LiveResult struct {
	EventStreams int `json:"event_streams"`
	WebSockets   int `json:"web_sockets"`
	// Writes are the messages that were written meanwhile.
	Writes Figures `json:"writes"`
	// Contacts and Agents are the events that came to either.
	Contacts Arrivals `json:"contacts"`
	Agents   Arrivals `json:"agents"`
	// Failures are some of what went wrong.
	Failures []string `json:"failures,omitempty"`
}

// Arrivals are the events that came on some connections.
type Arrivals struct {
	Connections int   `json:"connections"`
	Events      int64 `json:"events"`   // that came
	Expected    int64 `json:"expected"` // that the log has for these readers
	// Missing never came, Repeated came more than once, Strange are not in the
	// log. CutOff is how many connections ended.
	Missing  int64 `json:"missing"`
	Repeated int64 `json:"repeated"`
	Strange  int64 `json:"strange"`
	CutOff   int64 `json:"cut_off"`
	// Latency begins with the time that the event says, which is read before its
	// transaction; Answered with the answer to the write, which is sent after it.
	// Both end when the client has the event. What came before the answer counts
	// as zero.
	Latency  Percentiles `json:"latency_us"`
	Answered Percentiles `json:"answered_us"`
}

// failed tells whether any event or connection was lost.
func (a *Arrivals) failed() bool { return a.Missing+a.Repeated+a.Strange+a.CutOff > 0 }

// Failed tells whether anything was lost.
func (r *LiveResult) Failed() bool {
	return r.Writes.Errors > 0 || r.Contacts.failed() || r.Agents.failed() || len(r.Failures) > 0
}

// follower is a stream with what is known of it.
type follower struct {
	*stream
	agent bool
}

// Follow opens the streams, writes messages to the contacts' conversations, and
// holds what came against the log. An error means that there is nothing to
// report.
func (p LivePlan) Follow(ctx context.Context, n Streams) (*LiveResult, error) {
	to, err := p.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	all := newStreams(to, p.Load.Timeout, p.Clock.Now)
	var followers []follower
	defer func() {
		for _, f := range followers {
			f.end()
		}
		all.running.Wait()
	}()
	p.tell(fmt.Sprintf("opening %d streams of contacts and %d of agents", n.Contacts, n.Agents))
	result := &LiveResult{}
	for i := range n.Contacts + n.Agents {
		kind := streamKind(i % 2)
		f := follower{agent: i >= n.Contacts}
		token := p.customer(p.contact(int64(i), int64(n.Contacts)))
		if f.agent {
			token = p.agent(i - n.Contacts)
		}
		if f.stream, err = all.open(ctx, kind, i, token); err != nil {
			return nil, err
		}
		followers = append(followers, f)
		if kind == webSocket {
			result.WebSockets++
		} else {
			result.EventStreams++
		}
	}
	begin, err := p.head(ctx, all)
	if err != nil {
		return nil, err
	}
	p.tell(fmt.Sprintf("writing %g messages a second", p.Load.Rate))
	w := p.write(ctx, to, p.conversations(int64(n.Contacts)))
	result.Writes = w.figures()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, text := range w.total.failures {
		result.Failures = append(result.Failures, "writes: "+text)
	}
	p.tell("holding what came against the log")
	return result, p.compare(ctx, followers, begin, w, result)
}

// endpoint returns where the server is, once it is done with what it has begun
// with.
func (p LivePlan) endpoint(ctx context.Context) (endpoint, error) {
	to, err := parseEndpoint(p.URL)
	if err != nil {
		return to, err
	}
	if to.secure {
		return to, errors.New("streams are measured over http alone")
	}
	return to, Plan{Load: p.Load, Await: p.Await, Clock: p.Clock, Progress: p.Progress}.await(ctx, to)
}

func (p LivePlan) tell(what string) {
	if p.Progress != nil {
		p.Progress(what)
	}
}

// step is how far the chosen contacts lie apart, when n are chosen.
func (p LivePlan) step(n int64) int64 { return max(p.Targets.Contacts.Count/max(n, 1), 1) }

// contact returns the i-th of n contacts, which lie apart from each other.
func (p LivePlan) contact(i, n int64) int64 {
	contacts := p.Targets.Contacts
	return contacts.number(i * p.step(n) % contacts.Count)
}

// customer returns a token of a contact.
func (p LivePlan) customer(contact int64) string {
	return p.Targets.customerToken(contact, p.Clock.Now())
}

// agent returns the i-th token, of the account or of one of its agents.
func (p LivePlan) agent(i int) string {
	if i %= len(p.Targets.AgentTokens) + 1; i > 0 {
		return p.Targets.AgentTokens[i-1]
	}
	return p.Targets.Token
}

// conversations are those of n contacts.
func (p LivePlan) conversations(n int64) []Series {
	contacts, step := p.Targets.Contacts.Count, p.step(n)
	var all []Series
	for dealt := int64(0); dealt < p.Targets.Conversations; dealt += contacts {
		count := (min(contacts, p.Targets.Conversations-dealt) + step - 1) / step
		all = append(all, Series{Prefix: messagesPrefix, First: dealt + 1, Count: min(count, max(n, 1)), Step: step, Suffix: messagesSuffix})
	}
	return all
}

// head returns a cursor behind everything that has happened.
func (p LivePlan) head(ctx context.Context, all *streams) (string, error) {
	s, err := all.open(ctx, webSocket, 0, p.Targets.Token)
	if err != nil {
		return "", err
	}
	defer s.end()
	return s.live, nil
}

// writes are the messages that were written, and when that was answered.
type writes struct {
	subject

	mu       sync.Mutex
	answered map[int64]time.Time // by message; guarded by mu
}

// write writes messages to the conversations at the rate of the load.
func (p LivePlan) write(ctx context.Context, to endpoint, conversations []Series) *writes {
	s := &Scenario{
		Name: "v1-message", Headers: map[string]string{"Authorization": "Bearer " + p.Targets.Token}, Paths: conversations,
		Body: messageBody,
	}
	w := &writes{subject: subject{to: to, pid: p.PID}, answered: map[int64]time.Time{}}
	Plan{Load: p.Load, Clock: p.Clock}.round(ctx, &w.subject, asking{s, s.size(), func(ctx context.Context, c *conn, row int64) (int, error) {
		body, err := c.ask(ctx, s, row)
		if err != nil {
			return 0, err
		}
		now := p.Clock.Now()
		var made struct {
			ID int64 `json:"id"`
		}
		if err := json.Unmarshal(body, &made); err != nil || made.ID == 0 {
			return 0, fmt.Errorf("the answer is no message: %.200s", body)
		}
		w.mu.Lock()
		w.answered[made.ID] = now
		w.mu.Unlock()
		return len(body), nil
	}}, 0)
	return w
}

// compare waits for what is on its way and counts what came and what did not.
func (p LivePlan) compare(ctx context.Context, followers []follower, begin string, w *writes, result *LiveResult) error {
	logs, err := p.logs(ctx, followers, begin)
	if err != nil {
		return err
	}
	until := p.Clock.Now().Add(p.Load.Timeout)
	contacts, agents := newArrivals(w), newArrivals(w)
	for _, f := range followers {
		log := logs[f.token]
		for f.count() < len(log) && f.failure() == nil && p.Clock.Now().Before(until) && ctx.Err() == nil {
			p.Clock.Sleep(10 * time.Millisecond)
		}
		to := contacts
		if f.agent {
			to = agents
		}
		if err := f.failure(); err != nil {
			to.CutOff++
			if len(result.Failures) < maxToldErrors {
				result.Failures = append(result.Failures, err.Error())
			}
		}
		to.add(log, f.taken())
	}
	result.Contacts, result.Agents = contacts.result(), agents.result()
	return ctx.Err()
}

// logs reads what each token sees of the log behind a cursor, as hashes of ids.
func (p LivePlan) logs(ctx context.Context, followers []follower, begin string) (map[string][]uint64, error) {
	s := newService(p.URL, p.Load.Timeout)
	logs := map[string][]uint64{}
	for _, f := range followers {
		if _, ok := logs[f.token]; ok {
			continue
		}
		ids, err := s.events(ctx, f.token, begin)
		if err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		hashes := make([]uint64, len(ids))
		for i, id := range ids {
			hashes[i] = maphash.String(f.owner.seed, id)
		}
		logs[f.token] = hashes
	}
	return logs, nil
}

// arrivals counts what came on some streams.
type arrivals struct {
	Arrivals

	writes          *writes
	since, answered latencies
}

func newArrivals(w *writes) *arrivals {
	return &arrivals{writes: w, since: newLatencies(), answered: newLatencies()}
}

// add counts what came on a stream, and what should have.
func (a *arrivals) add(log []uint64, came []arrival) {
	a.Connections++
	a.Expected += int64(len(log))
	times := make(map[uint64]int, len(log))
	for _, event := range log {
		times[event] = 0
	}
	begun := false // what came before the log's part is of the time before
	for _, e := range came {
		n, ok := times[e.event]
		switch {
		case !ok && !begun:
			continue
		case !ok:
			a.Strange++
			continue
		case n > 0:
			a.Repeated++
		}
		begun = true
		times[e.event]++
		a.Events++
		if e.at.Before(a.writes.from) {
			continue
		}
		a.since.record(e.came.Sub(e.at))
		if at, ok := a.writes.answered[e.message]; ok {
			a.answered.record(e.came.Sub(at))
		}
	}
	for _, n := range times {
		if n == 0 {
			a.Missing++
		}
	}
}

func (a *arrivals) result() Arrivals {
	a.Latency, a.Answered = a.since.percentiles(), a.answered.percentiles()
	return a.Arrivals
}
