package drand

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cloudflare/circl/sign/bls"
)

// scheme is how the rounds of a chain are signed.
type scheme struct {
	keySize, signatureSize int
	chained                bool // to the signature of the round before
	verify                 func(key, message, signature []byte) (valid bool, err error)
}

// schemeOf knows the supported schemes. The hash of a chain does not cover its
// scheme, but a lie about it gets nobody anywhere: the length of the key, which the
// hash does cover, decides which of the two it can be.
func schemeOf(c Chain) (scheme, error) {
	switch c.Scheme {
	case SchemeQuicknet:
		return scheme{keySize: 96, signatureSize: 48, verify: verify[bls.KeyG2SigG1]}, nil
	case SchemeChained:
		return scheme{keySize: 48, signatureSize: 96, chained: true, verify: verify[bls.KeyG1SigG2]}, nil
	}
	return scheme{}, fmt.Errorf("%w: %s is signed by the scheme %.100q, which is not supported; use a chain of %s or %s, for example quicknet",
		ErrChain, c.Hash, c.Scheme, SchemeQuicknet, SchemeChained)
}

// verify checks a signature over a message on BLS12-381. The error is about the
// key.
func verify[K bls.KeyGroup](key, message, signature []byte) (bool, error) {
	var public bls.PublicKey[K]
	if err := public.UnmarshalBinary(key); err != nil {
		return false, err
	}
	return bls.Verify(&public, message, signature), nil
}

// checkKey says whether the key of a chain is a point of the scheme's group.
func (s scheme) checkKey(c Chain) error {
	if len(c.PublicKey) != s.keySize {
		return fmt.Errorf("%w: the public key of %s has %d bytes, expected %d with the scheme %s",
			ErrChain, c.Hash, len(c.PublicKey), s.keySize, c.Scheme)
	}
	if _, err := s.verify(c.PublicKey, nil, nil); err != nil {
		return fmt.Errorf("%w: the public key of %s is not a point of its curve: %w", ErrChain, c.Hash, err)
	}
	return nil
}

// message is what the signers of a round have signed.
func (s scheme) message(r Round) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(r.Previous, r.Number))
	return sum[:]
}
