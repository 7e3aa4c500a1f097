package campaign

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Config is what a promoter works with.
type Config struct {
	Store     Store
	Generator draw.Generator

	Now      func() time.Time // the clock, time.Now where it is nil
	MaxQueue int              // plays of a campaign that may wait, 2,048 where it is 0
	MaxGroup int              // plays that are made at a time, 256 where it is 0

	// Observe is told what becomes of each play, for metrics; nil for nobody. It is
	// called by several goroutines at once, before the play is answered.
	Observe func(Played)
}

// Played is what has become of a play.
type Played struct {
	Draw     *Draw         // nil where Err is set
	Repeated bool          // whether it is the draw of an earlier play with the same once-only key
	Took     time.Duration // the waiting included
	Err      error
}

// Promoter runs campaigns. The one that [New] gives stands for the public: it plays
// and sees what everybody may see. [Promoter.As] gives one that may do the rest.
type Promoter struct {
	*office
	actor string // who it is, empty for the public
}

// office is what all promoters of a process share.
type office struct {
	store    Store
	g        draw.Generator
	clock    func() time.Time
	maxQueue int
	maxGroup int
	observe  func(Played)

	mu     sync.Mutex
	queues map[string]*queue       // by the name of the campaign
	rules  map[string]*prize.Rules // by their SHA-256
}

// New makes the promoter of a process. A store has one in each process that uses it.
func New(cfg Config) *Promoter {
	o := &office{
		store: cfg.Store, g: cfg.Generator, clock: cfg.Now,
		maxQueue: cmp.Or(cfg.MaxQueue, 2048), maxGroup: cmp.Or(cfg.MaxGroup, 256),
		observe: cfg.Observe, queues: map[string]*queue{}, rules: map[string]*prize.Rules{},
	}
	if o.observe == nil {
		o.observe = func(Played) {}
	}
	if o.clock == nil {
		o.clock = time.Now
	}
	return &Promoter{office: o}
}

// As gives a promoter that may do everything. actor says who it is, for the audit
// trail: not a person's name, but admin or cli.
func (p *Promoter) As(actor string) *Promoter { return &Promoter{p.office, actor} }

// Waiting is how many plays wait for their draws in this process.
func (o *office) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, q := range o.queues {
		n += len(q.turns)
	}
	return n
}

// now is the time as it is stored.
func (o *office) now() time.Time { return o.clock().UTC().Truncate(time.Millisecond) }

// allowed says whether this promoter may do what the public may not.
func (p *Promoter) allowed() error {
	if p.actor == "" {
		return ErrForbidden
	}
	return nil
}

// change does something that stands in the audit trail, both in one transaction. f
// gives what was done to what, and how.
func (p *Promoter) change(ctx context.Context, f func(tx Tx) (Change, error)) error {
	if err := p.allowed(); err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx Tx) error {
		c, err := f(tx)
		if err != nil {
			return err
		}
		c.At, c.Actor = p.now(), p.actor
		return tx.AddChange(ctx, c)
	})
}

// Changes lists the audit trail, the newest first.
func (p *Promoter) Changes(ctx context.Context, q ChangeQuery) ([]Change, error) {
	if err := p.allowed(); err != nil {
		return nil, err
	}
	q.Limit = pageSize(q.Limit)
	return p.store.Changes(ctx, q)
}

// The sizes of the pages of lists.
const (
	defaultPage = 50
	MaxPage     = 1000 // the longest page of a list
)

func pageSize(asked int) int {
	if asked <= 0 {
		return defaultPage
	}
	return min(asked, MaxPage)
}

// maxRules is how many compiled rules are kept.
const maxRules = 64

// rulesOf gives the rules of a campaign.
func (o *office) rulesOf(r *Record) (*prize.Rules, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if rules := o.rules[r.RulesSHA256]; rules != nil {
		return rules, nil
	}
	rules, err := prize.Parse(r.Rules, []byte(r.RulesYAML))
	if err != nil {
		return nil, err
	}
	if len(o.rules) >= maxRules {
		clear(o.rules)
	}
	o.rules[r.RulesSHA256] = rules
	return rules, nil
}
