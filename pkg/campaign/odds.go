package campaign

import (
	"context"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Odds tells the exact odds of a campaign: of every rule and prize by chance, before
// any stock runs out.
func (p *Promoter) Odds(ctx context.Context, name string) (draw.Odds, error) {
	r, err := p.record(ctx, name)
	if err != nil {
		return draw.Odds{}, err
	}
	text, err := textgen.Parse(r.TextFormat)
	if err != nil {
		return draw.Odds{}, err
	}
	number, err := numgen.Parse(r.NumberFormat)
	if err != nil {
		return draw.Odds{}, err
	}
	rules, err := p.rulesOf(r)
	if err != nil {
		return draw.Odds{}, err
	}
	return draw.NewOdds(rules, text, number, rules.Odds(text.Format, number.Format)), nil
}

// AccountOdds tells the exact odds of one account number of a campaign: those of the
// rule that matches it.
func (p *Promoter) AccountOdds(ctx context.Context, name, account string) (draw.Odds, error) {
	r, err := p.record(ctx, name)
	if err != nil {
		return draw.Odds{}, err
	}
	rules, err := p.rulesOf(r)
	if err != nil {
		return draw.Odds{}, err
	}
	return draw.NewAccountOdds(rules, account, rules.AccountOdds(account)), nil
}

// Preview tells the exact odds that a campaign of a plan would have. unfit says why it
// could not be opened so: prizes that can't be won, account numbers without a rule;
// nil where it could. The error is about a plan that can't be understood.
func (p *Promoter) Preview(plan Plan) (odds draw.Odds, unfit, err error) {
	m, err := plan.understand()
	if err != nil {
		return draw.Odds{}, nil, err
	}
	return draw.NewOdds(m.rules, m.text, m.number, m.rules.Odds(m.text.Format, m.number.Format)), m.fits(), nil
}
