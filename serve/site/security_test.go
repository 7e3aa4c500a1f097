package site_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/serve/site"
)

// TestForgedPosts sends every form as if from another site, with the promoter's cookies. It
// checks that all are refused and nothing changes.
func TestForgedPosts(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	s.visitor(t).play("summer", ann()...)
	d := s.draws(t, "summer")[0]
	before := s.snapshot(t, d.Campaign)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		v := s.promoter(t)
		v.header.Set(name, value)
		for _, pattern := range slices.Concat(site.AdminPatterns(), site.VisitorPatterns()) {
			method, path := requestFor(pattern, d)
			if method != http.MethodPost {
				continue
			}
			p := v.post(path, "note", "forged", "first_name", "Eve", "last_name", "Eve", "once", onceKey)
			if p.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %s: got status %d, want 403", pattern, name, p.StatusCode)
			}
		}
	}
	if after := s.snapshot(t, d.Campaign); after != before {
		t.Errorf("stored data after the requests: got %s, want %s", after, before)
	}
}

// TestReadingChangesNothing sends GET and HEAD requests for every page, with the values of
// the forms as parameters. It checks that nothing changes.
func TestReadingChangesNothing(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	s.visitor(t).play("summer", ann()...)
	d := s.draws(t, "summer")[0]
	before := s.snapshot(t, d.Campaign)
	v := s.promoter(t)
	for _, pattern := range slices.Concat(site.AdminPatterns(), site.VisitorPatterns()) {
		_, path := requestFor(pattern, d)
		if strings.HasSuffix(path, "/events") {
			continue // this response never ends
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			p := v.do(method, path+"?note=x&first_name=Eve&last_name=Eve&once="+onceKey, nil, "")
			if p.StatusCode >= 500 {
				t.Errorf("%s %s: got status %d, want below 500", method, path, p.StatusCode)
			}
		}
	}
	if after := s.snapshot(t, d.Campaign); after != before {
		t.Errorf("stored data after the requests: got %s, want %s", after, before)
	}
}

// hostileTexts returns strings that do harm if a program interprets them as code.
func hostileTexts() []string {
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

// TestHostileText enters many kinds of code into every field. It checks that all pages show
// the code as text.
func TestHostileText(t *testing.T) {
	s := newServer(t)
	promoter := s.promoter(t)
	for i, text := range hostileTexts() {
		name := "c" + strconv.Itoa(i)
		rules := "name: r\ncurrency: GBP\nrules:\n- name: " + strconv.Quote(text) + "\n  prizes: [{prize: " + strconv.Quote(text) + ", value: 1, chance: 100%}]\n"
		promoter.follow(promoter.post("/admin/campaigns", "name", name, "title", text, "text_format", "lower4", "number_format", "digits4", "rules_yaml", rules, "require_email", "yes"))
		promoter.follow(promoter.post("/admin/campaigns/" + name + "/open"))
		v := s.visitor(t)
		refused := v.post("/c/"+name+"/play", "first_name", text, "last_name", text, "email", text, "once", onceKey)
		v.wantStatus(refused, http.StatusUnprocessableEntity)
		v.wantText(refused, text)
		wantHarmless(t, refused)
		result := v.play(name, "first_name", text, "last_name", text, "email", "a@example.org")
		d := s.draws(t, name)[0]
		if d.Entrant.FirstName != text || d.Prize == nil || d.Prize.Name != text {
			t.Errorf("stored draw: got entrant %+v and prize %+v, want %q", d.Entrant, d.Prize, text)
		}
		claimed := promoter.follow(promoter.post("/admin/draws/"+d.ID+"/claim", "note", text))
		promoter.wantText(claimed, text)
		pages := []page{result, claimed}
		quoted := url.QueryEscape(text)
		for _, path := range []string{
			"/admin/entrants/" + strconv.FormatInt(d.Entrant.ID, 10), "/admin/entrants?search=" + quoted,
			"/admin/campaigns", "/admin/campaigns/" + name, "/admin/campaigns/" + name + "/edit",
			"/admin/campaigns/" + name + "/draws?account=" + quoted, "/admin/campaigns/" + name + "/draws?prize=" + quoted,
			"/admin/changes?subject=" + quoted, "/admin/login?next=" + quoted, "/admin/changes",
		} {
			pages = append(pages, promoter.get(path))
		}
		for _, path := range []string{"/", "/c/" + name, "/c/" + name + "/winners", "/c/" + name + "/odds", "/c/" + name + "/fairness", "/c/" + name + "/live"} {
			pages = append(pages, v.get(path))
		}
		for _, p := range pages {
			v.wantStatus(p, http.StatusOK)
			wantHarmless(t, p)
		}
		for _, path := range []string{"/c/" + name + "/winners?before=", "/d/", "/c/", "/try/", "/static/", "/admin/campaigns?cursor=", "/admin/campaigns?state=", "/admin/draws/", "/admin/entrants?cursor="} {
			p := promoter.get(path + quoted)
			if p.StatusCode >= 500 {
				t.Errorf("%s%s: got status %d, want below 500", path, text, p.StatusCode)
			}
			wantHarmless(t, p)
		}
	}
	if got := len(s.draws(t, "c0")); got != 1 {
		t.Errorf("draws of c0: got %d, want 1", got)
	}
}

// wantHarmless fails the test if a page contains code that a visitor entered, or code that
// the site's own Content-Security-Policy forbids.
func wantHarmless(t *testing.T, p page) {
	t.Helper()
	for _, node := range p.elements() {
		if attribute(node, "id") == "pwned" {
			t.Errorf("%s contains an element that a visitor entered:\n%s", p.Request.URL, p.text)
		}
		if node.Data == "style" || node.Data == "script" && attribute(node, "src") == "" {
			t.Errorf("%s contains an inline <%s>", p.Request.URL, node.Data)
		}
		for _, a := range node.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:") && a.Key != "value" && a.Key != "content" {
				t.Errorf("%s contains attribute %s=%q", p.Request.URL, a.Key, a.Val)
			}
		}
	}
}

