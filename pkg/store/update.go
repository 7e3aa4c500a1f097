package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// maxAttempts is the maximum number of attempts at a conflicting transaction or migration.
const maxAttempts = 10

// Update implements [campaign.Store]. If the connection is lost during the commit, the
// transaction may have been committed although the error wraps [campaign.ErrUnavailable].
func (db *DB) Update(ctx context.Context, f func(campaign.Tx) error) error {
	update := db.updatePostgres
	if db.writer != nil {
		update = db.updateSQLite
	}
	for n := 1; ; n++ {
		err := update(ctx, f)
		if err == nil || faultOf(err) != collision {
			return db.explain(err)
		}
		if n == maxAttempts {
			return &unavailableError{db.address, err}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Duration(n) * time.Duration(rand.Int64N(int64(5*time.Millisecond)))):
		}
	}
}

// commitTimeout limits how long a commit may take after its context is cancelled.
const commitTimeout = 5 * time.Second

func (db *DB) updatePostgres(ctx context.Context, f func(campaign.Tx) error) error {
	conn, err := db.conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // returns it to the pool
	// Cancelling ctx stops the statements immediately, but does not cancel a commit,
	// because its result would be unknown.
	txCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { time.AfterFunc(commitTimeout, func() { cancel(nil) }) })()
	// The server must respond to BEGIN and COMMIT in time, too.
	limit := time.AfterFunc(db.responseTimeout, func() { cancel(errNoAnswer) })
	defer limit.Stop()
	tx, err := conn.BeginTx(txCtx, nil)
	if err != nil {
		return contextErr(txCtx, err)
	}
	defer tx.Rollback()
	limit.Stop()
	if err := f(&transaction{reader: reader{db, plainRunner{db.responseTimeout, conn, tx}}}); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	limit.Reset(db.responseTimeout)
	return contextErr(txCtx, contextErr(ctx, tx.Commit()))
}

// conn returns a connection to PostgreSQL.
func (db *DB) conn(ctx context.Context) (*sql.Conn, error) {
	ctx, cancel := withTimeout(ctx, db.responseTimeout)
	defer cancel()
	conn, err := db.pool.Conn(ctx)
	return conn, contextErr(ctx, err)
}

// contextErr returns errNoAnswer if the database did not respond before the timeout of ctx,
// the cause of ctx if err means that ctx aborted the transaction, and err otherwise.
func contextErr(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == errNoAnswer { //nolint:errorlint // it is not wrapped
		return errNoAnswer
	}
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (db *DB) updateSQLite(ctx context.Context, f func(campaign.Tx) error) error {
	erased := false
	err := db.writer.transact(ctx, func(p *preparedRunner) error {
		t := &transaction{reader: reader{db, p}}
		err := f(t)
		erased = t.erased
		return err
	})
	switch {
	case err != nil:
		return err
	case erased:
		db.writer.truncateLog(ctx)
	}
	db.checkpoints.schedule()
	return nil
}

// writer is the only connection of this process that writes to a SQLite file. Goroutines
// wait for its semaphore, and other processes wait for the file lock.
type writer struct {
	pool        *sql.DB
	file        *file
	lockTimeout time.Duration
	sem         chan struct{} // holds one token while the other fields are in use
	conn        *sql.Conn     // nil before the first use and after an error
	stmts       *preparedRunner
	log         fs.FileInfo // identifies the log that conn writes to
}

func newWriter(pool *sql.DB, f *file, lockTimeout time.Duration) *writer {
	return &writer{pool: pool, file: f, lockTimeout: lockTimeout, sem: make(chan struct{}, 1)}
}

func (w *writer) lock(ctx context.Context) error {
	select {
	case w.sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) unlock() { <-w.sem }

// connect opens the connection if necessary. It returns errMoved if the path of the file or
// of the log no longer names the one that conn uses. The caller must hold the lock.
func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		if err := w.file.check(); err != nil {
			return err
		}
		return checkSame(w.file.path+logSuffix, w.log)
	}
	// If several processes open a new file at the same time, one creates its log and the
	// others fail without waiting for the lock.
	for deadline := time.Now().Add(w.lockTimeout); ; {
		conn, err := w.pool.Conn(ctx)
		if err == nil {
			return w.use(ctx, conn)
		}
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(rand.N(20 * time.Millisecond)):
		}
	}
}

// use makes conn the connection of the writer.
func (w *writer) use(ctx context.Context, conn *sql.Conn) error {
	var version int
	err := conn.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version) // the first read opens the log
	if err == nil {
		w.log, err = os.Stat(w.file.path + logSuffix)
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	w.conn, w.stmts = conn, newPreparedConn(conn)
	return nil
}

// ready opens the connection if necessary.
func (w *writer) ready(ctx context.Context) error {
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	return w.connect(ctx)
}

// discard closes a connection in an unknown state; connect opens a new one. It closes the
// statements first, because SQLite keeps a connection with open statements, including its
// transaction and its file lock.
func (w *writer) discard() {
	w.stmts.close()
	_ = w.conn.Raw(func(any) error { return errBadConn })
	_ = w.conn.Close()
	w.conn, w.stmts = nil, nil
}

// transact runs f in a transaction that locks the file when it begins.
func (w *writer) transact(ctx context.Context, f func(*preparedRunner) error) (err error) {
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	if err := w.connect(ctx); err != nil {
		return err
	}
	if _, err := w.stmts.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		if errors.Is(err, errBadConn) || ctx.Err() != nil {
			w.discard()
		}
		return err
	}
	done := false
	defer func() {
		if !done { // f has returned an error or panicked
			w.rollback()
		}
	}()
	if err := f(w.stmts); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	// A commit is not cancelled, because its result would be unknown.
	if _, err := w.stmts.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}

// truncateLog empties the log, which still contains the data that was erased from the
// file. If another connection is reading, a later checkpoint empties the log instead.
func (w *writer) truncateLog(ctx context.Context) {
	if w.lock(ctx) != nil {
		return
	}
	defer w.unlock()
	if w.connect(ctx) == nil {
		_, _ = w.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
}

func (w *writer) rollback() {
	if _, err := w.stmts.exec(context.Background(), "ROLLBACK"); err != nil {
		// Some errors abort the transaction, so its state is unknown.
		w.discard()
	}
}

func (w *writer) close() {
	w.sem <- struct{}{} // wait for a transaction in progress
	if w.conn != nil {
		// If this fails, the last transactions stay in the log.
		w.stmts.close()
		_, _ = w.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		_ = w.conn.Close()
	}
	_ = w.pool.Close()
}
