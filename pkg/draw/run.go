package draw

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// BatchSize is the maximum number of draws in a batch.
const BatchSize = 8192

// Run makes the draws of a spec in batches. It calls encode for several batches
// concurrently, and then emit for one batch at a time, in the order of the indexes.
// Either function may be nil. Run reuses a batch and its memory after emit has returned.
//
// Run makes as many batches at a time as there are cores or, if the generator has a method
// InFlight() int, as many as this method returns.
//
// Run returns the first error of the generator, encode, emit or the context. By then it
// has emitted all draws before the error and none after it. If one of the functions
// panics, Run panics.
func Run(ctx context.Context, g Generator, spec Spec, encode, emit func(*Batch) error) error {
	if spec.Accounts == nil {
		if err := (entropy.Range{Start: spec.Start, Count: spec.Count}).Check(); err != nil {
			return err
		}
	}
	return newRun(g, spec, encode, emit).do(ctx)
}

// Write makes the draws of a spec and writes them to w in the given encoding, without its
// header and footer. If each is not nil, Write calls it before it writes a batch. If Write
// returns an error that is not from w, w has received all draws before the error and
// nothing after them.
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

// run is the state of one call to [Run]. Each of its workers repeatedly takes a batch, makes
// its draws and delivers it. There are no other goroutines.
type run struct {
	g                   Generator
	spec                Spec
	encode, emit        func(*Batch) error
	text, number, prize entropy.Key

	in    sync.Mutex // guards the fields up to ended
	start uint64     // index of the next draw to take
	left  uint64     // number of draws left, if the spec has no Accounts
	taken int        // number of batches taken
	inErr error      // error of Accounts or the context; reported after the last draws taken
	ended bool       // whether all batches have been taken

	out      sync.Mutex // guards the following fields
	spare    []*Batch   // used as a stack, because the most recent batch is probably in a CPU cache
	returned sync.Cond  // signalled when a batch becomes spare and when the run fails
	ready    []*Batch   // batches to emit, by their number modulo the length
	emitted  int        // number of batches emitted
	emitting bool       // whether a worker is emitting
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
	if remote, ok := r.g.(interface{ InFlight() int }); ok {
		workers = remote.InFlight()
	}
	if r.spec.Accounts == nil { // at most one for each batch
		batches := r.left / BatchSize
		if r.left%BatchSize > 0 {
			batches++
		}
		workers = int(min(uint64(workers), batches))
	}
	r.returned.L = &r.out
	r.ready = make([]*Batch, 2*workers+1)
	for range r.ready {
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

// work makes batches until none is left or the run has failed. Only the worker that stops
// the run with an error returns the error.
func (r *run) work(ctx context.Context) error {
	panicking := true
	defer func() {
		if panicking {
			r.fail() // otherwise the other workers would wait for this batch
		}
	}()
	err := r.makeBatches(ctx)
	panicking = false
	return err
}

func (r *run) makeBatches(ctx context.Context) error {
	for {
		b := r.acquire()
		if b == nil || !r.take(ctx, b) {
			return nil
		}
		if b.err == nil {
			b.err = r.make(ctx, b)
		}
		if err := ctx.Err(); err != nil && errors.Is(b.err, err) {
			b.err = context.Cause(ctx)
		}
		if err := r.deliver(b); err != nil {
			return err
		}
	}
}

// acquire waits for a spare batch. It returns nil if the run has failed.
func (r *run) acquire() *Batch {
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

// take assigns the next draws to a batch. It returns false if none is left. It assigns an
// error to a separate batch, so that the draws before the error are still emitted.
func (r *run) take(ctx context.Context, b *Batch) bool {
	r.in.Lock()
	defer r.in.Unlock()
	if r.ended {
		return false
	}
	b.Start, b.count, b.err, b.number = r.start, 0, nil, r.taken
	switch {
	case ctx.Err() != nil:
		r.inErr = context.Cause(ctx)
	case r.spec.Accounts == nil:
		b.count = min(r.left, BatchSize)
	case r.inErr == nil:
		b.Accounts.Reset()
		r.inErr = r.spec.Accounts(&b.Accounts)
		b.count = uint64(b.Accounts.Len())
		all := entropy.Range{Start: r.spec.Start, Count: r.start - r.spec.Start + b.count}
		if err := all.Check(); err != nil {
			b.count, r.inErr = 0, err
		}
	}
	if b.count == 0 {
		b.err, r.ended = r.inErr, true
		if r.inErr == nil {
			return false
		}
	}
	r.start, r.left, r.taken = r.start+b.count, r.left-b.count, r.taken+1
	return true
}

// deliver emits a batch if it is next in order, followed by later batches that are ready.
// Otherwise it leaves the batch for another worker to emit.
func (r *run) deliver(b *Batch) error {
	for b = r.add(b); b != nil; b = r.release(b) {
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

// add adds a batch to the ready batches. It returns the next batch to emit, or nil if
// that one is not ready or another worker is emitting.
func (r *run) add(b *Batch) *Batch {
	r.out.Lock()
	defer r.out.Unlock()
	r.ready[b.number%len(r.ready)] = b
	if r.emitting {
		return nil
	}
	return r.nextToEmit()
}

// release makes an emitted batch spare. It returns the next batch to emit, or nil if that
// one is not ready.
func (r *run) release(b *Batch) *Batch {
	r.out.Lock()
	defer r.out.Unlock()
	r.emitted++
	r.spare = append(r.spare, b)
	r.returned.Signal()
	return r.nextToEmit()
}

// nextToEmit returns the batch to emit next, or nil if it is not ready. The caller must
// hold r.out.
func (r *run) nextToEmit() *Batch {
	slot := &r.ready[r.emitted%len(r.ready)]
	b := *slot
	*slot, r.emitting = nil, b != nil
	return b
}

// fail stops the run. No batch is emitted afterwards.
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
	whole, err := r.compose(ctx, b)
	if err != nil {
		return err
	}
	if !whole {
		if err := r.assemble(ctx, b); err != nil {
			return err
		}
	}
	b.Out = b.Out[:0]
	if r.encode != nil {
		return r.encode(b)
	}
	return nil
}

// compose makes whole draws for a batch if the generator supports it. Otherwise it returns
// false.
func (r *run) compose(ctx context.Context, b *Batch) (whole bool, err error) {
	composer, ok := r.g.(Composer)
	if !ok || r.spec.Accounts != nil {
		return false, nil
	}
	b.Outcomes, whole, err = composer.Compose(ctx, b.Outcomes[:0], &b.Accounts, &r.spec, entropy.Range{Start: b.Start, Count: b.count})
	return whole, err
}

// assemble makes the draws of a batch from their parts.
func (r *run) assemble(ctx context.Context, b *Batch) error {
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
	b.Outcomes, err = r.g.Prizes(ctx, b.Outcomes[:0], r.spec.Rules, &b.Accounts, draws)
	return err
}
