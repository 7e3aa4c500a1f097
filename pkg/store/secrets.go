package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/sealed"
)

// Secrets manages the secrets in a database that can be sealed: the seeds of open campaigns,
// which predict their draws, and the key of the digests of erased entrants. The seeds of
// closed campaigns are public, so they are not sealed.
type Secrets struct{ db *DB }

// Secrets returns the secrets of the database.
func (db *DB) Secrets() *Secrets { return &Secrets{db} }

// seedCell returns the cell of the seed of a campaign. The name of a campaign never changes.
func seedCell(name string) sealed.Cell {
	return sealed.Cell{Table: "campaigns", Column: "secret", Row: name}
}

// keyCell returns the cell of a key in the table keys.
func keyCell(name string) sealed.Cell {
	return sealed.Cell{Table: "keys", Column: "value", Row: name}
}

// SecretsStatus describes the secrets in a database.
type SecretsStatus struct {
	Sealed   int      `json:"sealed"`   // number of sealed secrets
	Unsealed int      `json:"unsealed"` // number of secrets that everyone who reads the database can read
	Keys     []string `json:"keys"`     // IDs of the keys that sealed them, in ascending order
}

// Missing returns the IDs of the keys of sealed secrets that keys does not contain.
func (s SecretsStatus) Missing(keys *sealed.Keys) []string {
	return slices.DeleteFunc(slices.Clone(s.Keys), keys.Has)
}

// Status returns a description of the secrets. It needs no keys.
func (s *Secrets) Status(ctx context.Context) (SecretsStatus, error) { return s.status(ctx, true) }

// status is like Status for tables that may lack the table of keys.
func (s *Secrets) status(ctx context.Context, hasKeys bool) (SecretsStatus, error) {
	status := SecretsStatus{Keys: []string{}}
	err := s.db.snapshot(ctx, s.db.responseTimeout, func(from runner) error {
		list, err := secrets(ctx, from, hasKeys, "")
		for _, secret := range list {
			if !sealed.IsSealed(secret.text) {
				status.Unsealed++
				continue
			}
			status.Sealed++
			status.Keys = append(status.Keys, sealed.KeyID(secret.text))
		}
		return err
	})
	slices.Sort(status.Keys)
	status.Keys = slices.Compact(status.Keys)
	return status, err
}

// Seal seals the secrets that are not sealed, and returns their number. Without keys it does
// nothing.
func (s *Secrets) Seal(ctx context.Context) (int, error) {
	return s.replace(ctx, (*transaction).sealUnsealed)
}

// Rotate seals all secrets with the first key, except those that are already sealed with it,
// and returns the number that it has sealed. Without keys it does nothing. The error wraps
// [sealed.ErrNoKey] if a secret cannot be opened; then nothing is changed.
func (s *Secrets) Rotate(ctx context.Context) (int, error) {
	return s.replace(ctx, func(t *transaction, secret storedSecret) (string, error) {
		if id := t.db.keys.ID(); id == "" || sealed.KeyID(secret.text) == id {
			return secret.text, nil
		}
		value, err := t.db.keys.Open(secret.cell, secret.text)
		return t.db.keys.Seal(secret.cell, value), err
	})
}

// Unseal stores all secrets as they are, and returns the number of those that were sealed.
// Without keys it does nothing. The error wraps [sealed.ErrNoKey] if a secret cannot be opened;
// then nothing is changed.
func (s *Secrets) Unseal(ctx context.Context) (int, error) {
	return s.replace(ctx, func(t *transaction, secret storedSecret) (string, error) {
		return t.db.keys.Open(secret.cell, secret.text)
	})
}

