package tui

import (
	"context"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// TestCancelWaiting cancels a request while its dialog is open. The late result is dropped,
// also while another request is running.
func TestCancelWaiting(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	openCampaign(t, w)
	f := newProgram(t, w)
	request := func(f frame) (frame, tea.Cmd) {
		t.Helper()
		_, open := f.Update(keys("c")[0])
		next, cmd := f.Update(open())
		return next.(frame), cmd
	}
	f, first := request(f)
	checkShows(t, f, "asking local for its campaigns…")
	if f = deliver(t, f, keys("esc")...); f.dialog != nil {
		t.Errorf("got dialog %v after esc, want none", f.dialog)
	}
	late := first()
	if f = deliver(t, f, late); f.dialog != nil {
		t.Errorf("got dialog %v after a late result, want none", f.dialog)
	}
	f, second := request(f)
	f = deliver(t, f, late)
	checkShows(t, f, "asking local")
	f = runCmd(t, f, second)
	checkShows(t, f, "summer")
}

// TestChangeBackend changes to services and back. The terms chosen before apply again, and
// choosing the current backend changes nothing.
func TestChangeBackend(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	services := w.Local
	services.Name = "http://there"
	services.Client = remote.New(remote.Config{})
	services.Rules = func(context.Context, string) (*prize.Rules, error) { return prize.Builtin(prize.Generous) }
	w.Remote = &services
	f := pressKeys(t, newProgram(t, w), "g", "down", "enter", "t", "down", "enter")
	chosen := f.settings.summary()
	if !strings.Contains(chosen, "modest · upper2") {
		t.Fatalf("got settings %q, want modest and upper2", chosen)
	}
	if f = pressKeys(t, f, "b", "enter"); f.settings.summary() != chosen {
		t.Errorf("got settings %q after choosing the current backend, want %q", f.settings.summary(), chosen)
	}
	if f = pressKeys(t, f, "b", "down", "enter"); !strings.Contains(f.settings.summary(), "generous · lower4") {
		t.Errorf("got settings %q, want the deployed generous and lower4", f.settings.summary())
	}
	if f = pressKeys(t, f, "b", "up", "enter"); f.settings.summary() != chosen {
		t.Errorf("got settings %q after the way back, want %q", f.settings.summary(), chosen)
	}
}
