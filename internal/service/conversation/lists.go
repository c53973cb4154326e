package conversation

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Address is where an identity is reached: the type of a provider, and what it
// calls the identity.
type Address struct {
	ProviderType int64
	Text         string
}

// ListOfIdentity returns the conversations of one identity that match q. An
// identity that the account does not have is core.NotFound; one without
// conversations gives none.
func (s *Reads) ListOfIdentity(ctx context.Context, account, identity int64, q store.ThreadQuery) ([]core.Thread, error) {
	q.IdentityID = identity
	threads, err := s.listShown(ctx, account, q)
	if err != nil {
		return nil, err
	}
	if len(threads) == 0 {
		// An identity with a thread exists; only an empty list leaves it open.
		if _, err := s.store.Identity(ctx, account, identity); err != nil {
			return nil, fmt.Errorf("read identity: %w", err)
		}
	}
	return threads, nil
}

// ListOfAddress is ListOfIdentity for the identity at an address.
func (s *Reads) ListOfAddress(ctx context.Context, account int64, at Address, q store.ThreadQuery) ([]core.Thread, error) {
	identity, ok, err := s.store.FindIdentityByAddress(ctx, account, at.ProviderType, at.Text)
	if err != nil {
		return nil, fmt.Errorf("find identity by address: %w", err)
	}
	if !ok {
		return nil, core.Absent("identity")
	}
	q.IdentityID = identity.ID
	return s.listShown(ctx, account, q)
}

// ListOfInbox returns the conversations of one inbox that match q and, unless
// at is nil, belong to the identity at that address. An inbox that the account
// does not have is core.NotFound; an address or another thing that q names and
// nobody has gives none.
func (s *Reads) ListOfInbox(ctx context.Context, account, inbox int64, at *Address, q store.ThreadQuery) ([]core.Thread, error) {
	q.InboxID = inbox
	possible := true
	if at != nil {
		identity, ok, err := s.store.FindIdentityByAddress(ctx, account, at.ProviderType, at.Text)
		if err != nil {
			return nil, fmt.Errorf("find identity by address: %w", err)
		}
		possible = ok && (q.IdentityID == 0 || q.IdentityID == identity.ID)
		q.IdentityID = identity.ID
	}
	var threads []core.Thread
	if possible {
		var err error
		if threads, err = s.listShown(ctx, account, q); err != nil {
			return nil, err
		}
	}
	if len(threads) == 0 {
		if _, err := s.store.Inbox(ctx, account, inbox); err != nil {
			return nil, fmt.Errorf("read inbox: %w", err)
		}
	}
	return threads, nil
}