// TestSecurityHeaders checks the headers of all kinds of responses: pages, refusals, files
// and errors.
func TestSecurityHeaders(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	s.visitor(t).play("summer", ann()...)
	d := s.draws(t, "summer")[0]
	v := s.promoter(t)
	v.header.Set("Accept", "text/html")
	var pages []page
	for _, pattern := range slices.Concat(site.AdminPatterns(), site.VisitorPatterns()) {
		method, path := requestFor(pattern, d)
		if method == http.MethodGet && !strings.HasSuffix(path, "/events") {
			pages = append(pages, v.get(path), s.visitor(t).get(path))
		}
	}
	pages = append(pages, v.get("/nothing"), v.get("/c/nothing"), v.get("/static/nothing"), v.do(http.MethodPut, "/try", nil, ""),
		v.post("/admin/login", "password", "wrong"), v.post("/c/summer/play"))
	for _, p := range pages {
		wantSecurityHeaders(t, p)
		wantHarmless(t, p)
	}
	v = s.visitor(t)
	v.header.Set("X-Forwarded-Proto", "https")
	for _, p := range []page{v.get("/c/summer"), v.post("/admin/login", "password", adminPassword)} {
		if cookies := p.Cookies(); len(cookies) == 0 || !cookies[0].Secure {
			t.Errorf("%s over HTTPS: got cookies %v, want a secure cookie", p.Request.URL, cookies)
		}
	}
}

func wantSecurityHeaders(t *testing.T, p page) {
	t.Helper()
	policy := p.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") ||
		!strings.Contains(policy, "form-action 'self'") || !strings.Contains(policy, "base-uri 'none'") {
		t.Errorf("%s: got Content-Security-Policy %q, want a strict policy", p.Request.URL, policy)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
		if got := p.Header.Get(name); got != want {
			t.Errorf("%s: got %s %q, want %q", p.Request.URL, name, got, want)
		}
	}
	cache := strings.Join(p.Header.Values("Cache-Control"), ",")
	if !strings.HasPrefix(p.Request.URL.Path, "/static/") && p.Request.URL.Path != "/favicon.ico" && !strings.Contains(cache, "no-store") {
		t.Errorf("%s: got Cache-Control %q, want no-store", p.Request.URL, cache)
	}
	for _, cookie := range p.Cookies() {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure {
			t.Errorf("%s: got cookie %v, want it HttpOnly, SameSite=Lax and, over HTTP, not Secure", p.Request.URL, cookie)
		}
	}
}

