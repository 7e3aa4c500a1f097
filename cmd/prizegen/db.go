package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/store"
)

func newDBCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "db", Short: "Look after the database of campaigns",
		Long: `Db looks after the database that campaigns are kept in: a SQLite file or a
PostgreSQL server, as --db says.`,
		Example: `  prizegen db status
  prizegen db migrate --db postgres://prizegen@db.example.org/prizegen`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDBMigrateCmd(a), newDBStatusCmd(a))
	return cmd
}

// dbCmd makes a command about the database, whatever version its tables have.
func (a *app) dbCmd(cmd *cobra.Command, f func(ctx context.Context, db *store.DB) error) *cobra.Command {
	address := newDBFlag(cmd)
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		db, err := a.openStoreWith(cmd.Context(), *address, store.Options{KeepVersion: true})
		if err != nil {
			return err
		}
		defer db.Close() //nolint:errcheck // every write has its own end
		return f(cmd.Context(), db)
	}
	return cmd
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
