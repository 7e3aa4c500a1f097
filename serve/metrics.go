package serve

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// metrics contains the metrics of a server. Their names follow
// https://prometheus.io/docs/practices/naming/.
type metrics struct {
	set *metricSet

	requests *vec[*vm.Counter]             // by code, method and route
	duration *vec[*vm.PrometheusHistogram] // by method and route
	inFlight *vm.Gauge
	parts    *vec[*vm.Counter] // texts, numbers and outcomes, by service
	draws    *vec[*vm.Counter] // by prize, rule and rules
	calls    *vec[*vm.Counter] // by result and service
	callTime *vec[*vm.PrometheusHistogram]
	retries  *vec[*vm.Counter]
	breaker  *vec[*vm.Gauge]
	refused  *vec[*vm.Counter] // responses of services, by service
}

// breakerStates returns the possible states of a circuit breaker.
func breakerStates() []string { return []string{"closed", "half-open", "open"} }

func newMetrics(role Role, version string) *metrics {
	set := &metricSet{}
	m := &metrics{
		set:      set,
		requests: set.counters("prizegen_http_requests_total", "Completed requests.", "code", "method", "route"),
		duration: set.histograms("prizegen_http_request_duration_seconds", "Time from the header of a request to the end of its response.", "method", "route"),
		inFlight: set.gauges("prizegen_http_requests_in_flight", "Requests in progress.").with(),
		parts:    set.counters("prizegen_parts_total", "Texts, numbers and outcomes generated.", "service"),
		draws:    set.counters("prizegen_draws_total", "Stored plays, and draws that belong to no campaign, by matching rule and prize.", "prize", "rule", "rules"),
		calls:    set.counters("prizegen_calls_total", "Calls to other services, each counted once after its last attempt.", "result", "service"),
		callTime: set.histograms("prizegen_call_duration_seconds", "Duration of calls to other services, including all attempts.", "service"),
		retries:  set.counters("prizegen_call_retries_total", "Repeated attempts of calls to other services.", "service"),
		breaker:  set.gauges("prizegen_circuit_breaker_state", "1 for the current state of a service's circuit breaker, otherwise 0.", "service", "state"),
		refused:  set.counters("prizegen_service_mismatches_total", "Responses from other services that were rejected as wrong.", "service"),
	}
	set.gauges("prizegen_build_info", "Always 1, with the version and the role as labels.", "role", "version").with(string(role), label(version)).Set(1)
	set.collect(writeProcessMetrics)
	return m
}

// routeMetrics counts the requests to one route.
type routeMetrics struct {
	m             *metrics
	method, route string
	duration      *vm.PrometheusHistogram
	ok            *vm.Counter // with status 200, the most frequent one
}

// route returns the metrics for requests that match a mux pattern. A pattern without a
// method stands for requests that match no route.
func (m *metrics) route(pattern string) *routeMetrics {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "any", "other"
	}
	return &routeMetrics{
		m: m, method: method, route: path,
		duration: m.duration.with(method, path),
		ok:       m.requests.with("200", method, path),
	}
}

func (r *routeMetrics) answered(status int, took time.Duration) {
	if status == http.StatusOK {
		r.ok.Inc()
	} else {
		r.m.requests.with(strconv.Itoa(status), r.method, r.route).Inc()
	}
	r.duration.Update(took.Seconds())
}

// generated counts texts, numbers or outcomes.
func (m *metrics) generated(service string, n int) {
	m.parts.with(service).Add(n)
}

// decided counts the outcomes of draws that belong to no campaign. Outcomes of rules that
// are not deployed are counted together, because anyone may send rules with any names.
func (m *metrics) decided(rules *prize.Rules, named bool, outcomes []prize.Outcome) {
	if !named {
		m.draws.with("", "", "sent").Add(len(outcomes))
		return
	}
	counts := make([]int, rules.Outcomes())
	for _, o := range outcomes {
		counts[o]++
	}
	for o, n := range counts {
		if n == 0 {
			continue
		}
		var rule, won string
		if r := rules.Rule(prize.Outcome(o)); r != nil {
			rule = r.Name
		}
		if p := rules.Prize(prize.Outcome(o)); p != nil {
			won = p.Name
		}
		m.drawn(rules.Name, rule, won).Add(n)
	}
}

