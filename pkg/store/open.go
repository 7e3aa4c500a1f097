package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver sqlite

	"github.com/prizegen/prizegen/pkg/campaign"
)

// DB is a database of campaigns. Make one with [Open].
type DB struct {
	reader
	engine  Engine
	address string  // without password
	pool    *sql.DB // PostgreSQL: everything; SQLite: reading
	writer  *writer // SQLite: the one connection that writes
}

var _ campaign.Store = (*DB)(nil)

// Options say how a database is opened.
type Options struct {
	// KeepVersion leaves the tables as they are. One with tables of another version
	// than this program's is not refused then, but only good for [DB.Migrate],
	// [DB.Status] and [DB.Backup].
	KeepVersion bool
}

// The times that the database may take.
const (
	busyTime    = 5 * time.Second // that another process may have a file locked
	connectTime = 10 * time.Second
)

// Open opens the database at an address: the path of a SQLite file, which is made if
// it is not there, or postgres://USER:PASSWORD@HOST:PORT/NAME. Its tables are brought up to date first; one
// with tables of a newer program is refused with [ErrNewer] and left alone. An
// address that can't be one is an [ErrAddress]; a database that can't be reached is a
// [campaign.ErrUnavailable].
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	open := openSQLite
	if isPostgres(address) {
		open = openPostgres
	}
	db, err := open(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		_ = db.Close() // the first error tells more
		return nil, err
	}
	if o.KeepVersion {
		return db, nil
	}
	if _, err := db.Migrate(ctx); err != nil {
		_ = db.Close() // the first error tells more
		return nil, err
	}
	return db, nil
}

func openPostgres(_ context.Context, address string) (*DB, error) {
	cfg, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTime
	}
	pool := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(planPlainly))
	pool.SetMaxOpenConns(4 * max(runtime.GOMAXPROCS(0), 4))
	pool.SetMaxIdleConns(4)
	pool.SetConnMaxIdleTime(time.Minute)
	db := &DB{engine: Postgres, address: Redact(address), pool: pool}
	db.reader = reader{db, plainRunner{db: pool}}
	return db, nil
}

// planPlainly has PostgreSQL use indexes even where a table is small, as it is when the
// first ones play: it keeps to its plans while the table grows. It takes what it finds
// by them for costly as long as it has no statistics, or where it has to read a whole
// table, which is not worth a compiler or other processes.
func planPlainly(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.PgConn().Exec(ctx, "SET enable_seqscan = off; SET jit = off; SET max_parallel_workers_per_gather = 0").ReadAll()
	return err
}

func openSQLite(_ context.Context, path string) (*DB, error) {
	if err := sqliteFile(path); err != nil {
		return nil, err
	}
	options := []string{
		fmt.Sprintf("_pragma=busy_timeout(%d)", busyTime.Milliseconds()),
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(ON)", "_pragma=secure_delete(ON)", "_txlock=immediate",
		// What half a statement did is kept in memory, to be undone where it fails. The
		// log that makes transactions durable is another one.
		"_pragma=temp_store(MEMORY)",
		// The log is copied into the file when it has 32 MB, not 4: pages that many groups
		// of plays change are copied once.
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
	db.writer = newWriter(writers)
	if db.pool, err = sql.Open("sqlite", reading); err != nil {
		return nil, err
	}
	db.pool.SetMaxOpenConns(2 * max(runtime.GOMAXPROCS(0), 2))
	db.pool.SetMaxIdleConns(2 * max(runtime.GOMAXPROCS(0), 2))
	db.reader = reader{db, newPreparedPool(db.pool)}
	return db, nil
}

// Engine tells what kind of database it is.
func (db *DB) Engine() Engine { return db.engine }

// Address tells where the database is, without the password.
func (db *DB) Address() string { return db.address }

// Ping says whether the database can be used. It wraps [campaign.ErrUnavailable].
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if db.writer != nil { // which makes the file what the readers expect
		if err := db.writer.ready(ctx); err != nil {
			return db.unusable(err)
		}
	}
	return db.unusable(db.pool.QueryRowContext(ctx, "SELECT 1").Scan(&one))
}

// unusable is an error that is about the database as a whole.
func (db *DB) unusable(err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	return &lostError{db.address, err}
}

// Close ends all connections. That of SQLite which writes is the last one, so that
// the file is whole without its log.
func (db *DB) Close() error {
	err := db.pool.Close()
	if db.writer != nil {
		db.writer.close()
	}
	return err
}
