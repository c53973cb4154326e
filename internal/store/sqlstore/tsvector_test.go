package sqlstore_test

import (
	"testing"

	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// openVectors opens a migrated PostgreSQL database and its store.
func openVectors(t *testing.T) (*postgres.Engine, *sqlstore.Store) {
	t.Helper()
	engine, err := postgres.Open(t.Context(), postgres.Options{URL: testkit.Postgres(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := sqlstore.New(engine, nil)
	t.Cleanup(func() { _ = st.Close() })
	return engine, st
}

// TestSearchOfWhatIsCommonAndHidden: who may see few of very many that match
// finds those, whether the index is asked or is known to gather too much.
func TestSearchOfWhatIsCommonAndHidden(t *testing.T) {
	t.Parallel()
	engine, st := openVectors(t)
	// Contacts are in everybody's sight; the messages' conversations are not there.
	_, err := engine.Exec(t.Context(), `INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id, tokens)
		SELECT n, 1, CASE WHEN n % 1000 = 0 THEN 'contact' ELSE 'message' END, n, 1, array_to_tsvector(ARRAY['often', '·a1']) FROM generate_series(1, 22000) AS n`)
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range []bool{false, true} {
		if known {
			if _, err := engine.Exec(t.Context(), "ANALYZE search_docs"); err != nil {
				t.Fatal(err)
			}
		}
		q := store.SearchQuery{Terms: []store.SearchTerm{{Token: "often"}}, InboxIDs: []int64{7}, Limit: 10, Scan: 2000}
		next := int64(22_000)
		for {
			p, err := st.Search(t.Context(), 1, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range p.Documents {
				if d.ID != next {
					t.Fatalf("document %d where %d comes next, size known: %t", d.ID, next, known)
				}
				next -= 1000
			}
			if q.Before = p.Next; p.Next == 0 {
				break
			}
		}
		if next != 0 {
			t.Errorf("the search ends before document %d, size known: %t", next, known)
		}
	}
}

// TestSearchOfWhatWasCommonLongAgo: what the newest documents do not hold, and
// the index knows of too much of, is found window by window, all of it.
func TestSearchOfWhatWasCommonLongAgo(t *testing.T) {
	t.Parallel()
	engine, st := openVectors(t)
	// 6,000 old documents, and 7,000 newer ones of other words.
	_, err := engine.Exec(t.Context(), `INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id, tokens)
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
