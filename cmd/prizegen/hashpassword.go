package main

import (
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/password"
)

func newHashPasswordCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "hash-password",
		Short: "Hash the password of the configured owner",
		Long: `Ask for a password, or read the first line of standard input, and write its argon2id
hash.

Use the hash in place of the password, either in PRIZEGEN_ADMIN_PASSWORD or in the file
that PRIZEGEN_ADMIN_PASSWORD_FILE names. The hash does not reveal the password. Other
administrators have names; see prizegen admin.`,
		Example: `  prizegen hash-password >admin-password
  PRIZEGEN_ADMIN_PASSWORD_FILE=admin-password prizegen serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := readPassword(cmd.Context(), a)
			if err != nil {
				return err
			}
			hash, err := password.Hash(secret)
			if err != nil {
				return err
			}
			if err := password.CheckNew(secret); err != nil {
				a.note("prizegen: warning: a password should have at least %d characters", password.MinLength)
			}
			return a.write([]byte(hash + "\n"))
		},
	}
}
