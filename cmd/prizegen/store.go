package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/store"
)

// newDBFlag defines --db.
func newDBFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("db", "", "where campaigns are kept: a SQLite `file` or postgres://USER:PASSWORD@HOST/NAME (default prizegen.db in the user's data directory)")
}

// openStore opens the database at an address, or the user's own one.
func (a *app) openStore(ctx context.Context, address string) (*store.DB, error) {
	return a.openStoreWith(ctx, address, store.Options{})
}

func (a *app) openStoreWith(ctx context.Context, address string, o store.Options) (*store.DB, error) {
	if address == "" {
		folder, err := a.dataDir()
		if err != nil {
			return nil, err
		}
		address = filepath.Join(folder, "prizegen.db")
	}
	if strings.HasPrefix(address, "postgres") {
		a.expectTLS()
	}
	db, err := store.Open(ctx, address, o)
	switch {
	case errors.Is(err, store.ErrAddress):
		return nil, usageError{err}
	case errors.Is(err, store.ErrNewer):
		return nil, err
	case err != nil:
		return nil, hintError{err, "give another database with --db, or see prizegen db status"}
	}
	return db, nil
}

// dataDir is where the user keeps data, as the customs of the system have it.
func (a *app) dataDir() (string, error) {
	environ := func(name string) string {
		for _, pair := range a.environ {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
	if folder := environ("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "prizegen"), nil
	}
	if runtime.GOOS == "windows" && environ("LocalAppData") != "" {
		return filepath.Join(environ("LocalAppData"), "prizegen"), nil
	}
	home := environ("HOME")
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", hintError{errors.New("there is no home directory to keep campaigns in"), "say where to keep them with --db"}
		}
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "prizegen"), nil
	}
	return filepath.Join(home, ".local", "share", "prizegen"), nil
}
