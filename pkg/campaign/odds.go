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
	return draw.NewOdds(rules, text, number, rules.Odds(text.Letters, number.Letters)), nil
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
