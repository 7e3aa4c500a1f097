package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
)

// ErrUnverified is wrapped by the error about a proof that agrees with its seed, but
// whose signature nobody has verified: anyone can have written it.
var ErrUnverified = errors.New("the signature of the proof is not verified")

// Finding is what [CheckProof] has found out.
type Finding struct {
	Source    string    // one of the names above
	Origin    string    // what the seed is, for people, for example round 42 of the drand chain quicknet (52db…)
	At        time.Time // when it was published, as the source tells; zero where it can't be read
	Signed    bool      // whether the signature was verified with a key that is relied on
	Confirmed bool      // whether the source was asked just now, and said the same
}

// String tells the finding in a sentence.
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

// CheckProof says whether a seed comes from where its proof tells. The proof has to
// agree with the seed and be signed by the source: by a chain that is known or that
// cfg.DrandChain names, or with the key of cfg.RandomOrgCert. Online, the source is
// asked too, which for RANDOM.ORG does instead of a key. cfg.Name is not looked at,
// and no API key is needed.
//
// Errors wrap [ErrSource], [ErrUnverified] (with a finding all the same), or those
// of the packages drand and randomorg.
func CheckProof(ctx context.Context, cfg Config, seed entropy.Seed, proof jsontext.Value, online bool) (Finding, error) {
	if len(proof) == 0 || string(proof) == "null" {
		return Finding{}, fmt.Errorf("%w: the seed has no proof, as those of the operating system or of one's own have none", ErrSource)
	}
	var head struct {
		Source string `json:"source"`
	}
	if err := json.Unmarshal(proof, &head); err != nil {
		return Finding{}, fmt.Errorf("%w: the proof is not a JSON object: %w", ErrSource, err)
	}
	switch head.Source {
	case Drand:
		return checkDrand(ctx, cfg, seed, proof, online)
	case RandomOrg:
		return checkRandomOrg(ctx, cfg, seed, proof, online)
	}
	return Finding{}, fmt.Errorf("%w: the proof names %.100q, and only proofs of %s and %s can be checked; a newer version may know more",
		ErrSource, head.Source, Drand, RandomOrg)
}

func checkDrand(ctx context.Context, cfg Config, seed entropy.Seed, text jsontext.Value, online bool) (Finding, error) {
	var p drand.Proof
	if err := json.Unmarshal(text, &p); err != nil {
		return Finding{}, fmt.Errorf("%w: it can't be read: %w", drand.ErrProof, err)
	}
	var trusted []drand.Hash
	if cfg.DrandChain != "" {
		h, err := drand.ParseChain(cfg.DrandChain)
		if err != nil {
			return Finding{}, fmt.Errorf("%w (drand-chain)", err)
		}
		trusted = append(trusted, h)
	}
	chain, err := drand.Check(seed, p, trusted...)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{
		Source: Drand, Origin: fmt.Sprintf("round %d of the drand chain %s (%s)", p.Round, chain.BeaconID, chain.Hash),
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
		return Finding{}, fmt.Errorf("%w: it can't be read: %w", randomorg.ErrProof, err)
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
		return f, fmt.Errorf("%w: the seed is the blob of %s, but no certificate of random.org is configured (random-org-cert); name one, or check online", ErrUnverified, f.Origin)
	}
	return f, nil
}
