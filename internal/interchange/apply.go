package interchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// applied is what a batch did.
type applied struct {
	stored   [kindCount]int64
	skipped  int64
	accounts map[int64]int64 // ids of accounts: in the file, in the store
	touched  []int64
	staged   bool // something that has to be cleared
}

// applier stores one batch in one transaction. A transaction that is run again
// gets a new one: it reads the importer and never writes to it.
type applier struct {
	im      *importer
	batch   *batch
	account int64
	tx      store.Tx
	out     applied

	// owners holds, of the ids that the batch gives, those that are taken, and
	// whose they are; highest is the highest id given.
	owners  map[store.IDSpace]map[int64]int64
	highest map[store.IDSpace]int64
	mapped  map[place]int64 // file to store, when remapping

	// What was looked up already. Each holds at most one thing for every
	// reference of the batch.
	agents map[int64]core.Agent
	known  map[place]bool   // contacts, identities, inboxes ... that exist
	titles map[string]int64 // labels by title

	threads  threads
	entries  map[int64]stored    // by the entry's id
	attached map[int64]int64     // how many attachments came, by the message's id
	heard    map[int64]core.Time // newest message of each contact
}

// stored is what later records want to know of an entry of the batch.
type stored struct {
	conversation, agentSeq, contactSeq int64
	activity                           bool
}

func newApplier(im *importer, tx store.Tx) *applier {
	return &applier{
		im:       im,
		batch:    &im.batch,
		account:  im.batch.account,
		tx:       tx,
		out:      applied{accounts: map[int64]int64{}},
		owners:   map[store.IDSpace]map[int64]int64{},
		highest:  map[store.IDSpace]int64{},
		mapped:   map[place]int64{},
		agents:   map[int64]core.Agent{},
		known:    map[place]bool{},
		titles:   map[string]int64{},
		entries:  map[int64]stored{},
		attached: map[int64]int64{},
		heard:    map[int64]core.Time{},
	}
}

// run stores the batch's records in their order.
func (a *applier) run(ctx context.Context) (*applied, error) {
	if err := a.readOwners(ctx); err != nil {
		return nil, err
	}
	a.tx.IndexLater()
	if a.account != 0 {
		a.out.touched = append(a.out.touched, a.account)
	}
	for i := range a.batch.lines {
		l := &a.batch.lines[i]
		kept, err := a.apply(ctx, l)
		switch {
		case err != nil:
			return nil, &LineError{l.number, fmt.Errorf("%s: %w", l.record.kind(), err)}
		case kept:
			a.out.stored[l.record.kind()]++
		default:
			a.out.skipped++
		}
	}
	if err := a.flushThreads(ctx); err != nil {
		return nil, err
	}
	if err := a.flushHeard(ctx); err != nil {
		return nil, err
	}
	if err := a.countAttachments(ctx); err != nil {
		return nil, err
	}
	return &a.out, a.countStored(ctx)
}

// apply stores one record; false means that it exists already.
func (a *applier) apply(ctx context.Context, l *line) (bool, error) {
	switch r := l.record.(type) {
	case *installationRecord:
		return a.installation(ctx, r)
	case *accountRecord:
		return a.accountRow(ctx, l, r)
	case *profileRecord:
		return a.profile(ctx, l, r)
	case *agentRecord:
		return a.agent(ctx, l, r)
	case *tokenRecord:
		return a.token(ctx, l, r)
	case *teamRecord:
		return a.team(ctx, l, r)
	case *labelGroupRecord:
		return a.labelGroup(ctx, l, r)
	case *labelRecord:
		return a.label(ctx, l, r)
	case *inboxRecord:
		return a.inbox(ctx, l, r)
	case *subInboxRecord:
		return a.subInbox(ctx, l, r)
	case *cannedResponseRecord:
		return a.cannedResponse(ctx, l, r)
	case *attributeDefinitionRecord:
		return a.attributeDefinition(ctx, l, r)
	case *webhookRecord:
		return a.webhook(ctx, l, r)
	case *contactRecord:
		return a.contact(ctx, l, r)
	case *identityRecord:
		return a.identity(ctx, l, r)
	case *contactInboxRecord:
		return a.contactInbox(ctx, l, r)
	case *conversationRecord:
		return a.conversation(ctx, l, r)
	case *messageRecord:
		return a.message(ctx, l, r)
	case *activityRecord:
		return a.activity(ctx, l, r)
	case *attachmentRecord:
		return a.attachment(ctx, l, r)
	case *readCursorRecord:
		return a.readCursor(ctx, l, r)
	}
	return false, errors.New("no rule for this kind")
}

