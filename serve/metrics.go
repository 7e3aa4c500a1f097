package serve

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

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

// decided counts outcomes.
func (m *metrics) decided(by *decider, outcomes []prize.Outcome) {
	m.decidedBy(by.rules, by.named, outcomes)
}

// decidedBy counts outcomes of rules. Rules that are not deployed are counted together,
// since anyone may send rules with any names.
func (m *metrics) decidedBy(rules *prize.Rules, named bool, outcomes []prize.Outcome) {
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
