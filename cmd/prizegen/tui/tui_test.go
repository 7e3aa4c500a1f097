package tui

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// testWorkspace returns a workspace without animation on a dark terminal. It draws in
// this process from seed 42.
func testWorkspace(t testing.TB, profile termenv.Profile) *workspace {
	t.Helper()
	return workspaceOn(t, profile, true)
}

// workspaceOn is like testWorkspace, but on a dark or a light terminal.
func workspaceOn(t testing.TB, profile termenv.Profile, dark bool) *workspace {
	t.Helper()
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(profile)
	renderer.SetHasDarkBackground(dark)
	rules := must(prize.Builtin(prize.Generous))(t)
	text, number := must(textgen.Parse(textgen.Default))(t), must(numgen.Parse(numgen.Default))(t)
	local := Backend{
		Name: "local", Generator: draw.Local{},
		Rules: func(_ context.Context, ref string) (*prize.Rules, error) { return prize.Builtin(ref) },
		Formats: func(context.Context) (textgen.Format, numgen.Format, error) {
			return text, number, nil
		},
	}
	const guard = 10 * time.Minute // no test depends on this
	return &workspace{ctx: t.Context(), callTimeout: guard, pollTimeout: guard, styles: newStyles(renderer), after: never, Config: Config{
		Local:   local,
		NewSeed: func(context.Context) (entropy.Seed, jsontext.Value, error) { return "new", nil, nil },
		Now:     func() time.Time { return time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC) },
		Settings: Settings{
			Backend: local, RulesRef: prize.Generous, Seed: "42",
			Free: Terms{Rules: rules, Text: text, Number: number},
		},
	}}
}

// never returns a nil command instead of starting a timer, because tests deliver the
// messages of timers themselves.
func never(time.Duration, tea.Msg) tea.Cmd { return nil }

// must returns a function that returns value. If err is not nil, the function fails the
// test immediately.
func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// programOf returns a program with these screens in an 80×24 terminal. It has no pending
// commands.
func programOf(t *testing.T, w *workspace, screens ...screen) frame {
	t.Helper()
	f := newFrame(w, screens...)
	f = runCmd(t, f, f.Init())
	return deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24})
}

// newProgram returns a program that has only the Draw screen.
func newProgram(t *testing.T, w *workspace) frame { return programOf(t, w, newDraw(w)) }

// deliver delivers messages to a frame. It does not run the commands that the frame
// returns.
func deliver(t *testing.T, f frame, msgs ...tea.Msg) frame {
	t.Helper()
	for _, msg := range msgs {
		next, _ := f.Update(msg)
		f = next.(frame)
	}
	return f
}

// runCmd runs a command and all commands that follow from it, as Bubble Tea would. It
// delivers their messages.
func runCmd(t *testing.T, f frame, cmd tea.Cmd) frame {
	t.Helper()
	queue := []tea.Cmd{cmd}
	for steps := 0; len(queue) > 0; steps++ {
		if steps > 10_000 {
			t.Fatal("more than 10,000 commands were run")
		}
		cmd, queue = queue[0], queue[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			if cmds, ok := sequence(msg); ok {
				queue = append(cmds, queue...)
				continue
			}
			next, more := f.Update(msg)
			f, queue = next.(frame), append(queue, more)
		}
	}
	return f
}

// sequence returns the commands in a [tea.Sequence], whose message type is not exported.
func sequence(msg tea.Msg) ([]tea.Cmd, bool) {
	list := reflect.ValueOf(msg)
	if list.Kind() != reflect.Slice || list.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return nil, false
	}
	var cmds []tea.Cmd
	for i := range list.Len() {
		cmds = append(cmds, list.Index(i).Interface().(tea.Cmd))
	}
	return cmds, true
}

// pressKeys presses keys. It runs the commands of each key before it presses the next
// one.
func pressKeys(t *testing.T, f frame, names ...string) frame {
	t.Helper()
	for _, msg := range keys(names...) {
		next, cmd := f.Update(msg)
		f = runCmd(t, next.(frame), cmd)
	}
	return f
}

// keys returns the messages for keys with names such as "a", "enter" or "ctrl+c".
func keys(names ...string) []tea.Msg {
	special := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab,
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"ctrl+c": tea.KeyCtrlC, "ctrl+z": tea.KeyCtrlZ, "backspace": tea.KeyBackspace,
	}
	var msgs []tea.Msg
	for _, name := range names {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
		if kind, ok := special[name]; ok {
			msg = tea.KeyMsg{Type: kind}
		} else if name == " " {
			msg = tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(" ")}
		}
		msgs = append(msgs, msg)
	}
	return msgs
}

// clickOn returns a click on a string in the view.
func clickOn(t *testing.T, f frame, text string) tea.MouseMsg {
	t.Helper()
	for y, line := range strings.Split(f.View(), "\n") {
		if before, _, found := strings.Cut(line, text); found {
			return tea.MouseMsg{X: lipgloss.Width(before), Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
		}
	}
	t.Fatalf("the view does not contain %q:\n%s", text, f.View())
	return tea.MouseMsg{}
}

// click delivers a click and runs the commands that follow from it.
func click(t *testing.T, f frame, at tea.MouseMsg) frame {
	t.Helper()
	next, cmd := f.Update(at)
	return runCmd(t, next.(frame), cmd)
}

// checkShows reports an error for each string that is missing from the view.
func checkShows(t *testing.T, f frame, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if view := f.View(); !strings.Contains(view, text) {
			t.Errorf("the view does not contain %q:\n%s", text, view)
		}
	}
}

// lettersOf returns the ASCII letters and digits in a view.
func lettersOf(view string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, view)
}
