package draw

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/prizegen/prizegen/pkg/prize"
)

// Tally counts what draws came to. It may be read while draws are being made.
type Tally struct {
	mu     sync.Mutex
	counts []uint64 // by outcome
}

// NewTally makes a tally of draws by the rules.
func NewTally(rules *prize.Rules) *Tally { return &Tally{counts: make([]uint64, rules.Outcomes())} }

// Add counts the draws of a batch.
func (t *Tally) Add(b *Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range b.Outcomes {
		t.counts[o]++
	}
}

// Counts tells how often each outcome came up so far.
func (t *Tally) Counts() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.counts)
}

// Write makes the draws of a spec and writes them by an encoding as they come,
// without its header and footer. Whatever ends it, the draws before were written
// and none in part, unless w failed. each, which may be nil, is told of each
// batch before it is written.
func Write(ctx context.Context, g Generator, spec Spec, e *Encoding, w io.Writer, each func(*Batch)) error {
	encode := func(b *Batch) error {
		b.Out = e.Append(b.Out, b)
		return nil
	}
	return Run(ctx, g, spec, encode, func(b *Batch) error {
		if each != nil {
			each(b)
		}
		_, err := w.Write(b.Out)
		return err
	})
}
