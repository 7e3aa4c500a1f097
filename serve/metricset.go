package serve

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	vm "github.com/VictoriaMetrics/metrics"
)

// metricSet is a set of metrics that is served in the text format of Prometheus:
// https://prometheus.io/docs/instrumenting/exposition_formats/. It is safe for concurrent
// use.
type metricSet struct {
	mu         sync.Mutex
	families   []*family
	collectors []func(*bytes.Buffer) // each writes further families
}

// family is all metrics of one name, which differ in the values of their labels.
type family struct {
	name, kind, help string
	labels           []string
	series           *vm.Set
}

// metricKinds are the types of metrics in the text format.
const (
	counterKind   = "counter"
	gaugeKind     = "gauge"
	histogramKind = "histogram"
	summaryKind   = "summary"
)

// add adds a family to the set.
func (s *metricSet) add(kind, name, help string, labels ...string) *family {
	f := &family{name: name, kind: kind, help: help, labels: labels, series: vm.NewSet()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.families = append(s.families, f)
	slices.SortFunc(s.families, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	return f
}

// collect adds a function that writes further families whenever the metrics are read.
func (s *metricSet) collect(write func(*bytes.Buffer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collectors = append(s.collectors, write)
}

// ServeHTTP writes all metrics.
func (s *metricSet) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	families, collectors := slices.Clone(s.families), slices.Clone(s.collectors)
	s.mu.Unlock()
	var text, series bytes.Buffer
	for _, f := range families {
		series.Reset()
		if f.series.WritePrometheus(&series); series.Len() > 0 {
			f.writeHeader(&text)
			text.Write(series.Bytes())
		}
	}
	for _, write := range collectors {
		write(&text)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // an error means that the client has gone
}

func (f *family) writeHeader(w *bytes.Buffer) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
}

// write writes a single metric of the family.
func (f *family) write(w *bytes.Buffer, value int64, labelValues ...string) {
	fmt.Fprintf(w, "%s %d\n", f.seriesName(labelValues), value)
}

// seriesName returns the name of a metric with its labels, in the order of f.labels.
func (f *family) seriesName(values []string) string {
	if len(f.labels) == 0 {
		return f.name
	}
	name := []byte(f.name)
	for i, label := range f.labels {
		name = append(name, "{,"[min(i, 1)])
		name = append(name, label...)
		name = append(name, `="`...)
		name = appendEscaped(name, values[i])
		name = append(name, '"')
	}
	return string(append(name, '}'))
}

// appendEscaped appends the value of a label as the text format requires it.
func appendEscaped(to []byte, value string) []byte {
	for i := range len(value) {
		switch c := value[i]; c {
		case '\\', '"':
			to = append(to, '\\', c)
		case '\n':
			to = append(to, `\n`...)
		default:
			to = append(to, c)
		}
	}
	return to
}

// vec is a family of counters, gauges or histograms.
type vec[M any] struct {
	family *family
	create func(name string) M
	known  sync.Map // from the name of a metric, with its labels, to M
}

// with returns the metric with the given values of the labels, in the order of
// [family.labels].
func (v *vec[M]) with(values ...string) M {
	name := v.family.seriesName(values)
	if m, ok := v.known.Load(name); ok {
		return m.(M)
	}
	m := v.create(name)
	v.known.Store(name, m)
	return m
}

// counters adds a family of counters.
func (s *metricSet) counters(name, help string, labels ...string) *vec[*vm.Counter] {
	f := s.add(counterKind, name, help, labels...)
	return &vec[*vm.Counter]{family: f, create: f.series.GetOrCreateCounter}
}

// gauges adds a family of gauges.
func (s *metricSet) gauges(name, help string, labels ...string) *vec[*vm.Gauge] {
	f := s.add(gaugeKind, name, help, labels...)
	return &vec[*vm.Gauge]{family: f, create: func(name string) *vm.Gauge { return f.series.GetOrCreateGauge(name, nil) }}
}

// histograms adds a family of histograms of seconds.
func (s *metricSet) histograms(name, help string, labels ...string) *vec[*vm.PrometheusHistogram] {
	bounds := []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	f := s.add(histogramKind, name, help, labels...)
	return &vec[*vm.PrometheusHistogram]{family: f, create: func(name string) *vm.PrometheusHistogram {
		return f.series.GetOrCreatePrometheusHistogramExt(name, bounds)
	}}
}
