package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

var errBadConn = driver.ErrBadConn

// runner runs statements: those of a transaction, or each on its own.
type runner interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	exec(ctx context.Context, text string, args ...any) (sql.Result, error)
	// all runs statements one after the other, up to the first that fails.
	all(ctx context.Context, statements []statement) error
	// place is how the n-th argument, counted from 1, is written where all of them stand
	// in their order.
	place(n int) string
	takesArrays() bool // whether an argument can be a slice of values
}

// statement is one of several.
type statement struct {
	text string
	args []any
	read func(scanner) error // takes a row; nil where there are none to read
}

// each runs statements one by one.
func each(ctx context.Context, r runner, statements []statement) error {
	for _, s := range statements {
		if s.read == nil {
			if _, err := r.exec(ctx, s.text, s.args...); err != nil {
				return err
			}
			continue
		}
		nothing := func(row scanner) (struct{}, error) { return struct{}{}, s.read(row) }
		if _, err := list(ctx, r, nothing, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// plainRunner runs statements of PostgreSQL, whose driver keeps them prepared.
type plainRunner struct {
	conn *sql.Conn // the connection that db is on, nil for any
	db   interface {
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	}
}

func (r plainRunner) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return r.db.QueryContext(ctx, text, args...)
}

func (r plainRunner) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return r.db.ExecContext(ctx, text, args...)
}

// all sends the statements at once where they go over one connection: whoever is far
// from the database waits once for all of them.
func (r plainRunner) all(ctx context.Context, statements []statement) error {
	if r.conn == nil || len(statements) < 2 {
		return each(ctx, r, statements)
	}
	return r.conn.Raw(func(conn any) error {
		c, ok := conn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection of the kind %T, expected one of pgx", conn)
		}
		var batch pgx.Batch
		for _, s := range statements {
			queued := batch.Queue(s.text, s.args...)
			if s.read == nil {
				continue
			}
			queued.Query(func(rows pgx.Rows) error {
				for rows.Next() {
					if err := s.read(rows); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		}
		return c.Conn().SendBatch(ctx, &batch).Close()
	})
}

func (plainRunner) place(n int) string { return "$" + strconv.Itoa(n) }

func (plainRunner) takesArrays() bool { return true }

// prepared runs statements of SQLite and keeps them, since to read one costs more
// than to run it.
type prepared struct {
	db interface {
		PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
	}
	mu   sync.Mutex
	kept map[string]*sql.Stmt
}

func newPreparedPool(pool *sql.DB) *prepared {
	return &prepared{db: pool, kept: map[string]*sql.Stmt{}}
}

func newPreparedConn(conn *sql.Conn) *prepared {
	return &prepared{db: conn, kept: map[string]*sql.Stmt{}}
}

// maxKept is how many statements are kept: there are fewer, but that their
// conditions can be put together in many ways.
const maxKept = 300

func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.kept[text]; s != nil {
		return s, nil
	}
	s, err := p.db.PrepareContext(context.WithoutCancel(ctx), text) //nolint:sqlclosecheck // it is kept as long as its connection
	if err == nil && len(p.kept) < maxKept {
		p.kept[text] = s
	}
	return s, err
}

// close gives up all statements.
func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.kept {
		_ = s.Close() // nothing is read from it any more
	}
	clear(p.kept)
}

func (p *prepared) all(ctx context.Context, statements []statement) error {
	return each(ctx, p, statements)
}

// place has no number: the driver would look for it among those of all other arguments.
func (*prepared) place(int) string { return "?" }

func (*prepared) takesArrays() bool { return false }

func (p *prepared) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, text) //nolint:sqlclosecheck // it is kept
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *prepared) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := p.statement(ctx, text) //nolint:sqlclosecheck // it is kept
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}
