package drand

import (
	"errors"
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Name is the value of "source" in proofs from this package, and the first part of its
// seeds.
const Name = "drand"

// SeedForm explains the format of a seed to readers of a proof. It contains only characters
// that all JSON encoders write alike.
const SeedForm = "drand/{chain hash}/{round}/{randomness}, where randomness is the SHA-256 of the signature, all in lower-case hexadecimal except the round"

// ErrProof is wrapped by errors for proofs that do not match their seed.
var ErrProof = errors.New("the proof does not match the seed")

// Proof proves the origin of a seed; see [Check].
type Proof struct {
	Source    string `json:"source"` // always Name
	Chain     Hash   `json:"chain"`
	Round     uint64 `json:"round"`
	Signature Bytes  `json:"signature"`
	Previous  Bytes  `json:"previous_signature,omitempty"` // only with SchemeChained
	SeedForm  string `json:"seed_form"`                    // for human readers
	ChainInfo *Chain `json:"chain_info,omitempty"`         // nil for a chain in [Known]
}

// NewProof returns the proof of a verified round of a chain.
func NewProof(r Round, c Chain) Proof {
	p := Proof{Source: Name, Chain: r.Chain, Round: r.Number, Signature: r.Signature, Previous: r.Previous, SeedForm: SeedForm}
	if _, ok := known(r.Chain); !ok {
		p.ChainInfo = &c
	}
	return p
}

// round returns the round of the proof without verifying it.
func (p Proof) round() Round {
	return Round{Chain: p.Chain, Number: p.Round, Signature: p.Signature, Previous: p.Previous}
}

// Check verifies offline that a seed comes from the round in its proof: the seed must match
// the proof, and the chain must have signed the round. It trusts the [Known] chains and
// those with the given hashes. It returns the chain; its [Chain.TimeOf] returns the time
// when the round was due. Errors wrap [ErrSeed], [ErrProof], [ErrChain] or [ErrRound].
func Check(seed entropy.Seed, p Proof, trusted ...Hash) (Chain, error) {
	ref, err := ParseSeed(seed)
	if err != nil {
		return Chain{}, err
	}
	r := p.round()
	switch {
	case p.Source != Name:
		return Chain{}, fmt.Errorf("%w: its source must be %s, got %q", ErrProof, Name, excerpt.Of(p.Source))
	case ref.Chain != p.Chain:
		return Chain{}, fmt.Errorf("%w: the seed is from chain %s, but the proof is from %s", ErrProof, ref.Chain, p.Chain)
	case ref.Round != p.Round:
		return Chain{}, fmt.Errorf("%w: the seed is from round %d, but the proof is from round %d", ErrProof, ref.Round, p.Round)
	case ref.Randomness != r.Randomness():
		return Chain{}, fmt.Errorf("%w: the randomness in the seed is %s, but the SHA-256 of the signature is %s", ErrProof, ref.Randomness, r.Randomness())
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

// chain returns the parameters of the chain that the proof names. They come from [Known],
// or from the proof itself if the hash is trusted. [Round.Verify] recomputes the hash.
func (p Proof) chain(trusted []Hash) (Chain, error) {
	if c, ok := known(p.Chain); ok {
		return c, nil
	}
	for _, h := range trusted {
		if h != p.Chain {
			continue
		}
		if p.ChainInfo == nil {
			return Chain{}, fmt.Errorf("%w: missing parameters (chain_info) of chain %s in the proof", ErrChain, h)
		}
		return *p.ChainInfo, nil
	}
	return Chain{}, fmt.Errorf("%w: chain %s is unknown, and anyone can create a chain; if you trust it, set drand-chain to its hash", ErrChain, p.Chain)
}
