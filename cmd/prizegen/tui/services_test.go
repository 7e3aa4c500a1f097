package tui

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

// servicesFrame shows the services alone.
func servicesFrame(t *testing.T, w *world) frame {
	t.Helper()
	f := newFrame(w, newServices(w))
	return press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// elsewhere has the settings draw by services at an address.
func elsewhere(t *testing.T, w *world, address string) {
	t.Helper()
	at := must(url.Parse(address))(t)
	w.Settings.Backend.Name = address
	w.Settings.Backend.Client = remote.New(remote.Config{Text: at, Number: at, Prize: at, Core: at})
	t.Cleanup(w.Settings.Backend.Client.Close)
}

// answer tells a frame how the services are.
func answer(t *testing.T, f frame, change func(service int, h *remote.Health)) frame {
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
	return press(t, f, healthMsg{f.screens[0].(servicesScreen).asked, list})
}

func TestServicesViews(t *testing.T) {
	testViews(t, "services", []view{
		{"local", servicesFrame},
		{"loading", func(t *testing.T, w *world) frame {
			elsewhere(t, w, "http://draws.example.org")
			return servicesFrame(t, w)
		}},
		{"ready", func(t *testing.T, w *world) frame {
			elsewhere(t, w, "http://draws.example.org")
			f := servicesFrame(t, w)
			for i := range 30 {
				f = answer(t, f, func(service int, h *remote.Health) { h.Milliseconds *= 1 + float64((i*7+service*3)%10)/4 })
			}
			return f
		}},
		{"lost", func(t *testing.T, w *world) frame {
			elsewhere(t, w, "http://draws.example.org")
			f := answer(t, answer(t, servicesFrame(t, w), nil), nil)
			for i := range 3 {
				f = answer(t, f, func(service int, h *remote.Health) {
					switch service {
					case 0:
						h.Ready, h.Reason = false, "the number service does not answer"
					case 2:
						*h = remote.Health{Service: h.Service, Address: h.Address, Reason: "connection refused", Spared: i > 0}
						if h.Spared {
							h.Reason = "it is left alone for a moment"
						}
					}
				})
			}
			return f
		}},
	})
}

// TestServicesLostAndBack asks real services, which go away and come back: the
// screen tells so, and asks only while it is shown.
func TestServicesLostAndBack(t *testing.T) {
	server := must(serve.New(serve.Config{
		Role: serve.All, Version: "1", Text: must(textgen.Parse("upper2"))(t), Number: must(numgen.Parse("digits8"))(t), Log: slog.New(slog.DiscardHandler),
		Rules: func() ([]*prize.Rules, error) {
			rules, err := prize.Builtin(prize.Modest)
			return []*prize.Rules{rules}, err
		},
	}))(t)
	var gone atomic.Bool
	all := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		if gone.Load() {
			panic(http.ErrAbortHandler) // which ends the connection without an answer
		}
		server.Handler().ServeHTTP(out, request)
	}))
	defer all.Close()
	w := testWorld(t, termenv.Ascii)
	elsewhere(t, w, all.URL)
	f := servicesFrame(t, w)
	// ask has the screen ask, as it does by itself from time to time, and answers.
	ask := func() {
		t.Helper()
		s := f.screens[0].(servicesScreen)
		s.waiting = false
		next, cmd := s.Update(askHealthMsg{s.asked})
		f.screens[0] = next
		if cmd == nil {
			t.Fatal("the services are not asked")
		}
		f = press(t, f, cmd())
	}
	ask()
	if !strings.Contains(f.View(), "All 4 services are ready") || !strings.Contains(f.View(), "upper2") {
		t.Fatalf("they are not ready:\n%s", f.View())
	}
	gone.Store(true)
	ask()
	if view := f.View(); !strings.Contains(view, "0 of 4 services are ready") || !strings.Contains(view, "×") || !strings.Contains(view, "text: ") {
		t.Errorf("it is not told that they are lost:\n%s", view)
	}
	gone.Store(false)
	for range 50 { // until they are not spared any more
		if ask(); strings.Contains(f.View(), "All 4 services are ready") {
			break
		}
	}
	if !strings.Contains(f.View(), "All 4 services are ready") {
		t.Errorf("they are not back:\n%s", f.View())
	}
	f = press(t, f, showMsg{0}, shownMsg{false})
	if _, cmd := f.screens[0].Update(askHealthMsg{f.screens[0].(servicesScreen).asked}); cmd != nil {
		t.Error("they are asked though nobody looks")
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
			t.Errorf("%v: %s, want %s", values, got, want)
		}
	}
}
