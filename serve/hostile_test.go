package serve_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// The tests in this file send requests with which a stranger could try to harm a server.
// deploy/e2e/hostile.sh sends the same requests to a container with a memory limit. make
// test runs these tests.

// manyRules returns a request for prizes with about 225 KB of rules.
func manyRules(t *testing.T) string {
	t.Helper()
	rules := "name: x\ncurrency: JPY\nrules:\n"
	for i := range 2800 {
		rules += fmt.Sprintf("- {name: '%d', match: '[a-z]*[0-9]*x{0,40}', prizes: [{win: 1, chance: 1%%}]}\n", i)
	}
	request, err := json.Marshal(map[string]any{"accounts": []string{"abcd1234"}, "rules_yaml": rules})
	if err != nil {
		t.Fatal(err)
	}
	return string(request)
}

// TestRulesOfStrangers checks that large rules are compiled only for a core or the
// administrator.
func TestRulesOfStrangers(t *testing.T) {
	whole := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	service := servertest.Start(t, serve.Prize)
	body := manyRules(t)
	if response, text := whole.Send(t, http.MethodPost, "/v1/prize", body); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "larger than 16384 bytes") {
		t.Errorf("a stranger: got %s %.300s, want status 422 and the limit", response.Status, text)
	}
	if response, text := whole.Send(t, http.MethodPost, "/v1/prize", body, "Authorization", "Bearer "+servertest.Token); response.StatusCode != http.StatusOK {
		t.Errorf("the administrator: got %s %.300s, want status 200", response.Status, text)
	}
	if response, text := whole.Send(t, http.MethodPost, "/v1/prize", body, "Authorization", "Bearer wrong"); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong token: got %s %.300s, want status 401", response.Status, text)
	}
	if response, text := service.Send(t, http.MethodPost, "/v1/prize", body); response.StatusCode != http.StatusOK {
		t.Errorf("a core: got %s %.300s, want status 200", response.Status, text)
	}
}

// TestAuthorizationComesFirst checks that every administrator's operation refuses strangers
// before it reads their requests.
func TestAuthorizationComesFirst(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	_, text := s.Send(t, http.MethodGet, "/openapi.json", "")
	var document struct {
		Paths map[string]map[string]struct{ Security []any }
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	operations := 0
	for path, methods := range document.Paths {
		path = strings.NewReplacer("{campaign}", "summer", "{id}", "1").Replace(path)
		for method, operation := range methods {
			if len(operation.Security) == 0 {
				continue
			}
			operations++
			if response, text := s.Send(t, strings.ToUpper(method), path+"?limit=x", "{"); response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s: got %s %.200s, want status 401", method, path, response.Status, text)
			}
		}
	}
	if operations < 10 {
		t.Errorf("administrator's operations: got %d, want at least 10", operations)
	}
}

// TestFreeDrawsAreLimited checks how many draws a request may make without storing them.
func TestFreeDrawsAreLimited(t *testing.T) {
	limited := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	generous := servertest.Start(t, serve.Core, func(cfg *serve.Config) { cfg.MaxFreeDraws = 20_000 })
	token := []string{"Authorization", "Bearer " + servertest.Token}
	for name, test := range map[string]struct {
		server  *servertest.Server
		count   int
		headers []string
		status  int
	}{
		"a thousand":             {limited, 1000, nil, http.StatusOK},
		"more":                   {limited, 1001, nil, http.StatusUnprocessableEntity},
		"more, with the token":   {limited, 100_000, token, http.StatusOK},
		"more, by setting":       {generous, 20_000, nil, http.StatusOK},
		"more than the setting":  {generous, 20_001, nil, http.StatusUnprocessableEntity},
		"more, with wrong token": {limited, 1001, []string{"Authorization", "Bearer wrong"}, http.StatusUnauthorized},
	} {
		response, text := test.server.Send(t, http.MethodPost, "/v1/draws", fmt.Sprintf(`{"seed":"42","count":%d}`, test.count), test.headers...)
		if response.StatusCode != test.status {
			t.Errorf("%s: got %s %.300s, want status %d", name, response.Status, text, test.status)
			continue
		}
		if test.status != http.StatusOK {
			continue
		}
		var answer struct{ Draws []struct{ Index int } }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || len(answer.Draws) != test.count || answer.Draws[test.count-1].Index != test.count-1 {
			t.Errorf("%s: got %d draws, error %v, want %d", name, len(answer.Draws), err, test.count)
		}
	}
}

