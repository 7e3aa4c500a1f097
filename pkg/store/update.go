package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// maxRuns is how often a transaction is begun anew where others are in its way.
const maxRuns = 10

// Update implements [campaign.Store]. Where the connection is lost while a
// transaction is kept it may be on disk though the error is a
// [campaign.ErrUnavailable]: who must know repeats it with its once-only key.
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
		if n == maxRuns {
			return &lostError{db.address, err}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Duration(n) * time.Duration(rand.Int64N(int64(5*time.Millisecond)))):
		}
	}
}

// commitTime is how long the end of a transaction may take though nobody waits for it
// any more.
const commitTime = 5 * time.Second

func (db *DB) updatePostgres(ctx context.Context, f func(campaign.Tx) error) error {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	// Once begun, a commit is not given up at once: its end would not be known. The
	// statements before it are, by the context they are given.
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(commitTime, cancel) })()
	tx, err := conn.BeginTx(lasting, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(&transaction{reader: reader{db, plainRunner{conn, tx}}}); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return givenUp(ctx, tx.Commit())
}

// givenUp tells why a context has ended where an error tells only that a transaction was
// rolled back with it.
func givenUp(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (db *DB) updateSQLite(ctx context.Context, f func(campaign.Tx) error) error {
	erased := false
	err := db.writer.transact(ctx, func(p *prepared) error {
		t := &transaction{reader: reader{db, p}}
		err := f(t)
		erased = t.erased
		return err
	})
	if err == nil && erased {
		db.writer.forget(ctx)
	}
	return err
}

// writer is the one connection that writes to a SQLite file. Others of this process
// wait for their turn in the order they come; those of other processes for the lock
// of the file.
type writer struct {
	pool *sql.DB
	turn chan struct{} // holds one token for whoever uses what follows
	conn *sql.Conn     // nil where there is none yet, or the last one broke
	kept *prepared
}

func newWriter(pool *sql.DB) *writer {
	return &writer{pool: pool, turn: make(chan struct{}, 1)}
}

func (w *writer) take(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) leave() { <-w.turn }

// connect sees to it that there is a connection, for whoever has the turn.
func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	// SQLite does not wait for others that open a new file at the same time, of which
	// only one can make it a file with a log.
	for deadline := time.Now().Add(busyTime); ; {
		conn, err := w.pool.Conn(ctx)
		if err == nil {
			w.conn, w.kept = conn, newPreparedConn(conn)
			return nil
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

// ready sees to it that there is a connection.
func (w *writer) ready(ctx context.Context) error {
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.leave()
	return w.connect(ctx)
}

// discard gives up a connection that is in doubt. A new one takes its place. Its
// statements go first: SQLite keeps a connection that has some, with its transaction
// and the lock of the file.
func (w *writer) discard() {
	w.kept.close()
	_ = w.conn.Raw(func(any) error { return errBadConn })
	_ = w.conn.Close()
	w.conn, w.kept = nil, nil
}

// transact runs f in a transaction that has the file locked from its beginning.
func (w *writer) transact(ctx context.Context, f func(*prepared) error) (err error) {
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.leave()
	if err := w.connect(ctx); err != nil {
		return err
	}
	if _, err := w.kept.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		if errors.Is(err, errBadConn) || ctx.Err() != nil {
			w.discard()
		}
		return err
	}
	done := false
	defer func() {
		if !done { // after an error or a panic of f
			w.rollback()
		}
	}()
	if err := f(w.kept); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	// Once begun it is not given up: its end would not be known.
	if _, err := w.kept.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}

// forget empties the log beside the file, which has what was erased from that. If
// somebody reads it at the moment, a later checkpoint does.
func (w *writer) forget(ctx context.Context) {
	if w.take(ctx) != nil {
		return
	}
	defer w.leave()
	if w.connect(ctx) == nil {
		_, _ = w.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
}

func (w *writer) rollback() {
	if _, err := w.kept.exec(context.Background(), "ROLLBACK"); err != nil {
		// Some errors have ended it already; whether this one has is not certain.
		w.discard()
	}
}

func (w *writer) close() {
	w.turn <- struct{}{} // when whoever writes has ended
	if w.conn != nil {
		// What is not in the file itself yet is still in its log, if this fails.
		w.kept.close()
		_, _ = w.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		_ = w.conn.Close()
	}
	_ = w.pool.Close()
}
