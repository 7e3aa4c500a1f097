// Package monitoring_test holds the alert rules and the dashboard of this folder against
// Prometheus' own tools and against what a running prizegen serve tells.
package monitoring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// promtool runs Prometheus' tool. Its Debian package is prometheus.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("promtool is not installed")
		}
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

// TestRules checks the files, and has the alerts go off and stay quiet.
func TestRules(t *testing.T) {
	promtool(t, "check", "config", "prometheus.yml")
	promtool(t, "check", "rules", "--lint-fatal", "alerts.yml")
	promtool(t, "test", "rules", "alerts_test.yml")
	alerts := read(t, "alerts.yml")
	tests := read(t, "alerts_test.yml")
	guide := read(t, "../../docs/deploy.md")
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(alerts, -1) {
		if !regexp.MustCompile(m[1] + `\n\s+exp_alerts:`).MatchString(tests) {
			t.Errorf("no test has %s go off", m[1])
		}
		if !strings.Contains(guide, m[1]) {
			t.Errorf("docs/deploy.md does not say what to do about %s", m[1])
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMetricsAreThere looks for each metric and each label that the alerts and the
// dashboard ask for on the /metrics of running services.
func TestMetricsAreThere(t *testing.T) {
	there := metricsOf(t)
	asked := 0
	for where, expression := range expressions(t) {
		for _, m := range selectors.FindAllStringSubmatch(expression, -1) {
			asked++
			labels, ok := there[m[1]]
			if !ok {
				t.Errorf("%s asks for %s, which no service has", where, m[1])
			}
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(labels, l[1]) && !slices.Contains(ofScrape, l[1]) {
					t.Errorf("%s asks for the label %s, which %s does not have", where, l[1], m[1])
				}
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d metrics are asked for", asked)
	}
}

var (
	selectors = regexp.MustCompile(`\b((?:prizegen|process|go)_\w+)(?:\{([^}]*)\})?`)
	label     = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	series    = regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? `)
	// Labels that Prometheus adds; it calls a label that is there already exported_….
	ofScrape = []string{"job", "instance", "service", "exported_service"}
)

// expressions are what the alerts and the dashboard ask Prometheus, by where they do.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{"alerts.yml": read(t, "alerts.yml")}
	var board struct {
		Annotations struct{ List []struct{ Name, Expr string } }
		Templating  struct {
			List []struct{ Name, Definition string }
		}
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana-prizegen.json")), &board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]string{}
	for _, p := range board.Panels {
		if other := ids[p.ID]; other != "" {
			t.Errorf("the panels %s and %s have the same ID", p.Title, other)
		}
		ids[p.ID] = p.Title
		for _, target := range p.Targets {
			found["panel "+p.Title+" "+target.RefID] = target.Expr
			// What Grafana fills in.
			filled := strings.NewReplacer("$__rate_interval", "1m", "$service", "core", "$campaign", "summer").Replace(target.Expr)
			quoted, _ := json.Marshal(filled)
			rule := filepath.Join(t.TempDir(), "rule.yml")
			text := fmt.Sprintf("groups: [{name: panel, rules: [{record: 'panel:x', expr: %s}]}]", quoted)
			if err := os.WriteFile(rule, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			promtool(t, "check", "rules", "--lint=none", rule)
		}
	}
	for _, v := range board.Templating.List {
		found["variable "+v.Name] = v.Definition
	}
	for _, a := range board.Annotations.List {
		found["annotation "+a.Name] = a.Expr
	}
	return found
}

// metricsOf starts all four services, has one play, and gives the labels of every
// metric that they tell.
func metricsOf(t *testing.T) map[string][]string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "prizegen")
	build := []string{"build", "-o", binary}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		build = append(build, "-race") // as this test is, so that nothing has to be compiled twice
	}
	if out, err := exec.CommandContext(t.Context(), "go", append(build, "../../cmd/prizegen")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rules := filepath.Join(t.TempDir(), "summer.yaml")
	if err := os.WriteFile(rules, []byte("name: summer\ncurrency: GBP\nrules:\n- prizes: [{prize: Mug, value: 8, chance: 100%, stock: 5}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := serve(t, binary, "--role", "text")
	number := serve(t, binary, "--role", "number")
	prize := serve(t, binary, "--role", "prize", "--rules", rules)
	core := serve(t, binary, "--role", "core", "--rules", rules, "--text-url", text, "--number-url", number, "--prize-url", prize)
	play(t, core)
	there := map[string][]string{}
	for _, url := range []string{text, number, prize, core} {
		body := get(t, url+"/metrics")
		for _, m := range series.FindAllStringSubmatch(body, -1) {
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(there[m[1]], l[1]) {
					there[m[1]] = append(there[m[1]], l[1])
				}
			}
			there[m[1]] = append(there[m[1]], "")
		}
	}
	return there
}

// serve starts a service and gives its address once it is ready.
func serve(t *testing.T, binary string, args ...string) string {
	t.Helper()
	probe, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once, for its port
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	_ = probe.Close()
	// It is ended at the end of the test, which is too late for the test's context.
	cmd := exec.CommandContext(context.Background(), binary, append([]string{"serve", "--listen", address}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "PRIZEGEN_DB="+filepath.Join(t.TempDir(), "prizegen.db"))
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 300 {
		answer, err := http.Get("http://" + address + "/readyz") //nolint:noctx // to this machine
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return "http://" + address
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Fatalf("serve %v is not ready:\n%s", args, log.String())
	return ""
}

// play plays the first campaign of a core, which opens it once it is ready.
func play(t *testing.T, core string) {
	t.Helper()
	const body = `{"campaign":"welcome","entrant":{"first_name":"Ada","last_name":"Byron"}}`
	for range 100 {
		answer, err := http.Post(core+"/v1/draws", "application/json", strings.NewReader(body)) //nolint:noctx // to this machine
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusCreated {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("nobody can play")
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url) //nolint:noctx // to this machine
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
