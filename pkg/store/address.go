package store

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
)

// ErrAddress is wrapped by every error for a malformed address. The error does not contain
// the address, which may contain a password.
var ErrAddress = errors.New("not the address of a database")

// isPostgres reports whether address names a PostgreSQL server. The case of a scheme does
// not matter.
func isPostgres(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// CheckAddress returns an error that wraps [ErrAddress] unless address is the URL of a
// PostgreSQL server or looks like the path of a file.
func CheckAddress(address string) error {
	if isPostgres(address) {
		_, err := postgresConfig(address)
		return err
	}
	return checkPath(address)
}

// checkPath refuses text that looks like an address of another kind. As a path it would
// become a file with a password in its name.
func checkPath(path string) error {
	first, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimLeft(path, "/"), `\`, "/"), "/")
	key, _, isPair := strings.Cut(first, "=")
	scheme, rest, hasScheme := strings.Cut(first, ":")
	var reason string
	switch {
	case path == "":
		reason = "it is empty"
	case strings.ContainsFunc(path, unicode.IsControl):
		reason = "it contains a control character, such as a line break or a zero byte"
	case isPair && isWord(strings.Trim(key, ` "'`)):
		reason = "it has the format keyword=value"
	case strings.Contains(path, "://"), hasScheme && len(scheme) > 1 && isWord(scheme): // one letter is a drive of Windows
		reason = "it is a URL, but not of a PostgreSQL server"
	case strings.Contains(rest, "@"):
		reason = "it contains a user name and a password"
	case path == ":memory:":
		reason = "campaigns must be on disk"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s; use postgres://USER:PASSWORD@HOST:PORT/NAME or the path of a file, such as ./prizegen.db", ErrAddress, reason)
}

// isWord reports whether text could be a keyword or the scheme of a URL.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_+-", r)
	})
}

// Redact returns an address with its password hidden.
func Redact(address string) string {
	if !isPostgres(address) {
		if checkPath(address) != nil {
			return "…"
		}
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	q := u.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if q.Has(name) {
			q.Set(name, "xxxxx")
			u.RawQuery = q.Encode()
		}
	}
	return u.Redacted()
}

var passwordText = regexp.MustCompile(`(?i)(postgres(?:ql)?://[^:@/\s]*:)\S*@|(password=)\S+`)

// redacted returns a message with passwords hidden.
func redacted(message string) string { return passwordText.ReplaceAllString(message, "$1$2xxxxx@") }

// postgresConfig parses the address of a server.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	cfg, err := pgx.ParseConfig(strings.ToLower(scheme) + ":" + rest)
	if err != nil {
		// The error of pgx is not wrapped, because its text may contain the password.
		return nil, fmt.Errorf("%w: it is not a valid URL of a PostgreSQL server; use postgres://USER:PASSWORD@HOST:PORT/NAME", ErrAddress)
	}
	cfg.RuntimeParams["application_name"] = "prizegen"
	return cfg, nil
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
