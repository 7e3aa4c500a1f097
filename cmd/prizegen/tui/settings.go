package tui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// line tells the settings in a line.
func (s Settings) line() string {
	if s.waits() {
		return "waiting for what is deployed at " + s.Backend.Name
	}
	t := s.Terms()
	text := fmt.Sprintf("%s · %s + %s", t.Rules.Name, t.Text, t.Number)
	if s.wrong != nil && s.Campaign == nil {
		text = "✗ " + filepath.Base(s.wrong.ref) + " can't be used · " + text
	}
	if s.Campaign != nil {
		text += " · campaign " + s.Campaign.Name
		if s.Entrant != (campaign.Person{}) {
			text += " · " + s.Entrant.FirstName + " " + s.Entrant.LastName + " plays"
		}
	} else {
		text += fmt.Sprintf(" · free play · seed %s · next is %s", short(string(s.Seed)), prize.Thousands(s.Next))
	}
	return text + " · " + strings.TrimPrefix(s.Backend.Name, "http://")
}

// inShort tells the settings in half a line: whether draws are stored, and where.
func (s Settings) inShort() string {
	text := "free play · " + s.Free.Rules.Name
	switch {
	case s.waits():
		text = "waiting"
	case s.Campaign != nil:
		text = "campaign " + s.Campaign.Name
	case s.wrong != nil:
		text = "free play · ✗ " + filepath.Base(s.wrong.ref)
	}
	return text + " · " + strings.TrimPrefix(s.Backend.Name, "http://")
}

// waits says whether nothing can be drawn since the terms are not known. Those of a
// campaign always are.
func (s Settings) waits() bool { return s.Waiting && s.Campaign == nil }

// errWaiting says why nothing can be drawn yet.
func errWaiting(s Settings) error {
	return fmt.Errorf("%s has not told yet which rules and formats are deployed there", s.Backend.Name)
}

// errSpent says that the seed has no more draws.
func errSpent(s Settings) error {
	return fmt.Errorf("the seed has no draw after index %s: s takes another seed or another index", prize.Thousands(s.Next))
}

// short shows the beginning of a long seed: enough to tell it from others, and too
// little to know it.
func short(seed string) string {
	if len(seed) <= 12 {
		return seed
	}
	return cut(seed, 9)
}

// Enter gives the settings with a campaign of the backend to play.
func (s Settings) Enter(ctx context.Context, name string) (Settings, error) {
	promoter, err := s.Backend.Promoter(ctx)
	if err != nil {
		return s, err
	}
	c, err := promoter.Campaign(ctx, name)
	if err != nil {
		return s, err
	}
	s.Campaign, err = newCampaign(c)
	return s, err
}

// sameTerms says whether draws are decided alike.
func sameTerms(a, b Terms) bool {
	return a.Rules.SHA256() == b.Rules.SHA256() && a.Rules.Name == b.Rules.Name &&
		a.Text.String() == b.Text.String() && a.Number.String() == b.Number.String()
}

// computeOdds is a command that computes the odds of terms, as the command odds does.
func computeOdds(t Terms) tea.Cmd {
	return func() tea.Msg {
		odds := t.Rules.Odds(t.Text.Format, t.Number.Format)
		return oddsMsg{t, &odds}
	}
}

// newCampaign makes a campaign to play of one with the text of its rules.
func newCampaign(c campaign.Campaign) (*Campaign, error) {
	rules, err := prize.Parse(c.Rules, []byte(c.RulesYAML))
	if err != nil {
		return nil, err
	}
	text, err := textgen.Parse(c.TextFormat)
	if err != nil {
		return nil, err
	}
	number, err := numgen.Parse(c.NumberFormat)
	return &Campaign{c, Terms{rules, text, number}}, err
}

// deployed gives the terms that are deployed at a backend.
func deployed(ctx context.Context, b Backend) (Terms, error) {
	rules, err := b.Rules(ctx, "")
	if err != nil {
		return Terms{}, err
	}
	text, number, err := b.Formats(ctx)
	return Terms{rules, text, number}, err
}
