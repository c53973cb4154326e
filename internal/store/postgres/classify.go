package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"parley/internal/core"
)

// Classify implements sqlstore.Engine. It judges by SQLSTATE, never by text,
// and takes a connection that broke for what it is. A *core.Error and a
// context's error come back as they are; what it does not know becomes
// core.Internal.
func (e *Engine) Classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var known *core.Error
	if errors.As(err, &known) {
		return err
	}
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		kind, message := judge(answer.Code)
		return &core.Error{Kind: kind, Message: message, Err: err}
	}
	if isBroken(err) {
		return &core.Error{Kind: core.Unavailable, Message: "the database is not available", Err: err}
	}
	return &core.Error{Kind: core.Internal, Err: err}
}

// judge knows the codes of PostgreSQL's appendix A that this server meets.
func judge(code string) (core.Kind, string) {
	switch code {
	case "23505", "23P01": // unique_violation, exclusion_violation
		return core.Conflict, "the value is taken"
	case "23503": // foreign_key_violation
		return core.Invalid, "a thing that is referred to does not exist, or is still in use"
	case "22001", "54000": // string_data_right_truncation, program_limit_exceeded (an index entry)
		return core.Invalid, "the value is too long"
	case "22021", "22P05", "22003": // character_not_in_repertoire, untranslatable_character, numeric_value_out_of_range
		return core.Invalid, "the value is not allowed"
	case "53100": // disk_full
		return core.Unavailable, "the database has no space left"
	case "25006": // read_only_sql_transaction: a standby
		return core.Unavailable, "the database cannot be written to"
	case "25P03": // idle_in_transaction_session_timeout
		return core.Unavailable, "the database has given up waiting"
	case "55P03", "57014": // lock_not_available, query_canceled
		return core.Unavailable, "the database is busy"
	}
	if len(code) != 5 {
		return core.Internal, ""
	}
	switch code[:2] {
	case "23": // integrity constraint violation
		return core.Invalid, "the value is not allowed"
	case "40": // transaction rollback
		return core.Unavailable, "the database is busy"
	case "08", "53", "57", "58": // connection, resources, operator intervention, system
		return core.Unavailable, "the database is not available"
	}
	return core.Internal, ""
}

// isBroken tells whether the connection, or the way to the server, is gone.
func isBroken(err error) bool {
	var (
		connect *pgconn.ConnectError
		network net.Error
	)
	return errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, puddle.ErrClosedPool) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// isFatal tells whether the server ended the session with its answer.
func isFatal(answer *pgconn.PgError) bool {
	severity := answer.SeverityUnlocalized
	if severity == "" {
		severity = answer.Severity
	}
	return severity == "FATAL" || severity == "PANIC"
}

// Retryable implements sqlstore.Engine.
func (e *Engine) Retryable(err error) bool {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return true
	}
	return false
}
