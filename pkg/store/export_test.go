package store

import "context"

// Pragma sets something for the connection that writes, which tests use to make the
// disk look full.
func Pragma(ctx context.Context, db *DB, text string) error {
	w := db.writer
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.leave()
	if err := w.connect(ctx); err != nil {
		return err
	}
	_, err := w.conn.ExecContext(ctx, "PRAGMA "+text)
	return err
}
