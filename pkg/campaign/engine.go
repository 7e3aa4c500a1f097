package campaign

import (
	"context"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// engine is the state that a [Service] shares with all its [Admin] values.
type engine struct {
	distinctAliases bool // see Config

	store     Store
	generator draw.Generator
	clock     func() time.Time
	maxQueue  int
	maxBatch  int
	observe   func(Played)
	compile   func(context.Context) (done func(), err error)

	mu     sync.Mutex
	queues map[string]*queue       // by campaign name
	rules  map[string]*prize.Rules // compiled rules, by their SHA-256
	known  map[string]draw.Odds    // cached odds, by the SHA-256 of the rules and the formats
}

// identity returns the string by which the plays of a person are counted.
func (e *engine) identity(p *Person) string {
	if e.distinctAliases {
		return p.Identity()
	}
	return p.Mailbox()
}

// now returns the time in milliseconds, the precision of the store.
func (e *engine) now() time.Time { return e.clock().UTC().Truncate(time.Millisecond) }

// campaign returns the campaign with the given name.
func (e *engine) campaign(ctx context.Context, v visibility, name string) (*StoredCampaign, error) {
	if checkName(name) != nil {
		return nil, noCampaign(name)
	}
	c, err := e.store.Campaign(ctx, name)
	if err == nil && c.State == Draft && v == publicView {
		return nil, noCampaign(name)
	}
	return c, err
}

// noCampaign returns the error for a missing campaign. The public gets the same error for
// a draft.
func noCampaign(name string) error {
	return Errorf(ErrNotFound, "there is no campaign %q", excerpt.Of(name))
}

// recordEnd records the end of a locked campaign if its closing time has passed. The end is
// final from then on.
func recordEnd(ctx context.Context, tx Tx, c *StoredCampaign, now time.Time) error {
	if c.State != Open || c.EndedAt != nil || c.ClosesAt == nil || now.Before(*c.ClosesAt) {
		return nil
	}
	c.EndedAt = &now
	if err := tx.SaveCampaign(ctx, c); err != nil {
		return err
	}
	return tx.AddChange(ctx, Change{At: now, Actor: "clock", Action: "campaign.end", Subject: c.Name, Detail: "closes_at has passed"})
}

// maxRules is the maximum number of compiled rules, and of odds, that an engine caches.
const maxRules = 64

// rulesOf returns the compiled rules of a campaign.
func (e *engine) rulesOf(c *StoredCampaign) (*prize.Rules, error) {
	if rules := e.compiled(c); rules != nil {
		return rules, nil
	}
	done, err := e.compile(context.Background())
	if err != nil {
		return nil, err
	}
	defer done()
	if rules := e.compiled(c); rules != nil { // compiled while waiting
		return rules, nil
	}
	rules, err := prize.Parse(c.Rules, []byte(c.RulesYAML))
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.rules) >= maxRules {
		clear(e.rules)
		clear(e.known)
	}
	e.rules[c.RulesSHA256] = rules
	return rules, nil
}

// compiled returns the cached rules of a campaign, or nil if they are not cached.
func (e *engine) compiled(c *StoredCampaign) *prize.Rules {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rules[c.RulesSHA256]
}

// view returns the parts of a draw that a caller with visibility v may see.
func (e *engine) view(v visibility, c *StoredCampaign, row *StoredDraw) (Draw, error) {
	rules, err := e.rulesOf(c)
	if err != nil {
		return Draw{}, err
	}
	d := newDraw(c, rules, row)
	if v == adminView {
		d.Entrant = row.Person
		return d, nil
	}
	d.Claim, d.Void = d.Claim.withoutNote(), d.Void.withoutNote()
	return d, nil
}
