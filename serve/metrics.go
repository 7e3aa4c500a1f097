package serve

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// metrics contains the metrics of a server. Their names follow
// https://prometheus.io/docs/practices/naming/.
type metrics struct {
	registry *prometheus.Registry
	handler  http.Handler

	requests *prometheus.CounterVec   // by method, route and status
	duration *prometheus.HistogramVec // by method and route
	inFlight prometheus.Gauge
	parts    *prometheus.CounterVec // texts, numbers and outcomes, by service
	draws    *prometheus.CounterVec // by rules, rule and prize
	calls    *prometheus.CounterVec // by service and result
	callTime *prometheus.HistogramVec
	retries  *prometheus.CounterVec
	breaker  *prometheus.GaugeVec
	refused  *prometheus.CounterVec // responses of services, by service
}

// breakerStates returns the possible states of a circuit breaker.
func breakerStates() []string { return []string{"closed", "half-open", "open"} }

func newMetrics(role Role, version string) *metrics {
	registry := prometheus.NewRegistry()
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return registered(registry, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return registered(registry, prometheus.NewHistogramVec(times(name, help), labels))
	}
	m := &metrics{
		registry: registry,
		requests: counter("prizegen_http_requests_total", "Completed requests.", "method", "route", "code"),
		duration: histogram("prizegen_http_request_duration_seconds", "Time from the header of a request to the end of its response.", "method", "route"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "prizegen_http_requests_in_flight", Help: "Requests in progress."}),
		parts:    counter("prizegen_parts_total", "Texts, numbers and outcomes generated.", "service"),
		draws:    counter("prizegen_draws_total", "Stored plays, and draws that belong to no campaign, by matching rule and prize.", "rules", "rule", "prize"),
		calls:    counter("prizegen_calls_total", "Calls to other services, each counted once after its last attempt.", "service", "result"),
		callTime: histogram("prizegen_call_duration_seconds", "Duration of calls to other services, including all attempts.", "service"),
		retries:  counter("prizegen_call_retries_total", "Repeated attempts of calls to other services.", "service"),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "prizegen_circuit_breaker_state", Help: "1 for the current state of a service's circuit breaker, otherwise 0.",
		}, []string{"service", "state"}),
		refused: counter("prizegen_service_mismatches_total", "Responses from other services that were rejected as wrong.", "service"),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "prizegen_build_info", Help: "Always 1, with the version and the role as labels."}, []string{"version", "role"})
	build.WithLabelValues(version, string(role)).Set(1)
	registry.MustRegister(m.inFlight, m.breaker, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// registered adds a collector to a registry and returns it.
func registered[C prometheus.Collector](registry *prometheus.Registry, c C) C {
	registry.MustRegister(c)
	return c
}

// times returns the options of a histogram of seconds.
func times(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help,
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}
}

// routeMetrics counts the requests to one route.
type routeMetrics struct {
	m             *metrics
	method, route string
	duration      prometheus.Observer
	ok            prometheus.Counter // with status 200, the most frequent one
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
		duration: m.duration.WithLabelValues(method, path),
		ok:       m.requests.WithLabelValues(method, path, "200"),
	}
}

func (r *routeMetrics) answered(status int, took time.Duration) {
	if status == http.StatusOK {
		r.ok.Inc()
	} else {
		r.m.requests.WithLabelValues(r.method, r.route, strconv.Itoa(status)).Inc()
	}
	r.duration.Observe(took.Seconds())
}

// generated counts texts, numbers or outcomes.
func (m *metrics) generated(service string, n int) {
	m.parts.WithLabelValues(service).Add(float64(n))
}

// decided counts the outcomes of draws that belong to no campaign. Outcomes of rules that
// are not deployed are counted together, because anyone may send rules with any names.
func (m *metrics) decided(rules *prize.Rules, named bool, outcomes []prize.Outcome) {
	if !named {
		m.draws.WithLabelValues("sent", "", "").Add(float64(len(outcomes)))
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
		m.drawn(rules.Name, rule, won).Add(float64(n))
	}
}

// drawn returns the counter for draws with a given rule and prize. An empty won means no
// prize.
func (m *metrics) drawn(rules, rule, won string) prometheus.Counter {
	return m.draws.WithLabelValues(label(rules), label(rule), label(won))
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
	m.calls.WithLabelValues(service, "ok")
	m.calls.WithLabelValues(service, "error")
	m.retries.WithLabelValues(service)
	m.refused.WithLabelValues(service)
}

// Called implements [remote.Observer].
func (m *metrics) Called(service string, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.calls.WithLabelValues(service, result).Inc()
	m.callTime.WithLabelValues(service).Observe(took.Seconds())
}

// Retried implements [remote.Observer].
func (m *metrics) Retried(service string) { m.retries.WithLabelValues(service).Inc() }

