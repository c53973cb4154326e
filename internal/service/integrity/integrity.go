// Package integrity is the doctor: it recounts from the entries everything that
// the database keeps beside them, and reports each difference.
//
// It proves the invariants of the data: positions are dense, sequences and
// cursors follow from the messages, last messages and counts are right, what
// belongs together refers to each other, what is found by a key alone is found,
// webhooks stand where they can go on,
// and the event log has no gap. Stamps
// that an import may have given (first and last response, closing, waiting
// since, updates) are not questioned unless they are impossible.
//
// A check reads one snapshot in pages, so it may run beside a busy server, and
// its memory does not grow with the database. It changes nothing. The package
// depends on core and the store contract.
package integrity

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// Fault is one difference between what is kept and what should be.
type Fault struct {
	Account int64
	Thing   string // what is wrong, such as conversation or entry
	ID      int64  // of that thing; an event's is its sequence number
	Message string // what was found and what was expected
}

// String returns the fault as one line, without its end.
func (f Fault) String() string {
	line := fmt.Sprintf("account %d: %s %d: %s", f.Account, f.Thing, f.ID, f.Message)
	return strings.Join(strings.Fields(line), " ")
}

// Summary says how much was looked at.
type Summary struct {
	Accounts       int64
	Agents         int64
	Inboxes        int64
	Contacts       int64
	Identities     int64
	ContactInboxes int64
	Conversations  int64
	Entries        int64
	Attachments    int64
	ReadCursors    int64 // agents' own
	Events         int64
	Faults         int64
}

// How much is read at once.
const (
	pageRows          = 500
	pageConversations = 200
	pageEvents        = 200
)

// Check looks at everything in one snapshot of st and calls report for each
// fault, account by account. It returns an error only when it could not look:
// a database full of faults is a success with Summary.Faults above zero.
// report is called from this goroutine alone and must not be nil.
func Check(ctx context.Context, st store.Store, report func(Fault)) (Summary, error) {
	var sum Summary
	err := st.View(ctx, func(ctx context.Context, r store.Reader) error {
		for after := int64(0); ; {
			accounts, err := r.ListAccounts(ctx, after, pageRows)
			if err != nil {
				return fmt.Errorf("list accounts: %w", err)
			}
			for i := range accounts {
				if err := newCheck(r, &accounts[i], &sum, report).run(ctx); err != nil {
					return fmt.Errorf("account %d: %w", accounts[i].ID, err)
				}
			}
			if len(accounts) < pageRows {
				return nil
			}
			after = accounts[len(accounts)-1].ID
		}
	})
	if err != nil {
		return sum, fmt.Errorf("check integrity: %w", err)
	}
	return sum, nil
}

// check looks at one account.
type check struct {
	r       store.Reader
	account *core.Account
	sum     *Summary
	report  func(Fault)

	agents      lookup[core.Agent]
	profiles    lookup[core.Profile]
	labels      lookup[core.Label]
	labelGroups lookup[core.LabelGroup]
	teams       lookup[core.Team]
	inboxes     lookup[core.Inbox]
	subInboxes  lookup[core.SubInbox]
	contacts    lookup[core.Contact]
	identities  lookup[core.Identity]

	index index
}

func newCheck(r store.Reader, account *core.Account, sum *Summary, report func(Fault)) *check {
	id := account.ID
	return &check{
		r: r, account: account, sum: sum, report: report,
		agents: newLookup(func(ctx context.Context, ids []int64) ([]core.Agent, error) {
			return r.AgentsByID(ctx, id, ids)
		}, func(a core.Agent) int64 { return a.ID }),
		labels: newLookup(func(ctx context.Context, ids []int64) ([]core.Label, error) {
			return r.LabelsByID(ctx, id, ids)
		}, func(l core.Label) int64 { return l.ID }),
		profiles: newLookup(singly(func(ctx context.Context, want int64) (core.Profile, error) {
			return r.Profile(ctx, id, want)
		}), func(p core.Profile) int64 { return p.ID }),
		labelGroups: newLookup(singly(func(ctx context.Context, want int64) (core.LabelGroup, error) {
			return r.LabelGroup(ctx, id, want)
		}), func(g core.LabelGroup) int64 { return g.ID }),
		teams: newLookup(singly(func(ctx context.Context, want int64) (core.Team, error) {
			return r.Team(ctx, id, want)
		}), func(t core.Team) int64 { return t.ID }),
		inboxes: newLookup(singly(func(ctx context.Context, want int64) (core.Inbox, error) {
			return r.Inbox(ctx, id, want)
		}), func(i core.Inbox) int64 { return i.ID }),
		subInboxes: newLookup(singly(func(ctx context.Context, want int64) (core.SubInbox, error) {
			return r.SubInbox(ctx, id, want)
		}), func(s core.SubInbox) int64 { return s.ID }),
		contacts: newLookup(singly(func(ctx context.Context, want int64) (core.Contact, error) {
			return r.Contact(ctx, id, want)
		}), func(c core.Contact) int64 { return c.ID }),
		identities: newLookup(singly(func(ctx context.Context, want int64) (core.Identity, error) {
			return r.Identity(ctx, id, want)
		}), func(i core.Identity) int64 { return i.ID }),
	}
}

func (c *check) run(ctx context.Context) error {
	c.sum.Accounts++
	for _, part := range []func(context.Context) error{
		c.checkAccount, c.checkPeople, c.checkLists, c.checkInboxes, c.checkWebhooks, c.checkIndex, c.checkContacts, c.checkConversations, c.checkDocuments, c.checkEvents,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fault reports one.
func (c *check) fault(thing string, id int64, format string, args ...any) {
	c.sum.Faults++
	c.report(Fault{Account: c.account.ID, Thing: thing, ID: id, Message: fmt.Sprintf(format, args...)})
}

// pages calls do for every row of a table, page by page.
func pages[T any](
	ctx context.Context, c *check, what string,
	page func(ctx context.Context, account, after int64, limit int) ([]T, error),
	id func(T) int64,
	do func(ctx context.Context, rows []T) error,
) error {
	for after := int64(0); ; {
		rows, err := page(ctx, c.account.ID, after, pageRows)
		if err != nil {
			return fmt.Errorf("page %s: %w", what, err)
		}
		if len(rows) > 0 {
			if err := do(ctx, rows); err != nil {
				return fmt.Errorf("check %s: %w", what, err)
			}
			after = id(rows[len(rows)-1])
		}
		if len(rows) < pageRows {
			return nil
		}
	}
}
