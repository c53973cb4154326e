package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/store"
)

// Bounds of the work for one webhook.
const (
	// atOnce is how many deliveries are on their way at a time.
	atOnce = 16
	// window is how many open deliveries are held; the log waits for more.
	window = 5000
	// planned and looked bound how many events are read from the log at once.
	planned = 100
	looked  = 2000
	// pollEvery is how often it is looked for what other nodes did.
	pollEvery = time.Second
	// renewBelow is how much of the claim is left when it is renewed; it must be
	// more than an attempt takes.
	renewBelow = 20 * time.Second
	// patience is how long attempts may go on once the node stops, noteTime how
	// long it may take to store what came of some.
	patience = 5 * time.Second
	noteTime = 10 * time.Second
)

// work is one node's work for one webhook, while it holds the claim. Only the
// attempts run beside it.
type work struct {
	*Deliverer
	claim    *job.Claim
	account  int64
	id       int64
	hook     core.Webhook
	position store.WebhookPosition // as of this work; Seq may be ahead of what is stored
	stale    bool                  // somebody else changed the webhook
	queue    *queue
	last     int64 // seq of the last open delivery that was read
	more     bool  // there are open ones behind it
	under    int   // attempts that are under way
	results  chan result
}

// result is how an attempt went; known is false when it was broken off.
type result struct {
	delivery *core.Delivery
	attempt  core.Attempt
	known    bool
}

// deliver is the job.Outside of a webhook.
func (d *Deliverer) deliver(ctx context.Context, c *job.Claim) (job.End, error) {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the webhook of a job: %w", err)
	}
	w := &work{Deliverer: d, claim: c, account: c.Job().AccountID, id: id, results: make(chan result, atOnce)}
	active, err := w.load(ctx)
	if err != nil || !active {
		return nil, err
	}
	calls, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	active, err = w.run(ctx, calls)
	if ctx.Err() != nil {
		time.AfterFunc(patience, stop)
	} else {
		stop() // only after a failure something is under way
	}
	// The attempts that are under way end within their time.
	if drained := w.drain(context.WithoutCancel(ctx)); err == nil {
		err = drained
	}
	if err != nil || !active {
		return nil, err
	}
	return w.end(ctx.Err() != nil), nil
}

// load reads the webhook and what is open of it, and reports whether it is
// active.
func (w *work) load(ctx context.Context) (bool, error) {
	var err error
	if w.hook, err = w.store.Webhook(ctx, w.account, w.id); err == nil {
		w.position, err = w.store.WebhookPosition(ctx, w.account, w.id)
	}
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			return false, nil // it was deleted
		}
		return false, fmt.Errorf("read webhook: %w", err)
	}
	w.stale = false
	w.queue, w.last, w.more = newQueue(), 0, true
	return w.hook.Active(), w.fill(ctx)
}

// fill reads open deliveries while there is room for them.
func (w *work) fill(ctx context.Context) error {
	if !w.more || w.queue.size > window/2 {
		return nil
	}
	open, err := w.store.ListOpenDeliveries(ctx, w.account, w.id, w.last, window/2)
	if err != nil {
		return fmt.Errorf("list open deliveries: %w", err)
	}
	for i := range open {
		w.queue.add(&open[i])
		w.last = open[i].Seq
	}
	w.more = len(open) == window/2
	return nil
}

// run works until there is nothing to do for now, or ctx ends, or the webhook
// is not active any more.
func (w *work) run(ctx, calls context.Context) (active bool, err error) {
	quiet := time.Now() //nolint:forbidigo // how long this process waits is not the clock's matter
	for ctx.Err() == nil {
		committed := w.store.Committed(w.account) // before the log is read
		if w.stale {
			if err := w.drain(ctx); err != nil {
				return true, err
			}
			if active, err := w.load(ctx); err != nil || !active {
				return active, err
			}
		}
		found, err := w.step(ctx, calls)
		if err != nil {
			return true, err
		}
		if found || w.under > 0 {
			quiet = time.Now() //nolint:forbidigo // see above
		} else if !w.stale && time.Since(quiet) >= w.linger { //nolint:forbidigo // see above
			return true, nil
		}
		wait := w.sleep()
		if found {
			wait = 0
		}
		if err := w.wait(ctx, calls, committed, wait); err != nil {
			return true, err
		}
	}
	return true, nil
}

