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

// backend has what the handlers of a server share.
type backend struct {
	*responder

	cfg         Config
	rules       *ruleBook
	client      *remote.Client    // nil if no service is called
	deployed    *deployed         // of a core
	campaigns   *campaign.Service // of a core that keeps campaigns, nil otherwise
	fresh       *freshSeeds
	wrongTokens *rate.Limiter
	room        *semaphore.Weighted // for the draws under way
	started     atomic.Bool         // whether it was ever ready
	traffic     traffic
	metrics     *metrics
}

// traffic counts requests, so that a server ends when no more come.
type traffic struct {
	draining atomic.Bool
	begun    atomic.Uint64 // requests, since the server is draining
	underWay atomic.Int64  // requests
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
		services.Observer = b.metrics
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

// The rate limit of wrong tokens. Requests with the right token have no limit.
const (
	wrongTokensPerSecond = 5
	wrongTokensBurst     = 50
)

// maxUnderWay is the number of draws that all requests may make at the same time. It bounds
// their memory, which is about 200 bytes for each draw.
const maxUnderWay = 20 * remote.MaxCount

// uncountedDraws is the number of draws that a request may make without waiting for room:
// the request itself takes more memory.
const uncountedDraws = 10

// maxWait is the time that a request waits for room before it is refused.
const maxWait = 5 * time.Second

// reserve waits for room for a number of draws. The caller must free it with release.
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
