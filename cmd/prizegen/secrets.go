package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/sealed"
	"github.com/prizegen/prizegen/pkg/store"
)

func newSecretsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "secrets", Short: "Manage the encryption of secrets in the database",
		Long: `Encrypt the secrets in the database, so that whoever reads the database or a backup cannot
predict draws. The secrets are the seeds of open campaigns and the key of the digests of
erased entrants. Names and addresses of entrants are not encrypted.

The keys are in the file that --secrets-key-file names. The first key of the file encrypts,
and all of them decrypt. Keep a copy of the file apart from the backups: without it, open
campaigns can neither be played nor verified.

To replace a key while several servers run: create a new key, append it to the file of
every server and restart them; move it to the beginning of every file and restart them; run
prizegen secrets rotate; remove the old key from every file.`,
		Example: `  prizegen secrets new-key secrets.key
  prizegen secrets rotate --secrets-key-file secrets.key`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newNewKeyCmd(a), newRotateCmd(a), newUnsealCmd(a))
	return cmd
}

func newNewKeyCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "new-key FILE", Short: "Create a file with a new key",
		Long: `Create a file with a new key, which only you can read. A file that exists is never
overwritten.`,
		Example: `  prizegen secrets new-key secrets.key
  prizegen secrets new-key next.key && cat next.key >>secrets.key`,
		Args: oneArg("file", "specify the file to create"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, id := sealed.NewFile(time.Now())
			if err := createFile(args[0], text); err != nil {
				return err
			}
			a.note("created the key %s in %s; keep a copy apart from the backups of the database", id, args[0])
			return nil
		},
	}
}

// createFile writes a new file that only its owner can read. If that fails, it leaves no
// file.
func createFile(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return hintError{fmt.Errorf("%s already exists", path), "choose another name; to add a key to a file, create it in another file and append that"}
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func newRotateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate", Short: "Encrypt all secrets with the first key",
		Long: `Encrypt all secrets in the database with the first key of --secrets-key-file: those that
another key of the file encrypted, and those that are not encrypted. Servers can use the
database meanwhile, if all of them have that key. You can repeat this command safely.`,
		Example: "  prizegen secrets rotate --secrets-key-file secrets.key",
		Args:    cobra.NoArgs,
	}
	return secretsCmd(a, cmd, func(ctx context.Context, db *store.DB) error {
		n, err := db.Secrets().Rotate(ctx)
		if n > 0 || err == nil {
			a.note("%s: encrypted %s", db.Address(), countOf(n, "secret"))
		}
		return err
	})
}

func newUnsealCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "unseal", Short: "Decrypt all secrets",
		Long: `Decrypt all secrets in the database, so that it can be used without a key. Stop the servers
before, and start them without --secrets-key-file afterwards.`,
		Example: "  prizegen secrets unseal --secrets-key-file secrets.key",
		Args:    cobra.NoArgs,
	}
	return secretsCmd(a, cmd, func(ctx context.Context, db *store.DB) error {
		n, err := db.Secrets().Unseal(ctx)
		if n > 0 || err == nil {
			a.note("%s: decrypted %s", db.Address(), countOf(n, "secret"))
		}
		return err
	})
}

// countOf returns a number with a noun.
func countOf(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// secretsCmd completes a command that works on the secrets in the database and needs their
// keys.
func secretsCmd(a *app, cmd *cobra.Command, f func(ctx context.Context, db *store.DB) error) *cobra.Command {
	return dbFileCmd(a, cmd, store.Options{}, func(ctx context.Context, db *store.DB, _ string) error {
		if a.keyFile == "" {
			return hintError{usagef("no key is configured"), "set --secrets-key-file or " + settings.Variable("secrets-key-file")}
		}
		return f(ctx, db)
	})
}

// secretsKeys returns the keys of the secrets in the database, or nil if none are configured.
func secretsKeys(a *app) (*sealed.Keys, error) {
	if a.keyFile == "" {
		return nil, nil //nolint:nilnil // a nil *Keys contains no keys
	}
	keys, err := sealed.Load(a.keyFile)
	if err != nil {
		return nil, hintError{fmt.Errorf("--secrets-key-file: %w", err), "create a key with prizegen secrets new-key, or put the file back"}
	}
	return keys, nil
}

// sealDatabase encrypts the secrets in a SQLite file that are not encrypted. Other servers,
// which may not have the key yet, can use a PostgreSQL database, so it only warns about
// those. local reports whether only this machine can reach the server.
func sealDatabase(ctx context.Context, a *app, db *store.DB, log *slog.Logger, local bool) error {
	if a.keyFile == "" {
		if !local {
			log.WarnContext(ctx, "secrets in the database are not encrypted: whoever reads the database or a backup can predict draws; set --secrets-key-file")
		}
		return nil
	}
	if db.Engine() == store.SQLite {
		n, err := db.Secrets().Seal(ctx)
		if n > 0 {
			log.InfoContext(ctx, "encrypted secrets in the database", slog.Int("count", n))
		}
		return err
	}
	s, err := db.Secrets().Status(ctx)
	if s.Unsealed > 0 {
		log.WarnContext(ctx, "some secrets in the database are not encrypted; when all servers have the key, run prizegen secrets rotate", slog.Int("count", s.Unsealed))
	}
	return err
}

// describeSecrets describes the secrets in a database.
func describeSecrets(s store.SecretsStatus) string {
	switch {
	case s.Sealed == 0:
		return fmt.Sprintf("%d, not encrypted", s.Unsealed)
	case s.Unsealed == 0:
		return fmt.Sprintf("%d, encrypted with the key %s", s.Sealed, strings.Join(s.Keys, ", "))
	}
	return fmt.Sprintf("%d encrypted with the key %s, %d not encrypted; run prizegen secrets rotate", s.Sealed, strings.Join(s.Keys, ", "), s.Unsealed)
}

// noteSecrets says which keys a backup of a database needs, and whether it contains seeds
// that are not encrypted.
func noteSecrets(ctx context.Context, a *app, db *store.DB) error {
	s, err := db.Status(ctx)
	if err != nil {
		return err
	}
	if len(s.Secrets.Keys) > 0 {
		a.note("the backup does not contain the key %s, which its secrets need; keep the key file, but apart from the backup", strings.Join(s.Secrets.Keys, ", "))
	}
	if s.Secrets.Unsealed > 0 {
		a.note("the backup contains secrets that are not encrypted; whoever reads it can predict draws")
	}
	return nil
}

// warnMissingKeys warns about secrets in a restored database whose key is not configured.
func warnMissingKeys(ctx context.Context, a *app, db *store.DB) error {
	keys, err := secretsKeys(a)
	if err != nil {
		return err
	}
	s, err := db.Secrets().Status(ctx)
	if missing := s.Missing(keys); len(missing) > 0 {
		a.say("prizegen: warning: secrets in the backup are encrypted with the key %s, which is not configured; set --secrets-key-file to the file with this key before you use the database", strings.Join(missing, ", "))
	}
	return err
}
