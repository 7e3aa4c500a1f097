//go:build unix

package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDebugAddress reads metrics and profiles on the address for debugging, which no other
// address offers.
func TestDebugAddress(t *testing.T) {
	s := startService(t, "--role", "text", "--health-listen", "127.0.0.1:0", "--debug-listen", "127.0.0.1:0")
	debug := regexp.MustCompile(`"serving metrics and profiles","url":"([^"]+)"`).FindStringSubmatch(s.log())
	health := regexp.MustCompile(`"serving health and metrics","url":"([^"]+)"`).FindStringSubmatch(s.log())
	if debug == nil || health == nil {
		t.Fatalf("the log does not contain the addresses:\n%s", s.log())
	}
	for path, want := range map[string]string{
		"/metrics":                            "prizegen_build_info",
		"/debug/pprof/":                       "goroutine",
		"/debug/pprof/goroutine?debug=1":      "goroutine profile:",
		"/debug/pprof/heap?debug=1":           "heap profile:",
		"/debug/pprof/heap":                   "\x1f\x8b",
		"/debug/pprof/profile?seconds=0.0001": "\x1f\x8b",
	} {
		if status, _, text := do(t, http.MethodGet, debug[1]+path, "", ""); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: got status %d and %.100q, want 200 and %q", path, status, text, want)
		}
	}
	for _, path := range []string{"/", "/healthz", "/v1/text/status", "/debug/pprof/cmdline", "/debug/pprof/nothing"} {
		if status, _, _ := do(t, http.MethodGet, debug[1]+path, "", ""); status != http.StatusNotFound {
			t.Errorf("%s on the address for debugging: got status %d, want 404", path, status)
		}
	}
	for _, url := range []string{s.url, health[1]} {
		if status, _, _ := do(t, http.MethodGet, url+"/debug/pprof/", "", ""); status != http.StatusNotFound {
			t.Errorf("%s/debug/pprof/: got status %d, want 404", url, status)
		}
	}
	const warning = "other machines can reach the profiles"
	if strings.Contains(s.log(), warning) {
		t.Errorf("the log warns about a loopback address:\n%s", s.log())
	}
	if open := startService(t, "--role", "text", "--debug-listen", "0.0.0.0:0"); !strings.Contains(open.log(), warning) {
		t.Errorf("the log does not warn about an address that others can reach:\n%s", open.log())
	}
}
