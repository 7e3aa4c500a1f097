package site_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve/site"
)

// addAdministrator adds an administrator with adminPassword.
func addAdministrator(t *testing.T, db *store.DB, name string, role access.Role) {
	t.Helper()
	control, err := access.New(access.Config{Store: db.Access()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := control.Manager("cli").Add(t.Context(), name, role, adminPassword); err != nil {
		t.Fatal(err)
	}
}

// named returns a visitor who has logged in as a new administrator.
func (s *server) named(t *testing.T, name string, role access.Role) *visitor {
	t.Helper()
	addAdministrator(t, s.db, name, role)
	v := s.visitor(t)
	v.wantStatus(v.post("/admin/login", "name", name, "password", adminPassword), http.StatusSeeOther)
	return v
}

// TestRoles sends every request of an administrator with each role. It checks which are
// refused, and that refused ones change nothing.
func TestRoles(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	s.visitor(t).play("summer", ann()...)
	d := s.draws(t, "summer")[0]
	before := s.snapshot(t, d.Campaign)
	viewer, operator := s.named(t, "vera", access.RoleViewer), s.named(t, "olga", access.RoleOperator)
	own := []string{"POST /admin/logout", "POST /admin/password"}
	for _, pattern := range site.AdminPatterns() {
		if slices.Contains(own, pattern) {
			continue
		}
		method, path := requestFor(pattern, d)
		forOwners := strings.Contains(pattern, "/administrators") || strings.Contains(pattern, "/tokens")
		form := strings.HasSuffix(pattern, "/new") || strings.HasSuffix(pattern, "/edit")
		send := func(v *visitor) page {
			return v.do(method, path, strings.NewReader("note=x&first_name=Eve&last_name=Eve&name=eve&role=owner&password=0123456789ab&once="+onceKey), formType)
		}
		if p := send(viewer); (p.StatusCode == http.StatusForbidden) != (method == http.MethodPost || forOwners || form) {
			t.Errorf("%s as a viewer: got status %d\n%s", pattern, p.StatusCode, p.text)
		} else if p.StatusCode == http.StatusForbidden && !strings.Contains(p.words(), "yours is viewer") {
			t.Errorf("%s as a viewer: got %s, want it to name the role", pattern, p.words())
		}
		if forOwners {
			if p := send(operator); p.StatusCode != http.StatusForbidden {
				t.Errorf("%s as an operator: got status %d, want 403", pattern, p.StatusCode)
			}
		}
	}
	if after := s.snapshot(t, d.Campaign); after != before {
		t.Errorf("after the refused requests: got %s, want %s", after, before)
	}
	for _, path := range []string{"/admin/campaigns", "/admin/campaigns/summer", "/admin/entrants", "/admin/draws/" + d.ID} {
		for _, form := range viewer.get(path).elements() {
			if action := attribute(form, "action"); form.Data == "form" && attribute(form, "method") == "post" && action != "/admin/logout" {
				t.Errorf("%s shows a viewer the form %s", path, action)
			}
		}
	}
	operator.follow(operator.post("/admin/draws/"+d.ID+"/void", "note", "a test"))
	if changes, err := s.api.Changes(t.Context(), campaign.ChangeQuery{}); err != nil || changes[0].Actor != "olga" || changes[0].Action != "draw.void" {
		t.Errorf("newest change: got %v with error %v, want draw.void by olga", changes, err)
	}
}

// TestManageAdministrators adds, changes and removes an administrator and a token on the
// site. It checks that sessions end when they should.
func TestManageAdministrators(t *testing.T) {
	s := newServer(t)
	owner := s.promoter(t)
	p := owner.wantStatus(owner.post("/admin/administrators", "name", "Serve", "role", "viewer", "password", adminPassword), http.StatusUnprocessableEntity)
	owner.wantText(p, "The name serve is reserved")
	p = owner.wantStatus(owner.post("/admin/administrators", "name", "ada", "role", "viewer", "password", "too short"), http.StatusUnprocessableEntity)
	owner.wantText(p, "at least 12 characters")
	owner.wantText(owner.follow(owner.post("/admin/administrators", "name", "ada", "role", "operator", "password", adminPassword)), "The administrator was added.")

	ada := s.visitor(t)
	ada.wantText(ada.wantStatus(ada.post("/admin/login", "name", "ada", "password", "wrong"), http.StatusUnauthorized), "The name or password is wrong.")
	ada.wantStatus(ada.post("/admin/login", "name", " Ada ", "password", adminPassword), http.StatusSeeOther)
	ada.wantText(ada.wantStatus(ada.get("/admin/campaigns"), http.StatusOK), "ada")

	owner.follow(owner.post("/admin/administrators/ada/role", "role", "viewer"))
	ada.wantStatus(ada.get("/admin/campaigns/new"), http.StatusForbidden)
	const changed = "another long password"
	ada.wantText(ada.wantStatus(ada.post("/admin/password", "password", "wrong", "new", changed), http.StatusUnauthorized), "is wrong")
	ada.wantStatus(ada.post("/admin/password", "password", adminPassword, "new", "short"), http.StatusUnprocessableEntity)
	ada.wantText(ada.follow(ada.post("/admin/password", "password", adminPassword, "new", changed)), "Your password was changed.")
	owner.follow(owner.post("/admin/administrators/ada/password", "password", adminPassword))
	ada.wantStatus(ada.get("/admin/campaigns"), http.StatusSeeOther)
	ada.wantStatus(ada.post("/admin/login", "name", "ada", "password", adminPassword), http.StatusSeeOther)
	owner.follow(owner.post("/admin/administrators/ada/remove"))
	ada.wantStatus(ada.get("/admin/campaigns"), http.StatusSeeOther)
	owner.wantStatus(owner.get("/admin/administrators/ada"), http.StatusNotFound)

	p = owner.wantStatus(owner.post("/admin/tokens", "name", "shop", "role", "viewer"), http.StatusOK)
	_, secret, _ := strings.Cut(p.text, "<code>")
	secret, _, _ = strings.Cut(secret, "</code>")
	shop := remote.New(remote.Config{Core: s.Address(t)}).Admin(secret)
	if _, err := shop.Changes(t.Context(), campaign.ChangeQuery{}); err != nil {
		t.Errorf("read with the new token: got error %v, want none", err)
	}
	if p = owner.get("/admin/administrators"); strings.Contains(p.text, secret) {
		t.Error("the page shows the token again")
	}
	owner.wantText(owner.follow(owner.post("/admin/tokens/shop/revoke")), "The token was revoked.")
	if _, err := shop.Changes(t.Context(), campaign.ChangeQuery{}); err == nil {
		t.Error("read with the revoked token: got no error")
	}
	changes, err := s.api.Changes(t.Context(), campaign.ChangeQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range slices.Backward(changes) {
		got = append(got, c.Actor+" "+c.Action)
	}
	want := []string{"admin administrator.add", "admin administrator.role", "ada administrator.password", "admin administrator.password", "admin administrator.remove", "admin token.add", "admin token.revoke"}
	if !slices.Equal(got, want) {
		t.Errorf("audit trail: got %q, want %q", got, want)
	}
}

// TestLastOwner checks that the last owner stays if no password is configured.
func TestLastOwner(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	addAdministrator(t, db, "ada", access.RoleOwner)
	v := newClockedSite(t, db, access.Config{Store: db.Access()})
	v.logIn("ada", adminPassword)
	if w := v.post("/admin/administrators/ada/remove"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "last owner") {
		t.Errorf("remove the last owner: got status %d, want 409\n%s", w.Code, w.Body)
	}
	if w := v.post("/admin/login", "password", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("log in without a name: got status %d, want 401", w.Code)
	}
}

// clockedSite is a site whose clock the test sets, with the cookie of a visitor.
type clockedSite struct {
	t      *testing.T
	mux    *http.ServeMux
	now    time.Time
	cookie *http.Cookie
}

func newClockedSite(t *testing.T, db *store.DB, cfg access.Config) *clockedSite {
	t.Helper()
	control, err := access.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &clockedSite{t: t, mux: http.NewServeMux(), now: time.Now()}
	pages, err := site.New(site.Config{
		Campaigns: campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}),
		Admin:     site.Admin{Access: control, Sessions: db.Sessions()},
		Free:      freePlay{},
		Log:       slog.New(slog.DiscardHandler),
		Now:       func() time.Time { return s.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range pages.Routes() {
		s.mux.Handle(route.Pattern, route.Handler)
	}
	return s
}

func (s *clockedSite) send(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", formType)
	if s.cookie != nil {
		r.AddCookie(s.cookie)
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

// post sends a form with alternating names and values.
func (s *clockedSite) post(path string, form ...string) *httptest.ResponseRecorder {
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return s.send(http.MethodPost, path, values.Encode())
}

func (s *clockedSite) logIn(name, password string) {
	s.t.Helper()
	w := s.post("/admin/login", "name", name, "password", password)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		s.t.Fatalf("log in as %q: got status %d and cookies %v, want 303 and one cookie", name, w.Code, cookies)
	}
	s.cookie = cookies[0]
}

// TestConfirmation checks that actions that cannot be undone need the password again, once
// it was entered more than 5 minutes ago.
func TestConfirmation(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	s := newClockedSite(t, db, access.Config{Store: db.Access(), Password: adminPassword})
	admin := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin("test")
	rules := "name: r\ncurrency: GBP\nrules:\n- name: all\n  prizes: [{prize: tea, value: 1, chance: 100%}]\n"
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: "summer", TextFormat: "lower4", NumberFormat: "digits4", RulesYAML: rules}); err != nil {
		t.Fatal(err)
	}
	s.logIn("", adminPassword)
	if w := s.send(http.MethodGet, "/admin/campaigns/summer", ""); strings.Contains(w.Body.String(), `name="confirm"`) {
		t.Error("the page asks for the password right after the login")
	}
	late := func() { s.now = s.now.Add(6 * time.Minute) }
	check := func(path string, form ...string) {
		t.Helper()
		late()
		for _, guess := range []string{"", "wrong"} {
			w := s.post(path, append(form, "confirm", guess)...)
			if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `name="confirm"`) || !strings.Contains(w.Body.String(), "Nothing was changed.") {
				t.Errorf("%s with password %q: got status %d, want the form again\n%s", path, guess, w.Code, w.Body)
			}
		}
		if w := s.post(path, append(form, "confirm", adminPassword)...); w.Code != http.StatusSeeOther {
			t.Errorf("%s with the password: got status %d, want 303\n%s", path, w.Code, w.Body)
		}
	}
	check("/admin/campaigns/summer/open")
	d, err := admin.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}})
	if err != nil {
		t.Fatal(err)
	}
	check("/admin/draws/"+d.ID+"/void", "note", "a test")
	check("/admin/entrants/1/delete")
	check("/admin/campaigns/summer/close")
	check("/admin/administrators", "name", "ada", "role", "owner", "password", adminPassword)
	late()
	if w := s.post("/admin/draws/"+d.ID+"/claim", "note", "x"); w.Code == http.StatusUnauthorized {
		t.Error("a claim asks for the password")
	}
}

