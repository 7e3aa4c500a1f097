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
	"github.com/prizegen/prizegen/pkg/sealed"
)

// DB is a database of campaigns, opened with [Open].
type DB struct {
	reader
	engine  Engine
	address string  // without the password
	pool    *sql.DB // all PostgreSQL connections, or the SQLite connections for reading
	keys    *sealed.Keys

	responseTimeout time.Duration // for PostgreSQL

	// The following fields are used only for SQLite.
	file        *file
	writer      *writer // the only connection for writing
	checkpoints *checkpoints
	damage      atomic.Pointer[error] // the damage that [DB.Check] found
}

var _ campaign.Store = (*DB)(nil)

// Options configure [Open].
type Options struct {
	// KeepVersion opens the database without migrating its tables. If their version is
	// not the one of this program, only [DB.Migrate], [DB.Status] and [DB.Backup] work.
	KeepVersion bool

	// Create creates the SQLite file if it does not exist.
	Create bool

	// Keys seal the secrets that the database stores from now on, and open sealed ones; see
	// [Secrets]. If Keys is nil, secrets are stored as they are.
	Keys *sealed.Keys

	// LockTimeout limits how long a transaction waits while another process writes to the
	// SQLite file; 0 means 5 seconds.
	LockTimeout time.Duration

	// ResponseTimeout limits how long a PostgreSQL statement may take, including waits for
	// locks and for a connection; 0 means 10 seconds. Backup, Restore, Migrate and Status
	// have no limit.
	ResponseTimeout time.Duration
}

// Default timeouts.
const (
	lockTimeout     = 5 * time.Second  // Options.LockTimeout
	responseTimeout = 10 * time.Second // Options.ResponseTimeout
	connectTimeout  = 10 * time.Second // connect_timeout in a PostgreSQL URL
)

// Open opens a database and migrates its tables. The address is the path of a SQLite file
// or postgres://USER:PASSWORD@HOST:PORT/NAME.
//
// The error wraps [ErrAddress] if the address is malformed, [ErrMissing] if there is no
// SQLite file, [ErrLost] if only its log is left, [campaign.ErrUnavailable] if the database
// cannot be reached, [ErrNewer] if a newer program created its tables, which stay unchanged,
// and [sealed.ErrNoKey] if the database contains secrets that o.Keys cannot open. With
// o.KeepVersion, sealed secrets are not checked.
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
	db.keys = o.Keys
	if err := db.connect(ctx); err != nil {
		_ = db.Close() // the first error is returned
		return nil, err
	}
	if db.checkpoints != nil {
		db.checkpoints.schedule() // for transactions that a killed process left in the log
	}
	if o.KeepVersion {
		return db, nil
	}
	_, err = db.Migrate(ctx)
	if err == nil {
		err = db.checkKeys(ctx)
	}
	if err != nil {
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

// setPlanner makes PostgreSQL use indexes even for small tables, because it keeps its plans
// while a table grows during a campaign. It also disables JIT compilation and parallel
// workers: without statistics, PostgreSQL overestimates the cost of these plans and would
// use both, although they take longer than the queries (TestNoParallelWorkers).
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
		// Checkpoints copy the log to the file at 32 MB instead of 4 MB, so that a page
		// that many batches change is copied only once (BenchmarkPlays in package serve).
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

// Engine returns the database engine.
func (db *DB) Engine() Engine { return db.engine }

// Address returns the address of the database, without the password.
func (db *DB) Address() string { return db.address }

// Created reports whether [Open] created the SQLite file.
func (db *DB) Created() bool { return db.file != nil && db.file.created }

// Exposed reports whether any user of the machine can read the SQLite file.
func (db *DB) Exposed() bool { return db.file != nil && db.file.exposed() }

// Ping checks that the database is available. For SQLite, it also checks that the file is
// still the one that was opened, that [DB.Check] has not found damage, and that the disk
// accepts writes. Its errors wrap [campaign.ErrUnavailable].
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

// Check scans a SQLite file for damaged pages. The time it takes grows with the file. If it
// finds damage, it returns an error, and so does [DB.Ping] from then on. For PostgreSQL, it
// does nothing.
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

// unusable converts err to an error that wraps [campaign.ErrUnavailable], unless err is nil
// or already an error of package campaign.
func (db *DB) unusable(err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	return &unavailableError{db.address, err}
}

// Close closes all connections. It closes the SQLite connection for writing last, so that
// the file is complete without its log.
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
