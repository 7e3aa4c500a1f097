package site_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/site"
)

// TestOnlyTheAdministrator asks for every page of the administrator without being
// one: without a session, with one that was made up, and with one whose token was
// changed. Nothing is shown and nothing changes.
func TestOnlyTheAdministrator(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	h.visitor(t).play("summer", ann()...)
	d := h.drawsOf(t, "summer")[0]
	before := h.state(t, d.Campaign)

	changed := h.administrator(t)
	address, err := url.Parse(h.url + "/admin/")
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
	madeUp := h.visitor(t)
	madeUp.header.Set("Cookie", "prizegen-admin=' OR 1=1 --")

	for who, v := range map[string]*visitor{"nobody": h.visitor(t), "made up": madeUp, "changed": changed} {
		for _, pattern := range site.AdminPatterns() {
			method, path := fill(pattern, d)
			p := v.do(method, path, strings.NewReader("note=hacked&first_name=Eve&last_name=Eve&once=aaaaaaaaaaaaaaaaaaaaaaaaaa"), formKind)
			switch {
			case method == http.MethodGet && p.StatusCode == http.StatusSeeOther && strings.HasPrefix(p.Header.Get("Location"), "/admin/login"):
			case method == http.MethodPost && p.StatusCode == http.StatusUnauthorized:
			default:
				t.Errorf("%s gets %d for %s\n%s", who, p.StatusCode, pattern, p.text)
			}
			if strings.Contains(p.text, "Lee") {
				t.Errorf("%s is shown personal data at %s", who, pattern)
			}
		}
	}
	if after := h.state(t, d.Campaign); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// TestForgedPosts sends every form from another site with the cookies of the
// administrator: all are refused, and nothing changes.
func TestForgedPosts(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	h.visitor(t).play("summer", ann()...)
	d := h.drawsOf(t, "summer")[0]
	before := h.state(t, d.Campaign)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		v := h.administrator(t)
		v.header.Set(name, value)
		for _, pattern := range slices.Concat(site.AdminPatterns(), site.VisitorPatterns()) {
			method, path := fill(pattern, d)
			if method != http.MethodPost {
				continue
			}
			p := v.post(path, "note", "forged", "first_name", "Eve", "last_name", "Eve", "once", strings.Repeat("a", 26))
			if p.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %s: %d", pattern, name, p.StatusCode)
			}
		}
	}
	if after := h.state(t, d.Campaign); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// TestReadingChangesNothing asks for every page by GET and HEAD, with the
