package store

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrAddress is wrapped by every error for a malformed address.
var ErrAddress = errors.New("is not the address of a database")

// isPostgres reports whether address names a PostgreSQL server.
func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// Redact returns an address with its password hidden.
func Redact(address string) string {
	if !isPostgres(address) {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	q := u.Query()
	if q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

var passwordText = regexp.MustCompile(`(?i)(postgres(?:ql)?://[^:@/\s]*:)[^@\s]*@|(password=)\S+`)

// redacted returns a message with passwords hidden.
func redacted(message string) string { return passwordText.ReplaceAllString(message, "$1$2xxxxx@") }

// postgresConfig parses the address of a server.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		// The error is not wrapped, because its text may contain the password.
		return nil, fmt.Errorf("%s %w: use postgres://USER:PASSWORD@HOST:PORT/NAME", Redact(address), ErrAddress)
	}
	cfg.RuntimeParams["application_name"] = "prizegen"
	return cfg, nil
}

// sqliteFile checks the path of a database file. If the file or its folder does not
// exist, it creates them, accessible only to their owner.
func sqliteFile(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("an empty path %w: use the path of a file or postgres://…", ErrAddress)
	case strings.Contains(path, "://"):
		return fmt.Errorf("%s %w: use the path of a file or postgres://…", path, ErrAddress)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("%q %w: it contains a zero byte", path, ErrAddress)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s %w: it is a folder; use the path of a file", path, ErrAddress)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// sqliteDSN returns the data source name of a file. It escapes the path, so that no part
// of it is read as an option.
func sqliteDSN(path string, options ...string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}
	if !strings.HasPrefix(u.Path, "/") { // a drive letter
		u.Path = "/" + u.Path
	}
	return u.String() + "?" + strings.Join(options, "&"), nil
}
