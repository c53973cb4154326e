package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

const (
	// maxGroup bounds how many commands share a transaction, and so how long
	// the first of them waits for the last.
	maxGroup = 64
	// maxTries bounds how often a transaction is run again after a failure
	// that may pass, with pauses between firstPause and maxPause.
	maxTries   = 8
	firstPause = 2 * time.Millisecond
	maxPause   = 250 * time.Millisecond
	// beginPatience bounds how long a transaction is asked for: an engine may
	// wait long itself before it says that somebody else holds the database,
	// and callers must hear of it before they give up.
	beginPatience = 10 * time.Second
)

var (
	errWriterClosed = &core.Error{Kind: core.Unavailable, Message: "the database is closing"}
	errNested       = &core.Error{Kind: core.Internal, Err: errors.New("InTx was called inside InTx")}
)

// insertEvents stores events of one account under sequence numbers from first
// on.
type insertEvents func(ctx context.Context, q Querier, account, first int64, epoch string, events []core.Event) error

// writer runs commands in groups that share a transaction and its commit.
//
// Commands of one partition (the database, or one account where the engine can
// write for several side by side) run one after the other, in the order in
// which they came. A partition's goroutine takes all that wait, up to
// maxGroup, runs them in one transaction and answers them when it is
// committed; meanwhile the next ones gather. It is started by the first
// command and ends with the last, so that idle accounts cost nothing.
//
// When a statement fails, or a command errs after it wrote, the transaction is
// rolled back; the commands that had begun are run again, each in a
// transaction of its own, and those that had not form the next group. A
// command that refuses without having written leaves nothing, but hears of it
// only after the commit: what it saw may have been written by the group and
// does not exist when that fails.
//
// When a COMMIT fails and it is not certain that nothing was stored, nothing is
// run again: the callers get core.Unavailable and have to look for themselves.
type writer struct {
	engine Engine
	insert insertEvents
	// onCommit, when set, is told how many commands shared a transaction.
	onCommit func(commands int)

	mu         sync.Mutex // guards the next two
	partitions map[int64]*partition
	closed     bool
	running    sync.WaitGroup // one for each partition's goroutine

	watchMu sync.Mutex
	watched map[int64]chan struct{} // guarded by watchMu; closed and removed by wake

	onCommitted atomic.Pointer[func(accounts []int64)] // nil until somebody wants to know
}

func newWriter(engine Engine, insert insertEvents, onCommit func(commands int)) *writer {
	return &writer{
		engine:     engine,
		insert:     insert,
		onCommit:   onCommit,
		partitions: make(map[int64]*partition),
		watched:    make(map[int64]chan struct{}),
	}
}

// InTx implements store.Store.
func (s *Store) InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx store.Tx) error) error {
	return s.writer.do(ctx, account, func(ctx context.Context, q Querier, left *pending) error {
		t := newTx(s, q)
		err := fn(ctx, t)
		if err == nil {
			err = t.settleContacts(ctx)
		}
		*left = t.pending
		return err
	})
}

// Committed implements store.Store. An account costs memory from the first
// call until its next event; accounts that nobody asks for cost none.
func (s *Store) Committed(account int64) <-chan struct{} { return s.writer.committed(account) }

// OnCommitted implements store.Store.
func (s *Store) OnCommitted(fn func(accounts []int64)) { s.writer.onCommitted.Store(&fn) }

// Close implements store.Store. Commands that wait are refused with
// core.Unavailable.
func (s *Store) Close() error { return s.writer.close() }

// insideKey marks the context of a running command with its writer.
type insideKey struct{}

// The states of a command. Both ways out of waiting are taken by
// compare-and-swap, so that a command is either run or given up.
const (
	waiting int32 = iota
	begun
	abandoned
)

// command is one call of do.
type command struct {
	caller  context.Context // looked at only before the command begins
	account int64
	fn      func(ctx context.Context, q Querier, left *pending) error
	state   atomic.Int32
	answer  chan error // buffered: the writer never waits for a caller
	tries   int        // how often it was run again for a failure that may pass
}