// Breaker implements [remote.Observer].
func (m *metrics) Breaker(service, state string) {
	for _, other := range breakerStates() {
		value := 0.0
		if other == state {
			value = 1
		}
		m.breaker.WithLabelValues(service, other).Set(value)
	}
}

// played returns a function that counts plays by result.
func (m *metrics) played() func(campaign.Played) {
	made := registered(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prizegen_plays_total", Help: "Plays that returned a draw, by campaign and by whether the draw was new or a repetition for the same once-only key.",
	}, []string{"campaign", "result"}))
	refused := registered(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prizegen_plays_refused_total", Help: "Plays that were refused, by type of problem.",
	}, []string{"reason"}))
	took := registered(m.registry, prometheus.NewHistogram(times("prizegen_play_duration_seconds", "Duration of plays that returned a draw, including the time spent waiting for other plays.")))
	// Counters for all reasons start at 0, so that the first refusal counts as an increase.
	for _, reason := range append(wire.ProblemKinds(), refusedGone, refusedError) {
		refused.WithLabelValues(reason)
	}
	return func(p campaign.Played) {
		switch {
		case p.Err != nil:
			refused.WithLabelValues(refusal(p.Err)).Inc()
			return
		case p.Repeated:
			made.WithLabelValues(p.Draw.Campaign, "repeated").Inc()
		default:
			made.WithLabelValues(p.Draw.Campaign, "made").Inc()
			m.committed(p.Draw)
		}
		took.Observe(p.Took.Seconds())
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
	refused := registered(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prizegen_rate_limited_total", Help: "Requests that were refused because there were too many of them, by kind of request.",
	}, []string{"class"}))
	// Counters for all classes start at 0, so that the first refusal counts as an increase.
	counters := map[ratelimit.Class]prometheus.Counter{}
	for _, class := range ratelimit.Classes() {
		counters[class] = refused.WithLabelValues(class.String())
	}
	return func(class ratelimit.Class) { counters[class].Inc() }
}

// watch adds metrics of the open campaigns. They are read whenever metrics are collected.
func (m *metrics) watch(campaigns *campaign.Service, probeTime time.Duration) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "prizegen_plays_waiting", Help: "Plays that are waiting for their draws in this process.",
		}, func() float64 { return float64(campaigns.Waiting()) }),
		newStockCollector(campaigns, probeTime),
	)
}

// stockCollector is a [prometheus.Collector] for the awarded and the remaining prizes of
// open campaigns. All cores with the same database report the same values.
type stockCollector struct {
	service   *campaign.Service
	probeTime time.Duration

	mu        sync.Mutex
	campaigns []campaign.Campaign
	err       error
	read      time.Time

	up, plays, left, stock, awarded, value *prometheus.Desc
}

// stockAge is how long values from the database are cached.
const stockAge = 5 * time.Second

func newStockCollector(service *campaign.Service, probeTime time.Duration) *stockCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &stockCollector{
		service: service, probeTime: probeTime,
		up:      desc("prizegen_database_up", "1 if the database answered the last query for open campaigns, otherwise 0."),
		plays:   desc("prizegen_campaign_plays_total", "Draws of an open campaign, across all core services.", "campaign"),
		left:    desc("prizegen_campaign_stock_left", "Remaining stock of a prize of an open campaign.", "campaign", "prize"),
		stock:   desc("prizegen_campaign_stock", "Initial stock of a prize of an open campaign.", "campaign", "prize"),
		awarded: desc("prizegen_campaign_awarded_total", "How often an open campaign has awarded a prize.", "campaign", "prize"),
		value:   desc("prizegen_campaign_awarded_minor_units_total", "Total value of the prizes that an open campaign has awarded, in minor units of its currency.", "campaign", "currency"),
	}
}

// Describe implements [prometheus.Collector].
func (c *stockCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.plays, c.left, c.stock, c.awarded, c.value} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *stockCollector) Collect(to chan<- prometheus.Metric) {
	campaigns, err := c.open()
	up := 1.0
	if err != nil {
		up = 0
	}
	to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, up)
	for i := range campaigns {
		row := &campaigns[i]
		var value int64
		to <- prometheus.MustNewConstMetric(c.plays, prometheus.CounterValue, float64(row.Plays), row.Name)
		for _, p := range row.Prizes {
			name := label(p.Name)
			value += p.Value * p.Awarded
			to <- prometheus.MustNewConstMetric(c.awarded, prometheus.CounterValue, float64(p.Awarded), row.Name, name)
			if left, limited := p.Left(); limited {
				to <- prometheus.MustNewConstMetric(c.left, prometheus.GaugeValue, float64(left), row.Name, name)
				to <- prometheus.MustNewConstMetric(c.stock, prometheus.GaugeValue, float64(*p.Stock), row.Name, name)
			}
		}
		to <- prometheus.MustNewConstMetric(c.value, prometheus.CounterValue, float64(value), row.Name, row.Currency)
	}
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
