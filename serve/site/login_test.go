package site_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/ratelimit"
	"github.com/prizegen/prizegen/serve/servertest"
	"github.com/prizegen/prizegen/serve/site"
)

// TestLoginRequired requests every promoter's page without a session, with an invented
// session, and with a modified session token. It checks that nothing is shown and nothing
// changes.
func TestLoginRequired(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	s.visitor(t).play("summer", ann()...)
	d := s.draws(t, "summer")[0]
	before := s.snapshot(t, d.Campaign)

	changed := s.promoter(t)
	address, err := url.Parse(s.URL + "/admin/")
	if err != nil {
		t.Fatal(err)
	}
	cookie := changed.client.Jar.Cookies(address)[0]
	first := "A"
	if strings.HasPrefix(cookie.Value, first) {
		first = "B"
	}
	cookie.Value, cookie.Path = first+cookie.Value[1:], "/admin"
	changed.client.Jar.SetCookies(address, []*http.Cookie{cookie})
	invented := s.visitor(t)
	invented.header.Set("Cookie", "prizegen-admin=' OR 1=1 --")

	for who, v := range map[string]*visitor{"no session": s.visitor(t), "invented token": invented, "changed token": changed} {
		for _, pattern := range site.AdminPatterns() {
			method, path := requestFor(pattern, d)
			p := v.do(method, path, strings.NewReader("note=hacked&first_name=Eve&last_name=Eve&once="+onceKey), formType)
			switch {
			case method == http.MethodGet && p.StatusCode == http.StatusSeeOther && strings.HasPrefix(p.Header.Get("Location"), "/admin/login"):
			case method == http.MethodPost && p.StatusCode == http.StatusUnauthorized:
			default:
				t.Errorf("%s, %s: got status %d, want the login page\n%s", who, pattern, p.StatusCode, p.text)
			}
			if strings.Contains(p.text, "Lee") {
				t.Errorf("%s, %s: the page contains personal data", who, pattern)
			}
		}
	}
	if after := s.snapshot(t, d.Campaign); after != before {
		t.Errorf("after the requests: got %s, want %s", after, before)
	}
}

