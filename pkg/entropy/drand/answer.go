package drand

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// errPage is that something else than a drand relay answers, such as the sign-in
// page of a network.
var errPage = errors.New("it answered with a web page, expected JSON; is it the address of a drand relay?")

// readInfo reads an /info answer, which has to be of the chain that was asked for.
func readInfo(answer []byte, want Hash) (Chain, error) {
	var c Chain
	if err := decode(answer, &c); err != nil {
		return Chain{}, err
	}
	if c.Hash != want {
		return Chain{}, fmt.Errorf("%w: it answered with %s, asked for %s", ErrChain, c.Hash, want)
	}
	if err := c.Validate(); err != nil {
		return Chain{}, err
	}
	return c, nil
}

// roundAnswer is drand's answer about a round. Only its signature is of use; the
// rest has to agree.
type roundAnswer struct {
	Round      uint64 `json:"round"`
	Randomness Bytes  `json:"randomness"`
	Signature  Bytes  `json:"signature"`
	Previous   Bytes  `json:"previous_signature"`
}

// readRound reads and verifies the answer about a round, want or any where want is
// 0.
func readRound(answer []byte, chain Chain, want uint64) (Round, error) {
	var a roundAnswer
	if err := decode(answer, &a); err != nil {
		return Round{}, err
	}
	if want != 0 && a.Round != want {
		return Round{}, fmt.Errorf("%w: it answered with round %d, asked for %d", ErrRound, a.Round, want)
	}
	r := Round{Chain: chain.Hash, Number: a.Round, Signature: a.Signature, Previous: a.Previous}
	if randomness := r.Randomness(); a.Randomness != nil && !bytes.Equal(a.Randomness, randomness[:]) {
		return Round{}, fmt.Errorf("%w: the randomness of round %d is not the SHA-256 of its signature", ErrRound, r.Number)
	}
	if err := r.Verify(chain); err != nil {
		return Round{}, err
	}
	return r, nil
}

// decode reads JSON.
func decode(answer []byte, into any) error {
	if bytes.HasPrefix(bytes.TrimSpace(answer), []byte("<")) {
		return errPage
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("its answer is not drand's JSON: %w", err)
	}
	return nil
}
