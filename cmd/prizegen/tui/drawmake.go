package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// madeMsg is the answer to a request for a draw.
type madeMsg struct {
	asked int
	seed  entropy.Seed // of free play
	drawn drawnMsg
	err   error
}

// makeDraw makes the next draw: of free play as the command draw does, and of a
// campaign as its --campaign does, with a once-only key. done is called at its end.
func (w *world) makeDraw(ctx context.Context, done context.CancelFunc, asked int, s Settings, once string) tea.Cmd {
	return func() tea.Msg {
		defer done()
		m := madeMsg{asked: asked, seed: s.Seed}
		if s.Campaign != nil {
			m.drawn, m.err = play(ctx, s, once)
		} else {
			m.drawn, m.err = drawOne(ctx, s)
		}
		m.drawn.at = w.Now()
		return m
	}
}

// drawOne makes the next draw of free play.
func drawOne(ctx context.Context, s Settings) (drawnMsg, error) {
	made := drawnMsg{terms: s.Free}
	err := draw.Run(ctx, s.Backend.Generator, s.Spec(s.Next, 1), nil, func(b *draw.Batch) error {
		made.draw, made.outcome = b.Draw(0), b.Outcomes[0]
		return nil
	})
	return made, err
}

// play makes a draw of the campaign.
func play(ctx context.Context, s Settings, once string) (drawnMsg, error) {
	promoter, err := s.Backend.Promoter(ctx)
	if err != nil {
		return drawnMsg{}, err
	}
	request := campaign.Play{Campaign: s.Campaign.Name, Key: once}
	if s.Entrant != (campaign.Person{}) {
		request.Person = &s.Entrant
	}
	stored, err := promoter.Play(ctx, request)
	if err != nil {
		return drawnMsg{}, err
	}
	made := drawnMsg{terms: s.Campaign.Terms, stored: &stored, who: s.Entrant, draw: draw.Draw{
		Index:   stored.Index,
		Account: draw.Account{Whole: stored.Account, Text: stored.Text, Number: stored.Number},
		Rule:    stored.Rule, Prize: stored.Prize,
		TextFormat: stored.TextFormat, NumberFormat: stored.NumberFormat,
		Rules: stored.Rules, RulesSHA256: stored.RulesSHA256,
	}}
	made.outcome = chanceOf(made.terms.Rules, &stored)
	return made, nil
}

// chanceOf finds what chance gave a draw of a campaign, whatever had run out.
func chanceOf(rules *prize.Rules, d *campaign.Draw) prize.Outcome {
	rule, won := "", ""
	if d.Rule != nil {
		rule = *d.Rule
	}
	switch {
	case d.Drawn != nil:
		won = d.Drawn.Name
	case d.Prize != nil:
		won = d.Prize.Name
	}
	outcome, _ := rules.OutcomeOf(rule, won) // which its own rules have
	return outcome
}

// onceKey makes sure that a play whose answer was lost is not made twice: asking
// again for the same uses the same key.
type onceKey struct {
	key      string
	backend  string
	campaign string
	entrant  campaign.Person
}

// of gives the key of a play, the present one where it asks for the same.
func (o onceKey) of(s Settings, fresh func() string) onceKey {
	if s.Campaign == nil {
		return onceKey{}
	}
	asked := onceKey{o.key, s.Backend.Name, s.Campaign.Name, s.Entrant}
	if asked != o || o.key == "" {
		asked.key = fresh()
	}
	return asked
}
