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

// TestInquiryGivenUp asks services that take long: it is told at once what is asked, esc
// gives up, and the late answer changes nothing, whatever is asked by then.
func TestInquiryGivenUp(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	openCampaign(t, w)
	f := newProgram(t, w)
	opened := func(f frame) (frame, tea.Cmd) {
		t.Helper()
		_, asked := f.Update(keys("c")[0])
		next, call := f.Update(asked())
		return next.(frame), call
	}
	f, first := opened(f)
	if !strings.Contains(f.View(), "asking local for its campaigns…") {
		t.Fatalf("it is not told what is asked:\n%s", f.View())
	}
	if f = press(t, f, keys("esc")...); f.dialog != nil {
		t.Error("esc does not give up")
	}
	late := first()
	if f = press(t, f, late); f.dialog != nil {
		t.Errorf("a late answer opens a dialog:\n%s", f.View())
	}
	f, second := opened(f)
	if f = press(t, f, late); !strings.Contains(f.View(), "asking local") {
		t.Errorf("a late answer takes the place of the question:\n%s", f.View())
	}
	if f = settle(t, f, second); !strings.Contains(f.View(), "summer") {
		t.Errorf("the answer is not shown:\n%s", f.View())
	}
}

// TestBackToLocal goes over to services and back: what was chosen before is there again.
// To choose the present backend changes nothing.
func TestBackToLocal(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	services := w.Local
	services.Name = "http://there"
	services.Client = remote.New(remote.Config{})
	services.Rules = func(context.Context, string) (*prize.Rules, error) { return prize.Builtin(prize.Generous) }
	w.Remote = &services
	f := do(t, newProgram(t, w), "g", "down", "enter", "t", "down", "enter")
	chosen := f.settings.line()
	if !strings.Contains(chosen, "modest · upper2") {
		t.Fatalf("chosen: %s", chosen)
	}
	if f = do(t, f, "b", "enter"); f.settings.line() != chosen {
		t.Errorf("%s after the present backend was chosen, want %s", f.settings.line(), chosen)
	}
	if f = do(t, f, "b", "down", "enter"); !strings.Contains(f.settings.line(), "generous · lower4") {
		t.Errorf("not by what is deployed: %s", f.settings.line())
	}
	if f = do(t, f, "b", "up", "enter"); f.settings.line() != chosen {
		t.Errorf("%s back at home, want %s", f.settings.line(), chosen)
	}
}

// TestDrawGivenUp asks a lost service for a draw: after a while it is told what is waited
// for, esc gives up, and the late answer is not shown.
func TestDrawGivenUp(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	ended := false
	f := newProgram(t, w)
	next, call := f.Update(keys(" ")[0])
	f = next.(frame)
	d := f.screens[0].(drawScreen)
	context.AfterFunc(d.ctx, func() { ended = true })
	f = press(t, f, lateMsg{d.asked})
	if !strings.Contains(f.View(), "still asking local; esc gives up") {
		t.Errorf("it is not told what is waited for:\n%s", f.View())
	}
	f = press(t, f, keys("esc")...)
	if !strings.Contains(f.View(), "given up") || d.ctx.Err() == nil {
		t.Errorf("the draw is not given up (ended %t):\n%s", ended, f.View())
	}
	if f = press(t, f, call()); strings.Contains(f.View(), "by the rule") {
		t.Errorf("a late answer is shown:\n%s", f.View())
	}
	if f = do(t, f, " "); !strings.Contains(f.View(), "by the rule") {
		t.Errorf("nothing can be drawn any more:\n%s", f.View())
	}
}

// TestLastIndex draws the last draw of a seed: there is none after it.
func TestLastIndex(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	w.Settings.Next = 18446744073709551615
	f := do(t, newProgram(t, w), " ")
	if got := f.screens[0].(drawScreen).drawn.draw.Index; got != w.Settings.Next {
		t.Fatalf("index %d was drawn", got)
	}
	if f = do(t, f, " "); !strings.Contains(f.View(), "✗ the seed has no draw after index 18,446,744,073,709,551,615") || f.screens[0].(drawScreen).tally.draws != 1 {
		t.Errorf("it goes on:\n%s", f.View())
	}
	f = do(t, f, "esc", "s", "up", "enter", " ")
	if got := f.screens[0].(drawScreen).drawn.draw.Index; got != 0 {
		t.Errorf("from the start, index %d was drawn:\n%s", got, f.View())
	}
}
