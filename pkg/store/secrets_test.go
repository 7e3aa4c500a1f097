package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/sealed"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// keyFile returns the text of a key file with a new key.
func keyFile() string {
	text, _ := sealed.NewFile(time.Now())
	return string(text)
}

// keysOf parses key files, one after another.
func keysOf(t testing.TB, files ...string) *sealed.Keys {
	t.Helper()
	keys, err := sealed.Parse(strings.Join(files, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// openSealed opens a database with keys.
func openSealed(t testing.TB, address string, keys *sealed.Keys) *store.DB {
	t.Helper()
	return storetest.Open(t, address, func(o *store.Options) { o.Keys = keys })
}

// playOnce plays as a new person.
func playOnce(t testing.TB, p *campaign.Admin, name string) campaign.Draw {
	t.Helper()
	d, err := p.Play(t.Context(), campaign.Play{Campaign: name, Person: &campaign.Person{FirstName: "Ann", LastName: fmt.Sprint(time.Now().UnixNano())}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// eraseOne plays as a new person and erases the person, which creates the key of the digests.
func eraseOne(t testing.TB, p *campaign.Admin, name string) {
	t.Helper()
	d, err := p.Draw(t.Context(), playOnce(t, p, name).ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteEntrant(t.Context(), d.Entrant.ID); err != nil {
		t.Fatal(err)
	}
}

// seedOf returns the seed of a campaign.
func seedOf(t testing.TB, db *store.DB, name string) entropy.Seed {
	t.Helper()
	c, err := db.Campaign(t.Context(), name)
	if err != nil || c.Secret == "" {
		t.Fatalf("campaign %s: got seed %q, error %v", name, c.Secret, err)
	}
	return c.Secret
}

// dump returns all values in all tables of a database, one per line, as a stranger reads them.
func dump(t testing.TB, address string) string {
	t.Helper()
	driver, list := "sqlite", "SELECT name FROM sqlite_schema WHERE type = 'table'"
	if strings.HasPrefix(address, "postgres") {
		driver, list = "pgx", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	raw, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close() //nolint:errcheck // it was only read
	var b strings.Builder
	tables := 0
	for _, table := range readAll(t, raw, list) {
		tables++
		for _, value := range readAll(t, raw, "SELECT * FROM "+table) {
			fmt.Fprintln(&b, value)
		}
	}
	if tables < 8 || !strings.Contains(b.String(), "lower4") {
		t.Errorf("the dump contains %d tables, want at least 8, with the campaign", tables)
	}
	return b.String()
}

// readAll returns all values that a query returns.
func readAll(t testing.TB, raw *sql.DB, query string) (values []string) {
	t.Helper()
	rows, err := raw.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			pointers[i] = &row[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		for _, v := range row {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			values = append(values, fmt.Sprint(v))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// forms returns a secret as it is, in hexadecimal and in base64.
func forms(secret string) map[string]string {
	return map[string]string{
		"raw": secret, "hex": hex.EncodeToString([]byte(secret)),
		"base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"URL":    strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(secret)), "="),
	}
}

// predictors returns everything that predicts the draws of a seed, in all its forms.
func predictors(t testing.TB, seed entropy.Seed) map[string]string {
	t.Helper()
	list := map[string]string{}
	add := func(what, secret string) {
		for form, text := range forms(secret) {
			list[what+" in "+form] = text
		}
	}
	add("seed", string(seed))
	bits, err := hex.DecodeString(string(seed))
	if err != nil {
		t.Fatal(err)
	}
	add("bits of the seed", string(bits))
	for _, label := range entropy.Labels() {
		key := seed.Subkey(label)
		add("subkey "+string(label), string(key[:]))
	}
	return list
}

// TestDumpsContainNoSecrets dumps all tables of a database with an open campaign as a thief
// would. Without a key, the dump contains the seed and the key of the erased entrants. With
// one, it contains nothing that predicts a draw. It belongs to make test.
func TestDumpsContainNoSecrets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		p := adminOf(db, false)
		openCampaign(t, p, "summer", 0)
		eraseOne(t, p, "summer")
		seed := seedOf(t, db, "summer")
		plain := dump(t, address)
		if !strings.Contains(plain, string(seed)) {
			t.Error("without a key, the dump does not contain the seed; the test finds nothing")
		}
		var erased string
		update(t, db, func(ctx context.Context, tx campaign.Tx) error {
			values, err := store.ReadBytes(ctx, tx, "SELECT value FROM keys")
			erased = string(values[0])
			return err
		})
		if !strings.Contains(plain, erased) {
			t.Error("without a key, the dump does not contain the key of the erased entrants; the test finds nothing")
		}

		again := openSealed(t, address, keysOf(t, keyFile()))
		if n, err := again.Secrets().Seal(t.Context()); n != 2 || err != nil {
			t.Fatalf("seal: got %d, error %v, want 2: the seed and the key of the erased entrants", n, err)
		}
		if n, err := again.Secrets().Seal(t.Context()); n != 0 || err != nil {
			t.Errorf("seal again: got %d, error %v, want 0", n, err)
		}
		openCampaign(t, adminOf(again, false), "autumn", 0)
		eraseOne(t, adminOf(again, false), "autumn")
		if got := seedOf(t, again, "summer"); got != seed {
			t.Errorf("the seed has changed: got %s, want %s", got, seed)
		}
		locked := dump(t, address)
		for _, name := range []string{"summer", "autumn"} {
			for what, text := range predictors(t, seedOf(t, again, name)) {
				if strings.Contains(locked, text) {
					t.Errorf("the dump of the sealed database contains the %s of campaign %s", what, name)
				}
			}
		}
		for form, text := range forms(erased) {
			if strings.Contains(locked, text) {
				t.Errorf("the dump of the sealed database contains the key of the erased entrants in %s", form)
			}
		}
	})
}

// TestFilesContainNoOldSecrets seals a database and reads its SQLite files, which must not
// contain the old values either. It belongs to make test.
func TestFilesContainNoOldSecrets(t *testing.T) {
	path := storetest.File(t)
	db, err := store.Open(t.Context(), path, store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	openCampaign(t, adminOf(db, false), "summer", 0)
	playOnce(t, adminOf(db, false), "summer")
	seed := seedOf(t, db, "summer")
	contains := func() bool {
		found := false
		for _, suffix := range []string{"", "-wal"} {
			content, err := os.ReadFile(path + suffix)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			found = found || bytes.Contains(content, []byte(seed))
		}
		return found
	}
	if !contains() {
		t.Error("without a key, the files do not contain the seed; the test finds nothing")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openSealed(t, path, keysOf(t, keyFile()))
	if _, err := again.Secrets().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if contains() {
		t.Error("the files of the sealed database still contain the seed")
	}
}

// TestKeyIsMissing opens a sealed database without its key. It belongs to make test.
func TestKeyIsMissing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		keys := keysOf(t, keyFile())
		openCampaign(t, adminOf(openSealed(t, address, keys), false), "summer", 0)
		other := keysOf(t, keyFile())
		for what, keys := range map[string]*sealed.Keys{"no key": nil, other.ID(): other} {
			db, err := store.Open(t.Context(), address, store.Options{Keys: keys})
			if err == nil {
				t.Fatal(errors.Join(fmt.Errorf("%s: the database was opened", what), db.Close()))
			}
			if !errors.Is(err, sealed.ErrNoKey) || !strings.Contains(err.Error(), keysID(t, address)) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: got error %v, want ErrNoKey with the ID of the missing key", what, err)
			}
			db, err = store.Open(t.Context(), address, store.Options{Keys: keys, KeepVersion: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Campaign(t.Context(), "summer"); !errors.Is(err, campaign.ErrUnavailable) || !errors.Is(err, sealed.ErrNoKey) {
				t.Errorf("%s: read the campaign: got error %v, want ErrUnavailable and ErrNoKey", what, err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// keysID returns the ID of the only key that sealed secrets in a database.
func keysID(t testing.TB, address string) string {
	t.Helper()
	db, err := store.Open(t.Context(), address, store.Options{KeepVersion: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Status(t.Context())
	if err := errors.Join(err, db.Close()); err != nil || len(s.Secrets.Keys) != 1 {
		t.Fatalf("got keys %v, error %v, want one key", s.Secrets.Keys, err)
	}
	return s.Secrets.Keys[0]
}

// TestRotation rotates the key while two replicas run, in the documented order. Both play
// after every step. It belongs to make test.
func TestRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		before, after := keyFile(), keyFile()
		steps := []struct {
			name string
			keys *sealed.Keys
		}{
			{"the old key", keysOf(t, before)},
			{"the new key is the second", keysOf(t, before, after)},
			{"the new key is the first", keysOf(t, after, before)},
			{"rotated", keysOf(t, after, before)},
			{"only the new key", keysOf(t, after)},
		}
		replicas := []*store.DB{openSealed(t, address, steps[0].keys), openSealed(t, address, steps[0].keys)}
		openCampaign(t, adminOf(replicas[0], false), "summer", 0)
		eraseOne(t, adminOf(replicas[0], false), "summer")
		for _, step := range steps {
			if step.name == "rotated" {
				if n, err := replicas[0].Secrets().Rotate(t.Context()); n != 2 || err != nil {
					t.Errorf("rotate: got %d, error %v, want 2: a seed and a key, because the seed of autumn has the new key", n, err)
				}
				if n, err := replicas[0].Secrets().Rotate(t.Context()); n != 0 || err != nil {
					t.Errorf("rotate again: got %d, error %v, want 0", n, err)
				}
			}
			for i := range replicas {
				replicas[i] = openSealed(t, address, step.keys)
				for _, r := range replicas {
					eraseOne(t, adminOf(r, false), "summer")
				}
				if step.name == "the new key is the first" && i == 0 {
					openCampaign(t, adminOf(replicas[0], false), "autumn", 0)
					playOnce(t, adminOf(replicas[1], false), "autumn") // it has the key as the second
				}
			}
		}
		p := adminOf(replicas[1], false)
		if _, err := p.Close(t.Context(), "summer"); err != nil {
			t.Fatal(err)
		}
		var export bytes.Buffer
		if err := p.Export(t.Context(), "summer", &export, campaign.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		if seed := seedOf(t, replicas[1], "summer"); !strings.Contains(export.String(), string(seed)) || !strings.Contains(dump(t, address), string(seed)) {
			t.Error("the seed of the closed campaign is not public")
		}
		if s, err := replicas[1].Secrets().Status(t.Context()); err != nil || s.Sealed != 2 || s.Unsealed != 0 || !slices.Equal(s.Keys, []string{keysOf(t, after).ID()}) {
			t.Errorf("got %+v, error %v, want 2 secrets that are sealed with the new key", s, err)
		}
	})
}

// TestRotateNeedsTheOldKey rotates without the old key, which changes nothing.
func TestRotateNeedsTheOldKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		openCampaign(t, adminOf(openSealed(t, address, keysOf(t, keyFile())), false), "summer", 0)
		before := dump(t, address)
		db, err := store.Open(t.Context(), address, store.Options{KeepVersion: true, Keys: keysOf(t, keyFile())})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // nothing was written
		for name, f := range map[string]func(context.Context) (int, error){"rotate": db.Secrets().Rotate, "unseal": db.Secrets().Unseal} {
			if n, err := f(t.Context()); n != 0 || !errors.Is(err, sealed.ErrNoKey) {
				t.Errorf("%s: got %d, error %v, want ErrNoKey", name, n, err)
			}
		}
		if dump(t, address) != before {
			t.Error("the database has changed")
		}
	})
}

// TestSealedValuesCannotBeMoved gives a campaign the sealed seed of another one, which
// somebody who can write the database may know from an export.
func TestSealedValuesCannotBeMoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := openSealed(t, address, keysOf(t, keyFile()))
		for _, name := range []string{"summer", "winter"} {
			openCampaign(t, adminOf(db, false), name, 0)
		}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error {
			return store.Run(ctx, tx, "UPDATE campaigns SET secret = (SELECT secret FROM campaigns WHERE name = 'summer') WHERE name = 'winter'")
		})
		if _, err := db.Campaign(t.Context(), "winter"); !errors.Is(err, sealed.ErrDamaged) {
			t.Errorf("got error %v, want ErrDamaged", err)
		}
		if _, err := adminOf(db, false).Play(t.Context(), campaign.Play{Campaign: "winter"}); !errors.Is(err, sealed.ErrDamaged) {
			t.Errorf("play: got error %v, want ErrDamaged", err)
		}
		playOnce(t, adminOf(db, false), "summer")
	})
}

// TestOldProgramsCannotPlay stores a draw as version 6 did. It would take a sealed seed for
// the seed itself and make wrong draws.
func TestOldProgramsCannotPlay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		play := func(db *store.DB) error {
			return db.Update(t.Context(), func(tx campaign.Tx) error {
				return store.Run(t.Context(), tx, "UPDATE campaigns SET next_index = next_index + 1, plays = plays + 1 WHERE name = 'summer'")
			})
		}
		db := storetest.Open(t, address)
		openCampaign(t, adminOf(db, false), "summer", 0)
		if err := play(db); err != nil {
			t.Errorf("before the database is sealed: got error %v", err)
		}
		again := openSealed(t, address, keysOf(t, keyFile()))
		if _, err := again.Secrets().Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := play(again); err == nil || !strings.Contains(strings.ToLower(err.Error()), "check") {
			t.Errorf("after it is sealed: got error %v, want a failed check", err)
		}
		if err := store.MigrateDownTo(t.Context(), again, 5); err == nil {
			t.Error("the migration of a sealed database was undone")
		}
		if n, err := again.Secrets().Unseal(t.Context()); n != 1 || err != nil {
			t.Errorf("unseal: got %d, error %v, want 1", n, err)
		}
		if err := play(again); err != nil {
			t.Errorf("after it is unsealed: got error %v", err)
		}
		if err := store.MigrateDownTo(t.Context(), again, 5); err != nil {
			t.Errorf("undo the migration of an unsealed database: %v", err)
		}
	})
}

// TestBackupsOfSealedDatabases restores backups with and without keys.
func TestBackupsOfSealedDatabases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		keys := keysOf(t, keyFile())
		db := openSealed(t, address, keys)
		openCampaign(t, adminOf(db, false), "summer", 0)
		eraseOne(t, adminOf(db, false), "summer")
		seed := seedOf(t, db, "summer")
		backup := filepath.Join(t.TempDir(), "backup.db")
		if err := db.Backup(t.Context(), backup, nil); err != nil {
			t.Fatal(err)
		}
		for what, text := range predictors(t, seed) {
			if content, err := os.ReadFile(backup); err != nil || bytes.Contains(content, []byte(text)) {
				t.Errorf("the backup contains the %s, error %v", what, err)
			}
		}
		without := storetest.Open(t, storetest.File(t))
		if err := without.Restore(t.Context(), backup, nil); err != nil {
			t.Fatal(err)
		}
		if s, err := without.Secrets().Status(t.Context()); err != nil || s.Sealed != 2 || !slices.Equal(s.Missing(nil), []string{keys.ID()}) {
			t.Errorf("restored without the key: got %+v, error %v, want 2 sealed secrets", s, err)
		}
		with := openSealed(t, storetest.File(t), keys)
		if err := with.Restore(t.Context(), backup, nil); err != nil {
			t.Fatal(err)
		}
		if got := seedOf(t, with, "summer"); got != seed {
			t.Errorf("restored with the key: got seed %s, want %s", got, seed)
		}

		if _, err := db.Secrets().Unseal(t.Context()); err != nil {
			t.Fatal(err)
		}
		plain := filepath.Join(t.TempDir(), "plain.db")
		if err := db.Backup(t.Context(), plain, nil); err != nil {
			t.Fatal(err)
		}
		fresh := openSealed(t, storetest.File(t), keys)
		if err := fresh.Restore(t.Context(), plain, nil); err != nil {
			t.Fatal(err)
		}
		if s, err := fresh.Secrets().Status(t.Context()); err != nil || s.Sealed != 2 || s.Unsealed != 0 {
			t.Errorf("an unsealed backup, restored with a key: got %+v, error %v, want 2 sealed secrets", s, err)
		}
	})
}
