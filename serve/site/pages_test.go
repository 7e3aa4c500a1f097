package site_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
)

// TestPlayInBrowser plays like a visitor who reloads, goes back and clicks twice. It checks
// that each play makes only one draw.
func TestPlayInBrowser(t *testing.T) {
	t.Run("with JavaScript", func(t *testing.T) { testPlayInBrowser(t, true) })
	t.Run("without JavaScript", func(t *testing.T) { testPlayInBrowser(t, false) })
}

func testPlayInBrowser(t *testing.T, scripts bool) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", Title: "The great summer draw"})
	w := s.openWindow(t)
	tab := w.openTab()
	if !scripts {
		w.disableScripts()
		tab.disableScripts()
	}
	w.open("/")
	tab.open("/c/summer") // before the first tab plays
	w.fill("first_name", "Ann")
	w.fill("last_name", "Lee")
	w.click("form button")
	own := w.path()
	if !strings.HasPrefix(own, "/d/summer-0-") {
		t.Fatalf("page after the play: got %s, want /d/summer-0-…", w.shown())
	}
	account := w.text(".account")
	wantOneDraw := func(after string) {
		t.Helper()
		draws := s.draws(t, "summer")
		if len(draws) != 1 || draws[0].Whole != account || "/d/"+draws[0].ID != own {
			t.Fatalf("draws after %s: got %+v, want only the draw of %s", after, draws, account)
		}
	}
	wantOneDraw("playing")
	w.do(chromedp.Reload())
	if got := w.text(".account"); got != account {
		t.Errorf("account number after a reload: got %s, want %s", got, account)
	}
	wantOneDraw("a reload")
	w.do(chromedp.NavigateBack(), chromedp.WaitVisible(chromedp.CSS("main")))
	w.open("/c/summer")
	w.wantText("You have played")
	wantOneDraw("going back")
	tab.fill("first_name", "Ann")
	tab.fill("last_name", "Lee")
	tab.click("form button")
	tab.wantPath(own)
	wantOneDraw("playing in another tab")
	w.click("form button") // let somebody else play
	w.fill("first_name", "Bob")
	w.fill("last_name", "Lee")
	w.do(chromedp.DoubleClick(chromedp.CSS("form button")), chromedp.WaitVisible(chromedp.CSS(".account")))
	if got := len(s.draws(t, "summer")); got != 2 {
		t.Errorf("draws after a double click: got %d, want 2", got)
	}
}

// TestBackAndPlayAgain goes back and submits the form again. It checks that this shows the
// first draw.
func TestBackAndPlayAgain(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	w := s.openWindow(t)
	w.open("/c/summer")
	w.fill("first_name", "Ann")
	w.fill("last_name", "Lee")
	w.click("form button")
	own := w.path()
	w.do(chromedp.NavigateBack(), chromedp.WaitVisible(chromedp.CSS("main")))
	if evaluate[bool](w, `document.querySelector("#first_name") !== null`) {
		w.fill("first_name", "Eve")
		w.fill("last_name", "Lee")
		w.click("form button")
	} else {
		w.click("a.button")
	}
	w.wantPath(own)
	if got := len(s.draws(t, "summer")); got != 1 {
		t.Errorf("draws: got %d, want 1", got)
	}
}

// TestFreePlayInBrowser plays without a campaign and without JavaScript.
func TestFreePlayInBrowser(t *testing.T) {
	s := newServer(t)
	w := s.openWindow(t)
	w.disableScripts()
	w.open("/")
	account := w.text(".account")
	w.wantText("nothing is stored")
	w.click("form button")
	if got := w.text(".account"); got != account {
		t.Errorf("account number after the play: got %s, want %s", got, account)
	}
	prize := w.text(".prize")
	w.do(chromedp.Reload())
	if got := w.text(".prize"); got != prize {
		t.Errorf("prize after a reload: got %q, want %q", got, prize)
	}
}

// TestEntrantsInBrowser logs in, then adds, changes and erases an entrant.
func TestEntrantsInBrowser(t *testing.T) {
	s := newServer(t)
	w := s.openWindow(t)
	w.open("/admin/entrants")
	w.wantPath("/admin/login?next=%2Fadmin%2Fentrants")
	w.fill("password", "a guess")
	w.click("main button")
	w.wantText("The name or password is wrong")
	w.fill("password", adminPassword)
	w.click("main button")
	w.wantPath("/admin/entrants")
	w.fill("first_name", "Ann")
	w.fill("last_name", "Lee")
	w.click("section.card form button")
	w.wantText("The entrant was added.")
	w.fill("first_name", "Anna")
	w.click("section.card form button")
	if got := w.text("h1"); got != "Anna Lee" {
		t.Errorf("name after the change: got %q, want Anna Lee", got)
	}
	w.do(chromedp.Reload())
	if got := w.text("main"); strings.Contains(got, "was saved") {
		t.Errorf("page after a reload: got %q, want no notice", got)
	}
	w.do(chromedp.Click(chromedp.CSS("summary")))
	w.click("details form button")
	w.wantText("There are no entrants.")
	w.click(`form[action="/admin/logout"] button`)
	w.open("/admin/campaigns")
	w.wantPath("/admin/login?next=%2Fadmin%2Fcampaigns")
}

