// Package source makes seeds from the source that is asked for by name (the
// operating system, drand or RANDOM.ORG), and checks the proofs of those that come
// from outside.
//
// A seed of the operating system is secret until its owner tells it, and proves
// itself by its commitment only. The others are public from the start, and come
// with a proof in JSON, whose member "source" names where it is from:
//
//	{"source":"drand","chain":"52db…","round":42,"signature":"95a9…","seed_form":"drand/…"}
//	{"source":"random.org","random":"{…}","signature":"hpra…","seed_form":"random.org/…"}
package source

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
)

// The names of the sources, as settings and proofs have them.
const (
	OS        = "os"
	Drand     = drand.Name
	RandomOrg = randomorg.Name
)

// Names lists the sources.
func Names() []string { return []string{OS, Drand, RandomOrg} }

// ErrSource is wrapped by errors about a source that there is not.
var ErrSource = errors.New("no source of randomness")

// Source makes seeds. Its methods may be called by several goroutines at once.
type Source interface {
	// Name is one of the names above.
	Name() string
	// Seed makes a new seed and the proof of where it comes from, a JSON object
	// for [CheckProof], or nil where there is nothing to prove. It may have to
	// wait: for drand until a round is published, for RANDOM.ORG as long as it
	// advises. There is a seed only if there is no error.
	Seed(ctx context.Context) (entropy.Seed, jsontext.Value, error)
}

// Config says which source to use and how. The zero Config is the operating
// system's; what a source does not need is not looked at.
type Config struct {
	Name string // of the source; OS where it is empty

	DrandURLs  []string // mirrors; the public ones where there are none
	DrandChain string   // name of a known chain or hash of any; quicknet where it is empty
	DrandRound uint64   // the next one that is published where it is 0

	RandomOrgURL    string           // the public one where it is empty
	RandomOrgAPIKey randomorg.APIKey // secret; needed for seeds, not for checks
	RandomOrgCert   []byte           // certificate or public key in PEM; RANDOM.ORG is asked about signatures where it is empty
	UserData        string           // signed by RANDOM.ORG along with each seed

	HTTP      *http.Client     // nil for the usual one
	Now       func() time.Time // nil for the system's clock
	UserAgent string           // "prizegen" where it is empty
}

// New makes a source. It asks nobody yet. Errors are about the configuration; the
// one about an unknown name wraps [ErrSource].
func New(cfg Config) (Source, error) {
	switch cmp.Or(cfg.Name, OS) {
	case OS:
		return system{}, nil
	case Drand:
		return newDrand(cfg)
	case RandomOrg:
		return newRandomOrg(cfg)
	}
	return nil, fmt.Errorf("%w: %.100q, expected one of %s", ErrSource, cfg.Name, strings.Join(Names(), ", "))
}

// system is the operating system.
type system struct{}

func (system) Name() string { return OS }

func (system) Seed(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
	if ctx.Err() != nil {
		return "", nil, context.Cause(ctx)
	}
	return entropy.NewSeed(), nil, nil
}

// drandSource is a chain of drand.
type drandSource struct {
	client *drand.Client
	round  uint64 // the next one where it is 0
}

func newDrand(cfg Config) (Source, error) {
	var chain drand.Hash
	if cfg.DrandChain != "" {
		var err error
		if chain, err = drand.ParseChain(cfg.DrandChain); err != nil {
			return nil, fmt.Errorf("%w (drand-chain)", err)
		}
	}
	client, err := cfg.drand(chain)
	if err != nil {
		return nil, err
	}
	return &drandSource{client: client, round: cfg.DrandRound}, nil
}

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
	return proven(r.Seed(), drand.NewProof(r, chain))
}

func (s *drandSource) fetch(ctx context.Context) (drand.Round, error) {
	if s.round == 0 {
		return s.client.Next(ctx)
	}
	return s.client.Round(ctx, s.round)
}

// randomOrg is RANDOM.ORG.
type randomOrg struct {
	client   *randomorg.Client
	userData string
}

func newRandomOrg(cfg Config) (Source, error) {
	if cfg.RandomOrgAPIKey == "" {
		return nil, fmt.Errorf("%w to make seeds: there is none; one is to be had from https://api.random.org/dashboard", randomorg.ErrKey)
	}
	client, _, err := cfg.randomOrg()
	if err != nil {
		return nil, err
	}
	return &randomOrg{client: client, userData: cfg.UserData}, nil
}

// randomOrg makes a client and reads the key that signatures are verified with, if
// one is configured.
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
	return proven(signed.Seed(), signed.Proof())
}

// proven gives a seed with its proof in JSON.
func proven(seed entropy.Seed, proof any) (entropy.Seed, jsontext.Value, error) {
	text, err := json.Marshal(proof)
	if err != nil {
		return "", nil, fmt.Errorf("writing the proof of the seed %s: %w", seed, err)
	}
	return seed, text, nil
}
