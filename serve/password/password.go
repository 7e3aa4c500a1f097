// Package password checks the password of an administrator, slowly enough that
// guessing takes too long and without letting many guesses at once use up the
// machine.
//
// A password is set as it is or as its argon2id hash, which [Hash] makes.
package password

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
)

// cost follows OWASP's Password Storage Cheat Sheet for argon2id: 19 MiB, two passes,
// one thread.
func cost() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// MaxLength is how many bytes a password may have.
const MaxLength = 1024

// atOnce is how many passwords are hashed at a time: each takes 19 MiB.
const atOnce = 2

// Hash gives the argon2id hash of a password in the PHC string format:
// https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md.
func Hash(password string) (string, error) {
	if password == "" || len(password) > MaxLength {
		return "", fmt.Errorf("the password has %d bytes, expected 1 to %d", len(password), MaxLength)
	}
	return argon2id.CreateHash(password, cost())
}

// Password is the one password that is right.
type Password struct {
	hash  string
	plain string // empty where only the hash is known
	room  *semaphore.Weighted

	mu   sync.Mutex
	same map[string]bool // hashes that others made: whether they are of this password
}

// prefix is what the hashes begin with that are understood.
const prefix = "$argon2id$"

// New makes a password of a secret: the password itself or a hash that [Hash] made.
func New(secret string) (*Password, error) {
	p := &Password{hash: secret, room: semaphore.NewWeighted(atOnce), same: map[string]bool{}}
	if strings.HasPrefix(secret, prefix) {
		params, _, _, err := argon2id.DecodeHash(secret)
		if err != nil {
			return nil, fmt.Errorf("the hash of the password can't be read: %w", err)
		}
		if most := cost(); params.Memory > 64*most.Memory || params.Iterations > 64*most.Iterations {
			return nil, errors.New("the hash of the password takes too much memory or time to check")
		}
		return p, nil
	}
	var err error
	if p.hash, err = Hash(secret); err != nil {
		return nil, err
	}
	p.plain = secret
	return p, nil
}

// Matches says whether a password is the right one. It waits while others are checked;
// its error is that of the context.
func (p *Password) Matches(ctx context.Context, password string) (bool, error) {
	if len(password) > MaxLength {
		return false, nil
	}
	return p.compare(ctx, password, p.hash)
}

func (p *Password) compare(ctx context.Context, password, hash string) (bool, error) {
	if err := p.room.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer p.room.Release(1)
	return argon2id.ComparePasswordAndHash(password, hash)
}

// Mark stands for the password without telling it: what is kept with a session, so
// that another password ends the session.
func (p *Password) Mark() string { return p.hash }

// maxMarks is how many marks of others are remembered.
const maxMarks = 100

// Made says whether a mark is of this password. Other replicas and earlier runs mark
// the same password differently.
func (p *Password) Made(ctx context.Context, mark string) (bool, error) {
	if mark == p.hash {
		return true, nil
	}
	if p.plain == "" || !strings.HasPrefix(mark, prefix) {
		return false, nil
	}
	p.mu.Lock()
	same, known := p.same[mark]
	p.mu.Unlock()
	if known {
		return same, nil
	}
	same, err := p.compare(ctx, p.plain, mark)
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.same) >= maxMarks {
		clear(p.same)
	}
	p.same[mark] = same
	return same, nil
}
