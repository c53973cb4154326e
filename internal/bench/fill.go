package bench

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"parley/internal/core"
	"parley/internal/interchange"
	"parley/internal/store"
)

// Fill says which data to make. The same values give the same records.
type Fill struct {
	Conversations int `json:"conversations"`
	// PerContact is how many conversations a contact has.
	PerContact int `json:"conversations_per_contact"`
	// Messages is how many messages a conversation has, all public.
	Messages int    `json:"messages_per_conversation"`
	Seed     uint64 `json:"seed"`
}

// Filled names the data that one fill made in one database.
type Filled struct {
	Fill
	// ID tells it from the same data in another database.
	ID string `json:"id"`
}

// Filling is what a fill did.
type Filling struct {
	Filled Filled
	// Made is false when the data was there already.
	Made     bool
	Messages int64         // that were imported now
	Duration time.Duration // of the import
}

// AccountID is the account that a fill makes.
const AccountID = 1

// fillSetting names the setting in which a database keeps what filled it.
const fillSetting = "bench_fill"

// fillState is the value of that setting.
type fillState struct {
	Filled
	// Version is that of the records: another version makes other ones.
	Version  int  `json:"version"`
	Complete bool `json:"complete"`
}

// fillVersion is raised whenever the same Fill gives other records.
const fillVersion = 2

// Check reports what cannot be made.
func (f Fill) Check() error {
	var errs []error
	for _, n := range []struct {
		flag  string
		value int
	}{{"fill", f.Conversations}, {"contact-conversations", f.PerContact}, {"messages", f.Messages}} {
		if n.value < 1 {
			errs = append(errs, fmt.Errorf("--%s: at least 1", n.flag))
		}
	}
	return errors.Join(errs...)
}

// Into imports the data into a database that has no account. One that the same
// Fill made before is left as it is, and one in which that was broken off is
// filled to the end; any other is refused. progress, which may be nil, is told
// how many messages are stored.
func (f Fill) Into(ctx context.Context, st store.Store, clock core.Clock, progress func(messages int64)) (Filling, error) {
	state, err := f.begin(ctx, st)
	if err != nil {
		return Filling{}, err
	}
	done := Filling{Filled: state.Filled}
	if state.Complete {
		return done, nil
	}
	opts := interchange.Options{Clock: clock}
	if progress != nil {
		opts.Progress = func(s interchange.Summary) { progress(s.Stored("message")) }
	}
	summary, err := f.importInto(ctx, st, opts)
	if err != nil {
		return Filling{}, fmt.Errorf("fill: %w", err)
	}
	state.Complete = true
	if err := putState(ctx, st, state); err != nil {
		return Filling{}, fmt.Errorf("fill: %w", err)
	}
	done.Made, done.Messages, done.Duration = true, summary.Stored("message"), summary.Duration
	return done, nil
}

// begin finds out what is there, and marks an empty database as ours.
func (f Fill) begin(ctx context.Context, st store.Store) (fillState, error) {
	var state fillState
	text, ok, err := st.FindSetting(ctx, fillSetting)
	if err != nil {
		return state, fmt.Errorf("fill: %w", err)
	}
	if ok {
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			return state, fmt.Errorf("fill: setting %s: %w", fillSetting, err)
		}
		if state.Fill != f || state.Version != fillVersion {
			return state, fmt.Errorf("the database was filled with other data (%d conversations, %d a contact, %d messages each, seed %d, version %d): take an empty one",
				state.Conversations, state.PerContact, state.Messages, state.Seed, state.Version)
		}
		return state, nil
	}
	accounts, err := st.ListAccounts(ctx, 0, 1)
	if err != nil {
		return state, fmt.Errorf("fill: %w", err)
	}
	if len(accounts) > 0 {
		return state, errors.New("the database has accounts: a fill needs an empty one")
	}
	state = fillState{Filled: Filled{Fill: f, ID: rand.Text()}, Version: fillVersion}
	if err := putState(ctx, st, state); err != nil {
		return state, fmt.Errorf("fill: %w", err)
	}
	return state, nil
}

func putState(ctx context.Context, st store.Store, state fillState) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return st.InTx(ctx, 0, func(ctx context.Context, tx store.Tx) error {
		return tx.PutSetting(ctx, fillSetting, string(text))
	})
}

// importInto makes the records on one side of a pipe and imports them on the
// other.
func (f Fill) importInto(ctx context.Context, st store.Store, opts interchange.Options) (interchange.Summary, error) {
	r, w := io.Pipe()
	made := make(chan struct{})
	go func() {
		defer close(made)
		buffered := bufio.NewWriterSize(w, 1<<20)
		err := f.Generate(buffered)
		w.CloseWithError(errors.Join(err, buffered.Flush()))
	}()
	summary, err := interchange.Import(ctx, st, r, opts)
	r.CloseWithError(errors.New("the import has ended")) // lets the generator end
	<-made
	return summary, err
}
