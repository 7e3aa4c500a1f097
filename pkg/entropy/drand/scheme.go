package drand

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cloudflare/circl/sign/bls"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// scheme is a signature scheme.
type scheme struct {
	keySize, signatureSize int // in bytes
	chained                bool
	verify                 func(key, message, signature []byte) (valid bool, err error)
}

// schemeOf returns the scheme of a chain. The hash of a chain does not cover the name of
// its scheme, but it covers the key, whose length determines the scheme.
func schemeOf(c Chain) (scheme, error) {
	switch c.Scheme {
	case SchemeQuicknet:
		return scheme{keySize: 96, signatureSize: 48, verify: verify[bls.KeyG2SigG1]}, nil
	case SchemeChained:
		return scheme{keySize: 48, signatureSize: 96, chained: true, verify: verify[bls.KeyG1SigG2]}, nil
	}
	return scheme{}, fmt.Errorf("%w: %s has scheme %q, which is not supported; use a chain with scheme %s or %s, for example quicknet",
		ErrChain, c.Hash, excerpt.Of(c.Scheme), SchemeQuicknet, SchemeChained)
}

// verify reports whether a BLS12-381 signature of a message is valid. It returns an error
// if the key is invalid.
func verify[K bls.KeyGroup](key, message, signature []byte) (bool, error) {
	var public bls.PublicKey[K]
	if err := public.UnmarshalBinary(key); err != nil {
		return false, err
	}
	return bls.Verify(&public, message, signature), nil
}

// checkKey returns an error if the public key of a chain is not a point in the group of the
// scheme.
func (s scheme) checkKey(c Chain) error {
	if len(c.PublicKey) != s.keySize {
		return fmt.Errorf("%w: the public key of %s must have %d bytes with the scheme %s, got %d",
			ErrChain, c.Hash, s.keySize, c.Scheme, len(c.PublicKey))
	}
	if _, err := s.verify(c.PublicKey, nil, nil); err != nil {
		return fmt.Errorf("%w: the public key of %s is not a point of its curve: %w", ErrChain, c.Hash, err)
	}
	return nil
}

// message returns the message that the signature of a round covers.
func (s scheme) message(r Round) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(r.Previous, r.Number))
	return sum[:]
}
