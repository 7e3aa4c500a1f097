package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// TestDrawsFollowSeed checks that the screen makes the same 200 draws as the draw
// command.
func TestDrawsFollowSeed(t *testing.T) {
	const n = 200
	w := testWorkspace(t, termenv.Ascii)
	var want []string
	spec := w.Settings.Spec(0, n)
	err := draw.Run(t.Context(), draw.Local{}, spec, nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			want = append(want, jsonOf(t, b.Draw(i)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f := newProgram(t, w)
	var got []string
	for range n {
		f = pressKeys(t, f, " ")
		d := f.screens[0].(drawScreen).drawn
		got = append(got, jsonOf(t, draw.Draw{
			Index: d.Index, Account: d.Account, Outcome: d.Outcome, Seed: d.Seed, Basis: d.Basis,
		}))
		if view := f.View(); !strings.Contains(lettersOf(view), d.Whole) || d.Prize != nil && !strings.Contains(view, d.Prize.Name) {
			t.Errorf("the view does not contain %s and its prize:\n%s", d.Whole, view)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("draws differ from those of draw.Run (-want +got):\n%s", diff)
	}
	if d := f.screens[0].(drawScreen); d.tally.draws != n || len(d.recent) != maxRecent {
		t.Errorf("draws: got %d counted and %d listed, want %d and %d", d.tally.draws, len(d.recent), n, maxRecent)
	}
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	return string(must(json.Marshal(value))(t))
}

// rollingScreen returns a screen with animation that has just received a draw.
func rollingScreen(t *testing.T, w *workspace) drawScreen {
	t.Helper()
	w.Animate = true
	next, _ := newDraw(w).applySettings(w.Settings).press()
	d := next.(drawScreen)
	next, _ = d.Update(d.request.cmd(w, w.Settings)())
	return next.(drawScreen)
}

// TestRolling makes a draw with animation. It checks that the letters stop one after the
// other, that the prize is shown, and that the animation ends.
func TestRolling(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	w.Settings.Next = 9 // awsn5676, which wins £50.00
	d := rollingScreen(t, w)
	stopped, ticks := -1, 0
	for {
		list, _ := d.letters()
		n := 0
		for i, l := range list {
			if l.stopped {
				n++
				if want := "awsn5676"[i : i+1]; l.text != want {
					t.Fatalf("stopped letter at position %d: got %s, want %s", i, l.text, want)
				}
			}
		}
		if n < stopped {
			t.Errorf("stopped letters: got %d, want at least %d", n, stopped)
		}
		stopped = n
		shown := strings.Contains(d.View(80, 20), "£50.00")
		if want := d.state == drawRevealed || d.state == drawCelebrating; shown != want {
			t.Errorf("prize shown in state %d: got %t, want %t", d.state, shown, want)
		}
		if d.state == drawRevealed {
			break
		}
		if ticks++; ticks > 200 {
			t.Fatal("the animation has not ended after 200 ticks")
		}
		next, _ := d.Update(tickMsg{d.request.number})
		d = next.(drawScreen)
	}
	if next, cmd := d.Update(tickMsg{d.request.number}); cmd != nil || next.(drawScreen).tick != d.tick {
		t.Error("command after the end of the animation: got another frame, want none")
	}
}

// TestKeyEndsRolling checks that space reveals the prize while the letters roll.
func TestKeyEndsRolling(t *testing.T) {
	next, cmd := rollingScreen(t, testWorkspace(t, termenv.Ascii)).press()
	if d := next.(drawScreen); d.state != drawRevealed || cmd == nil {
		t.Errorf("state: got %d, want %d", d.state, drawRevealed)
	}
}

// TestSlowTerminal checks that the animation ends if a frame takes too long.
func TestSlowTerminal(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	now := w.Now()
	w.Now = func() time.Time { return now }
	d := rollingScreen(t, w)
	now = now.Add(time.Second)
	next, _ := d.Update(tickMsg{d.request.number})
	if d := next.(drawScreen); d.state != drawRevealed {
		t.Errorf("state: got %d, want %d", d.state, drawRevealed)
	}
}

// failingPrizes is a generator whose prize service fails while err points to an error.
type failingPrizes struct {
	draw.Local
	err *error
}

func (g failingPrizes) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if *g.err != nil {
		return dst, *g.err
	}
	return g.Local.Prizes(ctx, dst, rules, accounts, r)
}

// TestRetryAfterFailure draws while the prize service fails, and retries when it works.
// It checks that the draw is the one that the seed determines.
func TestRetryAfterFailure(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	err := errors.New("the prize service at http://localhost:8083 does not answer")
	w.Settings.Backend.Generator, w.Settings.Next = failingPrizes{err: &err}, 9
	f := pressKeys(t, newProgram(t, w), " ")
	checkShows(t, f, "✗ the prize service", "space tries again")
	err = nil
	f = pressKeys(t, f, " ")
	if d := f.screens[0].(drawScreen); d.drawn.Whole != "awsn5676" || f.settings.Next != 10 {
		t.Errorf("draw: got %s and next index %d, want awsn5676 and 10", d.drawn.Whole, f.settings.Next)
	}
}

func TestDrawViews(t *testing.T) {
	at := func(next uint64, more ...string) func(t *testing.T, w *workspace) frame {
		return func(t *testing.T, w *workspace) frame {
			w.Settings.Next = next
			return pressKeys(t, newProgram(t, w), more...)
		}
	}
	testViews(t, "draw", append(campaignViews(t), []view{
		{"ready", at(0)},
		{"won", at(9, " ")},
		{"lost", at(8, " ")},
		{"many", at(0, " ", " ", " ", " ", " ", " ", " ", " ", " ", " ")},
		{"help", at(0, "?")},
		{"rules", at(0, "g", "down")},
		{"rolling", func(t *testing.T, w *workspace) frame {
			w.Animate, w.Settings.Next = true, 9
			f := deliver(t, newProgram(t, w), keys(" ")...)
			f = deliver(t, f, f.screens[0].(drawScreen).request.cmd(w, w.Settings)())
			for range 20 {
				f = deliver(t, f, tickMsg{1})
			}
			return f
		}},
		{"asking", func(t *testing.T, w *workspace) frame { return deliver(t, newProgram(t, w), keys(" ")...) }},
		{"error", func(t *testing.T, w *workspace) frame {
			err := errors.New("the prize service at http://localhost:8083 does not answer: connection refused")
			w.Settings.Backend.Generator = failingPrizes{err: &err}
			return pressKeys(t, newProgram(t, w), " ")
		}},
		{"long", func(t *testing.T, w *workspace) frame {
			f := pressKeys(t, newProgram(t, w), "t", "down", "down", "enter")
			for range "lower4" {
				f = pressKeys(t, f, "backspace")
			}
			return pressKeys(t, f, "upper64", "enter", " ")
		}},
	}...))
}

// TestTerminals compares the view on all types of terminals. It checks that the text is
// the same everywhere and that the colours suit the terminal.
func TestTerminals(t *testing.T) {
	golden := openGolden(t, "terminals")
	want := "" // text on the first terminal
	for name, kind := range map[string]struct {
		profile termenv.Profile
		dark    bool
		colors  []string // substrings of the codes for the terminal's colours
	}{
		"none":       {termenv.Ascii, true, nil},
		"16-dark":    {termenv.ANSI, true, []string{"3", "9"}},
		"16-light":   {termenv.ANSI, false, []string{"3", "9"}},
		"256-dark":   {termenv.ANSI256, true, []string{"38;5;"}},
		"256-light":  {termenv.ANSI256, false, []string{"38;5;"}},
		"true-dark":  {termenv.TrueColor, true, []string{"38;2;"}},
		"true-light": {termenv.TrueColor, false, []string{"38;2;"}},
	} {
		w := workspaceOn(t, kind.profile, kind.dark)
		w.Settings.Next = 9
		view := pressKeys(t, newProgram(t, w), " ").View()
		golden.check(name+".ansi", view)
		got := strings.NewReplacer("[", " ", "]", " ").Replace(ansi.Strip(view))
		if want != "" && got != want {
			t.Errorf("%s: got text\n%s\nwant\n%s", name, got, want)
		}
		want = got
		for _, code := range regexp.MustCompile(`\x1b\[([0-9;]*)m`).FindAllStringSubmatch(view, -1) {
			allowed := regexp.MustCompile(`^([0147]|;)*$`).MatchString(code[1]) // bold, underlined, reversed
			for _, color := range kind.colors {
				allowed = allowed || strings.Contains(code[1], color)
			}
			if !allowed || kind.profile == termenv.ANSI && strings.Contains(code[1], "38;") {
				t.Errorf("%s: got code %q, want a code that contains %q", name, code[1], kind.colors)
			}
		}
	}
}

// TestColors checks that views contain escape codes only for colour terminals.
func TestColors(t *testing.T) {
	plain, colored := newProgram(t, testWorkspace(t, termenv.Ascii)).View(), newProgram(t, testWorkspace(t, termenv.TrueColor)).View()
	if bytes.ContainsRune([]byte(plain), '\x1b') || !strings.Contains(colored, "\x1b[") {
		t.Errorf("views: got %q without colours and %q with colours, want escape codes only in the latter", plain, colored)
	}
}

// TestQuickKeys presses keys before the settings with the next index arrive. It checks
// that each key makes another draw.
func TestQuickKeys(t *testing.T) {
	f := newFrame(testWorkspace(t, termenv.Ascii), newDraw(testWorkspace(t, termenv.Ascii)))
	f = deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
	for want := range uint64(3) {
		next, cmd := f.Update(keys(" ")[0])
		result := cmd().(drawResultMsg)
		if result.err != nil || result.drawn.Index != want {
			t.Fatalf("draw: got index %d and error %v, want %d and no error", result.drawn.Index, result.err, want)
		}
		f = deliver(t, next.(frame), result)
	}
}

// TestStrayClicksDrawNothing checks that clicks next to the labels that start a draw do
// nothing, and that clicks on these labels start a draw.
func TestStrayClicksDrawNothing(t *testing.T) {
	for _, size := range sizes {
		f := deliver(t, newProgram(t, testWorkspace(t, termenv.Ascii)), tea.WindowSizeMsg{Width: size.width, Height: size.height})
		draws := func(f frame) uint64 { return f.screens[0].(drawScreen).tally.draws }
		on := clickOn(t, f, pressSpace)
		for _, beside := range [][2]int{{1, on.Y}, {on.X, on.Y + 1}, {on.X, size.height - 2}, {0, 4}} {
			at := on
			at.X, at.Y = beside[0], beside[1]
			if f = click(t, f, at); draws(f) != 0 {
				t.Errorf("%dx%d: a click at %v made a draw, want no effect", size.width, size.height, beside)
			}
		}
		if f = click(t, f, on); draws(f) != 1 {
			t.Errorf("%dx%d: draws after a click on %q: got %d, want 1:\n%s", size.width, size.height, pressSpace, draws(f), f.View())
		}
		if size.height > 12 {
			if f = click(t, f, clickOn(t, f, "╭───")); draws(f) != 2 {
				t.Errorf("draws after a click on the account number: got %d, want 2:\n%s", draws(f), f.View())
			}
		}
	}
}

// TestCancelDraw cancels a slow request. It checks that a result that arrives later is
// ignored.
func TestCancelDraw(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := newProgram(t, w)
	next, cmd := f.Update(keys(" ")[0])
	f = next.(frame)
	request := f.screens[0].(drawScreen).request
	f = deliver(t, f, slowMsg{request.number})
	checkShows(t, f, "still waiting for local; esc cancels")
	f = deliver(t, f, keys("esc")...)
	checkShows(t, f, "cancelled")
	if request.ctx.Err() == nil {
		t.Error("the context of the request was not cancelled")
	}
	if f = deliver(t, f, cmd()); strings.Contains(f.View(), "by the rule") {
		t.Errorf("the view shows the result of a cancelled request:\n%s", f.View())
	}
	f = pressKeys(t, f, " ")
	checkShows(t, f, "by the rule")
}

// TestLastIndex makes the last draw of a seed and checks that no draw follows it.
func TestLastIndex(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	w.Settings.Next = 18446744073709551615
	f := pressKeys(t, newProgram(t, w), " ")
	if got := f.screens[0].(drawScreen).drawn.Index; got != w.Settings.Next {
		t.Fatalf("index: got %d, want %d", got, w.Settings.Next)
	}
	f = pressKeys(t, f, " ")
	checkShows(t, f, "✗ the seed has no draw after index 18,446,744,073,709,551,615")
	if got := f.screens[0].(drawScreen).tally.draws; got != 1 {
		t.Errorf("draws: got %d, want 1", got)
	}
	f = pressKeys(t, f, "esc", "s", "up", "enter", " ")
	if got := f.screens[0].(drawScreen).drawn.Index; got != 0 {
		t.Errorf("index after a restart: got %d, want 0:\n%s", got, f.View())
	}
}
