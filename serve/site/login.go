package site

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// loginRoutes returns the routes that require no login.
func (a *admin) loginRoutes() map[string]handler {
	return map[string]handler{
		"GET /admin/login":  a.showLogin,
		"POST /admin/login": a.login,
	}
}

// loginPage is the login form.
type loginPage struct {
	Next    string // the page to go to afterwards
	Name    string // as filled in
	Problem string
}

func (a *admin) showLogin(w http.ResponseWriter, r *http.Request) error {
	return a.showLoginPage(w, r, http.StatusOK, loginPage{Next: localPath(r.URL.Query().Get("next"))})
}

func (a *admin) showLoginPage(w http.ResponseWriter, r *http.Request, status int, page loginPage) error {
	return a.pages.show(w, r, status, "admin-login", "Log in", page)
}

// localPath returns path if it is the address of a promoter's page, otherwise the address
// of the list of campaigns. A link to the login page therefore cannot redirect to another
// site.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, adminPath) || strings.Contains(u.Path, "..") || strings.ContainsAny(path, "\\\r\n") {
		return adminPath + "campaigns"
	}
	return path
}

// maxPasswordWait limits how long a login waits for the password check.
const maxPasswordWait = 5 * time.Second

// refusal is the reason why a password was refused.
type refusal struct {
	status  int // of the response
	problem string
}

// attempt checks a name and a password. If they are wrong or there were too many attempts,
// refused is not nil.
func (a *admin) attempt(w http.ResponseWriter, r *http.Request, name, typed string) (l access.Login, refused *refusal, err error) {
	var limited *ratelimit.Refusal
	if errors.As(a.cfg.Limits.Allow(ratelimit.LogIns, ratelimit.AddrOf(r)), &limited) {
		setRetryAfter(w, limited)
		return l, &refusal{http.StatusTooManyRequests, "Too many wrong passwords. Wait " + limited.Delay() + " and try again."}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxPasswordWait)
	defer cancel()
	l, err = a.cfg.Admin.Access.LogIn(ctx, name, typed)
	switch {
	case errors.Is(err, access.ErrWrong):
		a.pages.log.WarnContext(r.Context(), "wrong name or password")
		return l, &refusal{http.StatusUnauthorized, "The name or password is wrong."}, nil
	case errors.Is(err, context.DeadlineExceeded):
		w.Header().Set("Retry-After", "1")
		return l, &refusal{http.StatusServiceUnavailable, "Too many people are logging in. Try again in a moment."}, nil
	case err != nil:
		return l, nil, err
	}
	a.cfg.Limits.Forget(ratelimit.LogIns, ratelimit.AddrOf(r))
	return l, nil, nil
}

func (a *admin) login(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errForm
	}
	page := loginPage{Next: localPath(r.PostFormValue("next")), Name: strings.TrimSpace(r.PostFormValue("name"))}
	l, refused, err := a.attempt(w, r, page.Name, r.PostFormValue("password"))
	if err != nil {
		return err
	}
	if refused != nil {
		page.Problem = refused.problem
		return a.showLoginPage(w, r, refused.status, page)
	}
	if err := a.sessions.start(w, r, &session{Login: l}); err != nil {
		return err
	}
	a.pages.log.InfoContext(r.Context(), "logged in", slog.String("administrator", l.Name))
	http.Redirect(w, r, page.Next, http.StatusSeeOther)
	return nil
}

// confirmTime is the time after the password was entered during which actions that cannot
// be undone do not ask for it again.
const confirmTime = 5 * time.Minute

// mustConfirm reports whether forms for such actions must ask for the password.
func (a *admin) mustConfirm(current *session) bool {
	return a.cfg.Now().Sub(current.Confirmed) >= confirmTime
}

// confirm checks the password in a form, unless it was entered a short time ago. If the
// form must be shown again, refused is not nil.
func (a *admin) confirm(w http.ResponseWriter, r *http.Request) (refused *refusal, err error) {
	current := sessionOf(r)
	if !a.mustConfirm(current) {
		return nil, nil
	}
	typed := r.PostFormValue("confirm")
	if typed == "" {
		return &refusal{http.StatusUnauthorized, "Nothing was changed. Enter your password to confirm this."}, nil
	}
	if _, refused, err = a.attempt(w, r, current.Login.Name, typed); err != nil {
		return nil, err
	}
	if refused != nil {
		if refused.status == http.StatusUnauthorized {
			refused.problem = "Nothing was changed. Your password is wrong."
		}
		return refused, nil
	}
	current.Confirmed = a.cfg.Now()
	return nil, a.sessions.save(r, current)
}

func (a *admin) logout(w http.ResponseWriter, r *http.Request) error {
	if err := a.sessions.end(w, r); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
	return nil
}

// loggedIn returns a handler that calls h for logged-in administrators and redirects others to
// the login page.
func (a *admin) loggedIn(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		current, err := a.sessions.load(r)
		if err != nil {
			return err
		}
		if current != nil {
			who, err := a.cfg.Admin.Access.Identify(r.Context(), current.Login)
			if err == nil {
				current.authority = access.NewAuthority(who, a.cfg.Campaigns, a.cfg.Admin.Access)
				return h(w, withSession(r, current))
			}
			if !errors.Is(err, access.ErrWrong) {
				return err
			}
		}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			http.Redirect(w, r, "/admin/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return nil
		}
		page := loginPage{Next: adminPath + "campaigns", Problem: "You are no longer logged in, so nothing was changed. Log in and try again."}
		return a.showLoginPage(w, r, http.StatusUnauthorized, page)
	}
}
