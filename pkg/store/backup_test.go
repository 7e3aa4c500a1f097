package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// contents returns everything that a database contains about the summer campaign.
func contents(t *testing.T, db *store.DB) []any {
	t.Helper()
	c, err := db.Campaign(t.Context(), "summer")
	if err != nil {
		t.Fatal(err)
	}
	draws, err := db.Draws(t.Context(), c, campaign.DrawQuery{Paging: campaign.Paging{Limit: 1000}, Oldest: true})
	if err != nil {
		t.Fatal(err)
	}
	skipped, err := db.Skipped(t.Context(), c.ID, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	entrants, err := db.Entrants(t.Context(), campaign.EntrantQuery{Paging: campaign.Paging{Limit: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	return []any{c, draws, skipped, entrants}
}

// TestBackupAndRestore checks that a campaign can be moved from one engine to another.
func TestBackupAndRestore(t *testing.T) {
	first := storetest.Open(t, storetest.File(t))
	opened(t, first, 200)
	want := contents(t, first)
	db := first
	storetest.Each(t, func(t *testing.T, address string) {
		file := filepath.Join(t.TempDir(), "backup.db")
		var written atomic.Uint64
		if err := db.Backup(t.Context(), file, func(n uint64) { written.Add(n) }); err != nil {
			t.Fatal(err)
		}
		if written.Load() != 1+2+1+200+1 {
			t.Errorf("rows written: got %d, want 205", written.Load())
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("backup file: got %v, error %v, want mode 600", info, err)
		}
		if err := db.Backup(t.Context(), file, nil); !errors.Is(err, fs.ErrExist) {
			t.Errorf("second backup with the same name: got error %v, want ErrExist", err)
		}
		next, err := store.Open(t.Context(), address, store.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer next.Close() //nolint:errcheck // no longer used
		if err := next.Restore(t.Context(), file, nil); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, next); !reflect.DeepEqual(got, want) {
			t.Errorf("restored database: got %+v\nwant %+v", got, want)
		}
		if err := next.Restore(t.Context(), file, nil); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("second restore: got error %v, want ErrNotEmpty", err)
		}
		added(t, next, "winter") // with a new ID
		back := filepath.Join(t.TempDir(), "back.db")
		if err := next.Backup(t.Context(), back, nil); err != nil {
			t.Fatal(err)
		}
		last := storetest.Open(t, storetest.File(t))
		if err := last.Restore(t.Context(), back, nil); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, last); !reflect.DeepEqual(got, want) {
			t.Errorf("database moved back: got %+v\nwant %+v", got, want)
		}
	})
}

// TestBackupAfterKilledOne checks that a backup replaces the temporary file that a killed
// backup has left, and that it fails while another backup is writing to the file.
func TestBackupAfterKilledOne(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	opened(t, db, 60)
	file := filepath.Join(t.TempDir(), "backup.db")
	running, err := store.Open(t.Context(), file+".new", store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	update(t, running, func(context.Context, campaign.Tx) error {
		err := db.Backup(t.Context(), file, nil)
		if err == nil || !strings.Contains(err.Error(), "another backup is writing to "+file+".new") {
			t.Errorf("while another backup is running: got error %v, want an error that names the temporary file", err)
		}
		return nil
	})
	added(t, running, "left")
	killed := copyDatabase(t, file+".new")
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	for name, left := range map[string]map[string]string{
		"with tables":  nil,
		"empty":        {"": ""},
		"no database":  {"": strings.Repeat("x", 5000)},
		"only logs":    {"-wal": "x", "-shm": "x", "-journal": "x"},
		"nothing left": {},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "backup.db")
			if left == nil {
				if err := errors.Join(os.Rename(killed, file+".new"), os.Rename(killed+"-wal", file+".new-wal")); err != nil {
					t.Fatal(err)
				}
			}
			for suffix, content := range left {
				if err := os.WriteFile(file+".new"+suffix, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Backup(t.Context(), file, nil); err != nil {
				t.Fatal(err)
			}
			if files, err := filepath.Glob(file + "*"); err != nil || len(files) != 1 {
				t.Errorf("files: got %v, error %v, want only the backup", files, err)
			}
			restored := storetest.Open(t, storetest.File(t))
			if err := restored.Restore(t.Context(), file, nil); err != nil {
				t.Fatal(err)
			}
			if got, want := contents(t, restored), contents(t, db); !reflect.DeepEqual(got, want) {
				t.Errorf("restored database: got %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestBackupWithoutTables checks that backing up a database without tables fails.
func TestBackupWithoutTables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db, err := store.Open(t.Context(), address, store.Options{KeepVersion: true, Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // no longer used
		folder := t.TempDir()
		err = db.Backup(t.Context(), filepath.Join(folder, "backup.db"), nil)
		if err == nil || !strings.Contains(err.Error(), "has no tables") {
			t.Errorf("backup: got error %v, want an error that contains \"has no tables\"", err)
		}
		if s, err := db.Status(t.Context()); err != nil || s.Version != 0 {
			t.Errorf("status: got %+v, error %v, want version 0", s, err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("files: got %v, error %v, want none", left, err)
		}
	})
}

func TestRestoreRefusesOtherFiles(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	file := filepath.Join(t.TempDir(), "none")
	if err := db.Restore(t.Context(), file, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got error %v, want ErrNotExist", err)
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("no backup ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Restore(t.Context(), file, nil); err == nil || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("other file: got error %v, want an error that contains \"not a database\"", err)
	}
	if err := db.Backup(t.Context(), filepath.Join(file, "below"), nil); err == nil {
		t.Error("backup to a path below a file: got no error, want one")
	}
}

// TestRestoreReadsLog checks that Restore accepts the file of a killed program, whose last
// transactions are only in the log, and rejects an empty file.
func TestRestoreReadsLog(t *testing.T) {
	killed := storetest.File(t)
	opened(t, storetest.Open(t, killed), 60) // not closed
	folder := t.TempDir()
	for _, end := range []string{"", "-wal"} {
		content, err := os.ReadFile(killed + end)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "left.db")+end, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	db := storetest.Open(t, storetest.File(t))
	if err := os.WriteFile(filepath.Join(folder, "empty.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Restore(t.Context(), filepath.Join(folder, "empty.db"), nil); err == nil || !strings.Contains(err.Error(), "no prizegen tables") {
		t.Errorf("empty file: got error %v, want an error that contains \"no prizegen tables\"", err)
	}
	if err := db.Restore(t.Context(), filepath.Join(folder, "left.db"), nil); err != nil {
		t.Fatal(err)
	}
	if s, err := db.Status(t.Context()); err != nil || s.Campaigns != 1 || s.Draws != 60 {
		t.Errorf("status: got %+v, error %v, want 1 campaign with 60 draws", s, err)
	}
}

// TestRestoreWithoutTemporaryFolder checks that a backup can be restored on a system
// without a folder for temporary files, as in a container image built from scratch.
func TestRestoreWithoutTemporaryFolder(t *testing.T) {
	backup := storetest.File(t)
	opened(t, storetest.Open(t, backup), 60)
	db := storetest.Open(t, storetest.File(t))
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	t.Setenv("TMPDIR", nowhere)
	t.Setenv("TMP", nowhere) // for Windows
	if err := db.Restore(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(backup), ".prizegen*"))
	if err != nil || len(left) > 0 {
		t.Errorf("copies left: got %v, error %v, want none", left, err)
	}
}
