package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
)

// accessVersion is the version of the tables since which there are administrators.
const accessVersion = 6

// Access stores administrators and API tokens. Of tokens, it stores only digests.
type Access struct{ accessReader }

var _ access.Store = (*Access)(nil)

// Access returns the administrators and API tokens of the database.
func (db *DB) Access() *Access { return &Access{accessReader{db.reader}} }

// accessReader reads administrators and tokens, in or outside of a transaction.
type accessReader struct{ reader }

const administratorColumns = "SELECT name, role, password, generation, created_at FROM administrators"

func readAdministrator(row scanner) (a access.Administrator, err error) {
	var created int64
	err = row.Scan(&a.Name, &a.Role, &a.Credentials.Hash, &a.Credentials.Generation, &created)
	a.CreatedAt = timeOf(created)
	return a, err
}

// Administrator implements [access.Store].
func (q accessReader) Administrator(ctx context.Context, name string) (access.Administrator, error) {
	a, err := queryOne(ctx, q.r, readAdministrator, administratorColumns+" WHERE name = $1", name)
	if errors.Is(err, sql.ErrNoRows) {
		return a, campaign.Errorf(campaign.ErrNotFound, "there is no administrator %s", name)
	}
	return a, q.db.explain(err)
}

// Administrators implements [access.Store].
func (q accessReader) Administrators(ctx context.Context) ([]access.Administrator, error) {
	list, err := queryAll(ctx, q.r, readAdministrator, administratorColumns+" ORDER BY name")
	return list, q.db.explain(err)
}

const tokenColumns = "SELECT name, role, created_at FROM tokens"

func readToken(row scanner) (t access.Token, err error) {
	var created int64
	err = row.Scan(&t.Name, &t.Role, &created)
	t.CreatedAt = timeOf(created)
	return t, err
}

// Token implements [access.Store].
func (q accessReader) Token(ctx context.Context, digest access.Digest) (access.Token, error) {
	t, err := queryOne(ctx, q.r, readToken, tokenColumns+" WHERE token_sha256 = $1", digest[:])
	if errors.Is(err, sql.ErrNoRows) {
		return t, campaign.Errorf(campaign.ErrNotFound, "there is no such token")
	}
	return t, q.db.explain(err)
}

// Tokens implements [access.Store].
func (q accessReader) Tokens(ctx context.Context) ([]access.Token, error) {
	list, err := queryAll(ctx, q.r, readToken, tokenColumns+" ORDER BY name")
	return list, q.db.explain(err)
}

// Owner implements [access.Store].
func (q accessReader) Owner(ctx context.Context) (access.Credentials, error) {
	read := func(row scanner) (c access.Credentials, err error) { return c, row.Scan(&c.Hash, &c.Generation) }
	c, err := queryOne(ctx, q.r, read, "SELECT password, generation FROM configured_owner")
	if errors.Is(err, sql.ErrNoRows) {
		return access.Credentials{}, nil
	}
	return c, q.db.explain(err)
}

// Update implements [access.Store].
func (s *Access) Update(ctx context.Context, f func(access.Tx) error) error {
	return transact(ctx, s.db, func(t *transaction) error { return f(accessTx{accessReader{t.reader}, t}) })
}

// accessTx implements [access.Tx].
type accessTx struct {
	accessReader
	t *transaction
}

// LockAdministrators implements [access.Tx].
func (x accessTx) LockAdministrators(ctx context.Context) ([]access.Administrator, error) {
	return queryAll(ctx, x.r, readAdministrator, administratorColumns+" ORDER BY name"+x.db.engine.forUpdate())
}

// SaveAdministrator implements [access.Tx].
func (x accessTx) SaveAdministrator(ctx context.Context, a access.Administrator) error {
	_, err := x.r.exec(ctx, "INSERT INTO administrators (name, role, password, generation, created_at) VALUES ($1, $2, $3, $4, $5)"+
		" ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password, generation = excluded.generation",
		a.Name, string(a.Role), a.Credentials.Hash, a.Credentials.Generation, a.CreatedAt.UnixMilli())
	return err
}

// DeleteAdministrator implements [access.Tx].
func (x accessTx) DeleteAdministrator(ctx context.Context, name string) error {
	_, err := x.r.exec(ctx, "DELETE FROM administrators WHERE name = $1", name)
	return err
}

// AddToken implements [access.Tx].
func (x accessTx) AddToken(ctx context.Context, t access.Token, digest access.Digest) error {
	added, err := x.changed(ctx, "INSERT INTO tokens (name, role, token_sha256, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
		t.Name, string(t.Role), digest[:], t.CreatedAt.UnixMilli())
	if err == nil && !added {
		err = campaign.Errorf(campaign.ErrExists, "the token %s already exists", t.Name)
	}
	return err
}

// DeleteToken implements [access.Tx].
func (x accessTx) DeleteToken(ctx context.Context, name string) error {
	deleted, err := x.changed(ctx, "DELETE FROM tokens WHERE name = $1", name)
	if err == nil && !deleted {
		err = campaign.Errorf(campaign.ErrNotFound, "there is no token %s", name)
	}
	return err
}

// ReplaceOwner implements [access.Tx].
func (x accessTx) ReplaceOwner(ctx context.Context, old, replacement access.Credentials) (bool, error) {
	if old.Generation == "" {
		return x.changed(ctx, "INSERT INTO configured_owner (id, password, generation) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING",
			replacement.Hash, replacement.Generation)
	}
	return x.changed(ctx, "UPDATE configured_owner SET password = $1, generation = $2 WHERE generation = $3",
		replacement.Hash, replacement.Generation, old.Generation)
}

// changed runs a statement and reports whether it changed a row.
func (x accessTx) changed(ctx context.Context, text string, args ...any) (bool, error) {
	result, err := x.r.exec(ctx, text, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// AddChange implements [access.Tx].
func (x accessTx) AddChange(ctx context.Context, c campaign.Change) error {
	return x.t.AddChange(ctx, c)
}
