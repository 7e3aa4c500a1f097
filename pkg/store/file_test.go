package store_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// copyDatabase copies a SQLite file and its log, as a killed program would leave them.
func copyDatabase(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err == nil {
			err = os.WriteFile(to+suffix, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestLostFile removes or empties a database file but not its log, which must stay as it is,
// because it may contain the last plays.
func TestLostFile(t *testing.T) {
	for state, lose := range map[string]func(path string) error{
		"does not exist": os.Remove,
		"is empty":       func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(state, func(t *testing.T) {
			path := storetest.File(t)
			opened(t, storetest.Open(t, path), 60)
			path = copyDatabase(t, path)
			if err := lose(path); err != nil {
				t.Fatal(err)
			}
			log, err := os.ReadFile(path + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			for _, create := range []bool{false, true} {
				_, err := store.Open(t.Context(), path, store.Options{Create: create})
				if !errors.Is(err, store.ErrLost) || !strings.Contains(err.Error(), path+" "+state) {
					t.Errorf("create %t: got error %v, want ErrLost", create, err)
				}
			}
			db := storetest.Open(t, storetest.File(t))
			if err := db.Restore(t.Context(), path, nil); err == nil {
				t.Error("Restore of a lost file: got no error, want one")
			}
			after, err := os.ReadFile(path + "-wal")
			if err != nil || string(after) != string(log) {
				t.Errorf("log: got %d bytes, error %v, want the original %d bytes", len(after), err, len(log))
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "prizegen.db")
	_, err := store.Open(t.Context(), path, store.Options{})
	if !errors.Is(err, store.ErrMissing) || !strings.Contains(err.Error(), path+" does not exist") {
		t.Errorf("Open without Create: got error %v, want ErrMissing", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder: got error %v, want ErrNotExist", err)
	}
	if db := storetest.Open(t, path); !db.Created() {
		t.Error("Created after creating the file: got false, want true")
	}
	if db := storetest.Open(t, path); db.Created() {
		t.Error("Created after opening an existing file: got true, want false")
	}
	empty := storetest.File(t)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), empty, store.Options{}); !errors.Is(err, store.ErrMissing) {
		t.Errorf("empty file: got error %v, want ErrMissing", err)
	}
}

// TestMovedFile moves, replaces and deletes the file of an open database, or its log. A
// transaction must fail if it would be stored only in a file that no longer has a name.
func TestMovedFile(t *testing.T) {
	for name, suffix := range map[string]string{"file": "", "log": "-wal"} {
		t.Run(name, func(t *testing.T) {
			path := storetest.File(t)
			db := storetest.Open(t, path)
			added(t, db, "summer")
			check := func(state string, ok bool) {
				t.Helper()
				next := record(strings.ReplaceAll("after-it-was-"+state, " ", "-"))
				for method, err := range map[string]error{
					"Ping":   db.Ping(t.Context()),
					"Update": db.Update(t.Context(), func(tx campaign.Tx) error { return tx.AddCampaign(t.Context(), next) }),
				} {
					if ok && err != nil || !ok && (!errors.Is(err, campaign.ErrUnavailable) || !strings.Contains(err.Error(), "moved, deleted or replaced")) {
						t.Errorf("%s after the %s was %s: got error %v, want an error: %t", method, name, state, err, !ok)
					}
				}
			}
			file, away := path+suffix, path+suffix+".away"
			for _, step := range []struct {
				state string
				do    func() error
				ok    bool
			}{
				{"moved", func() error { return os.Rename(file, away) }, false},
				{"replaced", func() error { return os.WriteFile(file, []byte("another"), 0o600) }, false},
				{"put back", func() error { return os.Rename(away, file) }, true},
				{"deleted", func() error { return os.Remove(file) }, false},
			} {
				if err := step.do(); err != nil {
					t.Skip(err) // Windows does not let an open file be moved
				}
				check(step.state, step.ok)
			}
		})
	}
}

// TestCheckpointByTime checks that committed transactions are in the file itself, without
// its log, after CheckpointDelay, even if a reader delays the first checkpoint.
func TestCheckpointByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := storetest.File(t)
		db := storetest.Open(t, path)
		inFile := func() int64 {
			t.Helper()
			alone := filepath.Join(t.TempDir(), "alone.db")
			content, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(alone, content, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			copied, err := store.Open(context.Background(), alone, store.Options{Create: true})
			if err != nil {
				t.Fatal(err)
			}
			defer copied.Close() //nolint:errcheck // it is a copy
			s, err := copied.Status(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			return s.Campaigns
		}
		advance := func() {
			time.Sleep(store.CheckpointDelay)
			synctest.Wait()
		}
		advance() // copies the migrations to the file
		added(t, db, "summer")
		if got := inFile(); got != 0 {
			t.Errorf("campaigns in the file before the checkpoint: got %d, want 0", got)
		}
		advance()
		if got := inFile(); got != 1 {
			t.Errorf("campaigns in the file after the checkpoint: got %d, want 1", got)
		}

		reading, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer reading.Close() //nolint:errcheck // it only reads
		tx, err := reading.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM campaigns").Scan(&n); err != nil || n != 1 {
			t.Fatalf("campaigns that the reader sees: got %d, error %v, want 1", n, err)
		}
		added(t, db, "autumn")
		added(t, db, "winter")
		advance()
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		advance()
		if got := inFile(); got != 3 {
			t.Errorf("campaigns in the file after the reader has ended: got %d, want 3", got)
		}
	})
}

// TestDamagedPage checks that Check and Ping report a damaged page.
func TestDamagedPage(t *testing.T) {
	path := storetest.File(t)
	db, err := store.Open(t.Context(), path, store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	opened(t, db, 600)
	if err := errors.Join(db.Check(t.Context()), db.Ping(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err == nil {
		_, err = file.WriteAt(make([]byte, 4096), info.Size()-3*4096)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	db = storetest.Open(t, path)
	for method, err := range map[string]error{"Check": db.Check(t.Context()), "Ping": db.Ping(t.Context())} {
		if !errors.Is(err, campaign.ErrUnavailable) || !strings.Contains(err.Error(), "its file is damaged") {
			t.Errorf("%s: got error %v, want ErrUnavailable for a damaged file", method, err)
		}
	}
}

func TestExposedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the file mode does not show who can read the file")
	}
	path := storetest.File(t)
	if storetest.Open(t, path).Exposed() {
		t.Error("Exposed for a new file: got true, want false")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if !storetest.Open(t, path).Exposed() {
		t.Error("Exposed for a file that everyone can read: got false, want true")
	}
}

// TestPingWrites checks that Ping fails unless the folder accepts writes, and that it leaves
// no file, not even the probe file of a killed process.
func TestPingWrites(t *testing.T) {
	path := storetest.File(t)
	db := storetest.Open(t, path)
	if err := os.WriteFile(path+"-probe", []byte("left"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + "-probe"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("probe file: got error %v, want ErrNotExist", err)
	}
	if err := os.Mkdir(path+"-probe", 0o700); err != nil { // a file that cannot be written
		t.Fatal(err)
	}
	db = storetest.Open(t, path)
	if err := db.Ping(t.Context()); !errors.Is(err, campaign.ErrUnavailable) {
		t.Errorf("Ping without write access: got error %v, want ErrUnavailable", err)
	}
}
