package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/internal/store"
)

// tsVector is the text index of PostgreSQL: a column of the documents with a
// GIN index. Such an index gives all documents of a query at once and in no
// order, so what is common is looked for among the newest documents instead,
// by the primary key. Which of the two ways is gone is decided here, not by
// the planner: it would guess how common a word is, and be wrong by a thousand
// times for words that seldom stand together.
type tsVector struct{}

const insertVectorSQL = `INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id, tokens)
	VALUES ($1, $2, $3, $4, $5, array_to_tsvector(string_to_array($6, ' '))) ON CONFLICT (account_id, doc_id) DO NOTHING`

func (tsVector) insert(ctx context.Context, c checked, d *document) (bool, error) {
	n, err := c.exec(ctx, insertVectorSQL, d.ID, d.account, string(d.Kind), d.RefID, d.ConversationID, d.tokens)
	return n == 1, err
}

func (tsVector) remove(ctx context.Context, c checked, account int64, kind store.DocumentKind, ref int64) error {
	_, err := c.exec(ctx, "DELETE FROM search_docs WHERE account_id = $1 AND kind = $2 AND ref_id = $3", account, string(kind), ref)
	return err
}

func tsTerm(b *strings.Builder, t store.SearchTerm) {
	b.WriteString("'" + t.Token + "'")
	if t.Prefix {
		b.WriteString(":*")
	}
}

const (
	// newestWindow is how many of the newest documents are looked at before the
	// index is asked, and lateWindow how many at a time when it knows of too many.
	newestWindow, lateWindow = 2500, 5000
	// maxFound is how many documents the index may find. Of what is more common, a
	// late window holds some.
	maxFound = 5000
	// shortPrefix is how long the beginnings of words are that the index is not
	// asked for where it can be asked for a whole word: it would gather all
	// documents of all words that begin so.
	shortPrefix = 3
	// maxGathered is how many documents the index may gather, as far as the newest
	// window tells: of more, it would only come to know that they are too many.
	maxGathered = 4 * maxFound
)

const (
	// The limit inside keeps a planner from going another way.
	newestSQL = `SELECT d.doc_id, d.kind, d.ref_id, d.conversation_id
		FROM (SELECT * FROM search_docs WHERE account_id = $1 AND doc_id < $3 AND doc_id >= $4 ORDER BY doc_id DESC LIMIT $6) d
		WHERE d.tokens @@ $2::text::tsquery%s ORDER BY d.doc_id DESC LIMIT $5`
	// All documents are counted by what the planner knows of them: it is enough to
	// tell thousands from hundreds of thousands.
	gatheredSQL = `SELECT (count(*) * (SELECT GREATEST(reltuples, 0) FROM pg_class WHERE oid = 'search_docs'::regclass) / $5)::bigint
		FROM (SELECT tokens FROM search_docs WHERE account_id = $1 AND doc_id < $3 AND doc_id >= $4 ORDER BY doc_id DESC LIMIT $5) d
		WHERE d.tokens @@ $2::text::tsquery`
	boundSQL = "SELECT doc_id FROM search_docs WHERE account_id = $1 AND doc_id < $2 AND doc_id >= $3 ORDER BY doc_id DESC LIMIT 1 OFFSET $4"
	// The query stands in a subselect: a planner that saw it would guess. What is
	// too many is not looked at.
	indexSQL = `WITH w AS MATERIALIZED (SELECT * FROM search_docs WHERE account_id = $1 AND tokens @@ (SELECT $7::text::tsquery) LIMIT $6),
		found AS (SELECT * FROM w d WHERE (SELECT count(*) FROM w) < $6 AND d.doc_id < $3 AND d.doc_id >= $4 AND d.tokens @@ $2::text::tsquery%s ORDER BY d.doc_id DESC LIMIT $5)
		SELECT COALESCE(d.doc_id, 0), COALESCE(d.kind, ''), COALESCE(d.ref_id, 0), COALESCE(d.conversation_id, 0), s.size
		FROM (SELECT count(*) AS size FROM w) s LEFT JOIN found d ON true ORDER BY d.doc_id DESC`
)

// foundRow is a document, or none, and how many the index knows.
type foundRow struct {
	store.Document
	size int64
}

func (r *foundRow) targets() []any {
	return []any{&r.ID, &r.Kind, &r.RefID, &r.ConversationID, &r.size}
}
func (r *foundRow) value() foundRow { return *r }

