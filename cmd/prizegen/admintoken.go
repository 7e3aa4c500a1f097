package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/access"
)

func newAdminTokenCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "token", Short: "Manage API tokens",
		Long: `Manage the tokens of programs that use the API, which send them as
Authorization: Bearer TOKEN. The audit trail names the token. The database contains only
hashes of tokens.`,
		Example: `  prizegen admin token add shop --role viewer
  prizegen admin token list
  prizegen admin token revoke shop`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newTokenListCmd(a), newTokenAddCmd(a), newTokenRevokeCmd(a))
	return cmd
}

func newTokenListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List API tokens", Long: "List the names and roles of API tokens.",
		Example: "  prizegen admin token list", Args: cobra.NoArgs,
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, _ []string) error {
		list, err := m.Tokens(ctx)
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(append([]access.Token{}, list...))
		}
		var rows [][]string
		for _, one := range list {
			rows = append(rows, []string{one.Name, string(one.Role), timeText(&one.CreatedAt)})
		}
		return a.writeTable([]string{"NAME", "ROLE", "SINCE"}, rows)
	})
}

func newTokenAddCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add an API token",
		Long:    "Add an API token and write it to standard output. It is never shown again.",
		Example: "  prizegen admin token add shop --role operator >shop-token", Args: oneName("token"),
	}
	role := newRoleFlag(cmd, "what the token permits: owner, operator or viewer")
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, args []string) error {
		secret, err := m.AddToken(ctx, args[0], role.Get())
		if err != nil {
			return err
		}
		return a.write([]byte(secret + "\n"))
	})
}

func newTokenRevokeCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke NAME", Short: "Revoke an API token", Long: "Revoke an API token. Requests with it are refused immediately.",
		Example: "  prizegen admin token revoke shop", Args: oneName("token"),
	}
	return accessCmd(a, cmd, func(ctx context.Context, m *access.Manager, args []string) error {
		err := m.RevokeToken(ctx, args[0])
		if err == nil {
			a.note("revoked the token %s", args[0])
		}
		return err
	})
}
