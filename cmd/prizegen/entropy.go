package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/source"
)

// entropyFlags say where new seeds come from.
type entropyFlags struct {
	source     *value[string] // nil where none are made
	drandRound *value[uint64]
	drandURLs  *[]string
	drandChain *string
	orgURL     *string
	orgCert    *string
}

// newEntropyFlags defines the flags of a command that makes seeds.
func newEntropyFlags(cmd *cobra.Command) entropyFlags {
	f := newProofFlags(cmd)
	f.source = newValue("source", source.OS, oneOf(source.Names()...))
	cmd.Flags().Var(f.source, "entropy", "where a new seed comes from: "+strings.Join(source.Names(), ", "))
	complete(cmd, "entropy", source.Names()...)
	f.drandRound = &value[uint64]{kind: "number", parse: parseCount}
	cmd.Flags().Var(f.drandRound, "drand-round", "round of drand to take (default: the next one, which nobody knows yet)")
	return f
}

// newProofFlags defines the flags that say who is asked about seeds from outside.
func newProofFlags(cmd *cobra.Command) entropyFlags {
	f := entropyFlags{
		drandURLs:  cmd.Flags().StringSlice("drand-urls", nil, "mirrors of drand (default: the public ones)"),
		drandChain: cmd.Flags().String("drand-chain", "", "chain of drand: quicknet, default or the hash of another (default quicknet)"),
		orgURL:     cmd.Flags().String("random-org-url", "", "address of the RANDOM.ORG API (default: the public one)"),
		orgCert:    cmd.Flags().String("random-org-cert", "", "PEM `file` with the certificate that RANDOM.ORG signs with"),
	}
	complete(cmd, "drand-urls", drand.DefaultURLs()...)
	complete(cmd, "drand-chain", "quicknet", "default")
	return f
}

// config is what the flags say.
func (f entropyFlags) config() (source.Config, error) {
	cfg := source.Config{
		DrandURLs: *f.drandURLs, DrandChain: *f.drandChain, RandomOrgURL: *f.orgURL,
		UserAgent: "prizegen/" + thisBuild().Version,
	}
	if f.source != nil {
		cfg.Name, cfg.DrandRound = f.source.value, f.drandRound.value
	}
	if *f.orgCert != "" {
		var err error
		if cfg.RandomOrgCert, err = os.ReadFile(*f.orgCert); err != nil {
			return source.Config{}, fmt.Errorf("certificate of RANDOM.ORG %s: %w", *f.orgCert, bare(err))
		}
	}
	return cfg, nil
}

// seedSource makes the source of new seeds.
func (a *app) seedSource(f entropyFlags) (source.Source, error) {
	cfg, err := f.config()
	if err != nil {
		return nil, err
	}
	if cfg.Name == source.RandomOrg {
		key, err := a.setting("random-org-api-key")
		if err != nil {
			return nil, err
		}
		cfg.RandomOrgAPIKey = randomorg.APIKey(key)
	}
	if cfg.Name != source.OS {
		a.expectTLS()
	}
	s, err := source.New(cfg)
	if errors.Is(err, randomorg.ErrKey) {
		return nil, hintError{err, "set " + variable("random-org-api-key") + ", or " + variable("random-org-api-key") + "_FILE to a file that has it"}
	}
	return s, err
}

// newSeed makes a seed, and tells whom it waits for.
func (a *app) newSeed(ctx context.Context, f entropyFlags) (entropy.Seed, jsontext.Value, error) {
	s, err := a.seedSource(f)
	if err != nil {
		return "", nil, err
	}
	if s.Name() != source.OS {
		a.note("prizegen: asking %s for a seed", s.Name())
	}
	seed, proof, err := s.Seed(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("no seed from %s, so nothing is drawn: %w", s.Name(), err)
	}
	return seed, proof, err
}

// maxProofNotes is how many seeds of a file are told of.
const maxProofNotes = 5

// proofCheck checks where the seeds of a file come from, online as well if asked to.
func (a *app) proofCheck(ctx context.Context, f entropyFlags, online bool) (draw.ProofCheck, error) {
	cfg, err := f.config()
	if err != nil {
		return nil, err
	}
	if online {
		a.expectTLS()
	}
	notes := 0
	note := func(format string, args ...any) {
		if notes++; notes <= maxProofNotes {
			a.note("prizegen: "+format, args...)
		}
	}
	return func(seed entropy.Seed, proof jsontext.Value) error {
		finding, err := source.CheckProof(ctx, cfg, seed.Trunk(), proof, online)
		switch {
		case errors.Is(err, source.ErrUnverified):
			note("warning: %v", err)
			return nil
		case err != nil:
			return fmt.Errorf("where the seed comes from: %w", err)
		}
		note("the seed is %s", finding)
		return nil
	}, nil
}

// oneOf accepts some texts and no others.
func oneOf(texts ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if !slices.Contains(texts, text) {
			return "", fmt.Errorf("expected %s", strings.Join(texts, ", "))
		}
		return text, nil
	}
}
