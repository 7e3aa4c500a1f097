package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/prize"
)

// oddsProgram returns a program that makes draws, shows the Odds screen and presses keys.
func oddsProgram(t *testing.T, w *workspace, draws int, names ...string) frame {
	t.Helper()
	f := programOf(t, w, newDraw(w), newOdds(w))
	for range draws {
		f = pressKeys(t, f, " ")
	}
	return pressKeys(t, pressKeys(t, f, "2"), names...)
}

func TestOddsViews(t *testing.T) {
	testViews(t, "odds", []view{
		{"empty", func(t *testing.T, w *workspace) frame { return oddsProgram(t, w, 0) }},
		{"drawn", func(t *testing.T, w *workspace) frame { return oddsProgram(t, w, 60) }},
		{"account", func(t *testing.T, w *workspace) frame { return oddsProgram(t, w, 10, "a") }},
		{"loading", func(t *testing.T, w *workspace) frame {
			return deliver(t, newFrame(w, newOdds(w)), showMsg{0})
		}},
		{"wrong-account", func(t *testing.T, w *workspace) frame { return oddsProgram(t, w, 0, "/", "A", " ", "B", "enter") }},
		{"no-rule", func(t *testing.T, w *workspace) frame {
			w.Settings.Free.Rules = must(prize.Parse("x.yaml", []byte("name: rare\ncurrency: GBP\nrules:\n- {match: ^A, prizes: [{win: 1, chance: 1/3}]}\n")))(t)
			return oddsProgram(t, w, 3)
		}},
	})
}

// TestSessionCounts checks that the draws of the session are counted by outcome and
// that choosing other rules resets the counts.
func TestSessionCounts(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := oddsProgram(t, w, 60)
	o := f.screens[1].(oddsScreen)
	wins := uint64(0)
	for _, row := range o.rows() {
		if row.Prize != nil {
			wins += o.observed[row.Outcome]
		}
	}
	if d := f.screens[0].(drawScreen); o.drawn() != 60 || wins != d.tally.wins {
		t.Errorf("counts: got %d draws and %d wins, want 60 and %d", o.drawn(), wins, d.tally.wins)
	}
	f = pressKeys(t, f, "g", "down", "enter")
	if o := f.screens[1].(oddsScreen); f.settings.Terms().Rules.Name != prize.Modest || o.drawn() != 0 {
		t.Errorf("counts after other rules: got %d draws with rules %s, want 0 draws with modest", o.drawn(), f.settings.Terms().Rules.Name)
	}
}

// TestScrollOdds checks scrolling down through all rows with keys, and back with the
// mouse wheel.
func TestScrollOdds(t *testing.T) {
	f := oddsProgram(t, testWorkspace(t, termenv.Ascii), 0)
	f = deliver(t, f, tea.WindowSizeMsg{Width: 60, Height: 12})
	first := f.View()
	var seen string
	for range 40 {
		f = pressKeys(t, f, "down")
		seen += f.View()
	}
	for _, row := range f.screens[1].(oddsScreen).rows() {
		if row.Prize != nil && !strings.Contains(first+seen, row.Prize.Name) {
			t.Errorf("no view shows prize %s", row.Prize.Name)
		}
	}
	for range 20 {
		next, _ := f.Update(tea.MouseMsg{X: 5, Y: 6, Button: tea.MouseButtonWheelUp})
		f = next.(frame)
	}
	if f.View() != first {
		t.Errorf("view after scrolling back: got\n%s\nwant\n%s", f.View(), first)
	}
}

// TestOddsKeys checks the keys that change the account number and the number of draws.
func TestOddsKeys(t *testing.T) {
	f := oddsProgram(t, testWorkspace(t, termenv.Ascii), 0, "a")
	checkShows(t, f, "there is no draw yet; press / to enter an account number")
	f = pressKeys(t, f, "/", "a", "b", "c", "d", "1", "enter")
	checkShows(t, f, "The chances of abcd1 with rules generous")
	f = pressKeys(t, f, "a")
	checkShows(t, f, "The odds of lower4 + digits4")
	f = pressKeys(t, f, "d", "backspace", "backspace", "backspace", "backspace", "0", "backspace", "backspace", "0", "enter")
	checkShows(t, f, "✗ enter a whole number, 1 or more")
	f = pressKeys(t, f, "backspace", "5", "enter")
	checkShows(t, f, "5 draws: ")
}
