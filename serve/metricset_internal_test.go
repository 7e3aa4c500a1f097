package serve

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestMetricSet checks the text that a set of metrics writes: its order, and values of
// labels that the text format must escape. make test runs it.
func TestMetricSet(t *testing.T) {
	set := &metricSet{}
	won := set.counters("won_total", "Prizes won.", "prize", "rule")
	set.gauges("empty", "A family without metrics.", "state")
	set.gauges("active", "Active things.").with().Set(2)
	won.with("a \"b\" \\ c\nd", "é").Inc()
	won.with("", "").Add(3)
	took := set.histograms("took_seconds", "Durations.").with()
	took.Update(0.001)
	took.Update(20)
	w := httptest.NewRecorder()
	set.ServeHTTP(w, nil)
	got := w.Body.String()
	for _, want := range []string{
		"# HELP active Active things.\n# TYPE active gauge\nactive 2\n# HELP took_seconds Durations.\n# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"0.0005\"} 0\n",
		"took_seconds_bucket{le=\"10\"} 1\ntook_seconds_bucket{le=\"+Inf\"} 2\ntook_seconds_sum 20.001\ntook_seconds_count 2\n",
		"# TYPE won_total counter\nwon_total{prize=\"\",rule=\"\"} 3\nwon_total{prize=\"a \\\"b\\\" \\\\ c\\nd\",rule=\"é\"} 1\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("metrics: got\n%s\nwant them to contain\n%s", got, want)
		}
	}
	if strings.Contains(got, "empty") {
		t.Errorf("metrics: got a family without metrics:\n%s", got)
	}
}

// TestConcurrentMetrics checks that metrics which are created at the same time count
// everything. make test runs it.
func TestConcurrentMetrics(t *testing.T) {
	calls := (&metricSet{}).counters("calls_total", "Calls.", "service")
	const goroutines, each = 8, 100
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			for range each {
				calls.with("text").Inc()
			}
		})
	}
	wait.Wait()
	if got, want := calls.with("text").Get(), uint64(goroutines*each); got != want {
		t.Errorf("calls: got %d, want %d", got, want)
	}
}
