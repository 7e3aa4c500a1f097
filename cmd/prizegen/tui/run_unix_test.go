//go:build unix

package tui

import (
	"context"
	"errors"
	"io"
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

// TestTerminalIsRestored ends the program in every way. The terminal is as before, with
// its cursor, its screen and its keys.
func TestTerminalIsRestored(t *testing.T) {
	for _, in := range []string{"Init", "Update", "View", "command"} {
		t.Run("panic in "+in, func(t *testing.T) {
			err := onPTY(t, "", func(*workspace) {}, panicking{in})
			if want := "panicked: in " + in; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "run_unix_test.go") {
				t.Errorf("got error %v, want one with %q and the stack", err, want)
			}
		})
	}
	t.Run("q", func(t *testing.T) {
		if err := onPTY(t, "q", func(*workspace) {}, panicking{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("ctrl+c", func(t *testing.T) {
		if err := onPTY(t, "\x03", func(*workspace) {}, panicking{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("end of the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := onPTY(t, "", func(w *workspace) { w.ctx = ctx }, panicking{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
	})
}

// endMark is written to the terminal after the program has ended.
const endMark = "end of the program"

// onPTY shows a screen on a pseudo-terminal, types keys once it is shown, and compares the
// terminal before and after the program.
func onPTY(t *testing.T, typed string, change func(w *workspace), s screen) error {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// theirs is not closed: a goroutine of Bubble Tea may still ask for its size.
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
			if typed != "" && strings.Contains(shown.String(), "Panicking") { // the program reads keys now
				_, _ = io.WriteString(ours, typed)
				typed = ""
			}
		}
	})
	w := testWorkspace(t, termenv.Ascii)
	change(w)
	runErr := w.show(theirs, theirs, s)
	after := must(term.GetState(int(theirs.Fd())))(t)
	if diff := cmp.Diff(before, after, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("the terminal is not restored (-before +after):\n%s", diff)
	}
	if _, err := io.WriteString(theirs, endMark); err != nil {
		t.Fatal(err)
	}
	reading.Wait()
	for what, code := range map[string][2]string{
		"screen": {"\x1b[?1049h", "\x1b[?1049l"}, "cursor": {"\x1b[?25l", "\x1b[?25h"}, "mouse": {"\x1b[?1002h", "\x1b[?1002l"}, "paste": {"\x1b[?2004h", "\x1b[?2004l"},
	} {
		if on, off := strings.LastIndex(shown.String(), code[0]), strings.LastIndex(shown.String(), code[1]); on > off {
			t.Errorf("got output %q, want the %s restored at its end", shown.String(), what)
		}
	}
	return runErr
}
