// Package conversation holds the use cases around conversations: which ones a
// contact has, what was said in them, what is unread. It calls the store and
// the rules of core, and knows no wire format.
//
// All of it is safe for concurrent use.
package conversation

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Reads answers questions about conversations.
type Reads struct {
	store store.Reader
}

// NewReads returns the read use cases on st.
func NewReads(st store.Reader) *Reads { return &Reads{store: st} }

// Thread returns one conversation with the parts asked for; core.NotFound when
// the account has no such conversation.
func (s *Reads) Thread(ctx context.Context, account, id int64, with store.Parts) (core.Thread, error) {
	threads, err := s.store.ListThreads(ctx, account, store.ThreadQuery{ConversationID: id, With: with, Limit: 1})
	if err != nil {
		return core.Thread{}, fmt.Errorf("read conversation: %w", err)
	}
	if len(threads) == 0 {
		return core.Thread{}, core.Absent("conversation")
	}
	if err := s.dropDeleted(ctx, account, threads); err != nil {
		return core.Thread{}, err
	}
	return threads[0], nil
}

// List returns the threads that match q. Their LabelIDs are as stored, deleted
// labels among them: what shows labels asks listShown.
func (s *Reads) List(ctx context.Context, account int64, q store.ThreadQuery) ([]core.Thread, error) {
	threads, err := s.store.ListThreads(ctx, account, q)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return threads, nil
}

// Count returns how many threads match q, whatever its paging.
func (s *Reads) Count(ctx context.Context, account int64, q store.ThreadQuery) (int64, error) {
	n, err := s.store.CountThreads(ctx, account, q)
	if err != nil {
		return 0, fmt.Errorf("count conversations: %w", err)
	}
	return n, nil
}

// OfIdentity returns the conversations of one identity that match q, and the
// contact's unread messages summed over all the identity's conversations in
// chat inboxes, whatever q selects. An identity that the account does not have
// is core.NotFound; one without conversations gives none.
func (s *Reads) OfIdentity(ctx context.Context, account, identity int64, q store.ThreadQuery) ([]core.Thread, int64, error) {
	threads, err := s.ListOfIdentity(ctx, account, identity, q)
	if err != nil {
		return nil, 0, err
	}
	if err := s.dropDeleted(ctx, account, threads); err != nil {
		return nil, 0, err
	}
	unread, err := s.store.ContactUnread(ctx, account, identity, core.ChannelWeb, core.ChannelAPI)
	if err != nil {
		return nil, 0, fmt.Errorf("count unread of identity: %w", err)
	}
	return threads, unread, nil
}
