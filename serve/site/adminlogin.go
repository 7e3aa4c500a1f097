package site

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"
)

// How long a session lasts: altogether, and without being used.
const (
	sessionTime     = 12 * time.Hour
	sessionIdleTime = time.Hour
)

func newSessions(store scs.Store, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store, m.Lifetime, m.IdleTimeout = store, sessionTime, sessionIdleTime
	m.Cookie = scs.SessionCookie{Name: "prizegen-admin", Path: "/admin", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure}
	return m
}

// loginView is the page to log in.
type loginView struct {
	Next    string // where to go afterwards
	Problem string
}

func (s *Site) loginPage(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "admin-login", "Log in", loginView{Next: localPath(r.URL.Query().Get("next"))})
}

// localPath is a page of the administrator that was asked for, or the first one:
// nobody is led to another site.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, adminPath) || strings.Contains(u.Path, "..") || strings.ContainsAny(path, "\\\r\n") {
		return adminPath + "campaigns"
	}
	return path
}

// passwordKey is where a session has the mark of the password that it began with.
const passwordKey = "password"

// longestWait is how long a password is waited with to be looked at.
const longestWait = 5 * time.Second

func (s *Site) login(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errForm
	}
	v := loginView{Next: localPath(r.PostFormValue("next"))}
	if wait := s.admin.guesses.take(r, s.cfg.Now()); wait > 0 {
		seconds := int(wait/time.Second) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		v.Problem = "Too many wrong passwords were tried. Wait " + strconv.Itoa(seconds) + " seconds and try again."
		return s.show(w, r, http.StatusTooManyRequests, "admin-login", "Log in", v)
	}
	ctx, cancel := context.WithTimeout(r.Context(), longestWait)
	defer cancel()
	right, err := s.admin.password.Matches(ctx, r.PostFormValue("password"))
	if err != nil {
		w.Header().Set("Retry-After", "1")
		v.Problem = "Too many people are logging in. Try again in a moment."
		return s.show(w, r, http.StatusServiceUnavailable, "admin-login", "Log in", v)
	}
	if !right {
		s.cfg.Log.WarnContext(r.Context(), "a wrong password was tried")
		v.Problem = "The password is wrong."
		return s.show(w, r, http.StatusUnauthorized, "admin-login", "Log in", v)
	}
	s.admin.guesses.forget(r)
	sessions := s.admin.sessions(r)
	if err := sessions.RenewToken(r.Context()); err != nil {
		return err
	}
	sessions.Put(r.Context(), passwordKey, s.admin.password.Mark())
	http.Redirect(w, r, v.Next, http.StatusSeeOther)
	return nil
}

func (s *Site) logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.admin.sessions(r).Destroy(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
	return nil
}

// loggedIn has a handler answer those who are logged in, and leads others to the page
// where they can do so.
func (s *Site) loggedIn(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		mark := s.admin.sessions(r).GetString(r.Context(), passwordKey)
		if mark != "" {
			same, err := s.admin.password.HasMark(r.Context(), mark)
			if err != nil {
				return err
			}
			if same {
				return h(w, r)
			}
		}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			http.Redirect(w, r, "/admin/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return nil
		}
		v := loginView{Next: adminPath + "campaigns", Problem: "You are not logged in any more, so that nothing was changed. Log in and do it again."}
		return s.show(w, r, http.StatusUnauthorized, "admin-login", "Log in", v)
	}
}

// guesses slows down who guesses the password: from one address, a few at once and
// then one in a while.
type guesses struct {
	mu sync.Mutex
	of map[string]*rate.Limiter
}

const (
	guessesAtOnce = 10
	guessEvery    = 10 * time.Second
	maxGuessers   = 10_000 // addresses that are remembered
)

func newGuesses() *guesses { return &guesses{of: map[string]*rate.Limiter{}} }

// take counts a guess and tells how long to wait with it, 0 for not at all.
func (g *guesses) take(r *http.Request, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := network(r)
	limiter := g.of[from]
	if limiter == nil {
		if len(g.of) >= maxGuessers {
			clear(g.of)
		}
		limiter = rate.NewLimiter(rate.Every(guessEvery), guessesAtOnce)
		g.of[from] = limiter
	}
	reservation := limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// forget forgives the wrong guesses of who knows the password.
func (g *guesses) forget(r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.of, network(r))
}
