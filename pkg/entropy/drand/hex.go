package drand

import (
	"encoding/hex"
	"fmt"
)

// Bytes are written in JSON as lower-case hexadecimal digits, as drand does with
// keys and signatures.
type Bytes []byte

// String writes the bytes as lower-case hexadecimal digits.
func (b Bytes) String() string { return hex.EncodeToString(b) }

// MarshalText writes the bytes as lower-case hexadecimal digits; it never fails.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads hexadecimal digits, of either case.
func (b *Bytes) UnmarshalText(text []byte) error {
	got, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("expected hexadecimal digits: %w", err)
	}
	*b = got
	return nil
}

// Hash is a SHA-256: of a chain's parameters, which names the chain, or of a
// signature, which is the randomness of a round. In JSON it is 64 hexadecimal
// digits.
type Hash [32]byte

// ParseHash reads 64 hexadecimal digits, of either case.
func ParseHash(text string) (Hash, error) {
	var h Hash
	if err := h.UnmarshalText([]byte(text)); err != nil {
		return Hash{}, err
	}
	return h, nil
}

// String writes the hash as 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash as 64 lower-case hexadecimal digits; it never
// fails.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits, of either case.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash has %d characters, expected 64 hexadecimal digits", len(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("a hash is not made of 64 hexadecimal digits: %w", err)
	}
	return nil
}