// recordingSessions records the data of sessions.
type recordingSessions struct {
	site.SessionStore
	saved strings.Builder
}

func (s *recordingSessions) Save(ctx context.Context, token string, data []byte, expires time.Time) error {
	s.saved.Write(data)
	return s.SessionStore.Save(ctx, token, data, expires)
}

// TestSessionsContainNoSecrets checks that stored sessions contain neither the password nor
// its hash.
func TestSessionsContainNoSecrets(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	sessions := &recordingSessions{SessionStore: db.Sessions()}
	control, err := access.New(access.Config{Store: db.Access(), Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := site.New(site.Config{
		Campaigns: campaign.New(campaign.Config{Store: db}), Admin: site.Admin{Access: control, Sessions: sessions},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &clockedSite{t: t, mux: http.NewServeMux()}
	for _, route := range pages.Routes() {
		s.mux.Handle(route.Pattern, route.Handler)
	}
	s.logIn("", adminPassword)
	stored := sessions.saved.String()
	if stored == "" || strings.Contains(stored, "argon2") || strings.Contains(stored, adminPassword) {
		t.Errorf("stored sessions: got %q, want them without the password and its hash", stored)
	}
}

// TestAdministratorPages uses the pages about administrators in a browser.
func TestAdministratorPages(t *testing.T) {
	s := newServer(t)
	w := s.openWindow(t)
	w.logIn()
	w.open("/admin/administrators")
	w.fill("name", "ada")
	w.fill("new-password", adminPassword)
	w.click("section:first-of-type button")
	w.wantText("The administrator was added.")
	w.fill("token-name", "shop")
	w.click("section:last-of-type button")
	w.wantText("It is never shown again.")
	w.saveScreenshot("administrators")
	w.open("/admin/administrators/ada")
	w.saveScreenshot("administrator")
	w.open("/admin/password")
	w.wantText("set on the server")
	w.open("/admin/login")
	w.fill("name", "ada")
	w.fill("password", adminPassword)
	w.saveScreenshot("login")
	w.click("main button")
	w.open("/admin/password")
	w.saveScreenshot("password")
	w.open("/admin/campaigns/new")
	w.wantText("This needs the role operator, and yours is viewer.")
}