// countStored adds the batch's records to the account's count. It survives a
// crash between two batches: the next import tells of them.
func (a *applier) countStored(ctx context.Context) error {
	if a.account == 0 {
		return nil // see accountRow
	}
	var n int64
	for _, of := range a.out.stored {
		n += of
	}
	if n == 0 {
		return nil
	}
	before, err := stagedNumber(ctx, a.tx, a.account, stagedCount, 0)
	if err != nil {
		return err
	}
	if err := indexAt(ctx, a.tx, a.account, a.im.opts.Clock()+indexDelay); err != nil {
		return err
	}
	return putNumber(ctx, a.tx, a.account, stagedCount, 0, before+n)
}

// exists looks up whether the account has a row, once for each id. look
// returns core.NotFound when it has not.
func (a *applier) exists(ctx context.Context, at place, look func(ctx context.Context) error) (bool, error) {
	if known, ok := a.known[at]; ok {
		return known, nil
	}
	err := look(ctx)
	if err != nil && core.KindOf(err) != core.NotFound {
		return false, err
	}
	a.known[at] = err == nil
	return err == nil, nil
}

// findAgent returns an agent of the account, by its id in the store.
func (a *applier) findAgent(ctx context.Context, id int64) (core.Agent, bool, error) {
	if agent, ok := a.agents[id]; ok {
		return agent, true, nil
	}
	agent, err := a.tx.Agent(ctx, a.account, id)
	if err != nil {
		if core.KindOf(err) == core.NotFound {
			return agent, false, nil
		}
		return agent, false, err
	}
	a.agents[id] = agent
	return agent, true, nil
}

// agentRef resolves a reference to an agent; 0 stays 0.
func (a *applier) agentRef(ctx context.Context, key string, id int64) (int64, error) {
	if id == 0 {
		return 0, nil
	}
	to, err := a.resolve(ctx, store.PersonIDs, id)
	if err != nil {
		return 0, err
	}
	_, ok, err := a.findAgent(ctx, to)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", key, missing("agent", id))
	}
	return to, err
}

// agentRefs is agentRef for a list.
func (a *applier) agentRefs(ctx context.Context, key string, ids []int64) ([]int64, error) {
	var all []int64
	for _, id := range ids {
		to, err := a.agentRef(ctx, key, id)
		if err != nil {
			return nil, err
		}
		all = append(all, to)
	}
	return all, nil
}

// inAccount resolves a reference to a thing whose space is its own.
func (a *applier) inAccount(ctx context.Context, key string, at place) (int64, error) {
	if at.id == 0 {
		return 0, nil
	}
	to, err := a.resolve(ctx, at.space, at.id)
	if err != nil {
		return 0, err
	}
	ok, err := a.exists(ctx, place{at.space, to}, func(ctx context.Context) error {
		owners, err := a.tx.OwnersByID(ctx, at.space, []int64{to})
		if err == nil && owners[to] != a.account {
			err = core.Absent(nouns[at.space])
		}
		return err
	})
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", key, missing(nouns[at.space], at.id))
	}
	return to, err
}

// labelRefs resolves a record's labels.
func (a *applier) labelRefs(ctx context.Context, refs []labelRef) ([]int64, error) {
	var ids []int64
	for _, ref := range refs {
		id, err := a.labelRef(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err)
		}
		if slices.Contains(ids, id) {
			return nil, fmt.Errorf("labels: label %d is named twice", id)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (a *applier) labelRef(ctx context.Context, ref labelRef) (int64, error) {
	if ref.id != 0 {
		return a.inAccount(ctx, "element", place{store.LabelIDs, ref.id})
	}
	if id, ok := a.titles[ref.title]; ok {
		return id, nil
	}
	label, ok, err := a.tx.FindLabelByTitle(ctx, a.account, ref.title)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, fmt.Errorf("there is no label %s above this line, nor in the account", shown(ref.title))
	}
	a.titles[ref.title] = label.ID
	return label.ID, nil
}
