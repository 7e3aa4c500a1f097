// Package password hashes and checks the passwords of administrators. Each check is slow,
// so that guessing takes too long. Only a few checks run at the same time, so that guesses
// cannot exhaust the memory.
package password

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
)

// params returns the argon2id parameters that OWASP's Password Storage Cheat Sheet
// recommends: 19 MiB, two passes, one thread.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

const (
	// MinLength is the minimum length of a new password in characters.
	MinLength = 12
	// MaxLength is the maximum length of a password in bytes.
	MaxLength = 1024
)

// maxConcurrent is the maximum number of passwords that a [Checker] hashes at the same
// time. Each takes 19 MiB.
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

// CheckNew returns an error if a new password is too short or too long.
func CheckNew(password string) error {
	if n := utf8.RuneCountInString(password); n < MinLength || len(password) > MaxLength {
		return fmt.Errorf("the password must have at least %d characters and at most %d bytes, got %d characters", MinLength, MaxLength, n)
	}
	return nil
}

// prefix is the prefix of every argon2id hash.
const prefix = "$argon2id$"

// IsHash reports whether a configured secret is a hash from [Hash], and not a password.
func IsHash(secret string) bool { return strings.HasPrefix(secret, prefix) }

// CheckSecret returns an error if a configured secret is neither a password nor a valid
// hash that can be checked without much memory or time.
func CheckSecret(secret string) error {
	if !IsHash(secret) {
		if secret == "" || len(secret) > MaxLength {
			return fmt.Errorf("the password must have 1 to %d bytes, got %d", MaxLength, len(secret))
		}
		return nil
	}
	own, _, _, err := argon2id.DecodeHash(secret)
	if err != nil {
		return fmt.Errorf("invalid password hash: %w; create one with prizegen hash-password", err)
	}
	if limit := params(); own.Memory > 64*limit.Memory || own.Iterations > 64*limit.Iterations {
		return fmt.Errorf("the password hash takes too much memory or time: its parameters must be at most m=%d and t=%d, got m=%d and t=%d",
			64*limit.Memory, 64*limit.Iterations, own.Memory, own.Iterations)
	}
	return nil
}

// Checker compares passwords with hashes. It is safe for concurrent use.
type Checker struct {
	slots *semaphore.Weighted
	dummy func() (string, error) // the hash to compare with if there is none
}

// NewChecker returns a Checker. A process should have only one.
func NewChecker() *Checker {
	return &Checker{
		slots: semaphore.NewWeighted(maxConcurrent),
		dummy: sync.OnceValues(func() (string, error) { return Hash("the password of nobody") }),
	}
}

// Matches reports whether a password has a hash. Without a hash it reports false after the
// same time, so that the time does not reveal whether a name is known. It waits while too
// many other passwords are being checked. It returns an error if the hash is invalid or ctx
// is done.
func (c *Checker) Matches(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > MaxLength {
		return false, nil
	}
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer c.slots.Release(1)
	if hash != "" {
		return argon2id.ComparePasswordAndHash(password, hash)
	}
	dummy, err := c.dummy()
	if err != nil {
		return false, err
	}
	_, err = argon2id.ComparePasswordAndHash(password, dummy)
	return false, err
}
