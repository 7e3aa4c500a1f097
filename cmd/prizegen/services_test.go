//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
)

// startGenerators starts the three services that generate parts. It returns the number
// service and the flags with the URLs of all three.
func startGenerators(t *testing.T) (number *service, flags []string) {
	t.Helper()
	text, number, prize := startService(t, "--role", "text"), startService(t, "--role", "number"), startService(t, "--role", "prize")
	return number, []string{"--text-url", text.url, "--number-url", number.url, "--prize-url", prize.url}
}

// TestDrawsAreTheSameEverywhere checks that a single process, three services, and one
// service for all parts make the same draws.
func TestDrawsAreTheSameEverywhere(t *testing.T) {
	_, services := startGenerators(t)
	whole := []string{"--remote", startService(t).url}
	file := filepath.Join(t.TempDir(), "summer.yaml")
	if err := os.WriteFile(file, []byte("name: summer\ncurrency: EUR\nrules:\n- match: 'Q\"'\n  prizes: [{prize: 'A \"mug\"', chance: 1/3}]\n- prizes: [{win: 1, chance: 1/7}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		{"draw", "--rules", file, "--text", `[Q"\]3`, "--number", "[0123]5", "-n", "5001", "-o", "json"},
		{"draw", "--start", "18446744073709540000", "-n", "11616", "-o", "csv"},
		{"text", "-n", "150001", "--format", "upper2"},
		{"number", "-n", "70001", "--format", "digits8", "-o", "json"},
		{"prize", "ABC123456", "b4", "-o", "ndjson"},
		{"draw", "--account", "ABC123456", "--account", `"quoted"`, "-o", "csv"},
		{"odds", "--check", "20000", "-o", "json"},
		{"draw", "-n", "3"},
	}
	for _, rules := range []string{"generous", "modest"} {
		for _, formats := range [][2]string{{"lower4", "digits4"}, {"upper2", "digits8"}, {"[BCDFG]3", "digits1"}, {"lower20", "digits30"}} {
			commands = append(commands, []string{"draw", "-n", "9001", "--rules", rules, "--text", formats[0], "--number", formats[1], "-o", "ndjson"})
		}
	}
	for _, command := range commands {
		t.Run(strings.Join(command, " "), func(t *testing.T) {
			command = append(slices.Clone(command), "--seed", "42", "-q")
			local := prizegen(t, command...)
			for _, backend := range [][]string{services, whole, services[:2], services[4:]} {
				if got := prizegen(t, append(slices.Clone(command), backend...)...); got != local {
					t.Errorf("with %v: got %d bytes, want the same %d bytes as without services", backend, len(got), len(local))
				}
			}
		})
	}
	draws := prizegen(t, append([]string{"draw", "-n", "5000", "-o", "ndjson", "-q"}, services...)...)
	name := filepath.Join(t.TempDir(), "draws.ndjson")
	if err := os.WriteFile(name, []byte(draws), 0o600); err != nil {
		t.Fatal(err)
	}
	prizegen(t, "verify", name)
	prizegen(t, append([]string{"verify", name}, services...)...)
}

// TestDeployedImplementations checks that draws use the deployed formats and rules of
// services.
func TestDeployedImplementations(t *testing.T) {
	text := startService(t, "--role", "text", "--text-format", "upper2")
	number := startService(t, "--role", "number", "--number-format", "digits8")
	prize := startService(t, "--role", "prize", "--rules", "modest")
	services := []string{"--text-url", text.url, "--number-url", number.url, "--prize-url", prize.url}
	core := startService(t, append([]string{"--role", "core"}, services...)...)

	want := prizegen(t, "draw", "--seed", "42", "-n", "10", "--text", "upper2", "--number", "digits8", "--rules", "modest", "-o", "json")
	if got := prizegen(t, append([]string{"draw", "--seed", "42", "-n", "10", "-o", "json"}, services...)...); got != want {
		t.Errorf("draws with services: got\n%s\nwant\n%s", got, want)
	}
	if got, want := prizegen(t, append([]string{"text", "--seed", "42"}, services...)...), "FU\n"; got != want {
		t.Errorf("text: got %q, want %q", got, want)
	}
	if got := postDraws(t, core.url, `{"seed":"42","count":10}`); got != `{"draws":`+strings.TrimSuffix(want, "\n")+"}\n" {
		t.Errorf("draws from the core: got\n%s\nwant\n%s", got, want)
	}

	// Deploy another implementation at the same address.
	text.kill()
	startServiceAt(t, strings.TrimPrefix(text.url, "http://"), "--role", "text", "--text-format", "lower4")
	waitFor(t, "the core to use the new implementation", func() bool {
		return strings.Contains(postDraws(t, core.url, `{"seed":"42"}`), `"text":"fucb"`)
	})
}

// postDraws requests draws from a core and returns the response, even if it is an error.
func postDraws(t *testing.T, url, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/draws", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLostService kills a service. It checks that draws fail with a hint and that the
// core refuses requests, and that both succeed again when the service is back.
func TestLostService(t *testing.T) {
	number, services := startGenerators(t)
	core := startService(t, append([]string{"--role", "core"}, services...)...)
	status := append([]string{"status", "--core-url", core.url}, services...)
	prizegen(t, status...)
	number.kill()

	_, out, err := tryPrizegen(t, append([]string{"draw"}, services...)...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("draw: got error %v, want exit status %d", err, exitFailed)
	}
	for _, want := range []string{
		"the number service at " + number.url + " does not answer", "connection refused",
		"prizegen serve --role=number", "--number-url",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("draw: got message %q, want %q in it", out, want)
		}
	}
	answer := postDraws(t, core.url, "{}")
	if !strings.Contains(answer, `"status":503`) || !strings.Contains(answer, "the number service is not available") || strings.Contains(answer, number.url) {
		t.Errorf("response of the core: got %s, want status 503 without the URL of the service", answer)
	}
	core.waitForLog(t, "the number service at "+number.url)
	table, _, err := tryPrizegen(t, status...)
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("status: got error %v, want exit status %d", err, exitFailed)
	}
	if !strings.Contains(table, "down") || !strings.Contains(table, "not ready") {
		t.Errorf("status: got\n%s\nwant services that are down and not ready", table)
	}

	startServiceAt(t, strings.TrimPrefix(number.url, "http://"), "--role", "number")
	prizegen(t, append([]string{"draw"}, services...)...)
	waitFor(t, "the core to recover", func() bool { return strings.HasPrefix(postDraws(t, core.url, "{}"), `{"draws"`) })
	waitFor(t, "all services to be ready", func() bool { _, _, err := tryPrizegen(t, status...); return err == nil })
}

// TestDrain stops a server while 200 clients draw. It checks that the server answers every
// request that it has received, and that its exit status is 0.
func TestDrain(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			s := startService(t)
			const callers = 200
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
			defer client.CloseIdleConnections()
			var answered atomic.Int64
			var calling sync.WaitGroup
			for range callers {
				calling.Go(func() {
					for drawOnce(t, client, s.url) {
						answered.Add(1)
					}
				})
			}
			waitFor(t, "more than 200 responses", func() bool { return answered.Load() > callers })
			if err := s.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			calling.Wait()
			<-s.ended
			if s.err != nil {
				t.Errorf("server: got error %v, want exit status 0\n%s", s.err, s.log())
			}
		})
	}
}

// drawOnce requests draws once and reports whether the server accepts more requests. It
// fails the test if the server accepts the connection but does not answer with status 200.
func drawOnce(t *testing.T, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/draws", strings.NewReader(`{"count":50}`))
	if err != nil {
		t.Error(err)
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("request: got error %v, want a response or a refused connection", err)
		}
		return false
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("response: got status %s and error %v, want status 200", answer.Status, err)
		return false
	}
	// When a server closes its connections, a load balancer stops using it.
	return answer.Header.Get("Connection") != "close" && !answer.Close
}

// TestReload checks that a running server reloads its rules, and keeps the old ones if
// the new ones are invalid.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summer.yaml")
	write := func(chance string) {
		text := fmt.Sprintf("name: summer\ncurrency: GBP\nrules:\n- prizes: [{prize: Mug, chance: %s}]\n", chance)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("100%")
	s := startService(t, "--rules", file)
	wins := func() bool { return strings.Contains(postDraws(t, s.url, `{"seed":"42"}`), `"name":"Mug"`) }
	if !wins() {
		t.Fatal("draw with a chance of 100%: got no prize, want the prize")
	}
	write("101%")
	sendHangup(t, s)
	s.waitForLog(t, "cannot reload the rules", "summer.yaml:4:")
	if !wins() {
		t.Error("draw after a failed reload: got no prize, want the prize of the old rules")
	}
	write("1/1000000000")
	sendHangup(t, s)
	waitFor(t, "the new rules to apply", func() bool { return !wins() })
}

func sendHangup(t *testing.T, s *service) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// TestCoreAnswerVerifies checks that draws from a core can be verified.
func TestCoreAnswerVerifies(t *testing.T) {
	s := startService(t)
	text := postDraws(t, s.url, `{"count":500}`)
	var answer struct{ Draws []draw.Draw }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Draws) != 500 || len(answer.Draws[0].Seed) != 64 {
		t.Errorf("response: got %d draws with seed %q, want 500 with a new seed", len(answer.Draws), answer.Draws[0].Seed)
	}
	name := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := prizegen(t, "verify", name); !strings.Contains(out, "500") {
		t.Errorf("got %q from verify, want 500 draws", out)
	}
}

// TestStatusSelf checks the reported health of a core. The core is unhealthy until
// everything that it needs has been available once. It stays healthy if a service is lost
// later, because a restart would not help.
func TestStatusSelf(t *testing.T) {
	text := startService(t, "--role", "text")
	at := strings.TrimPrefix(text.url, "http://")
	if out := prizegen(t, "status", "--self", "--role", "text", "--listen", at); !strings.Contains(out, "ready") || !strings.Contains(out, "lower4") {
		t.Errorf("text service: got\n%s\nwant it to be ready", out)
	}
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	openssl := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		"-subj", "/CN=elsewhere.example.org", "-keyout", key, "-out", cert)
	if out, err := openssl.CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	secure := startService(t, "--role", "number", "--tls-cert", cert, "--tls-key", key)
	prizegen(t, "status", "--self", "--role", "number", "--listen", strings.TrimPrefix(secure.url, "https://"), "--tls-cert", cert)
	text.kill()
	self := func(s *service, args ...string) (stdout, stderr string, err error) {
		return tryPrizegen(t, append([]string{"status", "--self", "--listen", strings.TrimPrefix(s.url, "http://")}, args...)...)
	}
	if _, stderr, err := self(text, "--role", "text"); err == nil || !strings.Contains(stderr, "the text service is down or not ready") {
		t.Errorf("killed text service: got error %v\n%s\nwant it to be down", err, stderr)
	}
	core := startService(t, "--role", "core", "--text-url", text.url)
	if out, _, err := self(core, "--role", "core"); err == nil || !strings.Contains(out, "not ready") || !strings.Contains(out, "the text service at") {
		t.Errorf("core without its text service: got error %v\n%s\nwant it not to be ready", err, out)
	}
	text = startServiceAt(t, at, "--role", "text")
	waitFor(t, "the core to be healthy", func() bool {
		_, _, err := self(core, "--role", "core")
		return err == nil
	})
	text.kill()
	waitFor(t, "the core to lose its text service", func() bool {
		out, _, err := self(core, "--role", "core")
		if err != nil {
			t.Fatalf("core that lost its text service: got error %v\n%s\nwant it to be healthy", err, out)
		}
		return strings.Contains(out, "not ready")
	})
}

// TestRemoteCampaigns checks the campaign commands with a core, with and without its
// token.
func TestRemoteCampaigns(t *testing.T) {
	core := startService(t, "--role", "core", "--no-welcome")
	prizegen(t, "campaign", "create", "far", "--core-url", core.url, "--rules", "modest")
	if out := prizegen(t, "campaign", "list", "--remote", core.url); !strings.Contains(out, "far") {
		t.Errorf("campaigns: got\n%s\nwant far", out)
	}
	cmd := exec.CommandContext(t.Context(), "prizegen", "campaign", "list", "--core-url", core.url)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "PRIZEGEN_ADMIN_TOKEN=wrong")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "hint: set the core's admin token, or one from prizegen admin token add, in PRIZEGEN_ADMIN_TOKEN") {
		t.Errorf("wrong token: got error %v and output %q, want a hint", err, out)
	}
	_, stderr, err := tryPrizegen(t, "db", "status", "--core-url", core.url)
	if err == nil || !strings.Contains(stderr, "cannot work through a core") {
		t.Errorf("db status: got error %v and message %q, want a refusal", err, stderr)
	}
}
