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

// Local makes draws in this process. Large ranges are divided over all cores.
type Local struct{}

var _ Generator = Local{}

// Texts implements [Generator]. Its only errors are those of the context.
func (Local) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	return spell(ctx, dst, f.Format, r)
}

// Numbers implements [Generator]. Its only errors are those of the context.
func (Local) Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error) {
	return spell(ctx, dst, f.Format, r)
}

func spell(ctx context.Context, dst []byte, letters partgen.Format, r entropy.Range) ([]byte, error) {
	width := uint64(letters.Len())
	return divide(ctx, dst, r, letters.Len(), func(part []byte, from, to uint64) {
		letters.Append(part[from*width:from*width], r.Slice(from, to))
	})
}

// Prizes implements [Generator]. Its only errors are those of the context.
func (Local) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	return divide(ctx, dst, r, 1, func(part []prize.Outcome, from, to uint64) {
		some := accounts.Slice(int(from), int(to))
		rules.Award(part[from:from], &some, r.Slice(from, to))
	})
}

// chunk is how many draws a goroutine makes at a time.
const chunk = 1 << 14

// divide makes room for the draws of a range behind dst, width elements for each,
// and has them made in chunks by as many goroutines as there are cores.
func divide[T any](ctx context.Context, dst []T, r entropy.Range, width int, fill func(part []T, from, to uint64)) ([]T, error) {
	if err := r.Check(); err != nil {
		return dst, err
	}
	old := len(dst)
	dst = slices.Grow(dst, int(r.Count)*width)[:old+int(r.Count)*width]
	part := dst[old:]
	if r.Count <= chunk {
		fill(part, 0, r.Count)
		return dst, ctx.Err()
	}
	var next atomic.Uint64     // the first draw that nobody makes yet
	var workers conc.WaitGroup // whose panics are those of the caller
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for from := next.Add(chunk) - chunk; from < r.Count && ctx.Err() == nil; from = next.Add(chunk) - chunk {
				fill(part, from, min(from+chunk, r.Count))
			}
		})
	}
	workers.Wait()
	return dst, ctx.Err()
}
