package serve

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// backend contains the state that the handlers of a server share.
type backend struct {
	*responder

	cfg         Config
	rules       *ruleBook
	client      *remote.Client    // nil if the server calls no other service
	deployed    *deployed         // only for a core
	access      *access.Control   // only for a core that stores campaigns; otherwise nil
	campaigns   *campaign.Service // only for a core that stores campaigns; otherwise nil
	fresh       *freshSeeds
	wrongTokens *rate.Limiter
	limits      *ratelimit.Limits   // on the requests of strangers
	room        *room               // memory for the work of requests in progress
	compiling   *semaphore.Weighted // held while rules are compiled; one set at a time
	exports     *semaphore.Weighted // held by the exports in progress
	started     atomic.Bool         // whether the server has ever been ready
	traffic     traffic
	metrics     *metrics
}

// traffic counts requests, so that the server can shut down once no more requests arrive.
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
	memory := cmp.Or(cfg.Memory, defaultMemory)
	b := &backend{
		responder: newResponder(cfg.Log, cfg.ReadTime, newRoom(memory/bodyShare)),
		cfg:       cfg, rules: rules, metrics: newMetrics(cfg.Role, cfg.Version),
		fresh:       newFreshSeeds(cfg.Entropy, cfg.EntropyEvery),
		wrongTokens: rate.NewLimiter(wrongTokensPerSecond, wrongTokensBurst),
		room:        newRoom(memory - memory/bodyShare),
		compiling:   semaphore.NewWeighted(1),
		exports:     semaphore.NewWeighted(maxExports),
	}
	cfg.RateLimits.Refused = b.metrics.limited()
	b.limits = ratelimit.New(cfg.RateLimits)
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
		b.campaigns = campaign.New(campaign.Config{
			Store: cfg.Store, Generator: b.generator(), DistinctAliases: cfg.DistinctAliases, Observe: b.metrics.played(), Compile: b.compile,
		})
		b.access, err = access.New(access.Config{Store: cfg.Access, Password: cfg.AdminPassword, Token: cfg.AdminToken})
		if err != nil {
			return nil, fmt.Errorf("admin password: %w", err)
		}
		b.metrics.watch(b.campaigns, 2*cfg.ProbeTime)
	}
	return b, nil
}

// generator returns the generator for the parts of draws: the client for other services, or
// the local one.
func (b *backend) generator() draw.Generator {
	if b.client != nil {
		return b.client
	}
	return draw.Local{}
}

// The rate limit for wrong tokens. It does not apply to requests with the right token.
const (
	wrongTokensPerSecond = 5
	wrongTokensBurst     = 50
)

// compile waits until no other rules are being compiled. The caller must call done after
// compiling.
func (b *backend) compile(ctx context.Context) (done func(), err error) {
	return acquire(ctx, b.compiling, 1, errCompiling)
}

// bodyShare determines how much memory request bodies may use: one part in bodyShare.
const bodyShare = 4

// maxExports is the maximum number of exports that may use the processor and the database
// at the same time.
const maxExports = 4