func (v tsVector) search(ctx context.Context, c checked, s *search) (store.SearchPage, error) {
	query := s.expression(" & ", " | ", tsTerm)
	var (
		p      store.SearchPage
		common bool
	)
	if len(s.IdentityIDs) == 0 { // what one contact said is rare
		found, err := v.newest(ctx, c, s, query, s.to, s.Limit, newestWindow)
		if err != nil || len(found) == s.Limit {
			return pageOf(found, s.Limit), err
		}
		p.Looked = newestWindow
		if common, err = v.isCommon(ctx, c, s, query); err != nil {
			return p, err
		}
	}
	if !common {
		found, few, err := v.indexed(ctx, c, s, query)
		if err != nil || few {
			return pageOf(found, s.Limit), err
		}
	}
	return v.late(ctx, c, s, query, p)
}

// late goes on with a page window by window.
func (v tsVector) late(ctx context.Context, c checked, s *search, query string, p store.SearchPage) (store.SearchPage, error) {
	to := s.to
	for first := true; first || p.Looked < s.Scan; first = false {
		found, err := v.newest(ctx, c, s, query, to, s.Limit-len(p.Documents), lateWindow)
		if err != nil {
			return p, err
		}
		if p.Documents = append(p.Documents, found...); len(p.Documents) == s.Limit {
			return pageOf(p.Documents, s.Limit), nil
		}
		oldest, more, err := find(ctx, c, new(number), boundSQL, s.account, to, s.from, lateWindow-1)
		if err != nil || !more {
			return store.SearchPage{Documents: p.Documents}, err
		}
		p.Looked += lateWindow
		to, p.Next = oldest, oldest
	}
	return p, nil
}

// pageOf is a page that goes on behind its last document where it is full. It
// stopped there, so no more than what it found is known to have been looked at.
func pageOf(found []store.Document, limit int) store.SearchPage {
	p := store.SearchPage{Documents: found, Looked: len(found)}
	if len(found) == limit {
		p.Next = found[limit-1].ID
	}
	return p
}

// newest looks at so many documents before to.
func (tsVector) newest(ctx context.Context, c checked, s *search, query string, to int64, limit, window int) ([]store.Document, error) {
	args := []any{s.account, query, to, s.from, limit, window}
	condition := s.permitted(&args)
	return list(ctx, c, new(documentRow), fmt.Sprintf(newestSQL, condition), args...)
}

// isCommon tells whether the index would gather too much, by how many of the
// newest window match.
func (tsVector) isCommon(ctx context.Context, c checked, s *search, query string) (bool, error) {
	n, _, err := find(ctx, c, new(number), gatheredSQL, s.account, query, s.to, s.from, newestWindow)
	return n > maxGathered, err
}

// indexed asks the index; few is false when it knows of so many documents that
// those which come back are any of them.
func (tsVector) indexed(ctx context.Context, c checked, s *search, query string) (docs []store.Document, few bool, err error) {
	asked := *s
	switch whole := slices.DeleteFunc(slices.Clone(s.Terms), func(t store.SearchTerm) bool {
		return t.Prefix && utf8.RuneCountInString(t.Token) <= shortPrefix
	}); {
	case len(s.IdentityIDs) > 0:
		asked.Terms, asked.PhoneEnding = nil, "" // few enough
	case s.PhoneEnding == "" && len(whole) > 0:
		asked.Terms = whole
	}
	args := []any{s.account, query, s.to, s.from, s.Limit, maxFound + 1, asked.expression(" & ", " | ", tsTerm)}
	condition := s.permitted(&args)
	found, err := list(ctx, c, new(foundRow), fmt.Sprintf(indexSQL, condition), args...)
	if err != nil {
		return nil, false, err
	}
	for i := range found {
		if found[i].ID != 0 {
			docs = append(docs, found[i].Document)
		}
	}
	return docs, len(found) == 0 || found[0].size <= maxFound, nil
}

var tsVectorEntriesSQL = byIDs(entryTable)

func (tsVector) entries() map[int]string { return tsVectorEntriesSQL }

func (tsVector) holds(ctx context.Context, c checked, account, doc int64, tokens []string) (bool, error) {
	_, ok, err := find(ctx, c, new(number), "SELECT doc_id FROM search_docs WHERE account_id = $1 AND doc_id = $2 AND tokens @@ $3::text::tsquery",
		account, doc, "'"+strings.Join(tokens, "' & '")+"'")
	return ok, err
}
