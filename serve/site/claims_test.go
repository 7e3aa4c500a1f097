package site_test

import (
	"net/http"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// TestFairnessPageStatesLimits checks that the fairness page states what verification
// proves and what it does not.
func TestFairnessPageStatesLimits(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	v := s.visitor(t)
	check := func() {
		t.Helper()
		p := v.wantStatus(v.get("/c/summer/fairness"), http.StatusOK)
		v.wantText(p, "What the check shows")
		v.wantText(p, "What the check does not show")
		v.wantText(p, "The promoter can know the results in advance")
		v.wantText(p, "Plays could be missing")
		v.wantText(p, "another order")
	}
	check()
	if _, err := s.api.Close(t.Context(), "summer"); err != nil {
		t.Fatal(err)
	}
	check()
}