// TestLongBodiesNeedLittleMemory checks how much memory the longest bodies allocate,
// including garbage and the test's own copies.
func TestLongBodiesNeedLittleMemory(t *testing.T) {
	const size = 16<<20 - 100
	s := servertest.Start(t, serve.All, servertest.Quiet)
	names := &strings.Builder{}
	names.WriteString(`{"seed":{"a":0`)
	for i := 0; names.Len() < size-20; i++ {
		fmt.Fprintf(names, `,"%x":0`, i)
	}
	names.WriteString("}}")
	for name, test := range map[string]struct{ path, body string }{
		"ranges":          {"/v1/text", `{"ranges":[{}` + strings.Repeat(",{}", size/3-10) + "]}"},
		"names":           {"/v1/draws", names.String()},
		"account numbers": {"/v1/prize", `{"accounts":[""` + strings.Repeat(`,""`, size/3-10) + "]}"},
		"a string":        {"/v1/draws", `{"seed":"` + strings.Repeat("a", size-20) + `"}`},
		"brackets":        {"/v1/draws", strings.Repeat("[", size)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		response, text := s.Send(t, http.MethodPost, test.path, test.body)
		runtime.ReadMemStats(&after)
		if response.StatusCode/100 != 4 {
			t.Errorf("%s: got %s %.200s, want an error", name, response.Status, text)
		}
		if memory := (after.TotalAlloc - before.TotalAlloc) >> 20; memory > 100 {
			t.Errorf("%s: got %d MB allocated, want at most 100 MB", name, memory)
		}
	}
}

// TestExportsAreCached checks that a client that already has the current export does not
// get it again.
func TestExportsAreCached(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	token := []string{"Authorization", "Bearer " + servertest.Token}
	get := func(query string, headers ...string) (servertest.Response, string) {
		return s.Send(t, http.MethodGet, "/v1/campaigns/summer/export"+query, "", headers...)
	}
	play := func(name string) string {
		_, text := s.Send(t, http.MethodPost, "/v1/draws", `{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":"`+name+`@example.com"}}`)
		var d struct{ ID string }
		if err := json.Unmarshal([]byte(text), &d); err != nil || d.ID == "" {
			t.Fatalf("play: %v in %s", err, text)
		}
		return d.ID
	}
	first := play("ann")
	seen := map[string]string{} // by ETag
	check := func(what string) {
		t.Helper()
		for _, query := range []string{"", "?format=csv"} {
			response, text := get(query)
			tag := response.Header.Get("ETag")
			if before, known := seen[tag]; tag == "" || known {
				t.Errorf("%s: got the same ETag %q for %.100q and %.100q, want different ones", what, tag, before, text)
			}
			seen[tag] = text
			if response.Header.Get("Cache-Control") != "private, no-cache" {
				t.Errorf("%s: got Cache-Control %q, want private, no-cache", what, response.Header.Get("Cache-Control"))
			}
			if again, same := get(query); again.Header.Get("ETag") != tag || same != text {
				t.Errorf("%s: got a different export from the cache, want the same", what)
			}
			if response, text := get(query, "If-None-Match", `"other", W/`+tag); response.StatusCode != http.StatusNotModified || text != "" {
				t.Errorf("%s: got %s with %d bytes, want status 304", what, response.Status, len(text))
			}
		}
	}
	check("after a play")
	play("bob")
	check("after another play")
	if response, text := s.Send(t, http.MethodPatch, "/v1/draws/"+first, `{"void":"a test"}`, token...); response.StatusCode != http.StatusOK {
		t.Fatalf("void: got %s %s", response.Status, text)
	}
	check("after a draw was voided")
	if response, _ := get("?entrants=true", token...); response.Header.Get("ETag") != "" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("export with personal data: got ETag %q and Cache-Control %q, want no ETag and no-store", response.Header.Get("ETag"), response.Header.Get("Cache-Control"))
	}
}

// TestPagesNeedLittleMemory checks how much memory each page and each public operation
// allocates in a campaign with some plays, including garbage and the test's client.
func TestPagesNeedLittleMemory(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.Quiet, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	id := ""
	for i := range 60 {
		response, text := s.Send(t, http.MethodPost, "/v1/draws", fmt.Sprintf(`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":"ann%d@example.com"}}`, i))
		if response.StatusCode != http.StatusCreated {
			t.Fatalf("play: got %s %s", response.Status, text)
		}
		id = response.Header.Get("Location")
	}
	for _, path := range []string{
		"/", "/c/summer", "/c/summer/winners", "/c/summer/odds", "/c/summer/fairness", "/try", "/try/42", "/nothing",
		"/v1/campaigns?limit=1000", "/v1/campaigns/summer", "/v1/campaigns/summer/odds", "/v1/campaigns/summer/export", id,
		"/v1/text", "/v1/core/status", "/v1/prize/rules/generous", "/openapi.json", "/metrics", "/healthz", "/readyz",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		response, text := s.Send(t, http.MethodGet, path, "", "Accept", "text/html")
		runtime.ReadMemStats(&after)
		if response.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s: got %s %.200s", path, response.Status, text)
		}
		if memory := (after.TotalAlloc - before.TotalAlloc) >> 10; memory > 4096 {
			t.Errorf("%s: got %d KB allocated, want at most 4096 KB", path, memory)
		} else {
			t.Logf("%s: %s, %d KB", path, response.Status, memory)
		}
	}
}
