package commbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// step is one call of a scene, whose calls change what later ones find.
type step struct {
	call   string // method and path
	body   string
	form   string // the content type; "" = JSON
	golden string // below testdata/golden, without .json; "" = that of the status below errors
	status int    // 0 = 200
	auth   string // "" = bearer
}

// scene plays the steps on a server of each engine. The doctor is content
// afterwards.
func scene(t *testing.T, steps []step) {
	t.Helper()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		alignIDs(t, s.Store)
		for _, e := range steps {
			e.play(t, s)
		}
		healthy(t, s.Store)
	})
}

// alignIDs makes both engines give the same ids from now on. PostgreSQL jumps a
// million ids ahead of a far one that it must not give out, so the second step
// is none for it.
func alignIDs(t *testing.T, st store.Store) {
	t.Helper()
	err := st.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error {
		for _, space := range []store.IDSpace{store.PersonIDs, store.IdentityIDs} {
			for _, id := range []int64{4_000_000, 5_000_000} {
				if err := tx.LiftIDs(ctx, space, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// play sends the step's request and compares the whole answer.
func (e step) play(t *testing.T, s *testserver.Server) {
	t.Helper()
	if e.status == 0 {
		e.status = http.StatusOK
	}
	if e.auth == "" {
		e.auth = bearer
	}
	if e.form == "" {
		e.form = "application/json"
	}
	if e.golden == "" {
		e.golden = "errors/" + map[int]string{400: "400", 401: "401", 404: "404", 413: "413"}[e.status]
	}
	method, path, _ := strings.Cut(e.call, " ")
	got := s.Send(t, method, path, e.body, "Authorization", e.auth, "Content-Type", e.form)
	if got.Status != e.status {
		t.Errorf("%s %s answered %d, want %d: %s", e.call, e.body, got.Status, e.status, got.Body)
		return
	}
	if got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: header %v", e.call, got.Header)
	}
	testkit.Golden(t, "testdata/golden/"+e.golden+".json", got.Body)
	path, _, _ = strings.Cut(path, "?")
	testkit.CheckResponse(t, "commbox", method, strings.ToLower(strings.TrimSuffix(path, "/")), got.Status, got.Header, got.Body)
}

// healthy asks the doctor.
func healthy(t *testing.T, st store.Store) {
	t.Helper()
	if _, err := integrity.Check(t.Context(), st, func(f integrity.Fault) { t.Error(f) }); err != nil {
		t.Error(err)
	}
}

// reader is a key that may only read; writer one that may only write.
const (
	reader = "Bearer harbour-reader-key-0001"
	agent  = "Bearer harbour-agent-key-0001" // reads and writes as agent 600002
)
