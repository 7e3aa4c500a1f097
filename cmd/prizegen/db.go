package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/store"
)

func newDBCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "db", Short: "Look after the database of campaigns",
		Long: `Db looks after the database that campaigns are kept in: a SQLite file or a
PostgreSQL server, as --db says. It is never reached through a core: it holds the
seeds of open campaigns, which do not leave the program.`,
		Example: `  prizegen db status
  prizegen db migrate --db postgres://prizegen@db.example.org/prizegen`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDBMigrateCmd(a), newDBStatusCmd(a), newDBBackupCmd(a), newDBRestoreCmd(a))
	return cmd
}

// dbCmd makes a command about the database, whatever version its tables have.
func (a *app) dbCmd(cmd *cobra.Command, f func(ctx context.Context, db *store.DB) error) *cobra.Command {
	cmd.Args = cobra.NoArgs
	return a.dbFileCmd(cmd, store.Options{KeepVersion: true}, func(ctx context.Context, db *store.DB, _ string) error { return f(ctx, db) })
}

// dbFileCmd makes a command about the database and a file.
func (a *app) dbFileCmd(cmd *cobra.Command, o store.Options, f func(ctx context.Context, db *store.DB, file string) error) *cobra.Command {
	address := newDBFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("db") && a.backend.addresses().Core != nil {
			return usagef("prizegen db works on a database itself, not through a core, since a database holds seeds that are secret; name it with --db")
		}
		db, err := a.openStoreWith(cmd.Context(), *address, o)
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
		Use: "backup FILE", Short: "Write the whole database into a new file",
		Long: `Backup writes the database as it is at one moment into a new SQLite file, whatever
kind it is, while others go on using it. Tables of an older program stay as they
are, so that it may go on, too. The file holds the seeds of open campaigns
and the names of entrants: keep it like the database itself.`,
		Example: "  prizegen db backup campaigns-monday.db --db postgres://prizegen@db.example.org/prizegen",
		Args:    oneArg("file", "give the file to write"),
	}
	return a.dbFileCmd(cmd, store.Options{KeepVersion: true}, func(ctx context.Context, db *store.DB, file string) error {
		progress := a.startProgress(0, "row")
		defer progress.stop()
		err := db.Backup(ctx, file, progress.add)
		progress.stop()
		if errors.Is(err, fs.ErrExist) {
			return hintError{fmt.Errorf("%s is there already", file), "give another name"}
		}
		if err == nil {
			a.note("%s has all of %s", file, db.Address())
		}
		return err
	})
}

func newDBRestoreCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Fill an empty database with a backup",
		Long: `Restore fills an empty database with a backup, all of it or nothing. The backup may
be of the other kind of database, so that backup and restore move campaigns from
SQLite to PostgreSQL and back.`,
		Example: "  prizegen db restore campaigns-monday.db --db new.db",
		Args:    oneArg("file", "give the file that prizegen db backup wrote"),
	}
	return a.dbFileCmd(cmd, store.Options{}, func(ctx context.Context, db *store.DB, file string) error {
		progress := a.startProgress(0, "row")
		defer progress.stop()
		err := db.Restore(ctx, file, progress.add)
		progress.stop()
		if errors.Is(err, store.ErrNotEmpty) {
			return hintError{err, "name a new database with --db"}
		}
		if err == nil {
			a.note("%s has all of %s", db.Address(), file)
		}
		return err
	})
}

func newDBMigrateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the tables up to date",
		Long:    "Migrate brings the tables of the database up to date, as every start does.",
		Example: "  prizegen db migrate --db campaigns.db",
	}
	return a.dbCmd(cmd, func(ctx context.Context, db *store.DB) error {
		steps, err := db.Migrate(ctx)
		if err != nil {
			return err
		}
		a.note("%s: %s", db.Address(), [2]string{"brought up to date", "up to date already"}[btoi(steps == 0)])
		return nil
	})
}

func newDBStatusCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Tell about the database", Long: "Status tells what kind of database it is, its version and what is in it.",
		Example: "  prizegen db status -o json",
	}
	output := newOutput(cmd, "table", "json")
	return a.dbCmd(cmd, func(ctx context.Context, db *store.DB) error {
		s, err := db.Status(ctx)
		if err != nil {
			return err
		}
		if output.value == "json" {
			return a.writeJSON(s)
		}
		state := "up to date"
		switch {
		case s.Version < s.Newest:
			state = fmt.Sprintf("behind: this program knows %d; run prizegen db migrate", s.Newest)
		case s.Version > s.Newest:
			state = fmt.Sprintf("made by a newer prizegen: this program knows %d", s.Newest)
		}
		return a.write(fmt.Appendf(nil, "engine     %s\naddress    %s\nversion    %d, %s\ncampaigns  %d\nentrants   %d\ndraws      %d\nsize       %.1f MB\n",
			s.Engine, s.Address, s.Version, state, s.Campaigns, s.Entrants, s.Draws, float64(s.Bytes)/1e6))
	})
}
