package serve_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// localDraws makes draws in this process. It returns them in the format of a core's
// response.
func localDraws(t *testing.T, spec draw.Spec) string {
	t.Helper()
	encoding := draw.JSON(&spec)
	text := string(encoding.Header())
	err := draw.Run(t.Context(), draw.Local{}, spec, nil, func(b *draw.Batch) error {
		text += string(encoding.Append(nil, b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return `{"draws":` + strings.TrimSuffix(text+string(encoding.Footer()), "\n") + "}\n"
}

// TestCore checks that three services make the same draws as one process.
func TestCore(t *testing.T) {
	front := servertest.StartComposed(t)
	whole := servertest.Start(t, serve.All)
	for _, formats := range [][2]string{{"lower4", "digits4"}, {"upper2", "digits8"}, {`[Q"\]3`, "digits1"}} {
		for _, name := range prize.Builtins() {
			text, err := textgen.Parse(formats[0])
			if err != nil {
				t.Fatal(err)
			}
			number, err := numgen.Parse(formats[1])
			if err != nil {
				t.Fatal(err)
			}
			rules, err := prize.Builtin(name)
			if err != nil {
				t.Fatal(err)
			}
			request, err := json.Marshal(wire.DrawsRequest{Count: 1000, Seed: "42", Start: 7, TextFormat: formats[0], NumberFormat: formats[1], Rules: name})
			if err != nil {
				t.Fatal(err)
			}
			want := localDraws(t, draw.Spec{Seed: "42", Start: 7, Count: 1000, Text: text, Number: number, Rules: rules})
			for _, s := range []*servertest.Server{front, whole} {
				if answer, got := s.Send(t, "POST", "/v1/draws", string(request)); got != want {
					t.Errorf("%v by %s: got %s and %d bytes, want the %d bytes of local draws", formats, name, answer.Status, len(got), len(want))
				}
			}
		}
	}
	_, first := front.Send(t, "POST", "/v1/draws", "{}")
	_, second := front.Send(t, "POST", "/v1/draws", "{}")
	if first == second || !strings.Contains(first, `"seed":"`) {
		t.Errorf("draws without a seed: got\n%s%swant different seeds", first, second)
	}
}

// TestLostServices makes each service fail in turn. It checks that the core names the
// service, but not its address, and asks the client to retry.
func TestLostServices(t *testing.T) {
	for _, service := range []string{remote.Text, remote.Number, remote.Prize} {
		t.Run(service, func(t *testing.T) {
			dead := httptest.NewServer(http.NotFoundHandler())
			dead.Close()
			front := servertest.Start(t, serve.Core, func(c *serve.Config) {
				address := servertest.ParseURL(t, dead.URL)
				switch service {
				case remote.Text:
					c.Services.Text = address
				case remote.Number:
					c.Services.Number = address
				default:
					c.Services.Prize = address
				}
			})
			answer, text := front.Send(t, "POST", "/v1/draws", "{}")
			want := "the " + service + " service is not available"
			if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || !strings.Contains(text, want) || strings.Contains(text, dead.URL) {
				t.Errorf("got %s, Retry-After %q: %s, want 503 with %q", answer.Status, answer.Header.Get("Retry-After"), text, want)
			}
			ready, status := front.Send(t, "GET", "/readyz", "")
			if ready.StatusCode != http.StatusServiceUnavailable || !strings.Contains(status, `"ready":false`) || !strings.Contains(status, `"`+service+`":"`) {
				t.Errorf("readiness: got %s: %s, want 503 with the reason", ready.Status, status)
			}
			if alive, _ := front.Send(t, "GET", "/healthz", ""); alive.StatusCode != http.StatusOK {
				t.Errorf("health: got %s, want 200", alive.Status)
			}
			if _, metrics := front.Send(t, "GET", "/metrics", ""); !strings.Contains(metrics, `prizegen_calls_total{result="error",service="`+service+`"}`) ||
				!strings.Contains(metrics, `prizegen_call_retries_total{service="`+service+`"}`) {
				t.Error("metrics: got no failed calls or retries, want both counted")
			}
		})
	}
}

// TestTraceTravels checks that the core passes on the trace of a request from its caller to
// a service.
func TestTraceTravels(t *testing.T) {
	seen := make(chan http.Header, 100)
	text := servertest.Start(t, serve.Text)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Clone()
		text.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	front := servertest.Start(t, serve.Core, func(c *serve.Config) { c.Services.Text = servertest.ParseURL(t, proxy.URL) })

	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	answer, _ := front.Send(t, "POST", "/v1/draws", "{}", "X-Request-Id", "play-17", "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01", "Tracestate", "a=1")
	if got := answer.Header.Get("X-Request-Id"); got != "play-17" {
		t.Errorf("got request ID %q, want play-17", got)
	}
	header := <-seen
	parent := header.Get("Traceparent")
	if header.Get("X-Request-Id") != "play-17" || !strings.HasPrefix(parent, "00-"+trace+"-") || !strings.HasSuffix(parent, "-01") ||
		strings.Contains(parent, "00f067aa0ba902b7") || header.Get("Tracestate") != "a=1" {
		t.Errorf("headers that the service receives: got %v, want the ID and the trace of the request", header)
	}
	for _, log := range []string{front.Log.String(), text.Log.String()} {
		for line := range strings.Lines(log) {
			if strings.Contains(line, `"path":"/v1/`) && (!strings.Contains(line, `"request_id":"play-17"`) || !strings.Contains(line, `"trace_id":"`+trace+`"`)) {
				t.Errorf("log line: got %s, want the request ID and the trace ID in it", line)
			}
		}
		if !strings.Contains(log, "play-17") {
			t.Errorf("the log does not contain the request:\n%s", log)
		}
	}
	for _, bad := range []string{"a b", "x\ty", strings.Repeat("x", 129), "é"} {
		if answer, _ := front.Send(t, "GET", "/healthz", "", "X-Request-Id", bad); answer.Header.Get("X-Request-Id") == bad {
			t.Errorf("invalid request ID %q: got the same ID back, want a new one", bad)
		}
	}
}

// TestNothingSecretIsLogged checks that neither the log nor an error response contains keys
// or seeds.
func TestNothingSecretIsLogged(t *testing.T) {
	s := servertest.Start(t, serve.All)
	key := strings.Repeat("5e", 32)
	s.Send(t, "POST", "/v1/text", `{"key":"`+key+`"}`)
	s.Send(t, "POST", "/v1/draws", `{"seed":"s3cret-seed"}`)
	_, refusal := s.Send(t, "POST", "/v1/text", `{"key":"`+key+`x"}`)
	if log := s.Log.String() + refusal; strings.Contains(log, key) || strings.Contains(log, "s3cret") {
		t.Errorf("the log contains a secret:\n%s", log)
	}
}

// TestReload checks that reloaded rules come into use, and that the old rules stay in use
// if the new ones have mistakes.
func TestReload(t *testing.T) {
	rules := prize.Generous
	s := servertest.Start(t, serve.All, func(c *serve.Config) {
		c.Rules = func() ([]*prize.Rules, error) {
			if rules == "" {
				return nil, errors.New("mistakes")
			}
			r, err := prize.Builtin(rules)
			return []*prize.Rules{r}, err
		}
	})
	deployed := func() string {
		_, text := s.Send(t, "POST", "/v1/prize", `{"accounts":["A1"]}`)
		return text
	}
	rules = prize.Modest
	if err := s.Reload(); err != nil || !strings.Contains(deployed(), `"rules":"modest"`) {
		t.Errorf("got rules %s, error %v, want modest", deployed(), err)
	}
	rules = ""
	if err := s.Reload(); err == nil || !strings.Contains(deployed(), `"rules":"modest"`) {
		t.Errorf("got rules %s, error %v, want modest", deployed(), err)
	}
	cfg, _ := servertest.Config(t, serve.Prize)
	cfg.Rules = func() ([]*prize.Rules, error) { return nil, errors.New("mistakes") }
	if _, err := serve.New(cfg); err == nil {
		t.Error("New without rules: got no error, want one")
	}
}

// TestHome checks that the home page loads nothing from another host.
func TestHome(t *testing.T) {
	s := servertest.Start(t, serve.Core)
	answer, page := s.Send(t, "GET", "/", "")
	policy := answer.Header.Get("Content-Security-Policy")
	if answer.StatusCode != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("home page: got %s with policy %q, want 200 with a strict policy", answer.Status, policy)
	}
	for _, bad := range []string{"<script", "style=", "<style", "src=\"http", "href=\"http"} {
		if strings.Contains(page, bad) {
			t.Errorf("home page: got %s in it, want none", bad)
		}
	}
	if !strings.Contains(page, "Free play") || !strings.Contains(page, "nothing is stored") || !strings.Contains(page, "1.2.3") {
		t.Errorf("home page: got %s, want free play and the version", page)
	}
	style := regexp.MustCompile(`/static/style\.css\?[0-9a-f]+`).FindString(page)
	if answer, text := s.Send(t, "GET", style, ""); answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/css") || text == "" ||
		!strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("style sheet: got %s, want 200 and a long cache time", answer.Status)
	}
	if answer, _ := servertest.Start(t, serve.Text).Send(t, "GET", "/", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("text service at /: got %s, want 404", answer.Status)
	}
}

// TestCookiesBehindProxy checks that X-Forwarded-Proto is trusted only if it comes from a
// trusted proxy.
func TestCookiesBehindProxy(t *testing.T) {
	for trusted, secure := range map[string]bool{"": false, "10.0.0.0/8": false, "127.0.0.1": true} {
		proxies, err := serve.ParseProxies(trusted)
		if err != nil {
			t.Fatal(err)
		}
		s := servertest.Start(t, serve.Core, servertest.WithStore(t, storetest.File(t)), func(c *serve.Config) { c.Proxies = proxies })
		admin := s.Admin(t, servertest.Token)
		_, createErr := admin.Create(t.Context(), campaign.Plan{Name: "summer"})
		if _, err := admin.Open(t.Context(), "summer"); err != nil || createErr != nil {
			t.Fatal(createErr, err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/c/summer", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Forwarded-Proto", "https")
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if cookies := answer.Cookies(); len(cookies) != 1 || cookies[0].Secure != secure {
			t.Errorf("trusting %q: got cookies %v, want Secure %t", trusted, cookies, secure)
		}
	}
}
