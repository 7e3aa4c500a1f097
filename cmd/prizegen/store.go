package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/sealed"
	"github.com/prizegen/prizegen/pkg/store"
)

// openStore opens the database at an address. An empty address means the default database
// in the user's data directory. If openStore creates the database, or if everyone can read
// its file, it prints a message.
func openStore(ctx context.Context, a *app, address string, o store.Options) (*store.DB, error) {
	db, err := openQuietly(ctx, a, address, o)
	if err != nil {
		return nil, err
	}
	if db.Created() {
		a.say("prizegen: created the database %s", db.Address())
	}
	if db.Exposed() {
		a.note("prizegen: warning: %s", exposedWarning(db))
	}
	return db, nil
}

// openQuietly is like openStore, but prints nothing.
func openQuietly(ctx context.Context, a *app, address string, o store.Options) (*store.DB, error) {
	if address == "" {
		folder, err := dataDir(a)
		if err != nil {
			return nil, err
		}
		address = filepath.Join(folder, "prizegen.db")
	}
	if strings.HasPrefix(strings.ToLower(address), "postgres") {
		expectTLS(a)
	}
	var err error
	if o.Keys, err = secretsKeys(a); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, address, o)
	switch {
	case errors.Is(err, store.ErrAddress):
		return nil, usageError{err}
	case errors.Is(err, store.ErrNewer):
		return nil, err
	case errors.Is(err, sealed.ErrNoKey):
		return nil, hintError{err, "set --secrets-key-file or " + settings.Variable("secrets-key-file") + " to the file with this key"}
	case errors.Is(err, store.ErrMissing):
		return nil, hintError{err, "choose another database with --db, or create this one: prizegen db create --db " + show.ShellWord(address)}
	case errors.Is(err, store.ErrLost):
		return nil, hintError{err, "copy the log before you do anything else; then put the file back, or restore a backup: see \"A lost database file\" in docs/deploy.md"}
	case err != nil:
		return nil, hintError{err, "choose another database with --db, or run prizegen db status"}
	}
	return db, nil
}

// exposedWarning returns the warning about a database file that everyone can read.
func exposedWarning(db *store.DB) string {
	return fmt.Sprintf("everyone on this machine can read the database %s, which contains seeds and personal data; run: chmod o= %s*", db.Address(), show.ShellWord(db.Address()))
}

// dataDir returns the directory for the user's data, following the conventions of the
// operating system.
func dataDir(a *app) (string, error) {
	if folder := a.env("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "prizegen"), nil
	}
	if runtime.GOOS == "windows" && a.env("LocalAppData") != "" {
		return filepath.Join(a.env("LocalAppData"), "prizegen"), nil
	}
	home := a.env("HOME")
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", hintError{errors.New("no home directory for the database of campaigns"), "choose a database with --db"}
		}
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "prizegen"), nil
	}
	return filepath.Join(home, ".local", "share", "prizegen"), nil
}
