// Package access decides who may do what. Administrators log in with a name and a password,
// and programs send API tokens. Both have a role. [Control] finds out who somebody is, and
// [Authority] hands out the values whose methods the role permits: whoever has no
// [campaign.Admin] cannot change a campaign.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/password"
)

// Config configures a [Control].
type Config struct {
	// Store keeps the administrators and tokens. Without it, there are only the configured
	// ones.
	Store Store

	// Password is the password of the configured owner, or its hash from package password.
	// If it is empty, there is no such owner.
	Password string

	// Token is the configured API token, whose role is owner. If it is empty, there is none.
	Token string

	Now func() time.Time // the clock; nil means time.Now
}

// Control authenticates administrators and programs. It is safe for concurrent use.
type Control struct {
	cfg     Config
	checker *password.Checker

	mu    sync.Mutex
	owner Credentials // of the configured owner; empty until they are needed
}

// New returns a Control. It returns an error if the configured password is too long or its
// hash is invalid.
func New(cfg Config) (*Control, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Password != "" {
		if err := password.CheckSecret(cfg.Password); err != nil {
			return nil, err
		}
	}
	return &Control{cfg: cfg, checker: password.NewChecker()}, nil
}

// HasAdministrators reports whether somebody may be able to log in.
func (c *Control) HasAdministrators() bool { return c.cfg.Password != "" || c.cfg.Store != nil }

// Login identifies a password that was used to log in. It contains no secret.
type Login struct {
	Name       string `json:"name"`       // of the administrator, or [Configured]
	Generation string `json:"generation"` // of the credentials
}

// ErrWrong is the error for a name or password that is wrong.
var ErrWrong = errors.New("the name or password is wrong")

// LogIn returns the login of an administrator. An empty name means the configured owner.
// The error wraps [ErrWrong] if the name or password is wrong, which takes the same time
// for unknown names. LogIn waits while too many other passwords are being checked.
func (c *Control) LogIn(ctx context.Context, name, typed string) (Login, error) {
	a, err := c.administrator(ctx, name)
	if err != nil && !errors.Is(err, campaign.ErrNotFound) {
		return Login{}, err
	}
	matches, err := c.checker.Matches(ctx, typed, a.Credentials.Hash)
	if err == nil && !matches {
		err = ErrWrong
	}
	return Login{a.Name, a.Credentials.Generation}, err
}

// Identity is who somebody is.
type Identity struct {
	Actor string // in the audit trail
	Role  Role
}

// Identify returns who has logged in. The error wraps [ErrWrong] if the administrator was
// removed or has another password since.
func (c *Control) Identify(ctx context.Context, l Login) (Identity, error) {
	a, err := c.administrator(ctx, l.Name)
	if errors.Is(err, campaign.ErrNotFound) {
		return Identity{}, ErrWrong
	}
	if err == nil && !equal(a.Credentials.Generation, l.Generation) {
		err = ErrWrong
	}
	return Identity{a.Name, a.Role}, err
}

// administrator returns an administrator by name.
func (c *Control) administrator(ctx context.Context, name string) (Administrator, error) {
	name = cleanName(name)
	if name == "" || name == Configured {
		credentials, err := c.configuredOwner(ctx)
		return Administrator{Name: Configured, Role: RoleOwner, Credentials: credentials}, err
	}
	if _, err := parseName(name); err != nil || c.cfg.Store == nil {
		return Administrator{}, noAdministrator(name)
	}
	return c.cfg.Store.Administrator(ctx, name)
}

func noAdministrator(name string) error {
	return campaign.Errorf(campaign.ErrNotFound, "there is no administrator %s", name)
}

// configuredOwner returns the credentials of the configured owner. All replicas with the
// same password have the same ones, because they are stored.
func (c *Control) configuredOwner(ctx context.Context) (Credentials, error) {
	if c.cfg.Password == "" {
		return Credentials{}, noAdministrator(Configured)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.owner == (Credentials{}) {
		stored, err := c.storedOwner(ctx)
		if err != nil {
			return Credentials{}, err
		}
		same, err := c.isConfigured(ctx, stored)
		if err != nil {
			return Credentials{}, err
		}
		if same {
			c.owner = stored
			break
		}
		replacement, err := newCredentials(c.cfg.Password)
		if err != nil {
			return Credentials{}, err
		}
		if same, err = c.replaceOwner(ctx, stored, replacement); err != nil {
			return Credentials{}, err
		}
		if same {
			c.owner = replacement
		}
	}
	return c.owner, nil
}

func (c *Control) storedOwner(ctx context.Context) (Credentials, error) {
	if c.cfg.Store == nil {
		return Credentials{}, nil
	}
	return c.cfg.Store.Owner(ctx)
}

// isConfigured reports whether stored credentials are those of the configured password.
func (c *Control) isConfigured(ctx context.Context, stored Credentials) (bool, error) {
	if password.IsHash(c.cfg.Password) || stored.Hash == "" {
		return stored.Hash == c.cfg.Password, nil
	}
	return c.checker.Matches(ctx, c.cfg.Password, stored.Hash)
}

func (c *Control) replaceOwner(ctx context.Context, old, replacement Credentials) (replaced bool, err error) {
	if c.cfg.Store == nil {
		return true, nil
	}
	err = c.cfg.Store.Update(ctx, func(tx Tx) error {
		replaced, err = tx.ReplaceOwner(ctx, old, replacement)
		return err
	})
	return replaced, err
}

// newCredentials returns new credentials for a password or its hash.
func newCredentials(secret string) (Credentials, error) {
	if password.IsHash(secret) {
		return Credentials{secret, rand.Text()}, nil
	}
	hash, err := password.Hash(secret)
	return Credentials{hash, rand.Text()}, err
}

// tokenPrefix is the prefix of tokens, which makes them easy to find in files that should
// not contain any.
const tokenPrefix = "prizegen_"

// tokenBytes is the number of random bytes in a token. Because a token cannot be guessed,
// its digest needs no slow hash.
const tokenBytes = 32

func newToken() string {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // never fails
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(random)
}

// ErrToken is the error for a token that is wrong.
var ErrToken = errors.New("the token is wrong")

// IdentifyToken returns who sends a token. The error wraps [ErrToken] if the token is wrong
// or was revoked.
func (c *Control) IdentifyToken(ctx context.Context, token string) (Identity, error) {
	if c.cfg.Token != "" && equal(token, c.cfg.Token) {
		return Identity{"api", RoleOwner}, nil
	}
	if c.cfg.Store == nil || !strings.HasPrefix(token, tokenPrefix) || len(token) != len(tokenPrefix)+base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return Identity{}, ErrToken
	}
	found, err := c.cfg.Store.Token(ctx, sha256.Sum256([]byte(token)))
	if errors.Is(err, campaign.ErrNotFound) {
		return Identity{}, ErrToken
	}
	return Identity{"token " + found.Name, found.Role}, err
}

// equal reports whether a and b are equal, in constant time.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
