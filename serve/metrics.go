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
	"github.com/prizegen/prizegen/pkg/remote"
)

// metrics are the metrics of a server. Their names follow
// https://prometheus.io/docs/practices/naming/.
type metrics struct {
	registry *prometheus.Registry
	handler  http.Handler

	requests *prometheus.CounterVec   // by method, route and status
	duration *prometheus.HistogramVec // by method and route
	inFlight prometheus.Gauge
	parts    *prometheus.CounterVec // texts and numbers, by service
	draws    *prometheus.CounterVec // by rules, rule and prize
	calls    *prometheus.CounterVec // by service and result
	callTime *prometheus.HistogramVec
	retries  *prometheus.CounterVec
	breaker  *prometheus.GaugeVec

	mu      sync.Mutex
	counted map[*prize.Rules][]prometheus.Counter // by outcome
}

var _ remote.Observer = (*metrics)(nil)

// breakerStates are the states that a circuit breaker can be in.
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
		requests: counter("prizegen_http_requests_total", "Requests answered.", "method", "route", "code"),
		duration: histogram("prizegen_http_request_duration_seconds", "Time from the header of a request to the end of its answer.", "method", "route"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "prizegen_http_requests_in_flight", Help: "Requests being answered now."}),
		parts:    counter("prizegen_parts_total", "Texts and numbers made.", "service"),
		draws:    counter("prizegen_draws_total", "Account numbers decided, by the rule that matched and the prize won.", "rules", "rule", "prize"),
		calls:    counter("prizegen_calls_total", "Calls of other services, after all their attempts.", "service", "result"),
		callTime: histogram("prizegen_call_duration_seconds", "Time that calls of other services took, with all their attempts.", "service"),
		retries:  counter("prizegen_call_retries_total", "Attempts of calls but the first.", "service"),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "prizegen_circuit_breaker_state", Help: "1 for the state that a service's circuit breaker is in.",
		}, []string{"service", "state"}),
		counted: map[*prize.Rules][]prometheus.Counter{},
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "prizegen_build_info", Help: "1, with the version and the role as labels."}, []string{"version", "role"})
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

// routeMetrics counts the requests of one route.
type routeMetrics struct {
	m             *metrics
	method, route string
	duration      prometheus.Observer
	ok            prometheus.Counter // of status 200, the most frequent
}

// route returns the metrics of the requests that match a pattern of the mux. A pattern
// without a method is for requests that match no route.
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

// generated counts texts or numbers.
func (m *metrics) generated(service string, n int) {
	m.parts.WithLabelValues(service).Add(float64(n))
}

// decided counts outcomes of rules. Rules that are not deployed are counted together,
// since anyone may send rules with any names.
func (m *metrics) decided(rules *prize.Rules, named bool, outcomes []prize.Outcome) {
	if !named {
		m.draws.WithLabelValues("sent", "", "").Add(float64(len(outcomes)))
		return
	}
	counters := m.counters(rules)
	counts := make([]int, len(counters))
	for _, o := range outcomes {
		counts[o]++
	}
	for o, n := range counts {
		if n > 0 {
			counters[o].Add(float64(n))
		}
	}
}

// counters returns the counter of each outcome of deployed rules.
func (m *metrics) counters(rules *prize.Rules) []prometheus.Counter {
	m.mu.Lock()
	defer m.mu.Unlock()
	counters := m.counted[rules]
	if counters != nil {
		return counters
	}
	for o := range rules.Outcomes() {
		var rule, won string
		if r := rules.Rule(prize.Outcome(o)); r != nil {
			rule = r.Name
		}
		if p := rules.Prize(prize.Outcome(o)); p != nil {
			won = p.Name
		}
		counters = append(counters, m.draws.WithLabelValues(rules.Name, rule, won))
	}
	m.counted[rules] = counters
	return counters
}

// calling starts the counters of the calls of a service at 0, so that the first failure is
// an increase.
func (m *metrics) calling(service string) {
	m.calls.WithLabelValues(service, "ok")
	m.calls.WithLabelValues(service, "error")
	m.retries.WithLabelValues(service)
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

// played returns a function that counts plays by their result.
func (m *metrics) played() func(campaign.Played) {
	made := registered(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prizegen_plays_total", Help: "Plays of campaigns that were answered with a draw, by the campaign and whether it was made or repeated for its once-only key.",
	}, []string{"campaign", "result"}))
	refused := registered(m.registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prizegen_plays_refused_total", Help: "Plays of campaigns that were refused, by the kind of problem.",
	}, []string{"reason"}))
	took := registered(m.registry, prometheus.NewHistogram(times("prizegen_play_duration_seconds", "Time that plays took which got a draw, with their waiting for others.")))
	// Reasons start at 0, so that the first refusal is an increase.
	for _, reason := range append(remote.ProblemKinds(), refusedGone, refusedError) {
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
		}
		took.Observe(p.Took.Seconds())
	}
}

// Reasons of refusals that are not kinds of problems.
const (
	refusedGone  = "gone"  // the client disconnected
	refusedError = "error" // a bug, which is logged
)

// refusal returns the label for the error of a play.
func refusal(err error) string {
	if errors.Is(err, context.Canceled) {
		return refusedGone
	}
	if p, ok := remote.ProblemOf(err); ok && p.Kind() != "" {
		return p.Kind()
	}
	return refusedError
}

// watch adds metrics of the open campaigns, which are read with the other metrics.
func (m *metrics) watch(campaigns *campaign.Service, probeTime time.Duration) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "prizegen_plays_waiting", Help: "Plays that wait for their draws in this process.",
		}, func() float64 { return float64(campaigns.Waiting()) }),
		newStockCollector(campaigns, probeTime),
	)
}

// stockCollector is a [prometheus.Collector] of the awarded and the remaining prizes of open
// campaigns. All cores of a database report the same.
type stockCollector struct {
	service   *campaign.Service
	probeTime time.Duration

	mu        sync.Mutex
	campaigns []campaign.Campaign
	err       error
	read      time.Time

	up, plays, left, stock, awarded, value *prometheus.Desc
}

// stockAge is the time that values from the database are cached.
const stockAge = 5 * time.Second

func newStockCollector(service *campaign.Service, probeTime time.Duration) *stockCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &stockCollector{
		service: service, probeTime: probeTime,
		up:      desc("prizegen_database_up", "Whether the database answered when it was asked for the open campaigns."),
		plays:   desc("prizegen_campaign_plays_total", "Draws that an open campaign has made, by all its cores.", "campaign"),
		left:    desc("prizegen_campaign_stock_left", "How many of a prize with stock an open campaign still has.", "campaign", "prize"),
		stock:   desc("prizegen_campaign_stock", "How many of a prize with stock an open campaign had at first.", "campaign", "prize"),
		awarded: desc("prizegen_campaign_awarded_total", "How many of a prize an open campaign has given.", "campaign", "prize"),
		value:   desc("prizegen_campaign_awarded_minor_units_total", "What the prizes are worth that an open campaign has given, in minor units of its currency.", "campaign", "currency"),
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
			name := strings.ToValidUTF8(p.Name, "?")
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

// open returns the open campaigns, read at most stockAge ago.
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
