package site_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium is the browser that all tests share. The first test that needs it starts it.
var chromium struct {
	start sync.Once
	ctx   context.Context
	stop  func()
	err   error
}

// timeout limits how long a test waits for a browser that hangs. It is generous, because
// the machine may be busy.
const timeout = 2 * time.Minute

// window is a browser window with its own cookies.
type window struct {
	t   *testing.T
	ctx context.Context
	url string
}

// openWindow opens a window. If Chromium is not installed, it skips the test or, in
// continuous integration, fails it.
func (s *server) openWindow(t *testing.T) *window {
	t.Helper()
	chromium.start.Do(startChromium)
	if chromium.err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(chromium.err)
		}
		t.Skip(chromium.err)
	}
	return newWindow(chromium.ctx, t, s.URL, chromedp.WithNewBrowserContext())
}

func startChromium() {
	path, err := exec.LookPath("chromium")
	if err != nil {
		chromium.err = err
		return
	}
	// Chromium's sandbox does not work for root, for example in containers. The tests do not
	// need it, because all pages are our own. The back-forward cache is off, because chromedp
	// loses pages that are restored from it.
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(timeout), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-back-forward-cache", true))...)
	ctx, cancel := chromedp.NewContext(allocator)
	chromium.ctx, chromium.stop = ctx, func() { cancel(); stopAllocator() }
	chromium.err = chromedp.Do(ctx)
}

// newWindow opens a window that is closed at the end of the test.
func newWindow(ctx context.Context, t *testing.T, url string, options ...chromedp.ContextOption) *window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(ctx, options...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return &window{t, ctx, url}
}

// openTab opens another window with the same cookies.
func (w *window) openTab() *window {
	w.t.Helper()
	return newWindow(w.ctx, w.t, w.url)
}

// run runs an action in a window. It returns the result.
func run[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, timeout)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.shown())
	}
	return value
}

// runAgain is like run for an action that may be repeated. It repeats the action while the
// browser has replaced the node that the action has just found, which happens shortly after
// a page has loaded.
func runAgain[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, timeout)
	defer cancel()
	for {
		value, err := chromedp.Run(ctx, action)
		switch {
		case err == nil:
			return value
		case !strings.Contains(err.Error(), "No node with given id"):
			w.t.Fatalf("%v\n%s", err, w.shown())
		}
	}
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	run(w, chromedp.Steps(steps...))
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](w *window, expression string) T {
	w.t.Helper()
	return run(w, chromedp.Evaluate[T](expression))
}

// call calls a method in the Chrome DevTools Protocol.
func call[P, R any](w *window, command cdp.Command[P, R], params P) R {
	w.t.Helper()
	result, err := chromedp.Call(w.ctx, command, params)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// shown returns the URL and the text of the page, for failure messages.
func (w *window) shown() string {
	ctx, cancel := context.WithTimeout(w.ctx, timeout)
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

func (w *window) open(path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.url + path))
}

// click clicks an element, and waits until the next page has loaded.
func (w *window) click(selector string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, timeout)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		w.t.Fatalf("click %s: %v\n%s", selector, err, w.shown())
	}
}

// fill replaces the text of a field.
func (w *window) fill(id, text string) {
	w.t.Helper()
	runAgain(w, chromedp.Steps(chromedp.Clear(chromedp.CSS("#"+id)), chromedp.SendKeys(chromedp.CSS("#"+id), text)))
}

func (w *window) text(selector string) string {
	w.t.Helper()
	return strings.TrimSpace(runAgain(w, chromedp.Text(chromedp.CSS(selector))))
}

// path returns the path and query of the page's URL.
func (w *window) path() string {
	w.t.Helper()
	return strings.TrimPrefix(run(w, chromedp.Location()), w.url)
}

func (w *window) wantPath(want string) {
	w.t.Helper()
	if got := w.path(); got != want {
		w.t.Fatalf("path: got %s, want %s\n%s", got, want, w.shown())
	}
}

func (w *window) wantText(want string) {
	w.t.Helper()
	if got := w.text("body"); !strings.Contains(got, want) {
		w.t.Errorf("text of %s: got %q, want %q in it", w.path(), got, want)
	}
}

// saveScreenshot saves a screenshot of the page in the folder that PRIZEGEN_SCREENSHOTS
// names, if it is set.
func (w *window) saveScreenshot(name string) {
	w.t.Helper()
	folder := os.Getenv("PRIZEGEN_SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		w.t.Fatal(err)
	}
	picture := run(w, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *window) disableScripts() {
	w.t.Helper()
	call(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// logIn logs in as a promoter.
func (w *window) logIn() {
	w.t.Helper()
	w.open("/admin/")
	w.fill("password", adminPassword)
	w.click("main button")
	w.wantPath("/admin/campaigns")
}

// sessionToken returns the token of the promoter's session.
func (w *window) sessionToken() (token string) {
	w.t.Helper()
	for _, cookie := range call(w, network.GetCookies, network.GetCookiesParams{URLs: []string{w.url + "/admin/"}}).Cookies {
		if cookie.Name == "prizegen-admin" {
			token = cookie.Value
		}
	}
	return token
}
