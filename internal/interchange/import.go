package interchange

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"parley/internal/core"
	"parley/internal/store"
)

// The bounds of an import.
const (
	defaultBatchRecords = 1_000
	maxBatchRecords     = 5_000
	// maxBatchBytes ends a batch early, so that a few long lines are held in
	// memory and not a thousand.
	maxBatchBytes = 8 << 20
	// defaultLineBytes is the longest line.
	defaultLineBytes = 16 << 20
	// maxHomes bounds what is remembered of parents seen in earlier batches.
	maxHomes = 10_000
)

// Options says how to import. Clock must be given; the zero value of every
// other field is a good one.
type Options struct {
	// Remap gives new ids to records whose ids are taken by others; the
	// references that follow in the file are changed with them. Otherwise such
	// a record stops the import.
	Remap bool
	// Clock gives the time of the import, which stands in for creation times
	// that the file does not give.
	Clock core.Clock
	// Progress, which may be nil, is called after each batch that was stored.
	Progress func(Summary)
	// BatchRecords is how many records are stored in one transaction, at most
	// 5,000; 0 = 1,000.
	BatchRecords int
	// MaxLineBytes is the length of the longest line; 0 = 16 MiB.
	MaxLineBytes int
}

// analyzeRecords is from how many records on an import ends by telling the
// database's planner of them.
const analyzeRecords = 1000

// Import stores the records that r holds, one a line. The Summary counts what
// was stored, also when an error comes back: then its LastLine tells how far
// that went, and importing the same file again goes on from there.
//
// A fault of the file is a *LineError. Nothing of the batch that holds it is
// stored. Each account that changed gets one account.imported event and a new
// epoch, at the end or at the fault; an import that changes nothing leaves no
// trace.
func Import(ctx context.Context, st store.Store, r io.Reader, opts Options) (Summary, error) {
	if opts.Clock == nil {
		return Summary{Failed: true}, errors.New("import: no clock is given")
	}
	if opts.BatchRecords <= 0 {
		opts.BatchRecords = defaultBatchRecords
	}
	opts.BatchRecords = min(opts.BatchRecords, maxBatchRecords)
	if opts.MaxLineBytes <= 0 {
		opts.MaxLineBytes = defaultLineBytes
	}
	im := &importer{
		st:       st,
		opts:     opts,
		now:      opts.Clock(),
		run:      rand.Text(),
		accounts: map[int64]int64{},
		touched:  map[int64]bool{},
		staged:   map[int64]bool{},
		homes:    map[place]int64{},
	}
	err := im.read(ctx, r)
	if err == nil {
		err = im.unresolved(ctx)
	}
	// Whatever stopped the import, what it stored before must be told.
	if finishErr := im.finish(context.WithoutCancel(ctx), err == nil); err == nil {
		err = finishErr
	}
	if im.sum.records() >= analyzeRecords {
		// The data is stored, whether this succeeds or not.
		_ = st.Analyze(context.WithoutCancel(ctx))
	}
	im.sum.Failed = err != nil
	im.sum.Duration = elapsed(im.now, opts.Clock())
	return im.sum, err
}

// importer is one import. What it knows of the store changes only after a
// batch was committed.
type importer struct {
	st   store.Store
	opts Options
	now  core.Time
	run  string // names this import in what it stages
	sum  Summary

	// accounts gives the id in the store for an account's id in the file.
	accounts map[int64]int64
	// touched are the accounts that the file is about, order the same in the
	// order in which they came.
	touched map[int64]bool
	order   []int64
	// staged are the accounts for which this run staged something.
	staged map[int64]bool
	// homes gives the accounts of the parents that came last.
	homes map[place]int64
	batch batch
}

// line is a record of the file.
type line struct {
	number int64
	record record
	sum    uint64 // of the line's bytes
}

// batch is what is stored in one transaction: records of one account, or
// records that belong to none (account 0).
type batch struct {
	account int64
	lines   []line
	bytes   int
	own     map[place]struct{} // the ids that the batch's records give
}

func (im *importer) read(ctx context.Context, r io.Reader) error {
	lines := newLineReader(r, im.opts.MaxLineBytes)
	var members []member
	for {
		text, err := lines.next()
		im.sum.Lines = lines.number
		if errors.Is(err, io.EOF) {
			return im.flush(ctx)
		}
		if err != nil {
			return err
		}
		l := line{number: lines.number}
		if l.record, members, err = decodeRecord(text, members); err != nil {
			return &LineError{l.number, err}
		}
		if im.opts.Remap {
			h := fnv.New64a()
			_, _ = h.Write(text) // never fails
			l.sum = h.Sum64()
		}
		if err := im.add(ctx, l, len(text)); err != nil {
			return err
		}
	}
}

