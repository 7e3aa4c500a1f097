package campaign

import (
	"cmp"
	"context"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Config configures a [Service].
type Config struct {
	Store     Store
	Generator draw.Generator

	// DistinctAliases makes email addresses with different tags, such as ann+1@example.org,
	// count as different people. Otherwise plays are counted by [Person.Mailbox].
	DistinctAliases bool

	Now      func() time.Time // the clock; nil means time.Now
	MaxQueue int              // maximum number of waiting plays per campaign; 0 means 2,048
	MaxBatch int              // maximum number of plays in one transaction; 0 means 256

	// Observe, if not nil, is called with the result of each play before Play returns. It
	// must be safe for concurrent use.
	Observe func(Played)

	// Compile, if not nil, is called before rules are compiled, which takes memory and
	// processor time. It may wait or return an error. done is called after the compilation.
	Compile func(context.Context) (done func(), err error)
}

// Service lets the public play the campaigns of a [Store] and read their public data. It
// is safe for concurrent use.
type Service struct{ *engine }

// New returns a service. A process should have only one service for each store.
func New(cfg Config) *Service {
	e := &engine{
		distinctAliases: cfg.DistinctAliases,
		store:           cfg.Store, generator: cfg.Generator, clock: cfg.Now,
		maxQueue: cmp.Or(cfg.MaxQueue, 2048), maxBatch: cmp.Or(cfg.MaxBatch, 256),
		observe: cfg.Observe, compile: cfg.Compile, queues: map[string]*queue{}, rules: map[string]*prize.Rules{}, known: map[string]draw.Odds{},
	}
	if e.observe == nil {
		e.observe = func(Played) {}
	}
	if e.compile == nil {
		e.compile = func(context.Context) (func(), error) { return func() {}, nil }
	}
	if e.clock == nil {
		e.clock = time.Now
	}
	return &Service{e}
}

// Waiting returns the number of plays that are waiting for their draws in this process.
func (s *Service) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, q := range s.queues {
		n += len(q.plays)
	}
	return n
}

// Viewer reads everything about the campaigns of a [Store], including drafts and personal
// data. Like the public, it can also play.
type Viewer struct{ *Service }

// Viewer returns a Viewer.
func (s *Service) Viewer() *Viewer { return &Viewer{s} }

// Admin can do everything with the campaigns of a [Store]. It reads like a Viewer, and it
// records every change in the audit trail.
type Admin struct {
	*Viewer
	actor string
}

// Admin returns an Admin. actor is its name in the audit trail: the name of an
// administrator or of a token, or a role such as cli.
func (s *Service) Admin(actor string) *Admin { return &Admin{s.Viewer(), actor} }

// change runs f and records the change that f returns in the audit trail, in one
// transaction.
func (a *Admin) change(ctx context.Context, f func(tx Tx) (Change, error)) error {
	return a.store.Update(ctx, func(tx Tx) error {
		c, err := f(tx)
		if err != nil {
			return err
		}
		c.At, c.Actor = a.now(), a.actor
		return tx.AddChange(ctx, c)
	})
}

// Changes returns entries of the audit trail, newest first.
func (v *Viewer) Changes(ctx context.Context, q ChangeQuery) ([]Change, error) {
	if err := q.normalize(); err != nil {
		return nil, err
	}
	return v.store.Changes(ctx, q)
}
