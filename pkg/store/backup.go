package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// tables are those that a backup has, in an order in which each row finds the rows
// that it belongs to. Who is logged in is not in it.
func tables() []string {
	return []string{"campaigns", "prizes", "entrants", "draws", "skipped", "changes"}
}

// ErrNotEmpty is that a backup should be restored into a database that has something
// in it.
var ErrNotEmpty = errors.New("not empty")

// Backup writes the database as it is at one moment into a new SQLite file, whatever
// kind it is. Others may go on using it meanwhile. The file is there as a whole or
// not at all; it wraps [fs.ErrExist] where there is one already. Tables of an older
// program stay as they are, here and in the file; those of a newer one are refused
// with [ErrNewer]. count, which may be nil, is told of rows written.
func (db *DB) Backup(ctx context.Context, path string, count func(rows uint64)) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	s, err := db.Status(ctx)
	switch {
	case err != nil:
		return err
	case s.Version > s.Newest:
		return db.newer(s.Version, s.Newest)
	case s.Version == 0:
		return fmt.Errorf("the database %s has no tables yet, so that there is nothing to back up", db.address)
	}
	temp := path + ".new"
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := db.copyTo(ctx, temp, s.Version, count); err != nil {
		return errors.Join(err, removeDatabase(temp))
	}
	if info, err := os.Stat(temp + "-wal"); err == nil && info.Size() > 0 {
		return errors.Join(fmt.Errorf("the backup %s could not be finished: its log is still beside it", temp), removeDatabase(temp))
	}
	return os.Rename(temp, path)
}

// removeDatabase removes a SQLite file and what may stand beside it.
func removeDatabase(path string) error {
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Remove(path)
}

// copyTo copies everything into an empty SQLite file with tables of a version, and
// closes that.
func (db *DB) copyTo(ctx context.Context, path string, version int64, count func(rows uint64)) error {
	to, err := Open(ctx, path, Options{KeepVersion: true})
	if err != nil {
		return err
	}
	err = to.migrating(ctx, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
	if err != nil {
		return errors.Join(to.explain(err), to.Close())
	}
	err = db.snapshot(ctx, func(from runner) error { return copyTables(ctx, from, to, count) })
	return errors.Join(err, to.Close())
}

// snapshot calls f with what reads the database as it is at one moment.
func (db *DB) snapshot(ctx context.Context, f func(from runner) error) error {
	var o sql.TxOptions
	if db.engine == Postgres {
		o = sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.pool.BeginTx(ctx, &o)
	if err != nil {
		return db.explain(err)
	}
	defer tx.Rollback()
	return db.explain(givenUp(ctx, f(plainRunner{db: tx})))
}

// copyTables copies all tables into an empty database, in one transaction.
func copyTables(ctx context.Context, from runner, to *DB, count func(rows uint64)) error {
	return to.Update(ctx, func(tx campaign.Tx) error {
		t, ok := tx.(*transaction)
		if !ok {
			return errors.New("a transaction of another store")
		}
		for _, table := range tables() {
			if err := copyTable(ctx, from, t.r, table, count); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		return t.passIDs(ctx)
	})
}

// copiedRows is how many rows are copied with one statement.
const copiedRows = 64

func copyTable(ctx context.Context, from, to runner, table string, count func(rows uint64)) error {
	rows, err := from.query(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	text := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES"
	var some [][]any
	write := func() error {
		err := insert(ctx, to, text, len(columns), some)
		if count != nil && err == nil {
			count(uint64(len(some)))
		}
		some = some[:0]
		return err
	}
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		if some = append(some, values); len(some) == copiedRows {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return write()
}

// passIDs has PostgreSQL count on behind the IDs that were copied. SQLite does so by
// itself.
func (t *transaction) passIDs(ctx context.Context) error {
	if t.db.engine != Postgres {
		return nil
	}
	for _, table := range []string{"campaigns", "entrants", "changes"} {
		_, err := t.r.exec(ctx, "SELECT setval(pg_get_serial_sequence('"+table+"', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM "+table+"), false)")
		if err != nil {
			return err
		}
	}
	return nil
}

// Restore fills an empty database with a backup: all of it or, where something fails,
// nothing. The backup may be of an older program, and of the other kind of database.
// It wraps [ErrNotEmpty] where the database has something in it. count, which may be
// nil, is told of rows written.
func (db *DB) Restore(ctx context.Context, path string, count func(rows uint64)) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	s, err := db.Status(ctx)
	if err != nil {
		return err
	}
	if s.Campaigns > 0 || s.Entrants > 0 {
		return fmt.Errorf("the database %s is %w, expected one without campaigns and entrants", db.address, ErrNotEmpty)
	}
	copied, err := copyDatabase(path)
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied.folder) //nolint:errcheck // temporary
	from, err := openBackup(ctx, copied.path)
	if err != nil {
		return fmt.Errorf("the backup %s: %w", path, err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	return from.snapshot(ctx, func(source runner) error { return copyTables(ctx, source, db, count) })
}

// openBackup opens a copy of a backup and brings it up to date.
func openBackup(ctx context.Context, path string) (*DB, error) {
	db, err := Open(ctx, path, Options{KeepVersion: true})
	if err != nil {
		return nil, err
	}
	if err := db.checkBackup(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) checkBackup(ctx context.Context) error {
	read := func(row scanner) (text string, err error) { return text, row.Scan(&text) }
	if health, err := one(ctx, db.r, read, "PRAGMA integrity_check"); err != nil || health != "ok" {
		return errors.Join(errors.New("it is damaged, or a program is writing to it; prizegen db backup copies a database that is in use"), err)
	}
	s, err := db.Status(ctx)
	if err != nil {
		return err
	}
	if s.Version == 0 {
		return errors.New("it has no campaigns of prizegen, expected a file that prizegen db backup wrote")
	}
	_, err = db.Migrate(ctx)
	return err
}
