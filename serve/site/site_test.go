package site_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if theBrowser.end != nil {
		theBrowser.end()
	}
	os.Exit(status)
}

const (
	adminPassword = "correct horse battery staple"
	adminToken    = "a token for tests"
)

// house is a core with its site, its database, and its administrator by the API.
type house struct {
	url   string
	db    *store.DB
	admin *remote.Admin
}

// build starts a core of all services on a new SQLite file.
func build(t testing.TB, change ...func(*serve.Config)) *house {
	t.Helper()
	return rebuild(t, storetest.Open(t, storetest.File(t)), change...)
}

// rebuild starts a core on a database that may have been in use before.
func rebuild(t testing.TB, db *store.DB, change ...func(*serve.Config)) *house {
	t.Helper()
	text, err := textgen.Parse(textgen.Lower4)
	if err != nil {
		t.Fatal(err)
	}
	number, err := numgen.Parse(numgen.Digits4)
	if err != nil {
		t.Fatal(err)
	}
	cfg := serve.Config{
		Role: serve.All, Version: "1.2.3", Text: text, Number: number, Log: slog.New(slog.DiscardHandler),
		Rules: func() ([]*prize.Rules, error) {
			rules, err := prize.Builtin(prize.Generous)
			return []*prize.Rules{rules}, err
		},
		Store: db, Sessions: db.Sessions(), AdminPassword: adminPassword, AdminToken: adminToken,
		Proxies: serve.Proxies{netip.MustParsePrefix("127.0.0.0/8")},
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := serve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	address, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &house{url: h.URL, db: db, admin: remote.New(remote.Config{Core: address}).Admin(adminToken)}
}

// open makes and opens a campaign.
func (h *house) open(t testing.TB, plan campaign.Plan) campaign.Campaign {
	t.Helper()
	if _, err := h.admin.Create(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	c, err := h.admin.Open(t.Context(), plan.Name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// drawsOf are the draws of a campaign, newest first.
func (h *house) drawsOf(t testing.TB, name string) []campaign.Draw {
	t.Helper()
	draws, _, err := h.admin.Draws(t.Context(), campaign.DrawQuery{Campaign: name})
	if err != nil {
		t.Fatal(err)
	}
	return draws
}

// visitor is a browser without a screen: it keeps cookies and follows no redirects.
type visitor struct {
	t      testing.TB
	house  *house
	client *http.Client
	header http.Header
}

func (h *house) visitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, house: h, header: http.Header{}, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// from has a visitor come from another address of this machine.
func (v *visitor) from(ip string) *visitor {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	v.t.Cleanup(transport.CloseIdleConnections)
	v.client.Transport = transport
	return v
}

// administrator is a visitor who has logged in.
func (h *house) administrator(t testing.TB) *visitor {
	t.Helper()
	v := h.visitor(t)
	v.want(v.post("/admin/login", "password", adminPassword), http.StatusSeeOther)
	return v
}

// page is an answer, read whole.
type page struct {
	*http.Response
	text string
}

func (v *visitor) do(method, path string, body io.Reader, kind string) page {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.house.url+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	for name, values := range v.header {
		request.Header[name] = values
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	answer, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{answer, string(text)}
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	return v.do(http.MethodGet, path, nil, "")
}

const formKind = "application/x-www-form-urlencoded"

// post sends a form of names and values.
func (v *visitor) post(path string, form ...string) page {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return v.do(http.MethodPost, path, strings.NewReader(values.Encode()), formKind)
}

// want fails the test where an answer has another status, and gives the answer.
func (v *visitor) want(p page, status int) page {
	v.t.Helper()
	if p.StatusCode != status {
		v.t.Fatalf("%s %s: %d, expected %d\n%s", p.Request.Method, p.Request.URL.Path, p.StatusCode, status, p.text)
	}
	return p
}

// follow goes where an answer leads.
func (v *visitor) follow(p page) page {
	v.t.Helper()
	v.want(p, http.StatusSeeOther)
	return v.want(v.get(p.Header.Get("Location")), http.StatusOK)
}

// play plays on a campaign's page and gives the visitor's own page.
func (v *visitor) play(name string, form ...string) page {
	v.t.Helper()
	p := v.want(v.get("/c/"+name), http.StatusOK)
	once := p.find("input", "name", "once")
	if once == nil {
		v.t.Fatalf("there is nothing to play with\n%s", p.text)
	}
	return v.follow(v.post("/c/"+name+"/play", append(form, "once", attribute(once, "value"))...))
}

// elements are all elements of a page.
func (p page) elements() []*html.Node {
	root, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		return nil
	}
	var list []*html.Node
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			list = append(list, node)
		}
	}
	return list
}

// find gives the first element of a kind with an attribute, nil for none.
func (p page) find(kind, name, value string) *html.Node {
	for _, node := range p.elements() {
		if node.Data == kind && attribute(node, name) == value {
			return node
		}
	}
	return nil
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words are what a reader sees of a page, its values of form fields included.
func (p page) words() string {
	root, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		return ""
	}
	var b strings.Builder
	for node := range root.Descendants() {
		switch {
		case node.Type == html.TextNode:
			b.WriteString(node.Data)
		case node.Type == html.ElementNode && node.Data == "input":
			fmt.Fprintf(&b, " %s ", attribute(node, "value"))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// says fails the test where a page lacks a text.
func (v *visitor) says(p page, text string) {
	v.t.Helper()
	if !strings.Contains(p.words(), text) {
		v.t.Errorf("%s does not say %q:\n%s", p.Request.URL.Path, text, p.words())
	}
}

// ann is somebody who plays.
func ann() []string { return []string{"first_name", "Ann", "last_name", "Lee"} }

// fill puts a draw, its campaign and its entrant into the places of a route's pattern.
func fill(pattern string, d campaign.Draw) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.NewReplacer("{$}", "", "{campaign}", d.Campaign, "{step}", "close", "{mark}", "void", "{seed}", "42", "{file}", "style.css").Replace(path)
	if strings.Contains(path, "entrants/{id}") {
		return method, strings.ReplaceAll(path, "{id}", strconv.FormatInt(d.Entrant.ID, 10))
	}
	return method, strings.ReplaceAll(path, "{id}", d.ID)
}

// state is what there is of a campaign and its people, to see whether it changed.
func (h *house) state(t testing.TB, name string) string {
	t.Helper()
	ctx := t.Context()
	c, err := h.admin.Campaign(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	people, _, err := h.admin.Entrants(ctx, campaign.EntrantQuery{})
	if err != nil {
		t.Fatal(err)
	}
	campaigns, _, err := h.admin.Campaigns(ctx, campaign.CampaignQuery{})
	if err != nil {
		t.Fatal(err)
	}
	c.RulesYAML = ""
	text, err := json.Marshal([]any{c, people, len(campaigns), h.drawsOf(t, name)})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRouteLabels checks that the metrics label requests with the site's routes, and
// never with an address that a visitor made up.
func TestRouteLabels(t *testing.T) {
	h := build(t)
	v := h.visitor(t)
	v.want(v.get("/c/made-up"), http.StatusNotFound)
	v.want(v.get("/c/made-up/made-up"), http.StatusNotFound)
	v.want(v.do(http.MethodPut, "/try", nil, ""), http.StatusNotFound)
	v.want(v.get("/try/made-up"), http.StatusOK)
	metrics := v.get("/metrics").text
	for _, want := range []string{
		`prizegen_http_requests_total{code="404",method="GET",route="/c/{campaign}"} 1`,
		`prizegen_http_requests_total{code="404",method="any",route="other"} 2`,
		`prizegen_http_requests_total{code="200",method="GET",route="/try/{seed}"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s:\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "made-up") {
		t.Errorf("an address became a label:\n%s", metrics)
	}
}
