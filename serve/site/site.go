// Package site is the web site that people play on. It works without JavaScript, loads
// nothing from elsewhere, and changes nothing by GET: a prize is decided by a POST
// with a once-only key, so that a refresh, a double click or a second tab never plays
// twice.
//
// [New] makes it of a [campaign.Service] and what free play needs. Its templates and
// its style can be replaced by those of a theme.
package site

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

//go:embed templates static
var files embed.FS

// Free is what free play needs: draws that are not stored, as deployed.
type Free interface {
	draw.Generator

	// Deployed tells the formats and rules that are deployed.
	Deployed(ctx context.Context) (textgen.Format, numgen.Format, *prize.Rules, error)

	// Fresh makes a seed, and the proof of where it comes from, nil for none.
	Fresh(ctx context.Context) (entropy.Seed, jsontext.Value, error)
}

// Config is what a site is made of.
type Config struct {
	Campaigns *campaign.Service
	Free      Free
	Version   string       // of the program
	Admin     Admin        // the pages of the administrator, if there are any
	Theme     fs.FS        // templates/ and static/ that replace the site's own by their names; nil for none
	Ending    func() bool  // whether the server is about to end, so that live pages let go
	Log       *slog.Logger // of what goes wrong
	Now       func() time.Time
}

// Site is the web site. Make one with [New].
type Site struct {
	cfg         Config
	pages       pages
	live        *live
	admin       *admin // nil if there are no promoter's pages
	crossOrigin *http.CrossOriginProtection
}

// New makes a site. It returns an error if the theme has a mistake.
func New(cfg Config) (*Site, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Ending == nil {
		cfg.Ending = func() bool { return false }
	}
	s := &Site{cfg: cfg, live: newLive(cfg.Campaigns, cfg.Log), crossOrigin: http.NewCrossOriginProtection()}
	var err error
	if s.pages, err = newPages(cfg.Theme); err != nil {
		return nil, err
	}
	if cfg.Campaigns != nil && cfg.Admin.Password != nil {
		s.admin = newAdmin(cfg)
	}
	return s, nil
}

// Route is a route of the site.
type Route struct {
	Pattern string // for [http.ServeMux]; without a method it answers what no other route does
	Handler http.Handler
}

// maxForm is the number of bytes that a form may have. Forms of the promoter carry
// rules files.
const (
	maxForm      = 64 << 10
	maxAdminForm = 1 << 20
)

// Routes returns all routes of the site, in no particular order. Their handlers set
// the security headers, refuse forms sent from other sites or too large, and answer
// errors with a page. For each page there is also a pattern without a method, which
// answers wrong methods and paths below it with the page for not found.
func (s *Site) Routes() []Route {
	var routes []Route
	for pattern, h := range s.visitorRoutes() {
		routes = append(routes, Route{pattern, s.protect(maxForm, s.handle(h))})
	}
	for pattern, h := range s.loginRoutes() {
		routes = append(routes, Route{pattern, s.protect(maxAdminForm, s.inSession(h))})
	}
	for pattern, h := range s.adminRoutes() {
		routes = append(routes, Route{pattern, s.protect(maxAdminForm, s.inSession(s.loggedIn(h)))})
	}
	notFound := s.NotFound()
	for pattern := range fallbacks(routes) {
		routes = append(routes, Route{pattern, notFound})
	}
	return routes
}

// NotFound returns the handler of the page for not found.
func (s *Site) NotFound() http.Handler { return s.protect(maxForm, s.handle(noPage)) }

func noPage(http.ResponseWriter, *http.Request) error { return errNoPage }

// fallbacks returns the patterns that cover the first segments of all routes: "/try"
// and "/try/" for "GET /try" and "GET /try/{seed}".
func fallbacks(routes []Route) map[string]bool {
	patterns := map[string]bool{}
	for _, r := range routes {
		_, path, _ := strings.Cut(r.Pattern, " ")
		first, _, deeper := strings.Cut(path[1:], "/")
		if deeper {
			first += "/"
		}
		patterns["/"+first] = true
	}
	return patterns
}

// protect wraps a handler in the checks and headers that every route has.
func (s *Site) protect(maxBody int64, h http.Handler) http.Handler {
	h = s.crossOrigin.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h.ServeHTTP(w, r)
	})
}

// visitorRoutes are the routes for everybody.
func (s *Site) visitorRoutes() map[string]handler {
	return map[string]handler{
		"GET /{$}":                   s.home,
		"GET /campaigns":             s.campaigns,
		"GET /try":                   s.tryFresh,
		"POST /try":                  s.tryPlay,
		"GET /try/{seed}":            s.tryShow,
		"GET /c/{campaign}":          s.playPage,
		"POST /c/{campaign}/play":    s.play,
		"POST /c/{campaign}/again":   s.again,
		"GET /d/{id}":                s.result,
		"GET /c/{campaign}/winners":  s.winners,
		"GET /c/{campaign}/odds":     s.odds,
		"GET /c/{campaign}/fairness": s.fairness,
		"GET /c/{campaign}/live":     s.livePage,
		"GET /c/{campaign}/events":   s.events,
		"GET /static/{file}":         s.static,
		"GET /favicon.ico":           s.favicon,
		"GET /robots.txt":            s.robots,
	}
}
