package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// page is a screen that remembers what reached it.
type page struct {
	title string
	got   []string
}

func (p page) Title() string { return p.title }
func (p page) Init() tea.Cmd { return send(noteMsg{p.title}) }
func (p page) Keys() []key.Binding {
	return []key.Binding{key.NewBinding(key.WithKeys("x"), key.WithHelp("x", "do it"))}
}
func (p page) View(int, int) string { return strings.Join(p.got, " ") }

func (p page) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		p.got = append(p.got[:len(p.got):len(p.got)], msg.String())
	case tea.MouseMsg:
		p.got = append(p.got[:len(p.got):len(p.got)], fmt.Sprintf("click %d,%d", msg.X, msg.Y))
	case settingsMsg:
		p.got = append(p.got[:len(p.got):len(p.got)], "seed "+string(msg.Seed))
	case shownMsg:
		p.got = append(p.got[:len(p.got):len(p.got)], fmt.Sprintf("shown %t", msg.shown))
	}
	return p, nil
}

func newPages(t *testing.T) frame {
	t.Helper()
	f := newFrame(testWorld(t, termenv.Ascii), page{title: "One"}, page{title: "Two"}, page{title: "Three"})
	return press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// got is what reached a screen.
func got(f frame, at int) string { return f.screens[at].View(0, 0) }

func TestKeysReachTheShownScreen(t *testing.T) {
	f := press(t, newPages(t), keys("x", "2", "y", "tab", "z", "shift+tab", "w")...)
	for at, want := range []string{
		"seed 42 shown true x shown false",
		"seed 42 shown true y shown false shown true w",
		"seed 42 shown true z shown false",
	} {
		if got := got(f, at); got != want {
			t.Errorf("screen %d got %q, want %q", at+1, got, want)
		}
	}
}

func TestSettingsReachEveryScreen(t *testing.T) {
	f := press(t, newPages(t), changeMsg{func(s Settings) Settings { s.Seed = "43"; return s }})
	for at := range f.screens {
		if got := got(f, at); !strings.HasSuffix(got, "seed 43") {
			t.Errorf("screen %d got %q", at+1, got)
		}
	}
}

func TestMouse(t *testing.T) {
	click := func(x, y int) tea.Msg {
		return tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	}
	f := press(t, newPages(t), click(8, 0), click(7, 3))
	if got, want := got(f, 1), "seed 42 shown true click 7,0"; f.at != 1 || got != want {
		t.Errorf("screen %d is shown and the second one got %q, want %q", f.at+1, got, want)
	}
}

// TestMouseChooses opens a list and clicks on its lines as they are shown.
func TestMouseChooses(t *testing.T) {
	for _, size := range sizes {
		var options []option
		for _, name := range []string{"red", "green", "blue"} {
			options = append(options, option{name: name, chosen: send(noteMsg{name + " it is"})})
		}
		f := press(t, newPages(t), tea.WindowSizeMsg{Width: size.width, Height: size.height}, choose("Colour", 0, options...)())
		for y, line := range strings.Split(f.View(), "\n") {
			before, _, found := strings.Cut(line, "blue")
			if !found {
				continue
			}
			next, cmd := f.Update(tea.MouseMsg{X: lipgloss.Width(before), Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
			if f = next.(frame); cmd == nil || cmd().(noteMsg).text != "blue it is" || f.dialog != nil {
				t.Errorf("a click on blue does not choose it at %dx%d", size.width, size.height)
			}
		}
		if f.dialog != nil {
			t.Errorf("blue is not shown:\n%s", f.View())
		}
	}
}

// TestKeysMoveInLists goes through a list that is longer than the screen.
func TestKeysMoveInLists(t *testing.T) {
	var options []option
	for i := range 100 {
		options = append(options, option{name: fmt.Sprint("colour ", i)})
	}
	f := press(t, newPages(t), choose("Colour", 0, options...)())
	height := f.dialog.(choice).height
	if height < 5 || height > 22 {
		t.Fatalf("the list is %d lines high", height)
	}
	for _, step := range []struct {
		key string
		at  int
	}{
		{"down", 1},
		{"pgdown", 1 + height},
		{"up", height},
		{"pgup", 0},
		{"pgup", 0},
		{"end", 99},
		{"pgdown", 99},
		{"down", 0},
		{"up", 99},
		{"home", 0},
	} {
		f = press(t, f, keys(step.key)...)
		if at := f.dialog.(choice).at; at != step.at || !strings.Contains(f.View(), fmt.Sprint("› colour ", step.at)) {
			t.Errorf("%s goes to line %d, want %d:\n%s", step.key, at, step.at, f.View())
		}
	}
}

func TestErrorGoesAwayWithAKey(t *testing.T) {
	f := press(t, newPages(t), errorMsg{errors.New("the text service does not answer")})
	if !strings.Contains(f.View(), "✗ the text service does not answer") {
		t.Errorf("the error is not shown:\n%s", f.View())
	}
	checkFits(t, f.View(), 80, 24)
	before := got(f, 0)
	f = press(t, f, keys("esc")...)
	if strings.Contains(f.View(), "✗") {
		t.Errorf("the error is still shown:\n%s", f.View())
	}
	if got := got(f, 0); got != before {
		t.Errorf("the key that took the error away did something else too: %q", got)
	}
}

func TestTooSmall(t *testing.T) {
	f := press(t, newPages(t), tea.WindowSizeMsg{Width: 39, Height: 11})
	checkFits(t, f.View()+strings.Repeat("\n", 11-1-strings.Count(f.View(), "\n")), 39, 11)
	if !strings.Contains(f.View(), "40×12") {
		t.Errorf("it is not told how large a terminal must be: %q", f.View())
	}
}

// TestHelp shows all keys: those of the screen and the frame's, however they change.
func TestHelp(t *testing.T) {
	f := press(t, newPages(t), keys("?")...)
	for _, want := range []string{"Keys of One", "x", "do it", "next screen", "quit at once"} {
		if !strings.Contains(f.View(), want) {
			t.Errorf("the help lacks %q:\n%s", want, f.View())
		}
	}
	if f = press(t, f, keys("esc")...); f.dialog != nil {
		t.Error("the help stays")
	}
}

func TestQuestion(t *testing.T) {
	asked := confirm("Void the draw?", "It can't be taken back.", send(noteMsg{"voided"}))().(dialogMsg).dialog
	for name, want := range map[string]struct{ open, does bool }{"y": {false, true}, "n": {false, false}, "esc": {false, false}, "x": {true, false}} {
		next, cmd := asked.Update(keys(name)[0])
		if next != nil != want.open || cmd != nil != want.does {
			t.Errorf("after %s: open %t, does %t; want %+v", name, next != nil, cmd != nil, want)
		}
	}
}

func TestForm(t *testing.T) {
	var typed []string
	d := ask("Who plays?", func(values []string) (tea.Cmd, error) {
		typed = values
		if values[1] == "" {
			return nil, errors.New("the last name is missing")
		}
		return send(noteMsg{"thanks"}), nil
	}, field{label: "First name"}, field{label: "Last name", value: "L"})().(dialogMsg).dialog
	f := press(t, newPages(t), dialogMsg{d})
	f = press(t, f, keys("A", "q", "enter", "backspace", "enter")...)
	if !strings.Contains(f.View(), "✗ the last name is missing") {
		t.Fatalf("the mistake is not shown:\n%s", f.View())
	}
	checkFits(t, f.View(), 80, 24)
	f = press(t, f, keys("李", "enter")...)
	if f.dialog != nil || strings.Join(typed, "|") != "Aq|李" {
		t.Errorf("typed %q, form open %t", typed, f.dialog != nil)
	}
}

// TestBeginWithoutCampaign begins with a campaign that there is not: it is told, and
// free play is possible.
func TestBeginWithoutCampaign(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	w.Begin = func(_ context.Context, s Settings) (Settings, error) {
		return s, campaign.Errorf(campaign.ErrNotFound, "there is no campaign %q", "summer")
	}
	f := programOf(t, w, newDraw(w))
	if !strings.Contains(f.View(), `✗ there is no campaign "summer"`) {
		t.Errorf("it is not told:\n%s", f.View())
	}
	if f = do(t, f, "esc", " "); f.screens[0].(drawScreen).drawn.draw.Whole == "" {
		t.Errorf("nothing can be drawn:\n%s", f.View())
	}
}

// TestLongTitle shows a long seed in full in the dialog about it.
func TestLongTitle(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	w.Settings.Seed = entropy.Seed(strings.Repeat("0123456789abcdef", 4))
	for _, size := range sizes {
		f := press(t, do(t, programOf(t, w, newDraw(w)), "s"), tea.WindowSizeMsg{Width: size.width, Height: size.height})
		checkFits(t, f.View(), size.width, size.height)
		if !strings.Contains(letters(f.View()), string(w.Settings.Seed)) || !strings.Contains(f.View(), "a new one") {
			t.Errorf("the seed is not shown in full:\n%s", f.View())
		}
	}
}

// TestBeginAgain begins with services that are not there: nothing is drawn by terms
// that may be others there, until they are.
func TestBeginAgain(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	lost := errors.New("the text service does not answer")
	w.Begin = func(_ context.Context, s Settings) (Settings, error) {
		s.Free.Text = must(textgen.Parse(textgen.Upper2))(t)
		return s, lost
	}
	f := do(t, programOf(t, w, newDraw(w), newOdds(w), newBulk(w), newRules(w)), " ", "3", "enter")
	if f.screens[0].(drawScreen).state != ready || f.screens[2].(bulkScreen).run != nil {
		t.Errorf("something is drawn:\n%s", f.View())
	}
	if !strings.Contains(f.View(), "✗ local has not told yet which rules") {
		t.Errorf("it is not told why nothing is drawn:\n%s", f.View())
	}
	for _, name := range []string{"1", "2", "4"} {
		if f = do(t, f, name); !strings.Contains(f.View(), "asking local what is deployed there…") {
			t.Errorf("it is not told what is waited for:\n%s", f.View())
		}
	}
	lost = nil
	next, cmd := f.Update(beginMsg{})
	f = do(t, settle(t, next.(frame), cmd), "1", " ")
	if d := f.screens[0].(drawScreen); d.drawn.terms.Text.String() != textgen.Upper2 || f.screens[1].(oddsScreen).odds.odds == nil {
		t.Errorf("drawn by %s, want upper2:\n%s", d.drawn.terms.Text, f.View())
	}
}

// TestKeysReadTogether are keys that follow so quickly that they are read at a time:
// each acts, also one behind Escape. What is pasted acts on no screen.
func TestKeysReadTogether(t *testing.T) {
	f := press(t, newPages(t), tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x2yz3")})
	for at, want := range []string{"seed 42 shown true x shown false", "seed 42 shown true y z shown false", "seed 42 shown true"} {
		if got := got(f, at); got != want {
			t.Errorf("screen %d got %q, want %q", at+1, got, want)
		}
	}
	f = press(t, f, keys("?")...)
	f = press(t, f, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("1"), Alt: true})
	if f.dialog != nil || f.at != 0 {
		t.Errorf("after Escape and 1: help open %t, screen %d", f.dialog != nil, f.at+1)
	}
	before := got(f, 0)
	if f = press(t, f, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("2q"), Paste: true}); f.at != 0 || got(f, 0) != before {
		t.Errorf("what was pasted acts: screen %d got %q", f.at+1, got(f, 0))
	}
}
