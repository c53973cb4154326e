package interchange

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// claim is what a record says of who it is.
type claim struct {
	place
	noun string
	// same tells whether the account's row with the id is this record.
	same func(ctx context.Context) (bool, error)
	// natural returns the row that has one of the record's natural keys, and
	// which key that is; 0 when there is none. It may be nil.
	natural func(ctx context.Context) (id int64, key string, err error)
	// keys names the natural keys, "" when the kind has none; keyed tells
	// whether the record gives one. first is the one that says who the record
	// is, where a kind has several; the others must merely be free.
	keys  string
	keyed bool
	first string
	// uuid is the record's UUID, which natural looks for too. A record that
	// gives none and has to leave its id gets one here; nil = the kind has
	// none, or a key that serves as well.
	uuid *string
}

// verdict is what becomes of a record.
type verdict struct {
	exists bool
	id     int64 // of the row that exists, or for the new one; 0 = the store's choice
}

// settle decides whether a record exists and, if not, which id it gets.
func (a *applier) settle(ctx context.Context, l *line, c *claim) (verdict, error) {
	if c.id == 0 && !c.keyed {
		if c.keys == "" {
			return verdict{}, errors.New("needs an id")
		}
		return verdict{}, fmt.Errorf("needs an id or %s", c.keys)
	}
	owner, taken := a.owners[c.space][c.id]
	if c.space == store.AccountIDs {
		owner = a.account // an account owns itself, and the batch belongs to none
	}
	if c.id != 0 && taken && owner == a.account {
		if same, err := c.same(ctx); err != nil || same {
			return verdict{exists: same, id: c.id}, err
		}
	}
	if taken && !a.im.opts.Remap {
		return a.contested(ctx, c, owner)
	}
	if taken && c.uuid != nil && *c.uuid == "" {
		*c.uuid = a.derivedUUID(l, c.place)
	}
	held, key, err := a.held(ctx, c)
	switch {
	case err != nil:
		return verdict{}, err
	case held != 0 && c.first != "" && key != c.first && key != keyOfUUID:
		return verdict{}, c.belongs(key, held)
	case held != 0 && (c.id == 0 || a.im.opts.Remap):
		return verdict{exists: true, id: held}, a.assigned(ctx, c.place, held)
	case c.id == 0:
		id, err := a.freshID(ctx, c.space)
		return verdict{id: id}, err
	case taken:
		return a.contested(ctx, c, owner)
	case held != 0:
		return verdict{}, c.belongs(key, held)
	}
	return verdict{id: c.id}, nil
}

func (c *claim) belongs(key string, id int64) error {
	return fmt.Errorf("%s belongs to %s %d", key, c.noun, id)
}

// derivedUUID makes the UUID of a record that has lost its id and gives no
// UUID. It follows from the record, so that the same file, imported again,
// finds it.
func (a *applier) derivedUUID(l *line, at place) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d", a.account, at.space, at.id, l.sum))
	return formatUUID([16]byte(sum[:16]))
}

// held returns the row that has a natural key of the record.
func (a *applier) held(ctx context.Context, c *claim) (int64, string, error) {
	if c.natural == nil {
		return 0, "", nil
	}
	return c.natural(ctx)
}

// contested settles a record whose id another one has.
func (a *applier) contested(ctx context.Context, c *claim, owner int64) (verdict, error) {
	if c.space == store.IdentityIDs {
		freed, err := a.freeIdentity(ctx, owner, c.id)
		if err != nil || freed {
			return verdict{id: c.id}, err
		}
	}
	if a.im.opts.Remap {
		id, err := a.freshID(ctx, c.space)
		return verdict{id: id}, err
	}
	return verdict{}, takenID(c.id, owner, a.account)
}

func takenID(id, owner, account int64) error {
	if owner != account {
		return fmt.Errorf("id %d is taken by a record of account %d", id, owner)
	}
	return fmt.Errorf("id %d is taken by a different record", id)
}

// readOwners looks up all ids that the batch gives, in few statements.
func (a *applier) readOwners(ctx context.Context) error {
	given := map[store.IDSpace][]int64{}
	give := func(at place) {
		if at.id != 0 {
			given[at.space] = append(given[at.space], at.id)
			a.highest[at.space] = max(a.highest[at.space], at.id)
		}
	}
	for i := range a.batch.lines {
		r := a.batch.lines[i].record
		give(r.self())
		if agent, ok := r.(*agentRecord); ok {
			give(place{store.IdentityIDs, agent.IdentityID})
		}
	}
	for _, space := range sortedKeys(given) {
		ids, count := given[space], len(given[space])
		a.owners[space] = map[int64]int64{}
		for len(ids) > 0 {
			n := min(len(ids), store.MaxIDs)
			owners, err := a.tx.OwnersByID(ctx, space, ids[:n])
			if err != nil {
				return err
			}
			for id, owner := range owners {
				a.owners[space][id] = owner
			}
			ids = ids[n:]
		}
		if err := a.liftIDs(ctx, space, count); err != nil {
			return err
		}
	}
	return nil
}