// add puts a record into the batch, which is stored when it is full and when
// the next record is of another account.
func (im *importer) add(ctx context.Context, l line, size int) error {
	account, err := im.route(ctx, l)
	if err != nil {
		return err
	}
	if account != im.batch.account {
		if err := im.flush(ctx); err != nil {
			return err
		}
		im.batch.account = account
	}
	im.batch.lines = append(im.batch.lines, l)
	im.batch.bytes += size
	if at := l.record.self(); at.id != 0 {
		if im.batch.own == nil {
			im.batch.own = map[place]struct{}{}
		}
		im.batch.own[at] = struct{}{}
	}
	if len(im.batch.lines) >= im.opts.BatchRecords || im.batch.bytes >= maxBatchBytes {
		return im.flush(ctx)
	}
	return nil
}

// route finds the account that a record belongs to, 0 for none.
func (im *importer) route(ctx context.Context, l line) (int64, error) {
	home := l.record.home()
	if home == (place{}) {
		return 0, nil
	}
	if _, ok := im.batch.own[home]; ok {
		if home.space != store.AccountIDs {
			return im.batch.account, nil
		}
		// The account has no id in the store yet.
		if err := im.flush(ctx); err != nil {
			return 0, err
		}
	}
	account, ok := im.accounts[home.id]
	if home.space != store.AccountIDs {
		account, ok = im.homes[home]
	}
	if ok {
		return account, nil
	}
	account, err := im.lookUp(ctx, home)
	switch {
	case err != nil:
		return 0, &LineError{l.number, err}
	case account == 0:
		return 0, &LineError{l.number, notAbove(l.record.kind(), home)}
	case home.space == store.AccountIDs:
		im.accounts[home.id] = account
		return account, nil
	}
	im.remember(home, account)
	return account, nil
}

// remember notes the account of a parent.
func (im *importer) remember(home place, account int64) {
	if len(im.homes) >= maxHomes {
		clear(im.homes)
	}
	im.homes[home] = account
}

// lookUp finds the account of a parent in the store, 0 when there is none.
func (im *importer) lookUp(ctx context.Context, home place) (int64, error) {
	if im.opts.Remap && home.space != store.AccountIDs {
		account, err := im.lookUpMapped(ctx, home)
		if account != 0 || err != nil {
			return account, err
		}
	}
	owners, err := im.st.OwnersByID(ctx, home.space, []int64{home.id})
	return owners[home.id], err
}

// lookUpMapped asks which of the file's accounts has a record under this id of
// the file. The account of the last batch is the likeliest.
func (im *importer) lookUpMapped(ctx context.Context, home place) (int64, error) {
	candidates := append([]int64{im.batch.account}, im.order...)
	for _, account := range candidates {
		if account == 0 {
			continue
		}
		found := false
		err := im.st.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
			m, err := findMapping(ctx, tx, account, home)
			found = m.Run == im.run
			return err
		})
		if err != nil {
			return 0, err
		}
		if found {
			return account, nil
		}
	}
	return 0, nil
}

// flush stores the batch.
func (im *importer) flush(ctx context.Context) error {
	b := &im.batch
	if len(b.lines) == 0 {
		return nil
	}
	var done *applied
	err := im.st.InTx(ctx, b.account, func(ctx context.Context, tx store.Tx) error {
		// The function may be run again: every run starts from scratch.
		var err error
		done, err = newApplier(im, tx).run(ctx)
		return err
	})
	var fault *LineError
	switch {
	case err == nil:
		im.commit(done)
		return nil
	case errors.As(err, &fault), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	}
	return &LineError{b.lines[0].number, fmt.Errorf("store lines %d to %d: %w", b.lines[0].number, b.lines[len(b.lines)-1].number, err)}
}

// commit takes over what a batch did, once it is durable.
func (im *importer) commit(done *applied) {
	b := &im.batch
	for k, n := range done.stored {
		im.sum.stored[k] += n
	}
	im.sum.Skipped += done.skipped
	im.sum.LastLine = b.lines[len(b.lines)-1].number
	for file, id := range done.accounts {
		im.accounts[file] = id
	}
	for _, account := range done.touched {
		if !im.touched[account] {
			im.touched[account] = true
			im.order = append(im.order, account)
		}
	}
	if done.staged {
		im.staged[b.account] = true
	}
	for at := range b.own {
		im.remember(at, b.account)
	}
	clear(b.lines)
	clear(b.own)
	b.lines, b.bytes = b.lines[:0], 0
	if im.opts.Progress != nil {
		im.opts.Progress(im.sum)
	}
}

// nouns are the words for what an id of a space names.
var nouns = map[store.IDSpace]string{
	store.AccountIDs:      "account",
	store.PersonIDs:       "contact",
	store.IdentityIDs:     "identity",
	store.EntryIDs:        "message",
	store.InboxIDs:        "inbox",
	store.SubInboxIDs:     "sub-inbox",
	store.ContactInboxIDs: "contact inbox",
	store.ConversationIDs: "conversation",
	store.LabelGroupIDs:   "label group",
	store.LabelIDs:        "label",
	store.TeamIDs:         "team",
	store.ProfileIDs:      "profile",
}

// notAbove is the fault of a reference that leads nowhere.
func notAbove(k kind, to place) error {
	return fmt.Errorf("%s: %w", k, missing(nouns[to.space], to.id))
}

func missing(noun string, id int64) error {
	return fmt.Errorf("there is no %s %d above this line, nor in the account", noun, id)
}
