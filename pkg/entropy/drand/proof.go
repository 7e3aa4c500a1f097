package drand

import (
	"errors"
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// Name is the source that proofs of this package name, and what its seeds begin
// with.
const Name = "drand"

// SeedForm says in a proof how the text of a seed is made. It has no characters
// that some encoders of JSON write in a way of their own.
const SeedForm = "drand/{chain hash}/{round}/{randomness}, where randomness is the SHA-256 of the signature, all in lower-case hexadecimal but for the round"

// ErrProof is wrapped by every error about a proof that does not belong to its
// seed.
var ErrProof = errors.New("the proof does not prove the seed")

// Proof is where a seed has come from, for anyone to check; see [Check].
type Proof struct {
	Source    string `json:"source"` // Name
	Chain     Hash   `json:"chain"`
	Round     uint64 `json:"round"`
	Signature Bytes  `json:"signature"`
	Previous  Bytes  `json:"previous_signature,omitempty"` // only with SchemeChained
	SeedForm  string `json:"seed_form"`                    // for people
	ChainInfo *Chain `json:"chain_info,omitempty"`         // of a chain that this package does not know
}

// NewProof makes the proof of a round, which has to be verified.
func NewProof(r Round, c Chain) Proof {
	p := Proof{Source: Name, Chain: r.Chain, Round: r.Number, Signature: r.Signature, Previous: r.Previous, SeedForm: SeedForm}
	if _, ok := known(r.Chain); !ok {
		p.ChainInfo = &c
	}
	return p
}

// round is the round that the proof is of, verified by nobody.
func (p Proof) round() Round {
	return Round{Chain: p.Chain, Number: p.Round, Signature: p.Signature, Previous: p.Previous}
}

// Check says, without a network, whether a seed is the randomness of the round that
// its proof tells: the text agrees, and the key of the chain has signed the round.
// The chains of [Known] are relied on, and those whose hash is given, for which the
// proof has the parameters. It gives the chain; [Chain.TimeOf] then tells when the
// round was published. Errors wrap [ErrSeed], [ErrProof], [ErrChain] or [ErrRound].
func Check(seed entropy.Seed, p Proof, trusted ...Hash) (Chain, error) {
	ref, err := ParseSeed(seed)
	if err != nil {
		return Chain{}, err
	}
	r := p.round()
	switch {
	case p.Source != Name:
		return Chain{}, fmt.Errorf("%w: its source is %.100q, expected %s", ErrProof, p.Source, Name)
	case ref.Chain != p.Chain:
		return Chain{}, fmt.Errorf("%w: the seed is of the chain %s, the proof of %s", ErrProof, ref.Chain, p.Chain)
	case ref.Round != p.Round:
		return Chain{}, fmt.Errorf("%w: the seed is of round %d, the proof of round %d", ErrProof, ref.Round, p.Round)
	case ref.Randomness != r.Randomness():
		return Chain{}, fmt.Errorf("%w: the randomness in the seed is %s, the SHA-256 of the signature is %s", ErrProof, ref.Randomness, r.Randomness())
	}
	c, err := p.chain(trusted)
	if err != nil {
		return Chain{}, err
	}
	if err := r.Verify(c); err != nil {
		return Chain{}, err
	}
	return c, nil
}

// chain finds the parameters of the proof's chain: its own, or those in the proof
// if their hash is relied on. [Round.Verify] recomputes the hash.
func (p Proof) chain(trusted []Hash) (Chain, error) {
	if c, ok := known(p.Chain); ok {
		return c, nil
	}
	for _, h := range trusted {
		if h != p.Chain {
			continue
		}
		if p.ChainInfo == nil {
			return Chain{}, fmt.Errorf("%w: the proof does not have the parameters of %s (chain_info)", ErrChain, h)
		}
		return *p.ChainInfo, nil
	}
	return Chain{}, fmt.Errorf("%w: %s is not known; anyone can make a chain, so name this one (drand-chain) if you rely on it", ErrChain, p.Chain)
}
