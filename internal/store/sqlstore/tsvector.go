package sqlstore

import (
	"context"
	"fmt"
	"strings"

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
	// windows are how many of the newest documents are looked at before the
	// index is asked, and lateWindow how many at a time when it knows of too
	// many.
	firstWindow, secondWindow, lateWindow = 500, 2000, 5000
	// maxFound is how many documents the index may find. In what is more common,
	// a late window holds some.
	maxFound = 5000
)

// The query stands in a subselect: a planner that saw it would guess.
const (
	windowSQL = `WITH w AS MATERIALIZED (SELECT * FROM search_docs WHERE account_id = $1 AND doc_id < $3 AND doc_id >= $4 ORDER BY doc_id DESC LIMIT $6),
		found AS (SELECT * FROM w d WHERE d.tokens @@ $2::text::tsquery%s ORDER BY d.doc_id DESC LIMIT $5)
		SELECT COALESCE(d.doc_id, 0), COALESCE(d.kind, ''), COALESCE(d.ref_id, 0), COALESCE(d.conversation_id, 0), s.oldest, s.size
		FROM (SELECT COALESCE(min(doc_id), 0) AS oldest, count(*) AS size FROM w) s LEFT JOIN found d ON true ORDER BY d.doc_id DESC`
	indexSQL = `WITH w AS MATERIALIZED (SELECT doc_id, account_id, kind, ref_id, conversation_id FROM search_docs
			WHERE account_id = $1 AND tokens @@ (SELECT $2::text::tsquery) LIMIT $6),
		found AS (SELECT * FROM w d WHERE d.doc_id < $3 AND d.doc_id >= $4%s ORDER BY d.doc_id DESC LIMIT $5)
		SELECT COALESCE(d.doc_id, 0), COALESCE(d.kind, ''), COALESCE(d.ref_id, 0), COALESCE(d.conversation_id, 0), 0, s.size
		FROM (SELECT count(*) AS size FROM w) s LEFT JOIN found d ON true ORDER BY d.doc_id DESC`
)

// foundRow is a document, or none, of how many were looked at, and the oldest
// of these.
type foundRow struct {
	store.Document
	oldest, size int64
}

func (r *foundRow) targets() []any {
	return []any{&r.ID, &r.Kind, &r.RefID, &r.ConversationID, &r.oldest, &r.size}
}
func (r *foundRow) value() foundRow { return *r }

func (tsVector) search(ctx context.Context, c checked, s *search) (store.SearchPage, error) {
	query := s.expression(" & ", " | ", tsTerm)
	var p store.SearchPage
	// ask runs one of the statements, and returns how many documents it looked
	// at and the oldest of them.
	ask := func(sql string, size int) (oldest, looked int64, err error) {
		args := []any{s.account, query, s.to, s.from, s.Limit - len(p.Documents), size}
		condition := s.permitted(&args)
		found, err := list(ctx, c, new(foundRow), fmt.Sprintf(sql, condition), args...)
		if err != nil || len(found) == 0 {
			return 0, 0, err
		}
		for i := range found {
			if found[i].ID != 0 {
				p.Documents = append(p.Documents, found[i].Document)
			}
		}
		return found[0].oldest, found[0].size, nil
	}
	// window looks at the documents that come next; done means that the page is
	// full or that there are no more.
	window := func(size int) (done bool, err error) {
		oldest, looked, err := ask(windowSQL, size)
		switch {
		case err != nil:
			return false, err
		case len(p.Documents) == s.Limit:
			p.Next = p.Documents[s.Limit-1].ID
			return true, nil
		case looked < int64(size):
			p.Next = 0
			return true, nil
		}
		s.to, p.Next = oldest, oldest
		return false, nil
	}
	if len(s.IdentityIDs) == 0 { // what one contact said is rare
		for _, size := range [...]int{firstWindow, secondWindow} {
			if done, err := window(min(size, s.Scan)); done || err != nil {
				return p, err
			}
		}
	}
	sure := len(p.Documents)
	_, looked, err := ask(indexSQL, maxFound+1)
	switch {
	case err != nil:
		return p, err
	case looked <= maxFound:
		p.Next = 0
		if len(p.Documents) == s.Limit {
			p.Next = p.Documents[s.Limit-1].ID
		}
		return p, nil
	}
	p.Documents = p.Documents[:sure] // what else was found is any of too many
	for looked := 0; looked < s.Scan; looked += lateWindow {
		if done, err := window(min(lateWindow, s.Scan)); done || err != nil {
			return p, err
		}
	}
	return p, nil
}

func (tsVector) holds(ctx context.Context, c checked, account, doc int64, tokens []string) (bool, error) {
	_, ok, err := find(ctx, c, new(number), "SELECT doc_id FROM search_docs WHERE account_id = $1 AND doc_id = $2 AND tokens @@ $3::text::tsquery",
		account, doc, "'"+strings.Join(tokens, "' & '")+"'")
	return ok, err
}