// parameters of the forms.
func TestReadingChangesNothing(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	h.visitor(t).play("summer", ann()...)
	d := h.drawsOf(t, "summer")[0]
	before := h.state(t, d.Campaign)
	v := h.administrator(t)
	for _, pattern := range slices.Concat(site.AdminPatterns(), site.VisitorPatterns()) {
		_, path := fill(pattern, d)
		if strings.HasSuffix(path, "/events") {
			continue // does not end by itself
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if p := v.do(method, path+"?note=x&first_name=Eve&last_name=Eve&once="+strings.Repeat("a", 26), nil, ""); p.StatusCode >= 500 {
				t.Errorf("%s %s: %d", method, path, p.StatusCode)
			}
		}
	}
	if after := h.state(t, d.Campaign); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// hostile are texts that do harm where they are taken for code.
func hostile() []string {
	return []string{
		`'; DROP TABLE draws; --`,
		`" OR "1"="1`,
		`<script id=pwned>alert(1)</script>`,
		`"><img id=pwned src=x onerror=alert(1)>`,
		`'><svg id=pwned onload=alert(1)>`,
		`</textarea></title><b id=pwned>`,
		`{{.Seed}}${7*7}<%= 1 %>`,
		`javascript:alert(1)`,
		`=HYPERLINK("https://evil.example")`,
	}
}

// TestHostileText puts code of all kinds into every field. It is shown as the text
// that it is, wherever it comes up.
func TestHostileText(t *testing.T) {
	h := build(t)
	admin := h.administrator(t)
	for i, text := range hostile() {
		name := "c" + strconv.Itoa(i)
		rules := "name: r\ncurrency: GBP\nrules:\n- name: " + strconv.Quote(text) + "\n  prizes: [{prize: " + strconv.Quote(text) + ", value: 1, chance: 100%}]\n"
		admin.follow(admin.post("/admin/campaigns", "name", name, "title", text, "text_format", "lower4", "number_format", "digits4", "rules_yaml", rules, "require_email", "yes"))
		admin.follow(admin.post("/admin/campaigns/" + name + "/open"))
		v := h.visitor(t)
		// An address that is none is refused, and shown as it is.
		refused := v.post("/c/"+name+"/play", "first_name", text, "last_name", text, "email", text, "once", strings.Repeat("a", 26))
		v.want(refused, http.StatusUnprocessableEntity)
		v.says(refused, text)
		check(t, refused)
		result := v.play(name, "first_name", text, "last_name", text, "email", "a@example.org")
		d := h.drawsOf(t, name)[0]
		if d.Entrant.FirstName != text || d.Prize == nil || d.Prize.Name != text {
			t.Errorf("%q is stored as %+v", text, d)
		}
		note := admin.follow(admin.post("/admin/draws/"+d.ID+"/claim", "note", text))
		admin.says(note, text)
		entrant := "/admin/entrants/" + strconv.FormatInt(d.Entrant.ID, 10)
		for _, p := range []page{
			result, note, admin.get(entrant), admin.get("/admin/entrants?search=" + url.QueryEscape(text)),
			admin.get("/admin/campaigns"), admin.get("/admin/campaigns/" + name), admin.get("/admin/campaigns/" + name + "/edit"),
			admin.get("/admin/campaigns/" + name + "/draws?account=" + url.QueryEscape(text)), admin.get("/admin/campaigns/" + name + "/draws?prize=" + url.QueryEscape(text)),
			admin.get("/admin/changes?subject=" + url.QueryEscape(text)), admin.get("/admin/login?next=" + url.QueryEscape(text)), admin.get("/admin/changes"),
			v.get("/"), v.get("/c/" + name), v.get("/c/" + name + "/winners"), v.get("/c/" + name + "/odds"), v.get("/c/" + name + "/fairness"), v.get("/c/" + name + "/live"),
		} {
			admin.want(p, http.StatusOK)
			check(t, p)
		}
		for _, path := range []string{"/c/" + name + "/winners?before=", "/d/", "/c/", "/try/", "/static/", "/admin/campaigns?cursor=", "/admin/campaigns?state=", "/admin/draws/", "/admin/entrants?cursor="} {
			p := admin.get(path + url.QueryEscape(text))
			if p.StatusCode >= 500 {
				t.Errorf("%s%s: %d", path, text, p.StatusCode)
			}
			check(t, p)
		}
	}
	if n := len(h.drawsOf(t, "c0")); n != 1 {
		t.Errorf("%d draws", n)
	}
}

// check finds code that was smuggled into a page, and code of our own that a strict
// policy of contents would not let run.
func check(t *testing.T, p page) {
	t.Helper()
	for _, node := range p.elements() {
		if attribute(node, "id") == "pwned" {
			t.Errorf("%s has an element that a visitor made:\n%s", p.Request.URL, p.text)
		}
		if node.Data == "style" || node.Data == "script" && attribute(node, "src") == "" {
			t.Errorf("%s has a <%s> of its own", p.Request.URL, node.Data)
		}
		for _, a := range node.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:") && a.Key != "value" && a.Key != "content" {
				t.Errorf("%s has %s=%q", p.Request.URL, a.Key, a.Val)
			}
		}
	}
}

