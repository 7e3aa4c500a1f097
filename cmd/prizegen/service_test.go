//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// testGuard is how long a test waits for an event before it fails. It is long, so that
// tests also pass on a busy machine.
const testGuard = 5 * time.Minute

// adminToken is the administrator's token for all services in tests.
const adminToken = "a token for tests"

// service is a prizegen serve process.
type service struct {
	url string
	cmd *exec.Cmd

	mu     sync.Mutex
	lines  []string      // of its log
	logged chan struct{} // closed and replaced whenever a line arrives
	ended  chan struct{} // closed when the process has exited
	err    error         // how it exited; set before ended is closed
}

// startService starts prizegen serve on a free port and waits until it listens.
func startService(t *testing.T, args ...string) *service {
	t.Helper()
	return startServiceAt(t, "127.0.0.1:0", args...)
}

func startServiceAt(t *testing.T, address string, args ...string) *service {
	t.Helper()
	return startServiceWith(t, []string{"PRIZEGEN_ADMIN_TOKEN=" + adminToken}, address, args...)
}

// startServiceWith is like startServiceAt, with these additional environment variables
// instead of the administrator's token. Rate limits are off unless env turns them on, because
// all clients in a test have the same address.
func startServiceWith(t *testing.T, env []string, address string, args ...string) *service {
	t.Helper()
	s := &service{logged: make(chan struct{}), ended: make(chan struct{})}
	// t.Context would be canceled before cleanup, and kill the process before its log is read.
	s.cmd = exec.CommandContext(context.Background(), "prizegen", append([]string{"serve", "--listen", address, "--log-format", "json"}, args...)...)
	s.cmd.Env = append(append(os.Environ(), "PRIZEGEN_RATE_LIMITS=off", "XDG_CONFIG_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir()), env...)
	log, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan string, 1)
	go s.follow(log, listening)
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("log of %v:\n%s", args, s.lastLog())
		}
	})
	select {
	case s.url = <-listening:
	case <-s.ended:
		t.Fatalf("serve %v exited before it listened: %v\n%s", args, s.err, s.log())
	case <-time.After(testGuard):
		t.Fatalf("serve %v is not listening after %v", args, testGuard)
	}
	return s
}

// follow reads the log until the process exits. It sends the URL in the log to listening.
func (s *service) follow(log io.Reader, listening chan<- string) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.lines = append(s.lines, lines.Text())
		close(s.logged)
		s.logged = make(chan struct{})
		s.mu.Unlock()
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			listening <- line.URL
		}
	}
	s.err = s.cmd.Wait()
	close(s.ended)
}

func (s *service) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// waitForLog waits until the log contains all of the strings.
func (s *service) waitForLog(t *testing.T, texts ...string) {
	t.Helper()
	guard := time.After(testGuard)
	for {
		s.mu.Lock()
		log, more := strings.Join(s.lines, "\n"), s.logged
		s.mu.Unlock()
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(log, text) }) {
			return
		}
		select {
		case <-more:
		case <-s.ended:
			t.Fatalf("the service exited without logging %q", texts)
		case <-guard:
			t.Fatalf("the log does not contain %q after %v", texts, testGuard)
		}
	}
}

// lastLog returns the last 30 lines of the log.
func (s *service) lastLog() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 30
	return strings.Join(s.lines[max(0, len(s.lines)-most):], "\n")
}

// kill kills the process.
func (s *service) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// waitFor polls until ok returns true. what describes the condition, such as "the core to
// be ready".
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(testGuard); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited %v for %s", testGuard, what)
}

// prizegen runs a command, which must succeed, and returns its standard output.
func prizegen(t *testing.T, args ...string) string {
	t.Helper()
	out, stderr, err := tryPrizegen(t, args...)
	if err != nil {
		t.Fatalf("prizegen %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return out
}

func tryPrizegen(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "prizegen", args...)
	cmd.Env = append(os.Environ(), "PRIZEGEN_RATE_LIMITS=off", "XDG_CONFIG_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir(), "PRIZEGEN_ADMIN_TOKEN="+adminToken)
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	err = cmd.Run()
	return out.String(), notes.String(), err
}
