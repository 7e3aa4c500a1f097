//go:build profiles

package serve_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestAllProfiles reads the profiles of a build with the tag profiles.
func TestAllProfiles(t *testing.T) {
	cfg, _ := servertest.Config(t, serve.Text)
	address, end := callUntilEnd(t, cfg, (*serve.Server).ServeDebug)
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	for path, want := range map[string]string{
		"":                       "goroutine",
		"goroutine?debug=1":      "goroutine profile:",
		"goroutine?debug=2":      "goroutine 1 [",
		"heap?debug=1":           "heap profile:",
		"heap":                   "\x1f\x8b", // gzip
		"profile?seconds=0.0001": "\x1f\x8b",
	} {
		response, err := http.Get("http://" + address + "/debug/pprof/" + path) //nolint:noctx // on this machine
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%q: got status %d and %.100q, error %v, want 200 and %q", path, response.StatusCode, text, err, want)
		}
	}
	for _, path := range []string{"cmdline", "nothing"} {
		response, err := http.Get("http://" + address + "/debug/pprof/" + path) //nolint:noctx // on this machine
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%q: got status %d, want 404", path, response.StatusCode)
		}
	}
}
