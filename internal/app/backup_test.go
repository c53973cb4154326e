package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/app"
	"parley/internal/backup"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/store/sqlite"
	"parley/internal/store/sqlstore"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// eachEngine runs the test on each, as one part of it.
func eachEngine(t *testing.T, run func(t *testing.T, engine string)) {
	t.Helper()
	for _, engine := range []string{store.SQLite, store.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, engine)
		})
	}
}

// place is the settings of an empty installation.
func place(t *testing.T, engine string) *config.Config {
	t.Helper()
	cfg := settings(t)
	if engine == store.Postgres {
		cfg.DatabaseURL = config.Secret(testkit.Postgres(t))
	}
	return cfg
}

// open opens the installation's database for the time of do.
func open(t *testing.T, cfg *config.Config, do func(st store.Store)) {
	t.Helper()
	st, err := app.OpenStore(t.Context(), cfg, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	do(st)
}

// fill adds a small account and makes a token for it.
func fill(t *testing.T, st store.Store) (f storetest.Fixture, token string) {
	t.Helper()
	f = storetest.Seed(t, st)
	out, err := app.NewOperations(st, clock).CreateToken(t.Context(), app.TokenRequest{AccountID: f.Account.ID, Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Token string }
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatal(err)
	}
	return f, made.Token
}

// filled is an installation that holds the account of fill and is closed.
func filled(t *testing.T, engine string) *config.Config {
	t.Helper()
	cfg := place(t, engine)
	open(t, cfg, func(st store.Store) { fill(t, st) })
	return cfg
}

// backUp writes a backup of a closed installation and returns its folder.
func backUp(t *testing.T, cfg *config.Config) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	if _, err := app.Backup(t.Context(), cfg, dir, clock, testserver.Log(t)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func restore(t *testing.T, cfg *config.Config, o app.RestoreOptions) (app.Restored, error) {
	t.Helper()
	var faults bytes.Buffer
	done, err := app.Restore(t.Context(), cfg, o, clock, testserver.Log(t), &faults)
	if faults.Len() > 0 {
		t.Errorf("the doctor found:\n%s", &faults)
	}
	return done, err
}

// answers are bodies that the doors give of the account of fill.
func answers(t *testing.T, st store.Store, f storetest.Fixture, token string) map[string]string {
	t.Helper()
	key, err := app.IDKey(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	h := app.NewHandler(app.HandlerOptions{Store: st, Clock: clock, Log: testserver.Log(t), IDKey: key})
	bodies := map[string]string{}
	for _, path := range []string{
		fmt.Sprintf("/v2/users/identities/%d/objects", f.AdaWeb.ID),
		fmt.Sprintf("/streams/%d/objects/%d?includeChilds=true", f.Web.ID, f.Chat.ID),
		"/api/agents/customerSupport/conversations?lead_id=" + f.Ada.UUID,
		"/v1/search?q=lovelace",
		"/v1/search?q=invoice&types=message",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if strings.Contains(path, "search") && !strings.Contains(w.Body.String(), "snippet") {
			t.Errorf("%s finds nothing: %s", path, w.Body)
		}
		bodies[path] = w.Body.String()
	}
	return bodies
}

// export is everything of the database in one text.
// TestRestoredServerAnswersTheSame compares bodies, an export with all secrets,
// and the event log; only the epoch is another one.
func TestRestoredServerAnswersTheSame(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		from, to := place(t, engine), place(t, engine)
		var f storetest.Fixture
		latest, err := sqlstore.LatestMigration(sqlite.Migrations())
		if err != nil {
			t.Fatal(err)
		}
		var token, lines string
		var bodies map[string]string
		var account core.Account
		var events []core.Event
		open(t, from, func(st store.Store) {
			f, token = fill(t, st)
			bodies, lines = answers(t, st, f, token), string(export(t, st))
			account, events = logOf(t, st, f.Account.ID)
		})
		done, err := restore(t, to, app.RestoreOptions{Dir: backUp(t, from)})
		if err != nil || done.Faults == nil || *done.Faults != 0 || done.Kept != "" || done.SchemaVersion != latest {
			t.Errorf("restored %+v, %v", done, err)
		}
		open(t, to, func(st store.Store) {
			if diff := cmp.Diff(bodies, answers(t, st, f, token)); diff != "" {
				t.Errorf("bodies (-before +after):\n%s", diff)
			}
			if got := string(export(t, st)); got != lines {
				t.Errorf("an export differs: %s", cmp.Diff(strings.Split(lines, "\n"), strings.Split(got, "\n")))
			}
			restored, kept := logOf(t, st, account.ID)
			if restored.Epoch == account.Epoch || restored.Epoch == "" {
				t.Errorf("the epoch is still %q", restored.Epoch)
			}
			account.Epoch = restored.Epoch
			if diff := cmp.Diff(account, restored); diff != "" {
				t.Errorf("account (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(events, kept); diff != "" {
				t.Errorf("events (-before +after):\n%s", diff)
			}
			// Ids go on where they stood.
			in := conversation.NewEntry{ConversationID: f.Ask.ID, Kind: core.Message, Content: "x", Sender: core.Actor{Type: core.ActorContact}}
			made, err := conversation.NewWrites(st, clock).Append(t.Context(), account.ID, in)
			if err != nil || strings.Contains(lines, fmt.Sprintf(`"kind":"message","id":%d,`, made.ID)) {
				t.Errorf("the next message: %+v, %v", made, err)
			}
		})
	})
}

func logOf(t *testing.T, st store.Store, account int64) (core.Account, []core.Event) {
	t.Helper()
	a, err := st.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	events, err := st.ListEvents(t.Context(), a.ID, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return a, events
}

// TestBackupUnderLoad backs up while writers work. Whatever was acknowledged
// before it began is in it, and what is in it fits together.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		from, to := place(t, engine), place(t, engine)
		dir := filepath.Join(t.TempDir(), "backup")
		var f storetest.Fixture
		var before []int64
		open(t, from, func(st store.Store) {
			f, _ = fill(t, st)
			l := startLoad(t, st, f)
			l.waitFor(100)
			before = l.acknowledged()
			// A server's backup goes through its store, one without a server
			// (on PostgreSQL beside one) through an engine of its own.
			var err error
			if engine == store.SQLite {
				ops := app.NewOperations(st, clock)
				_, err = ops.Backup(t.Context(), dir)
			} else {
				_, err = app.Backup(t.Context(), from, dir, clock, testserver.Log(t))
			}
			if err != nil {
				t.Error(err)
			}
			l.waitFor(len(before) + 1) // the writers did go on
			l.stop()
		})
		if _, err := restore(t, to, app.RestoreOptions{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		open(t, to, func(st store.Store) {
			for _, id := range before {
				if _, err := st.Entry(t.Context(), f.Account.ID, id); err != nil {
					t.Errorf("message %d was acknowledged before the backup: %v", id, err)
				}
			}
		})
	})
}

// load is some writers and what they were told is stored.
type load struct {
	t    *testing.T
	done chan struct{}
	wg   sync.WaitGroup
	more chan struct{} // gets a value for each message that is acknowledged

	mu  sync.Mutex
	ids []int64 // guarded by mu
}

func startLoad(t *testing.T, st store.Store, f storetest.Fixture) *load {
	t.Helper()
	l := &load{t: t, done: make(chan struct{}), more: make(chan struct{}, 1)}
	writes := conversation.NewWrites(st, clock)
	for range 4 {
		l.wg.Go(func() {
			for {
				select {
				case <-l.done:
					return
				default:
				}
				made, err := writes.Append(t.Context(), f.Account.ID, conversation.NewEntry{
					ConversationID: f.Ask.ID, Kind: core.Message, Content: "under load", Sender: core.Actor{Type: core.ActorContact},
				})
				if err != nil {
					t.Error(err)
					return
				}
				l.mu.Lock()
				l.ids = append(l.ids, made.ID)
				l.mu.Unlock()
				select {
				case l.more <- struct{}{}:
				default:
				}
			}
		})
	}
	return l
}

func (l *load) acknowledged() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ids)
}