// TestTraversal checks that files outside the served folder cannot be requested.
func TestTraversal(t *testing.T) {
	s := newServer(t)
	v := s.visitor(t)
	for _, path := range []string{
		"/static/../site.go", "/static/..%2fsite.go", "/static/%2e%2e/%2e%2e/go.mod", "/static/..%5c..%5cgo.mod", "/static//etc/passwd",
		"/static/%2fetc%2fpasswd", "/static/style.css%00.html", "/static/", "/d/../../../etc/passwd", "/c/..%2f..%2fetc%2fpasswd", "/templates/layout.html",
	} {
		p := v.get(path)
		for p.StatusCode == http.StatusMovedPermanently || p.StatusCode == http.StatusTemporaryRedirect || p.StatusCode == http.StatusPermanentRedirect {
			p = v.get(p.Header.Get("Location"))
		}
		if p.StatusCode != http.StatusNotFound && p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got status %d, want 404 or 400\n%s", path, p.StatusCode, p.text)
		}
	}
}

// TestUnreadableForms sends forms that are too large, malformed or incomplete. It checks
// that each is refused with a page and nothing changes.
func TestUnreadableForms(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	promoter, v := s.promoter(t), s.visitor(t)
	long := strings.Repeat("x", 2<<20)
	raw := func(v *visitor, path, body string) page {
		return v.do(http.MethodPost, path, strings.NewReader(body), formType)
	}
	const rest = "&last_name=Lee&once=" + onceKey
	for name, p := range map[string]page{
		"visitor's form too large":        raw(v, "/c/summer/play", "first_name="+long),
		"promoter's form too large":       raw(promoter, "/admin/campaigns", "rules_yaml="+long),
		"seed too large":                  raw(v, "/try", "seed="+long),
		"password too large":              raw(v, "/admin/login", "password="+long),
		"malformed escape":                raw(v, "/c/summer/play", "first_name=%zz"+rest),
		"JSON instead of a form":          v.do(http.MethodPost, "/c/summer/play", strings.NewReader(`{"first_name":"Ann","last_name":"Lee"}`), "application/json"),
		"name that is not UTF-8":          raw(v, "/c/summer/play", "first_name=%ff%fe"+rest),
		"name with a NUL":                 raw(v, "/c/summer/play", "first_name=A%00nn"+rest),
		"name with a right-to-left mark":  raw(v, "/c/summer/play", "first_name=A%e2%80%aenn"+rest),
		"name of 101 characters":          v.post("/c/summer/play", "first_name", strings.Repeat("é", 101), "last_name", "Lee", "once", onceKey),
		"no names":                        v.post("/c/summer/play", "once", onceKey),
		"entrant that is not a number":    promoter.post("/admin/campaigns/summer/draws", "entrant", "Ann", "once", onceKey),
		"entrant that does not exist":     promoter.post("/admin/campaigns/summer/draws", "entrant", "999", "once", onceKey),
		"promoter's draw without a key":   promoter.post("/admin/campaigns/summer/draws"),
		"void without a reason or a draw": promoter.post("/admin/draws/summer-0-0000000000000000/void"),
	} {
		if p.StatusCode < 400 || p.StatusCode >= 500 || !strings.Contains(p.text, "</html>") {
			t.Errorf("%s: got status %d, want a page with a status from 400 to 499\n%s", name, p.StatusCode, p.text)
		}
	}
	if draws := s.draws(t, "summer"); len(draws) != 0 {
		t.Errorf("draws: got %+v, want none", draws)
	}
	v.wantText(v.wantStatus(raw(v, "/c/summer/play", "first_name="+long), http.StatusRequestEntityTooLarge), "too large")
}

