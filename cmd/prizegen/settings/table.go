package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/source"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// NewTable returns the settings of the program.
func NewTable() Table {
	table := Table{
		{
			Name: "quiet", Group: General, Usage: "show no progress and no notes",
			Shorthand: "q", Global: true, New: withDefault("bool", "false", ParseBool),
		},
		{
			Name: "allow-plain-http", Group: Backend, Global: true, New: withDefault("bool", "false", ParseBool),
			Usage: "allow plain HTTP to services on non-loopback addresses; anyone who can read the traffic can predict draws",
		},
		serviceURL("core-url", "`URL` of the core service"),
		serviceURL("number-url", "`URL` of the number service"),
		serviceURL("prize-url", "`URL` of the prize service"),
		serviceURL("remote", "use all services at this `URL`"),
		{
			Name: "secrets-key-file", Group: Backend, Global: true, Files: true, New: optional("file", ParseText),
			Usage: "encrypt seeds and keys in the database with the first key in this `file`; see prizegen secrets",
		},
		serviceFile("service-ca", "PEM `file` with the certificate authority of the services"),
		serviceFile("service-cert", "PEM `file` with the certificate of this process, for calling services and for serving"),
		serviceFile("service-key", "PEM `file` with the private key of the service certificate"),
		serviceURL("text-url", "`URL` of the text service"),
	}
	table = append(table, drawSettings()...)
	table = append(table, checkSettings()...)
	table = append(table, serveSettings()...)
	table = append(table, limitSettings()...)
	table = append(table,
		Setting{Name: "admin-password", Group: Secrets, Secret: true, Usage: "password of the owner who logs in without a name (default: a new one, shown once at start, if there is no other owner)"},
		Setting{Name: "admin-token", Group: Secrets, Secret: true, Usage: "API token with the role owner (default: a new one, shown once at start, if there are no other tokens)"},
		Setting{Name: "random-org-api-key", Group: Secrets, Secret: true, Usage: "RANDOM.ORG API key, for seeds from RANDOM.ORG"},
	)
	for i := range table {
		if s := &table[i]; s.New != nil && s.Flags == nil {
			s.Flags = []string{s.Name}
		}
	}
	return table
}

func serviceURL(name, usage string) Setting {
	return Setting{Name: name, Group: Backend, Usage: usage, Global: true, New: optional("URL", ParseServiceURL)}
}

func serviceFile(name, usage string) Setting {
	return Setting{Name: name, Group: Backend, Usage: usage, Global: true, Files: true, New: optional("file", ParseText)}
}

func drawSettings() []Setting {
	return []Setting{
		{Name: "count", Group: Draw, Usage: "number of draws, texts or numbers to make", Shorthand: "n", New: withDefault("count", "1", ParseCount)},
		{
			Name: "db", Group: Draw, Secret: true, Files: true,
			Usage: "database of campaigns: a SQLite `file` or postgres://USER:PASSWORD@HOST/NAME (default: prizegen.db in your data directory)",
			New:   optional("file", parseDB),
		},
		{
			Name: "drand-chain", Group: Draw, Usage: "drand `chain`: quicknet, default or a chain hash (default: quicknet)",
			Values: []string{"quicknet", "default"}, New: optional("chain", ParseText),
		},
		{Name: "drand-round", Group: Draw, Usage: "drand `round` to use (default: the next one, which nobody knows yet)", New: optional("round", ParseCount)},
		{
			Name: "drand-urls", Group: Draw, Usage: "drand mirrors, separated by commas (default: the public ones)",
			Values: drand.DefaultURLs(), New: func() bound { return &List{kind: "URLs"} },
		},
		{
			Name: "entropy", Group: Draw, Usage: "source of new seeds: " + strings.Join(source.Names(), ", "),
			Values: source.Names(), New: withDefault("source", source.OS, OneOf(source.Names()...)),
		},
		{Name: "no-animation", Group: Draw, Usage: "show every draw immediately", New: withDefault("bool", "false", ParseBool)},
		{
			Name: "number-format", Group: Draw, Flags: []string{"number", "format", "number-format"},
			Usage:  "format of the number: digits and a length, or [ALPHABET] and a length",
			Values: []string{numgen.Digits4, numgen.Digits8}, New: withDefault("format", numgen.Default, numgen.Parse),
		},
		{
			Name: "output", Group: Draw, Usage: "write the result in this format", Shorthand: "o", PerCommand: true,
			New: optional("format", OneOf("table", "text", "plain", "json", "ndjson", "csv")),
		},
		{Name: "random-org-cert", Group: Draw, Usage: "PEM `file` with RANDOM.ORG's certificate, which verifies its signatures", Files: true, New: optional("file", ParseText)},
		{Name: "random-org-url", Group: Draw, Usage: "`URL` of the RANDOM.ORG API (default: the public one)", New: optional("URL", ParseText)},
		{
			Name: "rules", Group: Draw, Usage: "rules: " + strings.Join(prize.Builtins(), ", ") + " or a YAML `file`",
			Values: prize.Builtins(), Files: true, New: withDefault("file", prize.Default, ParseText),
		},
		{
			Name: "seed", Group: Draw, Usage: "replay the run with this seed (default: a new one of 256 random bits)",
			Secret: true, New: optional("text", entropy.ParseSeed),
		},
		{Name: "start", Group: Draw, Usage: "`index` of the first draw", New: withDefault("index", "0", ParseIndex)},
		{
			Name: "text-format", Group: Draw, Flags: []string{"text", "format", "text-format"},
			Usage:  "format of the text: lower or upper and a length, or [ALPHABET] and a length",
			Values: []string{textgen.Lower4, textgen.Upper2}, New: withDefault("format", textgen.Default, textgen.Parse),
		},
	}
}

