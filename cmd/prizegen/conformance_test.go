//go:build unix

package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// TestConformanceCommand checks a service that conforms, a server without services, and an
// address at which nothing listens.
func TestConformanceCommand(t *testing.T) {
	prize, core := startService(t, "--role", "prize"), startService(t, "--role", "core", "--no-welcome")
	out := prizegen(t, "status", "--conformance", prize.url)
	if strings.Count(out, "ok    prize ") < 10 || strings.Contains(out, "FAIL") {
		t.Errorf("checks of the prize service: got\n%s\nwant all of them to pass", out)
	}
	for url, want := range map[string]string{core.url: "there is no text, number or prize service", nowhere: "does not answer"} {
		_, stderr, err := tryPrizegen(t, "status", "--conformance", url)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("%s: got error %v and message %q, want exit status %d and %q", url, err, stderr, exitFailed, want)
		}
	}
}
