package serve

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

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
