package site

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/alexedwards/scs/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/serve/password"
)

const adminPath = "/admin/"

// Admin is what the pages of the administrator need.
type Admin struct {
	Password *password.Password // nil for no such pages
	Sessions scs.Store          // of those who are logged in
}

// admin is the pages of the administrator.
type admin struct {
	campaigns *campaign.Admin
	password  *password.Password
	guesses   *guesses
	plain     *scs.SessionManager // of visitors by HTTP
	secure    *scs.SessionManager // of visitors by HTTPS
}

func newAdmin(cfg Config) *admin {
	return &admin{
		campaigns: cfg.Campaigns.Admin("admin"), password: cfg.Admin.Password, guesses: newGuesses(),
		plain: newSessions(cfg.Admin.Sessions, false), secure: newSessions(cfg.Admin.Sessions, true),
	}
}

// sessions are those that a request can belong to.
func (a *admin) sessions(r *http.Request) *scs.SessionManager {
	if isSecure(r) {
		return a.secure
	}
	return a.plain
}

// loginRoutes are what somebody may ask for who is about to log in.
func (s *Site) loginRoutes() map[string]handler {
	return map[string]handler{
		"GET /admin/login":  s.loginPage,
		"POST /admin/login": s.login,
	}
}

// adminRoutes are what only the administrator may ask for.
func (s *Site) adminRoutes() map[string]handler {
	return map[string]handler{
		"GET /admin":         s.adminHome,
		"GET /admin/{$}":     s.adminHome,
		"POST /admin/logout": s.logout,
		"GET /admin/changes": s.changes,

		"GET /admin/campaigns":                        s.adminCampaigns,
		"POST /admin/campaigns":                       s.createCampaign,
		"GET /admin/campaigns/new":                    s.newCampaign,
		"GET /admin/campaigns/{campaign}":             s.adminCampaign,
		"GET /admin/campaigns/{campaign}/edit":        s.editPage,
		"POST /admin/campaigns/{campaign}/edit":       s.editCampaign,
		"POST /admin/campaigns/{campaign}/{step}":     s.stepCampaign,
		"GET /admin/campaigns/{campaign}/draws":       s.adminDraws,
		"POST /admin/campaigns/{campaign}/draws":      s.adminPlay,
		"GET /admin/campaigns/{campaign}/export.csv":  s.exportCSV,
		"GET /admin/campaigns/{campaign}/export.json": s.exportJSON,

		"GET /admin/draws/{id}":         s.adminDraw,
		"POST /admin/draws/{id}/{mark}": s.markDraw,

		"GET /admin/entrants":              s.adminEntrants,
		"POST /admin/entrants":             s.addEntrant,
		"GET /admin/entrants.csv":          s.entrantsCSV,
		"GET /admin/entrants/{id}":         s.adminEntrant,
		"POST /admin/entrants/{id}":        s.editEntrant,
		"POST /admin/entrants/{id}/delete": s.deleteEntrant,
	}
}

// inSession loads and saves the session of the request around a handler. A site
// without the promoter's pages answers that there is no such page.
func (s *Site) inSession(h handler) http.Handler {
	if s.admin == nil {
		return s.handle(noPage)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessions := s.admin.sessions(r)
		sessions.LoadAndSave(s.handle(h)).ServeHTTP(w, r)
	})
}

// showAdmin answers with a page of the administrator, and says what was just done.
func (s *Site) showAdmin(w http.ResponseWriter, r *http.Request, status int, page, title string, body any) error {
	notice := s.admin.sessions(r).PopString(r.Context(), "notice")
	return s.showNoticed(w, r, status, "admin-"+page, title, notice, body)
}

// done leads to a page that says what was done.
func (s *Site) done(w http.ResponseWriter, r *http.Request, to, notice string) error {
	s.admin.sessions(r).Put(r.Context(), "notice", notice)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (s *Site) adminHome(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/admin/campaigns", http.StatusSeeOther)
	return nil
}

// more is where the other pages of a list are.
type more struct{ First, Next string }

// pagesOf tells where the pages of a list are: the same address with another cursor.
func pagesOf(r *http.Request, next string) more {
	query := r.URL.Query()
	var m more
	if query.Has("cursor") {
		query.Del("cursor")
		m.First = r.URL.Path + "?" + query.Encode()
	}
	if next != "" {
		query.Set("cursor", next)
		m.Next = r.URL.Path + "?" + query.Encode()
	}
	return m
}

// changesView is a page of the audit trail.
type changesView struct {
	Changes []campaign.Change
	Subject string
	More    more
}

const changesAPage = 50

func (s *Site) changes(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	page := campaign.Paging{Cursor: query.Get("cursor"), Limit: changesAPage}
	if _, err := page.Position(); err != nil {
		return errNoPage
	}
	var err error
	v := changesView{Subject: query.Get("subject")}
	v.Changes, err = s.admin.campaigns.Changes(r.Context(), campaign.ChangeQuery{Paging: page, Subject: v.Subject})
	if err != nil {
		return err
	}
	next := ""
	if len(v.Changes) == changesAPage {
		next = strconv.FormatInt(v.Changes[len(v.Changes)-1].ID, 10)
	}
	v.More = pagesOf(r, next)
	return s.showAdmin(w, r, http.StatusOK, "changes", "Audit trail", v)
}

// wrongField tells the field that an error is about and what is wrong with it. ok
// is false for errors that are not about what was filled in.
func wrongField(err error) (field, problem string, ok bool) {
	var wrong *campaign.FieldError
	switch {
	case errors.As(err, &wrong):
		return wrong.Field, sentence(wrong.Err.Error()), true
	case errors.Is(err, campaign.ErrInvalid), errors.Is(err, campaign.ErrExists), errors.Is(err, campaign.ErrChanged):
		return "", sentence(err.Error()), true
	}
	return "", "", false
}

// download has a browser keep what follows in a file.
func download(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
}

// streamed reports the error of an answer that may have begun: what was sent can't be
// taken back, but cut off so that nobody takes it for whole.
func (s *Site) streamed(r *http.Request, err error) error {
	if err == nil {
		return nil
	}
	s.cfg.Log.ErrorContext(r.Context(), "a download failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	panic(http.ErrAbortHandler)
}
