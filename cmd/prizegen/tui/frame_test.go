package tui

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// page is a screen that records the messages it receives.
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

// newPages returns a program with three pages.
func newPages(t *testing.T) frame {
	t.Helper()
	f := newFrame(testWorkspace(t, termenv.Ascii), page{title: "One"}, page{title: "Two"}, page{title: "Three"})
	return deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// received returns the messages that a screen has received.
func received(f frame, screen int) string { return f.screens[screen].View(0, 0) }

func TestKeysReachTheShownScreen(t *testing.T) {
	f := deliver(t, newPages(t), keys("x", "2", "y", "tab", "z", "shift+tab", "w")...)
	for at, want := range []string{
		"seed 42 shown true x shown false",
		"seed 42 shown true y shown false shown true w",
		"seed 42 shown true z shown false",
	} {
		if got := received(f, at); got != want {
			t.Errorf("screen %d got %q, want %q", at+1, got, want)
		}
	}
}

func TestSettingsReachEveryScreen(t *testing.T) {
	f := deliver(t, newPages(t), changeMsg{func(s Settings) Settings { s.Seed = "43"; return s }})
	for at := range f.screens {
		if got := received(f, at); !strings.HasSuffix(got, "seed 43") {
			t.Errorf("screen %d got %q, want it to end with seed 43", at+1, got)
		}
	}
}

func TestMouse(t *testing.T) {
	click := func(x, y int) tea.Msg {
		return tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	}
	f := deliver(t, newPages(t), click(8, 0), click(7, 3))
	if got, want := received(f, 1), "seed 42 shown true click 7,0"; f.active != 1 || got != want {
		t.Errorf("active screen: got %d, and screen 2 received %q; want 2 and %q", f.active+1, got, want)
	}
}

// TestMouseChooses checks that a click on a line of a list chooses the line.
func TestMouseChooses(t *testing.T) {
	for _, size := range sizes {
		var options []option
		for _, name := range []string{"red", "green", "blue"} {
			options = append(options, option{name: name, chosen: send(noteMsg{name + " it is"})})
		}
		f := deliver(t, newPages(t), tea.WindowSizeMsg{Width: size.width, Height: size.height}, choose("Colour", 0, options...)())
		if f = click(t, f, clickOn(t, f, "blue")); f.note != "blue it is" || f.dialog != nil {
			t.Errorf("%dx%d, after a click on blue: got note %q and dialog %v, want %q and no dialog", size.width, size.height, f.note, f.dialog, "blue it is")
		}
	}
}

// TestKeysMoveInLists checks the keys in a list that is longer than the screen.
func TestKeysMoveInLists(t *testing.T) {
	var options []option
	for i := range 100 {
		options = append(options, option{name: fmt.Sprint("colour ", i)})
	}
	f := deliver(t, newPages(t), choose("Colour", 0, options...)())
	height := f.dialog.(choice).height
	if height < 5 || height > 22 {
		t.Fatalf("height of the list: got %d, want 5 to 22", height)
	}
	for _, step := range []struct {
		key  string
		want int
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
		f = deliver(t, f, keys(step.key)...)
		if got := f.dialog.(choice).selected; got != step.want {
			t.Errorf("selected line after %s: got %d, want %d", step.key, got, step.want)
		}
		checkShows(t, f, fmt.Sprint("› colour ", step.want))
	}
}

func TestKeyDismissesError(t *testing.T) {
	f := deliver(t, newPages(t), errorMsg{errors.New("the text service does not answer")})
	checkShows(t, f, "✗ the text service does not answer")
	checkFits(t, f.View(), 80, 24)
	before := received(f, 0)
	f = deliver(t, f, keys("esc")...)
	if strings.Contains(f.View(), "✗") {
		t.Errorf("the view still shows the dismissed error:\n%s", f.View())
	}
	if got := received(f, 0); got != before {
		t.Errorf("messages to the screen: got %q, want %q, because the key only dismisses the error", got, before)
	}
}

func TestTooSmallTerminal(t *testing.T) {
	f := deliver(t, newPages(t), tea.WindowSizeMsg{Width: 39, Height: 11})
	checkFits(t, f.View()+strings.Repeat("\n", 11-1-strings.Count(f.View(), "\n")), 39, 11)
	checkShows(t, f, "40×12")
}

// TestHelp checks that the help shows the keys of the screen and of the frame.
func TestHelp(t *testing.T) {
	f := deliver(t, newPages(t), keys("?")...)
	checkShows(t, f, "Keys of One", "x", "do it", "next screen", "quit immediately")
	if f = deliver(t, f, keys("esc")...); f.dialog != nil {
		t.Error("the help is still open after esc")
	}
}

func TestQuestion(t *testing.T) {
	q := confirm("Void the draw?", "This cannot be undone.", send(noteMsg{"voided"}))().(dialogMsg).dialog
	for name, want := range map[string]struct{ open, runs bool }{"y": {false, true}, "n": {false, false}, "esc": {false, false}, "x": {true, false}} {
		next, cmd := q.Update(keys(name)[0])
		if open, runs := next != nil, cmd != nil; open != want.open || runs != want.runs {
			t.Errorf("%s: got open %t and run %t, want %t and %t", name, open, runs, want.open, want.runs)
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
	f := deliver(t, newPages(t), dialogMsg{d})
	f = deliver(t, f, keys("A", "q", "enter", "backspace", "enter")...)
	checkShows(t, f, "✗ the last name is missing")
	checkFits(t, f.View(), 80, 24)
	f = deliver(t, f, keys("李", "enter")...)
	if f.dialog != nil || strings.Join(typed, "|") != "Aq|李" {
		t.Errorf("form: got values %q and dialog %v, want Aq and 李 and no dialog", typed, f.dialog)
	}
}

// TestMissingCampaign starts the program with the name of a campaign that does not exist.
// It checks that the error is shown and that free play is possible.
func TestMissingCampaign(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	w.Load = func(_ context.Context, s Settings) (Settings, error) {
		return s, campaign.Errorf(campaign.ErrNotFound, "there is no campaign %q", "summer")
	}
	f := programOf(t, w, newDraw(w))
	checkShows(t, f, `✗ there is no campaign "summer"`)
	if f = pressKeys(t, f, "esc", " "); f.screens[0].(drawScreen).drawn.Whole == "" {
		t.Errorf("free play made no draw:\n%s", f.View())
	}
}

// TestLongSeed checks that the dialog about the seed shows a long seed in full.
func TestLongSeed(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	w.Settings.Seed = entropy.Seed(strings.Repeat("0123456789abcdef", 4))
	for _, size := range sizes {
		f := deliver(t, pressKeys(t, programOf(t, w, newDraw(w)), "s"), tea.WindowSizeMsg{Width: size.width, Height: size.height})
		checkFits(t, f.View(), size.width, size.height)
		if !strings.Contains(lettersOf(f.View()), string(w.Settings.Seed)) {
			t.Errorf("the view does not contain the whole seed:\n%s", f.View())
		}
		checkShows(t, f, "a new one")
	}
}

// TestLoadRetries starts the program with services that do not answer. It checks that
// nothing is drawn before they have reported their rules and formats.
func TestLoadRetries(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	loadErr := errors.New("the text service does not answer")
	w.Load = func(_ context.Context, s Settings) (Settings, error) {
		s.Free.Text = must(textgen.Parse(textgen.Upper2))(t)
		return s, loadErr
	}
	f := pressKeys(t, programOf(t, w, newDraw(w), newOdds(w), newBulk(w), newRules(w)), " ", "3", "enter")
	if f.screens[0].(drawScreen).state != drawReady || f.screens[2].(bulkScreen).run != nil {
		t.Errorf("a draw was made before the terms were known:\n%s", f.View())
	}
	checkShows(t, f, "✗ local has not reported its rules and formats yet")
	for _, name := range []string{"1", "2", "4"} {
		f = pressKeys(t, f, name)
		checkShows(t, f, "asking local for its rules and formats…")
	}
	loadErr = nil
	next, cmd := f.Update(retryLoadMsg{})
	f = pressKeys(t, runCmd(t, next.(frame), cmd), "1", " ")
	if d := f.screens[0].(drawScreen); d.drawn.terms.Text.String() != textgen.Upper2 || f.screens[1].(oddsScreen).odds.odds == nil {
		t.Errorf("text format of the draw: got %s, want upper2:\n%s", d.drawn.terms.Text, f.View())
	}
}

// TestKeysReadTogether delivers keys that were read together. It checks that each key
// takes effect, even after Escape, and that pasted text has no effect.
func TestKeysReadTogether(t *testing.T) {
	f := deliver(t, newPages(t), tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x2yz3")})
	for at, want := range []string{"seed 42 shown true x shown false", "seed 42 shown true y z shown false", "seed 42 shown true"} {
		if got := received(f, at); got != want {
			t.Errorf("screen %d got %q, want %q", at+1, got, want)
		}
	}
	f = deliver(t, f, keys("?")...)
	f = deliver(t, f, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("1"), Alt: true})
	if f.dialog != nil || f.active != 0 {
		t.Errorf("after Escape and 1: got dialog %v and screen %d, want no dialog and screen 1", f.dialog, f.active+1)
	}
	before := received(f, 0)
	if f = deliver(t, f, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("2q"), Paste: true}); f.active != 0 || received(f, 0) != before {
		t.Errorf("after a paste: got screen %d, which received %q; want screen 1 and %q", f.active+1, received(f, 0), before)
	}
}

// TestMouseInDialogs checks that the mouse answers questions and selects fields of
// forms.
func TestMouseInDialogs(t *testing.T) {
	for _, size := range sizes {
		f := deliver(t, newPages(t), tea.WindowSizeMsg{Width: size.width, Height: size.height})
		text := strings.Repeat("It stays on record as void, and its prize does not go back into the stock. ", 3)
		for answer, want := range map[string]string{answerYes: "voided", answerNo: ""} {
			asked := runCmd(t, f, confirm("Void it?", text, send(noteMsg{"voided"})))
			checkFits(t, asked.View(), size.width, size.height)
			if got := click(t, asked, clickOn(t, asked, answer)); got.dialog != nil || got.note != want {
				t.Errorf("after the answer %s: got note %q and dialog %v, want %q and no dialog", answer, got.note, got.dialog, want)
			}
		}
		long := errors.New("the address must begin with http or https, and this one begins with something else that is longer than a line")
		f = runCmd(t, f, ask("Who?", func([]string) (tea.Cmd, error) { return nil, long }, field{label: "First"}, field{label: "Last"}, field{label: "Email"}))
		f = click(t, f, clickOn(t, f, "Email"))
		f = deliver(t, f, keys("x")...)
		if got := f.dialog.(form).inputs[2].Value(); got != "x" {
			t.Errorf("text in the clicked field: got %q, want x", got)
		}
		f = deliver(t, f, keys("enter")...)
		checkFits(t, f.View(), size.width, size.height)
		checkShows(t, f, "a line", "Email")
	}
}

// TestScrollHelp scrolls down beyond the end of the help. It checks that the first step
// up changes the view.
func TestScrollHelp(t *testing.T) {
	f := deliver(t, newPages(t), tea.WindowSizeMsg{Width: 40, Height: 12})
	f = deliver(t, f, keys("?")...)
	for range 30 {
		f = deliver(t, f, keys("down")...)
	}
	end := f.View()
	if f = deliver(t, f, keys("up")...); f.View() == end {
		t.Error("one step up did not change the view")
	}
}

// TestManyDraws sends many draws to all screens and checks that their memory stays
// bounded.
func TestManyDraws(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := newFrame(w, screens(w)...)
	f = deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
	first := freeDraws(t, w, 0, 1)[0].(drawn)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	add := func(from, to uint64) {
		for i := from; i < to; i++ {
			msg := first
			msg.Index = i
			msg.Whole = fmt.Sprintf("abcd%04d", i%10_000)
			next, _ := f.Update(msg)
			f = next.(frame)
		}
	}
	add(0, 2*maxSession)
	before := heap()
	const many = 100_000
	add(2*maxSession, many)
	if after := heap(); after > before+before/2 {
		t.Errorf("memory: got %d bytes for %d draws, want at most 50%% more than the %d bytes for %d draws", after, many, before, 2*maxSession)
	}
	if h := f.screens[3].(historyScreen); h.session.total != many || h.len() != maxSession {
		t.Errorf("draws: got %d counted and %d listed, want %d and %d", h.session.total, h.len(), many, maxSession)
	}
}