// waitFor waits until n messages are acknowledged.
func (l *load) waitFor(n int) {
	for len(l.acknowledged()) < n {
		select {
		case <-l.more:
		case <-l.t.Context().Done():
			l.t.Fatal("the writers stopped")
		}
	}
}

func (l *load) stop() {
	close(l.done)
	l.wg.Wait()
}

// TestBackupThroughTheRunningServer asks over the admin socket.
func TestBackupThroughTheRunningServer(t *testing.T) {
	t.Parallel()
	cfg := filled(t, store.SQLite)
	s, err := app.NewServer(t.Context(), cfg, clock, testserver.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	op, ok := app.DialOperator(t.Context(), cfg.AdminSocket())
	if !ok {
		t.Fatal("nobody listens on the admin socket")
	}
	dir := filepath.Join(t.TempDir(), "new", "backup")
	out, err := op.Backup(t.Context(), dir)
	var m backup.Manifest
	if jerr := json.Unmarshal(out, &m); err != nil || jerr != nil || m.Engine != store.SQLite || len(m.Files) != 1 {
		t.Errorf("backup: %s, %v, %v", out, err, jerr)
	}
	if _, err := op.Backup(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over an older one: %v", err)
	}
	if _, err := op.Backup(t.Context(), "backup"); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("to a relative path: %v", err)
	}
	// Nobody restores below a server, whatever is asked for.
	if _, err := restore(t, cfg, app.RestoreOptions{Dir: dir, Replace: true}); core.KindOf(err) != core.Unavailable {
		t.Errorf("restore while the server runs: %v", err)
	}
	stop()
	if err := errors.Join(<-ended, op.Close()); err != nil {
		t.Error(err)
	}
	if done, err := restore(t, cfg, app.RestoreOptions{Dir: dir, Replace: true, NoCheck: true}); err != nil || done.Faults != nil {
		t.Errorf("restore: %+v, %v", done, err)
	}
}

