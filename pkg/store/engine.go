package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Engine is a kind of database.
type Engine string

// The kinds of databases.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// forUpdate is the end of a SELECT that locks what it reads. A transaction of SQLite
// has the whole database locked from its beginning.
func (e Engine) forUpdate() string {
	if e == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// hidden writes a column so that PostgreSQL looks for no index by it. It plans a
// statement while there are few draws, or none, and keeps to the plan. Of two indexes,
// one by the campaign and all draws in it and one by what is looked for, it may take
// either then. SQLite is told what to think of the tables when they are made.
func (e Engine) hidden(column string) string {
	if e == Postgres {
		return column + " + 0"
	}
	return column
}

// errOvertaken is that another transaction has stored first what must be unique.
var errOvertaken = errors.New("another transaction was faster")

// fault is what an error of a database means.
type fault int

const (
	other     fault = iota
	duplicate       // a value that must be unique is there already
	collision       // two transactions were in each other's way: run it again
	lost            // the database can't be used at the moment
)

func faultOf(err error) fault {
	if errors.Is(err, errOvertaken) {
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
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return other
	case errors.As(err, &connect), errors.As(err, &network), pgconn.SafeToRetry(err),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, sql.ErrConnDone), errors.Is(err, errBadConn), errors.Is(err, fs.ErrNotExist):
		return lost
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
		return lost
	}
	return other
}

// isBusy says whether SQLite could not have a lock that another connection has.
func isBusy(err error) bool {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return false
	}
	code := lite.Code() & 0xff
	return code == sqlitelib.SQLITE_BUSY || code == sqlitelib.SQLITE_LOCKED
}

// postgresFault reads a SQLSTATE, see
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func postgresFault(code string) fault {
	switch code {
	case "23505":
		return duplicate
	case "40001", "40P01", "23503":
		return collision // the last one: an entrant was erased meanwhile
	case "25006", "55P03":
		return lost // read only, as a standby is; locked for too long
	}
	for _, class := range []string{"08", "53", "57", "58", "XX", "28", "3D"} {
		if strings.HasPrefix(code, class) {
			return lost
		}
	}
	return other
}

// explain makes an error of a database one of the domain.
func (db *DB) explain(err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return campaign.Errorf(campaign.ErrNotFound, "it is not there")
	case faultOf(err) == lost:
		return &lostError{db.address, err}
	}
	return err
}

// isDomain says whether an error has its meaning already.
func isDomain(err error) bool {
	for _, kind := range []error{campaign.ErrNotFound, campaign.ErrExists, campaign.ErrUnavailable} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// lostError is that the database can't be used at the moment.
type lostError struct {
	address string
	err     error
}

func (e *lostError) Error() string {
	return "the database " + e.address + " can't be used at the moment: " + e.reason()
}

func (e *lostError) reason() string {
	var lite *sqlite.Error
	if !errors.As(e.err, &lite) {
		return redacted(e.err.Error())
	}
	if isBusy(lite) {
		return "another program has it locked"
	}
	switch lite.Code() & 0xff {
	case sqlitelib.SQLITE_FULL:
		return "the disk is full"
	case sqlitelib.SQLITE_READONLY:
		return "it can't be written to"
	}
	return lite.Error()
}

// Unwrap makes it an [campaign.ErrUnavailable].
func (e *lostError) Unwrap() []error { return []error{campaign.ErrUnavailable, e.err} }
