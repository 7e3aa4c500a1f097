package site_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
)

// theBrowser is the one Chromium of the package's tests, started by the first that
// needs it.
var theBrowser struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

// patience is how long a browser may take to get somewhere.
const patience = 20 * time.Second

// screen is a browser's window, with cookies of its own.
type screen struct {
	t   *testing.T
	ctx context.Context
	url string
}

// browse opens a window. Where there is no Chromium the test is skipped, and fails
// under continuous integration.
func (h *house) browse(t *testing.T) *screen {
	t.Helper()
	theBrowser.once.Do(startBrowser)
	if theBrowser.err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(theBrowser.err)
		}
		t.Skip(theBrowser.err)
	}
	return newScreen(theBrowser.ctx, t, h.url, chromedp.WithNewBrowserContext())
}

func startBrowser() {
	path, err := exec.LookPath("chromium")
	if err != nil {
		theBrowser.err = err
		return
	}
	// The sandbox of Chromium does not work for root, as in containers; all it
	// loads here is our own. chromedp loses a page that comes back out of memory, as
	// it was left; a second tab is such a page too.
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-back-forward-cache", true))...)
	ctx, stop := chromedp.NewContext(allocator)
	theBrowser.ctx, theBrowser.end = ctx, func() { stop(); end() }
	theBrowser.err = chromedp.Do(ctx)
}

// tab opens another window with the same cookies.
func (s *screen) tab() *screen {
	s.t.Helper()
	return newScreen(s.ctx, s.t, s.url)
}

func (s *screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	run(s, chromedp.Steps(steps...))
}

// run does something in a window and gives what came of it.
func run[T any](s *screen, action chromedp.Action[T]) T {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		s.t.Fatalf("%v\nat %s", err, s.where())
	}
	return value
}

// newScreen makes a window, which lives as long as its context.
func newScreen(ctx context.Context, t *testing.T, url string, options ...chromedp.ContextOption) *screen {
	t.Helper()
	ctx, cancel := chromedp.NewContext(ctx, options...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return &screen{t, ctx, url}
}

// where is the address that is shown and what stands there.
func (s *screen) where() string {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		text = err.Error()
	}
	return at + "\n" + text
}

func (s *screen) open(path string) {
	s.t.Helper()
	s.do(chromedp.Navigate(s.url + path))
}

// click clicks and waits for the page that it leads to.
func (s *screen) click(selector string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		s.t.Fatalf("click %s: %v\nat %s", selector, err, s.where())
	}
}

// fill types into a field that may have something in it.
func (s *screen) fill(id, text string) {
	s.t.Helper()
	s.do(chromedp.Clear(chromedp.CSS("#"+id)), chromedp.SendKeys(chromedp.CSS("#"+id), text))
}

func (s *screen) text(selector string) string {
	s.t.Helper()
	return strings.TrimSpace(run(s, chromedp.Text(chromedp.CSS(selector))))
}

// path is what is shown, without the address of the host.
func (s *screen) path() string {
	s.t.Helper()
	return strings.TrimPrefix(run(s, chromedp.Location()), s.url)
}

func (s *screen) says(text string) {
	s.t.Helper()
	if words := s.text("body"); !strings.Contains(words, text) {
		s.t.Errorf("%s does not say %q:\n%s", s.path(), text, words)
	}
}

// evaluate gives what an expression of JavaScript does.
func evaluate[T any](s *screen, expression string) T {
	s.t.Helper()
	return run(s, chromedp.Evaluate[T](expression))
}

