package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the pgx driver
	_ "modernc.org/sqlite"             // the sqlite driver
)

// singleRows returns the contestants that store each play in its own transaction, as most
// programs would. It also returns a function that closes their databases.
func (l *lab) singleRows(ctx context.Context, postgres string) ([]contestant, func(), error) {
	lite, err := openSingle(ctx, "sqlite", "file:"+l.file("single.db")+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate", 1)
	if err != nil {
		return nil, nil, err
	}
	pg, err := openSingle(ctx, "pgx", postgres, 16)
	if err != nil {
		_ = lite.Close() // only the first error matters
		return nil, nil, err
	}
	closeAll := func() {
		_ = lite.Close() // all writes have been committed
		_ = pg.Close()
	}
	what := "only two statements and a commit per play, in one process, 64 plays at a time"
	single := func(db *sql.DB) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			return atOnce(l.time(), func(int64) error { return playSingle(ctx, db) })
		}
	}
	return []contestant{{"bare rows in SQLite", what, single(lite)}, {"bare rows in PostgreSQL", what, single(pg)}}, closeAll, nil
}

// openSingle opens a database with the same options as the store, and creates as few tables
// as possible in it. With SQLite, more than one connection would only wait for the lock on
// the file.
func openSingle(ctx context.Context, driver, address string, connections int) (*sql.DB, error) {
	db, err := sql.Open(driver, address)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	for _, text := range []string{
		"CREATE TABLE single_campaign (id INTEGER PRIMARY KEY, next_index INTEGER NOT NULL)",
		"INSERT INTO single_campaign VALUES (1, 0)",
		"CREATE TABLE single_draws (draw_index INTEGER PRIMARY KEY, account TEXT NOT NULL UNIQUE, prize TEXT, once_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL)",
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			_ = db.Close() // only the first error matters
			return nil, err
		}
	}
	return db, nil
}

// atOnce calls do from 64 goroutines, each time with a different n. It returns the number
// of calls per second.
func atOnce(duration time.Duration, do func(n int64) error) (float64, error) {
	var next atomic.Int64
	errs := make([]error, clients)
	started := time.Now()
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			for errs[i] == nil && time.Since(started) < duration {
				errs[i] = do(next.Add(1))
			}
		})
	}
	running.Wait()
	return float64(next.Load()) / time.Since(started).Seconds(), errors.Join(errs...)
}

// playSingle takes the next index and stores a draw for it.
func playSingle(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var index int64
	if err := tx.QueryRowContext(ctx, "UPDATE single_campaign SET next_index = next_index + 1 WHERE id = 1 RETURNING next_index").Scan(&index); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO single_draws VALUES ($1, $2, $3, $4, $5)",
		index, fmt.Sprintf("abcd%08d", index), "Mug", fmt.Sprint("bench-", index), fmt.Sprint("Ann Lee ", index)); err != nil {
		return err
	}
	return tx.Commit()
}
