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

// MaxSeed is the maximum length of a seed in bytes.
const MaxSeed = 1024

// ErrSeed is wrapped by every error that [ParseSeed] returns.
var ErrSeed = errors.New("invalid seed")

// Seed is a string that determines every draw of a run or a campaign. Anyone who knows
// the seed can compute the draws, so keep it secret until they are made.
type Seed string

// NewSeed returns 256 random bits from the operating system as 64 lower-case hexadecimal
// digits. If the operating system fails, the program crashes; see [rand.Read].
func NewSeed() Seed {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return Seed(hex.EncodeToString(b[:]))
}

// ParseSeed converts text to a seed. It must be valid UTF-8 and have 1 to [MaxSeed] bytes.
// Errors wrap [ErrSeed].
func ParseSeed(text string) (Seed, error) {
	switch {
	case text == "":
		return "", fmt.Errorf("%w: it is empty", ErrSeed)
	case len(text) > MaxSeed:
		return "", fmt.Errorf("%w: it must have at most %d bytes, got %d", ErrSeed, MaxSeed, len(text))
	case !utf8.ValidString(text):
		return "", fmt.Errorf("%w: it is not valid UTF-8", ErrSeed)
	}
	return Seed(text), nil
}

// Commitment returns the SHA-256 of the seed in lower-case hexadecimal. Publishing it
// before the first draw commits you to the seed without revealing it.
func (s Seed) Commitment() string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// branchLength is the number of bytes that [Seed.Branch] appends.
const branchLength = len("/") + 32

// Branch returns s followed by a slash and 128 random bits in lower-case hexadecimal.
// Use it to derive any number of secret seeds from a public one.
func (s Seed) Branch() Seed {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return s + "/" + Seed(hex.EncodeToString(b[:]))
}

// Trunk returns the seed from which [Seed.Branch] derived s. If s does not have the form of
// a branch, Trunk returns s.
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

// Labels returns all labels.
func Labels() []Label { return []Label{Text, Number, Prize} }

// Key is the subkey for one label. It determines one part of every draw and reveals nothing
// about the other parts.
type Key [32]byte

// Subkey returns the key for a label: HMAC-SHA256 (RFC 2104) with the seed as the key, over
// "prizegen/v1/" followed by the label.
func (s Seed) Subkey(label Label) Key {
	mac := hmac.New(sha256.New, []byte(s))
	mac.Write([]byte("prizegen/v1/" + string(label)))
	return Key(mac.Sum(nil))
}

// Range returns draws start to start+count-1, with the key for a label.
func (s Seed) Range(label Label, start, count uint64) Range {
	return Range{Key: s.Subkey(label), Start: start, Count: count}
}

// ErrKey is wrapped by every error that [ParseKey] returns.
var ErrKey = errors.New("invalid key")

// ParseKey parses a key of 64 hexadecimal digits in upper or lower case. Errors wrap
// [ErrKey]. They never contain text, which may be secret.
func ParseKey(text string) (Key, error) {
	var k Key
	if len(text) != hex.EncodedLen(len(k)) {
		return Key{}, fmt.Errorf("%w: it must have 64 hexadecimal digits, got %d characters", ErrKey, len(text))
	}
	if _, err := hex.Decode(k[:], []byte(text)); err != nil {
		return Key{}, fmt.Errorf("%w: it must have 64 hexadecimal digits", ErrKey)
	}
	return k, nil
}

// Hex returns the key as 64 lower-case hexadecimal digits.
func (k Key) Hex() string { return hex.EncodeToString(k[:]) }

// String returns a placeholder, so that the key is not printed or logged by accident.
func (k Key) String() string { return "entropy.Key(secret)" }

// GoString returns the same placeholder as [Key.String], for %#v.
func (k Key) GoString() string { return k.String() }
