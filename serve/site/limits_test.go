package site_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// TestPatienceIsAsked plays and draws too often. The pages say how long to wait, and the form
// keeps what was entered, so that the visitor only has to press the button again.
func TestPatienceIsAsked(t *testing.T) {
	var passed atomic.Int64
	s := newServer(t, func(cfg *serve.Config) {
		limit := ratelimit.Limit{Events: 6, Per: time.Minute, Burst: 1}
		cfg.RateLimits = ratelimit.Config{Plays: limit, Draws: limit, Now: func() time.Time { return time.Unix(1_800_000_000, passed.Load()) }}
	})
	s.openCampaign(t, campaign.Plan{Name: "summer", RequireEmail: true})
	s.openCampaign(t, campaign.Plan{Name: "winter"}) // the home page lists both
	v := s.visitor(t)
	form := []string{"first_name", "Ann", "last_name", "Lee", "email", "ann@example.org"}
	v.play("summer", form...)

	other := s.visitor(t)
	other.get("/c/summer")
	p := other.wantStatus(other.post("/c/summer/play", append(form, "once", onceKey)...), http.StatusTooManyRequests)
	other.wantText(p, "Wait 10 seconds, then press Play again.")
	if got := p.Header.Get("Retry-After"); got != "10" {
		t.Errorf("got Retry-After %q, want 10", got)
	}
	for name, want := range map[string]string{"first_name": "Ann", "last_name": "Lee", "email": "ann@example.org"} {
		if field := p.find("input", "name", name); field == nil || attribute(field, "value") != want {
			t.Errorf("the form has lost %s", name)
		}
	}
	v.wantStatus(v.get("/try"), http.StatusOK)
	p = v.wantStatus(v.get("/try/42"), http.StatusTooManyRequests)
	v.wantText(p, "Wait 10 seconds, then load it again.")
	if got := p.Header.Get("Retry-After"); got != "10" || !strings.Contains(p.text, "</html>") {
		t.Errorf("got Retry-After %q and %s, want 10 and a page", got, p.text)
	}
	passed.Add(int64(10 * time.Second))
	other.play("summer", form...)
	v.wantStatus(v.get("/try/42"), http.StatusOK)
}

// TestRepeatsOnTheSite checks that the form answers only five times a minute that a person has
// played.
func TestRepeatsOnTheSite(t *testing.T) {
	s := newServer(t, func(cfg *serve.Config) {
		now := time.Now()
		cfg.RateLimits = ratelimit.Defaults()
		cfg.RateLimits.Now = func() time.Time { return now }
	})
	s.openCampaign(t, campaign.Plan{Name: "summer", RequireEmail: true, MaxPlays: 1})
	form := []string{"first_name", "Ann", "last_name", "Lee", "email", "ann@example.org"}
	s.visitor(t).play("summer", form...)
	for i := range 6 {
		v := s.visitor(t)
		once := onceIn(v.get("/c/summer"))
		want := http.StatusConflict
		if i == 5 {
			want = http.StatusTooManyRequests
		}
		v.wantStatus(v.post("/c/summer/play", append(form, "once", once)...), want)
	}
}

// onceIn returns the once-only key of a form.
func onceIn(of page) string { return attribute(of.find("input", "name", "once"), "value") }
