//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// TestInterrupt stops a long run with Ctrl-C. It checks that the output contains only
// whole lines, that its JSON is closed, and that the exit status is 130.
func TestInterrupt(t *testing.T) {
	for _, format := range []string{"ndjson", "json", "csv"} {
		t.Run(format, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "prizegen", "draw", "-n", "1000000000000", "--seed", "42", "-o", format)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			first := make([]byte, 1<<20)
			if _, err := io.ReadFull(stdout, first); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(stdout)
			if err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Errorf("got error %v, want exit status %d", err, exitInterrupted)
			}
			if got, want := stderr.String(), "prizegen: interrupted\n"; got != want {
				t.Errorf("message: got %q, want %q", got, want)
			}
			out := append(first, rest...)
			if !bytes.HasSuffix(out, []byte("\n")) {
				t.Errorf("end of the output: got %q, want a whole line", out[len(out)-100:])
			}
			if format != "csv" {
				verify := exec.CommandContext(t.Context(), "prizegen", "verify", "-")
				verify.Stdin = bytes.NewReader(out)
				if report, err := verify.CombinedOutput(); err != nil {
					t.Errorf("verify: %v\n%s", err, report)
				}
			}
		})
	}
}

// TestInterruptWaiting checks that Ctrl-C stops commands that wait for input.
func TestInterruptWaiting(t *testing.T) {
	for _, args := range [][]string{{"prize", "--seed", "42", "-"}, {"verify", "-"}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "prizegen", args...)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stdin.Close() }() // the command may have closed it already
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if args[0] == "prize" {
				// A response to each line shows that the command is running.
				answers := bufio.NewReader(stdout)
				if _, err := answers.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				for _, account := range []string{"A1", "B2"} {
					if _, err := io.WriteString(stdin, account+"\n"); err != nil {
						t.Fatal(err)
					}
					if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, account) {
						t.Fatalf("%s: got response %q and error %v, want the account number in the response", account, line, err)
					}
				}
			} else if _, err := io.WriteString(stdin, strings.Repeat("\n", 1<<17)); err != nil {
				t.Fatal(err) // more than a pipe can hold, so afterwards the command has read some of it
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Errorf("got error %v, want exit status %d", err, exitInterrupted)
			}
		})
	}
}

// TestProgress checks that a long command on a terminal shows its progress after a second
// and erases it before it exits.
func TestProgress(t *testing.T) {
	terminal, err := startOnTerminal(t, "prizegen", "draw", "-n", "1000000000000", "-o", "csv")
	if err != nil {
		t.Fatal(err)
	}
	shown := bufio.NewReader(terminal.output)
	seen, err := shown.ReadString('t') // the last letter of "left"
	for err == nil && !strings.Contains(seen, "s left") {
		var more string
		more, err = shown.ReadString('t')
		seen += more
	}
	if err != nil {
		t.Fatalf("output on the terminal: got %q, error %v, want the progress", seen, err)
	}
	for _, want := range []string{"draws, ", "/s, ", "%"} {
		if !strings.Contains(seen, want) {
			t.Errorf("progress: got %q, want %q in it", seen, want)
		}
	}
	if err := terminal.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	last, _ := io.ReadAll(shown) // returns an error when the other end of the terminal is closed
	if !strings.Contains(string(last), "\r\x1b[K") || !strings.Contains(string(last), "prizegen: interrupted") {
		t.Errorf("end of the output: got %q, want the progress erased before the message", last)
	}
}

// TestQuiet checks that a command with --quiet shows nothing on the terminal.
func TestQuiet(t *testing.T) {
	terminal, err := startOnTerminal(t, "prizegen", "draw", "--quiet", "-n", "100000", "-o", "csv")
	if err != nil {
		t.Fatal(err)
	}
	if shown, _ := io.ReadAll(terminal.output); len(shown) > 0 {
		t.Errorf("output on the terminal: got %q, want none", shown)
	}
}

// TestNoQueryToTheTerminal runs a command on a terminal that does not answer queries. It
// checks that the command sends no queries and does not change the environment.
func TestNoQueryToTheTerminal(t *testing.T) {
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	cmd := exec.CommandContext(t.Context(), "prizegen", "version")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // in the foreground, where it might send queries
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "CI=") }), "TERM=xterm-256color")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	shown, _ := io.ReadAll(ours) // returns an error when the other end of the terminal is closed
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), "\x1b") || !strings.HasPrefix(string(shown), "prizegen ") {
		t.Errorf("output on the terminal: got %q, want the version without escape codes", shown)
	}
	if got := os.Getenv("CI"); got == "prizegen: do not query the terminal" {
		t.Errorf("environment variable CI: got %q, want it unchanged", got)
	}
}

// onTerminal is a program that has a terminal as its standard error.
type onTerminal struct {
	cmd    *exec.Cmd
	output *os.File // what the terminal shows
}

func startOnTerminal(t *testing.T, program string, args ...string) (onTerminal, error) {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		return onTerminal{}, err
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stderr = theirs
	if err := cmd.Start(); err != nil {
		return onTerminal{}, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = ours.Close()
	})
	return onTerminal{cmd, ours}, theirs.Close()
}

// TestInterruptPassword checks that the first Ctrl-C at a password prompt ends the command
// and that the terminal shows what is typed afterwards.
func TestInterruptPassword(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "prizegen", "hash-password")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close() //nolint:errcheck // nothing was written to a file
	var shown bytes.Buffer
	for !strings.HasSuffix(shown.String(), "password: ") {
		char := make([]byte, 1)
		if _, err := terminal.Read(char); err != nil {
			t.Fatalf("got %q and error %v, want a prompt", shown.String(), err)
		}
		shown.Write(char)
	}
	if _, err := terminal.WriteString("half\x03"); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(terminal) // until the command ends, which is an error on Linux
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Errorf("got error %v, want exit status %d", err, exitInterrupted)
	}
	if text := string(rest); strings.Contains(text, "half") || !strings.Contains(text, "prizegen: interrupted") {
		t.Errorf("the terminal shows %q, want the message and not what was typed", text)
	}
}
