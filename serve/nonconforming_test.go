package serve_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// lying starts a service whose responses to POST requests are changed.
func lying(t *testing.T, role serve.Role, change func(body string) (int, string)) *httptest.Server {
	t.Helper()
	honest := servertest.New(t, role, servertest.Quiet).Handler()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			honest.ServeHTTP(w, r)
			return
		}
		recorder := httptest.NewRecorder()
		recorder.Body = &bytes.Buffer{}
		honest.ServeHTTP(recorder, r)
		status, body := change(recorder.Body.String())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s
}

// TestLyingServices connects a core to services that return wrong texts, numbers and
// prizes, well-formed or not. It checks that the core names the service, stores nothing,
// counts and logs the refusal, and is not ready.
func TestLyingServices(t *testing.T) {
	const jackpot = `"rule":"starts with A","prize":{"name":"£100.00","value":10000,"currency":"GBP"}}`
	ok := func(body string) (int, string) { return http.StatusOK, body }
	for name, test := range map[string]struct {
		service serve.Role
		change  func(body string) (int, string)
	}{
		"the same text for everybody": {serve.Text, func(body string) (int, string) {
			return ok(`{"format":"lower4","texts":[` + strings.Repeat(`"aaaa",`, strings.Count(body, `"`)/2-4) + `"aaaa"]}`)
		}},
		"numbers shifted by one": {serve.Number, func(body string) (int, string) {
			return ok(strings.NewReplacer(`,"0`, `,"1`, `,"1`, `,"2`, `,"2`, `,"3`, `,"3`, `,"0`, `["`, `["0000","`).Replace(body))
		}},
		"a jackpot for everybody": {serve.Prize, func(body string) (int, string) {
			head, list, _ := strings.Cut(body, `"outcomes":[`)
			var won []string
			for _, o := range strings.Split(list, `{"account":"`)[1:] {
				won = append(won, `{"account":"`+o[:8]+`",`+jackpot)
			}
			return ok(head + `"outcomes":[` + strings.Join(won, ",") + "]}")
		}},
		"a web page":     {serve.Text, func(string) (int, string) { return ok("<html>") }},
		"another server": {serve.Number, func(string) (int, string) { return http.StatusNotFound, "not here" }},
	} {
		t.Run(name, func(t *testing.T) {
			liar := lying(t, test.service, test.change)
			core := servertest.Start(t, serve.Core, servertest.WithStore(t, storetest.File(t)), func(c *serve.Config) {
				address := servertest.ParseURL(t, liar.URL)
				switch test.service {
				case serve.Text:
					c.Services.Text = address
				case serve.Number:
					c.Services.Number = address
				default:
					c.Services.Prize = address
				}
			})
			core.OpenCampaign(t, "summer")
			for range 3 {
				for _, body := range []string{"{}", `{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee"}}`} {
					response, text := core.Send(t, "POST", "/v1/draws", body)
					if response.StatusCode != http.StatusBadGateway || !strings.Contains(text, "the "+string(test.service)+" service") ||
						!strings.Contains(text, "nonconforming-service") || strings.Contains(text, liar.URL) {
						t.Errorf("%s: got %s: %s, want 502 and the name of the service", body, response.Status, text)
					}
				}
			}
			if _, draws := core.Send(t, "GET", "/v1/campaigns/summer", ""); !strings.Contains(draws, `"plays":0`) {
				t.Errorf("campaign: got %s, want no plays", draws)
			}
			if response, page := core.Send(t, "GET", "/try/42", ""); response.StatusCode != http.StatusBadGateway || strings.Contains(page, "went wrong") {
				t.Errorf("website: got %s:\n%s\nwant 502", response.Status, page)
			}
			response, status := core.Send(t, "GET", "/readyz", "")
			if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(status, `"reasons":{"`+string(test.service)+`":"the `+string(test.service)+` service at `) {
				t.Errorf("readiness: got %s: %s, want 503 with the reason", response.Status, status)
			}
			if got := strings.Count(core.Log.String(), "refused a response"); got != 1 {
				t.Errorf("log lines about refused responses: got %d, want 1:\n%s", got, core.Log)
			}
			_, metrics := core.Send(t, "GET", "/metrics", "")
			if count := `prizegen_service_mismatches_total{service="` + string(test.service) + `"} `; !strings.Contains(metrics, count) || strings.Contains(metrics, count+"0\n") {
				t.Errorf("metrics: got no refused responses, want them counted:\n%s", metrics)
			}
		})
	}
}

// TestUnreadyBeforeTheFirstDraw checks that a core is not ready if a service gives wrong
// results, even before the core makes a draw.
func TestUnreadyBeforeTheFirstDraw(t *testing.T) {
	liar := lying(t, serve.Text, func(body string) (int, string) {
		return http.StatusOK, strings.ReplaceAll(body, "lower4", "upper4")
	})
	core := servertest.Start(t, serve.Core, func(c *serve.Config) { c.Services.Text = servertest.ParseURL(t, liar.URL) })
	if response, status := core.Send(t, "GET", "/readyz", ""); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(status, "upper4") {
		t.Errorf("readiness: got %s: %s, want 503 with the reason", response.Status, status)
	}
}
