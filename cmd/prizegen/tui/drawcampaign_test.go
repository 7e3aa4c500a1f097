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

// TestPlayCampaign chooses a campaign, says who plays, and draws: the draw is stored
// and is the one that is shown.
func TestPlayCampaign(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	p := openCampaign(t, w)
	w.Settings.Campaign = nil
	f := do(t, newProgram(t, w), "c", "down", "enter")
	if !strings.Contains(f.View(), "Who plays?") {
		t.Fatalf("it is not asked who plays:\n%s", f.View())
	}
	f = do(t, f, "小", "龍", "tab", "李", "enter", "enter", " ")
	d := f.screens[0].(drawScreen).drawn
	stored := must(p.Draw(t.Context(), d.stored.ID))(t)
	if d.draw.Index != 250 || stored.Account != d.draw.Whole || stored.Entrant == nil || stored.Entrant.FirstName != "小龍" {
		t.Errorf("drawn %+v, stored %+v", d.draw, stored)
	}
	if !strings.Contains(f.View(), "小龍 李, "+d.draw.Whole+" by the rule") || !strings.Contains(f.View(), "campaign summer") {
		t.Errorf("not shown:\n%s", f.View())
	}
	if d.draw.Seed != "" {
		t.Error("the seed of an open campaign is told")
	}
	f = do(t, f, "g")
	if f.dialog != nil || !strings.Contains(f.View(), "has its own rules") {
		t.Errorf("rules can be chosen for a campaign:\n%s", f.View())
	}
	if f = do(t, f, "c", "up", "enter"); f.settings.Campaign != nil {
		t.Error("there is no way back to free play")
	}
}

// forgetful is a promoter whose answers are lost as long as err is set.
type forgetful struct {
	Promoter
	err *error
}

func (p forgetful) Play(ctx context.Context, play campaign.Play) (campaign.Draw, error) {
	d, err := p.Promoter.Play(ctx, play)
	if *p.err != nil {
		return campaign.Draw{}, *p.err
	}
	return d, err
}

// TestLostAnswer plays a campaign whose answer is lost, and again: it is the same draw,
// and no second one.
func TestLostAnswer(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	p := openCampaign(t, w)
	lost := errors.New("the core service does not answer")
	w.Settings.Backend.Promoter = func(context.Context) (Promoter, error) { return forgetful{p, &lost}, nil }
	w.Settings.Entrant = campaign.Person{FirstName: "Ann", LastName: "Lee"}
	f := do(t, newProgram(t, w), " ", " ")
	if !strings.Contains(f.View(), "✗ the core service does not answer") {
		t.Errorf("the error is not told:\n%s", f.View())
	}
	lost = nil
	f = do(t, f, " ")
	if got := f.screens[0].(drawScreen).drawn.draw.Index; got != 250 {
		t.Errorf("index %d is shown, want 250: there were other draws", got)
	}
	f = do(t, f, " ")
	if got := f.screens[0].(drawScreen).drawn.draw.Index; got != 251 {
		t.Errorf("index %d comes after it, want 251", got)
	}
}

// stage is a promoter whose next draw is known.
type stage struct {
	Promoter
	draw campaign.Draw
	list []campaign.Campaign
	next string // the cursor behind the list
	err  error
}

func (s stage) Play(context.Context, campaign.Play) (campaign.Draw, error) { return s.draw, s.err }

func (s stage) Campaigns(context.Context, campaign.List) (campaign.Page, error) {
	return campaign.Page{Campaigns: s.list, Next: s.next}, s.err
}

func (s stage) Campaign(_ context.Context, name string) (campaign.Campaign, error) {
	for _, c := range s.list {
		if c.Name == name {
			return c, nil
		}
	}
	return campaign.Campaign{}, campaign.Errorf(campaign.ErrNotFound, "there is no campaign %q", name)
}

// TestCampaignsBeyondTheList are taken by their name.
func TestCampaignsBeyondTheList(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	rules := must(prize.Builtin(prize.Generous))(t)
	s := stage{next: "1000", list: []campaign.Campaign{{
		Name: "ab", State: campaign.Open, Rules: "generous", RulesYAML: string(rules.Source()), TextFormat: "lower4", NumberFormat: "digits4",
	}}}
	w.Settings.Backend.Promoter = func(context.Context) (Promoter, error) { return s, nil }
	f := do(t, newProgram(t, w), "c", "end", "enter")
	if f = do(t, f, "enter"); !strings.Contains(f.View(), "it is empty, expected the name of a campaign") {
		t.Errorf("an empty name is taken:\n%s", f.View())
	}
	if f = do(t, f, "a", "b", "enter"); f.settings.Campaign == nil || f.settings.Campaign.Name != "ab" {
		t.Errorf("the campaign is not taken:\n%s", f.View())
	}
	s.next = ""
	if f = do(t, newProgram(t, w), "c"); strings.Contains(f.View(), "another") {
		t.Errorf("another campaign is offered where there is none:\n%s", f.View())
	}
}

// campaignViews are the states of the screen in a campaign.
func campaignViews(t *testing.T) []view {
	t.Helper()
	rules := must(prize.Builtin(prize.Generous))(t)
	rule, mug := "has a 4", &draw.Prize{Name: "Mug", Value: 800, Currency: "GBP"}
	person := campaign.Person{FirstName: "Zoë", LastName: "Müller-Lüdenscheidt"}
	played := func(w *world, err error) {
		s := stage{err: err, draw: campaign.Draw{
			ID: "summer-12-x", Index: 12, Account: "abcd1234", Text: "abcd", Number: "1234", Rule: &rule, Drawn: mug,
			Campaign: "summer", Entrant: &campaign.Contact{ID: 1, Person: person},
		}}
		for _, c := range []campaign.Campaign{
			{Name: "summer", Title: "Die große Sommerauslosung", State: campaign.Open},
			{Name: "spring", Title: "春のプレゼント", State: campaign.Closed},
		} {
			c.Rules, c.RulesYAML, c.TextFormat, c.NumberFormat = "generous", string(rules.Source()), "lower4", "digits4"
			s.list = append(s.list, c)
		}
		w.Settings.Backend.Promoter = func(context.Context) (Promoter, error) { return s, nil }
	}
	enter := []string{"c", "down", "enter", "Z", "o", "ë", "enter", "L", "enter", "enter"}
	return []view{
		{"campaigns", func(t *testing.T, w *world) frame {
			played(w, nil)
			return do(t, newProgram(t, w), enter[:2]...)
		}},
		{"entrant", func(t *testing.T, w *world) frame {
			played(w, nil)
			return do(t, newProgram(t, w), enter[:8]...)
		}},
		{"stock", func(t *testing.T, w *world) frame {
			played(w, nil)
			return do(t, do(t, newProgram(t, w), enter...), " ")
		}},
		{"no-database", func(t *testing.T, w *world) frame {
			played(w, errors.New("the database is not available: unable to open database file"))
			return do(t, newProgram(t, w), "c")
		}},
	}
}
