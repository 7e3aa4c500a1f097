package serve

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/serve/site"
)

// Server serves one role. Use [New] to create one.
type Server struct {
	cfg         Config
	rules       *ruleBook
	sentRules   *ruleCache
	client      *remote.Client    // nil if no service is called
	deployed    *deployed         // of a core
	campaigns   *campaign.Service // of a core that keeps campaigns, nil otherwise
	site        *site.Site        // of a core
	wrongTokens *rate.Limiter
	fresh       *freshSeeds
	metrics     *metrics
	room        *semaphore.Weighted // for the draws under way
	started     atomic.Bool         // whether it was ever ready
	draining    atomic.Bool
	begun       atomic.Uint64 // requests, since the server is draining
	underWay    atomic.Int64  // requests
	buffers     buffers
	mux         *mux
	handler     http.Handler

	// Values of headers that all answers share.
	jsonType, noStore []string
}

// maxUnderWay is the number of draws that all requests may make at the same time. It bounds
// their memory, which is about 200 bytes for each draw.
const maxUnderWay = 20 * remote.MaxCount

// uncountedDraws is the number of draws that a request may make without waiting for room:
// the request itself takes more memory.
const uncountedDraws = 10

// New returns a server. It returns an error if the deployed rules have mistakes.
func New(cfg Config) (*Server, error) {
	cfg.ReadTime = cmp.Or(cfg.ReadTime, readTime)
	cfg.ProbeTime = cmp.Or(cfg.ProbeTime, probeTime)
	s := &Server{cfg: cfg, metrics: newMetrics(cfg.Role, cfg.Version), room: semaphore.NewWeighted(maxUnderWay), jsonType: []string{jsonType}, noStore: []string{noStore}}
	s.fresh = newFreshSeeds(cfg.Entropy, cfg.EntropyEvery)
	var err error
	if s.rules, err = newRuleBook(cfg.Rules); err != nil {
		return nil, err
	}
	s.sentRules = newRuleCache()
	if cfg.Role == Core {
		services := cfg.Services
		services.Observer = s.metrics
		s.client = remote.New(services)
		for _, service := range []Role{Text, Number, Prize} {
			if s.client.Address(string(service)) != nil {
				s.metrics.calling(string(service))
			}
		}
	}
	s.deployed = &deployed{s: s}
	s.wrongTokens = rate.NewLimiter(wrongTokensPerSecond, wrongTokensBurst)
	if cfg.Store != nil && cfg.Role.has(Core) {
		s.campaigns = campaign.New(campaign.Config{Store: cfg.Store, Generator: s.generator(), Observe: s.metrics.played()})
		s.metrics.watch(s.campaigns, 2*cfg.ProbeTime)
	}
	if cfg.Role.has(Core) {
		if s.site, err = s.newSite(); err != nil {
			return nil, err
		}
	}
	s.handler = s.routes()
	return s, nil
}

// Handler returns the handler of all requests. [Server.Serve] uses it.
func (s *Server) Handler() http.Handler { return s.handler }

// Reload reads the deployed rules again. If they have mistakes, it returns an error and the
// old rules stay in use.
func (s *Server) Reload() error { return s.rules.reload() }

// generator returns the generator of the parts of draws.
func (s *Server) generator() draw.Generator {
	if s.client != nil {
		return s.client
	}
	return draw.Local{}
}

// maxWait is the time that a request waits for room before it is refused.
const maxWait = 5 * time.Second

// errBusy is returned if there is no room for more draws.
var errBusy = errors.New("too many draws are under way")

// reserve waits for room for a number of draws. The caller must free it with release.
func (s *Server) reserve(ctx context.Context, draws int) (release func(), err error) {
	if draws <= uncountedDraws {
		return func() {}, nil
	}
	if !s.room.TryAcquire(int64(draws)) {
		ctx, cancel := context.WithTimeout(ctx, maxWait)
		defer cancel()
		if s.room.Acquire(ctx, int64(draws)) != nil {
			return nil, errBusy
		}
	}
	return func() { s.room.Release(int64(draws)) }, nil
}
