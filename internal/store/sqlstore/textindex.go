package sqlstore

import (
	"context"
	"math"
	"slices"
	"strings"

	"parley/internal/store"
)

// textIndex keeps documents and finds them by their tokens: what the engines do
// each in their own way. Both hold the same documents, and answer the same.
type textIndex interface {
	// insert stores a document under its number; false means that the number is
	// taken, and nothing was stored.
	insert(ctx context.Context, c checked, d *document) (stored bool, err error)
	// remove forgets a document, if there is one.
	remove(ctx context.Context, c checked, account int64, kind store.DocumentKind, ref int64) error
	// search is store.Search's.
	search(ctx context.Context, c checked, s *search) (store.SearchPage, error)
	// holds tells whether the document is found by all of the tokens.
	holds(ctx context.Context, c checked, account, doc int64, tokens []string) (bool, error)
	// entries are the statements that read the entries of documents by their ids.
	entries() map[int]string
}

var textIndexes = map[TextIndex]textIndex{FTS5: fts5{}, TSVector: tsVector{}}

// search is a query in the terms of the index.
type search struct {
	store.SearchQuery
	account int64
	// groups are ANDed, the alternatives of one are ORed.
	groups [][]store.SearchTerm
	// from and to bound the documents' numbers; to is exclusive.
	from, to int64
}

// newSearch writes the query in tokens. A token of half of all documents costs
// more than it saves: each candidate would be looked for in its long list. So
// messages, and all that is of a large account, are told from the rest document
// by document.
func newSearch(account int64, q store.SearchQuery, large bool) *search {
	s := &search{SearchQuery: q, account: account, from: math.MinInt64, to: math.MaxInt64}
	if q.From.IsSet() {
		s.from = firstNumber(q.From)
	}
	if q.To.IsSet() {
		s.to = firstNumber(q.To)
	}
	if q.Before != 0 {
		s.to = min(s.to, q.Before)
	}
	var group []store.SearchTerm
	switch {
	case len(q.IdentityIDs) > 0:
		for _, identity := range q.IdentityIDs {
			group = append(group, store.SearchTerm{Token: identityToken(identity)})
		}
	case !wanted(q.Kinds, store.MessageDocument):
		for _, k := range q.Kinds {
			group = append(group, store.SearchTerm{Token: kindToken(account, k)})
		}
	case !large:
		group = append(group, store.SearchTerm{Token: accountToken(account)})
	}
	if len(group) > 0 {
		s.groups = append(s.groups, group)
	}
	if len(q.IdentityIDs) > 0 || q.ConversationID != 0 {
		s.Kinds = slices.DeleteFunc(slices.Clone(q.Kinds), func(k store.DocumentKind) bool { return k == store.ContactDocument })
		if len(q.Kinds) == 0 {
			s.Kinds = []store.DocumentKind{store.MessageDocument, store.NoteDocument}
		}
	}
	return s
}

func wanted(kinds []store.DocumentKind, k store.DocumentKind) bool {
	return len(kinds) == 0 || slices.Contains(kinds, k)
}

// expression writes the query in a language that joins terms with and, or and
// brackets: what was asked for and where it is looked for. term writes one;
// tokens are quoted as they are, for they hold no quotes.
func (s *search) expression(and, or string, term func(b *strings.Builder, t store.SearchTerm)) string {
	var b strings.Builder
	list := func(terms []store.SearchTerm, op string) {
		b.WriteByte('(')
		for i, t := range terms {
			if i > 0 {
				b.WriteString(op)
			}
			term(&b, t)
		}
		b.WriteByte(')')
	}
	if asked := len(s.Terms) > 0 || s.PhoneEnding != ""; asked {
		b.WriteByte('(')
		if len(s.Terms) > 0 {
			list(s.Terms, and)
		}
		if s.PhoneEnding != "" {
			if len(s.Terms) > 0 {
				b.WriteString(or)
			}
			term(&b, store.SearchTerm{Token: phoneToken(s.PhoneEnding), Prefix: true})
		}
		b.WriteByte(')')
	}
	for _, g := range s.groups {
		if b.Len() > 0 {
			b.WriteString(and)
		}
		list(g, or)
	}
	return b.String()
}

// matches tells whether a document of these tokens is one of the query's.
func (s *search) matches(tokens []string) bool {
	has := func(t store.SearchTerm) bool {
		return slices.ContainsFunc(tokens, func(have string) bool { return have == t.Token || t.Prefix && strings.HasPrefix(have, t.Token) })
	}
	lacks := func(t store.SearchTerm) bool { return !has(t) }
	asked := len(s.Terms) > 0 && !slices.ContainsFunc(s.Terms, lacks) ||
		s.PhoneEnding != "" && has(store.SearchTerm{Token: phoneToken(s.PhoneEnding), Prefix: true})
	return asked && !slices.ContainsFunc(s.groups, func(g []store.SearchTerm) bool { return !slices.ContainsFunc(g, has) })
}

// permitted is the condition on a document d of what may be found, beside the
// index. The conversation's inbox is looked up as it is now. Where nothing is
// to be asked it is "".
func (s *search) permitted(args *[]any) string {
	var b strings.Builder
	if len(s.Kinds) > 0 {
		b.WriteString(" AND ")
		in(&b, args, "d.kind", textValues(s.Kinds))
	}
	if s.ConversationID != 0 {
		b.WriteString(" AND ")
		in(&b, args, "d.conversation_id", []any{s.ConversationID})
	}
	if !s.AllInboxes {
		b.WriteString(" AND (d.kind = 'contact'")
		if len(s.InboxIDs) > 0 {
			b.WriteString(" OR ")
			in(&b, args, "(SELECT c.inbox_id FROM conversations c WHERE c.account_id = d.account_id AND c.id = d.conversation_id)", padded(s.InboxIDs))
		}
		b.WriteString(")")
	}
	return b.String()
}

type documentRow struct{ store.Document }

func (r *documentRow) targets() []any        { return []any{&r.ID, &r.Kind, &r.RefID, &r.ConversationID} }
func (r *documentRow) value() store.Document { return r.Document }
