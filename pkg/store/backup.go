package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// tables returns the names of the tables in a backup of the given version, in an order that
// satisfies the foreign keys. Sessions and the credentials of the configured owner are not
// backed up.
func tables(version int64) []string {
	list := []string{"campaigns", "prizes", "entrants", "draws", "skipped", "changes"}
	if version >= identityVersion {
		list = append(list, "keys", "erased_plays")
	}
	if version >= accessVersion {
		list = append(list, "administrators", "tokens")
	}
	return list
}

// ErrNotEmpty is wrapped by the error for a restore into a database that is not empty.
var ErrNotEmpty = errors.New("not empty")

// Backup writes a snapshot of the database, whichever engine it uses, to a new SQLite
// file. The database remains usable meanwhile. The tables in the file have the same version
// as those in the database, and sealed secrets stay sealed. If Backup fails, it leaves no
// file. The error wraps
// [fs.ErrExist] if the file already exists, and [ErrNewer] if a newer program created
// the tables. If count is not nil, Backup calls it for each batch of rows that it has
// written, with the number of these rows.
func (db *DB) Backup(ctx context.Context, path string, count func(rows uint64)) error {
	if err := checkPath(path); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	s, err := db.Status(ctx)
	switch {
	case err != nil:
		return err
	case s.Version > s.Newest:
		return newerError(db.address, s.Version, s.Newest)
	case s.Version == 0:
		return fmt.Errorf("database %s has no tables; there is nothing to back up", db.address)
	}
	temp := path + ".new"
	if err := removeStale(ctx, temp); err != nil {
		return err
	}
	if err := db.copyTo(ctx, temp, s.Version, count); err != nil {
		return errors.Join(err, removeDatabase(temp))
	}
	if info, err := os.Stat(temp + logSuffix); err == nil && info.Size() > 0 {
		return errors.Join(fmt.Errorf("backup %s is incomplete: its log is not empty", temp), removeDatabase(temp))
	}
	return os.Rename(temp, path)
}

// removeStale removes the temporary file that a killed backup has left. It returns an error
// if that backup is still running, which it detects by the lock on the file.
func removeStale(ctx context.Context, temp string) error {
	info, err := os.Stat(temp)
	if err == nil {
		var c driver.Connector
		if c, err = newConnector(newFile(temp, info, false)); err != nil {
			return err
		}
		pool := sql.OpenDB(c)
		_, err = pool.ExecContext(ctx, "BEGIN IMMEDIATE; ROLLBACK")
		_ = pool.Close() // only the lock error matters
		if isBusy(err) {
			return fmt.Errorf("another backup is writing to %s; wait until it has finished", temp)
		}
	}
	return removeDatabase(temp)
}

// removeDatabase removes a SQLite file and the files that belong to it, if they exist.
func removeDatabase(path string) error {
	for _, suffix := range []string{logSuffix, "-shm", "-journal", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyTo creates a SQLite file with tables of the given version and copies all rows to it.
func (db *DB) copyTo(ctx context.Context, path string, version int64, count func(rows uint64)) error {
	to, err := Open(ctx, path, Options{KeepVersion: true, Create: true})
	if err != nil {
		return err
	}
	err = to.withProvider(ctx, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
	if err != nil {
		return errors.Join(to.explain(err), to.Close())
	}
	err = db.snapshot(ctx, 0, func(from runner) error { return copyTables(ctx, from, to, version, count) })
	return errors.Join(err, to.Close())
}

// snapshot calls f with a runner that reads a snapshot of the database. The timeout covers
// the whole call; 0 means no limit.
func (db *DB) snapshot(ctx context.Context, timeout time.Duration, f func(from runner) error) error {
	ctx, cancel := withTimeout(ctx, timeout)
	defer cancel()
	var o sql.TxOptions
	if db.engine == Postgres {
		o = sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.pool.BeginTx(ctx, &o)
	if err != nil {
		return db.explain(contextErr(ctx, err))
	}
	defer tx.Rollback()
	return db.explain(contextErr(ctx, f(plainRunner{timeout: timeout, db: tx})))
}

// copyTables copies all tables to an empty database, in one transaction. If that database has
// keys, it seals the secrets that are not sealed.
func copyTables(ctx context.Context, from runner, to *DB, version int64, count func(rows uint64)) error {
	return to.Update(ctx, func(tx campaign.Tx) error {
		t, ok := tx.(*transaction)
		if !ok {
			return errors.New("the transaction belongs to another store")
		}
		for _, table := range tables(version) {
			if err := copyTable(ctx, from, t.r, table, count); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		if _, err := t.replaceSecrets(ctx, t.sealUnsealed); err != nil {
			return err
		}
		return t.resetSequences(ctx)
	})
}

// copyBatch is the number of rows that one statement copies.
const copyBatch = 64

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
	var batch [][]any
	write := func() error {
		err := insert(ctx, to, text, len(columns), batch)
		if count != nil && err == nil {
			count(uint64(len(batch)))
		}
		batch = batch[:0]
		return err
	}
	for rows.Next() {
		values, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		if batch = append(batch, values); len(batch) == copyBatch {
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

// resetSequences makes PostgreSQL generate IDs above those that were copied. SQLite does so
// automatically.
func (t *transaction) resetSequences(ctx context.Context) error {
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

// Restore copies a backup to an empty database. If it fails, the database stays empty.
// The backup may come from either engine and from an older program. If the database is
// not empty, the error wraps [ErrNotEmpty]. Sealed secrets stay sealed, even if the keys of
// db cannot open them; the others are sealed if db has keys. If count is not nil, Restore
// calls it for each batch of rows that it has written, with the number of these rows.
func (db *DB) Restore(ctx context.Context, path string, count func(rows uint64)) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	_, err := openFile(path, false)
	switch {
	case errors.Is(err, ErrMissing): // the file is empty
		return fmt.Errorf("backup %s: %w", path, errNoTables)
	case err != nil:
		return err
	}
	s, err := db.Status(ctx)
	if err != nil {
		return err
	}
	if s.Campaigns > 0 || s.Entrants > 0 {
		return fmt.Errorf("database %s is %w; use one without campaigns and entrants", db.address, ErrNotEmpty)
	}
	copied, err := copyDatabase(path)
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied.folder) //nolint:errcheck // temporary
	from, err := openBackup(ctx, copied.path)
	if err != nil {
		return fmt.Errorf("backup %s: %w", path, err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	return from.snapshot(ctx, 0, func(source runner) error { return copyTables(ctx, source, db, math.MaxInt64, count) })
}

var errNoTables = errors.New("it contains no prizegen tables; use a file written by prizegen db backup")

// openBackup opens a copy of a backup and migrates it.
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
	if health, err := queryOne(ctx, db.r, read, "PRAGMA integrity_check"); err != nil || health != "ok" {
		return errors.Join(errors.New("it is damaged, or another program is writing to it; use prizegen db backup to copy a database that is in use"), err)
	}
	s, err := db.Status(ctx)
	if err != nil {
		return err
	}
	if s.Version == 0 {
		return errNoTables
	}
	_, err = db.Migrate(ctx)
	return err
}
