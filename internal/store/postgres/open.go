package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
)

const (
	defaultMaxConns  = 16
	defaultTxTimeout = time.Minute
	defaultTxSilence = 15 * time.Second
	applicationName  = "parley"
)

// Options says which database to open and how.
type Options struct {
	// URL is a postgres:// URL or a keyword list, as libpq and pgx take it.
	URL string
	// MaxConns is the size of the pool; 0 = the URL's pool_max_conns, else 16.
	MaxConns int
	// TxTimeout is how long one write transaction may take; 0 = one minute.
	TxTimeout time.Duration
	// TxSilence is for how long a write transaction may ask nothing of the server
	// before the server ends it; 0 = 15 seconds. A process that is frozen, or
	// behind a network that is gone, holds up the account's other writers for as
	// long.
	TxSilence time.Duration
	// ApplicationName is what the server lists the connections as; "" =
	// parley. One in the URL wins over an empty one.
	ApplicationName string
	// Logger hears of migrations; nil = nobody does.
	Logger *slog.Logger
	// OnCommit, when set, is told how many commands shared a write
	// transaction. It must be quick and safe for concurrent use.
	OnCommit func(commands int)
}

// OpenStore connects to the database, brings its schema up to date and returns
// the store on it. Several processes may do so at the same moment: one
// migrates, the others wait. It returns core.Unavailable when the server cannot
// be reached and when the schema is newer than this binary.
func OpenStore(ctx context.Context, opts Options) (store.Store, error) {
	engine, err := Open(ctx, opts)
	if err != nil {
		return nil, err
	}
	if err := engine.Migrate(ctx); err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return sqlstore.New(engine, opts.OnCommit), nil
}

// Open connects to the database and takes it as it is. The schema is looked at
// by Migrate and by Ready.
func Open(ctx context.Context, opts Options) (*Engine, error) {
	config, err := pgxpool.ParseConfig(opts.URL)
	if err != nil {
		// Not wrapped: the driver's error carries the whole URL, with its password.
		return nil, &core.Error{Kind: core.Invalid, Message: "the database URL cannot be read", Err: errors.New(err.Error())}
	}
	switch {
	case opts.MaxConns > 0:
		config.MaxConns = int32(min(opts.MaxConns, 1<<16))
	case !strings.Contains(opts.URL, "pool_max_conns"):
		config.MaxConns = defaultMaxConns
	}
	if _, ok := config.ConnConfig.RuntimeParams["application_name"]; !ok || opts.ApplicationName != "" {
		config.ConnConfig.RuntimeParams["application_name"] = cmp.Or(opts.ApplicationName, applicationName)
	}
	config.AfterConnect = withoutJIT
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	e := &Engine{pool: pool, logger: opts.Logger, txTimeout: opts.TxTimeout, begin: beginWith(opts.TxSilence)}
	if e.txTimeout <= 0 {
		e.txTimeout = defaultTxTimeout
	}
	if err := e.checkServer(ctx); err != nil {
		return nil, errors.Join(e.Classify(err), e.Close())
	}
	return e, nil
}

// beginWith returns what begins a write transaction that may be silent for so
// long: two statements in one message.
func beginWith(silence time.Duration) string {
	if silence <= 0 {
		silence = defaultTxSilence
	}
	return fmt.Sprintf("begin isolation level read committed read write; set local idle_in_transaction_session_timeout = %d", silence.Milliseconds())
}

// withoutJIT keeps the server from compiling statements. Ours take a
// millisecond; compiling one, which a planner without statistics of a young
// table decides to do, takes a hundred. It is no startup parameter because
// poolers refuse those that they do not know; a server that knows no JIT
// refuses this one, and is as good.
func withoutJIT(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET jit = off")
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// checkServer refuses a database that would not keep every text.
func (e *Engine) checkServer(ctx context.Context) error {
	encoding, err := scanOne[string](ctx, e, "SELECT current_setting('server_encoding')")
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	if encoding != "UTF8" {
		return &core.Error{Kind: core.Unavailable, Message: "the database's encoding is " + encoding + " and must be UTF8"}
	}
	return nil
}
