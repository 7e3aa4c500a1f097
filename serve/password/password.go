// Package password checks the password of an administrator. Each check is slow, so guessing
// takes too long, and few run at once, so guesses can't use up the memory of the machine.
//
// A password is configured as plain text or as the argon2id hash that [Hash] returns.
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

// params returns the parameters of OWASP's Password Storage Cheat Sheet for argon2id:
// 19 MiB, two passes, one thread.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// MaxLength is the length of the longest password, in bytes.
const MaxLength = 1024

// maxConcurrent is the number of passwords hashed at a time. Each takes 19 MiB.
const maxConcurrent = 2

// Hash returns the argon2id hash of a password of 1 to [MaxLength] bytes in the PHC string
// format: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md.
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

	mu    sync.Mutex
	marks map[string]bool // results of HasMark
}

// prefix is the beginning of an argon2id hash.
const prefix = "$argon2id$"

// New returns the password that secret is, either as plain text or as a hash of [Hash].
func New(secret string) (*Password, error) {
	p := &Password{hash: secret, slots: semaphore.NewWeighted(maxConcurrent), marks: map[string]bool{}}
	if strings.HasPrefix(secret, prefix) {
		own, _, _, err := argon2id.DecodeHash(secret)
		if err != nil {
			return nil, fmt.Errorf("invalid hash of the password: %w", err)
		}
		if limit := params(); own.Memory > 64*limit.Memory || own.Iterations > 64*limit.Iterations {
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

// Matches reports whether a password is the right one. It waits until few others are being
// checked. The error is that of the context.
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

// Mark returns a text that identifies the password without revealing it. A session stores
// it and ends when the password changes; see [Password.HasMark].
func (p *Password) Mark() string { return p.hash }

// maxMarks is the number of marks whose results are remembered.
const maxMarks = 100

// HasMark reports whether a mark is of this password. Another replica or an earlier run has
// a different mark of the same password, which HasMark recognizes if it knows the plain
// text. The error is that of the context or about an invalid mark.
func (p *Password) HasMark(ctx context.Context, mark string) (bool, error) {
	if mark == p.hash {
		return true, nil
	}
	if p.plain == "" || !strings.HasPrefix(mark, prefix) {
		return false, nil
	}
	p.mu.Lock()
	matches, known := p.marks[mark]
	p.mu.Unlock()
	if known {
		return matches, nil
	}
	matches, err := p.compare(ctx, p.plain, mark)
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.marks) >= maxMarks {
		clear(p.marks)
	}
	p.marks[mark] = matches
	return matches, nil
}
