// Package site serves the website on which people play. The site works without JavaScript
// and loads nothing from other hosts. A GET request changes nothing. A play is a POST
// request with a once-only key, so a reload, a double click or a second tab never makes
// another play.
//
// [New] returns a site, and [Site.Routes] returns its routes for a server to register. A
// theme can replace its templates and static files.
package site

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

//go:embed templates static
var files embed.FS

// Free makes draws for free play, which are not stored.
type Free interface {
	draw.Generator

	// Deployed returns the deployed formats and rules.
	Deployed(ctx context.Context) (textgen.Format, numgen.Format, *prize.Rules, error)

	// Fresh returns a new seed.
	Fresh(ctx context.Context) (entropy.Seed, error)
}

// Config configures a [Site].
type Config struct {
	Campaigns *campaign.Service // nil if the site offers only free play
	Free      Free
	Version   string            // version of the program
	Admin     Admin             // for the promoter's pages
	Theme     fs.FS             // files in templates/ and static/ that replace the site's own files; may be nil
	Limits    *ratelimit.Limits // on the requests of visitors; nil means none
	Ending    func() bool       // reports whether the server is shutting down, which ends live pages; nil means never
	Log       *slog.Logger
	Now       func() time.Time // nil means time.Now
}

// Site is the website. Create one with [New].
type Site struct {
	cfg         Config
	pages       *pages
	live        *live
	admin       *admin // nil if the promoter's pages are disabled
	crossOrigin *http.CrossOriginProtection
}

// New returns a site. It returns an error if the theme contains a mistake.
func New(cfg Config) (*Site, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Ending == nil {
		cfg.Ending = func() bool { return false }
	}
	p, err := newPages(cfg)
	if err != nil {
		return nil, err
	}
	s := &Site{cfg: cfg, pages: p, live: newLive(cfg), crossOrigin: http.NewCrossOriginProtection()}
	if cfg.Campaigns != nil && cfg.Admin.Access != nil {
		s.admin = newAdmin(cfg, p)
	}
	return s, nil
}

// Route is a route of the site.
type Route struct {
	Pattern string // for [http.ServeMux]; a pattern without a method is a fallback
	Handler http.Handler
}

// Limits on the sizes of forms in bytes. The promoter's forms contain rules files.
const (
	maxForm      = 64 << 10
	maxAdminForm = 1 << 20
)

// Routes returns all routes of the site, in no particular order. Their handlers set
// security headers and refuse forms that are too large or come from other sites. They send
// a page if an error occurs. Patterns without a method match wrong methods and unknown
// paths; they lead to the not-found page.
func (s *Site) Routes() []Route {
	var routes []Route
	add := func(pattern string, maxBody int64, h http.Handler) {
		routes = append(routes, Route{pattern, s.protect(maxBody, h)})
	}
	for pattern, h := range s.visitorRoutes() {
		add(pattern, maxForm, s.pages.handle(h))
	}
	for pattern, h := range s.admin.loginRoutes() {
		add(pattern, maxAdminForm, s.ifAdmin(func() http.Handler { return s.pages.handle(h) }))
	}
	for pattern, h := range s.admin.routes() {
		add(pattern, maxAdminForm, s.ifAdmin(func() http.Handler { return s.pages.handle(s.admin.loggedIn(h)) }))
	}
	for pattern := range fallbacks(routes) {
		add(pattern, maxForm, s.pages.handle(noPage))
	}
	return routes
}

// NotFound returns the handler for the not-found page.
func (s *Site) NotFound() http.Handler { return s.protect(maxForm, s.pages.handle(noPage)) }

// WrongHost returns the handler for requests for hosts that the server does not serve.
func (s *Site) WrongHost() http.Handler {
	return s.protect(maxForm, s.pages.handle(func(http.ResponseWriter, *http.Request) error { return errHost }))
}

func noPage(http.ResponseWriter, *http.Request) error { return errNoPage }

// ifAdmin returns the handler that h returns or, if the promoter's pages are disabled, the
// handler for the not-found page.
func (s *Site) ifAdmin(h func() http.Handler) http.Handler {
	if s.admin == nil {
		return s.pages.handle(noPage)
	}
	return h()
}

// fallbacks returns patterns for the first path segments of all routes: "/try" and
// "/try/" for "GET /try" and "GET /try/{seed}".
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

// protect wraps a handler in what all routes need: security headers, a limit on the body,
// and protection against forms from other sites.
func (s *Site) protect(maxBody int64, h http.Handler) http.Handler {
	h = s.crossOrigin.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSecurityHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h.ServeHTTP(w, r)
	})
}

// visitorRoutes returns the routes that everybody may use.
func (s *Site) visitorRoutes() map[string]handler {
	return map[string]handler{
		"GET /{$}":                   s.showHome,
		"GET /campaigns":             s.showCampaigns,
		"GET /try":                   s.showFreePlay,
		"POST /try":                  s.playFree,
		"GET /try/{seed}":            s.showFreeResult,
		"GET /c/{campaign}":          s.showPlay,
		"POST /c/{campaign}/play":    s.play,
		"POST /c/{campaign}/again":   s.playAgain,
		"GET /d/{id}":                s.showResult,
		"GET /c/{campaign}/winners":  s.showWinners,
		"GET /c/{campaign}/odds":     s.showOdds,
		"GET /c/{campaign}/fairness": s.showFairness,
		"GET /c/{campaign}/live":     s.showLive,
		"GET /c/{campaign}/events":   s.streamWinners,
		"GET /static/{file}":         s.pages.showStatic,
		"GET /favicon.ico":           s.pages.showFavicon,
		"GET /robots.txt":            s.pages.showRobots,
	}
}
