package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Sessions stores the sessions of administrators. The database contains only digests of the
// tokens, so that somebody who reads the database cannot take over a session.
type Sessions struct{ db *DB }

// Sessions returns the session store of the database.
func (db *DB) Sessions() *Sessions { return &Sessions{db} }

type sessionData struct {
	data    []byte
	expires int64 // milliseconds since 1970
}

// Find returns the data of a session that has not expired.
func (s *Sessions) Find(ctx context.Context, token string) (data []byte, found bool, err error) {
	read := func(row scanner) (d sessionData, err error) { return d, row.Scan(&d.data, &d.expires) }
	sum := sha256.Sum256([]byte(token))
	d, err := queryOne(ctx, s.db.r, read, "SELECT data, expires_at FROM sessions WHERE token_sha256 = $1", sum[:])
	if errors.Is(err, sql.ErrNoRows) || err == nil && d.expires <= time.Now().UnixMilli() {
		return nil, false, nil
	}
	return d.data, err == nil, s.db.explain(err)
}

// Save stores the data of a session and removes expired sessions.
func (s *Sessions) Save(ctx context.Context, token string, data []byte, expires time.Time) error {
	sum := sha256.Sum256([]byte(token))
	return transact(ctx, s.db, func(t *transaction) error {
		if _, err := t.r.exec(ctx, "DELETE FROM sessions WHERE expires_at <= $1", time.Now().UnixMilli()); err != nil {
			return err
		}
		_, err := t.r.exec(ctx, "INSERT INTO sessions (token_sha256, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (token_sha256) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at",
			sum[:], data, expires.UnixMilli())
		return err
	})
}

// Delete removes a session.
func (s *Sessions) Delete(ctx context.Context, token string) error {
	sum := sha256.Sum256([]byte(token))
	return transact(ctx, s.db, func(t *transaction) error {
		_, err := t.r.exec(ctx, "DELETE FROM sessions WHERE token_sha256 = $1", sum[:])
		return err
	})
}

// transact is like [DB.Update] for transactions that use other tables.
func transact(ctx context.Context, db *DB, f func(*transaction) error) error {
	return db.Update(ctx, func(tx campaign.Tx) error {
		t, ok := tx.(*transaction)
		if !ok {
			return errors.New("the transaction belongs to another store")
		}
		return f(t)
	})
}
