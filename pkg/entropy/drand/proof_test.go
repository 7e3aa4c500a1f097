package drand_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// roundTrip encodes a proof as JSON and decodes it again.
func roundTrip(t *testing.T, p drand.Proof) drand.Proof {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var decoded drand.Proof
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

func TestCheck(t *testing.T) {
	for _, p := range publishedRounds(t) {
		r, c := p.round(), chainOf(t, p.Chain)
		proof := roundTrip(t, drand.NewProof(r, c))
		got, err := drand.Check(r.Seed(), proof)
		if err != nil || !got.Equal(c) {
			t.Errorf("round %d: got chain %v with error %v, want %v", p.Round, got, err, c)
		}
		if proof.ChainInfo != nil {
			t.Errorf("proof for round %d of a known chain: got chain info, want none", p.Round)
		}
	}
	c := drandtest.Make(t, drandtest.Config{Scheme: drand.SchemeChained})
	proof := roundTrip(t, drand.NewProof(c.Round(3), c.Info()))
	if got, err := drand.Check(c.Round(3).Seed(), proof, drand.Hash{}, c.Info().Hash); err != nil || !got.Equal(c.Info()) {
		t.Errorf("trusted chain: got %v with error %v, want %v", got, err, c.Info())
	}
}

func TestCheckErrors(t *testing.T) {
	r := publishedRounds(t)[0].round()
	other := publishedRounds(t)[1].round()
	c := drandtest.Make(t, drandtest.Config{})
	own := drand.NewProof(c.Round(3), c.Info())
	forged := drand.Round{Chain: r.Chain, Number: r.Number, Signature: make(drand.Bytes, 48)}
	for name, test := range map[string]struct {
		seed    entropy.Seed
		proof   drand.Proof
		spoil   func(*drand.Proof)
		trusted []drand.Hash
		want    error
		says    string
	}{
		"another seed":          {seed: "42", proof: drand.NewProof(r, drand.Quicknet()), want: drand.ErrSeed, says: "drand/{chain hash}"},
		"another round":         {seed: r.Seed(), proof: drand.NewProof(other, drand.Quicknet()), want: drand.ErrProof, says: "from round 42, but the proof is from round 1000"},
		"another source":        {seed: r.Seed(), proof: drand.NewProof(r, drand.Quicknet()), spoil: func(p *drand.Proof) { p.Source = "dice" }, want: drand.ErrProof, says: `its source must be drand, got "dice"`},
		"another chain":         {seed: r.Seed(), proof: drand.NewProof(r, drand.Quicknet()), spoil: func(p *drand.Proof) { p.Chain = drand.Default().Hash }, want: drand.ErrProof, says: "the seed is from chain"},
		"another randomness":    {seed: r.Seed(), proof: drand.NewProof(r, drand.Quicknet()), spoil: func(p *drand.Proof) { p.Signature[3] ^= 1 }, want: drand.ErrProof, says: "the SHA-256 of the signature is"},
		"a forged signature":    {seed: forged.Seed(), proof: drand.NewProof(forged, drand.Quicknet()), want: drand.ErrRound, says: "does not match the public key"},
		"an untrusted chain":    {seed: c.Round(3).Seed(), proof: own, want: drand.ErrChain, says: "anyone can create a chain"},
		"another trusted chain": {seed: c.Round(3).Seed(), proof: own, trusted: []drand.Hash{drand.Quicknet().Hash}, want: drand.ErrChain, says: "drand-chain"},
		"no parameters":         {seed: c.Round(3).Seed(), proof: own, trusted: []drand.Hash{c.Info().Hash}, spoil: func(p *drand.Proof) { p.ChainInfo = nil }, want: drand.ErrChain, says: "chain_info"},
		"other parameters": {seed: c.Round(3).Seed(), proof: own, trusted: []drand.Hash{c.Info().Hash}, spoil: func(p *drand.Proof) {
			p.ChainInfo.PublicKey = drand.QuicknetT().PublicKey
		}, want: drand.ErrChain, says: "hash of the parameters is"},
	} {
		t.Run(name, func(t *testing.T) {
			p := roundTrip(t, test.proof)
			if test.spoil != nil {
				test.spoil(&p)
			}
			_, err := drand.Check(test.seed, p, test.trusted...)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got error %v, want a %v that contains %q", err, test.want, test.says)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	c := drandtest.New(t)
	client, err := drand.New(drand.Config{URLs: []string{c.URL}, Chain: c.Info().Hash, Timeout: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	proof := drand.NewProof(c.Round(3), c.Info())
	if err := client.Confirm(t.Context(), proof); err != nil {
		t.Error(err)
	}
	other := proof
	other.Round = 4
	if err := client.Confirm(t.Context(), other); !errors.Is(err, drand.ErrProof) || !strings.Contains(err.Error(), "a different signature") {
		t.Errorf("signature of round 3 for round 4: got error %v, want an ErrProof that contains \"a different signature\"", err)
	}
	other.Chain = drand.Quicknet().Hash
	if err := client.Confirm(t.Context(), other); !errors.Is(err, drand.ErrProof) || !strings.Contains(err.Error(), "drand-chain") {
		t.Errorf("proof from another chain: got error %v, want an ErrProof that contains drand-chain", err)
	}
	c.Fail(drandtest.Broken)
	if err := client.Confirm(t.Context(), proof); !errors.Is(err, drand.ErrUnavailable) {
		t.Errorf("broken mirror: got error %v, want ErrUnavailable", err)
	}
}
