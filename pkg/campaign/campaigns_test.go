package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// clock is a clock that tests can set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// noon is the time at which tests begin.
func noon() time.Time { return time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC) }

// timed returns an Admin and the clock that it uses.
func timed(t *testing.T) (*campaign.Admin, *clock) {
	t.Helper()
	c := &clock{noon()}
	return campaign.New(campaign.Config{Store: storetest.Open(t, storetest.File(t)), Generator: draw.Local{}, Now: c.now}).Admin("test"), c
}

func TestPlanValidation(t *testing.T) {
	p, _ := timed(t)
	later := noon().Add(time.Hour)
	year1, year10000 := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		change func(*campaign.Plan)
		field  string
	}{
		"no name":                {func(p *campaign.Plan) { p.Name = "" }, "name"},
		"a name in capitals":     {func(p *campaign.Plan) { p.Name = "Summer" }, "name"},
		"a long name":            {func(p *campaign.Plan) { p.Name = strings.Repeat("a", 41) }, "name"},
		"a name with a path":     {func(p *campaign.Plan) { p.Name = "../summer" }, "name"},
		"a long title":           {func(p *campaign.Plan) { p.Title = strings.Repeat("é", 201) }, "title"},
		"a title with two lines": {func(p *campaign.Plan) { p.Title = "a\nb" }, "title"},
		"a title not in UTF-8":   {func(p *campaign.Plan) { p.Title = "\xff" }, "title"},
		"negative max_plays":     {func(p *campaign.Plan) { p.MaxPlays = -1 }, "max_plays"},
		"no time to play":        {func(p *campaign.Plan) { p.OpensAt, p.ClosesAt = &later, &later }, "closes_at"},
		"a start in year 1":      {func(p *campaign.Plan) { p.OpensAt = &year1 }, "opens_at"},
		"an end in year 10000":   {func(p *campaign.Plan) { p.ClosesAt = &year10000 }, "closes_at"},
		"a bad text format":      {func(p *campaign.Plan) { p.TextFormat = "letters" }, "text_format"},
		"a bad number format":    {func(p *campaign.Plan) { p.NumberFormat = "lower4" }, "number_format"},
		"bad rules":              {func(p *campaign.Plan) { p.RulesYAML = "rules: 7" }, "rules_yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := plan("summer")
			test.change(&plan)
			_, err := p.Create(t.Context(), plan)
			if err == nil || field(err) != test.field {
				t.Errorf("Create: got error %v for field %q, want an error for field %q", err, field(err), test.field)
			}
		})
	}
	if list, _, err := p.Campaigns(t.Context(), campaign.CampaignQuery{}); err != nil || len(list) != 0 {
		t.Errorf("campaigns: got %+v, error %v, want none", list, err)
	}
	plan := plan("summer")
	plan.Title = strings.Repeat("é", 200)
	if c, err := p.Create(t.Context(), plan); err != nil || c.Title != plan.Title || c.State != campaign.Draft || c.Commitment != "" {
		t.Errorf("created campaign: got %+v, error %v, want a draft without a commitment", c, err)
	}
	if _, err := p.Create(t.Context(), plan); !errors.Is(err, campaign.ErrExists) {
		t.Errorf("create a second campaign with the same name: got error %v, want ErrExists", err)
	}
}