// keep writes what is shown into the folder that PRIZEGEN_SCREENSHOTS names, for
// people to look at.
func (s *screen) keep(name string) {
	s.t.Helper()
	folder := os.Getenv("PRIZEGEN_SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		s.t.Fatal(err)
	}
	picture := run(s, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// call has the browser itself do something.
func call[P, R any](s *screen, command cdp.Command[P, R], params P) R {
	s.t.Helper()
	result, err := chromedp.Call(s.ctx, command, params)
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

// withoutScripts turns JavaScript off.
func (s *screen) withoutScripts() {
	s.t.Helper()
	call(s, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// logIn logs in as the administrator.
func (s *screen) logIn() {
	s.t.Helper()
	s.open("/admin/")
	s.fill("password", adminPassword)
	s.click("main button")
	if at := s.path(); at != "/admin/campaigns" {
		s.t.Fatalf("the login leads to %s\n%s", at, s.where())
	}
}

// TestPlayInBrowser plays as visitors do who press things twice: one play is one draw.
func TestPlayInBrowser(t *testing.T) {
	for name, scripts := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.open(t, campaign.Plan{Name: "summer", Title: "The great summer draw"})
			s := h.browse(t)
			if !scripts {
				s.withoutScripts()
			}
			second := s.tab()
			if !scripts {
				second.withoutScripts()
			}
			s.open("/")
			second.open("/c/summer") // was loaded before the first tab played
			s.fill("first_name", "Ann")
			s.fill("last_name", "Lee")
			s.click("form button")
			own := s.path()
			if !strings.HasPrefix(own, "/d/summer-0-") {
				t.Fatalf("at %s", s.where())
			}
			account := s.text(".account")
			one := func(after string) {
				t.Helper()
				draws := h.drawsOf(t, "summer")
				if len(draws) != 1 || draws[0].Whole != account || "/d/"+draws[0].ID != own {
					t.Fatalf("after %s: %+v", after, draws)
				}
			}
			one("playing")
			s.do(chromedp.Reload())
			if got := s.text(".account"); got != account {
				t.Errorf("a refresh shows %s", got)
			}
			one("a refresh")
			s.do(chromedp.NavigateBack(), chromedp.WaitVisible(chromedp.CSS("main")))
			s.open("/c/summer")
			s.says("You have played")
			one("going back")
			second.fill("first_name", "Ann")
			second.fill("last_name", "Lee")
			second.click("form button")
			if second.path() != own {
				t.Errorf("the second tab is at %s", second.where())
			}
			one("playing in a second tab")
			s.click("form button") // somebody else's turn
			s.fill("first_name", "Bob")
			s.fill("last_name", "Lee")
			s.do(chromedp.DoubleClick(chromedp.CSS("form button")), chromedp.WaitVisible(chromedp.CSS(".account")))
			if draws := h.drawsOf(t, "summer"); len(draws) != 2 {
				t.Errorf("after a double click there are %d draws, expected 2", len(draws))
			}
		})
	}
}

// TestBackAndPlayAgain sends the form that Back shows.
func TestBackAndPlayAgain(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	s := h.browse(t)
	s.open("/c/summer")
	s.fill("first_name", "Ann")
	s.fill("last_name", "Lee")
	s.click("form button")
	own := s.path()
	s.do(chromedp.NavigateBack(), chromedp.WaitVisible(chromedp.CSS("main")))
	if evaluate[bool](s, `document.querySelector("#first_name") !== null`) {
		s.fill("first_name", "Eve")
		s.fill("last_name", "Lee")
		s.click("form button")
	} else {
		s.click("a.button")
	}
	if s.path() != own || len(h.drawsOf(t, "summer")) != 1 {
		t.Errorf("%d draws, at %s", len(h.drawsOf(t, "summer")), s.where())
	}
}

// TestFreePlayInBrowser plays where nothing is stored.
func TestFreePlayInBrowser(t *testing.T) {
	h := build(t)
	s := h.browse(t)
	s.withoutScripts()
	s.open("/")
	account := s.text(".account")
	s.says("nothing is stored")
	s.click("form button")
	if got := s.text(".account"); got != account {
		t.Errorf("%s became %s by playing", account, got)
	}
	prize := s.text(".prize")
	s.do(chromedp.Reload())
	if s.text(".prize") != prize {
		t.Errorf("%s became %s by a refresh", prize, s.text(".prize"))
	}
}

// TestAdministrationInBrowser runs a whole promotion as the administrator does.
func TestAdministrationInBrowser(t *testing.T) {
	h := build(t)
	s := h.browse(t)
	s.open("/admin/entrants")
	if at := s.path(); at != "/admin/login?next=%2Fadmin%2Fentrants" {
		t.Errorf("led to %s", at)
	}
	s.fill("password", "a guess")
	s.click("main button")
	s.says("The password is wrong")
	s.fill("password", adminPassword)
	s.click("main button")
	if at := s.path(); at != "/admin/entrants" {
		t.Fatalf("the login leads to %s", at)
	}

	// Entrants: create, read, update, delete.
	s.fill("first_name", "Ann")
	s.fill("last_name", "Lee")
	s.click("section.card form button")
	s.says("The entrant was added.")
	s.fill("first_name", "Anna")
	s.click("section.card form button")
	if name := s.text("h1"); name != "Anna Lee" {
		t.Errorf("the entrant is %q", name)
	}
	s.do(chromedp.Reload())
	if strings.Contains(s.text("main"), "was saved") {
		t.Error("a notice is shown twice")
	}
	s.do(chromedp.Click(chromedp.CSS("summary")))
	s.click("details form button")
	s.says("There is nobody.")

	// A campaign with mistakes, its odds, the draft, and its life.
	s.open("/admin/campaigns/new")
	s.fill("name", "summer")
	s.fill("title", "The great summer draw")
	s.do(chromedp.SetValue(chromedp.CSS("#rules_yaml"), "name: r\ncurrency: GBP\nrules:\n- prizes:\n  - {win: 1, chance: 200%}\n"))
	s.click(`form[action^="/admin/campaigns"] button:not([name])`)
	s.says("Line 5, column")
	s.do(chromedp.SetValue(chromedp.CSS("#rules_yaml"), "name: r\ncurrency: GBP\nrules:\n- prizes:\n  - {prize: Car, value: 9000, chance: 1/4, stock: 1, then: £1.00}\n  - {win: 1, chance: 1/4}\n"))
	s.click(`button[name="preview"]`)
	s.says("The chance of winning anything is 50%")
	s.says("Nothing is saved yet")
	s.click(`form[action^="/admin/campaigns"] button:not([name])`)
	s.says("The draft was made")
	if at := s.path(); at != "/admin/campaigns/summer" {
		t.Errorf("led to %s", at)
	}
	s.click(`form[action$="/open"] button`)
	s.says("The campaign is open.")
	s.open("/admin/campaigns/summer/draws")
	for range 20 {
		s.click(`form[action$="/draws"][method="post"] button`)
		s.says("The draw was made.")
		s.open("/admin/campaigns/summer/draws")
	}
	s.click(`tbody th a`)
	s.do(chromedp.Click(chromedp.CSS("summary")))
	s.fill("void", "a test")
	s.click(`form[action$="/void"] button`)
	s.says("a test")

	// A session that is over loses nothing but the way.
	other := s.tab()
	other.open("/admin/campaigns/summer")
	expire(t, h, s.session())
	other.do(chromedp.Click(chromedp.CSS("summary")))
	other.click(`form[action$="/close"] button`)
	other.says("You are not logged in any more")
	if c, err := h.admin.Campaign(t.Context(), "summer"); err != nil || c.State != campaign.Open {
		t.Fatalf("%+v, %v", c, err)
	}
	s.logIn()
	s.open("/admin/campaigns/summer")
	s.do(chromedp.Click(chromedp.CSS("summary")))
	s.click(`form[action$="/close"] button`)
	s.says("The campaign is closed.")
	s.open("/admin/changes?subject=summer")
	s.says("close")

	// Everybody can check it.
	p := h.visitor(t).get("/v1/campaigns/summer/export")
	report, err := campaign.Verify(t.Context(), draw.Local{}, strings.NewReader(p.text), nil, func(f draw.Finding) { t.Errorf("%+v", f) })
	if err != nil || report.Draws != 20 || !report.SeedKnown {
		t.Errorf("%+v, %v", report, err)
	}
	s.click(`form[action="/admin/logout"] button`)
	s.open("/admin/campaigns")
	if at := s.path(); !strings.HasPrefix(at, "/admin/login") {
		t.Errorf("after logging out at %s", at)
	}
}

// session is the token of the administrator's session.
func (s *screen) session() (token string) {
	s.t.Helper()
	for _, cookie := range call(s, network.GetCookies, network.GetCookiesParams{URLs: []string{s.url + "/admin/"}}).Cookies {
		if cookie.Name == "prizegen-admin" {
			token = cookie.Value
		}
	}
	return token
}

// TestLivePage has a screen at an event open while somebody wins.
func TestLivePage(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer", RulesYAML: "name: r\ncurrency: GBP\nrules:\n- prizes: [{prize: A mug, value: 8, chance: 100%}]\n"})
	s := h.browse(t)
	s.open("/c/summer/live")
	s.says("Nobody has won yet.")
	h.visitor(t).play("summer", "first_name", "李", "last_name", "娜")
	s.do(chromedp.WaitVisible(chromedp.CSS("#live .what")))
	s.says("A mug")
	still := h.browse(t)
	still.withoutScripts()
	still.open("/c/summer/live")
	still.says("A mug")
}

// TestLivePageComesBack after it was refused for a while, as while a proxy finds no
// replica, or a replica no database.
func TestLivePageComesBack(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer", RulesYAML: "name: r\ncurrency: GBP\nrules:\n- prizes: [{prize: A mug, value: 8, chance: 100%}]\n"})
	address, err := url.Parse(h.url)
	if err != nil {
		t.Fatal(err)
	}
	var refused atomic.Int64
	behind := httputil.NewSingleHostReverseProxy(address)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") && refused.Add(1) < 3 {
			http.Error(w, "in a moment", http.StatusServiceUnavailable)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close) // once the browser has let go
	s := h.browse(t)
	s.url = front.URL
	s.open("/c/summer/live")
	h.visitor(t).play("summer", "first_name", "李", "last_name", "娜")
	s.do(chromedp.WaitVisible(chromedp.CSS("#live .what")))
	s.says("A mug")
}

// tooFaint lists the texts of a page whose contrast with what is behind them is below
// what WCAG 2.2 asks for (https://www.w3.org/TR/WCAG22/#contrast-minimum).
const tooFaint = `(() => {
  const parts = (text) => { const p = text.match(/[\d.]+/g).map(Number); return p.length < 4 ? [...p, 1] : p; };
  const channel = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parts(getComputedStyle(e).backgroundColor));
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    return layers.reverse().reduce((under, top) => over(top, under), canvas);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest(".hidden, .skip")) continue;
    const style = getComputedStyle(element), back = behind(element);
    const [a, b] = [light(over(parts(style.color), back)), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(walker.currentNode.data.trim() + " " + ratio.toFixed(2));
  }
  return faint;
})()`

// unlabelled lists the fields of a page that have no label.
const unlabelled = `[...document.querySelectorAll("input:not([type=hidden], [hidden]), select, textarea")].filter((e) => e.labels.length === 0 && !e.ariaLabel).map((e) => e.outerHTML)`

// TestPagesFit looks at every page on a phone and on a desktop, by day and by night:
// nothing hangs over the edge, every text can be read, every field has its label.
func TestPagesFit(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer", Title: "The great summer draw", RequireEmail: true})
	for i := range 30 {
		h.visitor(t).play("summer", "first_name", "Ann", "last_name", "Lee-Featherstonehaugh", "email", fmt.Sprintf("ann.%d@long-names-of-hosts.example.org", i))
	}
	d := h.drawsOf(t, "summer")[0]
	s := h.browse(t)
	s.logIn()
	pages := map[string]string{
		"try": "/try", "tried": "/try/42", "play": "/c/summer", "result": "/d/" + d.ID, "winners": "/c/summer/winners", "odds": "/c/summer/odds",
		"fairness": "/c/summer/fairness", "live": "/c/summer/live", "campaigns-all": "/campaigns", "missing": "/c/nothing", "login": "/admin/login", "campaigns": "/admin/campaigns", "campaign": "/admin/campaigns/summer",
		"new": "/admin/campaigns/new", "edit": "/admin/campaigns/summer/edit", "draws": "/admin/campaigns/summer/draws", "draw": "/admin/draws/" + d.ID,
		"entrants": "/admin/entrants", "entrant": fmt.Sprintf("/admin/entrants/%d", d.Entrant.ID), "changes": "/admin/changes",
	}
	for device, size := range map[string][2]int64{"phone": {360, 740}, "desktop": {1280, 800}} {
		for _, scheme := range []string{"light", "dark"} {
			s.do(chromedp.EmulateViewport(size[0], size[1]))
			call(s, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			for name, path := range pages {
				s.open(path)
				if wide := evaluate[int64](s, "document.documentElement.scrollWidth"); wide > size[0] {
					t.Errorf("%s is %d wide on a %s of %d", path, wide, device, size[0])
				}
				if faint := evaluate[[]string](s, tooFaint); len(faint) > 0 {
					t.Errorf("%s, %s: too faint: %q", path, scheme, faint)
				}
				if lonely := evaluate[[]string](s, unlabelled); len(lonely) > 0 {
					t.Errorf("%s: no label: %q", path, lonely)
				}
				if moving := evaluate[int](s, `document.getAnimations().filter((a) => a.effect.getTiming().duration > 1).length`); moving > 0 {
					t.Errorf("%s moves though less motion is asked for", path)
				}
				s.keep(device + "-" + scheme + "-" + name)
			}
		}
	}
}

// TestBrowserObeysPolicy has the browser itself say whether the pages keep to their
// policy of contents.
func TestBrowserObeysPolicy(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	s := h.browse(t)
	ctx, stop := context.WithCancel(s.ctx)
	said := chromedp.Console(ctx)
	for _, path := range []string{"/", "/try", "/c/summer/odds", "/c/summer/live", "/c/summer/winners", "/admin/login"} {
		s.open(path)
	}
	evaluate[bool](s, `console.log("the end") || true`)
	for m, err := range said {
		if err != nil || m.Text == "the end" {
			break
		}
		t.Errorf("the browser says: %s %s", m.Text, m.URL)
	}
	stop()
	if p := h.visitor(t).get("/static/live.js"); p.StatusCode != http.StatusOK {
		t.Errorf("the script: %d", p.StatusCode)
	}
}