// replace replaces secrets in one transaction, and removes the old values from the files of
// the database.
func (s *Secrets) replace(ctx context.Context, f func(*transaction, storedSecret) (string, error)) (changed int, err error) {
	err = s.db.Update(ctx, func(tx campaign.Tx) (err error) {
		t, ok := tx.(*transaction)
		if !ok {
			return errors.New("the transaction belongs to another store")
		}
		changed, err = t.replaceSecrets(ctx, func(secret storedSecret) (string, error) { return f(t, secret) })
		t.erased = changed > 0
		return err
	})
	if err != nil || changed == 0 || s.db.engine != Postgres {
		return changed, err
	}
	// PostgreSQL keeps the old rows until the tables are rewritten.
	if _, err := s.db.pool.ExecContext(ctx, "VACUUM (FULL) campaigns, keys"); err != nil {
		return changed, fmt.Errorf("remove the old values from the files of PostgreSQL; run VACUUM (FULL) campaigns, keys: %w", s.db.explain(err))
	}
	return changed, nil
}

// storedSecret is a secret as it is stored.
type storedSecret struct {
	cell sealed.Cell
	text string
}

// secrets returns all secrets of a database. hasKeys reports whether it has the table of keys,
// which old programs did not create. end is the end of each query.
func secrets(ctx context.Context, r runner, hasKeys bool, end string) ([]storedSecret, error) {
	seed := func(row scanner) (storedSecret, error) {
		var name, text string
		err := row.Scan(&name, &text)
		return storedSecret{seedCell(name), text}, err
	}
	list, err := queryAll(ctx, r, seed, "SELECT name, secret FROM campaigns WHERE state = 'open' OR substr(secret, 1, 7) = '"+sealed.Prefix+"' ORDER BY id"+end)
	if err != nil || !hasKeys {
		return list, err
	}
	key := func(row scanner) (storedSecret, error) {
		var name string
		var value []byte
		err := row.Scan(&name, &value)
		return storedSecret{keyCell(name), string(value)}, err
	}
	keys, err := queryAll(ctx, r, key, "SELECT name, value FROM keys ORDER BY name"+end)
	return append(list, keys...), err
}

// sealUnsealed returns a secret in sealed form.
func (t *transaction) sealUnsealed(secret storedSecret) (string, error) {
	if sealed.IsSealed(secret.text) {
		return secret.text, nil
	}
	return t.db.keys.Seal(secret.cell, secret.text), nil
}

// replaceSecrets stores what f returns for each secret, and returns the number of secrets
// that have changed.
func (t *transaction) replaceSecrets(ctx context.Context, f func(storedSecret) (string, error)) (changed int, err error) {
	if t.db.keys == nil {
		return 0, nil
	}
	list, err := secrets(ctx, t.r, true, t.db.engine.forUpdate())
	if err != nil {
		return 0, err
	}
	for _, secret := range list {
		text, err := f(secret)
		if err != nil {
			return 0, err
		}
		if text == secret.text {
			continue
		}
		if err := t.storeSecret(ctx, storedSecret{secret.cell, text}); err != nil {
			return 0, err
		}
		changed++
	}
	return changed, nil
}

func (t *transaction) storeSecret(ctx context.Context, secret storedSecret) error {
	if secret.cell.Table == "keys" {
		_, err := t.r.exec(ctx, "UPDATE keys SET value = $2 WHERE name = $1", secret.cell.Row, []byte(secret.text))
		return err
	}
	_, err := t.r.exec(ctx, "UPDATE campaigns SET secret = $2, sealed_next = next_index WHERE name = $1", secret.cell.Row, secret.text)
	return err
}

// checkKeys returns an error if the database contains secrets that its keys cannot open.
func (db *DB) checkKeys(ctx context.Context) error {
	status, err := db.Secrets().Status(ctx)
	if err != nil {
		return err
	}
	missing := status.Missing(db.keys)
	if len(missing) == 0 {
		return nil
	}
	configured := "no key is configured"
	if ids := db.keys.IDs(); len(ids) > 0 {
		configured = "the configured file has the key " + strings.Join(ids, ", ")
	}
	return fmt.Errorf("%w %s, which sealed secrets in the database %s; %s", sealed.ErrNoKey, strings.Join(missing, ", "), db.address, configured)
}
