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

// Role says which services a server is.
type Role string

// The roles: one service each, or all of them in one process.
const (
	All    Role = "all"
	Core   Role = remote.Core
	Text   Role = remote.Text
	Number Role = remote.Number
	Prize  Role = remote.Prize
)

// Roles lists every role.
func Roles() []Role { return []Role{All, Core, Text, Number, Prize} }

// ParseRole reads the name of a role.
func ParseRole(name string) (Role, error) {
	if role := Role(name); slices.Contains(Roles(), role) {
		return role, nil
	}
	names := make([]string, 0, len(Roles()))
	for _, role := range Roles() {
		names = append(names, string(role))
	}
	return "", fmt.Errorf("expected %s", strings.Join(names, ", "))
}

// Port is the port that a role listens on where no other is asked for.
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

// has says whether a server of this role is the given service.
func (r Role) has(service Role) bool { return r == service || r == All }

// Store keeps campaigns and can say whether it works.
type Store interface {
	campaign.Store
	Ping(ctx context.Context) error
}

// Config is what a server is made of.
type Config struct {
	Role    Role
	Version string // of the program

	// What is deployed: a caller who names no format or rules gets these.
	Text   textgen.Format
	Number numgen.Format
	// Rules reads the deployed rules, the first ones being those for callers who
	// name none. It is called again by [Server.Reload].
	Rules func() ([]*prize.Rules, error)

	// Entropy makes the seeds of requests that bring none; the operating system
	// where it is nil. A seed from outside serves for the time EntropyEvery.
	Entropy      source.Source
	EntropyEvery time.Duration

	// Services has the addresses of the services that a core calls. What has no
	// address is made in process.
	Services remote.Config

	// Store keeps the campaigns of a core; without it there are none.
	Store Store
	// Welcome has a first campaign opened where the store has none.
	Welcome bool
	// Theme has templates and static files that replace those of the site; nil for none.
	Theme fs.FS
	// AdminPassword is the password of the site's administrator or its hash, as
	// package password makes it; without it the site has no pages for one. Sessions
	// keeps who is logged in.
	AdminPassword string
	Sessions      scs.Store
	// AdminToken is the bearer token of the API's administrator; without it nobody is.
	AdminToken string

	// Proxies are those in front of the server, whose word is taken for where a
	// visitor comes from and whether by HTTPS.
	Proxies Proxies

	TLSCert, TLSKey string // PEM files; HTTP without TLS where they are empty

	ReadTime  time.Duration // how long a request may take to arrive; 15 seconds where it is 0
	DrainTime time.Duration // how long requests under way may take once the server is to end
	Log       *slog.Logger
}
