package storetest

import (
	"context"
	"sync"
)

// Impatient gives a context that ends once it was looked at so many times. With one
// after the other, each more patient than the one before, a test gives up at every
// moment at which that is noticed.
func Impatient(parent context.Context, looks int) context.Context {
	return &impatient{Context: parent, left: looks, done: make(chan struct{})}
}

type impatient struct {
	context.Context
	mu   sync.Mutex
	left int
	done chan struct{}
}

// look takes a look away, and ends the context with the last one.
func (c *impatient) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		close(c.done)
	}
	c.left--
}

func (c *impatient) Done() <-chan struct{} {
	c.look()
	return c.done
}

func (c *impatient) Err() error {
	c.look()
	select {
	case <-c.done:
		return context.Canceled
	default:
		return c.Context.Err()
	}
}

// EveryMoment has f give up at one moment after the other, until it does what it is
// for: with contexts that are looked at ever more often. f's error and the number of
// looks are told to gaveUp.
func EveryMoment(parent context.Context, f func(ctx context.Context) error, gaveUp func(looks int, err error)) {
	for looks := 0; ; looks += 1 + looks/8 {
		err := f(Impatient(parent, looks))
		if err == nil {
			return
		}
		gaveUp(looks, err)
	}
}
