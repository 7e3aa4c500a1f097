package serve

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/source"
	"github.com/prizegen/prizegen/pkg/remote"
)

// freshSeeds gives every request a seed of its own that nobody has asked for. One
// seed of a source outside serves many of them, each by a branch with random bits
// of the operating system, until it is too old.
type freshSeeds struct {
	source source.Source // nil for the operating system
	every  time.Duration // how long one seed of the source serves

	turn  chan struct{} // holds one token for whoever uses what follows
	seed  entropy.Seed
	proof jsontext.Value
	made  time.Time
}

func newFreshSeeds(s source.Source, every time.Duration) *freshSeeds {
	f := &freshSeeds{source: s, every: every, turn: make(chan struct{}, 1)}
	if s != nil && s.Name() == source.OS {
		f.source = nil
	}
	return f
}

// name is that of the source.
func (f *freshSeeds) name() string {
	if f.source == nil {
		return source.OS
	}
	return f.source.Name()
}

// get makes a seed and the proof of where it comes from, nil for the operating
// system. Where the source fails there is none: nothing else stands in for it.
func (f *freshSeeds) get(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
	if f.source == nil {
		return entropy.NewSeed(), nil, nil
	}
	select {
	case <-ctx.Done():
		return "", nil, context.Cause(ctx)
	case f.turn <- struct{}{}:
	}
	defer func() { <-f.turn }()
	if f.seed == "" || time.Since(f.made) >= f.every {
		seed, proof, err := f.source.Seed(ctx)
		if err != nil {
			return "", nil, &sourceError{f.source.Name(), err}
		}
		f.seed, f.proof, f.made = seed, proof, time.Now()
	}
	return f.seed.Branch(), f.proof, nil
}

// draws gives the range of a request that has no key, and tells where its
// randomness comes from where that is outside.
func (f *freshSeeds) draws(ctx context.Context, label entropy.Label, count uint64) (entropy.Range, *remote.Entropy, error) {
	if f.source == nil {
		return entropy.Range{Key: freshKey(), Count: count}, nil, nil
	}
	seed, proof, err := f.get(ctx)
	if err != nil {
		return entropy.Range{}, nil, err
	}
	return seed.Range(label, 0, count), &remote.Entropy{Seed: string(seed), Proof: []byte(proof)}, nil
}

// sourceError is that a source outside gave no seed.
type sourceError struct {
	name string
	err  error
}

func (e *sourceError) Error() string {
	return fmt.Sprintf("no randomness from %s, so nothing is drawn: %v", e.name, e.err)
}

// Unwrap makes it something that may pass, like a service that does not answer.
func (e *sourceError) Unwrap() []error { return []error{remote.ErrUnavailable, e.err} }
