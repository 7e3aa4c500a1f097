package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/store"
)

func newDBCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "db", Short: "Manage the database of campaigns",
		Long: `Manage the database of campaigns: the SQLite file or PostgreSQL server that --db names.

These commands never work through a core, because the database contains the seeds of open
campaigns, which must stay secret.`,
		Example: `  prizegen db create
  prizegen db status
  prizegen db migrate --db postgres://prizegen@db.example.org/prizegen`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newDBCreateCmd(a), newDBMigrateCmd(a), newDBStatusCmd(a), newDBBackupCmd(a), newDBRestoreCmd(a))
	return cmd
}

func newDBCreateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Create the database",
		Long: `Create the database: a SQLite file, or the tables in an empty PostgreSQL database. If the
database already exists, it is not changed.

Run this once when you install a server. A missing SQLite file is also created by commands
that add campaigns or entrants or restore a backup, and by a server on a loopback address.
All other commands fail, so that a lost file is noticed.`,
		Example: "  prizegen db create --db /var/lib/prizegen/prizegen.db",
	}
	return dbCmd(a, cmd, store.Options{Create: true}, func(ctx context.Context, db *store.DB) error {
		s, err := db.Status(ctx)
		if err == nil && s.Version > 0 {
			a.note("the database %s already exists", db.Address())
			return nil
		}
		if err == nil {
			_, err = db.Migrate(ctx)
		}
		if err == nil && !db.Created() {
			a.note("created the tables of the database %s", db.Address())
		}
		return err
	})
}

// dbCmd completes a command that works on the database without migrating its tables.
func dbCmd(a *app, cmd *cobra.Command, o store.Options, f func(ctx context.Context, db *store.DB) error) *cobra.Command {
	cmd.Args = cobra.NoArgs
	o.KeepVersion = true
	return dbFileCmd(a, cmd, o, func(ctx context.Context, db *store.DB, _ string) error { return f(ctx, db) })
}

// dbFileCmd completes a command that works on the database and a file. The file that it
// passes to f is the first argument, or "" if there is none.
func dbFileCmd(a *app, cmd *cobra.Command, o store.Options, f func(ctx context.Context, db *store.DB, file string) error) *cobra.Command {
	address := newDBFlag(a, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !address.Typed() && a.services.Core != nil {
			return usagef("%s cannot work through a core; specify the database with --db", cmd.Parent().CommandPath())
		}
		db, err := openStore(cmd.Context(), a, address.Get(), o)
		if err != nil {
			return err
		}
		file := ""
		if len(args) > 0 {
			file = args[0]
		}
		return errors.Join(f(cmd.Context(), db, file), db.Close())
	}
	return cmd
}

func newDBBackupCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Copy the database into a new file",
		Long: `Copy a consistent snapshot of the database into a new SQLite file. Other programs,
including older versions of prizegen, can use the database meanwhile. Its tables are not
changed.

The file contains the names of entrants. It also contains the seeds of open campaigns,
encrypted if they are encrypted in the database. Protect it like the database itself, and
keep the key file apart from it.`,
		Example: "  prizegen db backup campaigns-monday.db --db postgres://prizegen@db.example.org/prizegen",
		Args:    oneArg("file", "specify the file to write"),
	}
	return dbFileCmd(a, cmd, store.Options{KeepVersion: true}, func(ctx context.Context, db *store.DB, file string) error {
		progress := startProgress(a, 0, "row")
		defer progress.stop()
		err := db.Backup(ctx, file, progress.add)
		progress.stop()
		if errors.Is(err, fs.ErrExist) {
			return hintError{fmt.Errorf("%s already exists", file), "choose another name"}
		}
		if err == nil {
			a.note("copied %s to %s", db.Address(), file)
			err = noteSecrets(ctx, a, db)
		}
		return err
	})
}

func newDBRestoreCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Fill an empty database with a backup",
		Long: `Copy a backup into an empty database. If that fails, the database stays empty. The backup
may come from the other kind of database, so you can move campaigns from SQLite to
PostgreSQL and back.

A backup does not contain the keys of its secrets. If a key is missing, restore warns, and
the database can be used only after you have put the key file back.`,
		Example: "  prizegen db restore campaigns-monday.db --db new.db",
		Args:    oneArg("file", "specify a file written by prizegen db backup"),
	}
	return dbFileCmd(a, cmd, store.Options{Create: true}, func(ctx context.Context, db *store.DB, file string) error {
		progress := startProgress(a, 0, "row")
		defer progress.stop()
		err := db.Restore(ctx, file, progress.add)
		progress.stop()
		if errors.Is(err, store.ErrNotEmpty) {
			return hintError{err, "choose a new database with --db"}
		}
		if err == nil {
			a.note("copied %s to %s", file, db.Address())
			err = warnMissingKeys(ctx, a, db)
		}
		return err
	})
}

func newDBMigrateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Update the tables of the database",
		Long:    "Update the tables of the database to this version of prizegen. Servers, and commands that\nuse campaigns or entrants, do this automatically.",
		Example: "  prizegen db migrate --db campaigns.db",
	}
	return dbCmd(a, cmd, store.Options{}, func(ctx context.Context, db *store.DB) error {
		steps, err := db.Migrate(ctx)
		if err != nil {
			return err
		}
		state := "updated"
		if steps == 0 {
			state = "already up to date"
		}
		a.note("%s: %s", db.Address(), state)
		return nil
	})
}

func newDBStatusCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Show the state of the database", Long: "Show the kind of database, its version and its number of rows.",
		Example: "  prizegen db status -o json",
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return dbCmd(a, cmd, store.Options{}, func(ctx context.Context, db *store.DB) error {
		s, err := db.Status(ctx)
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(s)
		}
		state := "up to date"
		switch {
		case s.Version < s.Newest:
			state = fmt.Sprintf("older than this program's %d; run prizegen db migrate", s.Newest)
		case s.Version > s.Newest:
			state = fmt.Sprintf("newer than this program's %d; update prizegen", s.Newest)
		}
		return a.write(fmt.Appendf(nil, "engine     %s\naddress    %s\nversion    %d, %s\ncampaigns  %d\nentrants   %d\ndraws      %d\nsecrets    %s\nsize       %.1f MB\n",
			s.Engine, s.Address, s.Version, state, s.Campaigns, s.Entrants, s.Draws, describeSecrets(s.Secrets), float64(s.Bytes)/1e6))
	})
}
