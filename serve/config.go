package serve

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/entropy/source"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/site"
)

// Role determines which services a server provides.
type Role string

// Each role provides one service, except All, which provides all of them in one process.
const (
	All    Role = "all"
	Core   Role = remote.Core
	Text   Role = remote.Text
	Number Role = remote.Number
	Prize  Role = remote.Prize
)

// Roles returns all roles.
func Roles() []Role { return []Role{All, Core, Text, Number, Prize} }

// ParseRole parses the name of a role.
func ParseRole(name string) (Role, error) {
	if role := Role(name); slices.Contains(Roles(), role) {
		return role, nil
	}
	names := make([]string, 0, len(Roles()))
	for _, role := range Roles() {
		names = append(names, string(role))
	}
	return "", fmt.Errorf("must be one of %s", strings.Join(names, ", "))
}

// Port returns the default port of a role.
func (r Role) Port() int {
	switch r {
	case Text:
		return 8081
	case Number:
		return 8082
	case Prize:
		return 8083
	}
	return 8080
}

// has reports whether a server with this role provides a service.
func (r Role) has(service Role) bool { return r == service || r == All }

// Store stores campaigns. Ping reports whether it works.
type Store interface {
	campaign.Store
	Ping(ctx context.Context) error
}

// Config configures a server.
type Config struct {
	Role    Role
	Version string // of the program

	// Text and Number are the deployed formats. They are used for requests that do not name
	// a format.
	Text   textgen.Format
	Number numgen.Format
	// Rules reads the deployed rules. The first rules are used for requests that do not name
	// any. [Server.Reload] calls Rules again.
	Rules func() ([]*prize.Rules, error)

	// Entropy generates the seeds for requests without one; nil means the operating system.
	// A seed from an external source is used for the duration EntropyEvery.
	Entropy      source.Source
	EntropyEvery time.Duration

	// Services contains the addresses of the services that a core calls. If a service has no
	// address, the core generates its parts itself.
	Services remote.Config

	// Store stores the campaigns of a core. If it is nil, the core has no campaigns.
	Store Store
	// DistinctAliases makes email addresses with different tags count as different people;
	// see [campaign.Config].
	DistinctAliases bool
	// Welcome makes the server open the demo campaign if the store has never been used.
	Welcome bool
	// Theme contains templates and static files that replace those of the site.
	Theme fs.FS
	// AdminPassword is the password of the site's administrator, or its hash from package
	// password. Without it, the site has no administrator pages. Sessions stores the
	// sessions of logged-in administrators.
	AdminPassword string
	Sessions      site.SessionStore
	// AdminToken is the bearer token of the API's administrator. Without it, the API has no
	// administrator.
	AdminToken string

	// Proxies are the proxies in front of the server. The server trusts only their headers
	// for the address of a visitor and the use of HTTPS.
	Proxies Proxies

	// MaxFreeDraws is the maximum number of draws that a request without the administrator's
	// token may make; 0 means 1,000.
	MaxFreeDraws int
	// Memory is the memory in bytes that requests in progress may use together; 0 means
	// 400 MB.
	Memory int64
	// Identity is the certificate of a text, number or prize service, whose callers must
	// have a certificate from the same authority. If Services.AllowPlainHTTP is set, callers
	// can also use HTTP without TLS. The callers of a core need no certificate. Without an
	// identity, the server uses TLSCert and TLSKey.
	Identity *certs.Identity

	TLSCert, TLSKey string // PEM files; empty for HTTP

	ReadTime  time.Duration // timeout of a request; 0 means 15 seconds
	ProbeTime time.Duration // timeout for checking a service or the database; 0 means 1 second
	DrainTime time.Duration // timeout for requests in progress when the server shuts down
	Log       *slog.Logger
}

// These are the limits on the parts of a request.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = time.Minute
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// probeTime is the default timeout for checking a service or the database.
const probeTime = time.Second