// TestCampaignStates takes a campaign through its states. In each state it also tries
// calls that are possible only in other states.
func TestCampaignStates(t *testing.T) {
	p, clock := timed(t)
	ctx := t.Context()
	play := campaign.Play{Campaign: "summer", Person: person(1)}
	opens, closes := noon().Add(time.Hour), noon().Add(2*time.Hour)
	summer := plan("summer")
	summer.OpensAt, summer.ClosesAt = &opens, &closes

	draft, err := p.Create(ctx, summer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Play(ctx, play); !errors.Is(err, campaign.ErrNotOpen) {
		t.Errorf("play a draft: got error %v, want ErrNotOpen", err)
	}
	if _, err := p.Close(ctx, "summer"); !errors.Is(err, campaign.ErrState) {
		t.Errorf("close a draft: got error %v, want ErrState", err)
	}
	summer.RequireEmail, summer.TextFormat = true, "upper2"
	edited, err := p.Edit(ctx, "summer", draft.Version, summer)
	if err != nil || !edited.RequireEmail || edited.TextFormat != "upper2" || edited.Version != draft.Version+1 {
		t.Fatalf("edited draft: got %+v, error %v, want the changes and a new version", edited, err)
	}
	if _, err := p.Edit(ctx, "summer", draft.Version, summer); !errors.Is(err, campaign.ErrChanged) {
		t.Errorf("edit an old version: got error %v, want ErrChanged", err)
	}
	renamed := summer
	renamed.Name = "winter"
	if _, err := p.Edit(ctx, "summer", 0, renamed); field(err) != "name" {
		t.Errorf("rename: got error %v, want an error for field name", err)
	}

	open, err := p.Open(ctx, "summer")
	if err != nil || open.State != campaign.Open || len(open.Commitment) != 64 || open.Seed != "" {
		t.Fatalf("opened campaign: got %+v, error %v, want an open campaign with a commitment", open, err)
	}
	if _, err := p.Open(ctx, "summer"); !errors.Is(err, campaign.ErrState) {
		t.Errorf("open twice: got error %v, want ErrState", err)
	}
	play.Person.Email = "ann@example.org"
	if _, err := p.Play(ctx, play); !errors.Is(err, campaign.ErrNotOpen) || !strings.Contains(err.Error(), "begins at 2027-06-01T13:00:00Z") {
		t.Errorf("play before opens_at: got error %v, want ErrNotOpen", err)
	}
	clock.at = opens
	if _, err := p.Play(ctx, play); err != nil {
		t.Error(err)
	}
	play.Person.Email = ""
	if _, err := p.Play(ctx, play); field(err) != "email" {
		t.Errorf("play without an email address: got error %v, want an error for field email", err)
	}
	for name, change := range map[string]func(*campaign.Plan){
		"rules_yaml":    func(p *campaign.Plan) { p.RulesYAML += "\n" },
		"text_format":   func(p *campaign.Plan) { p.TextFormat = "lower4" },
		"number_format": func(p *campaign.Plan) { p.NumberFormat = "digits8" },
		"require_email": func(p *campaign.Plan) { p.RequireEmail = false },
		"opens_at":      func(p *campaign.Plan) { p.OpensAt = nil },
	} {
		changed := summer
		change(&changed)
		if _, err := p.Edit(ctx, "summer", 0, changed); field(err) != name || !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("edit %s of an open campaign: got error %v, want ErrInvalid", name, err)
		}
	}
	closes = closes.Add(time.Hour)
	summer.Title, summer.MaxPlays, summer.ClosesAt = "Summer!", 1, &closes
	if c, err := p.Edit(ctx, "summer", 0, summer); err != nil || c.Title != "Summer!" || c.Plays != 1 || c.Prizes[0].Stock == nil {
		t.Errorf("edited open campaign: got %+v, error %v, want the new title, 1 play and a prize with stock", c, err)
	}
	play.Person.Email = "Ann@Example.org"
	if _, err := p.Play(ctx, play); !errors.Is(err, campaign.ErrMaxPlays) {
		t.Errorf("play too often: got error %v, want ErrMaxPlays", err)
	}
	if err := p.Delete(ctx, "summer"); !errors.Is(err, campaign.ErrState) {
		t.Errorf("delete an open campaign: got error %v, want ErrState", err)
	}
	clock.at = closes
	if _, err := p.Play(ctx, play); !errors.Is(err, campaign.ErrEnded) || !strings.Contains(err.Error(), "ended at 2027-06-01T15:00:00Z") {
		t.Errorf("play after closes_at: got error %v, want ErrEnded", err)
	}

	closed, err := p.Close(ctx, "summer")
	if err != nil || closed.State != campaign.Closed || closed.Seed == "" || closed.ClosedAt == nil {
		t.Fatalf("closed campaign: got %+v, error %v, want a closed campaign with its seed", closed, err)
	}
	if _, err := p.Close(ctx, "summer"); !errors.Is(err, campaign.ErrState) {
		t.Errorf("close twice: got error %v, want ErrState", err)
	}
	clock.at = opens
	if _, err := p.Play(ctx, play); !errors.Is(err, campaign.ErrEnded) {
		t.Errorf("play a closed campaign: got error %v, want ErrEnded", err)
	}
	summer.MaxPlays = 5
	if _, err := p.Edit(ctx, "summer", 0, summer); field(err) != "max_plays" {
		t.Errorf("edit max_plays of a closed campaign: got error %v, want an error for field max_plays", err)
	}
	summer.MaxPlays, summer.Title = 1, "That was summer"
	if c, err := p.Edit(ctx, "summer", 0, summer); err != nil || c.Title != summer.Title {
		t.Errorf("edited closed campaign: got %+v, error %v, want title %q", c, err, summer.Title)
	}

	changes, err := p.Changes(ctx, campaign.ChangeQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, c := range changes {
		actions = append(actions, c.Actor+" "+c.Action)
	}
	want := "test campaign.edit, test campaign.close, clock campaign.end, test campaign.edit, test draw.make, test campaign.open, test campaign.edit, test campaign.create"
	if got := strings.Join(actions, ", "); got != want {
		t.Errorf("audit trail: got\n%s\nwant\n%s", got, want)
	}
	want = `title: "summer" → "Summer!"; closes_at: 2027-06-01T14:00:00Z → 2027-06-01T15:00:00Z; max_plays: 0 → 1`
	if got := changes[3].Detail; got != want {
		t.Errorf("detail of the edit: got %s, want %s", got, want)
	}
}

// TestOpenRefusesBadPlans checks that campaigns with invalid plans cannot be opened.
func TestOpenRefusesBadPlans(t *testing.T) {
	p, _ := timed(t)
	past := noon().Add(-time.Hour)
	for name, test := range map[string]struct {
		change func(*campaign.Plan)
		want   string
	}{
		"prize-out-of-reach": {func(p *campaign.Plan) {
			p.RulesYAML = "name: x\ncurrency: GBP\nrules:\n  - match: \"^[A-Z]\"\n    prizes: [{win: 1, chance: 1/2}]\n  - prizes: [{win: 1, chance: 1/2}]\n"
		}, "every rule must be reachable"},
		"nobody-covered": {func(p *campaign.Plan) {
			p.RulesYAML = "name: x\ncurrency: GBP\nrules:\n  - match: \"^a\"\n    prizes: [{win: 1, chance: 1/2}]\n"
		}, "a rule for every account number"},
		"over": {func(p *campaign.Plan) { p.ClosesAt = &past }, "is in the past"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := plan(name)
			test.change(&plan)
			if _, err := p.Create(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Open(t.Context(), name); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open: got error %v, want an error that contains %q", err, test.want)
			}
			if c, err := p.Campaign(t.Context(), name); err != nil || c.State != campaign.Draft || c.Commitment != "" {
				t.Errorf("campaign: got %+v, error %v, want a draft without a commitment", c, err)
			}
			_, uncovered, err := plan.Preview()
			if err != nil || name != "over" && (uncovered == nil || !strings.Contains(uncovered.Error(), test.want)) {
				t.Errorf("Preview: got uncovered %v, error %v, want uncovered to contain %q", uncovered, err, test.want)
			}
			if err := p.Delete(t.Context(), name); err != nil {
				t.Error(err)
			}
			if _, err := p.Campaign(t.Context(), name); !errors.Is(err, campaign.ErrNotFound) {
				t.Errorf("deleted draft: got error %v, want ErrNotFound", err)
			}
		})
	}
}

