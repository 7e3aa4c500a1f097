package site

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
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

func (a *admin) login(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errForm
	}
	page := loginPage{Next: localPath(r.PostFormValue("next"))}
	if wait := a.guesses.take(r, a.cfg.Now()); wait > 0 {
		seconds := strconv.Itoa(int(wait/time.Second) + 1)
		w.Header().Set("Retry-After", seconds)
		page.Problem = "Too many wrong passwords. Wait " + seconds + " seconds and try again."
		return a.showLoginPage(w, r, http.StatusTooManyRequests, page)
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxPasswordWait)
	defer cancel()
	right, err := a.cfg.Admin.Password.Matches(ctx, r.PostFormValue("password"))
	if err != nil {
		w.Header().Set("Retry-After", "1")
		page.Problem = "Too many people are logging in. Try again in a moment."
		return a.showLoginPage(w, r, http.StatusServiceUnavailable, page)
	}
	if !right {
		a.pages.log.WarnContext(r.Context(), "wrong password")
		page.Problem = "The password is wrong."
		return a.showLoginPage(w, r, http.StatusUnauthorized, page)
	}
	a.guesses.forget(r)
	if err := a.sessions.start(w, r, &session{Password: a.cfg.Admin.Password.Fingerprint()}); err != nil {
		return err
	}
	http.Redirect(w, r, page.Next, http.StatusSeeOther)
	return nil
}

func (a *admin) logout(w http.ResponseWriter, r *http.Request) error {
	if err := a.sessions.end(w, r); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
	return nil
}

// loggedIn returns a handler that calls h for logged-in promoters and redirects others to
// the login page.
func (a *admin) loggedIn(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		current, err := a.sessions.load(r)
		if err != nil {
			return err
		}
		if current != nil {
			valid, err := a.cfg.Admin.Password.HasFingerprint(r.Context(), current.Password)
			if err != nil {
				return err
			}
			if valid {
				return h(w, withSession(r, current))
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

// guesses limits the login attempts from each address. It allows guessBurst attempts
// immediately, then one attempt every guessInterval.
type guesses struct {
	mu       sync.Mutex
	limiters map[string]*rate.Limiter // by address
}

const (
	guessBurst    = 10
	guessInterval = 10 * time.Second
	maxGuessers   = 10_000 // maximum number of addresses to remember
)

func newGuesses() *guesses { return &guesses{limiters: map[string]*rate.Limiter{}} }

// take counts an attempt and returns how long the attempt must wait, which is usually 0.
func (g *guesses) take(r *http.Request, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	address := clientNetwork(r)
	limiter := g.limiters[address]
	if limiter == nil {
		if len(g.limiters) >= maxGuessers {
			clear(g.limiters)
		}
		limiter = rate.NewLimiter(rate.Every(guessInterval), guessBurst)
		g.limiters[address] = limiter
	}
	reservation := limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// forget resets the limit of an address after a successful login.
func (g *guesses) forget(r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.limiters, clientNetwork(r))
}
