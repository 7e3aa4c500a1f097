package access

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Administrator is a person who may log in.
type Administrator struct {
	Name      string    `json:"name"`
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"created_at"`

	Credentials Credentials `json:"-"`
}

// Credentials are a password as it is stored.
type Credentials struct {
	Hash       string // from package password
	Generation string // a random text, which changes whenever the password changes
}

// Token is an API token without its secret.
type Token struct {
	Name      string    `json:"name"`
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"created_at"`
}

// Digest is the SHA-256 of an API token.
type Digest = [sha256.Size]byte

// Store keeps administrators and tokens. It is safe for concurrent use. Its errors wrap
// [campaign.ErrNotFound] if something is missing and [campaign.ErrUnavailable] if the
// database is not available.
type Store interface {
	// Administrator returns an administrator by name.
	Administrator(ctx context.Context, name string) (Administrator, error)

	// Administrators returns all administrators, ordered by name.
	Administrators(ctx context.Context) ([]Administrator, error)

	// Token returns a token by its digest.
	Token(ctx context.Context, digest Digest) (Token, error)

	// Tokens returns all tokens, ordered by name.
	Tokens(ctx context.Context) ([]Token, error)

	// Owner returns the credentials that the configured owner had most recently. They are
	// empty if there were none.
	Owner(ctx context.Context) (Credentials, error)

	// Update runs f in a transaction. It commits if f returns nil, and rolls back
	// otherwise. It may run f more than once.
	Update(ctx context.Context, f func(Tx) error) error
}

// Tx is a transaction of a [Store].
type Tx interface {
	// LockAdministrators returns all administrators, ordered by name, and blocks other
	// transactions that lock them until this one ends.
	LockAdministrators(ctx context.Context) ([]Administrator, error)

	// SaveAdministrator adds an administrator, or replaces the one with the same name.
	SaveAdministrator(ctx context.Context, a Administrator) error

	// DeleteAdministrator removes an administrator.
	DeleteAdministrator(ctx context.Context, name string) error

	// AddToken adds a token. The error wraps [campaign.ErrExists] if the name is taken.
	AddToken(ctx context.Context, t Token, digest Digest) error

	// DeleteToken removes a token. The error wraps [campaign.ErrNotFound] if there is none
	// with this name.
	DeleteToken(ctx context.Context, name string) error

	// ReplaceOwner replaces the credentials of the configured owner. It reports whether
	// they were still the old ones.
	ReplaceOwner(ctx context.Context, old, replacement Credentials) (bool, error)

	// AddChange adds an entry to the audit trail.
	AddChange(ctx context.Context, c campaign.Change) error
}
