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

// ErrAddress is wrapped by every error for a malformed address. Such an error never contains
// a password.
var ErrAddress = errors.New("not a database address")

// isPostgres reports whether address is a PostgreSQL URL. It ignores the case of the scheme.
func isPostgres(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// CheckAddress returns an error that wraps [ErrAddress] unless address is a PostgreSQL URL
// or looks like a file path.
func CheckAddress(address string) error {
	if isPostgres(address) {
		_, err := postgresConfig(address)
		return err
	}
	return checkPath(address)
}

// checkPath rejects a path that looks like another kind of address. If it were used, it
// would create a file with a password in its name.
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
	case strings.Contains(path, "://"), hasScheme && len(scheme) > 1 && isWord(scheme): // one letter is a Windows drive
		reason = "it is a URL, but not a PostgreSQL URL"
	case strings.Contains(rest, "@"):
		reason = "it contains a user name and a password"
	case path == ":memory:":
		reason = "campaigns must be stored on disk"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s; use postgres://USER:PASSWORD@HOST:PORT/NAME or a file path, such as ./prizegen.db", ErrAddress, reason)
}

// isWord reports whether text could be a keyword or a URL scheme.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_+-", r)
	})
}

// Redact returns address with any password replaced by xxxxx. A malformed address is
// replaced by an ellipsis.
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

// redacted returns message with the passwords of URLs and of password=… replaced by xxxxx.
func redacted(message string) string { return passwordText.ReplaceAllString(message, "$1$2xxxxx@") }

// postgresConfig parses a PostgreSQL URL.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	cfg, err := pgx.ParseConfig(strings.ToLower(scheme) + ":" + rest)
	if err != nil {
		// The error of pgx is not wrapped, because it may contain the password.
		return nil, fmt.Errorf("%w: it is not a valid PostgreSQL URL; use postgres://USER:PASSWORD@HOST:PORT/NAME", ErrAddress)
	}
	cfg.RuntimeParams["application_name"] = "prizegen"
	return cfg, nil
}

// sqliteDSN returns the data source name of a file. It escapes the path, so that no part of
// the path is interpreted as an option.
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