// step renews the claim, makes deliveries of new events and begins to send what
// may be sent. It reports whether there may be more to do at once.
func (w *work) step(ctx, calls context.Context) (bool, error) {
	if w.claim.Left() < renewBelow {
		if err := w.save(ctx, nil); err != nil {
			return false, err
		}
	}
	if err := w.fill(ctx); err != nil {
		return false, err
	}
	w.rest()
	found, err := w.plan(ctx)
	if err != nil {
		return false, err
	}
	return found, w.send(ctx, calls)
}

// rest forgets that the receiver failed once nothing is left to be sent, as when
// its last delivery was given up. Nobody tries it from then on, so the time until
// something is to be sent again says nothing about it: what comes then is tried
// for its own three days before the webhook is paused.
func (w *work) rest() {
	if w.queue.size == 0 && !w.more {
		w.position.Failures, w.position.FailingSince, w.position.RetryAt = 0, 0, 0
	}
}

// wait waits for an attempt that ends, for the log to go on, or for a time to
// come, and stores what ended.
func (w *work) wait(ctx, calls context.Context, committed <-chan struct{}, most time.Duration) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case r := <-w.results:
		return w.record(ctx, calls, r)
	default:
	}
	select {
	case <-ctx.Done():
	case <-committed:
	case r := <-w.results:
		return w.record(ctx, calls, r)
	case <-timer.C:
		if most == 0 {
			return nil
		}
		p, err := w.store.WebhookPosition(ctx, w.account, w.id)
		if err != nil && core.KindOf(err) != core.NotFound {
			return fmt.Errorf("read webhook: %w", err)
		}
		w.stale = err != nil || p.Revision != w.position.Revision
	}
	return nil
}

// sleep is how long to wait at most.
func (w *work) sleep() time.Duration {
	d := pollEvery
	if next := w.next(); next.IsSet() && w.under < atOnce {
		d = min(d, max(time.Duration(next-w.clock())*time.Microsecond, time.Millisecond))
	}
	return d
}

// next returns when something may be sent, unset when nothing waits.
func (w *work) next() core.Time {
	next := w.queue.next()
	if !next.IsSet() {
		return 0
	}
	return max(next, w.position.RetryAt)
}

// send begins attempts while some may be made.
func (w *work) send(ctx, calls context.Context) error {
	now, most := w.clock(), atOnce
	if w.position.Failures >= troubled {
		most = 1
	}
	if now < w.position.RetryAt || w.stale {
		return nil
	}
	var taken []*core.Delivery
	for w.under+len(taken) < most {
		v := w.queue.take(now)
		if v == nil {
			break
		}
		taken = append(taken, v)
	}
	if len(taken) == 0 {
		return nil
	}
	bodies, err := w.bodies(ctx, taken)
	if err != nil {
		return err
	}
	for _, v := range taken {
		full, ok := bodies[v.Seq]
		if !ok || full.State != core.DeliveryOpen {
			w.queue.done(v) // it is too old, and was removed
			continue
		}
		w.under++
		hook := w.hook
		go func() {
			a, known := w.call(calls, &hook, &full)
			w.results <- result{v, a, known}
		}()
	}
	return nil
}

// bodies reads deliveries with their bodies, by seq.
func (w *work) bodies(ctx context.Context, taken []*core.Delivery) (map[int64]core.Delivery, error) {
	seqs := make([]int64, len(taken))
	for i, v := range taken {
		seqs[i] = v.Seq
	}
	found, err := w.store.DeliveriesBySeq(ctx, w.account, w.id, seqs)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	all := make(map[int64]core.Delivery, len(found))
	for i := range found {
		all[found[i].Seq] = found[i]
	}
	return all, nil
}

