package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/prize"
)

// oddsProgram has the screens Draw and Odds, and shows the latter after some draws.
func oddsProgram(t *testing.T, w *world, draws int, names ...string) frame {
	t.Helper()
	f := programOf(t, w, newDraw(w), newOdds(w))
	for range draws {
		f = do(t, f, " ")
	}
	return do(t, do(t, f, "2"), names...)
}

func TestOddsViews(t *testing.T) {
	testViews(t, "odds", []view{
		{"empty", func(t *testing.T, w *world) frame { return oddsProgram(t, w, 0) }},
		{"drawn", func(t *testing.T, w *world) frame { return oddsProgram(t, w, 60) }},
		{"account", func(t *testing.T, w *world) frame { return oddsProgram(t, w, 10, "a") }},
		{"loading", func(t *testing.T, w *world) frame {
			return press(t, newFrame(w, newOdds(w)), showMsg{0})
		}},
		{"wrong-account", func(t *testing.T, w *world) frame { return oddsProgram(t, w, 0, "/", "A", " ", "B", "enter") }},
		{"no-rule", func(t *testing.T, w *world) frame {
			w.Settings.Free.Rules = must(prize.Parse("x.yaml", []byte("name: few\ncurrency: GBP\nrules:\n- {match: ^A, prizes: [{win: 1, chance: 1/3}]}\n")))(t)
			return oddsProgram(t, w, 3)
		}},
	})
}

// TestSessionCounts counts the draws of the session by outcome, anew where rules or
// formats change.
func TestSessionCounts(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	f := oddsProgram(t, w, 60)
	o := f.screens[1].(oddsScreen)
	wins := uint64(0)
	for _, row := range o.rows() {
		if row.Prize != nil {
			wins += o.observed[row.Outcome]
		}
	}
	if d := f.screens[0].(drawScreen); o.drawn() != 60 || wins != d.tally.wins {
		t.Errorf("%d draws are counted, %d of which won; want 60 and %d", o.drawn(), wins, d.tally.wins)
	}
	f = do(t, f, "g", "down", "enter")
	if o := f.screens[1].(oddsScreen); f.settings.Terms().Rules.Name != prize.Modest || o.drawn() != 0 {
		t.Errorf("by the rules %s %d draws are counted", f.settings.Terms().Rules.Name, o.drawn())
	}
}

// TestScrollOdds goes down through all rows and back, by keys and by the wheel.
func TestScrollOdds(t *testing.T) {
	f := oddsProgram(t, testWorld(t, termenv.Ascii), 0)
	f = press(t, f, tea.WindowSizeMsg{Width: 60, Height: 12})
	first := f.View()
	var seen string
	for range 40 {
		f = do(t, f, "down")
		seen += f.View()
	}
	for _, row := range f.screens[1].(oddsScreen).rows() {
		if row.Prize != nil && !strings.Contains(first+seen, row.Prize.Name) {
			t.Errorf("%s is never shown", row.Prize.Name)
		}
	}
	for range 20 {
		next, _ := f.Update(tea.MouseMsg{X: 5, Y: 6, Button: tea.MouseButtonWheelUp})
		f = next.(frame)
	}
	if f.View() != first {
		t.Errorf("the way back ends elsewhere:\n%s", f.View())
	}
}
