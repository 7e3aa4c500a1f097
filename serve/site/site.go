// Package site is the web site that people play on. It works without JavaScript, loads
// nothing from elsewhere, and changes nothing by GET: a prize is decided by a POST
// with a once-only key, so that a refresh, a double click or a second tab never plays
// twice.
//
// [New] makes it of a [campaign.Promoter] and what free play needs. Its templates and
// its style can be replaced by those of a theme.
package site

import (
	"context"
	"embed"
	"encoding/json"
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
)

//go:embed templates static
var files embed.FS

// Free is what free play needs: draws that are not stored, as deployed.
type Free interface {
	draw.Generator

	// Deployed tells the formats and rules that are deployed.
	Deployed(ctx context.Context) (textgen.Format, numgen.Format, *prize.Rules, error)

	// Fresh makes a seed, and the proof of where it comes from, nil for none.
	Fresh(ctx context.Context) (entropy.Seed, json.RawMessage, error)
}

// Config is what a site is made of.
type Config struct {
	Promoter *campaign.Promoter
	Free     Free
	Version  string       // of the program
	Admin    Admin        // the pages of the administrator, if there are any
	Theme    fs.FS        // templates/ and static/ that replace the site's own by their names; nil for none
	Ending   func() bool  // whether the server is about to end, so that live pages let go
	Log      *slog.Logger // of what goes wrong
	Now      func() time.Time
}

// Site answers the requests of visitors. Make one with [New].
type Site struct {
	cfg   Config
	pages pages
	live  *live
	admin *admin // nil where there are no pages of an administrator
	mux   *http.ServeMux
	guard http.Handler // the mux, for requests that do not come from other sites
}

// New makes a site. Its error is about the templates of a theme.
func New(cfg Config) (*Site, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Ending == nil {
		cfg.Ending = func() bool { return false }
	}
	s := &Site{cfg: cfg, mux: http.NewServeMux()}
	s.live = newLive(cfg.Promoter, cfg.Log)
	var err error
	if s.pages, err = newPages(cfg.Theme); err != nil {
		return nil, err
	}
	if cfg.Promoter != nil && cfg.Admin.Password != nil {
		s.admin = newAdmin(cfg)
	}
	s.routes()
	s.guard = http.NewCrossOriginProtection().Handler(s.mux)
	return s, nil
}

// Paths are the patterns of what the site answers.
func Paths() []string {
	return []string{"/{$}", "/campaigns", "/try", "/try/", "/c/", "/d/", "/static/", "/favicon.ico", "/robots.txt", "/admin", "/admin/"}
}

// ServeHTTP implements [http.Handler].
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	most := int64(maxForm)
	if strings.HasPrefix(r.URL.Path, adminPath) {
		most = maxAdminForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	s.guard.ServeHTTP(w, r)
}

// How many bytes a form may have. Those of the administrator carry rules files.
const (
	maxForm      = 64 << 10
	maxAdminForm = 1 << 20
)

// visitorRoutes are what everybody may ask for.
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

func (s *Site) routes() {
	for pattern, handle := range s.visitorRoutes() {
		s.mux.Handle(pattern, s.handle(handle))
	}
	if s.admin != nil {
		for pattern, handle := range s.loginRoutes() {
			s.mux.Handle(pattern, s.inSession(handle))
		}
		for pattern, handle := range s.adminRoutes() {
			s.mux.Handle(pattern, s.inSession(s.loggedIn(handle)))
		}
	}
	s.mux.Handle("/", s.handle(func(http.ResponseWriter, *http.Request) error { return errNoPage }))
}
