// Package monitoring_test checks the alert rules and the dashboard in this folder with
// promtool and against the metrics of running services.
package monitoring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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

	"github.com/prizegen/prizegen/deploy/internal/testenv"
)

// promtool runs promtool, which Debian's prometheus package contains, and checks that it
// succeeds.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testenv.Program(t, "promtool"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

// TestRules checks the configuration files. It also checks that alerts fire when they
// should, and only then.
func TestRules(t *testing.T) {
	promtool(t, "check", "config", "prometheus.yml")
	promtool(t, "check", "rules", "--lint-fatal", "alerts.yml")
	promtool(t, "test", "rules", "alerts_test.yml")
	alerts := testenv.ReadFile(t, "alerts.yml")
	tests := testenv.ReadFile(t, "alerts_test.yml")
	runbook := testenv.ReadFile(t, "../../docs/runbook.md")
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(alerts, -1) {
		if !regexp.MustCompile(m[1] + `\n\s+exp_alerts:`).MatchString(tests) {
			t.Errorf("alerts_test.yml: %s does not fire in any test", m[1])
		}
		if !strings.Contains(runbook, "\n## "+m[1]+"\n") {
			t.Errorf("docs/runbook.md has no section %s", m[1])
		}
		link := "runbook_url: https://github.com/prizegen/prizegen/blob/main/docs/runbook.md#" + strings.ToLower(m[1]) + "\n"
		if n := strings.Count(alerts, link); n != 1 {
			t.Errorf("alerts.yml: got %d links to the section of %s in docs/runbook.md, want 1", n, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\n## (\w+)\n`).FindAllStringSubmatch(runbook, -1) {
		if !strings.Contains(alerts, "- alert: "+m[1]+"\n") {
			t.Errorf("docs/runbook.md has a section %s, but there is no such alert", m[1])
		}
	}
}

// TestMetricsExist checks that running services export every metric and label that the
// alerts and the dashboard use.
func TestMetricsExist(t *testing.T) {
	metrics := scrapeAll(t)
	used := 0
	for where, expression := range expressions(t) {
		for _, m := range selector.FindAllStringSubmatch(expression, -1) {
			used++
			labels, ok := metrics[m[1]]
			if !ok {
				t.Errorf("%s: unknown metric %s", where, m[1])
			}
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(labels, l[1]) && !slices.Contains(scrapeLabels, l[1]) {
					t.Errorf("%s: unknown label %s of metric %s", where, l[1], m[1])
				}
			}
		}
	}
	if used < 50 {
		t.Errorf("metrics in the alerts and the dashboard: got %d, want at least 50", used)
	}
}

var (
	selector = regexp.MustCompile(`\b((?:prizegen|process|go)_\w+)(?:\{([^}]*)\})?`)
	label    = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	series   = regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? `)
	// Prometheus adds scrapeLabels to every metric. If a metric already has a label of that
	// name, Prometheus renames the metric's label.
	scrapeLabels = []string{"job", "instance", "service", "exported_service"}
)

// expressions returns the expressions in the alerts and the dashboard, keyed by location.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{"alerts.yml": testenv.ReadFile(t, "alerts.yml")}
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
	if err := json.Unmarshal([]byte(testenv.ReadFile(t, "grafana-prizegen.json")), &board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]string{}
	for _, p := range board.Panels {
		if other := ids[p.ID]; other != "" {
			t.Errorf("panels %s and %s have the same ID %d", p.Title, other, p.ID)
		}
		ids[p.ID] = p.Title
		for _, target := range p.Targets {
			found["panel "+p.Title+" "+target.RefID] = target.Expr
			// Grafana would replace these variables.
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

// scrapeAll starts all four services, plays once, and returns the labels of every metric,
// keyed by metric name.
func scrapeAll(t *testing.T) map[string][]string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "prizegen")
	build := []string{"build", "-o", binary}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		build = append(build, "-race") // same flags as for this test, so that packages are compiled only once
	}
	if out, err := exec.CommandContext(t.Context(), "go", append(build, "../../cmd/prizegen")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rules := filepath.Join(t.TempDir(), "summer.yaml")
	if err := os.WriteFile(rules, []byte("name: summer\ncurrency: GBP\nrules:\n- prizes: [{prize: Mug, value: 8, chance: 100%, stock: 5}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := startService(t, binary, "--role", "text")
	number := startService(t, binary, "--role", "number")
	prize := startService(t, binary, "--role", "prize", "--rules", rules)
	core := startService(t, binary, "--role", "core", "--rules", rules, "--text-url", text, "--number-url", number, "--prize-url", prize)
	openCampaign(t, core)
	play(t, core)
	metrics := map[string][]string{}
	for _, url := range []string{text, number, prize, core} {
		for _, m := range series.FindAllStringSubmatch(get(t, url+"/metrics"), -1) {
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(metrics[m[1]], l[1]) {
					metrics[m[1]] = append(metrics[m[1]], l[1])
				}
			}
			metrics[m[1]] = append(metrics[m[1]], "")
		}
	}
	return metrics
}

// timeout limits how long a test waits for a service that hangs. It is generous, because
// the machine may be busy.
const timeout = 2 * time.Minute

// poll calls try until it returns true or the context is done. It reports whether try
// returned true.
func poll(ctx context.Context, try func() bool) bool {
	for !try() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}

// startService starts a service and returns its URL once it is ready.
func startService(t *testing.T, binary string, args ...string) string {
	t.Helper()
	address := testenv.FreeAddress(t)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	// t.Context() is cancelled before the cleanup, which would kill the service too early.
	cmd := exec.CommandContext(context.Background(), binary, append([]string{"serve", "--listen", address}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "PRIZEGEN_DB="+filepath.Join(t.TempDir(), "prizegen.db"), "PRIZEGEN_ADMIN_TOKEN="+adminToken)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	go func() {
		defer close(ended)
		defer cancel()
		_ = cmd.Wait() // the log explains the failure
	}()
	ready := poll(ctx, func() bool {
		response, err := http.Get("http://" + address + "/readyz") //nolint:noctx // on this machine
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if !ready {
		_ = cmd.Process.Kill()
		<-ended
		t.Fatalf("serve %v did not become ready:\n%s", args, log.String())
	}
	return "http://" + address
}

// openCampaign creates and opens the campaign welcome in a core.
func openCampaign(t *testing.T, core string) {
	t.Helper()
	for _, step := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/campaigns", `{"name":"welcome"}`},
		{http.MethodPatch, "/v1/campaigns/welcome", `{"state":"open"}`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), step.method, core+step.path, strings.NewReader(step.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+adminToken)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode >= http.StatusMultipleChoices {
			t.Fatalf("%s %s: got status %d, want success", step.method, step.path, response.StatusCode)
		}
	}
}

// adminToken is the administrator's token for the services.
const adminToken = "a token for tests"

// play plays once in the campaign that openCampaign has opened.
func play(t *testing.T, core string) {
	t.Helper()
	const body = `{"campaign":"welcome","entrant":{"first_name":"Ada","last_name":"Byron"}}`
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	played := poll(ctx, func() bool {
		response, err := http.Post(core+"/v1/draws", "application/json", strings.NewReader(body)) //nolint:noctx // on this machine
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusCreated
	})
	if !played {
		t.Fatal("campaign welcome did not open in time")
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url) //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
