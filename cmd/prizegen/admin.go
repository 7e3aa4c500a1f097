package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/store"
)

func newAdminCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "admin", Short: "Manage administrators and API tokens",
		Long: `Manage the people who may log in on the site, and the tokens of programs that use the API.

  owner     may do everything, including the administration of others
  operator  runs campaigns
  viewer    only reads

These commands work on the database and never through a core, so they also help when a
password was forgotten. The password in the setting admin-password belongs to one more
owner, who needs no name. It is not in the database.`,
		Example: `  prizegen admin add ada --role operator
  prizegen admin passwd ada
  prizegen admin list
  prizegen admin token add shop --role viewer`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newAdminListCmd(a), newAdminAddCmd(a), newAdminPasswdCmd(a), newAdminRemoveCmd(a), newAdminTokenCmd(a))
	return cmd
}

// accessCmd completes a command that manages administrators or tokens.
func accessCmd(a *app, cmd *cobra.Command, f func(ctx context.Context, m *access.Manager, args []string) error) *cobra.Command {
	db := newDBFlag(a, cmd)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !db.Typed() && a.services.Core != nil {
			return usagef("prizegen admin cannot work through a core; specify the database with --db")
		}
		configured, err := a.settings.Secret("admin-password")
		if err != nil {
			return settingsError(err)
		}
		opened, err := openStore(cmd.Context(), a, db.Get(), store.Options{})
		if err != nil {
			return err
		}
		control, err := access.New(access.Config{Store: opened.Access(), Password: configured})
		if err == nil {
			err = f(cmd.Context(), control.Manager("cli"), args)
		}
		return errors.Join(err, opened.Close())
	}
	return cmd
}

func newRoleFlag(cmd *cobra.Command, usage string) *settings.Value[access.Role] {
	return settings.AddFlag(cmd, settings.NewValue("role", string(access.RoleViewer), access.ParseRole), "role", usage,
		string(access.RoleOwner), string(access.RoleOperator), string(access.RoleViewer))
}

func newAdminListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List administrators", Long: "List administrators with their roles.",
		Example: "  prizegen admin list -o json", Args: cobra.NoArgs,
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, _ []string) error {
		list, err := m.Administrators(ctx)
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(append([]access.Administrator{}, list...))
		}
		var rows [][]string
		for _, one := range list {
			rows = append(rows, []string{one.Name, string(one.Role), timeText(&one.CreatedAt)})
		}
		return a.writeTable([]string{"NAME", "ROLE", "SINCE"}, rows)
	})
}

// passwordFlag is the flag for a file with a password.
type passwordFlag struct{ file *string }

func newPasswordFlag(cmd *cobra.Command) passwordFlag {
	f := passwordFlag{cmd.Flags().String("password-file", "", "read the password from the first line of this `file`; - is standard input")}
	settings.Complete(cmd, "password-file", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	})
	return f
}

// read returns the password. Without the flag, it asks on the terminal or reads standard
// input.
func (f passwordFlag) read(ctx context.Context, a *app) (string, error) {
	if *f.file != "" {
		return readPasswordFile(ctx, a, *f.file)
	}
	return readPassword(ctx, a)
}

// oneName returns a check that there is one argument, the name of something.
func oneName(what string) cobra.PositionalArgs {
	return oneArg("name", "specify the name of the "+what)
}

func newAdminAddCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add an administrator",
		Long: `Add an administrator. The command asks for the password, which needs at least 12
characters, or reads the first line of standard input. The name may be an email address.`,
		Example: `  prizegen admin add ada --role operator
  prizegen admin add ada@example.org --password-file ada.txt`,
		Args: oneName("administrator"),
	}
	role, secret := newRoleFlag(cmd, "what the administrator may do: owner, operator or viewer"), newPasswordFlag(cmd)
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, args []string) error {
		typed, err := secret.read(ctx, a)
		if err != nil {
			return err
		}
		added, err := m.Add(ctx, args[0], role.Get(), typed)
		if err == nil {
			a.note("added %s as %s", added.Name, added.Role)
		}
		return err
	})
}

func newAdminPasswdCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "passwd NAME", Short: "Change the password of an administrator",
		Long: `Change the password of an administrator, for example because it was forgotten. The
administrator must log in again.`,
		Example: "  prizegen admin passwd ada", Args: oneName("administrator"),
	}
	secret := newPasswordFlag(cmd)
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, args []string) error {
		typed, err := secret.read(ctx, a)
		if err != nil {
			return err
		}
		l, err := m.SetPassword(ctx, args[0], typed)
		if err == nil {
			a.note("changed the password of %s", l.Name)
		}
		return err
	})
}

func newAdminRemoveCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Remove an administrator",
		Long: `Remove an administrator, whose sessions end immediately. The audit trail keeps the name. The
last owner cannot be removed unless a password is configured.`,
		Example: "  prizegen admin remove ada", Args: oneName("administrator"),
	}
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, args []string) error {
		err := m.Remove(ctx, args[0])
		if err == nil {
			a.note("removed %s", args[0])
		}
		return err
	})
}
