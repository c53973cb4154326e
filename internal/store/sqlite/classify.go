package sqlite

import (
	"context"
	"errors"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"parley/internal/core"
)

// Classify implements sqlstore.Engine. It judges by SQLite's extended result
// code, never by text. A *core.Error and a context's error come back as they
// are; what it does not know becomes core.Internal.
func (e *Engine) Classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var known *core.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, errConnLost) {
		return &core.Error{Kind: core.Unavailable, Message: "the database is not available", Err: err}
	}
	var se *driver.Error
	if !errors.As(err, &se) {
		return &core.Error{Kind: core.Internal, Err: err}
	}
	kind, message := judge(se.Code())
	return &core.Error{Kind: kind, Message: message, Err: err}
}

func judge(code int) (core.Kind, string) {
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return core.Conflict, "the value is taken"
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return core.Invalid, "a thing that is referred to does not exist, or is still in use"
	}
	switch primary(code) {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH:
		return core.Invalid, "the value is not allowed"
	case lib.SQLITE_TOOBIG:
		return core.Invalid, "the value is too long"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return core.Unavailable, "the database is busy"
	case lib.SQLITE_FULL:
		return core.Unavailable, "the database has no space left"
	case lib.SQLITE_READONLY:
		return core.Unavailable, "the database cannot be written to"
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM, lib.SQLITE_INTERRUPT, lib.SQLITE_PERM:
		return core.Unavailable, "the database is not available"
	}
	return core.Internal, ""
}

// primary is the result code without its extension.
func primary(code int) int { return code & 0xff }

// leavesOpen tells whether a COMMIT that failed so wrote nothing: it was
// refused, and the transaction stayed open to be rolled back. Other failures
// happen while the log is written, and may leave a commit that the next start
// finds there.
func leavesOpen(err error) bool {
	var se *driver.Error
	if !errors.As(err, &se) {
		return false
	}
	switch primary(se.Code()) {
	case lib.SQLITE_BUSY, lib.SQLITE_CONSTRAINT:
		return true
	}
	return false
}

// Retryable implements sqlstore.Engine: somebody outside this process held the
// file, such as a tool that looks into it.
func (e *Engine) Retryable(err error) bool {
	var se *driver.Error
	if !errors.As(err, &se) {
		return false
	}
	switch primary(se.Code()) {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return true
	}
	return false
}