// begin tells whether the command is to be run. A command that has begun once
// is carried to its end.
func (c *command) begin() bool {
	if c.state.Load() == begun {
		return true
	}
	if !c.state.CompareAndSwap(waiting, begun) {
		return false
	}
	if err := c.caller.Err(); err != nil {
		c.answer <- err
		return false
	}
	return true
}

// refuse answers a command that has not begun.
func (c *command) refuse(err error) {
	if c.begin() {
		c.answer <- err
	}
}

// do runs fn as a command for the account: see store.Store.InTx.
func (w *writer) do(ctx context.Context, account int64, fn func(ctx context.Context, q Querier, left *pending) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Value(insideKey{}) == w {
		return errNested // it would wait for itself
	}
	c := &command{caller: ctx, account: account, fn: fn, answer: make(chan error, 1)}
	if err := w.enqueue(c); err != nil { //nolint:contextcheck // the writer works on a context of its own
		return err
	}
	select {
	case err := <-c.answer:
		return err
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
		return <-c.answer
	}
}

func (w *writer) enqueue(c *command) error {
	var key int64
	if w.engine.PerAccount() {
		key = c.account
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errWriterClosed
	}
	p := w.partitions[key]
	if p == nil {
		p = &partition{writer: w, key: key}
		w.partitions[key] = p
		w.running.Add(1)
		go p.run()
	}
	p.queue = append(p.queue, c)
	return nil
}

// close refuses new commands and waits for those that have begun.
func (w *writer) close() error {
	w.mu.Lock()
	again := w.closed
	w.closed = true
	w.mu.Unlock()
	w.running.Wait()
	if again {
		return nil
	}
	return w.engine.Close()
}

func (w *writer) committed(account int64) <-chan struct{} {
	w.watchMu.Lock()
	defer w.watchMu.Unlock()
	ch := w.watched[account]
	if ch == nil {
		ch = make(chan struct{})
		w.watched[account] = ch
	}
	return ch
}

// wake tells that the logs of accounts have grown.
func (w *writer) wake(accounts []int64) {
	if len(accounts) == 0 {
		return
	}
	w.watchMu.Lock()
	for _, account := range accounts {
		if ch := w.watched[account]; ch != nil {
			delete(w.watched, account)
			close(ch)
		}
	}
	w.watchMu.Unlock()
	if told := w.onCommitted.Load(); told != nil {
		(*told)(accounts)
	}
}

// partition is a line of commands. All but queue belongs to its goroutine.
type partition struct {
	writer *writer
	key    int64
	queue  []*command // guarded by writer.mu

	alone    []*command // begun, to be run again each on its own
	returned []*command // taken from the queue, but not begun
	current  *group     // the transaction that is open, or nil
}

// group is one transaction.
type group struct {
	tx       EngineTx
	begun    []*command
	attempts []*attempt // of the begun
	rest     []*command // not begun yet
}

// run works until nothing waits. A command can end the goroutine under it
// (runtime.Goexit, which a failing test does): another one then goes on.
func (p *partition) run() {
	done := false
	defer func() {
		if !done {
			p.survive()
			p.writer.running.Add(1)
			go p.run()
		}
		p.writer.running.Done()
	}()
	for {
		commands := p.take()
		if commands == nil {
			done = true
			return
		}
		p.runGroup(commands)
	}
}

// survive settles a transaction whose last command ended the goroutine.
func (p *partition) survive() {
	g := p.current
	if g == nil {
		return
	}
	last := len(g.begun) - 1
	g.begun[last].answer <- errGoexit
	p.alone = append(p.alone, g.begun[:last]...)
	p.abort(g)
}

