package drand

import (
	"encoding/hex"
	"fmt"
)

// Bytes is a byte string, such as a key or a signature. In JSON and text, it is written in
// lower-case hexadecimal, as drand does.
type Bytes []byte

// String returns the bytes in lower-case hexadecimal.
func (b Bytes) String() string { return hex.EncodeToString(b) }

// MarshalText implements [encoding.TextMarshaler]. It never fails.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts upper and lower case.
func (b *Bytes) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("invalid hexadecimal digits: %w", err)
	}
	*b = decoded
	return nil
}

// Hash is a SHA-256: either that of the parameters of a chain, which identifies the chain,
// or that of a signature, which is the randomness of a round. In JSON and text, it is
// written as 64 lower-case hexadecimal digits.
type Hash [32]byte

// ParseHash parses a hash of 64 hexadecimal digits in upper or lower case.
func ParseHash(text string) (Hash, error) {
	var h Hash
	if err := h.UnmarshalText([]byte(text)); err != nil {
		return Hash{}, err
	}
	return h, nil
}

// String returns the hash as 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements [encoding.TextMarshaler]. It never fails.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts upper and lower case.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash must have 64 hexadecimal digits, got %d characters", len(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("a hash must have 64 hexadecimal digits: %w", err)
	}
	return nil
}
