//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// hostileRules returns rules files of up to 256 KB, by name, that need as much memory as
// possible to compile.
func hostileRules() map[string]string {
	const head = "name: x\ncurrency: JPY\nrules:\n"
	many := func(n int, line func(i int) string) string {
		b := []byte(head)
		for i := 0; i < n && len(b) < 260_000; i++ {
			b = append(b, line(i)...)
		}
		return string(b)
	}
	rules := func(pattern string) string {
		return many(2800, func(i int) string {
			return fmt.Sprintf("- {name: '%d', match: '%s', prizes: [{win: 1, chance: 1%%}]}\n", i, strings.ReplaceAll(pattern, "N", strconv.Itoa(i)))
		})
	}
	return map[string]string{
		"copies of a rule":     rules("[a-z]*[0-9]*x{0,40}"),
		"different rules":      rules("[a-z]*[0-9]*x{0,40}N"),
		"gaps":                 rules("[a-m]N.{6}7"),
		"optional repetitions": rules("((x{0,9}){0,9}){0,9}N"),
		"Unicode classes":      rules(`(?i)\pL\pL\pL\pL\pL\pL\pL\pL\pL\pL`),
		"dashes":               strings.Repeat(strings.Repeat("- ", 1990)+"\n", 65),
		"prizes":               head + "- prizes:\n" + many(9000, func(i int) string { return fmt.Sprintf("  - {win: %d, chance: 1/1000000}\n", i+1) })[len(head):],
	}
}

// useReleaseBuild makes the test run the program as it is released. With the race detector,
// the test's own program would need several times as much memory.
func useReleaseBuild(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", folder, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// peakMemory returns the peak resident memory of the process so far, in MiB.
func (s *service) peakMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatal("the process has exited")
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}

// attack sends POST requests with these bodies concurrently and returns the statuses of the
// responses.
func (s *service) attack(t *testing.T, path string, bodies []string) []int {
	t.Helper()
	statuses := make([]int, len(bodies))
	var wg sync.WaitGroup
	for i, body := range bodies {
		wg.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Authorization", "Bearer "+adminToken)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return
			}
			defer response.Body.Close()
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			statuses[i] = response.StatusCode
		})
	}
	wg.Wait()
	return statuses
}

// TestHostileRules sends rules that need much memory, three at a time. It checks that a
// prize service stays within the 256 MB that it has in deploy/. make test runs it.
func TestHostileRules(t *testing.T) {
	useReleaseBuild(t)
	t.Setenv("GOMEMLIMIT", "204MiB") // as in a container with 256 MB
	s := startService(t, "--role", "prize")
	var bodies []string
	for _, rules := range hostileRules() {
		for i := range 3 {
			body, err := json.Marshal(map[string]any{"accounts": []string{"abcd1234"}, "rules_yaml": rules + strings.Repeat("#", i) + "\n"})
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, string(body))
		}
	}
	for len(bodies) > 0 {
		for _, status := range s.attack(t, "/v1/prize", bodies[:3]) {
			if status != http.StatusOK && status != http.StatusUnprocessableEntity && status != http.StatusServiceUnavailable {
				t.Errorf("status of a response: got %d, want 200, 422 or 503", status)
			}
		}
		bodies = bodies[3:]
	}
	if memory := s.peakMemory(t); memory > 240 {
		t.Errorf("peak memory: got %d MiB, want at most 240", memory)
	} else {
		t.Logf("peak memory: %d MiB", memory)
	}
}

// TestManyFreeDraws requests as many draws and parts as possible. It checks that a server
// stays within the 512 MB that a core has in deploy/. make test runs it.
func TestManyFreeDraws(t *testing.T) {
	useReleaseBuild(t)
	t.Setenv("GOMEMLIMIT", "409MiB") // as in a container with 512 MB
	s := startService(t, "--role", "all", "--no-welcome")
	accounts := `["` + strings.Repeat(strings.Repeat("a", 128)+`","`, 99_999) + `a"]`
	for _, attack := range []struct{ path, body string }{
		{"/v1/draws", `{"count":100000}`},
		{"/v1/text", `{"count":100000,"format":"lower64"}`},
		{"/v1/number", `{"count":100000,"format":"digits64"}`},
		{"/v1/prize", `{"accounts":` + accounts + `}`},
		{"/v1/text", `{"ranges":[{}` + strings.Repeat(",{}", 5_000_000) + `]}`},
	} {
		bodies := make([]string, 5)
		for i := range bodies {
			bodies[i] = attack.body
		}
		for _, status := range s.attack(t, attack.path, bodies) {
			if status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
				t.Errorf("%s: got status %d, want 503 or a status below 500", attack.path, status)
			}
		}
		t.Logf("peak memory after %s %.40s: %d MiB", attack.path, attack.body, s.peakMemory(t))
	}
	if memory := s.peakMemory(t); memory > 440 {
		t.Errorf("peak memory: got %d MiB, want at most 440", memory)
	}
}

// TestLongHeader checks that a request with a header of 64 KiB is refused.
func TestLongHeader(t *testing.T) {
	s := startService(t, "--role", "text")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/text", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status: got %s, want 431", response.Status)
	}
}