// drawn returns the counter for draws with a given rule and prize. An empty won means no
// prize.
func (m *metrics) drawn(rules, rule, won string) *vm.Counter {
	return m.draws.with(label(won), label(rule), label(rules))
}

// label returns text as the value of a label, with invalid UTF-8 replaced.
func label(text string) string { return strings.ToValidUTF8(text, "?") }

// committed counts the draw of a stored play. Draws that are prepared for later plays are
// not counted, because the counts would reveal the next prizes.
func (m *metrics) committed(d *campaign.Draw) {
	var rule, won string
	if d.Rule != nil {
		rule = *d.Rule
	}
	if d.Prize != nil {
		won = d.Prize.Name
	}
	m.drawn(d.Rules, rule, won).Inc()
}

// calling initializes the counters for calls to a service to 0, so that the first failure
// counts as an increase.
func (m *metrics) calling(service string) {
	m.calls.with("ok", service)
	m.calls.with("error", service)
	m.retries.with(service)
	m.refused.with(service)
}

// Called implements [remote.Observer].
func (m *metrics) Called(service string, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.calls.with(result, service).Inc()
	m.callTime.with(service).Update(took.Seconds())
}

// Retried implements [remote.Observer].
func (m *metrics) Retried(service string) { m.retries.with(service).Inc() }

// Breaker implements [remote.Observer].
func (m *metrics) Breaker(service, state string) {
	for _, other := range breakerStates() {
		value := 0.0
		if other == state {
			value = 1
		}
		m.breaker.with(service, other).Set(value)
	}
}

// played returns a function that counts plays by result.
func (m *metrics) played() func(campaign.Played) {
	made := m.set.counters("prizegen_plays_total", "Plays that returned a draw, by campaign and by whether the draw was new or a repetition for the same once-only key.", "campaign", "result")
	refused := m.set.counters("prizegen_plays_refused_total", "Plays that were refused, by type of problem.", "reason")
	took := m.set.histograms("prizegen_play_duration_seconds", "Duration of plays that returned a draw, including the time spent waiting for other plays.").with()
	// Counters for all reasons start at 0, so that the first refusal counts as an increase.
	for _, reason := range append(wire.ProblemKinds(), refusedGone, refusedError) {
		refused.with(reason)
	}
	return func(p campaign.Played) {
		switch {
		case p.Err != nil:
			refused.with(refusal(p.Err)).Inc()
			return
		case p.Repeated:
			made.with(p.Draw.Campaign, "repeated").Inc()
		default:
			made.with(p.Draw.Campaign, "made").Inc()
			m.committed(p.Draw)
		}
		took.Update(p.Took.Seconds())
	}
}

// Reasons for refusals that are not types of problems.
const (
	refusedGone  = "gone"  // the client disconnected
	refusedError = "error" // a bug, which is logged
)

// refusal returns the label for the error of a play.
func refusal(err error) string {
	if errors.Is(err, context.Canceled) {
		return refusedGone
	}
	if p, ok := wire.ProblemOf(err); ok && p.Kind() != "" {
		return p.Kind()
	}
	return refusedError
}

// limited returns a function that counts requests that exceed a rate limit, by class.
func (m *metrics) limited() func(ratelimit.Class) {
	refused := m.set.counters("prizegen_rate_limited_total", "Requests that were refused because there were too many of them, by kind of request.", "class")
	// Counters for all classes start at 0, so that the first refusal counts as an increase.
	counters := map[ratelimit.Class]*vm.Counter{}
	for _, class := range ratelimit.Classes() {
		counters[class] = refused.with(class.String())
	}
	return func(class ratelimit.Class) { counters[class].Inc() }
}