// TestOddsAreComputedOnce checks that the odds of a campaign, which anyone can request, are
// computed only once, and that Compile is called whenever rules are compiled.
func TestOddsAreComputedOnce(t *testing.T) {
	compilations, refused := 0, error(nil)
	public := campaign.New(campaign.Config{
		Store: storetest.Open(t, storetest.File(t)), Generator: draw.Local{},
		Compile: func(context.Context) (func(), error) { compilations++; return func() {}, refused },
	})
	p := public.Admin("test")
	for _, step := range []struct {
		what string
		do   func() error
		want int
	}{
		{"create", func() error { _, err := p.Create(t.Context(), plan("summer")); return err }, 1},
		{"open", func() error { _, err := p.Open(t.Context(), "summer"); return err }, 1},
		{"compute the odds", func() error { _, err := public.Odds(t.Context(), "summer"); return err }, 2}, // the rules, then the odds
		{"repeat the odds", func() error { _, err := public.Odds(t.Context(), "summer"); return err }, 0},
		{"preview", func() error { _, _, err := p.Preview(t.Context(), plan("winter")); return err }, 1},
	} {
		compilations = 0
		if err := step.do(); err != nil || compilations != step.want {
			t.Errorf("%s: got %d calls to Compile, error %v, want %d", step.what, compilations, err, step.want)
		}
	}
	refused = campaign.ErrBusy
	if _, err := p.Create(t.Context(), plan("winter")); !errors.Is(err, campaign.ErrBusy) {
		t.Errorf("create while Compile refuses: got error %v, want ErrBusy", err)
	}
}

