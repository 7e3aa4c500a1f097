package serve

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy/source"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Role names the services that a server has.
type Role string

// The roles: one service each, or all of them in one process.
const (
	All    Role = "all"
	Core   Role = remote.Core
	Text   Role = remote.Text
	Number Role = remote.Number
	Prize  Role = remote.Prize
)

// Roles returns every role.
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

// has reports whether a server of this role has a service.
func (r Role) has(service Role) bool { return r == service || r == All }

// Store keeps campaigns. Ping reports whether it works.
type Store interface {
	campaign.Store
	Ping(ctx context.Context) error
}

// Config configures a server.
type Config struct {
	Role    Role
	Version string // of the program

	// Text and Number are the deployed formats, for requests that name none.
	Text   textgen.Format
	Number numgen.Format
	// Rules reads the deployed rules. The first ones are for requests that name none.
	// [Server.Reload] calls it again.
	Rules func() ([]*prize.Rules, error)

	// Entropy makes the seeds of requests without one; nil means the operating system.
	// A seed of an external source is used for the time EntropyEvery.
	Entropy      source.Source
	EntropyEvery time.Duration

	// Services has the addresses of the services that a core calls. The core makes the
	// parts of a service without an address itself.
	Services remote.Config

	// Store keeps the campaigns of a core; nil means that it has none.
	Store Store
	// Welcome opens a first campaign if the store has none.
	Welcome bool
	// Theme has templates and static files that replace those of the site.
	Theme fs.FS
	// AdminPassword is the password of the site's administrator, or its hash from
	// package password. Without it the site has no pages for the administrator.
	// Sessions keeps the sessions of logged-in administrators.
	AdminPassword string
	Sessions      scs.Store
	// AdminToken is the bearer token of the API's administrator. Without it the API has
	// no administrator.
	AdminToken string

	// Proxies are the proxies in front of the server. Only their headers are trusted for
	// the address of a visitor and for the use of HTTPS.
	Proxies Proxies

	TLSCert, TLSKey string // PEM files; empty for HTTP without TLS

	ReadTime  time.Duration // of a request; 0 means 15 seconds
	ProbeTime time.Duration // of a check of a service or the database; 0 means 1 second
	DrainTime time.Duration // of requests under way when the server ends
	Log       *slog.Logger
}

// The limits of the parts of a request.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = time.Minute
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// probeTime is the default timeout of a check of a service or the database.
const probeTime = time.Second
