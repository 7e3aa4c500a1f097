package draw

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// BatchSize is how many draws [Run] makes at a time.
const BatchSize = 8192

// Run makes the draws of a spec. They come in batches: encode is called for
// several batches at once, to do what can be done to each alone, and emit for
// one after the other in the order of the indexes. Either may be nil. A batch
// and its memory are used again after emit has returned.
//
// As many batches are made at a time as there are cores, or as the generator says
// by a method InFlight() int.
//
// Run ends at the first error of the generator, encode, emit or the context. All
// draws before it have been emitted then, and none behind it. A panic in one of them
// is one of Run.
func Run(ctx context.Context, g Generator, spec Spec, encode, emit func(*Batch) error) error {
	if spec.Accounts == nil {
		if err := (entropy.Range{Start: spec.Start, Count: spec.Count}).Check(); err != nil {
			return err
		}
	}
	return newRun(g, spec, encode, emit).do(ctx)
}

// run is one call of [Run]. Its workers each take a batch, make it and bring it
// out; there is no goroutine besides them that would have to be waited for.
type run struct {
	g                   Generator
	spec                Spec
	encode, emit        func(*Batch) error
	text, number, prize entropy.Key

	in    sync.Mutex // guards taking
	start uint64     // the index of the draw to take next
	left  uint64     // how many draws are left, where they are counted
	taken int        // batches
	fault error      // what ended the taking
	ended bool

	out      sync.Mutex // guards bringing out
	spare    []*Batch   // the one used last is at the end: it is still in the cache of a core
	returned sync.Cond  // signalled when a batch is spare again, and when the run has failed
	waiting  []*Batch   // made, by their number modulo the length
	emitted  int        // batches
	emitting bool       // whether a worker is at it
	failed   bool
}

func newRun(g Generator, spec Spec, encode, emit func(*Batch) error) *run {
	return &run{
		g: g, spec: spec, encode: encode, emit: emit,
		text:   spec.Seed.Subkey(entropy.Text),
		number: spec.Seed.Subkey(entropy.Number),
		prize:  spec.Seed.Subkey(entropy.Prize),
		start:  spec.Start,
		left:   spec.Count,
	}
}

func (r *run) do(ctx context.Context) error {
	workers := runtime.GOMAXPROCS(0)
	if waits, ok := r.g.(interface{ InFlight() int }); ok {
		workers = waits.InFlight()
	}
	if r.spec.Accounts == nil { // no more of them than there are batches
		workers = int(min(uint64(workers), (r.left+BatchSize-1)/BatchSize))
	}
	r.returned.L = &r.out
	r.waiting = make([]*Batch, 2*workers+1)
	for range r.waiting {
		r.spare = append(r.spare, &Batch{spec: &r.spec})
	}
	if workers == 1 {
		return r.work(ctx)
	}
	group := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for range workers {
		group.Go(r.work)
	}
	return group.Wait()
}

// work makes batches until there are none left or the run has failed. It returns
// the run's error where it is the one to bring it out.
func (r *run) work(ctx context.Context) error {
	panics := true
	defer func() {
		if panics {
			r.fail() // or the other workers would wait for its batch
		}
	}()
	err := r.batches(ctx)
	panics = false
	return err
}

// batches does the work.
func (r *run) batches(ctx context.Context) error {
	for {
		b := r.empty()
		if b == nil || !r.take(ctx, b) {
			return nil
		}
		if b.err == nil {
			b.err = r.make(ctx, b)
		}
		if end := ctx.Err(); end != nil && errors.Is(b.err, end) {
			b.err = context.Cause(ctx) // which says why
		}
		if err := r.bringOut(b); err != nil {
			return err
		}
	}
}

// empty waits for a batch to fill. It is nil where the run has failed.
func (r *run) empty() *Batch {
	r.out.Lock()
	defer r.out.Unlock()
	for len(r.spare) == 0 && !r.failed {
		r.returned.Wait()
	}
	if r.failed {
		return nil
	}
	b := r.spare[len(r.spare)-1]
	r.spare = r.spare[:len(r.spare)-1]
	return b
}

