package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

func TestConcurrentOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		var opening sync.WaitGroup
		for range 8 {
			opening.Go(func() {
				db, err := store.Open(context.Background(), address, store.Options{Create: true})
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		opening.Wait()
		s, err := storetest.Open(t, address).Status(t.Context())
		if err != nil || s.Version != s.Newest || s.Version == 0 || s.Bytes == 0 {
			t.Errorf("status: got %+v, error %v, want the newest version and a size", s, err)
		}
	})
}

func TestNewerDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		storetest.Open(t, address)
		driver := "sqlite"
		if strings.HasPrefix(address, "postgres") {
			driver = "pgx"
		}
		raw, err := sql.Open(driver, address)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close() //nolint:errcheck // no longer used
		if _, err := raw.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, "+map[string]string{"sqlite": "1", "pgx": "true"}[driver]+")"); err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), address, store.Options{Create: true})
		if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "version 999") {
			t.Errorf("Open: got error %v, want ErrNewer that contains version 999", err)
		}
		db, err := store.Open(t.Context(), address, store.Options{KeepVersion: true})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // no longer used
		if s, err := db.Status(t.Context()); err != nil || s.Version != 999 {
			t.Errorf("status: got %+v, error %v, want version 999", s, err)
		}
		if err := db.Backup(t.Context(), filepath.Join(t.TempDir(), "backup.db"), nil); !errors.Is(err, store.ErrNewer) {
			t.Errorf("backup of newer tables: got error %v, want ErrNewer", err)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"":                                     "it is empty",
		folder:                                 "it is a folder",
		"postgres://u:hunter2@host:notaport/x": "use postgres://",
		text:                                   "not a database",
		"postgres://u:hunter2@127.0.0.1:1/x":   "is not available",
		filepath.Join(text, "below"):           "not a directory",
	} {
		_, err := store.Open(t.Context(), address, store.Options{Create: true})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q): got error %v, want an error that contains %q", address, err, want)
		}
	}
}

func TestPathIsEscaped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "a?mode=memory&_pragma=x #%41.db")
	db := storetest.Open(t, path)
	added(t, db, "summer")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: got %v, error %v, want mode 600", info, err)
	}
}

// TestLockedFile checks that a transaction waits while another program holds the file lock,
// but no longer than LockTimeout.
func TestLockedFile(t *testing.T) {
	path := storetest.File(t)
	db := storetest.Open(t, path)
	impatient, err := store.Open(t.Context(), path, store.Options{LockTimeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close() //nolint:errcheck // temporary
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // temporary
	conn, err := other.Conn(t.Context())
	if err == nil {
		_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	add := func(db *store.DB, name string) error {
		return db.Update(t.Context(), func(tx campaign.Tx) error { return tx.AddCampaign(t.Context(), record(name)) })
	}
	err = add(impatient, "winter")
	if !errors.Is(err, campaign.ErrUnavailable) || !strings.Contains(err.Error(), "another program has locked it") {
		t.Errorf("locked file: got error %v, want ErrUnavailable", err)
	}
	added := make(chan error, 1)
	go func() { added <- add(db, "summer") }()
	select {
	case err := <-added:
		t.Errorf("transaction while the file is locked: got error %v, want it to wait", err)
	case <-time.After(50 * time.Millisecond): // on a slow machine, the test may miss a bug, but it does not fail
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.Close(), <-added, add(impatient, "winter")); err != nil {
		t.Errorf("after the lock was released: got error %v, want nil", err)
	}
}

func TestFullDisk(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	r := added(t, db, "summer")
	setMaxPages := func(most string) {
		t.Helper()
		if err := store.Pragma(t.Context(), db, "max_page_count = "+most); err != nil {
			t.Fatal(err)
		}
	}
	setMaxPages("1")
	long := *r
	long.Title = strings.Repeat("x", 1<<20)
	err := db.Update(t.Context(), func(tx campaign.Tx) error { return tx.SaveCampaign(t.Context(), &long) })
	if !errors.Is(err, campaign.ErrUnavailable) || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("full disk: got error %v, want ErrUnavailable", err)
	}
	setMaxPages("1000000")
	update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.SaveCampaign(ctx, &long) })
}

// TestServerRestart checks that methods fail while PostgreSQL is stopped and work again
// after it has restarted.
func TestServerRestart(t *testing.T) {
	server := storetest.StartServer(t, true)
	db := storetest.Open(t, server.Address())
	added(t, db, "summer")
	server.Halt()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := db.Update(ctx, func(tx campaign.Tx) error { return tx.AddCampaign(ctx, record("winter")) })
	if !errors.Is(err, campaign.ErrUnavailable) {
		t.Errorf("Update with a stopped server: got error %v, want ErrUnavailable", err)
	}
	if _, err := db.Campaign(ctx, "summer"); !errors.Is(err, campaign.ErrUnavailable) {
		t.Errorf("Campaign with a stopped server: got error %v, want ErrUnavailable", err)
	}
	if err := db.Ping(ctx); !errors.Is(err, campaign.ErrUnavailable) {
		t.Errorf("Ping with a stopped server: got error %v, want ErrUnavailable", err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	added(t, db, "winter")
}
