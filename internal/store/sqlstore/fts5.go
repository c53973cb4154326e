package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/internal/store"
)

// fts5 is the text index of SQLite: a virtual table whose rows have the numbers
// of the documents. It walks the rows of a query one by one, the newest first,
// and only as far as it is asked to.
//
// Each transaction that changes the virtual table writes a segment of its own,
// which is merged with others later. So documents wait in a table beside it,
// which every search reads, until there are maxPending. GIN does the same by
// itself.
type fts5 struct{}

// maxPending is how many documents wait at most.
const maxPending = 256

func (fts5) insert(ctx context.Context, c checked, d *document) (bool, error) {
	n, err := c.exec(ctx, "INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (doc_id) DO NOTHING",
		d.ID, d.account, string(d.Kind), d.RefID, d.ConversationID)
	if err != nil || n == 0 {
		return false, err
	}
	// The ids of an emptied table begin again.
	waiting, _, err := find(ctx, c, new(number), "INSERT INTO search_pending (doc_id, tokens) VALUES ($1, $2) RETURNING id", d.ID, d.tokens)
	if err != nil || waiting < maxPending {
		return err == nil, err
	}
	// In order: what comes out of it costs a segment, too.
	if _, err := c.exec(ctx, "INSERT INTO search_index (rowid, tokens) SELECT doc_id, tokens FROM search_pending ORDER BY doc_id"); err != nil {
		return false, err
	}
	_, err = c.exec(ctx, "DELETE FROM search_pending")
	return err == nil, err
}

func (fts5) remove(ctx context.Context, c checked, account int64, kind store.DocumentKind, ref int64) error {
	doc, ok, err := find(ctx, c, new(number), "DELETE FROM search_docs WHERE account_id = $1 AND kind = $2 AND ref_id = $3 RETURNING doc_id", account, string(kind), ref)
	if err != nil || !ok {
		return err
	}
	waited, err := c.exec(ctx, "DELETE FROM search_pending WHERE doc_id = $1", doc)
	if err != nil || waited > 0 {
		return err
	}
	_, err = c.exec(ctx, "DELETE FROM search_index WHERE rowid = $1", doc)
	return err
}

func fts5Term(b *strings.Builder, t store.SearchTerm) {
	b.WriteString(`"` + t.Token + `"`)
	if t.Prefix {
		b.WriteByte('*')
	}
}

// The order of the tables is the order of the loops.
const (
	fts5SQL = `SELECT d.doc_id, d.kind, d.ref_id, d.conversation_id, COALESCE(d.account_id = $1%s, 0), ''
		FROM search_index i CROSS JOIN search_docs d ON d.doc_id = i.rowid
		WHERE i.search_index MATCH $2 AND i.rowid < $3 AND i.rowid >= $4 ORDER BY i.rowid DESC LIMIT $5`
	pendingSQL = `SELECT d.doc_id, d.kind, d.ref_id, d.conversation_id, COALESCE(d.account_id = $1%s, 0), i.tokens
		FROM search_pending i CROSS JOIN search_docs d ON d.doc_id = i.doc_id
		WHERE $2 <> '' AND i.doc_id < $3 AND i.doc_id >= $4 ORDER BY i.doc_id DESC LIMIT $5`
)

// candidateRow is a document, whether it may be found, and its tokens while it
// is pending.
type candidateRow struct {
	store.Document
	permitted int64
	tokens    string
}

func (r *candidateRow) targets() []any {
	return []any{&r.ID, &r.Kind, &r.RefID, &r.ConversationID, &r.permitted, &r.tokens}
}
func (r *candidateRow) value() candidateRow { return *r }

func (fts5) search(ctx context.Context, c checked, s *search) (store.SearchPage, error) {
	args := []any{s.account, s.expression(" AND ", " OR ", fts5Term), s.to, s.from, s.Scan}
	condition := s.permitted(&args)
	// Pending ones first: one that leaves them meanwhile is seen twice then, and
	// else would not be seen at all.
	pending, err := list(ctx, c, new(candidateRow), fmt.Sprintf(pendingSQL, condition), slices.Clone(args)...)
	if err != nil {
		return store.SearchPage{}, err
	}
	pending = slices.DeleteFunc(pending, func(r candidateRow) bool { return !s.matches(strings.Fields(r.tokens)) })
	rows, err := c.query(ctx, fmt.Sprintf(fts5SQL, condition), args...)
	if err != nil {
		return store.SearchPage{}, err
	}
	defer rows.Close()
	var p store.SearchPage
	take := func(r *candidateRow) (full bool) {
		p.Looked++
		if r.permitted != 0 {
			p.Documents = append(p.Documents, r.Document)
		}
		if full = len(p.Documents) == s.Limit || p.Looked == s.Scan; full {
			p.Next = r.ID
		}
		return full
	}
	var r candidateRow
	targets := r.targets()
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return store.SearchPage{}, c.classify(err)
		}
		for len(pending) > 0 && pending[0].ID >= r.ID {
			if pending[0].ID > r.ID && take(&pending[0]) {
				return p, nil
			}
			pending = pending[1:]
		}
		if take(&r) {
			return p, nil
		}
	}
	if err := rows.Err(); err != nil {
		return store.SearchPage{}, c.classify(err)
	}
	for i := range pending {
		if take(&pending[i]) {
			break
		}
	}
	return p, nil
}

// fts5EntriesSQL hides the account from the choice of an index. Entries have
// none of account and id in SQLite, where the id alone is the key; of the one
// that begins with the account SQLite expects ten rows, which it takes for
// fewer than several ids find, and walks all that the account has.
var fts5EntriesSQL = bySizes(func(size int) string {
	return entryTable.selectFrom("WHERE " + hidden("account_id") + " = $1 AND id IN (" + placeholders(2, size) + ")")
})

func (fts5) entries() map[int]string { return fts5EntriesSQL }

func (fts5) holds(ctx context.Context, c checked, _, doc int64, tokens []string) (bool, error) {
	pending, ok, err := find(ctx, c, new(line), "SELECT tokens FROM search_pending WHERE doc_id = $1", doc)
	if err != nil {
		return false, err
	}
	if ok {
		have := strings.Fields(pending)
		return !slices.ContainsFunc(tokens, func(t string) bool { return !slices.Contains(have, t) }), nil
	}
	quoted := `"` + strings.Join(tokens, `" AND "`) + `"`
	_, ok, err = find(ctx, c, new(number), "SELECT rowid FROM search_index WHERE search_index MATCH $1 AND rowid = $2", quoted, doc)
	return ok, err
}
