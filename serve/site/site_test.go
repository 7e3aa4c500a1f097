package site_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/net/html"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(status)
}

const adminPassword = "correct horse battery staple"

// server is a running core with its site.
type server struct {
	*servertest.Server
	db  *store.DB
	api *remote.Admin
}

// newServer starts a server with all roles on a new SQLite file.
func newServer(t testing.TB, options ...servertest.Option) *server {
	t.Helper()
	return newServerOn(t, storetest.Open(t, storetest.File(t)), options...)
}

// newServerOn starts a server with a database that other servers may also use.
func newServerOn(t testing.TB, db *store.DB, options ...servertest.Option) *server {
	t.Helper()
	site := func(c *serve.Config) {
		c.Store, c.Access, c.Sessions, c.AdminPassword, c.AdminToken = db, db.Access(), db.Sessions(), adminPassword, servertest.Token
		c.Proxies = serve.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	}
	s := servertest.Start(t, serve.All, append([]servertest.Option{servertest.Quiet, site}, options...)...)
	return &server{s, db, remote.New(remote.Config{Core: s.Address(t)}).Admin(servertest.Token)}
}

// openCampaign creates and opens a campaign.
func (s *server) openCampaign(t testing.TB, plan campaign.Plan) campaign.Campaign {
	t.Helper()
	if _, err := s.api.Create(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	c, err := s.api.Open(t.Context(), plan.Name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// draws returns the draws of a campaign, newest first.
func (s *server) draws(t testing.TB, campaignName string) []campaign.Draw {
	t.Helper()
	draws, _, err := s.api.Draws(t.Context(), campaign.DrawQuery{Campaign: campaignName})
	if err != nil {
		t.Fatal(err)
	}
	return draws
}

// snapshot returns a string that describes a campaign and all entrants, so that a test can
// compare states before and after requests.
func (s *server) snapshot(t testing.TB, campaignName string) string {
	t.Helper()
	ctx := t.Context()
	c, err := s.api.Campaign(ctx, campaignName)
	if err != nil {
		t.Fatal(err)
	}
	people, _, err := s.api.Entrants(ctx, campaign.EntrantQuery{})
	if err != nil {
		t.Fatal(err)
	}
	campaigns, _, err := s.api.Campaigns(ctx, campaign.CampaignQuery{})
	if err != nil {
		t.Fatal(err)
	}
	c.RulesYAML = ""
	text, err := json.Marshal([]any{c, people, len(campaigns), s.draws(t, campaignName)})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// visitor is an HTTP client that stores cookies and does not follow redirects.
type visitor struct {
	t      testing.TB
	server *server
	client *http.Client
	header http.Header
}

func (s *server) visitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, server: s, header: http.Header{}, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// promoter returns a visitor who has logged in.
func (s *server) promoter(t testing.TB) *visitor {
	t.Helper()
	v := s.visitor(t)
	v.wantStatus(v.post("/admin/login", "password", adminPassword), http.StatusSeeOther)
	return v
}

// page is a response with its body.
type page struct {
	*http.Response
	text string
}

func (v *visitor) do(method, path string, body io.Reader, contentType string) page {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.server.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	for name, values := range v.header {
		request.Header[name] = values
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{response, string(text)}
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	return v.do(http.MethodGet, path, nil, "")
}

const formType = "application/x-www-form-urlencoded"

// post sends a form with alternating names and values.
func (v *visitor) post(path string, form ...string) page {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return v.do(http.MethodPost, path, strings.NewReader(values.Encode()), formType)
}

// wantStatus returns p. If its status is not want, it stops the test.
func (v *visitor) wantStatus(p page, want int) page {
	v.t.Helper()
	if p.StatusCode != want {
		v.t.Fatalf("%s %s: got status %d, want %d\n%s", p.Request.Method, p.Request.URL.Path, p.StatusCode, want, p.text)
	}
	return p
}

// wantText fails the test if the visible text of a page does not contain want.
func (v *visitor) wantText(p page, want string) {
	v.t.Helper()
	if got := p.words(); !strings.Contains(got, want) {
		v.t.Errorf("text of %s: got %q, want %q in it", p.Request.URL.Path, got, want)
	}
}

// follow follows the redirect after a form.
func (v *visitor) follow(p page) page {
	v.t.Helper()
	v.wantStatus(p, http.StatusSeeOther)
	return v.wantStatus(v.get(p.Header.Get("Location")), http.StatusOK)
}

// play plays with the form on a campaign's page. It returns the page of the draw.
func (v *visitor) play(campaignName string, form ...string) page {
	v.t.Helper()
	p := v.wantStatus(v.get("/c/"+campaignName), http.StatusOK)
	once := p.find("input", "name", "once")
	if once == nil {
		v.t.Fatalf("/c/%s: got no form to play:\n%s", campaignName, p.text)
	}
	return v.follow(v.post("/c/"+campaignName+"/play", append(form, "once", attribute(once, "value"))...))
}

// elements returns all elements of a page.
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

// find returns the first element with the given name and attribute, or nil if there is
// none.
func (p page) find(element, name, value string) *html.Node {
	for _, node := range p.elements() {
		if node.Data == element && attribute(node, name) == value {
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

// words returns the visible text of a page, including the values of form fields.
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

// ann returns the form fields of a person who plays.
func ann() []string { return []string{"first_name", "Ann", "last_name", "Lee"} }

// onceKey is a well-formed once-only key.
const onceKey = "aaaaaaaaaaaaaaaaaaaaaaaaaa"

// requestFor returns a request that matches a route's pattern. The request is for the given
// draw, its campaign or its entrant.
func requestFor(pattern string, d campaign.Draw) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.NewReplacer("{$}", "", "{campaign}", d.Campaign, "{name}", "ada", "{step}", "close", "{mark}", "void", "{seed}", "42", "{file}", "style.css").Replace(path)
	if strings.Contains(path, "entrants/{id}") {
		return method, strings.ReplaceAll(path, "{id}", strconv.FormatInt(d.Entrant.ID, 10))
	}
	return method, strings.ReplaceAll(path, "{id}", d.ID)
}

// TestRouteLabels checks that the labels of request metrics are routes of the site, never
// paths that a visitor has made up.
func TestRouteLabels(t *testing.T) {
	s := newServer(t)
	v := s.visitor(t)
	v.wantStatus(v.get("/c/made-up"), http.StatusNotFound)
	v.wantStatus(v.get("/c/made-up/made-up"), http.StatusNotFound)
	v.wantStatus(v.do(http.MethodPut, "/try", nil, ""), http.StatusNotFound)
	v.wantStatus(v.get("/try/made-up"), http.StatusOK)
	metrics := v.get("/metrics").text
	for _, want := range []string{
		`prizegen_http_requests_total{code="404",method="GET",route="/c/{campaign}"} 1`,
		`prizegen_http_requests_total{code="404",method="any",route="other"} 2`,
		`prizegen_http_requests_total{code="200",method="GET",route="/try/{seed}"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics: got no %s:\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "made-up") {
		t.Errorf("/metrics: got a visitor's path as a label, want none:\n%s", metrics)
	}
}

// TestClosedCampaign checks the messages for visitors before a campaign opens and after it
// ends.
func TestClosedCampaign(t *testing.T) {
	s := newServer(t)
	v := s.visitor(t)
	opens := time.Date(2127, time.July, 1, 7, 30, 0, 0, time.UTC)
	s.openCampaign(t, campaign.Plan{Name: "later", Title: "The later draw", OpensAt: &opens})
	v.wantText(v.wantStatus(v.get("/c/later"), http.StatusOK), "“The later draw” opens on 1 July 2127 at 7:30 am UTC.")
	v.wantText(v.wantStatus(v.post("/c/later/play", append(ann(), "once", onceKey)...), http.StatusConflict), "You cannot play yet.")
	s.openCampaign(t, campaign.Plan{Name: "summer", Title: "The Summer draw"})
	closed, err := s.api.Close(t.Context(), "summer")
	if err != nil {
		t.Fatal(err)
	}
	v.wantText(v.wantStatus(v.get("/c/summer"), http.StatusOK), "“The Summer draw” ended on "+closed.ClosedAt.UTC().Format("2 January"))
	v.wantText(v.wantStatus(v.post("/c/summer/play", append(ann(), "once", onceKey)...), http.StatusConflict), "the campaign has ended")
}
