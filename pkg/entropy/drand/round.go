package drand

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/entropy"
)

var (
	// ErrRound is wrapped by every error about a round that is not what its chain
	// has signed.
	ErrRound = errors.New("not a genuine drand round")
	// ErrSeed is wrapped by every error about a seed that is not of this package's
	// form.
	ErrSeed = errors.New("not a seed from drand")
)

// genesisSeedSize is the length of what round 1 of a chained chain has for the
// signature of the round before it.
const genesisSeedSize = 32

// Round is one round of a chain.
type Round struct {
	Chain     Hash
	Number    uint64 // from 1
	Signature Bytes  // of the chain's group
	Previous  Bytes  // the signature of the round before; only with SchemeChained
}

// Randomness is the SHA-256 of the signature, which is how drand defines it.
func (r Round) Randomness() Hash { return sha256.Sum256(r.Signature) }

// Seed is the text drand/<chain hash>/<round>/<randomness>.
func (r Round) Seed() entropy.Seed {
	return Reference{Chain: r.Chain, Round: r.Number, Randomness: r.Randomness()}.Seed()
}

// Verify says whether the chain has signed the round. Its errors wrap [ErrRound]
// where it has not, and [ErrChain] where the chain's parameters are not whole.
func (r Round) Verify(c Chain) error {
	s, err := c.validate()
	if err != nil {
		return err
	}
	if r.Chain != c.Hash {
		return fmt.Errorf("%w: round %d is of the chain %s, expected %s", ErrRound, r.Number, r.Chain, c.Hash)
	}
	if err := r.checkShape(s); err != nil {
		return err
	}
	r.Previous = slices.Clip(r.Previous) // what is appended to
	if valid, err := s.verify(c.PublicKey, s.message(r), r.Signature); err != nil || !valid {
		return fmt.Errorf("%w: the signature of round %d is not one by the key of the chain %s", ErrRound, r.Number, r.Chain)
	}
	return nil
}

// checkShape looks at the lengths. They matter: a point has several encodings of
// different lengths, and each would make another randomness.
func (r Round) checkShape(s scheme) error {
	if r.Number == 0 {
		return fmt.Errorf("%w: rounds are counted from 1, this one is 0", ErrRound)
	}
	if len(r.Signature) != s.signatureSize {
		return fmt.Errorf("%w: the signature of round %d has %d bytes, expected %d", ErrRound, r.Number, len(r.Signature), s.signatureSize)
	}
	want := 0
	switch {
	case s.chained && r.Number == 1:
		want = genesisSeedSize
	case s.chained:
		want = s.signatureSize
	}
	if len(r.Previous) != want {
		return fmt.Errorf("%w: the previous signature of round %d has %d bytes, expected %d", ErrRound, r.Number, len(r.Previous), want)
	}
	return nil
}

// Reference is what the text of a seed says of its round.
type Reference struct {
	Chain      Hash
	Round      uint64
	Randomness Hash
}

// Seed is the text of the reference.
func (r Reference) Seed() entropy.Seed {
	return entropy.Seed(fmt.Sprintf("%s/%s/%d/%s", Name, r.Chain, r.Round, r.Randomness))
}

// ParseSeed takes the text of a seed apart. It verifies nothing: anyone can write
// such a text, and [Check] says whether it is true. Its errors wrap [ErrSeed].
func ParseSeed(seed entropy.Seed) (Reference, error) {
	fail := func(what string) (Reference, error) {
		return Reference{}, fmt.Errorf("%w: %s; expected %s", ErrSeed, what, SeedForm)
	}
	fields := strings.Split(string(seed), "/")
	if len(fields) != 4 || fields[0] != Name {
		return fail("it does not have the parts")
	}
	chain, err := ParseHash(fields[1])
	if err != nil {
		return fail(err.Error())
	}
	round, err := strconv.ParseUint(fields[2], 10, 64)
	if err != nil {
		return fail("the round is not a number")
	}
	randomness, err := ParseHash(fields[3])
	if err != nil {
		return fail(err.Error())
	}
	r := Reference{Chain: chain, Round: round, Randomness: randomness}
	if r.Seed() != seed {
		return fail("a round is written without a sign or leading zeros, and hexadecimal digits in lower case")
	}
	return r, nil
}