// TestHeaderInjection sends line breaks in every value that a response header might
// contain.
func TestHeaderInjection(t *testing.T) {
	s := newServer(t)
	promoter := s.promoter(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", Title: "Summer"})
	for _, path := range []string{
		"/c/summer%0d%0aX-Injected:%201", "/d/x%0d%0aX-Injected:%201", "/static/x%0aX-Injected:%201", "/admin/campaigns/a%0d%0aX-Injected:%201/export.csv",
		"/admin/entrants?search=%0d%0aX-Injected:%201", "/try/%0d%0aX-Injected:%201", "/%0d%0aX-Injected:%201",
	} {
		for _, v := range []*visitor{promoter, s.visitor(t)} {
			if p := v.get(path); p.Header.Get("X-Injected") != "" || p.StatusCode >= 500 {
				t.Errorf("%s: got status %d and headers %v, want no injected header", path, p.StatusCode, p.Header)
			}
		}
	}
	v := s.visitor(t)
	v.header.Set("Cookie", "once-summer=%0d%0aX-Injected: 1; prizegen-admin=%0d%0a")
	v.header.Set("X-Request-Id", "<script id=pwned>")
	v.header.Set("X-Forwarded-Host", "evil.example")
	p := v.wantStatus(v.get("/c/summer"), http.StatusOK)
	if strings.Contains(p.text, "evil.example") || strings.Contains(p.text, "pwned") || p.Header.Get("X-Injected") != "" {
		t.Errorf("response: got injected headers %v, want none\n%s", p.Header, p.text)
	}
}

// TestAccountNumbersStaySecret checks that a visitor can find neither account numbers
// before playing nor the draws of others.
func TestAccountNumbersStaySecret(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	own := s.visitor(t).play("summer", ann()...).Request.URL.Path
	d := s.draws(t, "summer")[0]
	if want := "/d/" + d.ID; own != want {
		t.Fatalf("path of the draw's page: got %s, want %s", own, want)
	}
	other := s.visitor(t)
	for range 3 {
		other.wantStatus(other.get("/c/summer"), http.StatusOK)
	}
	c, err := s.api.Campaign(t.Context(), "summer")
	if err != nil {
		t.Fatal(err)
	}
	if c.Plays != 1 {
		t.Errorf("plays after viewing the page: got %d, want 1", c.Plays)
	}
	cut := d.ID[:len(d.ID)-1]
	for _, guess := range []string{cut, cut + "a", cut + "b", strings.Replace(d.ID, "-0-", "-1-", 1), strings.ToUpper(d.ID), d.ID + "a"} {
		if guess == d.ID {
			continue
		}
		if p := other.get("/d/" + guess); p.StatusCode != http.StatusNotFound {
			t.Errorf("/d/%s: got status %d, want 404", guess, p.StatusCode)
		}
	}
	p := other.get("/c/summer")
	if strings.Contains(p.text, d.ID) || strings.Contains(p.text, d.Whole) {
		t.Errorf("page for another visitor: got a draw that is not theirs:\n%s", p.text)
	}
}

// TestFormulas checks that names that look like formulas are harmless in downloaded
// spreadsheets.
func TestFormulas(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	names := []string{`=1+1`, `+1`, `-1`, `@SUM(A1)`, "\uff1d1+1", `=cmd|' /C calc'!A0`, `Ann;=1+1`}
	for _, name := range names {
		s.visitor(t).play("summer", "first_name", name, "last_name", name)
	}
	promoter := s.promoter(t)
	for _, path := range []string{"/admin/entrants.csv", "/admin/campaigns/summer/export.csv?entrants=true"} {
		p := promoter.wantStatus(promoter.get(path), http.StatusOK)
		if got := p.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
			t.Errorf("%s: got Content-Type %q, want CSV", path, got)
		}
		if got := p.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") {
			t.Errorf("%s: got Content-Disposition %q, want an attachment", path, got)
		}
		rows, err := csv.NewReader(strings.NewReader(p.text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(rows), len(names)+1; got != want {
			t.Fatalf("%s: got %d rows, want %d", path, got, want)
		}
		for _, row := range rows {
			for _, cell := range row {
				for part := range strings.SplitSeq(cell, ";") {
					part = strings.TrimLeft(part, `"`)
					if strings.ContainsAny(part[:min(1, len(part))], "=+-@\t\r") || strings.HasPrefix(part, "\uff1d") {
						t.Errorf("%s: got cell %q, want no formula", path, cell)
					}
				}
			}
		}
		for _, name := range names {
			if !strings.Contains(p.text, strings.TrimPrefix(strconv.Quote(name), `"`)[:2]) {
				t.Errorf("%[2]s: got no %[1]q:\n%[3]s", name, path, p.text)
			}
		}
	}
}
