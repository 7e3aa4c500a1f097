package tui

import (
	"context"
	"io"
	"reflect"
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

// testWorld is a world that draws in this process, from seed 42 on, without
// animation.
func testWorld(t testing.TB, profile termenv.Profile) *world {
	t.Helper()
	return worldOn(t, profile, true)
}

// worldOn is the same on a terminal with a dark or a light ground.
func worldOn(t testing.TB, profile termenv.Profile, dark bool) *world {
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
	return &world{ctx: t.Context(), styles: newStyles(renderer), after: never, Config: Config{
		Local:   local,
		NewSeed: func(context.Context) (entropy.Seed, jsontext.Value, error) { return "new", nil, nil },
		Now:     func() time.Time { return time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC) },
		Settings: Settings{
			Backend: local, RulesRef: prize.Generous, Seed: "42",
			Free: Terms{Rules: rules, Text: text, Number: number},
		},
	}}
}

// never is a command whose message never comes: tests give those of timers themselves.
func never(time.Duration, tea.Msg) tea.Cmd { return nil }

// must gives a value or ends the test.
func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// press hands messages to a frame, one after the other, and runs none of the
// commands that it gives.
func press(t *testing.T, f frame, msgs ...tea.Msg) frame {
	t.Helper()
	for _, msg := range msgs {
		next, _ := f.Update(msg)
		f = next.(frame)
	}
	return f
}

// keys makes messages of keys by their names, such as "a", "enter" or "ctrl+c".
func keys(names ...string) []tea.Msg {
	special := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab,
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"ctrl+c": tea.KeyCtrlC, "backspace": tea.KeyBackspace,
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

// sequence gives the commands of a [tea.Sequence], whose message has no name.
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
