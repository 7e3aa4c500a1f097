package draw

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// BatchSize is how many draws [Run] makes at a time.
const BatchSize = 4096

// Run makes the draws of a spec. They come in batches: encode is called for
// several batches at once, to do what can be done to each alone, and emit for
// one after the other in the order of the indexes. Either may be nil. A batch
// and its memory are used again after emit has returned.
//
// Run ends at the first error of the generator, encode, emit or the context. All
// draws before it have been emitted then, and none behind it.
func Run(ctx context.Context, g Generator, spec Spec, encode, emit func(*Batch) error) error {
	if spec.Accounts == nil {
		if err := (entropy.Range{Start: spec.Start, Count: spec.Count}).Check(); err != nil {
			return err
		}
	}
	return newRun(g, spec, encode, emit).do(ctx)
}

// run is one call of [Run].
type run struct {
	g                   Generator
	spec                Spec
	encode, emit        func(*Batch) error
	text, number, prize entropy.Key
}

func newRun(g Generator, spec Spec, encode, emit func(*Batch) error) *run {
	return &run{
		g: g, spec: spec, encode: encode, emit: emit,
		text:   spec.Seed.Subkey(entropy.Text),
		number: spec.Seed.Subkey(entropy.Number),
		prize:  spec.Seed.Subkey(entropy.Prize),
	}
}

// do has one goroutine hand out batches in order, several make them, and this
// one emit them in the same order. A batch in flight is in both channels: todo
// says that it is to be made and queue when it is its turn.
func (r *run) do(ctx context.Context) error {
	workers := runtime.GOMAXPROCS(0)
	inFlight := 2*workers + 1
	todo, queue := make(chan *Batch, inFlight), make(chan *Batch, inFlight)
	free := make(chan *Batch, inFlight)
	for range inFlight {
		free <- &Batch{spec: &r.spec}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(todo)
		defer close(queue)
		return r.handOut(ctx, free, todo, queue)
	})
	for range workers {
		group.Go(func() error {
			for b := range todo {
				b.err = r.make(ctx, b)
				close(b.done)
			}
			return nil
		})
	}
	group.Go(func() error {
		for b := range queue {
			<-b.done
			if b.err != nil {
				return b.err
			}
			if r.emit != nil {
				if err := r.emit(b); err != nil {
					return err
				}
			}
			free <- b
		}
		return nil
	})
	return group.Wait()
}

// handOut says which draws each batch is to make. An error about account numbers
// ends it as a batch of its own, so that the draws before it are still emitted;
// the end of the context is returned.
func (r *run) handOut(ctx context.Context, free <-chan *Batch, todo, queue chan<- *Batch) error {
	var fault error
	for start, left := r.spec.Start, r.spec.Count; ; {
		var b *Batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		b.Start, b.done = start, make(chan struct{})
		if r.spec.Accounts == nil {
			b.count = min(left, BatchSize)
		} else if b.count = 0; fault == nil {
			b.Accounts.Reset()
			fault = r.spec.Accounts(&b.Accounts)
			b.count = uint64(b.Accounts.Len())
			all := entropy.Range{Start: r.spec.Start, Count: start - r.spec.Start + b.count}
			if err := all.Check(); err != nil {
				b.count, fault = 0, err
			}
		}
		if b.count == 0 {
			if b.err = fault; fault != nil {
				close(b.done)
				queue <- b
			}
			return nil
		}
		start, left = start+b.count, left-b.count
		queue <- b
		todo <- b
	}
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
