package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/prizegen/prizegen/serve/password"
)

func newHashPasswordCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "hash-password",
		Short: "Hash the password of the site's administrator",
		Long: `Ask for a password, or read the first line of standard input, and write its argon2id
hash.

Use the hash in place of the password, either in PRIZEGEN_ADMIN_PASSWORD or in the file
that PRIZEGEN_ADMIN_PASSWORD_FILE names. The hash does not reveal the password.`,
		Example: `  prizegen hash-password >admin-password
  PRIZEGEN_ADMIN_PASSWORD_FILE=admin-password prizegen serve`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			secret, err := readPassword(a)
			if err != nil {
				return err
			}
			hash, err := password.Hash(secret)
			if err != nil {
				return err
			}
			return a.write([]byte(hash + "\n"))
		},
	}
}

// readPassword asks for a password twice on a terminal, without showing it. If standard
// input is not a terminal, it reads one line.
func readPassword(a *app) (string, error) {
	file, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(a.in, password.MaxLength+3)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("standard input: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	ask := func(prompt string) (string, error) {
		if _, err := fmt.Fprint(a.err, prompt); err != nil {
			return "", err
		}
		defer fmt.Fprintln(a.err) //nolint:errcheck // ends the line, because the typed newline was not shown
		typed, err := term.ReadPassword(int(file.Fd()))
		return string(typed), err
	}
	first, err := ask("password: ")
	if err != nil {
		return "", err
	}
	second, err := ask("password again: ")
	if err == nil && second != first {
		err = errors.New("the passwords differ; nothing was hashed")
	}
	return first, err
}