// drain waits for the attempts that are under way, and stores them.
func (w *work) drain(ctx context.Context) error {
	for w.under > 0 {
		if err := w.record(ctx, nil, <-w.results); err != nil {
			for w.under > 0 {
				<-w.results
				w.under--
			}
			return err
		}
	}
	return nil
}

// record stores an attempt that ended, and all others that have. Meanwhile more
// are begun, unless calls is nil or ctx has ended. What arrived is stored all
// the same: it would be sent again.
func (w *work) record(ctx, calls context.Context, r result) error {
	now := w.clock()
	var (
		attempts []core.Attempt
		tried    []*core.Delivery
		states   []core.Delivery // of the tried
		paused   string
	)
	for {
		w.under--
		if r.known {
			attempts, tried = append(attempts, r.attempt), append(tried, r.delivery)
			if why := settle(r.delivery, &w.position, &r.attempt, now); why != "" {
				paused = why
			}
			states = append(states, *r.delivery)
		} else {
			w.queue.putBack(r.delivery)
		}
		select {
		case r = <-w.results:
			continue
		default:
		}
		break
	}
	if len(tried) == 0 {
		return nil
	}
	var sending error
	if calls != nil && paused == "" && ctx.Err() == nil {
		sending = w.send(ctx, calls)
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer done()
	err := w.save(ctx, func(ctx context.Context, tx store.Tx, current bool) error {
		if err := tx.UpdateDeliveries(ctx, states); err != nil {
			return err
		}
		if err := tx.InsertAttempts(ctx, attempts); err != nil || paused == "" || !current {
			return err
		}
		return w.pause(ctx, tx, paused, now)
	})
	if err != nil {
		return err
	}
	w.stale = w.stale || paused != ""
	// Only now: what was sent last of a conversation must be known before the
	// next one goes.
	for _, v := range tried {
		if v.State == core.DeliveryOpen {
			w.queue.putBack(v)
		} else {
			w.queue.done(v)
		}
	}
	return sending
}

// pause gives the receiver up.
func (w *work) pause(ctx context.Context, tx store.Tx, why string, now core.Time) error {
	hook, err := tx.Webhook(ctx, w.account, w.id)
	if err != nil || !hook.Active() {
		return err
	}
	hook.PausedAt, hook.PausedReason, hook.UpdatedAt = now, why, now
	if err := tx.UpdateWebhook(ctx, hook); err != nil {
		return err
	}
	hook.Secret, hook.FormerSecret = "", ""
	tx.Emit(core.Event{AccountID: w.account, Type: core.WebhookPaused, At: now, Actor: core.Actor{Type: core.ActorSystem}, Data: hook})
	w.log.WarnContext(ctx, "webhook paused", slog.Int64("account_id", w.account), slog.Int64("webhook_id", w.id), slog.String("reason", why))
	return nil
}

// save stores the position under the claim, then what fn stores. Where somebody
// changed the webhook, its position is theirs: it is left as it is, fn is told
// that this work is not current, and all is read anew.
func (w *work) save(ctx context.Context, fn func(ctx context.Context, tx store.Tx, current bool) error) error {
	var current bool
	err := w.claim.InTx(ctx, func(ctx context.Context, tx store.Tx) (err error) {
		if current, err = tx.AdvanceWebhook(ctx, w.position); err != nil || fn == nil {
			return err
		}
		return fn(ctx, tx, current)
	})
	if err != nil {
		return fmt.Errorf("store deliveries: %w", err)
	}
	w.stale = w.stale || !current
	return nil
}

// end gives the webhook back: to be gone on with when something may be sent, at
// once when the node stops, never when nothing waits.
func (w *work) end(stopped bool) job.End {
	return func(ctx context.Context, tx store.Tx) (core.Time, error) {
		current, err := tx.AdvanceWebhook(ctx, w.position)
		if err == nil && (stopped || !current) {
			return w.clock(), nil // whoever takes it reads it anew, or finds that it is gone
		}
		return w.next(), err
	}
}
