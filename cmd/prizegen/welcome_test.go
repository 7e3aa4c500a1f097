//go:build unix

package main

import (
	"net"
	"net/http"
	"path/filepath"
	"testing"
)

// TestWelcome checks that serve opens the demo campaign with default settings, but not if a
// database, a service or an administrator's password or token is set.
func TestWelcome(t *testing.T) {
	trial := startServiceWith(t, nil, "127.0.0.1:0")
	trial.waitForLog(t, "opened the demo campaign")
	if status, _, _ := do(t, http.MethodGet, trial.url+"/c/welcome", "", ""); status != http.StatusOK {
		t.Errorf("demo campaign: got status %d, want 200", status)
	}
	for name, args := range map[string][]string{
		"a database":                     {"--db", filepath.Join(t.TempDir(), "prizegen.db")},
		"a service":                      {"--role", "core", "--text-url", trial.url},
		"no demo":                        {"--no-welcome"},
		"PRIZEGEN_ADMIN_TOKEN=secret":    nil,
		"PRIZEGEN_ADMIN_PASSWORD=secret": nil,
	} {
		var env []string
		if args == nil {
			env = []string{name}
		}
		configured := startServiceWith(t, env, "127.0.0.1:0", args...)
		waitUntilReady(t, configured)
		// On a slow server, the test may miss a fault, but it never fails without one.
		if status, _, _ := do(t, http.MethodGet, configured.url+"/c/welcome", "", ""); status != http.StatusNotFound {
			t.Errorf("demo campaign with %s: got status %d, want 404", name, status)
		}
	}
}

func TestIsLocal(t *testing.T) {
	for address, want := range map[net.Addr]bool{
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}: true,
		&net.TCPAddr{IP: net.IPv6loopback}:       true,
		&net.UnixAddr{Name: "/run/prizegen"}:     true,
		&net.TCPAddr{IP: net.IPv4zero}:           false,
		&net.TCPAddr{IP: net.IPv6unspecified}:    false,
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}:  false,
	} {
		if got := isLocal(address); got != want {
			t.Errorf("%v: got %t, want %t", address, got, want)
		}
	}
}
