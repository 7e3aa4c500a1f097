//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// TestTUIDrawsOfTheSeed checks that the interactive program makes the same draws as
// prizegen draw with the same seed.
func TestTUIDrawsOfTheSeed(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "prizegen", "draw", "--seed", "42", "-n", "13", "-o", "csv").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := onTmux(t, 80, 24, "prizegen tui --seed 42 --no-animation")
	s.until("Press space to draw")
	for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n")[1:] {
		cells := strings.Split(line, ",") // index,account,rule,prize,value,currency
		s.keys("Space")
		shown := s.until(fmt.Sprintf("%d drawn,", i+1), "by the rule "+cells[2])
		want := cells[3]
		if want == "" {
			want = "no prize this time"
		}
		if !strings.Contains(lettersOf(shown), cells[1]) || !strings.Contains(shown, want) {
			t.Errorf("screen: got\n%s\nwant draw %s", shown, line)
		}
	}
}

// lettersOf returns the lower-case letters and digits of a screen.
func lettersOf(shown string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, shown)
}

// TestTUIAlone runs prizegen without a command in a terminal, with settings in the
// environment. It checks that the letters roll in and that the prize is shown.
func TestTUIAlone(t *testing.T) {
	s := onTmux(t, 80, 24, "PRIZEGEN_SEED=42 PRIZEGEN_START=9 prizegen")
	s.until("Press space to draw", "next is 9")
	s.keys("Space")
	s.until("draw 9 of the seed", "…")
	s.until("awsn5676 by the rule starts with A", "£50.00 had a chance of 75% (3/4)")
}

// TestTUIEnds stops the program with keys and with signals. It checks that the terminal
// is restored.
func TestTUIEnds(t *testing.T) {
	for name, test := range map[string]struct {
		keys   []string
		signal syscall.Signal
		status int
	}{
		"q":       {[]string{"q"}, 0, exitDone},
		"ctrl+c":  {[]string{"g", "C-c"}, 0, exitDone},
		"SIGTERM": {nil, syscall.SIGTERM, exitInterrupted},
		"SIGHUP":  {nil, syscall.SIGHUP, exitInterrupted},
		"SIGQUIT": {nil, syscall.SIGQUIT, exitInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s := onTmux(t, 80, 24, "cd "+folder+"; stty -a >before; sh -c 'echo $$ >pid; exec prizegen'; echo status $?; stty -a >after; echo ended")
			s.until("Press space to draw")
			if len(test.keys) == 0 {
				var pid int
				if _, err := fmt.Sscan(readFile(t, folder, "pid"), &pid); err != nil {
					t.Fatal(err)
				}
				if err := syscall.Kill(pid, test.signal); err != nil {
					t.Fatal(err)
				}
			}
			s.keys(test.keys...)
			if shown := s.until("ended"); !strings.Contains(shown, fmt.Sprintf("status %d\n", test.status)) || strings.Contains(shown, "Press space") {
				t.Errorf("screen: got\n%s\nwant status %d", shown, test.status)
			}
			if diff := cmp.Diff(readFile(t, folder, "before"), readFile(t, folder, "after")); diff != "" {
				t.Errorf("terminal settings differ (-before +after):\n%s", diff)
			}
			if got := strings.TrimSpace(s.do("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); got != "0 1 0" {
				t.Errorf("alternate screen, cursor and mouse: got %s, want 0 1 0", got)
			}
		})
	}
}

func readFile(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTUIOnADumbTerminal checks the error on a terminal without a movable cursor.
func TestTUIOnADumbTerminal(t *testing.T) {
	s := onTmux(t, 80, 24, "TERM=dumb prizegen tui; echo status $?")
	if shown := s.until("status "); !strings.Contains(shown, "TERM is dumb") || !strings.Contains(shown, "status 1") {
		t.Errorf("screen: got\n%s\nwant the reason and status 1", shown)
	}
}

// TestTUIResize checks the program while the terminal becomes smaller, too small, and
// large again.
func TestTUIResize(t *testing.T) {
	s := onTmux(t, 80, 24, "prizegen tui --seed 42 --start 9 --no-animation")
	s.until("Press space to draw")
	s.keys("Space")
	s.until("£50.00 had a chance")
	for _, size := range [][2]int{{40, 12}, {200, 60}, {41, 30}, {120, 12}} {
		s.resize(size[0], size[1])
		s.until("£50.00 had a chance", "? help")
		for _, screen := range []string{"2", "3", "4", "5", "6"} {
			s.keys(screen)
		}
		shown := s.until("sha256")
		if n := strings.Count(shown, "\n"); n != size[1] {
			t.Errorf("lines of the screen: got %d, want %d", n, size[1])
		}
		s.keys("1")
	}
	s.resize(39, 12)
	s.until("prizegen needs a terminal of at least")
	s.resize(80, 24)
	s.until("£50.00 had a chance", "by the rule starts with A")
}

// TestTUIColors checks that the program shows the same text with and without colors.
func TestTUIColors(t *testing.T) {
	colored := onTmux(t, 80, 24, "prizegen tui --seed 42 --start 9 --no-animation")
	plain := onTmux(t, 80, 24, "NO_COLOR=1 prizegen tui --seed 42 --start 9 --no-animation")
	for _, s := range []*tmuxScreen{colored, plain} {
		s.until("Press space to draw")
		s.keys("Space")
	}
	with, without := colored.until("1 drawn, 1 won", "next is 10"), plain.until("1 drawn, 1 won", "next is 10")
	// The name of the current screen is shown in reverse video, or in brackets without colors.
	if diff := cmp.Diff(strings.Replace(with, " 1 Draw ", "[1 Draw]", 1), without); diff != "" {
		t.Errorf("screens differ (-with +without colors):\n%s", diff)
	}
	with, without = colored.shows("-e"), plain.shows("-e")
	if !strings.Contains(with, "\x1b[38;") || strings.Contains(without, "\x1b[38;") || strings.Contains(without, "\x1b[3") {
		t.Errorf("screens: got\n%q\n%q\nwant colors only in the first one", with, without)
	}
	if ansi.Strip(without) == "" {
		t.Error("screen without colors: got nothing, want the draw")
	}
}