// TestGuessingIsSlow guesses the password. It checks that after some guesses, even the
// right password must wait, except from another address.
func TestGuessingIsSlow(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	control, err := access.New(access.Config{Password: adminPassword, Store: db.Access()})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	pages, err := site.New(site.Config{
		Campaigns: campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}),
		Admin:     site.Admin{Access: control, Sessions: db.Sessions()},
		Log:       slog.New(slog.DiscardHandler),
		Limits:    ratelimit.New(ratelimit.Config{LogIns: ratelimit.Defaults().LogIns, Now: func() time.Time { return now }}),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, route := range pages.Routes() {
		mux.Handle(route.Pattern, route.Handler)
	}
	logIn := func(address, password string) *httptest.ResponseRecorder {
		form := url.Values{"password": {password}}.Encode()
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/admin/login", strings.NewReader(form))
		r.Header.Set("Content-Type", formType)
		r.RemoteAddr = address + ":1234"
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	const one, other = "192.0.2.1", "192.0.2.2"
	guesses := 0
	w := logIn(one, "wrong")
	for ; w.Code == http.StatusUnauthorized && guesses < 100; guesses++ {
		if !strings.Contains(w.Body.String(), "The name or password is wrong.") {
			t.Fatalf("page after a guess: got %s, want the message for a wrong name or password", w.Body)
		}
		w = logIn(one, "wrong")
	}
	if w.Code != http.StatusTooManyRequests {
		t.Fatalf("after %d guesses: got status %d, want 429", guesses, w.Code)
	}
	if wait, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || wait < 1 || wait > 11 {
		t.Errorf("Retry-After: got %q, want 1 to 11", w.Header().Get("Retry-After"))
	}
	if guesses < 3 || guesses > 20 {
		t.Errorf("guesses without a wait: got %d, want 3 to 20", guesses)
	}
	if got := logIn(one, adminPassword).Code; got != http.StatusTooManyRequests {
		t.Errorf("right password without a wait: got status %d, want 429", got)
	}
	if got := logIn(other, adminPassword).Code; got != http.StatusSeeOther {
		t.Errorf("right password from another address: got status %d, want 303", got)
	}
	now = now.Add(11 * time.Second)
	if got := logIn(one, adminPassword).Code; got != http.StatusSeeOther {
		t.Errorf("right password after the wait: got status %d, want 303", got)
	}
}

// TestSessions checks that a session cannot be planted, and that it ends on logout, when it
// expires, and when the password changes.
func TestSessions(t *testing.T) {
	log := &servertest.Log{}
	s := newServer(t, func(c *serve.Config) { c.Log = slog.New(slog.NewJSONHandler(log, nil)) })
	address, err := url.Parse(s.URL + "/admin/")
	if err != nil {
		t.Fatal(err)
	}
	tokenOf := func(v *visitor) string {
		for _, cookie := range v.client.Jar.Cookies(address) {
			if cookie.Name == "prizegen-admin" {
				return cookie.Value
			}
		}
		return ""
	}
	visitorWith := func(s *server, token string) *visitor {
		v := s.visitor(t)
		v.header.Set("Cookie", "prizegen-admin="+token)
		return v
	}
	t.Run("logging in replaces the token", func(t *testing.T) {
		planted := tokenOf(s.promoter(t))
		victim := visitorWith(s, planted)
		p := victim.post("/admin/login", "password", adminPassword)
		victim.wantStatus(p, http.StatusSeeOther)
		if len(p.Cookies()) != 1 || p.Cookies()[0].Value == planted {
			t.Errorf("cookies after login: got %v, want one cookie whose token is not %s", p.Cookies(), planted)
		}
		if got, want := log.String(), `"logged in","administrator":"admin"`; !strings.Contains(got, want) {
			t.Errorf("log after login: got %s, want it to contain %s", got, want)
		}
		if got := visitorWith(s, planted).get("/admin/campaigns").StatusCode; got != http.StatusSeeOther {
			t.Errorf("planted token: got status %d, want 303", got)
		}
	})
	t.Run("logging out ends it", func(t *testing.T) {
		v := s.promoter(t)
		old := tokenOf(v)
		v.wantStatus(v.get("/admin/campaigns"), http.StatusOK)
		p := v.post("/admin/logout")
		v.wantStatus(p, http.StatusSeeOther)
		if got, want := p.Header.Get("Clear-Site-Data"), `"cache", "storage"`; got != want {
			t.Errorf("Clear-Site-Data after logout: got %s, want %s", got, want)
		}
		late := visitorWith(s, old)
		late.wantStatus(late.get("/admin/campaigns"), http.StatusSeeOther)
	})
	t.Run("it expires", func(t *testing.T) {
		v := s.promoter(t)
		expireSession(t, s, tokenOf(v))
		p := v.get("/admin/campaigns?state=open")
		v.wantStatus(p, http.StatusSeeOther)
		if got, want := p.Header.Get("Location"), "/admin/login?next=%2Fadmin%2Fcampaigns%3Fstate%3Dopen"; got != want {
			t.Errorf("Location: got %s, want %s", got, want)
		}
		v.wantText(v.wantStatus(v.post("/admin/entrants", ann()...), http.StatusUnauthorized), "You are no longer logged in, so nothing was changed.")
	})
	t.Run("replicas share it", func(t *testing.T) {
		v := visitorWith(newServerOn(t, s.db), tokenOf(s.promoter(t)))
		v.wantStatus(v.get("/admin/campaigns"), http.StatusOK)
	})
	t.Run("another password ends it", func(t *testing.T) {
		other := newServerOn(t, s.db, func(c *serve.Config) { c.AdminPassword = "another password" })
		v := visitorWith(other, tokenOf(s.promoter(t)))
		v.wantStatus(v.get("/admin/campaigns"), http.StatusSeeOther)
	})
}

// TestSessionsOfOtherSchemes checks that a session over HTTPS cannot be used over HTTP, where
// others may read its cookie, and that a session over HTTP cannot be used over HTTPS.
func TestSessionsOfOtherSchemes(t *testing.T) {
	s := newServer(t)
	for scheme, other := range map[string]string{"https": "http", "http": "https"} {
		v := s.visitor(t)
		v.header.Set("X-Forwarded-Proto", scheme)
		token := v.wantStatus(v.post("/admin/login", "password", adminPassword), http.StatusSeeOther).Cookies()[0].Value
		v = s.visitor(t)
		v.header.Set("Cookie", "prizegen-admin="+token+"; __Host-prizegen-admin="+token)
		v.header.Set("X-Forwarded-Proto", other)
		if got := v.get("/admin/campaigns").StatusCode; got != http.StatusSeeOther {
			t.Errorf("session of %s, sent over %s: got status %d, want 303", scheme, other, got)
		}
		v.header.Set("X-Forwarded-Proto", scheme)
		v.wantStatus(v.get("/admin/campaigns"), http.StatusOK)
	}
}

// TestOldSessions checks that sessions in the format of earlier versions end without an
// error.
func TestOldSessions(t *testing.T) {
	s := newServer(t)
	if err := s.db.Sessions().Save(t.Context(), "http old", []byte{3, 4, 0xFF}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	v := s.visitor(t)
	v.header.Set("Cookie", "prizegen-admin=old")
	v.wantStatus(v.get("/admin/campaigns"), http.StatusSeeOther)
}

// expireSession makes a session expire.
func expireSession(t *testing.T, s *server, token string) {
	t.Helper()
	data, found, err := s.db.Sessions().Find(t.Context(), "http "+token)
	if err != nil || !found {
		t.Fatalf("session: got found %t and error %v, want a session", found, err)
	}
	if err := s.db.Sessions().Save(t.Context(), "http "+token, data, time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
}

// TestLoginStaysOnSite checks that the login page does not redirect to other sites.
func TestLoginStaysOnSite(t *testing.T) {
	s := newServer(t)
	v := s.visitor(t)
	for _, next := range []string{
		"https://evil.example/admin/", "//evil.example/admin/", `/\evil.example/admin/`, "/admin/\r\nSet-Cookie: a=b", "javascript:alert(1)",
		"/%5cevil.example", "evil.example/admin/", "/admin/../../d/x", "\t//evil.example", "http:/admin/", "",
	} {
		p := v.post("/admin/login", "password", adminPassword, "next", next)
		v.wantStatus(p, http.StatusSeeOther)
		to, err := url.Parse(p.Header.Get("Location"))
		if err != nil || to.Host != "" || to.Scheme != "" || !strings.HasPrefix(to.Path, "/admin/") || len(p.Header.Values("Set-Cookie")) != 1 {
			t.Errorf("next %q: got Location %q, want a page under /admin/", next, p.Header.Get("Location"))
		}
	}
	const next = "/admin/changes?subject=x"
	if got := v.post("/admin/login", "password", adminPassword, "next", next).Header.Get("Location"); got != next {
		t.Errorf("Location: got %q, want %q", got, next)
	}
}