// take returns the commands of the next transaction, nil when the partition is
// over.
func (p *partition) take() []*command {
	if len(p.alone) > 0 {
		c := p.alone[:1:1]
		p.alone = p.alone[1:]
		return c
	}
	w := p.writer
	w.mu.Lock()
	p.returned = append(p.returned, p.queue...)
	p.queue = nil
	closed := w.closed
	if closed || len(p.returned) == 0 {
		// The next command starts another partition, while the ones at hand
		// are no longer reachable through the map.
		delete(w.partitions, p.key)
	}
	w.mu.Unlock()
	if closed {
		for _, c := range p.returned {
			c.refuse(errWriterClosed)
		}
		p.returned = nil
		return nil
	}
	n := min(len(p.returned), maxGroup)
	if n == 0 {
		return nil
	}
	commands := p.returned[:n:n]
	p.returned = p.returned[n:]
	return commands
}

// runGroup runs commands in one transaction and answers them, or leaves them
// to be run again.
func (p *partition) runGroup(commands []*command) {
	ctx := context.Background() // no caller's end may stop the others' work
	tx, err := p.begin(ctx)
	if err != nil {
		err = p.writer.engine.Classify(err)
		for _, c := range commands {
			c.refuse(err)
		}
		return
	}
	g := &group{tx: tx, rest: commands}
	p.current = g
	for len(g.rest) > 0 {
		c := g.rest[0]
		g.rest = g.rest[1:]
		if !c.begin() {
			continue
		}
		a := &attempt{q: tx, ctx: context.WithValue(context.WithoutCancel(c.caller), insideKey{}, p.writer)}
		g.begun = append(g.begun, c)
		g.attempts = append(g.attempts, a)
		a.run(c.fn)
		if a.spoiled() {
			p.spoil(g, a.failure, a.err)
			return
		}
	}
	p.finish(ctx, g)
}

// begin starts a transaction; somebody else may hold the database for a while.
func (p *partition) begin(ctx context.Context) (EngineTx, error) {
	late := time.NewTimer(beginPatience)
	defer late.Stop()
	for tries := 1; ; tries++ {
		tx, err := p.writer.engine.Begin(ctx)
		if err == nil || !p.writer.engine.Retryable(err) || tries == maxTries {
			return tx, err
		}
		select {
		case <-late.C:
			return nil, err
		default:
			pause(tries)
		}
	}
}

// abort rolls the transaction back. What had not begun keeps its place in the
// line.
func (p *partition) abort(g *group) {
	p.current = nil
	p.returned = append(slices.Clip(g.rest), p.returned...)
	// A transaction that cannot be rolled back was lost with its connection,
	// which is a roll-back too.
	_ = g.tx.Rollback()
}

// spoil ends a transaction that cannot be committed. cause is the error of the
// database, if it is one, and err what the last command hears when it was the
// only one.
func (p *partition) spoil(g *group, cause, err error) {
	p.abort(g)
	if len(g.begun) > 1 {
		p.alone = append(slices.Clone(g.begun), p.alone...)
		return
	}
	c := g.begun[0]
	if cause == nil {
		c.answer <- err
		return
	}
	if p.writer.engine.Retryable(cause) && c.tries < maxTries {
		c.tries++
		pause(c.tries)
		p.alone = append([]*command{c}, p.alone...)
		return
	}
	c.answer <- p.writer.engine.Classify(err)
}

// finish settles counters and events, commits and answers.
func (p *partition) finish(ctx context.Context, g *group) {
	changes, wrote := g.changes()
	accounts := slices.Sorted(maps.Keys(changes))
	if !wrote && len(accounts) == 0 {
		p.abort(g) // nothing to keep: a commit would wait for the disk
		g.answer()
		return
	}
	// Always in order of the account: two transactions that settle the same
	// accounts wait for each other once, not for ever.
	for _, account := range accounts {
		if err := p.writer.settle(ctx, g.tx, account, changes[account]); err != nil {
			p.spoil(g, err, err)
			return
		}
	}
	err := g.tx.Commit(ctx)
	if errors.Is(err, ErrRolledBack) {
		p.spoil(g, err, err)
		return
	}
	p.current = nil
	logged := slices.DeleteFunc(accounts, func(account int64) bool { return len(changes[account].events) == 0 })
	// Also after a failure: it may have been stored, and readers look anyway.
	p.writer.wake(logged)
	if err != nil {
		err = p.writer.unknown(err)
		for _, c := range g.begun {
			c.answer <- err
		}
		return
	}
	if p.writer.onCommit != nil {
		p.writer.onCommit(len(g.begun))
	}
	g.answer()
}

