package site

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
)

const adminPath = "/admin/"

// Admin configures the promoter's pages.
type Admin struct {
	Access   *access.Control // nil if the promoter's pages are disabled
	Sessions SessionStore
}

// admin serves the promoter's pages.
type admin struct {
	cfg      Config
	pages    *pages
	sessions *sessions
}

func newAdmin(cfg Config, p *pages) *admin {
	return &admin{
		cfg: cfg, pages: p,
		sessions: &sessions{cfg.Admin.Sessions, cfg.Now},
	}
}

// routes returns the routes that require a login.
func (a *admin) routes() map[string]handler {
	routes := map[string]handler{
		"GET /admin":         a.showHome,
		"GET /admin/{$}":     a.showHome,
		"POST /admin/logout": a.logout,
		"GET /admin/changes": a.showChanges,
	}
	maps.Copy(routes, accessPages{a}.routes())
	maps.Copy(routes, campaignPages{a}.routes())
	maps.Copy(routes, drawPages{a}.routes())
	maps.Copy(routes, entrantPages{a}.routes())
	return routes
}

// viewerOf returns the value that reads campaigns for a logged-in administrator.
func viewerOf(r *http.Request) *campaign.Viewer { return sessionOf(r).authority.Viewer() }

// asOperator returns a handler that calls h with the value that changes campaigns, if the
// role of the administrator permits that.
func asOperator(h func(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		admin, err := sessionOf(r).authority.Admin()
		if err != nil {
			return err
		}
		return h(w, r, admin)
	}
}

// show sends a page. If done has stored a notice, the page shows it.
func (a *admin) show(w http.ResponseWriter, r *http.Request, status int, page, title string, body any) error {
	current := sessionOf(r)
	notice := current.Notice
	if notice != "" {
		current.Notice = ""
		if err := a.sessions.save(r, current); err != nil {
			return err
		}
	}
	return a.pages.render(w, r, status, "admin-"+page, layout{
		Title: title, Notice: notice, Body: body,
		User: current.authority.Actor, Confirm: a.mustConfirm(current),
		Operator: current.authority.Permits(access.RoleOperator) == nil, Owner: current.authority.Permits(access.RoleOwner) == nil,
	})
}

// done redirects to a page, which then shows the notice.
func (a *admin) done(w http.ResponseWriter, r *http.Request, to, notice string) error {
	current := sessionOf(r)
	current.Notice = notice
	if err := a.sessions.save(r, current); err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (a *admin) showHome(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/admin/campaigns", http.StatusSeeOther)
	return nil
}

// pager holds the URLs of the first and the next page of a list.
type pager struct{ First, Next string } // empty if there is no link

// newPager returns the URLs of the request with other cursors. next is the cursor of the
// next page; it is empty on the last page.
func newPager(r *http.Request, next string) pager {
	query := r.URL.Query()
	var p pager
	if query.Has("cursor") {
		query.Del("cursor")
		p.First = r.URL.Path + "?" + query.Encode()
	}
	if next != "" {
		query.Set("cursor", next)
		p.Next = r.URL.Path + "?" + query.Encode()
	}
	return p
}

// newFieldError converts an error caused by invalid input to the error of a form field. ok
// is false if err has another cause.
func newFieldError(err error) (e fieldError, ok bool) {
	var invalid *campaign.FieldError
	switch {
	case errors.As(err, &invalid):
		return fieldError{invalid.Field, sentence(invalid.Err.Error())}, true
	case errors.Is(err, campaign.ErrInvalid), errors.Is(err, campaign.ErrExists), errors.Is(err, campaign.ErrChanged):
		return fieldError{"", sentence(err.Error())}, true
	}
	return fieldError{}, false
}

// setDownload sets headers that make the browser save the response as a file.
func setDownload(h http.Header, contentType, name string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
}

// endDownload finishes a download. After an error, it closes the connection, so that an
// incomplete file is not mistaken for a complete one.
func (a *admin) endDownload(r *http.Request, err error) error {
	if err == nil {
		return nil
	}
	a.pages.log.ErrorContext(r.Context(), "download failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	panic(http.ErrAbortHandler)
}
