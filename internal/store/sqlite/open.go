package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	driver "modernc.org/sqlite"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/store/sqlstore"
)

// FileName is the name of the database in a data directory.
const FileName = "parley.db"

const (
	// defaultMMapBytes is the most that SQLite maps of a file as it is built;
	// what lies behind it is read into the page caches.
	defaultMMapBytes = 0x7fff_0000
	maxReaders       = 8
	// The page caches are small because mapped pages are read where they lie;
	// they are the larger part of what the engine allocates.
	writerCacheKiB  = 8 << 10
	readersCacheKiB = 8 << 10
	minCacheKiB     = 1 << 10
	// After a large import the log file is cut back to this size.
	walLimitBytes   = 64 << 20
	busyTimeoutMsec = 10_000
)

// Options says which file to open and how. The zero value of each field but
// Path and DataDir is a good one.
type Options struct {
	// DataDir is the directory that holds the database. It is created when it
	// is absent, and locked for this process: see Lock.
	DataDir string
	// Path is the database file; "" = FileName in DataDir. With Path alone
	// nothing is locked.
	Path string
	// ReadPool is the number of reading connections; 0 = the number of cores,
	// between 2 and 8.
	ReadPool int
	// MMapBytes is how much of the file is mapped into memory; 0 = 2 GiB,
	// negative = nothing. Reads are faster with it, but a disk that fails under
	// a mapped page ends the process (SIGBUS).
	MMapBytes int64
	// Logger hears of migrations; nil = nobody does.
	Logger *slog.Logger
	// OnCommit, when set, is told how many commands shared a write
	// transaction. It must be quick and safe for concurrent use.
	OnCommit func(commands int)
}

// OpenStore opens the database, brings its schema up to date and returns the
// store on it. An absent file is created. It returns core.Unavailable when
// another process owns the data directory, when the operating system refuses
// to write there, and when the schema is newer than this binary.
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

// Open opens the database as it is, creating an empty one where there is none.
// The schema is looked at by Migrate and by Ready.
func Open(ctx context.Context, opts Options) (*Engine, error) {
	e := &Engine{logger: opts.Logger, mmap: opts.MMapBytes}
	if err := e.open(ctx, opts); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context, opts Options) error {
	var err error
	if opts.DataDir != "" {
		if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
			return unusable("create the data directory", err)
		}
		if e.lock, err = Lock(opts.DataDir); err != nil {
			return err
		}
	}
	if e.path, err = opts.path(); err != nil {
		return err
	}
	if err := create(e.path); err != nil {
		return err
	}
	write, err := driver.NewConnector(opts.writerDSN(e.path))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	e.writer = newPool(write, 1)
	// The writer comes first: it turns WAL on, which the readers cannot.
	if err := e.checkWAL(ctx); err != nil {
		return e.Classify(err)
	}
	read, err := driver.NewConnector(opts.readerDSN(e.path))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	e.readers = newPool(read, opts.readers())
	return nil
}

// create makes an empty file that only its owner can read: the database holds
// secrets. Its companions (-wal, -shm) inherit the mode. An existing file must
// not be opened and closed here: closing any descriptor of it drops the locks
// that SQLite holds on it anywhere in this process.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return unusable("create database", err)
	}
	if err := f.Close(); err != nil {
		return unusable("create database", err)
	}
	return syncDir(filepath.Dir(path))
}

// unusable is the error for what the operating system refuses to do with the
// database's place: a full or read-only disk, or one of another owner.
func unusable(doing string, err error) error {
	return &core.Error{Kind: core.Unavailable, Message: doing, Err: err}
}

// checkWAL reports a file system on which SQLite could not turn WAL on: the
// pragma fails silently there.
func (e *Engine) checkWAL(ctx context.Context) error {
	c, err := e.writer.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.writer.release(c)
	mode, err := scanOne[string](ctx, c, "PRAGMA journal_mode")
	if err != nil {
		return fmt.Errorf("open %s: %w", e.path, err)
	}
	if mode != "wal" {
		return &core.Error{
			Kind:    core.Unavailable,
			Message: fmt.Sprintf("the file system of %s does not allow write-ahead logging (journal mode is %s)", e.path, mode),
		}
	}
	return nil
}

func (o Options) path() (string, error) {
	path := o.Path
	if path == "" {
		if o.DataDir == "" {
			return "", errors.New("open database: neither a path nor a data directory is given")
		}
		path = filepath.Join(o.DataDir, FileName)
	}
	return filepath.Abs(path)
}

func (o Options) readers() int {
	if o.ReadPool > 0 {
		return o.ReadPool
	}
	return min(max(runtime.GOMAXPROCS(0), 2), maxReaders)
}

func (o Options) mmapBytes() int64 {
	switch {
	case o.MMapBytes == 0:
		return defaultMMapBytes
	case o.MMapBytes < 0:
		return 0
	}
	return o.MMapBytes
}

func (o Options) writerDSN(path string) string {
	q := o.common(writerCacheKiB)
	q.Set("mode", "rwc")
	q.Set("_txlock", "immediate")
	q.Set("_journal_mode", "WAL")
	q.Set("_synchronous", "FULL")
	q.Set("_foreign_keys", "1")
	q.Add("_pragma", fmt.Sprintf("journal_size_limit(%d)", walLimitBytes))
	return dsn(path, q)
}

func (o Options) readerDSN(path string) string {
	q := o.common(max(readersCacheKiB/o.readers(), minCacheKiB))
	// Not mode=ro: such a connection cannot use the log of a database that was
	// not closed properly.
	q.Set("mode", "rw")
	q.Set("_query_only", "1")
	return dsn(path, q)
}

// common returns the settings of every connection. The driver applies
// busy_timeout before all others, so that they too wait for a lock.
func (o Options) common(cacheKiB int) url.Values {
	q := url.Values{}
	q.Set("_busy_timeout", strconv.Itoa(busyTimeoutMsec))
	q.Set("_error_rc", "1")
	q.Set("_defensive", "1")
	// "text" in double quotes is a name and nothing else, as on PostgreSQL.
	q.Set("_dqs", "0")
	q.Add("_pragma", fmt.Sprintf("cache_size(-%d)", cacheKiB))
	q.Add("_pragma", "temp_store(memory)")
	q.Add("_pragma", fmt.Sprintf("mmap_size(%d)", o.mmapBytes()))
	return q
}

func dsn(path string, q url.Values) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}
