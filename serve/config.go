package serve

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/entropy/source"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/ratelimit"
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

// has reports whether a server with role r provides service.
func (r Role) has(service Role) bool { return r == service || r == All }

// Store stores campaigns. Ping returns an error if the database cannot be reached.
type Store interface {
	campaign.Store
	Ping(ctx context.Context) error
}

// Config configures a server.
type Config struct {
	Role    Role
	Version string // of the program

	// Text and Number are the deployed formats. Requests that do not name a format use
	// them.
	Text   textgen.Format
	Number numgen.Format
	// Rules reads the deployed rules. Requests that do not name any rules use the first
	// ones. [Server.Reload] calls Rules again.
	Rules func() ([]*prize.Rules, error)

	// Entropy generates the seeds for requests without one; nil means the operating system.
	// A seed from an external source is used for EntropyEvery.
	Entropy      source.Source
	EntropyEvery time.Duration

	// Services contains the addresses of the services that a core calls. If a service has no
	// address, the core generates its parts itself.
	Services remote.Config

	// Store stores the campaigns of a core. If it is nil, the core has no campaigns.
	Store Store
	// DistinctAliases makes email addresses that differ only in their tags count as
	// different people; see [campaign.Config].
	DistinctAliases bool
	// Welcome makes the server open the demo campaign if the store has never been used.
	Welcome bool
	// Theme contains templates and static files that replace those of the site.
	Theme fs.FS
	// Access stores named administrators and API tokens. If it is nil, there are only the
	// configured ones.
	Access access.Store
	// AdminPassword is the password of an owner of the site, or its hash from package
	// password. Without it, only administrators in Access can log in. Sessions stores the
	// sessions of logged-in administrators. Without it, the site has no pages for them.
	AdminPassword string
	Sessions      site.SessionStore
	// AdminToken is a bearer token of the API with the role owner. Without it, only tokens in
	// Access are valid.
	AdminToken string

	// Proxies are the trusted proxies in front of the server. Only their headers determine
	// a visitor's address and whether the visitor uses HTTPS.
	Proxies Proxies

	// Hosts are the hosts that the server serves. If it is empty, the server serves every host.
	Hosts Hosts
	// HSTSMaxAge is how long browsers use only HTTPS after a response over HTTPS. 0 means that
	// they are not told to.
	HSTSMaxAge time.Duration

	// RateLimits are the limits on how often visitors may do what costs something. The zero
	// value means no limits. The server sets Refused.
	RateLimits ratelimit.Config
	// MaxFreeDraws is the maximum number of draws that a request without the administrator's
	// token may make; 0 means 1,000.
	MaxFreeDraws int
	// Memory is the total memory in bytes that requests in progress may use; 0 means 400
	// MiB.
	Memory int64
	// Identity is the certificate with which a text, number or prize service serves TLS.
	// Its callers then need a certificate from the same authority; if
	// Services.AllowPlainHTTP is set, they can also use HTTP without TLS. TLSCert takes
	// precedence. A core serves TLS only with TLSCert; its callers need no certificate.
	Identity *certs.Identity

	TLSCert, TLSKey string // PEM files; empty for none

	ReadTime  time.Duration // timeout for reading a request; 0 means 15 seconds
	ProbeTime time.Duration // timeout for checking a service or the database; 0 means 1 second
	DrainTime time.Duration // timeout for requests in progress at shutdown
	Log       *slog.Logger
}

// Limits on the parts of a request.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = time.Minute
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// probeTime is the default timeout for checking a service or the database.
const probeTime = time.Second
