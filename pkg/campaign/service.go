package campaign

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Config configures a [Service].
type Config struct {
	Store     Store
	Generator draw.Generator

	Now      func() time.Time // the clock; nil means time.Now
	MaxQueue int              // maximum number of waiting plays of a campaign; 0 means 2,048
	MaxBatch int              // maximum number of plays in one transaction; 0 means 256

	// Observe, if not nil, is called with the result of each play before the play is
	// answered. It must be safe for concurrent use.
	Observe func(Played)
}

// Played is the result of a play, for metrics.
type Played struct {
	Draw     *Draw         // nil if Err is set
	Repeated bool          // whether Draw was made by an earlier play with the same once-only key
	Took     time.Duration // including the time spent waiting
	Err      error
}

// Service lets the public play the campaigns of a [Store] and read their public parts. It
// is safe for concurrent use.
type Service struct{ *engine }

// New returns a service. A process should have one service for a store.
func New(cfg Config) *Service {
	e := &engine{
		store: cfg.Store, generator: cfg.Generator, clock: cfg.Now,
		maxQueue: cmp.Or(cfg.MaxQueue, 2048), maxBatch: cmp.Or(cfg.MaxBatch, 256),
		observe: cfg.Observe, queues: map[string]*queue{}, rules: map[string]*prize.Rules{},
	}
	if e.observe == nil {
		e.observe = func(Played) {}
	}
	if e.clock == nil {
		e.clock = time.Now
	}
	return &Service{e}
}

// Waiting returns the number of plays that wait for their draws in this process.
func (s *Service) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, q := range s.queues {
		n += len(q.plays)
	}
	return n
}

// Admin lets a promoter do everything with the campaigns of a [Store]. It sees drafts and
// personal data, and it records every change in the audit trail.
type Admin struct {
	*Service
	actor string
}

// Admin returns an Admin. actor is its name in the audit trail: a role such as admin
// or cli, not a person.
func (s *Service) Admin(actor string) *Admin { return &Admin{s, actor} }

// change runs f and records the change that f returns in the audit trail, both in one
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

// Change is an entry of the audit trail: an action of a promoter.
type Change struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"The role of the promoter." example:"admin"`
	Action  string    `json:"action" doc:"The action." example:"campaign.open"`
	Subject string    `json:"subject" doc:"The campaign, draw or entrant that was changed." example:"summer"`
	Detail  string    `json:"detail,omitempty" doc:"Details, without personal data."`
}

// ChangeQuery selects entries of the audit trail. Its cursor is the ID of an entry:
// only older ones are selected.
type ChangeQuery struct {
	Paging
	Subject string // only entries about this subject; empty for all
}

// Changes returns entries of the audit trail, newest first.
func (a *Admin) Changes(ctx context.Context, q ChangeQuery) ([]Change, error) {
	if err := q.normalize(); err != nil {
		return nil, err
	}
	return a.store.Changes(ctx, q)
}

// Page sizes of lists.
const (
	defaultPage = 50
	MaxPage     = 1000 // maximum number of items on a page
)

// Paging selects one page of a list.
type Paging struct {
	Cursor string // returned with the previous page; empty for the first page
	Limit  int    // maximum number of items, up to [MaxPage]; 0 means 50
}

// Position returns the number in the cursor, 0 for the first page.
func (p Paging) Position() (uint64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(p.Cursor, 10, 63)
	if err != nil || n == 0 {
		return 0, invalid("cursor", "%q is not a cursor; use the next of the previous page", excerpt.Of(p.Cursor))
	}
	return n, nil
}

// normalize validates the cursor and limits Limit to [MaxPage].
func (p *Paging) normalize() error {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	p.Limit = min(p.Limit, MaxPage)
	_, err := p.Position()
	return err
}