// take says which draws a batch is to make, and is false where none are left. An
// error is a batch of its own, so that the draws before it are still emitted.
func (r *run) take(ctx context.Context, b *Batch) bool {
	r.in.Lock()
	defer r.in.Unlock()
	if r.ended {
		return false
	}
	b.Start, b.count, b.err, b.number = r.start, 0, nil, r.taken
	switch {
	case ctx.Err() != nil:
		r.fault = context.Cause(ctx)
	case r.spec.Accounts == nil:
		b.count = min(r.left, BatchSize)
	case r.fault == nil:
		b.Accounts.Reset()
		r.fault = r.spec.Accounts(&b.Accounts)
		b.count = uint64(b.Accounts.Len())
		all := entropy.Range{Start: r.spec.Start, Count: r.start - r.spec.Start + b.count}
		if err := all.Check(); err != nil {
			b.count, r.fault = 0, err
		}
	}
	if b.count == 0 {
		b.err, r.ended = r.fault, true
		if r.fault == nil {
			return false
		}
	}
	r.start, r.left, r.taken = r.start+b.count, r.left-b.count, r.taken+1
	return true
}

// bringOut emits a batch when it is its turn, and those behind it that are made.
// It leaves a batch whose turn has not come to the worker that emits.
func (r *run) bringOut(b *Batch) error {
	for b = r.first(b); b != nil; b = r.next(b) {
		err := b.err
		if err == nil && r.emit != nil {
			err = r.emit(b)
		}
		if err != nil {
			r.fail()
			return err
		}
	}
	return nil
}

// first puts a batch with those that are made. It gives the one whose turn it is,
// nil where there is none or another worker emits.
func (r *run) first(b *Batch) *Batch {
	r.out.Lock()
	defer r.out.Unlock()
	r.waiting[b.number%len(r.waiting)] = b
	if r.emitting {
		return nil
	}
	return r.turn()
}

// next makes a batch spare that was emitted, and gives the one whose turn it is
// then, nil where there is none.
func (r *run) next(b *Batch) *Batch {
	r.out.Lock()
	defer r.out.Unlock()
	r.emitted++
	r.spare = append(r.spare, b)
	r.returned.Signal()
	return r.turn()
}

// turn gives the batch to emit now, nil where it is not made. The lock is held.
func (r *run) turn() *Batch {
	place := &r.waiting[r.emitted%len(r.waiting)]
	b := *place
	*place, r.emitting = nil, b != nil
	return b
}

// fail ends the run. Nobody emits from now on.
func (r *run) fail() {
	r.out.Lock()
	defer r.out.Unlock()
	r.failed = true
	r.returned.Broadcast()
}

// make makes the draws of a batch.
func (r *run) make(ctx context.Context, b *Batch) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	var err error
	if r.spec.Accounts == nil {
		if b.texts, err = r.g.Texts(ctx, b.texts[:0], r.spec.Text, entropy.Range{Key: r.text, Start: b.Start, Count: b.count}); err != nil {
			return err
		}
		if b.numbers, err = r.g.Numbers(ctx, b.numbers[:0], r.spec.Number, entropy.Range{Key: r.number, Start: b.Start, Count: b.count}); err != nil {
			return err
		}
		b.Accounts.Join(b.texts, r.spec.Text.Len(), b.numbers, r.spec.Number.Len())
	}
	draws := entropy.Range{Key: r.prize, Start: b.Start, Count: b.count}
	if b.Outcomes, err = r.g.Prizes(ctx, b.Outcomes[:0], r.spec.Rules, &b.Accounts, draws); err != nil {
		return err
	}
	b.Out = b.Out[:0]
	if r.encode != nil {
		return r.encode(b)
	}
	return nil
}
