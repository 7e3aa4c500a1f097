package storetest

import (
	"context"
	"sync"
)

// CancelAfter returns a context that is cancelled after n calls of its Done and Err
// methods. With increasing n, a test can cancel an operation at every point at which it
// checks its context.
func CancelAfter(parent context.Context, n int) context.Context {
	return &countingContext{Context: parent, left: n, done: make(chan struct{})}
}

// countingContext is a context that is cancelled after a number of calls.
type countingContext struct {
	context.Context
	mu   sync.Mutex
	left int
	done chan struct{}
}

// count counts a call and cancels the context on the last one.
func (c *countingContext) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		close(c.done)
	}
	c.left--
}

func (c *countingContext) Done() <-chan struct{} {
	c.count()
	return c.done
}

func (c *countingContext) Err() error {
	c.count()
	select {
	case <-c.done:
		return context.Canceled
	default:
		return c.Context.Err()
	}
}

// CancelEverywhere calls f with contexts that are cancelled after an increasing number
// of calls, until f succeeds. After each failure it calls failed with the number of
// calls and the error.
func CancelEverywhere(parent context.Context, f func(ctx context.Context) error, failed func(calls int, err error)) {
	for calls := 0; ; calls += 1 + calls/8 {
		err := f(CancelAfter(parent, calls))
		if err == nil {
			return
		}
		failed(calls, err)
	}
}