// TestSecurityHeaders looks at every answer there can be: pages, refusals, files,
// things that are not there.
func TestSecurityHeaders(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	h.visitor(t).play("summer", ann()...)
	d := h.drawsOf(t, "summer")[0]
	v := h.administrator(t)
	v.header.Set("Accept", "text/html")
	var answers []page
	for _, pattern := range slices.Concat(site.AdminPatterns(), site.VisitorPatterns()) {
		method, path := fill(pattern, d)
		if method == http.MethodGet && !strings.HasSuffix(path, "/events") {
			answers = append(answers, v.get(path), h.visitor(t).get(path))
		}
	}
	answers = append(answers, v.get("/nothing"), v.get("/c/nothing"), v.get("/static/nothing"), v.do(http.MethodPut, "/try", nil, ""),
		v.post("/admin/login", "password", "wrong"), v.post("/c/summer/play"))
	for _, p := range answers {
		policy := p.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			!strings.Contains(policy, "form-action 'self'") || !strings.Contains(policy, "base-uri 'none'") {
			t.Errorf("%s: Content-Security-Policy: %q", p.Request.URL, policy)
		}
		for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if p.Header.Get(name) != value {
				t.Errorf("%s: %s: %q", p.Request.URL, name, p.Header.Get(name))
			}
		}
		if !strings.HasPrefix(p.Request.URL.Path, "/static/") && p.Request.URL.Path != "/favicon.ico" && !strings.Contains(strings.Join(p.Header.Values("Cache-Control"), ","), "no-store") {
			t.Errorf("%s may be kept: %q", p.Request.URL, p.Header.Values("Cache-Control"))
		}
		for _, cookie := range p.Cookies() {
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure {
				t.Errorf("%s sets %v", p.Request.URL, cookie)
			}
		}
		check(t, p)
	}
	v = h.visitor(t)
	v.header.Set("X-Forwarded-Proto", "https")
	for _, p := range []page{v.get("/c/summer"), v.post("/admin/login", "password", adminPassword)} {
		if cookies := p.Cookies(); len(cookies) == 0 || !cookies[0].Secure {
			t.Errorf("%s sets %v by HTTPS", p.Request.URL, cookies)
		}
	}
}