func TestRestoreOnPostgresRefusesBelowAServer(t *testing.T) {
	t.Parallel()
	cfg := filled(t, store.Postgres)
	dir := backUp(t, cfg)
	open(t, cfg, func(store.Store) {
		if _, err := restore(t, cfg, app.RestoreOptions{Dir: dir, Replace: true}); core.KindOf(err) != core.Unavailable {
			t.Errorf("restore while a server is connected: %v", err)
		}
	})
}

// TestRestoreReplacesOnlyWhenAsked restores an older state over a newer one.
func TestRestoreReplacesOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		cfg := filled(t, engine)
		dir := backUp(t, cfg)
		var later string
		open(t, cfg, func(st store.Store) {
			if _, err := app.NewOperations(st, clock).CreateAccount(t.Context(), "Later"); err != nil {
				t.Fatal(err)
			}
			later = string(export(t, st))
		})
		if _, err := restore(t, cfg, app.RestoreOptions{Dir: dir}); core.KindOf(err) != core.Conflict || !strings.Contains(err.Error(), "--replace") {
			t.Errorf("unasked: %v", err)
		}
		open(t, cfg, func(st store.Store) {
			if string(export(t, st)) != later {
				t.Error("a restore that was refused has changed the database")
			}
		})
		done, err := restore(t, cfg, app.RestoreOptions{Dir: dir, Replace: true})
		if err != nil {
			t.Fatal(err)
		}
		open(t, cfg, func(st store.Store) {
			if accounts, err := st.ListAccounts(t.Context(), 0, 10); err != nil || len(accounts) != 1 {
				t.Errorf("accounts %+v, %v", accounts, err)
			}
		})
		if engine == store.Postgres {
			return
		}
		// What was replaced is whole.
		aside := settings(t)
		if err := os.Rename(done.Kept, filepath.Join(aside.DataDir, "parley.db")); err != nil {
			t.Fatal(err)
		}
		open(t, aside, func(st store.Store) {
			if string(export(t, st)) != later {
				t.Error("the database that was put aside is another one")
			}
		})
	})
}

// TestRestoreRefusesWhatIsNoWholeBackup damages a backup in every way, and
// looks whether anything was touched.
func TestRestoreRefusesWhatIsNoWholeBackup(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		from := filled(t, engine)
		attachments := filepath.Join(from.DataDir, backup.AttachmentsName)
		if err := errors.Join(os.MkdirAll(attachments, 0o700), os.WriteFile(filepath.Join(attachments, "photo"), []byte("photo"), 0o600)); err != nil {
			t.Fatal(err)
		}
		whole := backUp(t, from)
		b, err := backup.Open(t.Context(), whole)
		if err != nil {
			t.Fatal(err)
		}
		data := b.Files[0].Name
		for name, c := range map[string]struct {
			damage func(t *testing.T, dir string)
			kind   core.Kind
			says   string
		}{
			"flipped bit": {func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, data), func(text []byte) []byte { text[len(text)/2] ^= 1; return text })
			}, core.Invalid, "checksum"},
			"cut off": {func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, data), func(text []byte) []byte { return text[:len(text)-1] })
			}, core.Invalid, "bytes"},
			"missing file": {func(t *testing.T, dir string) {
				if err := os.Remove(filepath.Join(dir, data)); err != nil {
					t.Fatal(err)
				}
			}, core.Invalid, "is missing"},
			"missing manifest": {func(t *testing.T, dir string) {
				if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil {
					t.Fatal(err)
				}
			}, core.Invalid, "never finished"},
			"broken manifest": {func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "manifest.json"), func(text []byte) []byte { return text[:len(text)/2] })
			}, core.Invalid, "damaged"},
			"newer schema": {manifestWith(`"schema_version": `, `"schema_version": 999`), core.Unavailable, "999"},
			"newer form":   {manifestWith(`"format_version": 1,`, `"format_version": 2, "shape": "other",`), core.Unavailable, "form 2"},
			"other engine": {manifestWith(`"engine": "`+engine+`"`, `"engine": "other"`), core.Invalid, "other"},
			"way out":      {manifestWith(`"files/attachments/photo"`, `"files/attachments/../../photo"`), core.Invalid, "no file of a backup"},
			"foreign file": {manifestWith(`"files/attachments/photo"`, `"files/parley.db-wal"`), core.Invalid, "no file of a backup"},
		} {
			t.Run(name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "copy")
				if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
				c.damage(t, dir)
				to := settings(t)
				if engine == store.Postgres {
					to.DatabaseURL = from.DatabaseURL // holds accounts: replacing them would show
				}
				_, err := restore(t, to, app.RestoreOptions{Dir: dir, Replace: true})
				if err == nil || core.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %s with %q", err, c.kind, c.says)
				}
				if files, err := os.ReadDir(to.DataDir); err != nil || len(files) != 0 {
					t.Errorf("the data dir holds %v, %v", files, err)
				}
			})
		}
		open(t, from, func(st store.Store) {
			if a, err := st.ListAccounts(t.Context(), 0, 10); err != nil || len(a) != 1 {
				t.Errorf("accounts %+v, %v", a, err)
			}
		})
	})
}

