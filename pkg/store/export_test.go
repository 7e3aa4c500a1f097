package store

import (
	"context"

	"github.com/pressly/goose/v3"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// CheckpointDelay is the time after which a transaction is copied from the log to the file.
const CheckpointDelay = checkpointDelay

// Pragma runs a PRAGMA on the connection for writing.
func Pragma(ctx context.Context, db *DB, text string) error {
	w := db.writer
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	if err := w.connect(ctx); err != nil {
		return err
	}
	_, err := w.conn.ExecContext(ctx, "PRAGMA "+text)
	return err
}

// Read returns the result of a query for one number in a transaction.
func Read(ctx context.Context, tx campaign.Tx, query string) (n int64, err error) {
	read := func(row scanner) (n int64, err error) { return n, row.Scan(&n) }
	return queryOne(ctx, tx.(*transaction).r, read, query)
}

// Plan returns the lines of PostgreSQL's plan for a query in a transaction.
func Plan(ctx context.Context, tx campaign.Tx, query string) ([]string, error) {
	read := func(row scanner) (line string, err error) { return line, row.Scan(&line) }
	return queryAll(ctx, tx.(*transaction).r, read, "EXPLAIN "+query)
}

// Run runs a statement in a transaction.
func Run(ctx context.Context, tx campaign.Tx, text string) error {
	_, err := tx.(*transaction).r.exec(ctx, text)
	return err
}

// DrawsStatement returns the statement that lists draws of c.
func DrawsStatement(c *campaign.StoredCampaign, q campaign.DrawQuery) (text string, args []any, err error) {
	return drawsStatement(c, q)
}

// MigrateTo updates the tables to the given version.
func MigrateTo(ctx context.Context, db *DB, version int64) error {
	return db.withProvider(ctx, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
}

// MigrateDownTo reverts the migrations after the given version.
func MigrateDownTo(ctx context.Context, db *DB, version int64) error {
	return db.withProvider(ctx, func(p *goose.Provider) error {
		_, err := p.DownTo(ctx, version)
		return err
	})
}

// ReadBytes returns the results of a query for byte strings in a transaction.
func ReadBytes(ctx context.Context, tx campaign.Tx, query string) ([][]byte, error) {
	read := func(row scanner) (b []byte, err error) { return b, row.Scan(&b) }
	return queryAll(ctx, tx.(*transaction).r, read, query)
}
