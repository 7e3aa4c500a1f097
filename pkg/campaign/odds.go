package campaign

import (
	"context"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Odds returns the exact odds of every rule and prize of a campaign, before any stock
// runs out. For a draft, the error wraps [ErrNotFound].
func (s *Service) Odds(ctx context.Context, name string) (draw.Odds, error) {
	return s.odds(ctx, publicView, name)
}

// Odds returns the exact odds of every rule and prize of a campaign, before any stock
// runs out.
func (v *Viewer) Odds(ctx context.Context, name string) (draw.Odds, error) {
	return v.odds(ctx, adminView, name)
}

func (e *engine) odds(ctx context.Context, v visibility, name string) (draw.Odds, error) {
	c, err := e.campaign(ctx, v, name)
	if err != nil {
		return draw.Odds{}, err
	}
	text, err := textgen.Parse(c.TextFormat)
	if err != nil {
		return draw.Odds{}, err
	}
	number, err := numgen.Parse(c.NumberFormat)
	if err != nil {
		return draw.Odds{}, err
	}
	key := c.RulesSHA256 + " " + c.TextFormat + " " + c.NumberFormat
	if odds, known := e.knownOdds(key); known {
		return odds, nil
	}
	rules, err := e.rulesOf(c)
	if err != nil {
		return draw.Odds{}, err
	}
	done, err := e.compile(ctx) // computing the odds of many rules costs as much as compiling them
	if err != nil {
		return draw.Odds{}, err
	}
	defer done()
	if odds, known := e.knownOdds(key); known { // computed while waiting
		return odds, nil
	}
	odds := draw.NewOdds(rules, text, number, rules.Odds(text.Format, number.Format))
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.known) >= maxRules {
		clear(e.known)
	}
	e.known[key] = odds
	return odds, nil
}

// knownOdds returns the cached odds for key. known is false if there are none.
func (e *engine) knownOdds(key string) (odds draw.Odds, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	odds, known = e.known[key]
	return odds, known
}

// AccountOdds returns the exact odds for one account number, which are the chances of the
// rule that matches it. For a draft, the error wraps [ErrNotFound].
func (s *Service) AccountOdds(ctx context.Context, name, account string) (draw.Odds, error) {
	c, err := s.campaign(ctx, publicView, name)
	if err != nil {
		return draw.Odds{}, err
	}
	rules, err := s.rulesOf(c)
	if err != nil {
		return draw.Odds{}, err
	}
	return draw.NewAccountOdds(rules, account, rules.AccountOdds(account)), nil
}

// Preview is like [Plan.Preview], but first calls Compile from the [Config], which may wait
// or return an error.
func (v *Viewer) Preview(ctx context.Context, p Plan) (odds draw.Odds, uncovered, err error) {
	done, err := v.compile(ctx)
	if err != nil {
		return draw.Odds{}, nil, err
	}
	defer done()
	return p.Preview()
}

// Preview returns the exact odds of a campaign with this plan. uncovered is the error
// that [Admin.Open] would return because of the rules, or nil. err is the error for an
// invalid plan.
func (p Plan) Preview() (odds draw.Odds, uncovered, err error) {
	v, err := p.validate()
	if err != nil {
		return draw.Odds{}, nil, err
	}
	return draw.NewOdds(v.rules, v.text, v.number, v.rules.Odds(v.text.Format, v.number.Format)), v.checkCoverage(), nil
}
