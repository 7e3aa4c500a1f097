package serve

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
)

// backend contains the state that the handlers of a server share.
type backend struct {
	*responder

	cfg         Config
	rules       *ruleBook
	client      *remote.Client    // nil if no other service is called
	deployed    *deployed         // only for a core
	campaigns   *campaign.Service // only for a core that stores campaigns; otherwise nil
	fresh       *freshSeeds
	wrongTokens *rate.Limiter
	room        *semaphore.Weighted // capacity for the draws in progress
	started     atomic.Bool         // whether the server has ever been ready
	traffic     traffic
	metrics     *metrics
}

// traffic counts requests, so that the server can shut down when no more requests arrive.
type traffic struct {
	draining atomic.Bool
	begun    atomic.Uint64 // number of requests since draining began
	underWay atomic.Int64  // number of requests in progress
}

// newBackend returns a backend. It returns an error if the deployed rules have mistakes.
func newBackend(cfg Config) (*backend, error) {
	rules, err := newRuleBook(cfg.Rules)
	if err != nil {
		return nil, err
	}
	b := &backend{
		responder: newResponder(cfg.Log, cfg.ReadTime),
		cfg:       cfg, rules: rules, metrics: newMetrics(cfg.Role, cfg.Version),
		fresh:       newFreshSeeds(cfg.Entropy, cfg.EntropyEvery),
		wrongTokens: rate.NewLimiter(wrongTokensPerSecond, wrongTokensBurst),
		room:        semaphore.NewWeighted(maxUnderWay),
	}
	if cfg.Role == Core {
		services := cfg.Services
		services.Core = nil // this server
		services.Observer = newObserver(b.metrics, cfg.Log)
		b.client = remote.New(services)
		for _, service := range []Role{Text, Number, Prize} {
			if b.client.Address(string(service)) != nil {
				b.metrics.calling(string(service))
			}
		}
	}
	b.deployed = &deployed{textDefault: cfg.Text, numberDefault: cfg.Number, book: rules, client: b.client}
	if cfg.Store != nil && cfg.Role.has(Core) {
		b.campaigns = campaign.New(campaign.Config{Store: cfg.Store, Generator: b.generator(), Observe: b.metrics.played()})
		b.metrics.watch(b.campaigns, 2*cfg.ProbeTime)
	}
	return b, nil
}

// generator returns the generator of the parts of draws.
func (b *backend) generator() draw.Generator {
	if b.client != nil {
		return b.client
	}
	return draw.Local{}
}

// This is the rate limit for wrong tokens. Requests with the right token are not limited.
const (
	wrongTokensPerSecond = 5
	wrongTokensBurst     = 50
)

// maxUnderWay is the maximum number of draws that all requests together may make at the
// same time. It limits their memory, which is about 200 bytes per draw.
const maxUnderWay = 20 * remote.MaxCount

// uncountedDraws is the number of draws that a request may make without reserving
// capacity, because the request itself takes more memory.
const uncountedDraws = 10

// maxWait is how long a request waits for capacity before it is refused.
const maxWait = 5 * time.Second

// reserve waits for capacity for a number of draws. The caller must free it with release.
func (b *backend) reserve(ctx context.Context, draws int) (release func(), err error) {
	if draws <= uncountedDraws {
		return func() {}, nil
	}
	if !b.room.TryAcquire(int64(draws)) {
		ctx, cancel := context.WithTimeout(ctx, maxWait)
		defer cancel()
		if b.room.Acquire(ctx, int64(draws)) != nil {
			return nil, errBusy
		}
	}
	return func() { b.room.Release(int64(draws)) }, nil
}