// unknown is the error of a commit that failed and may have been stored. It
// says what was wrong where the engine knows: an operator can free a full disk.
func (w *writer) unknown(err error) error {
	why := "the database was lost"
	var known *core.Error
	if errors.As(w.engine.Classify(err), &known) && known.Kind == core.Unavailable && known.Message != "" {
		why = known.Message
	}
	return &core.Error{Kind: core.Unavailable, Message: why + ": whether the change was stored is unknown", Err: err}
}

// change is what a transaction settles for one account.
type change struct {
	events        []core.Event
	conversations int64
	tallies       map[store.TallyKey]int64
	kept          int64 // the oldest event that the log keeps, 0 = as before
}

// tally adds to a count of conversations.
func (c *change) tally(key store.TallyKey, n int64) {
	if c.tallies == nil {
		c.tallies = map[store.TallyKey]int64{}
	}
	c.tallies[key] += n
}

// changes gathers what the commands left that succeeded, and tells whether any
// command wrote.
func (g *group) changes() (changes map[int64]*change, wrote bool) {
	changes = make(map[int64]*change)
	of := func(account int64) *change {
		if changes[account] == nil {
			changes[account] = &change{}
		}
		return changes[account]
	}
	for _, a := range g.attempts {
		if a.err != nil {
			continue
		}
		wrote = wrote || a.wrote
		for _, e := range a.events {
			c := of(e.AccountID)
			c.events = append(c.events, e)
		}
		for account, n := range a.conversations {
			of(account).conversations += n
		}
		for key, n := range a.tallies {
			of(key.account).tally(key.TallyKey, n)
		}
		for account, first := range a.kept {
			of(account).kept = max(of(account).kept, first)
		}
	}
	return changes, wrote
}

// answer tells each command its own result.
func (g *group) answer() {
	for i, c := range g.begun {
		c.answer <- g.attempts[i].err
	}
}

// settle raises the account's counters, which locks its row until the commit,
// and stores its events: hence their numbers have no gaps and grow in the
// order of commits, whichever process commits.
func (w *writer) settle(ctx context.Context, q Querier, account int64, c *change) (err error) {
	// An event that cannot be encoded must not take the process down.
	defer func() {
		if r := recover(); r != nil {
			err = &core.Error{Kind: core.Internal, Err: fmt.Errorf("panic at the end of a transaction: %v\n%s", r, debug.Stack())}
		}
	}()
	n := int64(len(c.events))
	rows, err := q.Query(ctx, "UPDATE accounts SET event_seq = event_seq + $2, conversation_count = conversation_count + $3,"+
		" first_event_seq = CASE WHEN first_event_seq < $4 THEN $4 ELSE first_event_seq END"+
		" WHERE id = $1 RETURNING event_seq, epoch", account, n, c.conversations, c.kept)
	if err != nil {
		return fmt.Errorf("raise counters of account %d: %w", account, err)
	}
	defer rows.Close()
	var (
		last  int64
		epoch string
	)
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return fmt.Errorf("raise counters of account %d: %w", account, err)
		}
		return fmt.Errorf("raise counters: there is no account %d", account)
	}
	if err := rows.Scan(&last, &epoch); err != nil {
		return fmt.Errorf("raise counters of account %d: %w", account, err)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return fmt.Errorf("raise counters of account %d: %w", account, err)
	}
	if err := addTallies(ctx, q, account, c.tallies); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	if err := w.insert(ctx, q, account, last-n+1, epoch, c.events); err != nil {
		return fmt.Errorf("store events of account %d: %w", account, err)
	}
	return nil
}

// pause waits before the try after the given one: longer each time, and never
// equally long for two that got into each other's way.
func pause(tries int) {
	d := min(firstPause<<tries, maxPause)
	time.Sleep(d/2 + rand.N(d/2)) //nolint:gosec // to spread, not to hide
}
