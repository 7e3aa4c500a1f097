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

// settle runs a command and those that follow from it, as Bubble Tea would, and hands
// the answers to the frame. Timers are not waited for: their messages come at once.
func settle(t *testing.T, f frame, cmd tea.Cmd) frame {
	t.Helper()
	waiting := []tea.Cmd{cmd}
	for steps := 0; len(waiting) > 0; steps++ {
		if steps > 10_000 {
			t.Fatal("it never comes to rest")
		}
		cmd, waiting = waiting[0], waiting[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			waiting = append(waiting, msg...)
		default:
			if list, ok := sequence(msg); ok {
				waiting = append(list, waiting...)
				continue
			}
			next, more := f.Update(msg)
			f, waiting = next.(frame), append(waiting, more)
		}
	}
	return f
}

// do presses keys and lets each come to rest.
func do(t *testing.T, f frame, names ...string) frame {
	t.Helper()
	for _, msg := range keys(names...) {
		next, cmd := f.Update(msg)
		f = settle(t, next.(frame), cmd)
	}
	return f
}

// newProgram is a program with the screen alone, at rest.
func newProgram(t *testing.T, w *world) frame { return programOf(t, w, newDraw(w)) }

// programOf is a program with screens, at rest.
func programOf(t *testing.T, w *world, screens ...screen) frame {
	t.Helper()
	f := newFrame(w, screens...)
	f = settle(t, f, f.Init())
	return press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24})
}

// TestDrawsAreThoseOfTheSeed draws 200 times and compares with the run that the
// command draw makes.
func TestDrawsAreThoseOfTheSeed(t *testing.T) {
	const n = 200
	w := testWorld(t, termenv.Ascii)
	var want []string
	spec := w.Settings.Spec(0, n)
	err := draw.Run(t.Context(), draw.Local{}, spec, nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			line, err := json.Marshal(b.Draw(i))
			if err != nil {
				return err
			}
			want = append(want, string(line))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f := newProgram(t, w)
	var got []string
	for range n {
		f = do(t, f, " ")
		d := f.screens[0].(drawScreen)
		line, err := json.Marshal(d.drawn.draw)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
		if view := f.View(); !strings.Contains(letters(view), d.drawn.draw.Whole) || d.drawn.draw.Prize != nil && !strings.Contains(view, d.drawn.draw.Prize.Name) {
			t.Errorf("%s is not shown:\n%s", line, view)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the draws differ from those of draw.Run (-want +got):\n%s", diff)
	}
	if d := f.screens[0].(drawScreen); d.tally.draws != n || len(d.recent) != maxRecent {
		t.Errorf("%d draws are counted and %d kept, want %d and %d", d.tally.draws, len(d.recent), n, maxRecent)
	}
}

// letters takes everything but letters and digits out of a view.
func letters(view string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, view)
}

// TestRolling draws with animation: one letter after the other stands, then the prize
// is shown, and nothing moves any more in the end.
func TestRolling(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	w.Animate, w.Settings.Next = true, 9 // awsn5676, which wins £50.00
	d := newDraw(w).settle(w.Settings)
	next, _ := d.press()
	made := w.makeDraw(t.Context(), func() {}, 1, w.Settings, "")().(madeMsg)
	next, _ = next.(drawScreen).Update(made)
	standing, ticks := -1, 0
	for {
		d = next.(drawScreen)
		list, _ := d.letters()
		stand := 0
		for i, l := range list {
			if l.still {
				stand++
				if l.text != made.drawn.draw.Whole[i:i+1] {
					t.Fatalf("letter %d stands as %s", i, l.text)
				}
			}
		}
		if stand < standing {
			t.Errorf("%d letters stand after %d", stand, standing)
		}
		standing = stand
		shown := strings.Contains(d.View(80, 20), "£50.00")
		if shown != (d.state == revealed || d.state == cheering) {
			t.Errorf("prize shown %t in state %d", shown, d.state)
		}
		if d.state == revealed {
			break
		}
		if ticks++; ticks > 200 {
			t.Fatal("it rolls for ever")
		}
		next, _ = d.Update(tickMsg{d.asked})
	}
	if next, cmd := d.Update(tickMsg{d.asked}); cmd != nil || next.(drawScreen).tick != d.tick {
		t.Error("something moves on")
	}
}

// TestKeyShowsAtOnce presses space while the letters roll.
func TestKeyShowsAtOnce(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	w.Animate = true
	d := newDraw(w).settle(w.Settings)
	next, _ := d.press()
	next, _ = next.Update(w.makeDraw(t.Context(), func() {}, 1, w.Settings, "")())
	next, cmd := next.(drawScreen).press()
	if d := next.(drawScreen); d.state != revealed || cmd == nil {
		t.Errorf("state %d, want %d", d.state, revealed)
	}
}

// TestSlowTerminal shows the end at once where a picture takes too long.
func TestSlowTerminal(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	now := w.Now()
	w.Animate, w.Now = true, func() time.Time { return now }
	d := newDraw(w).settle(w.Settings)
	next, _ := d.press()
	next, _ = next.Update(w.makeDraw(t.Context(), func() {}, 1, w.Settings, "")())
	now = now.Add(time.Second)
	next, _ = next.Update(tickMsg{1})
	if d := next.(drawScreen); d.state != revealed {
		t.Errorf("state %d, want %d", d.state, revealed)
	}
}

// absent is a generator that does not answer, until it is back.
type absent struct {
	draw.Local
	err *error
}

func (l absent) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if *l.err != nil {
		return dst, *l.err
	}
	return l.Local.Prizes(ctx, dst, rules, accounts, r)
}

