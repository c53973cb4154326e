// Package contact holds the use cases around contacts: who stands behind a
// door, and what is known of them. It knows no wire format.
//
// All of it is safe for concurrent use.
package contact

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Reads answers questions about contacts.
type Reads struct {
	store store.Reader
}

// NewReads returns the read use cases on st.
func NewReads(st store.Reader) *Reads { return &Reads{store: st} }

// Door is a contact inbox together with its inbox.
type Door struct {
	Inbox        core.Inbox
	ContactInbox core.ContactInbox
}

// Door finds the contact inbox that a source id names in the inbox that an
// identifier names. Knowing both is all that an anonymous client has. Either
// one unknown is core.NotFound.
func (s *Reads) Door(ctx context.Context, inboxIdentifier, sourceID string) (Door, error) {
	inbox, ok, err := s.store.FindInboxByIdentifier(ctx, inboxIdentifier)
	if err != nil {
		return Door{}, fmt.Errorf("find inbox: %w", err)
	}
	if !ok {
		return Door{}, core.Absent("inbox")
	}
	ci, ok, err := s.store.FindContactInboxBySource(ctx, inbox.AccountID, inbox.ID, sourceID)
	if err != nil {
		return Door{}, fmt.Errorf("find contact inbox: %w", err)
	}
	if !ok {
		return Door{}, core.Absent("contact inbox")
	}
	return Door{Inbox: inbox, ContactInbox: ci}, nil
}

// Account returns the account itself, for its locale and log version.
func (s *Reads) Account(ctx context.Context, id int64) (core.Account, error) {
	a, err := s.store.Account(ctx, id)
	if err != nil {
		return core.Account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// LabelTitles returns the titles of labels in the order of the ids, without
// those that were deleted.
func (s *Reads) LabelTitles(ctx context.Context, account int64, ids []int64) ([]string, error) {
	titles := make([]string, 0, len(ids))
	if len(ids) == 0 {
		return titles, nil
	}
	labels, err := s.store.LabelsByID(ctx, account, ids[:min(len(ids), store.MaxIDs)])
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	byID := make(map[int64]string, len(labels))
	for i := range labels {
		if !labels[i].DeletedAt.IsSet() {
			byID[labels[i].ID] = labels[i].Title
		}
	}
	for _, id := range ids {
		if title, ok := byID[id]; ok {
			titles = append(titles, title)
		}
	}
	return titles, nil
}