// TestCampaignInBrowser runs a whole promotion. It makes a mistake in the rules, checks
// the odds, creates a draft, makes draws, lets a session expire, and verifies all draws.
func TestCampaignInBrowser(t *testing.T) {
	s := newServer(t)
	w := s.openWindow(t)
	w.logIn()
	w.open("/admin/campaigns/new")
	w.fill("name", "summer")
	w.fill("title", "The great summer draw")
	w.do(chromedp.SetValue(chromedp.CSS("#rules_yaml"), "name: r\ncurrency: GBP\nrules:\n- prizes:\n  - {win: 1, chance: 200%}\n"))
	w.click(`form[action^="/admin/campaigns"] button:not([name])`)
	w.wantText("Line 5, column")
	w.do(chromedp.SetValue(chromedp.CSS("#rules_yaml"), "name: r\ncurrency: GBP\nrules:\n- prizes:\n  - {prize: Car, value: 9000, chance: 1/4, stock: 1, then: £1.00}\n  - {win: 1, chance: 1/4}\n"))
	w.click(`button[name="preview"]`)
	w.wantText("The chance of winning a prize is 50%")
	w.wantText("Nothing is saved yet")
	w.click(`form[action^="/admin/campaigns"] button:not([name])`)
	w.wantText("The draft was saved")
	w.wantPath("/admin/campaigns/summer")
	w.click(`form[action$="/open"] button`)
	w.wantText("The campaign is open.")
	w.open("/admin/campaigns/summer/draws")
	for range 20 {
		w.click(`form[action$="/draws"][method="post"] button`)
		w.wantText("The draw was made.")
		w.open("/admin/campaigns/summer/draws")
	}
	w.click(`tbody th a`)
	w.do(chromedp.Click(chromedp.CSS("summary")))
	w.fill("void", "a test")
	w.click(`form[action$="/void"] button`)
	w.wantText("a test")

	tab := w.openTab()
	tab.open("/admin/campaigns/summer")
	expireSession(t, s, w.sessionToken())
	tab.do(chromedp.Click(chromedp.CSS("summary")))
	tab.click(`form[action$="/close"] button`)
	tab.wantText("You are no longer logged in")
	c, err := s.api.Campaign(t.Context(), "summer")
	if err != nil {
		t.Fatal(err)
	}
	if c.State != campaign.Open {
		t.Fatalf("state after a form without a session: got %s, want open", c.State)
	}
	w.logIn()
	w.open("/admin/campaigns/summer")
	w.do(chromedp.Click(chromedp.CSS("summary")))
	w.click(`form[action$="/close"] button`)
	w.wantText("The campaign is closed.")
	w.open("/admin/changes?subject=summer")
	w.wantText("close")

	p := s.visitor(t).get("/v1/campaigns/summer/export")
	report, err := campaign.Verify(t.Context(), draw.Local{}, strings.NewReader(p.text), nil, func(f draw.Finding) { t.Errorf("finding: got %+v, want none", f) })
	if err != nil {
		t.Fatal(err)
	}
	if report.Draws != 20 || !report.SeedKnown {
		t.Errorf("report: got %+v, want 20 draws and a known seed", report)
	}
}

// mugs are rules by which every play wins.
const mugs = "name: r\ncurrency: GBP\nrules:\n- prizes: [{prize: A mug, value: 8, chance: 100%}]\n"

// TestLivePage checks that a live page shows a win when it happens.
func TestLivePage(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", RulesYAML: mugs})
	w := s.openWindow(t)
	w.open("/c/summer/live")
	w.wantText("Nobody has won yet.")
	s.visitor(t).play("summer", "first_name", "李", "last_name", "娜")
	w.do(chromedp.WaitVisible(chromedp.CSS("#live .what")))
	w.wantText("A mug")
	still := s.openWindow(t)
	still.disableScripts()
	still.open("/c/summer/live")
	still.wantText("A mug")
}

