package search

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/fold"
	"parley/internal/store"
)

// Bounds of a page of conversations.
const (
	// MaxConversations is how many conversations a page holds at most.
	MaxConversations = 100
	// hitsARound is how many hits are read at once: many may be of one
	// conversation.
	hitsARound = 200
)

// ConversationPage are conversations in which something was found, each once:
// the one with the newest hit first.
type ConversationPage struct {
	IDs []int64
	// Next is where the search goes on, as a Query.Before; 0 = there is no more. A
	// page may be short, and even empty, before the end.
	Next int64
}

// Conversations is Find for the conversations in which messages and notes are
// found, at most MaxConversations a page. A conversation is of the page that its
// newest hit is of; where that is hard to tell, because its words stand in
// another order in very many messages, it may be of two.
func (s *Searches) Conversations(ctx context.Context, account int64, q Query) (ConversationPage, error) {
	if q.Limit < 1 || q.Limit > MaxConversations {
		return ConversationPage{}, core.Refuse("limit", fmt.Sprintf("a page holds 1 to %d conversations", MaxConversations))
	}
	asked, err := parse(q.Text)
	if err != nil {
		return ConversationPage{}, err
	}
	q.Kinds = said(q.Kinds)
	sq, possible, err := s.bounds(ctx, account, &q)
	if err != nil || !possible {
		return ConversationPage{}, wrapped(err)
	}
	sq.Terms, sq.Limit = asked.terms(), hitsARound
	var p ConversationPage
	met := map[int64]bool{}
	for range rounds {
		found, err := s.store.Search(ctx, account, sq)
		if err != nil {
			return ConversationPage{}, wrapped(err)
		}
		hits, err := s.matching(ctx, account, &asked, found.Documents)
		if err != nil {
			return ConversationPage{}, wrapped(err)
		}
		for _, hit := range hits {
			if met[hit.ConversationID] {
				continue
			}
			met[hit.ConversationID] = true
			shown, err := s.foundBefore(ctx, account, &q, &asked, hit.ConversationID)
			if err != nil {
				return ConversationPage{}, wrapped(err)
			}
			if shown {
				continue
			}
			p.IDs = append(p.IDs, hit.ConversationID)
			if len(p.IDs) == q.Limit {
				p.Next = hit.ID
				return p, nil
			}
		}
		if p.Next, sq.Before = found.Next, found.Next; p.Next == 0 {
			break
		}
	}
	return p, nil
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return nil
}

// foundBefore tells whether an earlier page has the conversation: whether there
// is a hit in it that is newer than where q begins.
func (s *Searches) foundBefore(ctx context.Context, account int64, q *Query, asked *parsed, conversation int64) (bool, error) {
	if q.Before == 0 {
		return false, nil
	}
	in := *q
	in.ConversationID, in.ContactID, in.Before = conversation, 0, 0
	sq, possible, err := s.bounds(ctx, account, &in)
	if err != nil || !possible {
		return false, err
	}
	sq.Terms, sq.Limit = asked.terms(), hitsARound
	if asked.exact() {
		sq.Limit = 1
	}
	for range rounds {
		found, err := s.store.Search(ctx, account, sq)
		if err != nil {
			return false, err
		}
		hits, err := s.matching(ctx, account, asked, found.Documents)
		if err != nil {
			return false, err
		}
		if len(hits) > 0 {
			return hits[0].ID >= q.Before, nil
		}
		if found.Next < q.Before {
			break
		}
		sq.Before = found.Next
	}
	return false, nil
}

// matching leaves the documents of entries that match for sure.
func (s *Searches) matching(ctx context.Context, account int64, asked *parsed, docs []store.Document) ([]store.Document, error) {
	if asked.exact() || len(docs) == 0 {
		return docs, nil
	}
	ids := make([]int64, len(docs))
	for i := range docs {
		ids[i] = docs[i].RefID
	}
	entries, err := s.store.EntriesByID(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	matches := map[int64]bool{}
	for i := range entries {
		matches[entries[i].ID] = asked.matches([]string{fold.Plain(entries[i].Text())})
	}
	return slices.DeleteFunc(docs, func(d store.Document) bool { return !matches[d.RefID] }), nil
}