// TestLostService draws without the prize service, and again when it is back: the
// draw is the one that it would have been.
func TestLostService(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	err := errors.New("the prize service at http://localhost:8083 does not answer")
	w.Settings.Backend.Generator, w.Settings.Next = absent{err: &err}, 9
	f := do(t, newProgram(t, w), " ")
	if !strings.Contains(f.View(), "✗ the prize service") || !strings.Contains(f.View(), "space tries again") {
		t.Errorf("the error is not told with a way back:\n%s", f.View())
	}
	err = nil
	f = do(t, f, " ")
	if d := f.screens[0].(drawScreen); d.drawn.draw.Whole != "awsn5676" || f.settings.Next != 10 {
		t.Errorf("drew %s, and %d is next", d.drawn.draw.Whole, f.settings.Next)
	}
}

// TestGoldenDraw compares the screen in all its states.
func TestDrawViews(t *testing.T) {
	at := func(next uint64, more ...string) func(t *testing.T, w *world) frame {
		return func(t *testing.T, w *world) frame {
			w.Settings.Next = next
			return do(t, newProgram(t, w), more...)
		}
	}
	testViews(t, "draw", append(campaignViews(t), []view{
		{"ready", at(0)},
		{"won", at(9, " ")},
		{"lost", at(8, " ")},
		{"many", at(0, " ", " ", " ", " ", " ", " ", " ", " ", " ", " ")},
		{"help", at(0, "?")},
		{"rules", at(0, "g", "down")},
		{"rolling", func(t *testing.T, w *world) frame {
			w.Animate, w.Settings.Next = true, 9
			f := press(t, newProgram(t, w), keys(" ")...)
			f = press(t, f, w.makeDraw(t.Context(), func() {}, 1, w.Settings, "")())
			for range 20 {
				f = press(t, f, tickMsg{1})
			}
			return f
		}},
		{"asking", func(t *testing.T, w *world) frame { return press(t, newProgram(t, w), keys(" ")...) }},
		{"error", func(t *testing.T, w *world) frame {
			err := errors.New("the prize service at http://localhost:8083 does not answer: connection refused")
			w.Settings.Backend.Generator = absent{err: &err}
			return do(t, newProgram(t, w), " ")
		}},
		{"long", func(t *testing.T, w *world) frame {
			f := do(t, newProgram(t, w), "t", "down", "down", "enter")
			for range "lower4" {
				f = do(t, f, "backspace")
			}
			return do(t, f, "upper64", "enter", " ")
		}},
	}...))
}

// TestTerminals shows the same on all kinds of terminals, in the colours that each has.
func TestTerminals(t *testing.T) {
	golden := openGolden(t, "terminals")
	views := map[string]string{}
	for name, kind := range map[string]struct {
		profile termenv.Profile
		dark    bool
		colors  []string // how its colours may be written
	}{
		"none":       {termenv.Ascii, true, nil},
		"16-dark":    {termenv.ANSI, true, []string{"3", "9"}},
		"16-light":   {termenv.ANSI, false, []string{"3", "9"}},
		"256-dark":   {termenv.ANSI256, true, []string{"38;5;"}},
		"256-light":  {termenv.ANSI256, false, []string{"38;5;"}},
		"true-dark":  {termenv.TrueColor, true, []string{"38;2;"}},
		"true-light": {termenv.TrueColor, false, []string{"38;2;"}},
	} {
		w := worldOn(t, kind.profile, kind.dark)
		w.Settings.Next = 9
		view := do(t, newProgram(t, w), " ").View()
		golden.check(name+".ansi", view)
		if got, want := strings.NewReplacer("[", " ", "]", " ").Replace(ansi.Strip(view)), views["text"]; want != "" && got != want {
			t.Errorf("on %s it is another text:\n%s", name, got)
		}
		views["text"] = strings.NewReplacer("[", " ", "]", " ").Replace(ansi.Strip(view))
		for _, code := range regexp.MustCompile(`\x1b\[([0-9;]*)m`).FindAllStringSubmatch(view, -1) {
			rest := regexp.MustCompile(`^([0147]|;)*$`).MatchString(code[1]) // bold, underlined, reversed
			for _, color := range kind.colors {
				rest = rest || strings.Contains(code[1], color)
			}
			if !rest || kind.profile == termenv.ANSI && strings.Contains(code[1], "38;") {
				t.Errorf("on %s there is the code %q", name, code[1])
			}
		}
	}
}

// TestGoldenFilesDiffer makes sure that colour reaches the golden views.
func TestGoldenFilesDiffer(t *testing.T) {
	plain, colored := newProgram(t, testWorld(t, termenv.Ascii)).View(), newProgram(t, testWorld(t, termenv.TrueColor)).View()
	if bytes.ContainsRune([]byte(plain), '\x1b') || !strings.Contains(colored, "\x1b[") {
		t.Error("escape codes are where there should be none, or the other way round")
	}
}

// TestQuickKeys draws twice before the settings have come round with the next index:
// these are two draws, not one draw twice.
func TestQuickKeys(t *testing.T) {
	f := newFrame(testWorld(t, termenv.Ascii), newDraw(testWorld(t, termenv.Ascii)))
	f = press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
	for want := range uint64(3) {
		next, cmd := f.Update(keys(" ")[0])
		made := cmd().(madeMsg)
		if made.err != nil || made.drawn.draw.Index != want {
			t.Fatalf("drew index %d, %v, want %d", made.drawn.draw.Index, made.err, want)
		}
		f = press(t, next.(frame), made)
	}
}
