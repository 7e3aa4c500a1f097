// Package password checks the password of an administrator. Each check is slow, so guessing
// takes too long. Only a few run at the same time, so guesses cannot exhaust the memory.
//
// A password is configured as plain text or as the argon2id hash that [Hash] returns.
package password

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
)

// params returns the argon2id parameters of OWASP's Password Storage Cheat Sheet:
// 19 MiB, two passes, one thread.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// MaxLength is the length of the longest password, in bytes.
const MaxLength = 1024

// maxConcurrent is the number of passwords hashed at the same time. Each takes 19 MiB.
const maxConcurrent = 2

// Hash returns the argon2id hash of a password of 1 to [MaxLength] bytes in the PHC string
// format: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md. The error is
// about the length.
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
	fingerprints map[string]bool // results of HasFingerprint
}

// prefix is the beginning of an argon2id hash.
const prefix = "$argon2id$"

// New returns a password from its plain text or from a hash that [Hash] returned. The error
// is about the length of the plain text, or about an invalid or too expensive hash.
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

// Matches reports whether a password is the right one. It waits while too many others are
// being checked. The error comes from the context.
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

// Fingerprint returns a text that identifies the password without revealing it. A session
// stores it and ends when the password changes; see [Password.HasFingerprint].
func (p *Password) Fingerprint() string { return p.hash }

// maxFingerprints is the number of fingerprints whose results are cached.
const maxFingerprints = 100

// HasFingerprint reports whether a fingerprint is of this password. Another replica or an
// earlier run has a different fingerprint of the same password, which HasFingerprint
// recognizes if it knows the plain text. The error comes from the context or is about
// an invalid fingerprint.
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