// TestGuessingIsSlow has somebody guess the password. After some guesses even the
// right one has to wait; from another address it has not.
func TestGuessingIsSlow(t *testing.T) {
	h := build(t)
	v := h.visitor(t)
	guesses := 0
	p := v.post("/admin/login", "password", "wrong")
	for ; p.StatusCode == http.StatusUnauthorized && guesses < 100; guesses++ {
		v.says(p, "The password is wrong")
		p = v.post("/admin/login", "password", "wrong")
	}
	v.want(p, http.StatusTooManyRequests)
	if wait, err := strconv.Atoi(p.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 11 {
		t.Errorf("Retry-After: %q", p.Header.Get("Retry-After"))
	}
	if guesses < 3 || guesses > 20 {
		t.Errorf("%d guesses at once", guesses)
	}
	v.want(v.post("/admin/login", "password", adminPassword), http.StatusTooManyRequests)
	other := h.visitor(t).from("127.0.0.2")
	other.want(other.post("/admin/login", "password", adminPassword), http.StatusSeeOther)
}

// TestSessions follows the life of a session: nobody can be given one from outside,
// it ends by logging out, with its time, and when the password is changed.
func TestSessions(t *testing.T) {
	h := build(t)
	address, err := url.Parse(h.url + "/admin/")
	if err != nil {
		t.Fatal(err)
	}
	token := func(v *visitor) string {
		for _, cookie := range v.client.Jar.Cookies(address) {
			if cookie.Name == "prizegen-admin" {
				return cookie.Value
			}
		}
		return ""
	}
	with := func(token string) *visitor {
		v := h.visitor(t)
		v.header.Set("Cookie", "prizegen-admin="+token)
		return v
	}
	t.Run("a token that was there before the login is worth nothing after it", func(t *testing.T) {
		first := h.administrator(t)
		planted := token(first)
		victim := with(planted)
		p := victim.post("/admin/login", "password", adminPassword)
		victim.want(p, http.StatusSeeOther)
		if len(p.Cookies()) != 1 || p.Cookies()[0].Value == planted {
			t.Errorf("the login keeps the token: %v", p.Cookies())
		}
		if p := with(planted).get("/admin/campaigns"); p.StatusCode != http.StatusSeeOther {
			t.Errorf("the planted token gives %d", p.StatusCode)
		}
	})
	t.Run("logging out ends it for good", func(t *testing.T) {
		v := h.administrator(t)
		old := token(v)
		v.want(v.get("/admin/campaigns"), http.StatusOK)
		v.want(v.post("/admin/logout"), http.StatusSeeOther)
		with(old).want(with(old).get("/admin/campaigns"), http.StatusSeeOther)
	})
	t.Run("it expires", func(t *testing.T) {
		v := h.administrator(t)
		expire(t, h, token(v))
		p := v.get("/admin/campaigns?state=open")
		v.want(p, http.StatusSeeOther)
		if to := p.Header.Get("Location"); to != "/admin/login?next=%2Fadmin%2Fcampaigns%3Fstate%3Dopen" {
			t.Errorf("led to %s", to)
		}
		v.says(v.want(v.post("/admin/entrants", ann()...), http.StatusUnauthorized), "You are not logged in any more, so that nothing was changed.")
	})
	t.Run("another password ends it", func(t *testing.T) {
		v := h.administrator(t)
		other := rebuild(t, h.db, func(c *serve.Config) { c.AdminPassword = "another password" })
		with := other.visitor(t)
		with.header.Set("Cookie", "prizegen-admin="+token(v))
		with.want(with.get("/admin/campaigns"), http.StatusSeeOther)
	})
	t.Run("replicas share it", func(t *testing.T) {
		v := h.administrator(t)
		other := rebuild(t, h.db)
		with := other.visitor(t)
		with.header.Set("Cookie", "prizegen-admin="+token(v))
		with.want(with.get("/admin/campaigns"), http.StatusOK)
	})
}

// expire has a session's time be over.
func expire(t *testing.T, h *house, token string) {
	t.Helper()
	data, found, err := h.db.Sessions().FindCtx(t.Context(), token)
	if err != nil || !found {
		t.Fatalf("no session: %v", err)
	}
	if err := h.db.Sessions().CommitCtx(t.Context(), token, data, time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
}

// TestLoginLeadsNowhereElse gives the login page addresses of other sites to go on to.
func TestLoginLeadsNowhereElse(t *testing.T) {
	h := build(t)
	v := h.visitor(t)
	for _, next := range []string{
		"https://evil.example/admin/", "//evil.example/admin/", `/\evil.example/admin/`, "/admin/\r\nSet-Cookie: a=b", "javascript:alert(1)",
		"/%5cevil.example", "evil.example/admin/", "/admin/../../d/x", "\t//evil.example", "http:/admin/", "",
	} {
		p := v.post("/admin/login", "password", adminPassword, "next", next)
		v.want(p, http.StatusSeeOther)
		to, err := url.Parse(p.Header.Get("Location"))
		if err != nil || to.Host != "" || to.Scheme != "" || !strings.HasPrefix(to.Path, "/admin/") || len(p.Header.Values("Set-Cookie")) != 1 {
			t.Errorf("%q leads to %q", next, p.Header.Get("Location"))
		}
	}
	if p := v.post("/admin/login", "password", adminPassword, "next", "/admin/changes?subject=x"); p.Header.Get("Location") != "/admin/changes?subject=x" {
		t.Errorf("led to %q", p.Header.Get("Location"))
	}
}

// TestTraversal asks for files outside of those that are served.
func TestTraversal(t *testing.T) {
	h := build(t)
	v := h.visitor(t)
	for _, path := range []string{
		"/static/../site.go", "/static/..%2fsite.go", "/static/%2e%2e/%2e%2e/go.mod", "/static/..%5c..%5cgo.mod", "/static//etc/passwd",
		"/static/%2fetc%2fpasswd", "/static/style.css%00.html", "/static/", "/d/../../../etc/passwd", "/c/..%2f..%2fetc%2fpasswd", "/templates/layout.html",
	} {
		p := v.get(path)
		for p.StatusCode == http.StatusMovedPermanently || p.StatusCode == http.StatusTemporaryRedirect || p.StatusCode == http.StatusPermanentRedirect {
			p = v.get(p.Header.Get("Location"))
		}
		if p.StatusCode != http.StatusNotFound && p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d\n%s", path, p.StatusCode, p.text)
		}
	}
}

// TestUnreadableForms sends forms that are too large, cut off, of the wrong kind or
// not text. Each is refused with a page that says so, and nothing changes.
func TestUnreadableForms(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	once := "&once=" + strings.Repeat("a", 26)
	admin, v := h.administrator(t), h.visitor(t)
	long := strings.Repeat("x", 2<<20)
	for name, p := range map[string]page{
		"a giant form of a visitor":            v.do(http.MethodPost, "/c/summer/play", strings.NewReader("first_name="+long), formKind),
		"a giant form of the administrator":    admin.do(http.MethodPost, "/admin/campaigns", strings.NewReader("rules_yaml="+long), formKind),
		"a giant seed":                         v.do(http.MethodPost, "/try", strings.NewReader("seed="+long), formKind),
		"a giant password":                     v.do(http.MethodPost, "/admin/login", strings.NewReader("password="+long), formKind),
		"bytes that stand for nothing":         v.do(http.MethodPost, "/c/summer/play", strings.NewReader("first_name=%zz&last_name=Lee"+once), formKind),
		"no form at all":                       v.do(http.MethodPost, "/c/summer/play", strings.NewReader(`{"first_name":"Ann","last_name":"Lee"}`), "application/json"),
		"a name that is not UTF-8":             v.do(http.MethodPost, "/c/summer/play", strings.NewReader("first_name=%ff%fe&last_name=Lee"+once), formKind),
		"a name with a NUL":                    v.do(http.MethodPost, "/c/summer/play", strings.NewReader("first_name=A%00nn&last_name=Lee"+once), formKind),
		"a name that turns the line around":    v.do(http.MethodPost, "/c/summer/play", strings.NewReader("first_name=A%e2%80%aenn&last_name=Lee"+once), formKind),
		"a name of 101 characters":             v.post("/c/summer/play", "first_name", strings.Repeat("é", 101), "last_name", "Lee", "once", strings.Repeat("a", 26)),
		"no names":                             v.post("/c/summer/play", "once", strings.Repeat("a", 26)),
		"an entrant with no number":            admin.post("/admin/campaigns/summer/draws", "entrant", "Ann", "once", strings.Repeat("a", 26)),
		"an entrant that is not there":         admin.post("/admin/campaigns/summer/draws", "entrant", "999", "once", strings.Repeat("a", 26)),
		"a draw of the administrator, keyless": admin.post("/admin/campaigns/summer/draws"),
		"a void without a reason":              admin.post("/admin/draws/summer-0-0000000000000000/void"),
	} {
		if p.StatusCode < 400 || p.StatusCode >= 500 || !strings.Contains(p.text, "</html>") {
			t.Errorf("%s: %d\n%s", name, p.StatusCode, p.text)
		}
	}
	if draws := h.drawsOf(t, "summer"); len(draws) != 0 {
		t.Errorf("draws were made: %+v", draws)
	}
	v.says(v.want(v.do(http.MethodPost, "/c/summer/play", strings.NewReader("first_name="+long), formKind), http.StatusRequestEntityTooLarge), "too large")
}

// TestHeaderInjection sends line breaks where headers are made of what visitors send.
func TestHeaderInjection(t *testing.T) {
	h := build(t)
	admin := h.administrator(t)
	h.open(t, campaign.Plan{Name: "summer", Title: "Summer"})
	for _, path := range []string{
		"/c/summer%0d%0aX-Injected:%201", "/d/x%0d%0aX-Injected:%201", "/static/x%0aX-Injected:%201", "/admin/campaigns/a%0d%0aX-Injected:%201/export.csv",
		"/admin/entrants?search=%0d%0aX-Injected:%201", "/try/%0d%0aX-Injected:%201", "/%0d%0aX-Injected:%201",
	} {
		for _, v := range []*visitor{admin, h.visitor(t)} {
			if p := v.get(path); p.Header.Get("X-Injected") != "" || p.StatusCode >= 500 {
				t.Errorf("%s: %d, %v", path, p.StatusCode, p.Header)
			}
		}
	}
	v := h.visitor(t)
	v.header.Set("Cookie", "once-summer=%0d%0aX-Injected: 1; prizegen-admin=%0d%0a")
	v.header.Set("X-Request-Id", "<script id=pwned>")
	v.header.Set("X-Forwarded-Host", "evil.example")
	p := v.want(v.get("/c/summer"), http.StatusOK)
	if strings.Contains(p.text, "evil.example") || strings.Contains(p.text, "pwned") || p.Header.Get("X-Injected") != "" {
		t.Errorf("%v\n%s", p.Header, p.text)
	}
}

// TestNobodySeesNumbersBeforehand has somebody look for account numbers to choose
// from: none is issued but by playing, and another's page can't be guessed from
// one's own.
func TestNobodySeesNumbersBeforehand(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	v := h.visitor(t)
	own := v.play("summer", ann()...).Request.URL.Path
	d := h.drawsOf(t, "summer")[0]
	if own != "/d/"+d.ID {
		t.Fatalf("%s, %s", own, d.ID)
	}
	other := h.visitor(t)
	for range 3 {
		other.want(other.get("/c/summer"), http.StatusOK)
	}
	if c, err := h.admin.Campaign(t.Context(), "summer"); err != nil || c.Plays != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	cut := d.ID[:len(d.ID)-1]
	for _, guess := range []string{cut, cut + "a", cut + "b", strings.Replace(d.ID, "-0-", "-1-", 1), strings.ToUpper(d.ID), d.ID + "a"} {
		if guess == d.ID {
			continue
		}
		if p := other.get("/d/" + guess); p.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", guess, p.StatusCode)
		}
	}
	// The once-only key of another does not lead to the other's page by a form.
	p := other.get("/c/summer")
	if strings.Contains(p.text, d.ID) || strings.Contains(p.text, d.Whole) {
		t.Errorf("a visitor sees the draw of another:\n%s", p.text)
	}
}

