//go:build unix

package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// panicking is a screen that panics in one of its methods or its command.
type panicking struct{ in string }

func (s panicking) Title() string       { return "Panicking" }
func (s panicking) Keys() []key.Binding { return nil }

func (s panicking) Init() tea.Cmd {
	if s.in == "Init" {
		panic("in Init")
	}
	return func() tea.Msg {
		if s.in == "command" {
			panic("in command")
		}
		return noteMsg{"begun"}
	}
}

func (s panicking) Update(msg tea.Msg) (screen, tea.Cmd) {
	if _, shown := msg.(shownMsg); shown && s.in == "Update" {
		panic("in Update")
	}
	return s, nil
}

func (s panicking) View(int, int) string {
	if s.in == "View" {
		panic("in View")
	}
	return ""
}

// TestTerminalIsRestored checks that the cursor, the screen and the modes of the terminal
// are restored, no matter how the program stops.
func TestTerminalIsRestored(t *testing.T) {
	for _, in := range []string{"Init", "Update", "View", "command"} {
		t.Run("panic in "+in, func(t *testing.T) {
			err := onPTY(t, "", "", showScreens(t.Context(), t, panicking{in}))
			if want := "panicked: in " + in; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "run_unix_test.go") {
				t.Errorf("error: got %v, want one with %q and the stack", err, want)
			}
		})
	}
	t.Run("q", func(t *testing.T) {
		if err := onPTY(t, "Panicking", "q", showScreens(t.Context(), t, panicking{})); err != nil {
			t.Error(err)
		}
	})
	t.Run("ctrl+c", func(t *testing.T) {
		if err := onPTY(t, "Panicking", "\x03", showScreens(t.Context(), t, panicking{})); err != nil {
			t.Error(err)
		}
	})
	t.Run("end of the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := onPTY(t, "", "", showScreens(ctx, t, panicking{})); !errors.Is(err, context.Canceled) {
			t.Errorf("error: got %v, want %v", err, context.Canceled)
		}
	})
}

// TestRun checks that a key quits the program.
func TestRun(t *testing.T) {
	cfg := testWorkspace(t, termenv.Ascii).Config
	if err := onPTY(t, pressSpace, "q", func(tty *os.File) error { return Run(t.Context(), cfg, tty, tty) }); err != nil {
		t.Error(err)
	}
}

// showScreens returns a function that shows screens on a terminal.
func showScreens(ctx context.Context, t *testing.T, screens ...screen) func(tty *os.File) error {
	t.Helper()
	w := testWorkspace(t, termenv.Ascii)
	w.ctx = ctx
	return func(tty *os.File) error { return w.show(tty, tty, screens...) }
}

// endMark is written to the terminal after the program has stopped.
const endMark = "end of the program"

// onPTY runs a program on a pseudo-terminal, and compares the state of the terminal
// before and after. Once the terminal shows text, onPTY types keys.
func onPTY(t *testing.T, text, keys string, run func(tty *os.File) error) error {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// theirs remains open, because a goroutine of Bubble Tea may still request its size.
	defer func() { _ = ours.Close() }()
	if err := pty.Setsize(ours, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	before := must(term.GetState(int(theirs.Fd())))(t)
	var shown strings.Builder
	var reading sync.WaitGroup
	reading.Go(func() {
		part := make([]byte, 4096)
		for {
			n, err := ours.Read(part)
			shown.Write(part[:n])
			if err != nil || strings.Contains(shown.String(), endMark) {
				return
			}
			if keys != "" && strings.Contains(shown.String(), text) { // the program reads keys now
				_, _ = io.WriteString(ours, keys)
				keys = ""
			}
		}
	})
	runErr := run(theirs)
	after := must(term.GetState(int(theirs.Fd())))(t)
	if diff := cmp.Diff(before, after, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("state of the terminal differs (-before +after):\n%s", diff)
	}
	if _, err := io.WriteString(theirs, endMark); err != nil {
		t.Fatal(err)
	}
	reading.Wait()
	for what, code := range map[string][2]string{
		"screen": {"\x1b[?1049h", "\x1b[?1049l"}, "cursor": {"\x1b[?25l", "\x1b[?25h"}, "mouse": {"\x1b[?1002h", "\x1b[?1002l"}, "paste": {"\x1b[?2004h", "\x1b[?2004l"},
	} {
		if on, off := strings.LastIndex(shown.String(), code[0]), strings.LastIndex(shown.String(), code[1]); on > off {
			t.Errorf("output: got %q, want it to restore the %s at the end", shown.String(), what)
		}
	}
	return runErr
}
