package tui

import (
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// clickOn is a click on a text as it is shown.
func clickOn(t *testing.T, f frame, text string) tea.MouseMsg {
	t.Helper()
	for y, line := range strings.Split(f.View(), "\n") {
		if before, _, found := strings.Cut(line, text); found {
			return tea.MouseMsg{X: lipgloss.Width(before), Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
		}
	}
	t.Fatalf("%q is not shown:\n%s", text, f.View())
	return tea.MouseMsg{}
}

// click clicks and lets it come to rest.
func click(t *testing.T, f frame, at tea.MouseMsg) frame {
	t.Helper()
	next, cmd := f.Update(at)
	return settle(t, next.(frame), cmd)
}

// TestStrayClicksDrawNothing clicks on what invites to draw, and beside it: draws of a
// campaign are stored.
func TestStrayClicksDrawNothing(t *testing.T) {
	for _, size := range sizes {
		f := press(t, newProgram(t, testWorld(t, termenv.Ascii)), tea.WindowSizeMsg{Width: size.width, Height: size.height})
		drawn := func(f frame) uint64 { return f.screens[0].(drawScreen).tally.draws }
		on := clickOn(t, f, pressSpace)
		for _, beside := range [][2]int{{1, on.Y}, {on.X, on.Y + 1}, {on.X, size.height - 2}, {0, 4}} {
			at := on
			at.X, at.Y = beside[0], beside[1]
			if f = click(t, f, at); drawn(f) != 0 {
				t.Errorf("a click at %v draws at %dx%d", beside, size.width, size.height)
			}
		}
		if f = click(t, f, on); drawn(f) != 1 {
			t.Errorf("a click on %q does not draw at %dx%d:\n%s", pressSpace, size.width, size.height, f.View())
		}
		if size.height > 12 {
			if f = click(t, f, clickOn(t, f, "╭───")); drawn(f) != 2 {
				t.Errorf("a click on the reels does not draw:\n%s", f.View())
			}
		}
	}
}

// TestMouseAnswers answers questions, goes to lines of forms and scrolls by the mouse.
func TestMouseAnswers(t *testing.T) {
	for _, size := range sizes {
		f := press(t, newPages(t), tea.WindowSizeMsg{Width: size.width, Height: size.height})
		text := strings.Repeat("It stays on record as void, and its prize does not go back into the stock. ", 3)
		for answer, want := range map[string]string{answerYes: "voided", answerNo: ""} {
			asked := settle(t, f, confirm("Void it?", text, send(noteMsg{"voided"})))
			checkFits(t, asked.View(), size.width, size.height)
			if got := click(t, asked, clickOn(t, asked, answer)); got.dialog != nil || got.note != want {
				t.Errorf("after %s: %q, open %t, want %q", answer, got.note, got.dialog != nil, want)
			}
		}
		long := errors.New("the address must begin with http or https, and this one begins with something else that is longer than a line")
		f = settle(t, f, ask("Who?", func([]string) (tea.Cmd, error) { return nil, long }, field{label: "First"}, field{label: "Last"}, field{label: "Email"}))
		f = click(t, f, clickOn(t, f, "Email"))
		f = press(t, f, keys("x")...)
		if got := f.dialog.(form).inputs[2].Value(); got != "x" {
			t.Errorf("typed %q in the line that was clicked on", got)
		}
		f = press(t, f, keys("enter")...)
		checkFits(t, f.View(), size.width, size.height)
		if view := f.View(); !strings.Contains(view, "a line") || !strings.Contains(view, "Email") {
			t.Errorf("the end of the mistake is not shown at %dx%d:\n%s", size.width, size.height, view)
		}
	}
}

// TestHelpEnds scrolls further than there is something: one step back is seen at once.
func TestHelpEnds(t *testing.T) {
	f := press(t, newPages(t), tea.WindowSizeMsg{Width: 40, Height: 12})
	f = press(t, f, keys("?")...)
	for range 30 {
		f = press(t, f, keys("down")...)
	}
	end := f.View()
	if f = press(t, f, keys("up")...); f.View() == end {
		t.Error("the first step back is not seen")
	}
}
