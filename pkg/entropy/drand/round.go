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
	// ErrRound is wrapped by errors for rounds that were not signed by their chain.
	ErrRound = errors.New("not a genuine drand round")
	// ErrSeed is wrapped by errors for seeds that are not in the format of this package.
	ErrSeed = errors.New("not a seed from drand")
)

// genesisSeedSize is the length in bytes of the genesis seed, which takes the place of the
// previous signature in round 1 of a chain with [SchemeChained].
const genesisSeedSize = 32

// Round is one round of a chain.
type Round struct {
	Chain     Hash
	Number    uint64 // counted from 1
	Signature Bytes
	Previous  Bytes // signature of the previous round; used only with SchemeChained
}

// Randomness returns the SHA-256 of the signature, as drand specifies.
func (r Round) Randomness() Hash { return sha256.Sum256(r.Signature) }

// Seed returns the seed drand/<chain hash>/<round>/<randomness>.
func (r Round) Seed() entropy.Seed {
	return Reference{Chain: r.Chain, Round: r.Number, Randomness: r.Randomness()}.Seed()
}

// Verify returns an error that wraps [ErrRound] if the chain has not signed the round, or
// [ErrChain] if the parameters of the chain are invalid.
func (r Round) Verify(c Chain) error {
	s, err := c.validate()
	if err != nil {
		return err
	}
	if r.Chain != c.Hash {
		return fmt.Errorf("%w: round %d must be from chain %s, got %s", ErrRound, r.Number, c.Hash, r.Chain)
	}
	if err := r.checkLengths(s); err != nil {
		return err
	}
	r.Previous = slices.Clip(r.Previous) // s.message appends to it
	if valid, err := s.verify(c.PublicKey, s.message(r), r.Signature); err != nil || !valid {
		return fmt.Errorf("%w: the signature of round %d does not match the public key of chain %s", ErrRound, r.Number, r.Chain)
	}
	return nil
}

// checkLengths checks the number of the round and the lengths of its signatures. The same
// point has encodings of several lengths, and each would result in different randomness.
func (r Round) checkLengths(s scheme) error {
	if r.Number == 0 {
		return fmt.Errorf("%w: rounds are counted from 1, got 0", ErrRound)
	}
	if len(r.Signature) != s.signatureSize {
		return fmt.Errorf("%w: the signature of round %d must have %d bytes, got %d", ErrRound, r.Number, s.signatureSize, len(r.Signature))
	}
	want := 0
	switch {
	case s.chained && r.Number == 1:
		want = genesisSeedSize
	case s.chained:
		want = s.signatureSize
	}
	if len(r.Previous) != want {
		return fmt.Errorf("%w: the previous signature of round %d must have %d bytes, got %d", ErrRound, r.Number, want, len(r.Previous))
	}
	return nil
}

// Reference holds the parts of a seed from drand.
type Reference struct {
	Chain      Hash
	Round      uint64 // counted from 1
	Randomness Hash
}

// Seed returns the seed drand/<chain hash>/<round>/<randomness>.
func (r Reference) Seed() entropy.Seed {
	return entropy.Seed(fmt.Sprintf("%s/%s/%d/%s", Name, r.Chain, r.Round, r.Randomness))
}

// ParseSeed parses a seed. It verifies nothing, and anyone can write such a string; see
// [Check]. Errors wrap [ErrSeed].
func ParseSeed(seed entropy.Seed) (Reference, error) {
	fail := func(problem string) (Reference, error) {
		return Reference{}, fmt.Errorf("%w: %s; the format is %s", ErrSeed, problem, SeedForm)
	}
	fields := strings.Split(string(seed), "/")
	if len(fields) != 4 {
		return fail(fmt.Sprintf("it must have four parts, got %d", len(fields)))
	}
	if fields[0] != Name {
		return fail("it must begin with " + Name)
	}
	chain, err := ParseHash(fields[1])
	if err != nil {
		return fail(err.Error())
	}
	round, err := strconv.ParseUint(fields[2], 10, 64)
	if err != nil {
		return fail("the round must be a number from 1 to 18446744073709551615")
	}
	randomness, err := ParseHash(fields[3])
	if err != nil {
		return fail(err.Error())
	}
	r := Reference{Chain: chain, Round: round, Randomness: randomness}
	if r.Seed() != seed {
		return fail("the round must have no sign or leading zeros, and hexadecimal digits must be in lower case")
	}
	return r, nil
}