// lister is a Service or an Admin.
type lister interface {
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
}

// TestPublicSeesNoDrafts checks that a Service, unlike an Admin, neither lists nor returns
// drafts. It reads the lists page by page.
func TestPublicSeesNoDrafts(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	public := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}})
	p := public.Admin("test")
	for i := range 5 {
		plan := plan(fmt.Sprintf("c-%d", i))
		if _, err := p.Create(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			if _, err := p.Open(t.Context(), plan.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	names := func(p lister, q campaign.CampaignQuery) (all string) {
		for {
			list, next, err := p.Campaigns(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				all += c.Name + " "
			}
			if q.Cursor = next; q.Cursor == "" {
				return all
			}
		}
	}
	if got := names(p, campaign.CampaignQuery{Paging: campaign.Paging{Limit: 2}}); got != "c-4 c-3 c-2 c-1 c-0 " {
		t.Errorf("campaigns for a promoter: got %s, want all 5, newest first", got)
	}
	if got := names(public, campaign.CampaignQuery{Paging: campaign.Paging{Limit: 2}}); got != "c-4 c-2 c-0 " {
		t.Errorf("campaigns for the public: got %s, want c-4 c-2 c-0", got)
	}
	if got := names(p, campaign.CampaignQuery{State: campaign.Draft}); got != "c-3 c-1 " {
		t.Errorf("drafts for a promoter: got %s, want c-3 c-1", got)
	}
	for _, name := range []string{"c-1", "no such", "none"} {
		if _, err := public.Campaign(t.Context(), name); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("Campaign(%s) for the public: got error %v, want ErrNotFound", name, err)
		}
		if _, err := public.Odds(t.Context(), name); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("Odds(%s) for the public: got error %v, want ErrNotFound", name, err)
		}
		if _, err := public.AccountOdds(t.Context(), name, "abcd1234"); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("AccountOdds(%s) for the public: got error %v, want ErrNotFound", name, err)
		}
		if _, _, err := public.Winners(t.Context(), name, campaign.Paging{}); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("Winners(%s) for the public: got error %v, want ErrNotFound", name, err)
		}
	}
	for _, cursor := range []string{"0", "-1", "x", "99999999999999999999"} {
		if _, _, err := p.Campaigns(t.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Cursor: cursor}}); field(err) != "cursor" {
			t.Errorf("cursor %s: got error %v, want an error for field cursor", cursor, err)
		}
	}
	odds, err := public.Odds(t.Context(), "c-0")
	if err != nil || odds.Currency != "GBP" || len(odds.Rows) != 5 {
		t.Errorf("odds of the campaign: got %+v, error %v, want 5 rows in GBP", odds, err)
	}
	one, err := public.AccountOdds(t.Context(), "c-0", "abcd4000")
	if err != nil || len(one.Rows) != 3 || one.Rows[0].Probability != "1/2" {
		t.Errorf("odds of an account number: got %+v, error %v, want 3 rows, the first with probability 1/2", one, err)
	}
}
