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

// ErrNewer is that a database has tables of a newer program.
var ErrNewer = errors.New("made by a newer prizegen")

// Migrate brings the tables up to date and tells how many steps that took. Several
// processes may do so at the same time. It wraps [ErrNewer] where they are newer than
// this program; they are left alone then.
func (db *DB) Migrate(ctx context.Context) (steps int, err error) {
	// PostgreSQL has a lock for it. In SQLite each step is a transaction of its own,
	// which fails where another process was faster: then there is less to do.
	for try := 1; ; try++ {
		err = db.migrating(ctx, func(p *goose.Provider) error {
			n, err := db.migrate(ctx, p)
			steps += n
			return err
		})
		if err == nil || errors.Is(err, ErrNewer) || ctx.Err() != nil || try == maxRuns {
			break
		}
		time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
	}
	if errors.Is(err, ErrNewer) {
		return 0, err
	}
	return steps, db.explain(err)
}

// newer is that the tables are of a newer program.
func (db *DB) newer(has, knows int64) error {
	return fmt.Errorf("the database %s was %w: its tables have version %d, this program knows %d; install that program or a later one", db.address, ErrNewer, has, knows)
}

func (db *DB) migrate(ctx context.Context, p *goose.Provider) (steps int, err error) {
	has, knows, err := versions(ctx, p)
	switch {
	case err != nil:
		return 0, err
	case has > knows:
		return 0, db.newer(has, knows)
	case has == knows:
		return 0, nil
	}
	results, err := p.Up(ctx)
	return len(results), err
}

func versions(ctx context.Context, p *goose.Provider) (has, knows int64, err error) {
	if has, err = p.GetDBVersion(ctx); err != nil {
		return 0, 0, err
	}
	sources := p.ListSources()
	return has, sources[len(sources)-1].Version, nil
}

// migrating calls f with what knows the versions of tables, while no other process
// changes them.
func (db *DB) migrating(ctx context.Context, f func(*goose.Provider) error) error {
	steps, err := fs.Sub(migrations, "migrations/"+string(db.engine))
	if err != nil {
		return err
	}
	if db.engine == Postgres {
		return db.locked(ctx, func() error {
			p, err := goose.NewProvider(goose.DialectPostgres, db.pool, steps)
			if err != nil {
				return err
			}
			return givenUp(ctx, f(p))
		})
	}
	if err := db.writer.take(ctx); err != nil {
		return err
	}
	defer db.writer.leave()
	if db.writer.conn != nil { // the pool has one connection only
		db.writer.kept.close()
		_ = db.writer.conn.Close()
		db.writer.conn, db.writer.kept = nil, nil
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.writer.pool, steps)
	if err != nil {
		return err
	}
	return givenUp(ctx, f(p))
}

// migrationLock is the number of the lock that processes hold while they look after
// the tables: "prizegen" in ASCII.
const migrationLock = 0x7072697a6567656e

// locked calls f while no other process that calls it does. The library's own lock
// asks again every few seconds; this one waits.
func (db *DB) locked(ctx context.Context, f func() error) (err error) {
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

// Status tells about a database.
type Status struct {
	Engine    Engine `json:"engine"`
	Address   string `json:"address"` // without password
	Version   int64  `json:"version"` // of its tables, 0 where there are none
	Newest    int64  `json:"newest"`  // version that this program knows
	Campaigns int64  `json:"campaigns"`
	Entrants  int64  `json:"entrants"`
	Draws     int64  `json:"draws"`
	Bytes     int64  `json:"bytes"` // on disk
}

// Status tells about the database.
func (db *DB) Status(ctx context.Context) (Status, error) {
	s := Status{Engine: db.engine, Address: db.address}
	err := db.migrating(ctx, func(p *goose.Provider) (err error) {
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
	return s, nil
}
