package tui

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// TestCancelWaiting cancels a request while its dialog is open. It checks that the result
// is ignored, even while another request is running.
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
		t.Errorf("dialog after esc: got %v, want no dialog", f.dialog)
	}
	result := first()
	if f = deliver(t, f, result); f.dialog != nil {
		t.Errorf("dialog after the result of a cancelled request: got %v, want no dialog", f.dialog)
	}
	f, second := request(f)
	f = deliver(t, f, result)
	checkShows(t, f, "asking local")
	f = runCmd(t, f, second)
	checkShows(t, f, "summer")
}

// TestChangeBackend changes to services and back. It checks that the earlier terms apply
// again, and that choosing the current backend changes nothing.
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
		t.Fatalf("settings: got %q, want modest and upper2", chosen)
	}
	if f = pressKeys(t, f, "b", "enter"); f.settings.summary() != chosen {
		t.Errorf("settings after choosing the current backend: got %q, want %q", f.settings.summary(), chosen)
	}
	if f = pressKeys(t, f, "b", "down", "enter"); !strings.Contains(f.settings.summary(), "generous · lower4") {
		t.Errorf("settings: got %q, want the deployed generous and lower4", f.settings.summary())
	}
	if f = pressKeys(t, f, "b", "up", "enter"); f.settings.summary() != chosen {
		t.Errorf("settings after changing back: got %q, want %q", f.settings.summary(), chosen)
	}
}

// TestChooseFormats checks that an offered format can be chosen and that another one can
// be entered.
func TestChooseFormats(t *testing.T) {
	f := pressKeys(t, newProgram(t, testWorkspace(t, termenv.Ascii)), "n", "down", "enter")
	if got := f.settings.Free.Number.String(); got != "digits8" {
		t.Errorf("number format: got %s, want digits8", got)
	}
	f = pressKeys(t, f, "n", "end", "enter", "x", "enter")
	checkShows(t, f, "✗ ")
	f = pressKeys(t, f, "backspace", "backspace", "9", "enter")
	if got := f.settings.Free.Number.String(); got != "digits9" {
		t.Errorf("number format: got %s, want digits9", got)
	}
}

// TestChooseSeed checks that a new seed can be chosen, that another one can be entered,
// and that the index can be changed.
func TestChooseSeed(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	seedErr := errors.New("the beacon does not respond")
	newSeed := w.NewSeed
	w.NewSeed = func(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
		if seedErr != nil {
			return "", nil, seedErr
		}
		return newSeed(ctx)
	}
	f := pressKeys(t, newProgram(t, w), "s", "down", "enter")
	checkShows(t, f, "✗ the beacon does not respond", "seed 42")
	seedErr = nil
	if f = pressKeys(t, f, "esc", "s", "down", "enter"); f.settings.Seed != "new" {
		t.Errorf("seed: got %s, want new", f.settings.Seed)
	}
	f = pressKeys(t, f, "s", "down", "down", "enter", "x", "enter", " ")
	if f.settings.Seed != "newx" || f.settings.Next != 1 {
		t.Errorf("seed: got %s and next index %d, want newx and 1", f.settings.Seed, f.settings.Next)
	}
	f = pressKeys(t, f, "s", "down", "down", "down", "enter", "backspace", "enter")
	checkShows(t, f, "✗ the index must be a whole number, 0 or more")
	if f = pressKeys(t, f, "7", "enter"); f.settings.Next != 7 {
		t.Errorf("next index: got %d, want 7", f.settings.Next)
	}
}

// TestConnect checks the errors for an invalid address of services and for services
// that do not answer.
func TestConnect(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	w.Connect = func(address string) (Backend, error) {
		if address == "x" {
			return Backend{}, errors.New("the address must begin with http")
		}
		b := w.Local
		b.Name, b.Client = address, remote.New(remote.Config{})
		b.Rules = func(context.Context, string) (*prize.Rules, error) { return nil, errors.New("no answer") }
		return b, nil
	}
	f := pressKeys(t, newProgram(t, w), "b", "end", "enter", "x", "enter")
	checkShows(t, f, "✗ the address must begin with http")
	f = pressKeys(t, f, "y", "enter")
	checkShows(t, f, "✗ no answer")
	if got := f.settings.Backend.Name; got != "local" {
		t.Errorf("backend: got %s, want local", got)
	}
}
