package serve_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestMetrics checks the metrics of requests, and that callers cannot add labels.
func TestMetrics(t *testing.T) {
	s := servertest.Start(t, serve.All)
	s.Send(t, "GET", "/v1/text?count=5", "")
	s.Send(t, "GET", "/v1/text?count=0", "")
	s.Send(t, "GET", "/v1/nothing-of-the-sort", "")
	s.Send(t, "POST", "/v1/prize", `{"accounts":["zzzz0000","zzzz0000","zzzz0000"],"rules":"generous"}`)
	s.Send(t, "POST", "/v1/prize", `{"accounts":["x"],"rules_yaml":"name: made-up\ncurrency: GBP\nrules:\n- prizes: [{prize: Invented, chance: 100%}]\n"}`)
	s.Send(t, "POST", "/v1/draws", `{"count":10}`)
	_, text := s.Send(t, "GET", "/metrics", "")
	for _, want := range []string{
		`prizegen_http_requests_total{code="200",method="GET",route="/v1/text"} 1`,
		`prizegen_http_requests_total{code="422",method="GET",route="/v1/text"} 1`,
		`prizegen_http_requests_total{code="404",method="any",route="other"} 1`,
		`prizegen_http_request_duration_seconds_count{method="GET",route="/v1/text"} 2`,
		`prizegen_http_requests_in_flight 1`,
		`prizegen_parts_total{service="text"} 5`,
		`prizegen_draws_total{prize="",rule="",rules="sent"} 1`,
		`prizegen_build_info{role="all",version="1.2.3"} 1`,
		`process_resident_memory_bytes`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics: got no %s:\n%s", want, text)
		}
	}
	for _, bad := range []string{"made-up", "Invented", "nothing-of-the-sort"} {
		if strings.Contains(text, bad) {
			t.Errorf("metrics: got label %q from a request, want none", bad)
		}
	}
	if got := strings.Count(text, `prizegen_draws_total{prize="`); got < 2 {
		t.Errorf("metrics of draws: got %d rows, want at least 2", got)
	}
	front := servertest.StartComposed(t)
	front.Send(t, "POST", "/v1/draws", "{}")
	_, calls := front.Send(t, "GET", "/metrics", "")
	for _, want := range []string{
		`prizegen_calls_total{result="ok",service="prize"}`, `prizegen_circuit_breaker_state{service="text",state="closed"} 1`,
		`prizegen_circuit_breaker_state{service="text",state="open"} 0`, `prizegen_call_duration_seconds_count{service="number"}`,
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("metrics: got no %s:\n%s", want, calls)
		}
	}
	promtool(t, text)
	promtool(t, calls)
}

// promtool checks metrics against the Prometheus conventions. The program promtool is in
// the Debian package prometheus, which scripts/deps.sh installs.
func promtool(t *testing.T, metrics string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("promtool is not installed")
		}
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "check", "metrics")
	cmd.Stdin = strings.NewReader(metrics)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: got error %v and output\n%s\nwant no output", err, out)
	}
}

// TestPlayMetrics checks the metrics of plays, of refusals by reason, and of the awarded
// and remaining prizes of a campaign.
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
		play("summer") // refused, because the public cannot see a draft
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
				t.Errorf("metrics: got no %s:\n%s", want, text)
			}
		}
		if strings.Contains(text, "no-such-campaign") {
			t.Error("a request added label no-such-campaign")
		}
		promtool(t, text)
	})
}

// TestMetricsKeepUpcomingPrizesSecret checks that the prize service's metrics do not reveal
// the prizes of upcoming plays in a campaign. The core requests prizes for many plays in
// advance, so the service must not count them by prize. The core counts the prizes of
// stored plays.
func TestMetricsKeepUpcomingPrizesSecret(t *testing.T) {
	award := servertest.Start(t, serve.Prize, servertest.Quiet)
	core := servertest.StartComposed(t, servertest.WithStore(t, storetest.File(t)), func(cfg *serve.Config) {
		cfg.Services.Prize = award.Address(t)
	})
	core.OpenCampaign(t, "summer")
	before := drawsByPrize(t, award)
	const plays = 3
	for i := range plays {
		core.Send(t, "POST", "/v1/draws", fmt.Sprintf(`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee %d"}}`, i))
	}
	if got := drawsByPrize(t, award); !slices.Equal(got, before) {
		t.Errorf("metrics of the prize service after %d plays: got %q, want no prizes of a campaign", plays, got)
	}
	_, text := core.Send(t, "GET", "/metrics", "")
	total := 0
	for _, line := range drawsByPrize(t, core) {
		n, err := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if total != plays {
		t.Errorf("metrics of the core: got %d draws by prize, want %d\n%s", total, plays, text)
	}
	if _, got := award.Send(t, "GET", "/metrics", ""); !strings.Contains(got, `prizegen_parts_total{service="prize"}`) {
		t.Error("metrics of the prize service: got no number of outcomes, want it")
	}
}

// drawsByPrize returns the lines in a server's metrics that count draws by prize.
func drawsByPrize(t *testing.T, s *servertest.Server) (lines []string) {
	t.Helper()
	_, text := s.Send(t, "GET", "/metrics", "")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "prizegen_draws_total{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}
