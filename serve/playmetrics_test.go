package serve_test

import (
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestPlayMetrics checks the metrics of plays, of refusals by reason, and of the prizes that
// a campaign has awarded and has left.
func TestPlayMetrics(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		s := servertest.Start(t, serve.All, servertest.WithStore(t, address))
		admin := s.Admin(t, servertest.Token)
		ctx := t.Context()
		plan := campaign.Plan{
			Name: "summer", MaxPlays: 3,
			RulesYAML: "name: mugs\ncurrency: GBP\nrules:\n- prizes: [{prize: Mug, value: 8, chance: 100%, stock: 2}]\n",
		}
		if _, err := admin.Create(ctx, plan); err != nil {
			t.Fatal(err)
		}
		play := func(campaign string, headers ...string) {
			t.Helper()
			body := `{"campaign":"` + campaign + `","entrant":{"first_name":"Ada","last_name":"Byron"}}`
			s.Send(t, "POST", "/v1/draws", body, headers...)
		}
		play("summer") // the public cannot see a draft
		if _, err := admin.Open(ctx, "summer"); err != nil {
			t.Fatal(err)
		}
		play("summer", "Idempotency-Key", `"one"`)
		play("summer", "Idempotency-Key", `"one"`)
		play("summer")
		play("summer")
		play("summer")
		play("no-such-campaign")
		s.Send(t, "POST", "/v1/draws", `{"campaign":"summer"}`)
		_, text := s.Send(t, "GET", "/metrics", "")
		for _, want := range []string{
			`prizegen_plays_total{campaign="summer",result="made"} 3`,
			`prizegen_plays_total{campaign="summer",result="repeated"} 1`,
			`prizegen_plays_refused_total{reason="not-found"} 2`,
			`prizegen_plays_refused_total{reason="no-plays-left"} 1`,
			`prizegen_plays_refused_total{reason="invalid-value"} 1`,
			`prizegen_plays_refused_total{reason="busy"} 0`,
			`prizegen_play_duration_seconds_count 4`,
			`prizegen_plays_waiting 0`,
			`prizegen_database_up 1`,
			`prizegen_campaign_plays_total{campaign="summer"} 3`,
			`prizegen_campaign_stock{campaign="summer",prize="Mug"} 2`,
			`prizegen_campaign_stock_left{campaign="summer",prize="Mug"} 0`,
			`prizegen_campaign_awarded_total{campaign="summer",prize="Mug"} 2`,
			`prizegen_campaign_awarded_minor_units_total{campaign="summer",currency="GBP"} 1600`,
		} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("got the metrics below, want %s in them\n%s", want, text)
			}
		}
		if strings.Contains(text, "no-such-campaign") {
			t.Error("got the label no-such-campaign, want no label from a request")
		}
		promtool(t, text)
	})
}