func checkSettings() []Setting {
	return []Setting{
		{Name: "bytes", Group: Check, Usage: "write this many bytes", New: optional("count", ParseCount)},
		{Name: "label", Group: Check, Usage: "label of the stream: text, number, prize", Values: []string{"text", "number", "prize"}, New: optional("label", parseLabel)},
		{Name: "online", Group: Check, Usage: "also check seeds from drand and RANDOM.ORG with those services", New: withDefault("bool", "false", ParseBool)},
		{Name: "strict", Group: Check, Usage: "fail if a prize cannot be won or an account number matches no rule", New: withDefault("bool", "false", ParseBool)},
	}
}

func serveSettings() []Setting {
	return []Setting{
		{
			Name: "debug-listen", Group: Serve, New: optional("address", parseHealthListen),
			Usage: "serve metrics and profiles (pprof), without TLS, on this address and port, which only administrators should reach",
		},
		{Name: "drain-time", Group: Serve, Usage: "time for requests in progress to finish after SIGTERM", New: withDefault("duration", "30s", ParseDuration)},
		{
			Name: "email-aliases", Group: Serve, Usage: "whether ann+1@example.org and ann@example.org count as the same person: same or distinct",
			Values: []string{"same", "distinct"}, New: withDefault("text", "same", OneOf("same", "distinct")),
		},
		{Name: "entropy-every", Group: Serve, Usage: "use a seed from drand or RANDOM.ORG for this long", New: withDefault("duration", "1m0s", ParseDuration)},
		{Name: "health-listen", Group: Serve, Usage: "serve only health, readiness and metrics, without TLS, on this address and port", New: optional("address", parseHealthListen)},
		{
			Name: "hosts", Group: Serve, Usage: "serve only these hosts, such as play.example.org,192.0.2.1; empty means any",
			New: withDefault("hosts", "", serve.ParseHosts),
		},
		{
			Name: "hsts-max-age", Group: Serve, Usage: "how long browsers use only HTTPS after a visit over HTTPS, for all subdomains; 0s means that they are not told to",
			New: withDefault("duration", "8760h0m0s", ParseDuration),
		},
		{Name: "listen", Group: Serve, Usage: "listen on this address and port (default: 127.0.0.1 and the port of the role)", New: optional("address", parseListen)},
		{
			Name: "log-format", Group: Serve, Usage: "log as text or json; auto means text on a terminal",
			Values: []string{"auto", "text", "json"}, New: withDefault("format", "auto", OneOf("auto", "text", "json")),
		},
		{
			Name: "log-level", Group: Serve, Usage: "lowest level to log: debug (every request), info, warn, error",
			Values: []string{"debug", "info", "warn", "error"}, New: withDefault("level", "info", parseLevel),
		},
		{Name: "max-free-draws", Group: Serve, Usage: "maximum number of draws in a request without the administrator's token", New: withDefault("count", "1000", ParseCount)},
		{Name: "no-welcome", Group: Serve, Usage: "do not open the demo campaign in a new database", New: withDefault("bool", "false", ParseBool)},
		{
			Name: "role", Group: Serve, Usage: "service to run: all, core, text, number, prize",
			Values: []string{"all", "core", "text", "number", "prize"}, New: withDefault("role", string(serve.All), serve.ParseRole),
		},
		{Name: "theme", Group: Serve, Usage: "`folder` with templates and static files that replace the built-in ones of the site", Files: true, New: optional("folder", ParseText)},
		{Name: "tls-cert", Group: Serve, Usage: "serve HTTPS with the certificates in this PEM `file`, which is reloaded when it changes", Files: true, New: optional("file", ParseText)},
		{Name: "tls-key", Group: Serve, Usage: "PEM `file` with the private key of the certificate", Files: true, New: optional("file", ParseText)},
		{
			Name: "trusted-proxies", Group: Serve, Usage: "trust X-Forwarded-For and X-Forwarded-Proto from these networks, such as 10.0.0.0/8,127.0.0.1",
			New: withDefault("networks", "", serve.ParseProxies),
		},
	}
}

