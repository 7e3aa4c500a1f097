package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/source"
)

// entropyFlags are the flags that select where new seeds come from.
type entropyFlags struct {
	source     *settings.Value[string] // nil if the command only verifies seeds
	drandRound *settings.Value[uint64]
	drandURLs  *settings.List
	drandChain *settings.Value[string]
	orgURL     *settings.Value[string]
	orgCert    *settings.Value[string]
}

// newEntropyFlags adds the flags of a command that generates seeds.
func newEntropyFlags(a *app, cmd *cobra.Command) entropyFlags {
	f := newProofFlags(a, cmd)
	f.source = settings.Define[string](a.table, cmd, "entropy")
	f.drandRound = settings.Define[uint64](a.table, cmd, "drand-round")
	return f
}

// newProofFlags adds the flags of a command that verifies seeds from drand and RANDOM.ORG.
func newProofFlags(a *app, cmd *cobra.Command) entropyFlags {
	return entropyFlags{
		drandURLs:  settings.DefineList(a.table, cmd, "drand-urls"),
		drandChain: settings.Define[string](a.table, cmd, "drand-chain"),
		orgURL:     settings.Define[string](a.table, cmd, "random-org-url"),
		orgCert:    settings.Define[string](a.table, cmd, "random-org-cert"),
	}
}

// config returns the configuration of the seed source.
func (f entropyFlags) config() (source.Config, error) {
	cfg := source.Config{
		DrandURLs: f.drandURLs.Get(), DrandChain: f.drandChain.Get(), RandomOrgURL: f.orgURL.Get(),
		UserAgent: userAgent(),
	}
	if f.source != nil {
		cfg.Name, cfg.DrandRound = f.source.Get(), f.drandRound.Get()
	}
	if cert := f.orgCert.Get(); cert != "" {
		var err error
		if cfg.RandomOrgCert, err = os.ReadFile(cert); err != nil {
			return source.Config{}, fmt.Errorf("RANDOM.ORG certificate %s: %w", cert, withoutPath(err))
		}
	}
	return cfg, nil
}

// seedSource returns the source of new seeds.
func seedSource(a *app, f entropyFlags) (source.Source, error) {
	cfg, err := f.config()
	if err != nil {
		return nil, err
	}
	if cfg.Name == source.RandomOrg {
		key, err := a.settings.Secret("random-org-api-key")
		if err != nil {
			return nil, settingsError(err)
		}
		cfg.RandomOrgAPIKey = randomorg.APIKey(key)
	}
	if cfg.Name != source.OS {
		expectTLS(a)
	}
	s, err := source.New(cfg)
	if errors.Is(err, randomorg.ErrKey) {
		name := settings.Variable("random-org-api-key")
		return nil, hintError{err, fmt.Sprintf("set %s to the key, or %s_FILE to the name of a file that contains it", name, name)}
	}
	return s, err
}

// newSeed generates a seed or gets one from the chosen source. The proof is nil for a
// seed from the operating system.
func newSeed(ctx context.Context, a *app, f entropyFlags) (entropy.Seed, jsontext.Value, error) {
	s, err := seedSource(a, f)
	if err != nil {
		return "", nil, err
	}
	if s.Name() != source.OS {
		a.note("prizegen: asking %s for a seed", s.Name())
	}
	seed, proof, err := s.Seed(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("cannot get a seed from %s, so nothing was drawn: %w", s.Name(), err)
	}
	return seed, proof, err
}

// maxProofNotes is the maximum number of notes about the seeds in a file.
const maxProofNotes = 5

// proofCheck returns a function that verifies the proofs of seeds. If online is true, the
// function also asks the sources of the seeds.
func proofCheck(ctx context.Context, a *app, f entropyFlags, online bool) (draw.ProofCheck, error) {
	cfg, err := f.config()
	if err != nil {
		return nil, err
	}
	if online {
		expectTLS(a)
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
			return fmt.Errorf("proof of the seed: %w", err)
		}
		note("the seed is %s", finding)
		return nil
	}, nil
}
