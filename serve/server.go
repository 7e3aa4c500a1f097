package serve

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/site"
)

// Server serves one role. Use [New] to create one.
type Server struct {
	backend *backend
	site    *site.Site // only for a core
	mux     *mux
	handler http.Handler
	health  http.Handler // for the listener of the health
}

// New returns a server. It returns an error if the deployed rules have mistakes.
func New(cfg Config) (*Server, error) {
	cfg.ReadTime = cmp.Or(cfg.ReadTime, readTime)
	cfg.ProbeTime = cmp.Or(cfg.ProbeTime, probeTime)
	b, err := newBackend(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{backend: b}
	if cfg.Role.has(Core) {
		if s.site, err = newSite(b); err != nil {
			return nil, err
		}
	}
	s.registerRoutes()
	headers := newSecurityHeaders(cfg.HSTSMaxAge)
	s.handler = cfg.Proxies.behind(headers.handler(b.traced(s.onHosts(s.mux))))
	s.health = cfg.Proxies.behind(headers.handler(b.traced(s.onlyHealth(s.mux))))
	return s, nil
}

// Handler returns the handler for all requests. [Server.Serve] uses it.
func (s *Server) Handler() http.Handler { return s.handler }

// Reload reads the deployed rules again. If they have mistakes, it returns an error and the
// old rules stay in use.
func (s *Server) Reload() error { return s.backend.rules.reload() }

// registerRoutes creates the mux with all routes of the server's role.
func (s *Server) registerRoutes() {
	b := s.backend
	s.mux = &mux{http.NewServeMux(), b}
	a := newAPI(b, s.mux)
	if b.cfg.Role.has(Text) {
		a.registerTexts()
		a.registerStatus(Text)
	}
	if b.cfg.Role.has(Number) {
		a.registerNumbers()
		a.registerStatus(Number)
	}
	if b.cfg.Role.has(Prize) {
		a.registerPrizes()
		a.registerStatus(Prize)
	}
	if b.cfg.Role.has(Core) {
		a.registerDraws()
		a.registerCoreRules()
		a.registerStatus(Core)
		for _, page := range s.site.Routes() {
			s.mux.HandleFunc(page.Pattern, page.Handler.ServeHTTP)
		}
	}
	if b.campaigns != nil {
		a.registerCampaigns()
		a.registerStoredDraws()
		a.registerEntrants()
		a.registerChanges()
	}
	a.registerHealth()
	a.registerDocument()
	s.mux.handle("/", s.notFound)
}

// methods returns all methods that routes use.
func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}
}

// notFound handles requests that match no route. The status is 405 if the path accepts
// other methods, and 404 otherwise. Browsers get a page.
func (s *Server) notFound(w *responseRecorder, r *http.Request) error {
	var allowed []string
	for _, method := range methods() {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 && s.wantsPage(r) {
		s.site.NotFound().ServeHTTP(w, r.WithContext(w.context()))
		return nil
	}
	path := excerpt.Of(r.URL.Path)
	if len(allowed) == 0 {
		return problem(http.StatusNotFound, "there is nothing at %s; /openapi.json lists all paths", path)
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	return problem(http.StatusMethodNotAllowed, "method %s is not allowed for %s; use %s", excerpt.Of(r.Method), path, list)
}

// onHosts refuses requests for other hosts than the configured ones. Probes of the health
// and the readiness use the address of the machine, so they are exempt.
func (s *Server) onHosts(next http.Handler) http.Handler {
	hosts := s.backend.cfg.Hosts
	if len(hosts) == 0 {
		return next
	}
	refuse := s.backend.measured("/", s.wrongHost)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hosts.has(r.Host) || r.URL.Path == healthPath || r.URL.Path == readyPath {
			next.ServeHTTP(w, r)
			return
		}
		refuse.ServeHTTP(w, r)
	})
}

// onlyHealth passes on requests for the health, the readiness and the metrics, and refuses
// all others.
func (s *Server) onlyHealth(next http.Handler) http.Handler {
	refuse := s.backend.measured("/", func(_ *responseRecorder, r *http.Request) error {
		return problem(http.StatusNotFound, "there is nothing at %s; this address has only %s, %s and %s", excerpt.Of(r.URL.Path), healthPath, readyPath, metricsPath)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case healthPath, readyPath, metricsPath:
			next.ServeHTTP(w, r)
		default:
			refuse.ServeHTTP(w, r)
		}
	})
}

// wrongHost refuses a request for another host. Browsers get a page.
func (s *Server) wrongHost(w *responseRecorder, r *http.Request) error {
	if s.wantsPage(r) {
		s.site.WrongHost().ServeHTTP(w, r.WithContext(w.context()))
		return nil
	}
	return problem(http.StatusMisdirectedRequest, "this server does not serve the host %s; the setting hosts lists the hosts that it serves", excerpt.Of(r.Host))
}

// wantsPage reports whether an error should be a page, because a browser requests
// something outside of the API.
func (s *Server) wantsPage(r *http.Request) bool {
	return s.site != nil && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/v1/")
}

// free implements [site.Free].
type free struct {
	draw.Generator
	backend *backend
}

// Deployed implements [site.Free].
func (f free) Deployed(ctx context.Context) (text textgen.Format, number numgen.Format, rules *prize.Rules, err error) {
	if text, err = f.backend.deployed.textFormat(ctx); err != nil {
		return text, number, nil, err
	}
	if number, err = f.backend.deployed.numberFormat(ctx); err != nil {
		return text, number, nil, err
	}
	rules, err = f.backend.deployed.rules(ctx, "")
	return text, number, rules, err
}

// Fresh implements [site.Free].
func (f free) Fresh(ctx context.Context) (entropy.Seed, error) {
	seed, _, err := f.backend.fresh.get(ctx)
	return seed, err
}

// newSite returns the website for a core.
func newSite(b *backend) (*site.Site, error) {
	var admin site.Admin
	if b.access != nil && b.access.HasAdministrators() && b.cfg.Sessions != nil {
		admin = site.Admin{Access: b.access, Sessions: b.cfg.Sessions}
	}
	return site.New(site.Config{
		Admin: admin, Campaigns: b.campaigns, Free: free{b.generator(), b}, Version: b.cfg.Version,
		Theme: b.cfg.Theme, Limits: b.limits, Ending: b.traffic.draining.Load, Log: b.cfg.Log,
	})
}