// liftIDs raises a shared sequence above the ids of the batch at once, when
// some of them are new. A sequence stays raised when the batch fails, which is
// why very high ids wait for their record: it may be a faulty one.
func (a *applier) liftIDs(ctx context.Context, space store.IDSpace, given int) error {
	shared := space == store.PersonIDs || space == store.IdentityIDs || space == store.EntryIDs
	if !shared || len(a.owners[space]) == given || a.highest[space] > core.MaxID/2 {
		return nil
	}
	return a.tx.LiftIDs(ctx, space, a.highest[space])
}

// own notes that an id belongs to the account from now on.
func (a *applier) own(at place) {
	if a.owners[at.space] == nil {
		a.owners[at.space] = map[int64]int64{}
	}
	a.owners[at.space][at.id] = a.account
}

// freshID chooses an id for a row that the file gives none. It keeps clear of
// the ids that the batch still brings: a sequence that starts at 1 would take
// them from records that say which id is theirs. 0 leaves the choice to the
// store, whose sequence has then passed them.
func (a *applier) freshID(ctx context.Context, space store.IDSpace) (int64, error) {
	top := a.highest[space]
	if top == 0 || top >= core.MaxID {
		return 0, nil
	}
	owners, err := a.tx.OwnersByID(ctx, space, []int64{top + 1})
	if err != nil || len(owners) > 0 {
		return 0, err
	}
	a.highest[space] = top + 1
	return top + 1, nil
}

// stagedMapping is the kind under which the new id of a record is staged.
func stagedMapping(space store.IDSpace) string { return "id:" + string(space) }

// mapping is the id that a record of the file has in the store, when that is
// another one. It holds for the run that staged it: another file may use the
// same ids.
type mapping struct {
	ID  int64  `json:"id"`
	Run string `json:"run"`
}

func findMapping(ctx context.Context, tx store.Tx, account int64, at place) (mapping, error) {
	var m mapping
	text, ok, err := tx.FindStaged(ctx, account, stagedMapping(at.space), at.id)
	if err != nil || !ok {
		return m, err
	}
	err = json.Unmarshal([]byte(text), &m)
	return m, err
}

// assigned notes that the record, which the file calls at, is id in the store.
func (a *applier) assigned(ctx context.Context, at place, id int64) error {
	a.own(place{at.space, id})
	if at.id == 0 || at.id == id || at.space == store.AccountIDs {
		return nil // the importer itself knows its few accounts
	}
	a.mapped[at] = id
	a.out.staged = true
	text, err := json.Marshal(mapping{id, a.im.run})
	if err != nil {
		return err
	}
	return a.tx.PutStaged(ctx, a.account, stagedMapping(at.space), at.id, string(text))
}

// resolve turns an id of the file into one of the store.
func (a *applier) resolve(ctx context.Context, space store.IDSpace, id int64) (int64, error) {
	if id == 0 || !a.im.opts.Remap {
		return id, nil
	}
	at := place{space, id}
	if to, ok := a.mapped[at]; ok {
		return to, nil
	}
	m, err := findMapping(ctx, a.tx, a.account, at)
	if err != nil {
		return 0, err
	}
	to := id
	if m.Run == a.im.run {
		to = m.ID
	}
	a.mapped[at] = to
	return to, nil
}

// freeIdentity moves an agent's own identity away from an id that the file
// gives to another one. A file need not give the ids of agents' identities;
// those that were chosen for them give way.
func (a *applier) freeIdentity(ctx context.Context, owner, id int64) (bool, error) {
	agentID, err := stagedNumber(ctx, a.tx, owner, stagedOwnIdentity, id)
	if err != nil || agentID == 0 {
		return false, err
	}
	agent, err := a.tx.Agent(ctx, owner, agentID)
	if err != nil || agent.IdentityID != id {
		return false, err
	}
	if agent.IdentityID, err = a.freshID(ctx, store.IdentityIDs); err != nil {
		return false, err
	}
	if err := a.tx.UpdateAgent(ctx, agent); err != nil {
		return false, err
	}
	if agent, err = a.tx.Agent(ctx, owner, agentID); err != nil {
		return false, err
	}
	delete(a.agents, agentID)
	a.own(place{store.IdentityIDs, agent.IdentityID})
	a.owners[store.IdentityIDs][agent.IdentityID] = owner
	return true, putNumber(ctx, a.tx, owner, stagedOwnIdentity, agent.IdentityID, agentID)
}