// watch adds metrics of the open campaigns. They are read whenever metrics are collected.
func (m *metrics) watch(campaigns *campaign.Service, probeTime time.Duration) {
	waiting := &family{name: "prizegen_plays_waiting", kind: gaugeKind, help: "Plays that are waiting for their draws in this process."}
	m.set.collect(func(w *bytes.Buffer) {
		waiting.writeHeader(w)
		waiting.write(w, int64(campaigns.Waiting()))
	})
	m.set.collect((&stockCollector{service: campaigns, probeTime: probeTime}).write)
}

// stockCollector writes metrics of the awarded and the remaining prizes of open campaigns.
// All cores with the same database report the same values.
type stockCollector struct {
	service   *campaign.Service
	probeTime time.Duration

	mu        sync.Mutex
	campaigns []campaign.Campaign
	err       error
	read      time.Time
}

// stockAge is how long values from the database are cached.
const stockAge = 5 * time.Second

// write writes the metrics.
func (c *stockCollector) write(w *bytes.Buffer) {
	campaigns, err := c.open()
	up := &family{name: "prizegen_database_up", kind: gaugeKind, help: "1 if the database answered the last query for open campaigns, otherwise 0."}
	up.writeHeader(w)
	if err != nil {
		up.write(w, 0)
		return
	}
	up.write(w, 1)
	each := func(f *family, write func(f *family, row *campaign.Campaign)) {
		f.writeHeader(w)
		for i := range campaigns {
			write(f, &campaigns[i])
		}
	}
	each(&family{name: "prizegen_campaign_plays_total", kind: counterKind, help: "Draws of an open campaign, across all core services.", labels: []string{"campaign"}}, func(f *family, row *campaign.Campaign) {
		f.write(w, row.Plays, row.Name)
	})
	each(&family{name: "prizegen_campaign_awarded_total", kind: counterKind, help: "How often an open campaign has awarded a prize.", labels: []string{"campaign", "prize"}}, func(f *family, row *campaign.Campaign) {
		for _, p := range row.Prizes {
			f.write(w, p.Awarded, row.Name, label(p.Name))
		}
	})
	each(&family{name: "prizegen_campaign_awarded_minor_units_total", kind: counterKind, help: "Total value of the prizes that an open campaign has awarded, in minor units of its currency.", labels: []string{"campaign", "currency"}}, func(f *family, row *campaign.Campaign) {
		var value int64
		for _, p := range row.Prizes {
			value += p.Value * p.Awarded
		}
		f.write(w, value, row.Name, row.Currency)
	})
	each(&family{name: "prizegen_campaign_stock", kind: gaugeKind, help: "Initial stock of a prize of an open campaign.", labels: []string{"campaign", "prize"}}, func(f *family, row *campaign.Campaign) {
		for _, p := range row.Prizes {
			if p.Stock != nil {
				f.write(w, *p.Stock, row.Name, label(p.Name))
			}
		}
	})
	each(&family{name: "prizegen_campaign_stock_left", kind: gaugeKind, help: "Remaining stock of a prize of an open campaign.", labels: []string{"campaign", "prize"}}, func(f *family, row *campaign.Campaign) {
		for _, p := range row.Prizes {
			if left, limited := p.Left(); limited {
				f.write(w, left, row.Name, label(p.Name))
			}
		}
	})
}

// open returns the open campaigns. The result is at most stockAge old.
func (c *stockCollector) open() ([]campaign.Campaign, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read.IsZero() && time.Since(c.read) < stockAge {
		return c.campaigns, c.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.probeTime)
	defer cancel()
	list, _, err := c.service.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}, State: campaign.Open})
	c.campaigns, c.err, c.read = list, err, time.Now()
	return c.campaigns, c.err
}
