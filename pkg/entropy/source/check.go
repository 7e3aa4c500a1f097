package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// ErrProof is wrapped by errors for missing and malformed proofs.
var ErrProof = errors.New("no valid proof")

// ErrUnverified is wrapped by the error for a proof that matches its seed, but whose
// signature could not be verified. Anyone could have written such a proof.
var ErrUnverified = errors.New("the signature of the proof is not verified")

// Finding is the result of [CheckProof].
type Finding struct {
	Source    string    // Drand or RandomOrg
	Origin    string    // description for people, for example round 42 of drand chain quicknet (52db…)
	At        time.Time // time of publication according to the source; zero if it is invalid
	Signed    bool      // the signature was verified with a trusted key
	Confirmed bool      // the source has confirmed the proof
}

// String returns the finding as a sentence.
func (f Finding) String() string {
	text := f.Origin
	if !f.At.IsZero() {
		text += ", published at " + f.At.Format(time.RFC3339)
	}
	var by []string
	if f.Signed {
		by = append(by, "its signature is verified")
	}
	if f.Confirmed {
		by = append(by, f.Source+" has confirmed it")
	}
	if len(by) == 0 {
		by = []string{"its signature is not verified"}
	}
	return text + ": " + strings.Join(by, " and ")
}

// CheckProof verifies that a seed comes from the source named in its proof. The proof must
// match the seed. Its signature must be valid for a [drand.Known] chain or for
// cfg.DrandChain, or for the key in cfg.RandomOrgCert. If online is true, CheckProof also
// asks the source to confirm the proof; for RANDOM.ORG, the key is then optional.
// CheckProof ignores cfg.Name and needs no API key.
//
// Errors wrap [ErrProof], [ErrSource] or [ErrUnverified], or come from packages drand and
// randomorg. An error that wraps ErrUnverified comes with a finding.
func CheckProof(ctx context.Context, cfg Config, seed entropy.Seed, proof jsontext.Value, online bool) (Finding, error) {
	if len(proof) == 0 || string(proof) == "null" {
		return Finding{}, fmt.Errorf("%w: the seed has none, so it comes from the operating system or was chosen", ErrProof)
	}
	var head struct {
		Source string `json:"source"`
	}
	if err := json.Unmarshal(proof, &head); err != nil {
		return Finding{}, fmt.Errorf("%w: it is not a JSON object: %w", ErrProof, err)
	}
	switch head.Source {
	case Drand:
		return checkDrand(ctx, cfg, seed, proof, online)
	case RandomOrg:
		return checkRandomOrg(ctx, cfg, seed, proof, online)
	}
	return Finding{}, fmt.Errorf("%w %q in the proof; this version checks only proofs from %s and %s",
		ErrSource, excerpt.Of(head.Source), Drand, RandomOrg)
}

func checkDrand(ctx context.Context, cfg Config, seed entropy.Seed, text jsontext.Value, online bool) (Finding, error) {
	var p drand.Proof
	if err := json.Unmarshal(text, &p); err != nil {
		return Finding{}, fmt.Errorf("%w: invalid JSON: %w", drand.ErrProof, err)
	}
	var trusted []drand.Hash
	if cfg.DrandChain != "" {
		h, err := drand.ParseChain(cfg.DrandChain)
		if err != nil {
			return Finding{}, fmt.Errorf("drand-chain: %w", err)
		}
		trusted = append(trusted, h)
	}
	chain, err := drand.Check(seed, p, trusted...)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{
		Source: Drand, Origin: fmt.Sprintf("round %d of drand chain %s (%s)", p.Round, chain.BeaconID, chain.Hash),
		At: chain.TimeOf(p.Round), Signed: true,
	}
	if !online {
		return f, nil
	}
	client, err := cfg.drand(p.Chain)
	if err != nil {
		return Finding{}, err
	}
	if err := client.Confirm(ctx, p); err != nil {
		return Finding{}, err
	}
	f.Confirmed = true
	return f, nil
}

func checkRandomOrg(ctx context.Context, cfg Config, seed entropy.Seed, text jsontext.Value, online bool) (Finding, error) {
	var p randomorg.Proof
	if err := json.Unmarshal(text, &p); err != nil {
		return Finding{}, fmt.Errorf("%w: invalid JSON: %w", randomorg.ErrProof, err)
	}
	client, key, err := cfg.randomOrg()
	if err != nil {
		return Finding{}, err
	}
	s, err := randomorg.Check(seed, p, key)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{Source: RandomOrg, Origin: fmt.Sprintf("serial number %d of random.org", s.SerialNumber), Signed: key != nil}
	if at, err := time.Parse("2006-01-02 15:04:05Z", s.Completed); err == nil {
		f.At = at
	}
	if online {
		if err := client.VerifySignature(ctx, p); err != nil {
			return Finding{}, err
		}
		f.Confirmed = true
	}
	if !f.Signed && !f.Confirmed {
		return f, fmt.Errorf("%w: the seed is the blob of %s, but there is no certificate to verify its signature; set random-org-cert or check online", ErrUnverified, f.Origin)
	}
	return f, nil
}
