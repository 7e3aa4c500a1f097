package draw

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/sourcegraph/conc"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Generator makes the parts of consecutive draws. If a range extends beyond the last index,
// the error wraps [entropy.ErrRange]. All generators make the same parts for a range, no
// matter how it is divided into calls. A Generator is safe for concurrent use.
type Generator interface {
	// Texts appends the text parts of the draws in r to dst, end to end.
	Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error)

	// Numbers appends the number parts of the draws in r to dst, end to end.
	Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error)

	// Prizes appends the outcomes of the draws in r to dst. accounts must contain r.Count
	// account numbers, each valid according to [prize.CheckAccount].
	Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error)
}

// Composer is a [Generator] that can also make whole draws, as a core service does.
type Composer interface {
	Generator

	// Compose makes the draws of spec in r, ignoring the key of r. It sets accounts to the
	// account numbers and appends the outcomes to dst. If it returns false, the draws must
	// be made from their parts instead.
	Compose(ctx context.Context, dst []prize.Outcome, accounts *prize.Accounts, spec *Spec, r entropy.Range) ([]prize.Outcome, bool, error)
}

// Local is a [Generator] that works in this process. It divides large ranges among all
// cores. Its errors wrap [entropy.ErrRange] or come from the context.
type Local struct{}

var _ Generator = Local{}

// Texts implements [Generator].
func (Local) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	return appendParts(ctx, dst, f.Format, r)
}

// Numbers implements [Generator].
func (Local) Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error) {
	return appendParts(ctx, dst, f.Format, r)
}

func appendParts(ctx context.Context, dst []byte, f partgen.Format, r entropy.Range) ([]byte, error) {
	width := uint64(f.Len())
	return divide(ctx, dst, r, f.Len(), func(parts []byte, from, to uint64) {
		f.Append(parts[from*width:from*width], r.Slice(from, to))
	})
}

// Prizes implements [Generator].
func (Local) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	return divide(ctx, dst, r, 1, func(outcomes []prize.Outcome, from, to uint64) {
		chunk := accounts.Slice(int(from), int(to))
		rules.Award(outcomes[from:from], &chunk, r.Slice(from, to))
	})
}

// chunkSize is the number of draws that a goroutine makes at a time.
const chunkSize = 1 << 14

// divide extends dst by width elements for each draw of r and calls fill to set them, on
// all cores. Each call sets the elements of the draws at positions from, …, to-1 of r in
// added, which holds the elements of all draws.
func divide[T any](ctx context.Context, dst []T, r entropy.Range, width int, fill func(added []T, from, to uint64)) ([]T, error) {
	if err := r.Check(); err != nil {
		return dst, err
	}
	old := len(dst)
	dst = slices.Grow(dst, int(r.Count)*width)[:old+int(r.Count)*width]
	added := dst[old:]
	if r.Count <= chunkSize {
		fill(added, 0, r.Count)
		return dst, ctx.Err()
	}
	var next atomic.Uint64     // position of the first draw that no goroutine has taken
	var workers conc.WaitGroup // propagates panics
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for from := next.Add(chunkSize) - chunkSize; from < r.Count && ctx.Err() == nil; from = next.Add(chunkSize) - chunkSize {
				fill(added, from, min(from+chunkSize, r.Count))
			}
		})
	}
	workers.Wait()
	return dst, ctx.Err()
}
