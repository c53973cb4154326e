package sqlstore_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
)

// searched is how many messages BenchmarkSearch searches, 20,000 where the
// environment does not say.
func searched(b *testing.B) int {
	b.Helper()
	text := cmp.Or(os.Getenv("PARLEY_BENCH_MESSAGES"), "20000")
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// The data of the benchmark: words as often as in speech, the commonest in every
// third message, some of them once in all.
const (
	searchVocabulary = 50_000
	searchPerThread  = 40
	searchInboxes    = 10
)

// zipfWords makes messages of 4 to 24 words.
type zipfWords struct {
	rnd  *rand.Rand
	zipf *rand.Zipf
}

func newZipfWords() *zipfWords {
	rnd := rand.New(rand.NewPCG(7, 7)) // the same data each time
	return &zipfWords{rnd, rand.NewZipf(rnd, 1.07, 8, searchVocabulary-1)}
}

func (z *zipfWords) word() string { return wordAt(z.zipf.Uint64()) }

// wordAt spells a number in syllables: common words are short, and many begin
// alike.
func wordAt(n uint64) string {
	var b strings.Builder
	for n++; n > 0; n /= 60 {
		b.WriteByte("bcdfghklmnpr"[n%12])
		b.WriteByte("aeiou"[n/12%5])
	}
	return b.String()
}

func (z *zipfWords) message() []string {
	words := make([]string, 4+z.rnd.IntN(21))
	for i := range words {
		words[i] = z.word()
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// loadThreads makes the account 1 and its conversations, by turns in the
// inboxes.
func loadThreads(b *testing.B, st store.Store, n int) {
	b.Helper()
	err := st.InTx(b.Context(), 0, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertAccount(ctx, &core.Account{ID: 1, Name: "Busy"})
	})
	contact, inboxes := core.Contact{AccountID: 1}, make([]core.Inbox, searchInboxes)
	identity := core.Identity{AccountID: 1, ProviderType: core.AnonymousProvider, Address: "x"}
	for at := -1; at < n/searchPerThread && err == nil; at += 500 {
		err = st.InTx(b.Context(), 1, func(ctx context.Context, tx store.Tx) error {
			if at < 0 {
				for i := range inboxes {
					inboxes[i] = core.Inbox{ID: int64(i + 1), AccountID: 1, Name: strconv.Itoa(i), Channel: core.ChannelWeb}
					if err := tx.InsertInbox(ctx, &inboxes[i]); err != nil {
						return err
					}
				}
				if err := tx.InsertContact(ctx, &contact); err != nil {
					return err
				}
				identity.ContactID = contact.ID
				if err := tx.InsertIdentity(ctx, &identity); err != nil {
					return err
				}
			}
			for i := max(at, 0); i < at+500; i++ {
				c := core.Conversation{AccountID: 1, ID: int64(i + 1), InboxID: int64(i%searchInboxes + 1), ContactID: contact.ID, IdentityID: identity.ID}
				c.Begin()
				if err := tx.InsertConversation(ctx, &c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		b.Fatal(err)
	}
}

// loadSearched fills an account's index, and nothing else: an hour's messages
// of a busy account for every thousand. The account has the id 1.
func loadSearched(b *testing.B, e sqlstore.Engine, n int) {
	b.Helper()
	z := newZipfWords()
	const batch = 500
	vector := e.TextIndex() == sqlstore.TSVector
	run := func(tx sqlstore.EngineTx, sql string, args []any) {
		if _, err := tx.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	rows := func(columns int, format string) string {
		all := make([]string, batch)
		for i := range all {
			from := make([]any, columns)
			for c := range from {
				from[c] = i*columns + c + 1
			}
			all[i] = fmt.Sprintf(format, from...)
		}
		return strings.Join(all, ", ")
	}
	docs, index := "INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id) VALUES "+rows(4, "($%d, 1, $%d, $%d, $%d)"), "INSERT INTO search_index (rowid, tokens) VALUES "+rows(2, "($%d, $%d)")
	if vector {
		docs = "INSERT INTO search_docs (doc_id, account_id, kind, ref_id, conversation_id, tokens) VALUES " + rows(5, "($%d, 1, $%d, $%d, $%d, array_to_tsvector(string_to_array($%d, ' ')))")
	}
	for at := 0; at < n; at += batch {
		tx, err := e.Begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		var rowArgs, wordArgs []any
		for i := at; i < at+batch; i++ {
			kind := "message"
			if i%10 == 0 {
				kind = "note"
			}
			thread := i/searchPerThread + 1
			tokens := strings.Join(append(z.message(), "·a1", "·d"+strconv.Itoa(thread/3)), " ")
			doc := int64(core.Time(i)*core.Time(3600*time.Millisecond/time.Microsecond)+1_600_000_000_000_000) << 10
			rowArgs = append(rowArgs, doc, kind, int64(i+1), int64(thread))
			if vector {
				rowArgs = append(rowArgs, tokens)
			} else {
				wordArgs = append(wordArgs, doc, tokens)
			}
		}
		run(tx, docs, rowArgs)
		if !vector {
			run(tx, index, wordArgs)
		}
		if err := tx.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch searches for what people search for: words as common as they
// are in the messages, one to three of them, the last one often not yet written
// to its end; now and then in one contact's messages, or in some inboxes. The
// distribution counts, so it prints percentiles, and the slowest kind.
func BenchmarkSearch(b *testing.B) {
	n := searched(b)
	b.Run("sqlite", func(b *testing.B) {
		engine, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "search.db")})
		if err != nil {
			b.Fatal(err)
		}
		if err := engine.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		benchmarkSearch(b, engine, n)
	})
	b.Run("postgres", func(b *testing.B) {
		engine, err := postgres.Open(b.Context(), postgres.Options{URL: testkit.Postgres(b)})
		if err != nil {
			b.Fatal(err)
		}
		if err := engine.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		benchmarkSearch(b, engine, n)
	})
}

func benchmarkSearch(b *testing.B, engine sqlstore.Engine, n int) {
	b.Helper()
	st := sqlstore.New(engine, nil)
	defer func() { _ = st.Close() }()
	began := time.Now()
	loadThreads(b, st, n)
	loadSearched(b, engine, n)
	b.Logf("%d documents in %v", n, time.Since(began))
	if engine.TextIndex() == sqlstore.TSVector {
		if _, err := engine.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
	for _, kind := range []string{"word", "prefix", "two", "three", "rare pair", "contact", "inboxes", "mixed"} {
		b.Run(kind, func(b *testing.B) {
			z := newZipfWords()
			var took []time.Duration
			var worst time.Duration
			slowest, found := "", 0
			for i := 0; b.Loop(); i++ {
				q := z.query(kind, i, n)
				from := time.Now()
				p, err := st.Search(context.Background(), 1, q)
				d := time.Since(from)
				if err != nil {
					b.Fatal(err)
				}
				if d > worst {
					worst, slowest = d, fmt.Sprint(q.Terms, " finds ", len(p.Documents))
				}
				took = append(took, d)
				found += len(p.Documents)
			}
			slices.Sort(took)
			at := func(p int) float64 { return float64(took[min(len(took)-1, len(took)*p/1000)].Microseconds()) }
			b.ReportMetric(at(500), "p50-us")
			b.ReportMetric(at(990), "p99-us")
			b.ReportMetric(at(1000), "max-us")
			b.ReportMetric(float64(found)/float64(len(took)), "hits")
			b.Logf("%s: %v, %s", kind, worst, slowest)
		})
	}
}

// query makes the i-th query of a kind.
func (z *zipfWords) query(kind string, i, n int) store.SearchQuery {
	q := store.SearchQuery{AllInboxes: true, Limit: 26, Scan: 5000}
	word := func(prefix bool) {
		w := z.word()
		if prefix {
			w = w[:max(min(len(w), 2), z.rnd.IntN(len(w))+1)]
		}
		q.Terms = append(q.Terms, store.SearchTerm{Token: w, Prefix: prefix})
	}
	if kind == "mixed" {
		kind = []string{"word", "prefix", "two", "three", "prefix", "contact", "two", "word"}[i%8]
	}
	switch kind {
	case "word", "inboxes":
		word(false)
	case "prefix":
		word(true)
	case "two":
		word(false)
		word(true)
	case "three":
		word(false)
		word(false)
		word(true)
	case "rare pair": // each rather common, seldom together
		q.Terms = []store.SearchTerm{{Token: wordAt(20 + z.rnd.Uint64N(60))}, {Token: wordAt(100 + z.rnd.Uint64N(300))}, {Token: wordAt(100 + z.rnd.Uint64N(300))}}
	case "contact":
		word(true)
		q.IdentityIDs = []int64{z.rnd.Int64N(int64(n)/searchPerThread/3) + 1}
	}
	if kind == "inboxes" {
		q.AllInboxes, q.InboxIDs = false, []int64{1, 2, 3}
	}
	return q
}