// TestLivePageReconnects refuses a live page's requests for events twice, like a proxy that
// finds no replica. It checks that the page tries again.
func TestLivePageReconnects(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", RulesYAML: mugs})
	var requests atomic.Int64
	behind := httputil.NewSingleHostReverseProxy(s.Address(t))
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") && requests.Add(1) < 3 {
			http.Error(w, "in a moment", http.StatusServiceUnavailable)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close) // close it after the browser has closed the page
	w := s.openWindow(t)
	w.url = front.URL
	w.open("/c/summer/live")
	s.visitor(t).play("summer", "first_name", "李", "last_name", "娜")
	w.do(chromedp.WaitVisible(chromedp.CSS("#live .what")))
	w.wantText("A mug")
}

// faintTexts is a script that lists the text on a page with less contrast than WCAG 2.2
// requires (https://www.w3.org/TR/WCAG22/#contrast-minimum).
const faintTexts = `(() => {
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

// unlabelledFields is a script that lists the fields on a page without a label.
const unlabelledFields = `[...document.querySelectorAll("input:not([type=hidden], [hidden]), select, textarea")].filter((e) => e.labels.length === 0 && !e.ariaLabel).map((e) => e.outerHTML)`

// TestPagesFit shows every page on a phone and on a desktop, in light and dark mode. It
// checks that nothing is wider than the screen, that all text has enough contrast, and that
// every field has a label.
func TestPagesFit(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", Title: "The great summer draw", RequireEmail: true})
	for i := range 30 {
		s.visitor(t).play("summer", "first_name", "Ann", "last_name", "Lee-Featherstonehaugh", "email", fmt.Sprintf("ann.%d@long-names-of-hosts.example.org", i))
	}
	s.openCampaign(t, campaign.Plan{Name: "winter", Title: "The winter draw"})
	if _, err := s.api.Close(t.Context(), "winter"); err != nil {
		t.Fatal(err)
	}
	d := s.draws(t, "summer")[0]
	w := s.openWindow(t)
	w.logIn()
	pages := map[string]string{
		"try": "/try", "tried": "/try/42", "play": "/c/summer", "ended": "/c/winter", "result": "/d/" + d.ID, "winners": "/c/summer/winners", "odds": "/c/summer/odds",
		"fairness": "/c/summer/fairness", "live": "/c/summer/live", "campaigns-all": "/campaigns", "missing": "/c/nothing", "login": "/admin/login", "campaigns": "/admin/campaigns", "campaign": "/admin/campaigns/summer",
		"new": "/admin/campaigns/new", "edit": "/admin/campaigns/summer/edit", "draws": "/admin/campaigns/summer/draws", "draw": "/admin/draws/" + d.ID,
		"entrants": "/admin/entrants", "entrant": fmt.Sprintf("/admin/entrants/%d", d.Entrant.ID), "changes": "/admin/changes",
	}
	for device, size := range map[string][2]int64{"phone": {360, 740}, "desktop": {1280, 800}} {
		for _, scheme := range []string{"light", "dark"} {
			w.do(chromedp.EmulateViewport(size[0], size[1]))
			call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			for name, path := range pages {
				w.open(path)
				if got := evaluate[int64](w, "document.documentElement.scrollWidth"); got > size[0] {
					t.Errorf("%s, %s: width of the page: got %d, want at most %d", path, device, got, size[0])
				}
				if got := evaluate[[]string](w, faintTexts); len(got) > 0 {
					t.Errorf("%s, %s: texts with too little contrast: got %q, want none", path, scheme, got)
				}
				if got := evaluate[[]string](w, unlabelledFields); len(got) > 0 {
					t.Errorf("%s: fields without a label: got %q, want none", path, got)
				}
				if got := evaluate[int](w, `document.getAnimations().filter((a) => a.effect.getTiming().duration > 1).length`); got > 0 {
					t.Errorf("%s: animations with reduced motion: got %d, want none", path, got)
				}
				w.saveScreenshot(device + "-" + scheme + "-" + name)
			}
		}
	}
}

// TestBrowserObeysPolicy checks that pages do not violate their own
// Content-Security-Policy, which the browser would report on its console.
func TestBrowserObeysPolicy(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	w := s.openWindow(t)
	ctx, stop := context.WithCancel(w.ctx)
	messages := chromedp.Console(ctx)
	for _, path := range []string{"/", "/try", "/c/summer/odds", "/c/summer/live", "/c/summer/winners", "/admin/login"} {
		w.open(path)
	}
	evaluate[bool](w, `console.log("the end") || true`)
	for m, err := range messages {
		if err != nil || m.Text == "the end" {
			break
		}
		t.Errorf("console: got %s %s, want nothing", m.Text, m.URL)
	}
	stop()
	if got := s.visitor(t).get("/static/live.js").StatusCode; got != http.StatusOK {
		t.Errorf("/static/live.js: got status %d, want 200", got)
	}
}
