package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/prizegen/prizegen/pkg/store"
)

// openStore opens the database at an address. An empty address means the default database
// in the user's data directory.
func openStore(ctx context.Context, a *app, address string, o store.Options) (*store.DB, error) {
	if address == "" {
		folder, err := dataDir(a)
		if err != nil {
			return nil, err
		}
		address = filepath.Join(folder, "prizegen.db")
	}
	if strings.HasPrefix(address, "postgres") {
		expectTLS(a)
	}
	db, err := store.Open(ctx, address, o)
	switch {
	case errors.Is(err, store.ErrAddress):
		return nil, usageError{err}
	case errors.Is(err, store.ErrNewer):
		return nil, err
	case err != nil:
		return nil, hintError{err, "choose another database with --db, or run prizegen db status"}
	}
	return db, nil
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
