package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// ErrNewer is wrapped by the error for a database whose tables were created by a newer
// program.
var ErrNewer = errors.New("created by a newer prizegen")

// Migrate updates the tables to the version of this program and returns the number of
// migrations applied. Several processes may call it at the same time. If a newer program
// created the tables, Migrate changes nothing and returns an error that wraps
// [ErrNewer].
func (db *DB) Migrate(ctx context.Context) (steps int, err error) {
	// PostgreSQL has a lock for migrations. In SQLite each migration is a transaction,
	// which fails if another process has just applied it; the next attempt skips it.
	for attempt := 1; ; attempt++ {
		err = db.withProvider(ctx, func(p *goose.Provider) error {
			n, err := db.migrate(ctx, p)
			steps += n
			return err
		})
		if err == nil || errors.Is(err, ErrNewer) || ctx.Err() != nil || attempt == maxAttempts {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(20 * time.Millisecond)):
		}
	}
	if errors.Is(err, ErrNewer) {
		return 0, err
	}
	return steps, db.explain(err)
}

// newerError returns the error for tables that were created by a newer program.
func newerError(address string, version, newest int64) error {
	return fmt.Errorf("database %s was %w: its tables have version %d, but this program supports only versions up to %d; install a newer prizegen", address, ErrNewer, version, newest)
}

func (db *DB) migrate(ctx context.Context, p *goose.Provider) (steps int, err error) {
	version, newest, err := versions(ctx, p)
	switch {
	case err != nil:
		return 0, err
	case version > newest:
		return 0, newerError(db.address, version, newest)
	case version == newest:
		return 0, nil
	}
	results, err := p.Up(ctx)
	return len(results), err
}

// versions returns the version of the tables and the newest supported version.
func versions(ctx context.Context, p *goose.Provider) (version, newest int64, err error) {
	if version, err = p.GetDBVersion(ctx); err != nil {
		return 0, 0, err
	}
	sources := p.ListSources()
	return version, sources[len(sources)-1].Version, nil
}

// withProvider calls f with a goose provider of the migrations. During the call, no other
// process migrates a PostgreSQL database, and this process runs no other transaction that
// writes to a SQLite file.
func (db *DB) withProvider(ctx context.Context, f func(*goose.Provider) error) error {
	steps, err := fs.Sub(migrations, "migrations/"+string(db.engine))
	if err != nil {
		return err
	}
	identity := goose.WithGoMigrations(identityMigration(db.engine))
	if db.engine == Postgres {
		return db.withMigrationLock(ctx, func() error {
			p, err := goose.NewProvider(goose.DialectPostgres, db.pool, steps, identity)
			if err != nil {
				return err
			}
			return contextErr(ctx, f(p))
		})
	}
	if err := db.writer.lock(ctx); err != nil {
		return err
	}
	defer db.writer.unlock()
	if db.writer.conn != nil { // the pool has only one connection
		db.writer.stmts.close()
		_ = db.writer.conn.Close()
		db.writer.conn, db.writer.stmts = nil, nil
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.writer.pool, steps, identity)
	if err != nil {
		return err
	}
	return contextErr(ctx, f(p))
}

// migrationLock is the number of the advisory lock for migrations: "prizegen" in ASCII.
const migrationLock = 0x7072697a6567656e

// withMigrationLock calls f while it holds the lock for migrations. Unlike goose's own lock,
// which polls, it calls f as soon as the lock is free.
func (db *DB) withMigrationLock(ctx context.Context, f func() error) (err error) {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return err
	}
	err = f()
	_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
	return errors.Join(err, unlockErr)
}

// Status describes a database.
type Status struct {
	Engine    Engine `json:"engine"`
	Address   string `json:"address"` // without the password
	Version   int64  `json:"version"` // version of the tables; 0 if there are none
	Newest    int64  `json:"newest"`  // newest version that this program supports
	Campaigns int64  `json:"campaigns"`
	Entrants  int64  `json:"entrants"`
	Draws     int64  `json:"draws"`
	Bytes     int64  `json:"bytes"` // size on disk

	Secrets SecretsStatus `json:"secrets"`
}

// Status returns the versions and the size of the database.
func (db *DB) Status(ctx context.Context) (Status, error) {
	s := Status{Engine: db.engine, Address: db.address, Secrets: SecretsStatus{Keys: []string{}}}
	err := db.withProvider(ctx, func(p *goose.Provider) (err error) {
		s.Version, s.Newest, err = versions(ctx, p)
		return err
	})
	if err != nil {
		return s, db.explain(err)
	}
	size := "SELECT pg_database_size(current_database())"
	if db.engine == SQLite {
		size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	}
	counts := map[string]*int64{size: &s.Bytes}
	if s.Version > 0 {
		counts["SELECT count(*) FROM campaigns"] = &s.Campaigns
		counts["SELECT count(*) FROM entrants"] = &s.Entrants
		counts["SELECT CAST(coalesce(sum(plays), 0) AS BIGINT) FROM campaigns"] = &s.Draws
	}
	for text, into := range counts {
		if err := db.pool.QueryRowContext(ctx, text).Scan(into); err != nil {
			return s, db.explain(err)
		}
	}
	if s.Version > 0 {
		s.Secrets, err = db.Secrets().status(ctx, s.Version >= identityVersion)
	}
	return s, err
}