// limitSettings returns the settings of rate limits. They belong to the group of the server.
func limitSettings() []Setting {
	limit := func(name, usage string, fallback ratelimit.Limit, parse func(string) (ratelimit.Limit, error)) Setting {
		return Setting{Name: name, Group: Serve, Usage: usage, New: withDefault("limit", fallback.String(), parse)}
	}
	d := ratelimit.Defaults()
	return []Setting{
		limit("limit-campaign-plays", "plays of a campaign from all addresses together", d.CampaignPlays, ratelimit.ParseLimit),
		limit("limit-campaign-repeats", "answers in a campaign that somebody has used all plays; after that many, nobody can play for a while", d.CampaignRepeats, ratelimit.ParseMaximum),
		limit("limit-draws", "requests from an address for draws that are not stored", d.Draws, ratelimit.ParseLimit),
		limit("limit-exports", "exports to an address", d.Exports, ratelimit.ParseLimit),
		limit("limit-log-ins", "attempts to log in from an address", d.LogIns, ratelimit.ParseLimit),
		limit("limit-plays", "plays from an address: 300/m:80 allows 300 a minute and up to 80 at once", d.Plays, ratelimit.ParseLimit),
		limit("limit-repeats", "answers to an address that somebody has used all plays; after that many, the address cannot play for a while", d.Repeats, ratelimit.ParseMaximum),
		limit("limit-rules", "sets of rules that are compiled for an address", d.Rules, ratelimit.ParseLimit),
		{
			Name: "rate-limits", Group: Serve, Usage: "whether the limits of this list apply: on or off, which is for load tests",
			Values: []string{"on", "off"}, New: withDefault("text", "on", OneOf("on", "off")),
		},
		{
			Name: "trusted-networks", Group: Serve, Usage: "networks whose visitors may play and draw without limits, such as 192.0.2.0/24,2001:db8::/48",
			New: withDefault("networks", "", serve.ParseProxies),
		},
	}
}

// withDefault returns a function that creates a value with the default text. The help text
// shows kind as the placeholder of the value.
func withDefault[T any](kind, text string, parse func(string) (T, error)) func() bound {
	return func() bound { return NewValue(kind, text, parse) }
}

// optional returns a function that creates a value without a default.
func optional[T any](kind string, parse func(string) (T, error)) func() bound {
	return func() bound { return NewOptional(kind, parse) }
}

// ParseServiceURL parses the URL of a service, to which paths are appended.
func ParseServiceURL(text string) (*url.URL, error) {
	const want = "; use one such as http://localhost:8080"
	u, err := url.Parse(text)
	// The URL is not quoted, because it may contain a password.
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("not an absolute http or https URL" + want)
	case u.User != nil:
		return nil, errors.New("the URL contains a user name" + want)
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return nil, errors.New("the URL contains a query or a fragment" + want)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// parseDB checks the address of a database. Its error does not contain the address.
func parseDB(text string) (string, error) { return text, store.CheckAddress(text) }

func parseLabel(text string) (entropy.Label, error) {
	for _, label := range entropy.Labels() {
		if text == string(label) {
			return label, nil
		}
	}
	return "", errors.New("must be text, number or prize")
}

func parseLevel(text string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, errors.New("must be debug, info, warn or error")
	}
	return level, nil
}

// parseHealthListen parses an address to listen on, which must have a port.
func parseHealthListen(text string) (string, error) {
	address, err := parseListen(text)
	if _, port, _ := net.SplitHostPort(address); err == nil && port == "" {
		err = errors.New("must have a port, such as 127.0.0.1:9090 or :9090 for all networks")
	}
	return address, err
}

// parseListen parses an address to listen on. A port alone means 127.0.0.1, and an
// address without a port means the port of the role.
func parseListen(text string) (string, error) {
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		text = "127.0.0.1:" + text
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil && port != "" {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("must be an address and a port such as 127.0.0.1:8080, :8080 for all networks, or : for all networks and the port of the role")
	}
	return text, nil
}
