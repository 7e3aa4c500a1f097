package entropy

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxSeed is the length in bytes of the longest seed.
const MaxSeed = 1024

// ErrSeed is wrapped by every error about a text that can't be a seed.
var ErrSeed = errors.New("not a seed")

// Seed is a text that determines every draw of a run or a campaign. Who knows
// the seed knows the draws: keep it secret until they are made.
type Seed string

// NewSeed makes a seed of 256 random bits from the operating system, written
// as 64 lower-case hexadecimal digits.
func NewSeed() Seed {
	var b [32]byte
	// Read never fails: where the system has no randomness, the program ends.
	_, _ = rand.Read(b[:])
	return Seed(hex.EncodeToString(b[:]))
}

// ParseSeed takes a text as a seed: 1 to [MaxSeed] bytes of UTF-8. Its errors
// wrap [ErrSeed].
func ParseSeed(text string) (Seed, error) {
	switch {
	case text == "":
		return "", fmt.Errorf("%w: it is empty", ErrSeed)
	case len(text) > MaxSeed:
		return "", fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrSeed, len(text), MaxSeed)
	case !utf8.ValidString(text):
		return "", fmt.Errorf("%w: it is not valid UTF-8", ErrSeed)
	}
	return Seed(text), nil
}

// Commitment is the SHA-256 of the seed in lower-case hexadecimal. Published
// before the first draw, it binds its author to the seed without telling it.
func (s Seed) Commitment() string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// branchLength is the number of characters that a branch adds.
const branchLength = len("/") + 32

// Branch is a seed of its own that begins with this one: a slash and 128 random bits
// in hexadecimal follow. It makes many seeds of one that is public.
func (s Seed) Branch() Seed {
	var b [16]byte
	_, _ = rand.Read(b[:]) // see NewSeed
	return s + "/" + Seed(hex.EncodeToString(b[:]))
}

// Trunk is the seed that a branch was made of; one that is no branch is its own.
func (s Seed) Trunk() Seed {
	cut := len(s) - branchLength
	if cut <= 0 || s[cut] != '/' {
		return s
	}
	for _, c := range s[cut+1:] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return s
		}
	}
	return s[:cut]
}

// Label names one of the independent streams of a seed.
type Label string

// The labels, one for each part of a draw.
const (
	Text   Label = "text"
	Number Label = "number"
	Prize  Label = "prize"
)

// Labels lists every label.
func Labels() []Label { return []Label{Text, Number, Prize} }

// Key is the subkey of one label: all that a service needs to make its part of
// the draws, and nothing of the other parts.
type Key [32]byte

// Subkey derives the key of a label by HMAC-SHA256 (RFC 2104).
func (s Seed) Subkey(label Label) Key {
	mac := hmac.New(sha256.New, []byte(s))
	mac.Write([]byte("prizegen/v1/" + string(label)))
	return Key(mac.Sum(nil))
}

// Range is the Count draws Start, Start+1, … of the streams of Key.
func (s Seed) Range(label Label, start, count uint64) Range {
	return Range{Key: s.Subkey(label), Start: start, Count: count}
}

// ErrKey is wrapped by every error about a text that can't be a key.
var ErrKey = errors.New("not a key")

// ParseKey reads a key from 64 hexadecimal digits. Its errors wrap [ErrKey]
// and never repeat the text, which may be secret.
func ParseKey(text string) (Key, error) {
	var k Key
	if len(text) != hex.EncodedLen(len(k)) {
		return Key{}, fmt.Errorf("%w: it has %d characters, expected 64 hexadecimal digits", ErrKey, len(text))
	}
	if _, err := hex.Decode(k[:], []byte(text)); err != nil {
		return Key{}, fmt.Errorf("%w: expected 64 hexadecimal digits", ErrKey)
	}
	return k, nil
}

// Hex writes the key as 64 lower-case hexadecimal digits.
func (k Key) Hex() string { return hex.EncodeToString(k[:]) }

// String hides the key, so that none ends up in a log by accident.
func (k Key) String() string { return "entropy.Key(secret)" }

// GoString hides the key from %#v as well.
func (k Key) GoString() string { return k.String() }
