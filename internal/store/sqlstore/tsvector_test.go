package sqlstore_test

import (
	"testing"

	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// TestSearchOfWhatWasCommonLongAgo: what the newest documents do not hold, and
// the index knows of too much of, is found window by window, all of it.
func TestSearchOfWhatWasCommonLongAgo(t *testing.T) {
	t.Parallel()
	engine, err := postgres.Open(t.Context(), postgres.Options{URL: testkit.Postgres(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := sqlstore.New(engine, nil)
	defer func() { _ = st.Close() }()
	// 6,000 old documents, and 7,000 newer ones of other words.
	_, err = engine.Exec(t.Context(), `INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id, tokens)
		SELECT n, 1, 'message', n, 1, array_to_tsvector(ARRAY[CASE WHEN n <= 6000 THEN 'old' ELSE 'new' END, '·a1']) FROM generate_series(1, 13000) AS n`)
	if err != nil {
		t.Fatal(err)
	}
	q := store.SearchQuery{Terms: []store.SearchTerm{{Token: "old"}}, AllInboxes: true, Kinds: []store.DocumentKind{store.MessageDocument, store.ContactDocument}, Limit: 1000, Scan: 5000}
	found, empty := 0, 0
	for last := int64(6001); ; {
		p, err := st.Search(t.Context(), 1, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Documents) == 0 {
			empty++
		}
		for _, d := range p.Documents {
			if d.ID != last-1 {
				t.Fatalf("document %d comes after %d", d.ID, last)
			}
			last = d.ID
			found++
		}
		if p.Next == 0 {
			break
		}
		q.Before = p.Next
	}
	if found != 6000 || empty == 0 {
		t.Errorf("found %d of 6000, with %d pages that held none", found, empty)
	}
}
