package tui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// servicesFrame returns a program that has only the Services screen.
func servicesFrame(t *testing.T, w *workspace) frame {
	t.Helper()
	f := newFrame(w, newServices(w))
	return deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// useServices changes the settings to the services at an address.
func useServices(t *testing.T, w *workspace, address string) {
	t.Helper()
	at := must(url.Parse(address))(t)
	w.Settings.Backend.Name = address
	w.Settings.Backend.Client = remote.New(remote.Config{Text: at, Number: at, Prize: at, Core: at})
	t.Cleanup(w.Settings.Backend.Client.Close)
}

// answerCheck delivers the result of a health check. All services are ready unless change
// modifies them.
func answerCheck(t *testing.T, f frame, change func(service int, h *remote.Health)) frame {
	t.Helper()
	list := []remote.Health{
		{Service: "core", Address: "http://draws.example.org", Up: true, Ready: true, Version: "1.2.0", Implementation: "lower4, digits4, generous", Milliseconds: 1.8},
		{Service: "text", Address: "http://draws.example.org", Up: true, Ready: true, Version: "1.2.0", Implementation: "lower4", Milliseconds: 0.6},
		{Service: "number", Address: "http://draws.example.org", Up: true, Ready: true, Version: "1.2.0", Implementation: "digits4", Milliseconds: 0.7},
		{Service: "prize", Address: "", Up: true, Ready: true, Implementation: "in this process"},
	}
	for i := range list {
		if change != nil {
			change(i, &list[i])
		}
	}
	return deliver(t, f, healthMsg{f.screens[0].(servicesScreen).request, list})
}

func TestServicesViews(t *testing.T) {
	testViews(t, "services", []view{
		{"local", servicesFrame},
		{"loading", func(t *testing.T, w *workspace) frame {
			useServices(t, w, "http://draws.example.org")
			return servicesFrame(t, w)
		}},
		{"ready", func(t *testing.T, w *workspace) frame {
			useServices(t, w, "http://draws.example.org")
			f := servicesFrame(t, w)
			for i := range 30 {
				f = answerCheck(t, f, func(service int, h *remote.Health) { h.Milliseconds *= 1 + float64((i*7+service*3)%10)/4 })
			}
			return f
		}},
		{"down", func(t *testing.T, w *workspace) frame {
			useServices(t, w, "http://draws.example.org")
			f := answerCheck(t, answerCheck(t, servicesFrame(t, w), nil), nil)
			for i := range 3 {
				f = answerCheck(t, f, func(service int, h *remote.Health) {
					switch service {
					case 0:
						h.Ready, h.Reason = false, "the number service does not answer"
					case 2:
						*h = remote.Health{Service: h.Service, Address: h.Address, Reason: "connection refused", Skipped: i > 0}
						if h.Skipped {
							h.Reason = "it is left alone for a moment"
						}
					}
				})
			}
			return f
		}},
	})
}

// TestServicesRestart checks the screen while real services stop and start again. The
// screen checks their health only while it is shown.
func TestServicesRestart(t *testing.T) {
	server := servertest.New(t, serve.All, servertest.WithFormats(t, "upper2", "digits8"), servertest.WithBuiltin(prize.Modest), servertest.Quiet)
	var stopped atomic.Bool
	all := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		if stopped.Load() {
			panic(http.ErrAbortHandler) // closes the connection
		}
		server.Handler().ServeHTTP(out, request)
	}))
	defer all.Close()
	w := testWorkspace(t, termenv.Ascii)
	useServices(t, w, all.URL)
	f := servicesFrame(t, w)
	check := func() {
		t.Helper()
		s := f.screens[0].(servicesScreen)
		s.waiting = false
		next, cmd := s.Update(pollMsg{s.request})
		f.screens[0] = next
		if cmd == nil {
			t.Fatal("no health check was started")
		}
		f = deliver(t, f, cmd())
	}
	check()
	checkShows(t, f, "All 4 services are ready", "upper2")
	stopped.Store(true)
	check()
	checkShows(t, f, "0 of 4 services are ready", "×", "text: ")
	stopped.Store(false)
	check()
	for guard := time.Now().Add(time.Minute); !strings.Contains(f.View(), "All 4 services are ready"); check() {
		if time.Now().After(guard) { // a circuit breaker may be open for a second
			t.Fatalf("some services are not ready after a minute:\n%s", f.View())
		}
	}
	f = deliver(t, f, showMsg{0}, shownMsg{false})
	if _, cmd := f.screens[0].Update(pollMsg{f.screens[0].(servicesScreen).request}); cmd != nil {
		t.Error("a health check was started while the screen was not shown")
	}
}

func TestSparkline(t *testing.T) {
	for want, values := range map[string][]float64{
		"":      nil,
		"▁▅█":   {0, 5, 10},
		"▃×▂":   {0.3, -1, 0.2},
		"█▁▁▁▁": {9, 8, 100, 1, 1, 1, 1},
	} {
		if got := sparkline(values, 5); got != want {
			t.Errorf("sparkline of %v: got %s, want %s", values, got, want)
		}
	}
}
