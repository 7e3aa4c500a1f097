//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tmuxScreen is a program in a tmux terminal.
type tmuxScreen struct {
	t      *testing.T
	socket string
}

// onTmux runs a shell command in a tmux terminal. If tmux is not installed, it skips the
// test, or fails it in continuous integration.
func onTmux(t *testing.T, width, height int, line string) *tmuxScreen {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	folder, err := os.MkdirTemp("", "tmux") // the path of a socket in t.TempDir would be too long
	if err != nil {
		t.Fatal(err)
	}
	s := &tmuxScreen{t, filepath.Join(folder, "s")}
	t.Cleanup(func() {
		_ = exec.CommandContext(context.Background(), "tmux", "-S", s.socket, "kill-server").Run()
		_ = os.RemoveAll(folder)
	})
	// If CI is set, the program uses no colors.
	s.do("-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
		"-e", "TERM=xterm-256color", "-e", "HOME="+t.TempDir(), "sh", "-c", "unset CI NO_COLOR; "+line+"; exec sleep 1000")
	return s
}

// do runs a tmux command and returns its output.
func (s *tmuxScreen) do(args ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), "tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// keys presses keys, which are named as in tmux.
func (s *tmuxScreen) keys(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.do("send-keys", name)
	}
}

// write types text.
func (s *tmuxScreen) write(text string) {
	s.t.Helper()
	s.do("send-keys", "-l", text)
}

// shows returns what the terminal shows. With the -e flag, the result contains escape
// codes for colors.
func (s *tmuxScreen) shows(flags ...string) string {
	s.t.Helper()
	return s.do(append([]string{"capture-pane", "-p"}, flags...)...)
}

// until waits until the terminal shows all of the strings, and returns what it shows.
func (s *tmuxScreen) until(texts ...string) string {
	s.t.Helper()
	return s.untilTrue(fmt.Sprintf("%q is shown", texts), func(shown string) bool {
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				return false
			}
		}
		return true
	})
}

// gone waits until the terminal no longer shows the text.
func (s *tmuxScreen) gone(text string) {
	s.t.Helper()
	s.untilTrue(fmt.Sprintf("%q is gone", text), func(shown string) bool { return !strings.Contains(shown, text) })
}

// untilTrue waits until ok returns true for the content of the terminal, and returns the
// content. what describes the condition.
func (s *tmuxScreen) untilTrue(what string, ok func(shown string) bool) string {
	s.t.Helper()
	for end := time.Now().Add(testGuard); ; time.Sleep(20 * time.Millisecond) {
		shown := s.shows()
		switch {
		case ok(shown):
			return shown
		case time.Now().After(end):
			s.t.Fatalf("waited %v until %s; got\n%s", testGuard, what, shown)
		}
	}
}

// resize changes the size of the terminal.
func (s *tmuxScreen) resize(width, height int) {
	s.t.Helper()
	s.do("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
}