// TestFormulas has entrants with names that spreadsheets would compute.
func TestFormulas(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	names := []string{`=1+1`, `+1`, `-1`, `@SUM(A1)`, "\uff1d1+1", `=cmd|' /C calc'!A0`}
	for _, name := range names {
		h.visitor(t).play("summer", "first_name", name, "last_name", name)
	}
	admin := h.administrator(t)
	for _, path := range []string{"/admin/entrants.csv", "/admin/campaigns/summer/export.csv?entrants=true"} {
		p := admin.want(admin.get(path), http.StatusOK)
		if kind := p.Header.Get("Content-Type"); kind != "text/csv; charset=utf-8" || !strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%s: %v", path, p.Header)
		}
		rows, err := csv.NewReader(strings.NewReader(p.text)).ReadAll()
		if err != nil || len(rows) != len(names)+1 {
			t.Fatalf("%s: %d rows, %v", path, len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") || strings.HasPrefix(cell, "\uff1d") {
					t.Errorf("%s has the cell %q", path, cell)
				}
			}
		}
		for _, name := range names {
			if !strings.Contains(p.text, strings.TrimPrefix(strconv.Quote(name), `"`)[:2]) {
				t.Errorf("%s lost %q:\n%s", path, name, p.text)
			}
		}
	}
}
