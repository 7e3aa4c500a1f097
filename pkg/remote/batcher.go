package remote

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sourcegraph/conc/panics"
)

// batcher combines small jobs of several callers into one call to a service, because a call
// costs about the same for one draw as for a hundred. Up to maxBatchCalls calls are in
// progress at a time. Further jobs wait for the next call.
type batcher[T any] struct {
	compatible func(a, b T) bool                         // reports whether one call can do both jobs
	call       func(ctx context.Context, jobs []T) error // does the jobs in one call

	mu    sync.Mutex
	queue []*waiter[T]
	calls int
}

const (
	maxBatchCalls = 2
	maxBatchJobs  = 128
	maxJobDraws   = 8 // larger jobs are not batched
)

// waiter is a caller that waits for its job.
type waiter[T any] struct {
	ctx  context.Context
	job  T
	done chan struct{} // closed when the job is done or err is set
	err  error
}

var errBatchTimeout = errors.New("timed out while waiting for earlier calls")

// do does a job. If it returns an error, a call may still be using the job.
func (b *batcher[T]) do(ctx context.Context, job T) error {
	w := &waiter[T]{ctx: ctx, job: job, done: make(chan struct{})}
	b.mu.Lock()
	b.queue = append(b.queue, w)
	start := b.calls < maxBatchCalls
	if start {
		b.calls++
	}
	b.mu.Unlock()
	if start {
		go b.run()
	}
	timeout := time.NewTimer(queueTimeout)
	defer timeout.Stop()
	for {
		select {
		case <-w.done:
			return w.err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timeout.C:
			if b.remove(w) {
				return errBatchTimeout
			}
		}
	}
}

// remove removes a waiter from the queue. It reports false if the waiter's call has already
// begun.
func (b *batcher[T]) remove(w *waiter[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.queue, w)
	if i >= 0 {
		b.queue = slices.Delete(b.queue, i, i+1)
	}
	return i >= 0
}

// run makes calls until the queue is empty.
func (b *batcher[T]) run() {
	for {
		b.mu.Lock()
		batch := b.next()
		if len(batch) == 0 {
			b.calls--
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		b.answer(batch)
	}
}

// next removes the next batch from the queue: the first waiter and others that are
// compatible with it.
func (b *batcher[T]) next() (batch []*waiter[T]) {
	rest := b.queue[:0]
	for _, w := range b.queue {
		switch {
		case w.ctx.Err() != nil: // its caller has given up
		case len(batch) < maxBatchJobs && (len(batch) == 0 || b.compatible(batch[0].job, w.job)):
			batch = append(batch, w)
		default:
			rest = append(rest, w)
		}
	}
	clear(b.queue[len(rest):])
	b.queue = rest
	return batch
}

// answer makes the call for a batch and passes its result to the waiters.
func (b *batcher[T]) answer(batch []*waiter[T]) {
	jobs := make([]T, len(batch))
	for i, w := range batch {
		jobs[i] = w.job
	}
	ctx := batch[0].ctx
	if len(batch) > 1 {
		// The call carries the first caller's trace, but is not cancelled with that
		// caller.
		ctx = context.WithoutCancel(ctx)
	}
	var err error
	if recovered := panics.Try(func() { err = b.call(ctx, jobs) }); recovered != nil {
		err = recovered.AsError()
	}
	for _, w := range batch {
		w.err = err
		close(w.done)
	}
}
