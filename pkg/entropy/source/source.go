// Package source generates seeds from a named source (the operating system, drand or
// RANDOM.ORG) and checks the proofs of external seeds.
//
// A seed from the operating system is secret until its owner reveals it, and only a
// commitment can prove it. Seeds from the other sources are public from the start. They
// have a proof in JSON, whose member "source" is the name of the source:
//
//	{"source":"drand","chain":"52db…","round":42,"signature":"95a9…","seed_form":"drand/…"}
//	{"source":"random.org","random":"{…}","signature":"hpra…","seed_form":"random.org/…"}
package source

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// The names of the sources in settings and proofs.
const (
	OS        = "os"
	Drand     = drand.Name
	RandomOrg = randomorg.Name
)

// Names returns the names of all sources.
func Names() []string { return []string{OS, Drand, RandomOrg} }

// ErrSource is wrapped by errors for unknown names of sources.
var ErrSource = errors.New("unknown source of randomness")

// Source generates seeds. It is safe for concurrent use.
type Source interface {
	// Name returns OS, Drand or RandomOrg.
	Name() string
	// Seed returns a new seed and the proof of its origin: a JSON object for
	// [CheckProof], or nil for the operating system. It waits until drand publishes a
	// round, or for the delay that RANDOM.ORG advised. If it returns an error, the seed
	// is empty.
	Seed(ctx context.Context) (entropy.Seed, jsontext.Value, error)
}

// Config configures a [Source]. A source ignores the fields that it does not need.
type Config struct {
	Name string // empty means OS

	DrandURLs  []string // URLs of mirrors; empty means the public ones
	DrandChain string   // name of a known chain, or the hash of any chain; empty means quicknet
	DrandRound uint64   // 0 means the next round to be published

	RandomOrgURL    string           // empty means the public URL
	RandomOrgAPIKey randomorg.APIKey // required for seeds but not for checks
	RandomOrgCert   []byte           // certificate or public key in PEM; if empty, RANDOM.ORG is asked to verify signatures
	UserData        string           // signed by RANDOM.ORG with each seed, at most randomorg.MaxUserData characters

	HTTP      *http.Client     // nil means a client that uses the proxies from the environment
	Now       func() time.Time // nil means time.Now
	UserAgent string           // empty means prizegen
}

// New returns a source. It sends no requests. It returns an error if the configuration is
// invalid; for an unknown name, the error wraps [ErrSource].
func New(cfg Config) (Source, error) {
	switch cmp.Or(cfg.Name, OS) {
	case OS:
		return system{}, nil
	case Drand:
		return newDrand(cfg)
	case RandomOrg:
		return newRandomOrg(cfg)
	}
	return nil, fmt.Errorf("%w %q; use %s, %s or %s", ErrSource, excerpt.Of(cfg.Name), OS, Drand, RandomOrg)
}

// system generates seeds with the operating system.
type system struct{}

func (system) Name() string { return OS }

func (system) Seed(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
	if ctx.Err() != nil {
		return "", nil, context.Cause(ctx)
	}
	return entropy.NewSeed(), nil, nil
}

// drandSource takes seeds from a drand chain.
type drandSource struct {
	client *drand.Client
	round  uint64 // 0 means the next round
}

func newDrand(cfg Config) (Source, error) {
	var chain drand.Hash
	if cfg.DrandChain != "" {
		var err error
		if chain, err = drand.ParseChain(cfg.DrandChain); err != nil {
			return nil, fmt.Errorf("drand-chain: %w", err)
		}
	}
	client, err := cfg.drand(chain)
	if err != nil {
		return nil, err
	}
	return &drandSource{client: client, round: cfg.DrandRound}, nil
}

// drand returns a client for a chain. A zero hash means quicknet.
func (cfg Config) drand(chain drand.Hash) (*drand.Client, error) {
	return drand.New(drand.Config{URLs: cfg.DrandURLs, Chain: chain, HTTP: cfg.HTTP, Now: cfg.Now, UserAgent: cfg.UserAgent})
}

func (*drandSource) Name() string { return Drand }

func (s *drandSource) Seed(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
	r, err := s.fetch(ctx)
	if err != nil {
		return "", nil, err
	}
	chain, err := s.client.Chain(ctx)
	if err != nil {
		return "", nil, err
	}
	return withProof(r.Seed(), drand.NewProof(r, chain))
}

// fetch returns the round from which Seed makes a seed.
func (s *drandSource) fetch(ctx context.Context) (drand.Round, error) {
	if s.round == 0 {
		return s.client.Next(ctx)
	}
	return s.client.Round(ctx, s.round)
}

// randomOrg takes seeds from RANDOM.ORG.
type randomOrg struct {
	client   *randomorg.Client
	userData string
}

func newRandomOrg(cfg Config) (Source, error) {
	if cfg.RandomOrgAPIKey == "" {
		return nil, fmt.Errorf("%w; create one at https://api.random.org/dashboard", randomorg.ErrKey)
	}
	client, _, err := cfg.randomOrg()
	if err != nil {
		return nil, err
	}
	return &randomOrg{client: client, userData: cfg.UserData}, nil
}

// randomOrg returns a client and the public key for it. The key is nil if no certificate is
// configured.
func (cfg Config) randomOrg() (*randomorg.Client, *rsa.PublicKey, error) {
	var key *rsa.PublicKey
	if len(cfg.RandomOrgCert) > 0 {
		var err error
		if key, err = randomorg.ParsePublicKey(cfg.RandomOrgCert); err != nil {
			return nil, nil, err
		}
	}
	client, err := randomorg.New(randomorg.Config{
		URL: cfg.RandomOrgURL, APIKey: cfg.RandomOrgAPIKey, PublicKey: key, HTTP: cfg.HTTP, Now: cfg.Now, UserAgent: cfg.UserAgent,
	})
	return client, key, err
}

func (*randomOrg) Name() string { return RandomOrg }

func (s *randomOrg) Seed(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
	signed, err := s.client.Generate(ctx, s.userData)
	if err != nil {
		return "", nil, err
	}
	return withProof(signed.Seed(), signed.Proof())
}

// withProof returns a seed with its proof as JSON. The JSON is safe to embed in HTML.
func withProof(seed entropy.Seed, proof any) (entropy.Seed, jsontext.Value, error) {
	text, err := json.Marshal(proof, jsontext.EscapeForHTML(true), jsontext.EscapeForJS(true))
	if err != nil {
		return "", nil, fmt.Errorf("encoding the proof of seed %s: %w", seed, err)
	}
	return seed, text, nil
}
