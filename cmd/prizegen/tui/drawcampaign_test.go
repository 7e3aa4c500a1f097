package tui

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// TestPlayCampaign chooses a campaign, enters who plays, and draws. It checks that the
// screen shows the draw that was stored.
func TestPlayCampaign(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	p := openCampaign(t, w)
	w.Settings.Campaign = nil
	f := pressKeys(t, newProgram(t, w), "c", "down", "enter")
	checkShows(t, f, "Who plays?")
	f = pressKeys(t, f, "小", "龍", "tab", "李", "enter", "enter", " ")
	d := f.screens[0].(drawScreen).drawn
	stored := must(p.Draw(t.Context(), d.ID))(t)
	if d.Index != 250 || stored.Whole != d.Whole {
		t.Errorf("draw on the screen: got %d (%s), stored as %s, want 250, stored as shown", d.Index, d.Whole, stored.Whole)
	}
	if stored.Entrant == nil || stored.Entrant.FirstName != "小龍" {
		t.Errorf("stored entrant: got %v, want 小龍", stored.Entrant)
	}
	checkShows(t, f, "小龍 李, "+d.Whole+" by the rule", "campaign summer")
	if d.Seed != "" {
		t.Errorf("seed of an open campaign: got %q, want none", d.Seed)
	}
	f = pressKeys(t, f, "g")
	checkShows(t, f, "has its own rules")
	if f.dialog != nil {
		t.Errorf("dialog for the rules of a campaign: got %v, want none", f.dialog)
	}
	if f = pressKeys(t, f, "c", "up", "enter"); f.settings.Campaign != nil {
		t.Errorf("campaign: got %s, want free play", f.settings.Campaign.Name)
	}
}

// lossyCampaigns makes plays, but returns an error instead of the draw while err points to
// an error.
type lossyCampaigns struct {
	*campaign.Admin
	err *error
}

func (p lossyCampaigns) Play(ctx context.Context, play campaign.Play) (campaign.Draw, error) {
	d, err := p.Admin.Play(ctx, play)
	if *p.err != nil {
		return campaign.Draw{}, *p.err
	}
	return d, err
}

// TestRepeatedPlay repeats a play whose response was lost. It checks that the draw is the
// same.
func TestRepeatedPlay(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	p := openCampaign(t, w)
	playErr := errors.New("the core service does not answer")
	w.Settings.Backend.Campaigns = func(context.Context) (Campaigns, error) { return lossyCampaigns{p, &playErr}, nil }
	w.Settings.Entrant = campaign.Person{FirstName: "Ann", LastName: "Lee"}
	f := pressKeys(t, newProgram(t, w), " ", " ")
	checkShows(t, f, "✗ the core service does not answer")
	playErr = nil
	f = pressKeys(t, f, " ")
	if got := f.screens[0].(drawScreen).drawn.Index; got != 250 {
		t.Errorf("index after lost responses: got %d, want 250", got)
	}
	f = pressKeys(t, f, " ")
	if got := f.screens[0].(drawScreen).drawn.Index; got != 251 {
		t.Errorf("index of the next draw: got %d, want 251", got)
	}
}

// fixedCampaigns always returns the same campaigns and the same draw.
type fixedCampaigns struct {
	*campaign.Admin // nil: its methods are not called
	draw            campaign.Draw
	list            []campaign.Campaign
	next            string // cursor for the next page
	err             error
}

func (s fixedCampaigns) Play(context.Context, campaign.Play) (campaign.Draw, error) {
	return s.draw, s.err
}

func (s fixedCampaigns) Campaigns(context.Context, campaign.CampaignQuery) (list []campaign.Campaign, next string, err error) {
	return s.list, s.next, s.err
}

func (s fixedCampaigns) Campaign(_ context.Context, name string) (campaign.Campaign, error) {
	for _, c := range s.list {
		if c.Name == name {
			return c, nil
		}
	}
	return campaign.Campaign{}, campaign.Errorf(campaign.ErrNotFound, "there is no campaign %q", name)
}

// TestCampaignByName checks that a campaign that is not on the first page can be chosen
// by name.
func TestCampaignByName(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	rules := must(prize.Builtin(prize.Generous))(t)
	s := fixedCampaigns{next: "1000", list: []campaign.Campaign{{
		Name: "ab", State: campaign.Open, Rules: "generous", RulesYAML: string(rules.Source()), TextFormat: "lower4", NumberFormat: "digits4",
	}}}
	w.Settings.Backend.Campaigns = func(context.Context) (Campaigns, error) { return s, nil }
	f := pressKeys(t, newProgram(t, w), "c", "end", "enter")
	f = pressKeys(t, f, "enter")
	checkShows(t, f, "enter the name of a campaign, such as summer")
	if f = pressKeys(t, f, "a", "b", "enter"); f.settings.campaignName() != "ab" {
		t.Errorf("campaign: got %q, want ab:\n%s", f.settings.campaignName(), f.View())
	}
	s.next = ""
	if f = pressKeys(t, newProgram(t, w), "c"); strings.Contains(f.View(), "another") {
		t.Errorf("more campaigns are offered although there is no next page:\n%s", f.View())
	}
}

// campaignViews returns views of the screen while a campaign is selected.
func campaignViews(t *testing.T) []view {
	t.Helper()
	rules := must(prize.Builtin(prize.Generous))(t)
	rule, mug := "has a 4", &draw.Prize{Name: "Mug", Value: 800, Currency: "GBP"}
	person := campaign.Person{FirstName: "Zoë", LastName: "Müller-Lüdenscheidt"}
	played := func(w *workspace, err error) {
		s := fixedCampaigns{err: err, draw: campaign.Draw{
			ID: "summer-12-x", Index: 12, Account: draw.Account{Whole: "abcd1234", Text: "abcd", Number: "1234"}, Outcome: draw.Outcome{Rule: &rule}, Drawn: mug,
			Campaign: "summer", Entrant: &campaign.Entrant{ID: 1, Person: person},
		}}
		for _, c := range []campaign.Campaign{
			{Name: "summer", Title: "Die große Sommerauslosung", State: campaign.Open},
			{Name: "spring", Title: "春のプレゼント", State: campaign.Closed},
		} {
			c.Rules, c.RulesYAML, c.TextFormat, c.NumberFormat = "generous", string(rules.Source()), "lower4", "digits4"
			s.list = append(s.list, c)
		}
		w.Settings.Backend.Campaigns = func(context.Context) (Campaigns, error) { return s, nil }
	}
	enter := []string{"c", "down", "enter", "Z", "o", "ë", "enter", "L", "enter", "enter"}
	return []view{
		{"campaigns", func(t *testing.T, w *workspace) frame {
			played(w, nil)
			return pressKeys(t, newProgram(t, w), enter[:2]...)
		}},
		{"entrant", func(t *testing.T, w *workspace) frame {
			played(w, nil)
			return pressKeys(t, newProgram(t, w), enter[:8]...)
		}},
		{"stock", func(t *testing.T, w *workspace) frame {
			played(w, nil)
			return pressKeys(t, pressKeys(t, newProgram(t, w), enter...), " ")
		}},
		{"no-database", func(t *testing.T, w *workspace) frame {
			played(w, errors.New("the database is not available: unable to open database file"))
			return pressKeys(t, newProgram(t, w), "c")
		}},
	}
}
