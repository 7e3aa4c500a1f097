package site_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestDemoCampaign checks that every page of the demo campaign identifies it as a demo,
// that a promoter can delete it with its draws, and that a promoter's own campaign of the
// same name is an ordinary one. make test runs it.
func TestDemoCampaign(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	s := newServerOn(t, db)
	const yaml = "name: mugs\ncurrency: GBP\nrules:\n  - prizes: [{prize: Mug, value: 8, chance: 1/1}]\n"
	plan := campaign.Plan{Name: campaign.Demo, RulesYAML: yaml}
	demo := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin(campaign.DemoActor)
	whole := plan
	whole.TextFormat, whole.NumberFormat = "lower4", "digits4"
	if _, err := demo.Create(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Open(t.Context(), campaign.Demo); err != nil {
		t.Fatal(err)
	}
	const banner = "This is a demo campaign."
	pages := func(want bool) {
		t.Helper()
		s.visitor(t).play(campaign.Demo, ann()...)
		d := s.draws(t, campaign.Demo)[0]
		public, promoter := s.visitor(t), s.promoter(t)
		for _, path := range []string{"/", "/c/welcome", "/c/welcome/winners", "/c/welcome/odds", "/c/welcome/fairness", "/c/welcome/live", "/d/" + d.ID} {
			if p := public.wantStatus(public.get(path), http.StatusOK); strings.Contains(p.text, banner) != want {
				t.Errorf("%s: got banner %t, want %t", path, !want, want)
			}
		}
		for _, path := range []string{"/admin/campaigns/welcome", "/admin/campaigns/welcome/edit", "/admin/campaigns/welcome/draws", "/admin/draws/" + d.ID} {
			if p := promoter.wantStatus(promoter.get(path), http.StatusOK); strings.Contains(p.text, banner) != want {
				t.Errorf("%s: got banner %t, want %t", path, !want, want)
			}
		}
		p := promoter.get("/admin/campaigns/welcome")
		if got := strings.Contains(p.text, `action="/admin/campaigns/welcome/delete"`); got != want {
			t.Errorf("form that deletes the campaign: got %t, want %t", got, want)
		}
	}
	pages(true)
	d := s.draws(t, campaign.Demo)[0]
	promoter := s.promoter(t)
	promoter.wantText(promoter.follow(promoter.post("/admin/campaigns/welcome/delete")), "The campaign welcome was deleted.")
	for _, path := range []string{"/c/welcome", "/d/" + d.ID} {
		promoter.wantStatus(promoter.get(path), http.StatusNotFound)
	}

	s.openCampaign(t, plan)
	pages(false)
	if err := s.api.Delete(t.Context(), campaign.Demo); !errors.Is(err, campaign.ErrState) {
		t.Errorf("deleting the promoter's campaign: got error %v, want ErrState", err)
	}
}
