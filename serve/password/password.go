// Package password checks the password of an administrator. Each check is slow, so that
// guessing takes too long. Only a few checks run at the same time, so that guesses cannot
// exhaust the memory.
//
// A password is configured as plain text or as an argon2id hash from [Hash].
package password

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
)

// params returns the argon2id parameters that OWASP's Password Storage Cheat Sheet
// recommends: 19 MiB, two passes, one thread.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// MaxLength is the maximum length of a password in bytes.
const MaxLength = 1024

// maxConcurrent is the maximum number of passwords hashed at the same time. Each takes 19
// MiB.
const maxConcurrent = 2

// Hash returns the argon2id hash of a password in the PHC string format:
// https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md. It returns an
// error unless the password has 1 to [MaxLength] bytes.
func Hash(password string) (string, error) {
	if password == "" || len(password) > MaxLength {
		return "", fmt.Errorf("the password must have 1 to %d bytes, got %d", MaxLength, len(password))
	}
	return argon2id.CreateHash(password, params())
}

// Password is the password of an administrator. It is safe for concurrent use.
type Password struct {
	hash  string
	plain string // empty if only the hash is known
	slots *semaphore.Weighted

	mu           sync.Mutex
	fingerprints map[string]bool // cached results of HasFingerprint
}

// prefix is the prefix of every argon2id hash.
const prefix = "$argon2id$"

// New returns a password from its plain text or from a hash that [Hash] returned. It
// returns an error if the plain text is too long or empty, or if the hash is invalid or
// too expensive.
func New(secret string) (*Password, error) {
	p := &Password{hash: secret, slots: semaphore.NewWeighted(maxConcurrent), fingerprints: map[string]bool{}}
	if strings.HasPrefix(secret, prefix) {
		own, _, _, err := argon2id.DecodeHash(secret)
		if err != nil {
			return nil, fmt.Errorf("invalid password hash: %w; create one with prizegen hash-password", err)
		}
		if limit := params(); own.Memory > 64*limit.Memory || own.Iterations > 64*limit.Iterations {
			return nil, fmt.Errorf("the password hash takes too much memory or time: its parameters must be at most m=%d and t=%d, got m=%d and t=%d",
				64*limit.Memory, 64*limit.Iterations, own.Memory, own.Iterations)
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

// Matches reports whether a password is correct. It waits while too many other passwords
// are being checked. It returns an error only if ctx is done.
func (p *Password) Matches(ctx context.Context, password string) (bool, error) {
	if len(password) > MaxLength {
		return false, nil
	}
	return p.compare(ctx, password, p.hash)
}

func (p *Password) compare(ctx context.Context, password, hash string) (bool, error) {
	if err := p.slots.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer p.slots.Release(1)
	return argon2id.ComparePasswordAndHash(password, hash)
}

// Fingerprint returns a string that identifies the password without revealing it. A session
// stores the fingerprint and becomes invalid when the password changes; see
// [Password.HasFingerprint].
func (p *Password) Fingerprint() string { return p.hash }

// maxFingerprints is the maximum number of fingerprints whose results are cached.
const maxFingerprints = 100

// HasFingerprint reports whether a fingerprint belongs to this password. Another replica
// or an earlier run has a different fingerprint for the same password. HasFingerprint
// recognizes it if the plain text is known. It returns an error if the fingerprint is
// invalid or ctx is done.
func (p *Password) HasFingerprint(ctx context.Context, fingerprint string) (bool, error) {
	if fingerprint == p.hash {
		return true, nil
	}
	if p.plain == "" || !strings.HasPrefix(fingerprint, prefix) {
		return false, nil
	}
	p.mu.Lock()
	matches, known := p.fingerprints[fingerprint]
	p.mu.Unlock()
	if known {
		return matches, nil
	}
	matches, err := p.compare(ctx, p.plain, fingerprint)
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.fingerprints) >= maxFingerprints {
		clear(p.fingerprints)
	}
	p.fingerprints[fingerprint] = matches
	return matches, nil
}
