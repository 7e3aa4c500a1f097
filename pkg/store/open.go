package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // driver "sqlite"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// DB is a database of campaigns. [Open] returns one.
type DB struct {
	reader
	engine  Engine
	address string  // without the password
	pool    *sql.DB // all connections to PostgreSQL, or those to SQLite that read
	writer  *writer // the connection to SQLite that writes; nil for PostgreSQL
}

var _ campaign.Store = (*DB)(nil)

// Options configure [Open].
type Options struct {
	// KeepVersion opens the database without migrating its tables. If their version is
	// not that of this program, only [DB.Migrate], [DB.Status] and [DB.Backup] work.
	KeepVersion bool

	// LockTimeout limits the time that a transaction waits for other processes that write
	// to a SQLite file; 0 means 5 seconds.
	LockTimeout time.Duration
}

// Timeouts of the databases.
const (
	lockTimeout    = 5 * time.Second // of SQLite; see Options
	connectTimeout = 10 * time.Second
)

// Open opens a database and migrates its tables. The address is either the path of a
// SQLite file, which is created if it does not exist, or
// postgres://USER:PASSWORD@HOST:PORT/NAME.
//
// The error wraps [ErrAddress] if the address is malformed, [campaign.ErrUnavailable] if
// the database cannot be reached, and [ErrNewer] if a newer program created its tables,
// which stay unchanged.
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	open := openSQLite
	if isPostgres(address) {
		open = openPostgres
	}
	o.LockTimeout = cmp.Or(o.LockTimeout, lockTimeout)
	db, err := open(ctx, address, o)
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		_ = db.Close() // the first error is returned
		return nil, err
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

func openPostgres(_ context.Context, address string, _ Options) (*DB, error) {
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
	db := &DB{engine: Postgres, address: Redact(address), pool: pool}
	db.reader = reader{db, plainRunner{db: pool}}
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
	if err := sqliteFile(path); err != nil {
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
	writing, err := sqliteDSN(path, options...)
	if err != nil {
		return nil, err
	}
	reading, err := sqliteDSN(path, append(options[:1:1], "_pragma=query_only(ON)")...)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: SQLite, address: path}
	writers, err := sql.Open("sqlite", writing)
	if err != nil {
		return nil, err
	}
	writers.SetMaxOpenConns(1)
	db.writer = newWriter(writers, o.LockTimeout)
	if db.pool, err = sql.Open("sqlite", reading); err != nil {
		return nil, err
	}
	db.pool.SetMaxOpenConns(2 * max(runtime.GOMAXPROCS(0), 2))
	db.pool.SetMaxIdleConns(2 * max(runtime.GOMAXPROCS(0), 2))
	db.reader = reader{db, newPreparedPool(db.pool)}
	return db, nil
}

// Engine returns the engine of the database.
func (db *DB) Engine() Engine { return db.engine }

// Address returns the address of the database, without the password.
func (db *DB) Address() string { return db.address }

// Ping checks that the database is available. Its error wraps [campaign.ErrUnavailable].
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if db.writer != nil { // creates the log that the readers need
		if err := db.writer.ready(ctx); err != nil {
			return db.unusable(err)
		}
	}
	return db.unusable(db.pool.QueryRowContext(ctx, "SELECT 1").Scan(&one))
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
	err := db.pool.Close()
	if db.writer != nil {
		db.writer.close()
	}
	return err
}
