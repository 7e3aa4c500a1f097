package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

var errBadConn = driver.ErrBadConn

// runner runs statements, in one transaction or each in its own.
type runner interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	exec(ctx context.Context, text string, args ...any) (sql.Result, error)

	// run runs statements one after another until one fails.
	run(ctx context.Context, statements []statement) error

	// placeholder returns the SQL placeholder of argument n (1-based). The statement must
	// contain all its placeholders in order.
	placeholder(n int) string

	// inTexts returns the condition that column equals one of values, and the argument
	// with these values, which must be argument n (1-based).
	inTexts(column string, n int, values []string) (condition string, arg any, err error)

	// inBytes is like inTexts for byte strings.
	inBytes(column string, n int, values [][]byte) (condition string, arg any, err error)

	// limited returns a context that is cancelled if the database does not respond in time.
	limited(ctx context.Context) (context.Context, context.CancelFunc)
}

// statement is a SQL statement with its arguments.
type statement struct {
	text string
	args []any
	read func(scanner) error // called for each row; nil if there are no rows
}

// runEach runs statements one by one.
func runEach(ctx context.Context, r runner, statements []statement) error {
	for _, s := range statements {
		if s.read == nil {
			if _, err := r.exec(ctx, s.text, s.args...); err != nil {
				return err
			}
			continue
		}
		scan := func(row scanner) (struct{}, error) { return struct{}{}, s.read(row) }
		if _, err := queryAll(ctx, r, scan, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// plainRunner runs statements without preparing them. The PostgreSQL driver does this
// automatically.
type plainRunner struct {
	timeout time.Duration // for the response to a statement; 0 means no limit
	conn    *sql.Conn     // the connection of db, for batches; nil if run must not use batches
	db      interface {
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	}
}

func (r plainRunner) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return r.db.QueryContext(ctx, text, args...)
}

func (r plainRunner) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	ctx, cancel := r.limited(ctx)
	defer cancel()
	result, err := r.db.ExecContext(ctx, text, args...)
	return result, contextErr(ctx, err)
}

func (r plainRunner) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return withTimeout(ctx, r.timeout)
}

// withTimeout returns a context that is cancelled with the cause errNoAnswer after the
// timeout; 0 means no timeout.
func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, timeout, errNoAnswer)
}

// run sends the statements in one batch if r has a connection, so that all of them take a
// single round trip.
func (r plainRunner) run(ctx context.Context, statements []statement) error {
	if r.conn == nil || len(statements) < 2 {
		return runEach(ctx, r, statements)
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	return contextErr(ctx, r.conn.Raw(func(conn any) error {
		c, ok := conn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("unexpected connection %T, want a pgx connection", conn)
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
	}))
}

func (plainRunner) placeholder(n int) string { return "$" + strconv.Itoa(n) }

func (plainRunner) inTexts(column string, n int, values []string) (condition string, arg any, err error) {
	return column + " = ANY($" + strconv.Itoa(n) + ")", values, nil
}

func (plainRunner) inBytes(column string, n int, values [][]byte) (condition string, arg any, err error) {
	return column + " = ANY($" + strconv.Itoa(n) + ")", values, nil
}

// preparedRunner runs SQLite statements. It caches prepared statements, because parsing a
// statement takes longer than running it.
type preparedRunner struct {
	db interface {
		PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
	}
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func newPreparedPool(pool *sql.DB) *preparedRunner {
	return &preparedRunner{db: pool, stmts: map[string]*sql.Stmt{}}
}

func newPreparedConn(conn *sql.Conn) *preparedRunner {
	return &preparedRunner{db: conn, stmts: map[string]*sql.Stmt{}}
}

// maxStatements is the maximum number of statements in the cache of a runner. Only clients
// that combine many conditions reach it.
const maxStatements = 300

func (p *preparedRunner) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.stmts[text]; s != nil {
		return s, nil
	}
	s, err := p.db.PrepareContext(context.WithoutCancel(ctx), text) //nolint:sqlclosecheck // cached as long as its connection is open
	if err == nil && len(p.stmts) < maxStatements {
		p.stmts[text] = s
	}
	return s, err
}

// close closes all statements.
func (p *preparedRunner) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.stmts {
		_ = s.Close() // none of its rows are open
	}
	clear(p.stmts)
}

func (p *preparedRunner) run(ctx context.Context, statements []statement) error {
	return runEach(ctx, p, statements)
}

// placeholder returns a placeholder without a number, because the driver takes quadratic
// time for numbered placeholders: it searches all arguments for each of them
// (BenchmarkInsert).
func (*preparedRunner) placeholder(int) string { return "?" }

func (*preparedRunner) inTexts(column string, n int, values []string) (condition string, arg any, err error) {
	text, err := json.Marshal(values)
	return column + " IN (SELECT value FROM json_each($" + strconv.Itoa(n) + "))", string(text), err
}

func (*preparedRunner) inBytes(column string, n int, values [][]byte) (condition string, arg any, err error) {
	digits := make([]string, len(values))
	for i, v := range values {
		digits[i] = hex.EncodeToString(v)
	}
	text, err := json.Marshal(digits)
	return column + " IN (SELECT unhex(value) FROM json_each($" + strconv.Itoa(n) + "))", string(text), err
}

func (*preparedRunner) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

func (p *preparedRunner) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, text) //nolint:sqlclosecheck // cached
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *preparedRunner) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := p.statement(ctx, text) //nolint:sqlclosecheck // cached
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}
