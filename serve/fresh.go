package serve

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/source"
	"github.com/prizegen/prizegen/pkg/wire"
)

// freshSeeds provides a seed for each request without one. A seed from an external source
// is used for many requests until it is too old. Each request uses its own branch of this
// seed, which adds random bits from the operating system.
type freshSeeds struct {
	source source.Source // nil means the operating system
	every  time.Duration // how long a seed from the source is used

	lock  chan struct{} // a mutex for the fields below; waiting for it can be cancelled with a context
	seed  entropy.Seed
	proof jsontext.Value
	made  time.Time
}

func newFreshSeeds(s source.Source, every time.Duration) *freshSeeds {
	f := &freshSeeds{source: s, every: every, lock: make(chan struct{}, 1)}
	if s != nil && s.Name() == source.OS {
		f.source = nil
	}
	return f
}

// name returns the name of the source.
func (f *freshSeeds) name() string {
	if f.source == nil {
		return source.OS
	}
	return f.source.Name()
}

// get returns a seed and the proof of its origin. The proof is nil for a seed from the
// operating system. If the source fails, get returns an error; there is no fallback.
func (f *freshSeeds) get(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
	if f.source == nil {
		return entropy.NewSeed(), nil, nil
	}
	select {
	case <-ctx.Done():
		return "", nil, context.Cause(ctx)
	case f.lock <- struct{}{}:
	}
	defer func() { <-f.lock }()
	if f.seed == "" || time.Since(f.made) >= f.every {
		seed, proof, err := f.source.Seed(ctx)
		if err != nil {
			return "", nil, &sourceError{f.source.Name(), err}
		}
		f.seed, f.proof, f.made = seed, proof, time.Now()
	}
	return f.seed.Branch(), f.proof, nil
}

// draws returns the range for a request without a key. With an external source, it also
// returns the origin of the randomness.
func (f *freshSeeds) draws(ctx context.Context, label entropy.Label, count uint64) (entropy.Range, *wire.Entropy, error) {
	if f.source == nil {
		return entropy.Range{Key: freshKey(), Count: count}, nil, nil
	}
	seed, proof, err := f.get(ctx)
	if err != nil {
		return entropy.Range{}, nil, err
	}
	return seed.Range(label, 0, count), &wire.Entropy{Seed: string(seed), Proof: []byte(proof)}, nil
}

// freshKey returns a random key.
func freshKey() (key entropy.Key) {
	_, _ = rand.Read(key[:]) // never returns an error
	return key
}

// sourceError is the error of an external source.
type sourceError struct {
	name string
	err  error
}

func (e *sourceError) Error() string {
	return fmt.Sprintf("no randomness from %s: %v", e.name, e.err)
}

// Unwrap also returns [wire.ErrUnavailable], because the error is temporary, like the
// error for a service that does not respond.
func (e *sourceError) Unwrap() []error { return []error{wire.ErrUnavailable, e.err} }