func rewrite(t *testing.T, path string, change func(text []byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func manifestWith(from, to string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		rewrite(t, filepath.Join(dir, "manifest.json"), func(text []byte) []byte {
			if !bytes.Contains(text, []byte(from)) {
				t.Fatalf("no %s in %s", from, text)
			}
			return bytes.Replace(text, []byte(from), []byte(to), 1)
		})
	}
}

// TestRestoreThatStopsChangesNothing stops after everything was made ready, and
// restores again.
func TestRestoreThatStopsChangesNothing(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		dir := backUp(t, filled(t, engine))
		cfg := place(t, engine)
		var before string
		open(t, cfg, func(st store.Store) {
			if _, err := app.NewOperations(st, clock).CreateAccount(t.Context(), "Other"); err != nil {
				t.Fatal(err)
			}
			before = string(export(t, st))
		})
		wanted := errors.New("stop here")
		o := app.RestoreOptions{Dir: dir, Replace: true}
		if _, err := restore(t, cfg, o.Before(func() error { return wanted })); !errors.Is(err, wanted) {
			t.Errorf("got %v", err)
		}
		if left, err := filepath.Glob(filepath.Join(cfg.DataDir, "*re*-*")); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		open(t, cfg, func(st store.Store) {
			if string(export(t, st)) != before {
				t.Error("the database has changed")
			}
			if faults, err := app.NewOperations(st, clock).Doctor(t.Context(), io.Discard); faults != 0 || err != nil {
				t.Errorf("%d faults, %v", faults, err)
			}
		})
		if _, err := restore(t, cfg, o); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

// TestFilesBesideTheDatabase takes attachments along.
func TestFilesBesideTheDatabase(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		from := filled(t, engine)
		want := map[string]string{"attachments/1/ab/photo.png": "photo", "attachments/empty": ""}
		for name, text := range want {
			path := filepath.Join(from.DataDir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		dir, to := backUp(t, from), place(t, engine)
		taken := filepath.Join(to.DataDir, "attachments/empty")
		// A file of another content is not overwritten, and nothing begins.
		if err := errors.Join(os.MkdirAll(filepath.Dir(taken), 0o700), os.WriteFile(taken, []byte("another"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, to, app.RestoreOptions{Dir: dir}); core.KindOf(err) != core.Conflict {
			t.Errorf("over another file: %v", err)
		}
		if err := os.Remove(taken); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, to, app.RestoreOptions{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if got, err := os.ReadFile(filepath.Join(to.DataDir, name)); err != nil || string(got) != text {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			if info, err := os.Stat(filepath.Join(to.DataDir, name)); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %o", name, info.Mode().Perm())
			}
		}
		// The same files are no obstacle.
		if _, err := restore(t, to, app.RestoreOptions{Dir: dir, Replace: true}); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func TestBackupOfNothing(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, engine string) {
		cfg := place(t, engine)
		dir := filepath.Join(t.TempDir(), "backup")
		if _, err := app.Backup(t.Context(), cfg, dir, clock, testserver.Log(t)); core.KindOf(err) != core.NotFound {
			t.Errorf("got %v", err)
		}
		if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}
