package remote

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sourcegraph/conc/panics"
)

// gatherer has a service called once for many who want few draws each at the same time:
// a call costs much the same for one draw and for a hundred. Up to callsAtOnce calls go
// out as they come; what is wanted meanwhile gathers for the next one.
type gatherer[T any] struct {
	alike func(a, b T) bool                        // whether one call can be for both
	call  func(ctx context.Context, all []T) error // answers all of them

	mu      sync.Mutex
	waiting []*wanted[T]
	calls   int
}

const (
	callsAtOnce  = 2   // of one service: each with draws of others, once there are more
	mostTogether = 128 // of those who want draws in one call
)

// few is up to how many draws are asked for together with those of others.
const few = 8

// wanted is what one caller waits for.
type wanted[T any] struct {
	ctx  context.Context
	what T
	done chan struct{} // closed once what is answered or err is set
	err  error
}

// errNoTurn is that the calls before this one take too long.
var errNoTurn = errors.New("the calls of others take too long")

// do has what somebody wants answered. Where its error is not nil, what may still be
// answered later: whoever gave up must not touch it any more.
func (g *gatherer[T]) do(ctx context.Context, what T) error {
	w := &wanted[T]{ctx: ctx, what: what, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	begin := g.calls < callsAtOnce
	if begin {
		g.calls++
	}
	g.mu.Unlock()
	if begin {
		go g.run()
	}
	late := time.NewTimer(waitForTurn)
	defer late.Stop()
	for {
		select {
		case <-w.done:
			return w.err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late.C:
			if g.leave(w) {
				return errNoTurn
			}
		}
	}
}

// leave takes back what is wanted, where no call for it has begun.
func (g *gatherer[T]) leave(w *wanted[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, w)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	return i >= 0
}

// run makes calls until nobody waits.
func (g *gatherer[T]) run() {
	for {
		g.mu.Lock()
		group := g.next()
		if len(group) == 0 {
			g.calls--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		g.answer(group)
	}
}

// next takes those who waited longest and whose draws one call can be for.
func (g *gatherer[T]) next() (group []*wanted[T]) {
	left := g.waiting[:0]
	for _, w := range g.waiting {
		switch {
		case w.ctx.Err() != nil: // it has gone
		case len(group) < mostTogether && (len(group) == 0 || g.alike(group[0].what, w.what)):
			group = append(group, w)
		default:
			left = append(left, w)
		}
	}
	clear(g.waiting[len(left):])
	g.waiting = left
	return group
}

func (g *gatherer[T]) answer(group []*wanted[T]) {
	all := make([]T, len(group))
	for i, w := range group {
		all[i] = w.what
	}
	ctx := group[0].ctx
	if len(group) > 1 {
		// The first one's trace goes with the call; its end does not end what others
		// wait for.
		ctx = context.WithoutCancel(ctx)
	}
	var err error
	if crash := panics.Try(func() { err = g.call(ctx, all) }); crash != nil {
		err = crash.AsError()
	}
	for _, w := range group {
		w.err = err
		close(w.done)
	}
}
