package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// DB is a database of campaigns. [Open] returns one.
type DB struct {
	reader
	engine  Engine
	address string  // without the password
	pool    *sql.DB // all connections to PostgreSQL, or those to SQLite that read

	responseTimeout time.Duration // of PostgreSQL

	// Only SQLite has these.
	file        *file
	writer      *writer // the connection that writes
	checkpoints *checkpoints
	damage      atomic.Pointer[error] // what [DB.Check] found
}

var _ campaign.Store = (*DB)(nil)

// Options configure [Open].
type Options struct {
	// KeepVersion opens the database without migrating its tables. If their version is
	// not that of this program, only [DB.Migrate], [DB.Status] and [DB.Backup] work.
	KeepVersion bool

	// Create creates the SQLite file if it does not exist.
	Create bool

	// LockTimeout limits the time that a transaction waits for other processes that write
	// to a SQLite file; 0 means 5 seconds.
	LockTimeout time.Duration

	// ResponseTimeout limits the time for the response to a statement for PostgreSQL, which
	// includes waiting for locks and for a connection; 0 means 10 seconds. Backup, Restore,
	// Migrate and Status have no limit.
	ResponseTimeout time.Duration
}

// Timeouts of the databases.
const (
	lockTimeout     = 5 * time.Second  // of SQLite; see Options
	responseTimeout = 10 * time.Second // of PostgreSQL; see Options
	connectTimeout  = 10 * time.Second
)

// Open opens a database and migrates its tables. The address is the path of a SQLite file
// or postgres://USER:PASSWORD@HOST:PORT/NAME.
//
// The error wraps [ErrAddress] if the address is malformed, [ErrMissing] or [ErrLost] if
// there is no SQLite file, [campaign.ErrUnavailable] if the database cannot be reached, and
// [ErrNewer] if a newer program created its tables, which stay unchanged.
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	open := openSQLite
	if isPostgres(address) {
		open = openPostgres
	}
	o.LockTimeout = cmp.Or(o.LockTimeout, lockTimeout)
	o.ResponseTimeout = cmp.Or(o.ResponseTimeout, responseTimeout)
	db, err := open(ctx, address, o)
	if err != nil {
		return nil, err
	}
	if err := db.connect(ctx); err != nil {
		_ = db.Close() // the first error is returned
		return nil, err
	}
	if db.checkpoints != nil {
		db.checkpoints.schedule() // of what a killed process left in the log
	}
	if o.KeepVersion {
		return db, nil
	}
	if _, err := db.Migrate(ctx); err != nil {
		_ = db.Close() // the first error is returned
		return nil, err
	}
	return db, nil
}

func openPostgres(_ context.Context, address string, o Options) (*DB, error) {
	cfg, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	pool := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(setPlanner))
	pool.SetMaxOpenConns(4 * max(runtime.GOMAXPROCS(0), 4))
	pool.SetMaxIdleConns(4)
	pool.SetConnMaxIdleTime(time.Minute)
	db := &DB{engine: Postgres, address: Redact(address), pool: pool, responseTimeout: o.ResponseTimeout}
	db.reader = reader{db, plainRunner{timeout: o.ResponseTimeout, db: pool}}
	return db, nil
}

// setPlanner makes PostgreSQL use indexes even if a table is small, as at the start of
// a campaign, because it keeps its plans while the table grows. Without statistics
// PostgreSQL overestimates the costs of these plans and would use its compiler and
// parallel workers, which take longer than the queries (TestNoParallelWorkers).
func setPlanner(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.PgConn().Exec(ctx, "SET enable_seqscan = off; SET jit = off; SET max_parallel_workers_per_gather = 0").ReadAll()
	return err
}

func openSQLite(_ context.Context, path string, o Options) (*DB, error) {
	f, err := openFile(path, o.Create)
	if err != nil {
		return nil, err
	}
	options := []string{
		fmt.Sprintf("_pragma=busy_timeout(%d)", o.LockTimeout.Milliseconds()),
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(ON)", "_pragma=secure_delete(ON)", "_txlock=immediate",
		// The statement journal, which undoes a failed statement, is kept in memory. The
		// log, which makes transactions durable, is on disk.
		"_pragma=temp_store(MEMORY)",
		// A checkpoint copies the log to the file at 32 MB instead of 4 MB, because a
		// page that many batches change is then copied only once (BenchmarkPlays in
		// package serve).
		"_pragma=wal_autocheckpoint(8000)",
	}
	writing, err := newConnector(f, options...)
	if err != nil {
		return nil, err
	}
	reading, err := newConnector(f, options[0], "_pragma=query_only(ON)")
	if err != nil {
		return nil, err
	}
	writers := sql.OpenDB(writing)
	writers.SetMaxOpenConns(1)
	db := &DB{engine: SQLite, address: path, file: f, writer: newWriter(writers, f, o.LockTimeout), pool: sql.OpenDB(reading)}
	db.checkpoints = &checkpoints{pool: db.pool}
	db.pool.SetMaxOpenConns(2 * max(runtime.GOMAXPROCS(0), 2))
	db.pool.SetMaxIdleConns(2 * max(runtime.GOMAXPROCS(0), 2))
	db.reader = reader{db, newPreparedPool(db.pool)}
	return db, nil
}

// Engine returns the engine of the database.
func (db *DB) Engine() Engine { return db.engine }

// Address returns the address of the database, without the password.
func (db *DB) Address() string { return db.address }

// Created reports whether [Open] created the SQLite file.
func (db *DB) Created() bool { return db.file != nil && db.file.created }

// Exposed reports whether every user of the machine may read the SQLite file.
func (db *DB) Exposed() bool { return db.file != nil && db.file.exposed() }

// Ping checks that the database is available. A SQLite file must be the one that was
// opened, [DB.Check] must not have found damage, and the disk must accept writes. The error
// wraps [campaign.ErrUnavailable].
func (db *DB) Ping(ctx context.Context) error {
	if err := db.connect(ctx); err != nil || db.file == nil {
		return err
	}
	if damage := db.damage.Load(); damage != nil {
		return *damage
	}
	return db.unusable(db.file.probe.check(ctx))
}

// connect checks that the database responds.
func (db *DB) connect(ctx context.Context) error {
	var one int
	if db.writer != nil { // creates the log that the readers need
		if err := db.writer.ready(ctx); err != nil {
			return db.unusable(err)
		}
	}
	ctx, cancel := db.r.limited(ctx)
	defer cancel()
	return db.unusable(contextErr(ctx, db.pool.QueryRowContext(ctx, "SELECT 1").Scan(&one)))
}

// Check looks for damaged pages in a SQLite file, which takes longer for a larger file. It
// returns the damage that it finds, and so does [DB.Ping] from then on.
func (db *DB) Check(ctx context.Context) error {
	if db.file == nil {
		return nil
	}
	read := func(row scanner) (text string, err error) { return text, row.Scan(&text) }
	found, err := queryOne(ctx, plainRunner{db: db.pool}, read, "PRAGMA quick_check(1)")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && found == "ok":
		return nil
	case err == nil:
		err = errors.New(found)
	}
	err = db.unusable(fmt.Errorf("its file is damaged: %w", err))
	db.damage.Store(&err)
	return err
}

// unusable converts err to the error for a database that is not available.
func (db *DB) unusable(err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	return &unavailableError{db.address, err}
}

// Close closes all connections. It closes the connection that writes to SQLite last, so
// that the file is complete without its log.
func (db *DB) Close() error {
	if db.checkpoints != nil {
		db.checkpoints.close()
	}
	err := db.pool.Close()
	if db.writer != nil {
		db.writer.close()
	}
	return err
}
