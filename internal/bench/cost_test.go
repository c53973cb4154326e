package bench_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"parley/internal/bench"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/store/sqlstore"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// cost is what requests took from the database: statements, and rows that came
// back. That a statement walks no more than it returns is for the tests of the
// store, which look at plans.
type cost struct{ statements, rows int64 }

// counted is an engine that counts what is read.
type counted struct {
	migrated
	statements, rows atomic.Int64
}

type migrated interface {
	sqlstore.Engine
	Migrate(ctx context.Context) error
}

func (e *counted) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	e.statements.Add(1)
	rows, err := e.migrated.Query(ctx, text, args...)
	return countedRows{rows, e}, err
}

func (e *counted) Snapshot(ctx context.Context, fn func(ctx context.Context, q sqlstore.Querier) error) error {
	return e.migrated.Snapshot(ctx, func(ctx context.Context, q sqlstore.Querier) error { return fn(ctx, countedQuerier{q, e}) })
}

func (e *counted) take() cost { return cost{e.statements.Swap(0), e.rows.Swap(0)} }

type countedQuerier struct {
	sqlstore.Querier
	engine *counted
}

func (q countedQuerier) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	q.engine.statements.Add(1)
	rows, err := q.Querier.Query(ctx, text, args...)
	return countedRows{rows, q.engine}, err
}

type countedRows struct {
	sqlstore.Rows
	engine *counted
}

func (r countedRows) Next() bool {
	more := r.Rows.Next()
	if more {
		r.engine.rows.Add(1)
	}
	return more
}

func openCounted(t *testing.T, engine string) *counted {
	t.Helper()
	var e migrated
	var err error
	if engine == "sqlite" {
		e, err = sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "parley.db")})
	} else {
		e, err = postgres.Open(t.Context(), postgres.Options{URL: testkit.Postgres(t)})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &counted{migrated: e}
}

// A scenario's requests may look up labels, of which the data has a few.
const (
	labelLookups = 2
	labelRows    = 5 * labelLookups
)

// near tells whether two costs differ by no more than chance makes them.
func near(a, b cost) bool {
	statements := max(a.statements, b.statements) - min(a.statements, b.statements)
	return statements <= labelLookups && max(a.rows, b.rows)*10 <= (min(a.rows, b.rows)+labelRows)*11
}

// TestCostFollowsThePage asks for each scenario's first and last row in a small
// and in a larger database: both take the same statements and as many rows. Only
// the authors of messages are more or fewer by chance; and the labels of a page
// are one more statement where it has any.
func TestCostFollowsThePage(t *testing.T) {
	t.Parallel()
	sizes := []int{100, 1000}
	if testkit.Small() {
		sizes = []int{50, 200}
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var small map[string]cost
			for _, n := range sizes {
				costs := costsOf(t, engine, bench.Fill{Conversations: n, PerContact: 5, Messages: 10, Seed: 1})
				if small == nil {
					small = costs
					continue
				}
				for name, c := range costs {
					if !near(c, small[name]) {
						t.Errorf("%s takes %+v with %d conversations, %+v with %d", name, small[name], sizes[0], c, n)
					}
				}
			}
		})
	}
}

// costsOf fills a database and returns what each scenario takes; of a write,
// what is asked before its transaction.
func costsOf(t *testing.T, engine string, fill bench.Fill) map[string]cost {
	t.Helper()
	e := openCounted(t, engine)
	st := sqlstore.New(e, nil)
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	targets, _ := filled(t, st, fill)
	// What is found for words follows how often they were said.
	scenarios := slices.DeleteFunc(targets.Scenarios, func(s bench.Scenario) bool { return s.Settled != "" })
	s := testserver.Serve(t, st, engine)
	costs := map[string]cost{}
	for i := range scenarios {
		sc := &scenarios[i]
		var header []string
		for name, value := range sc.Headers {
			header = append(header, name, value)
		}
		method := http.MethodGet
		if sc.Writes() {
			method = http.MethodPost
			header = append(header, "Content-Type", "application/json")
		}
		// Once asked for, the token is known and what was resolved is open again.
		for range 2 {
			e.take()
			for _, path := range bench.Ends(sc) {
				if r := s.Send(t, method, path, sc.Body, header...); r.Status != http.StatusOK && r.Status != http.StatusCreated {
					t.Fatalf("%s: %s %s answered %d", sc.Name, method, path, r.Status)
				}
			}
		}
		costs[sc.Name] = e.take()
	}
	return costs
}
