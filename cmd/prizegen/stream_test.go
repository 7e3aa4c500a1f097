//go:build unix

package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestStreamToTerminal checks that prizegen refuses to write raw bytes to a terminal.
func TestStreamToTerminal(t *testing.T) {
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	cmd := exec.CommandContext(t.Context(), "prizegen", "stream", "--label", "text", "--seed", "42", "--bytes", "16")
	cmd.Stdout = theirs
	var stderr strings.Builder
	cmd.Stderr = &stderr
	_ = cmd.Run() // its status is checked below
	if status := cmd.ProcessState.ExitCode(); status != exitUsage {
		t.Errorf("exit status: got %d, want %d", status, exitUsage)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	if shown, _ := io.ReadAll(ours); len(shown) > 0 {
		t.Errorf("output on the terminal: got %q, want none", shown)
	}
	if !strings.Contains(stderr.String(), "raw bytes cannot be shown on a terminal") || !strings.Contains(stderr.String(), "| xxd") {
		t.Errorf("message: got %q, want one that names the terminal and | xxd", stderr.String())
	}
}
