package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/sealed"
)

// Engine is a supported database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// forUpdate returns the clause that makes a SELECT lock its rows. It is empty for SQLite,
// where a transaction locks the whole database when it begins.
func (e Engine) forUpdate() string {
	if e == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// hidden returns an expression for column that prevents PostgreSQL from using an index on
// it. PostgreSQL plans a statement when there are few draws and then keeps the plan. Such a
// plan might use the index on the campaign, which may have millions of draws, instead of
// the index on the other column. SQLite plans with statistics from the migrations.
func (e Engine) hidden(column string) string {
	if e == Postgres {
		return column + " + 0"
	}
	return column
}

// errConflict is the error for a unique value that another transaction stored first.
var errConflict = errors.New("another transaction has stored the same unique value")

// fault is a kind of database error.
type fault int

const (
	other       fault = iota
	duplicate         // a unique value already exists
	collision         // the transaction conflicts with another one and must be retried
	unavailable       // the database is not available
)

func faultOf(err error) fault {
	if errors.Is(err, errConflict) {
		return collision
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &lite):
		return sqliteFault(lite.Code())
	case errors.As(err, &pg):
		return postgresFault(pg.Code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connect): // includes timeouts
		return unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return other
	case errors.As(err, &network), pgconn.SafeToRetry(err),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, sql.ErrConnDone), errors.Is(err, errBadConn), errors.Is(err, fs.ErrNotExist),
		errors.Is(err, errMoved), errors.Is(err, errNoAnswer), errors.Is(err, sealed.ErrNoKey):
		return unavailable
	}
	return other
}

func sqliteFault(code int) fault {
	switch code {
	case sqlitelib.SQLITE_CONSTRAINT_UNIQUE, sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY:
		return duplicate
	}
	switch code & 0xff {
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED, sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR,
		sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB,
		sqlitelib.SQLITE_PROTOCOL, sqlitelib.SQLITE_NOMEM:
		return unavailable
	}
	return other
}

// isBusy reports whether err means that another SQLite connection holds the lock.
func isBusy(err error) bool {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return false
	}
	code := lite.Code() & 0xff
	return code == sqlitelib.SQLITE_BUSY || code == sqlitelib.SQLITE_LOCKED
}

// postgresFault returns the kind of error that a SQLSTATE code stands for; see
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func postgresFault(code string) fault {
	switch code {
	case "23505":
		return duplicate
	case "40001", "40P01", "23503":
		return collision // 23503 (foreign key violation): an entrant was erased meanwhile
	case "25006", "55P03":
		return unavailable // read-only, such as a standby; lock timeout
	}
	for _, class := range []string{"08", "53", "57", "58", "XX", "28", "3D"} {
		if strings.HasPrefix(code, class) {
			return unavailable
		}
	}
	return other
}

// explain converts a database error to an error of package campaign, if one applies.
func (db *DB) explain(err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return campaign.Errorf(campaign.ErrNotFound, "not found")
	case faultOf(err) == unavailable:
		return &unavailableError{db.address, err}
	}
	return err
}

// isDomain reports whether err is an error of package campaign.
func isDomain(err error) bool {
	for _, kind := range []error{campaign.ErrNotFound, campaign.ErrExists, campaign.ErrUnavailable} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// unavailableError is the error for a database that is not available.
type unavailableError struct {
	address string
	err     error
}

func (e *unavailableError) Error() string {
	return "the database " + e.address + " is not available: " + e.reason()
}

func (e *unavailableError) reason() string {
	var lite *sqlite.Error
	switch {
	case errors.Is(e.err, syscall.ENOSPC):
		return "the disk is full"
	case !errors.As(e.err, &lite):
		return redacted(e.err.Error())
	}
	if isBusy(lite) {
		return "another program has locked it"
	}
	switch lite.Code() & 0xff {
	case sqlitelib.SQLITE_FULL:
		return "the disk is full"
	case sqlitelib.SQLITE_READONLY:
		return "it is read-only"
	}
	return lite.Error()
}

// Unwrap returns [campaign.ErrUnavailable] and the database error.
func (e *unavailableError) Unwrap() []error { return []error{campaign.ErrUnavailable, e.err} }
