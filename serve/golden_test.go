package serve_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with the file testdata/name. With -update, it writes the file first.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// TestGoldenDocument compares the OpenAPI document of each role, without its prose, with a
// golden file.
func TestGoldenDocument(t *testing.T) {
	for _, role := range serve.Roles() {
		t.Run(string(role), func(t *testing.T) {
			var options []servertest.Option
			if role == serve.All {
				options = append(options, servertest.WithStore(t, storetest.File(t)))
			}
			_, text := servertest.Start(t, role, options...).Send(t, http.MethodGet, "/openapi.json", "")
			var document any
			if err := json.Unmarshal([]byte(text), &document); err != nil {
				t.Fatal(err)
			}
			stripProse(document)
			stripped, err := json.Marshal(document, json.Deterministic(true), jsontext.WithIndent(" "))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "openapi-"+string(role)+".json", string(stripped)+"\n")
		})
	}
}

// stripProse removes descriptions and summaries from an OpenAPI document.
func stripProse(value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			stripProse(element)
		}
	case map[string]any:
		for name, member := range value {
			if _, ok := member.(string); ok && (name == "description" || name == "summary") {
				delete(value, name)
				continue
			}
			stripProse(member)
		}
	}
}

// exchange is a request in the table for the golden files.
type exchange struct {
	method, path, body string
	headers            []string
}

// asAdmin returns a request with the administrator's token.
func asAdmin(method, path, body string, headers ...string) exchange {
	return exchange{method, path, body, append([]string{"Authorization", "Bearer " + servertest.Token}, headers...)}
}

// asPublic returns a request without a token.
func asPublic(method, path, body string, headers ...string) exchange {
	return exchange{method, path, body, headers}
}

// generatorExchanges returns requests that need no campaign.
func generatorExchanges() []exchange {
	key := `"key":"` + strings.Repeat("0", 64) + `"`
	return []exchange{
		asPublic("GET", "/v1/text?format=%5BA%5D3&count=2", ""),
		asPublic("GET", "/v1/text?count=abc", ""),
		asPublic("GET", "/v1/text?count=", ""),
		asPublic("GET", "/v1/text?count=100001", ""),
		asPublic("GET", "/v1/number?count=1&count=2", ""),
		asPublic("GET", "/v1/number?cnt=1", ""),
		asPublic("GET", "/v1/number?count=%zz", ""),
		asPublic("GET", "/v1/number?format=lower4", ""),
		asPublic("POST", "/v1/text", "{"+key+`,"count":3}`),
		asPublic("POST", "/v1/text", `{"count":"x"}`),
		asPublic("POST", "/v1/text", `{"conut":1}`),
		asPublic("POST", "/v1/text", `{`),
		asPublic("POST", "/v1/text", `{}`, "Content-Type", "text/plain"),
		asPublic("POST", "/v1/number", "{"+key+`,"count":3}`),
		asPublic("POST", "/v1/prize", `{"accounts":["ABC123456","zzzz0000"],`+key+`}`),
		asPublic("POST", "/v1/prize", `{"accounts":["x"],"rules_yaml":"name: x"}`),
		asPublic("GET", "/v1/prize/rules/modest", ""),
		asPublic("GET", "/v1/prize/rules/none", ""),
		asPublic("GET", "/v1/prize/rules/modest?x=1", ""),
		asPublic("GET", "/v1/text/status", ""),
		asPublic("GET", "/v1/number/status?x=1", ""),
		asPublic("GET", "/v1/prize/status", ""),
		asPublic("GET", "/v1/core/status", ""),
		asPublic("HEAD", "/v1/core/status", ""),
		asPublic("GET", "/healthz?x=1", ""),
		asPublic("GET", "/readyz", ""),
		asPublic("POST", "/v1/draws", `{"seed":"42","start":9,"count":2}`),
		asPublic("POST", "/v1/draws", `{"rules":"none"}`),
		asPublic("GET", "/v2/nothing", ""),
		asPublic("DELETE", "/v1/text", ""),
		asPublic("POST", "/v1/core/status", ""),
	}
}

// campaignExchanges returns requests for campaigns, draws, entrants and changes. Each
// request may depend on earlier ones.
func campaignExchanges() []exchange {
	const (
		rules = `"rules_yaml":"name: mugs\ncurrency: GBP\nrules:\n- name: all\n  prizes: [{prize: Mug, value: 8, chance: 100%, stock: 2, then: none}]\n"`
		ann   = `"entrant":{"first_name":"Ann","last_name":"Lee","email":"ann@example.org"}`
		large = 17 << 20
	)
	wrong := []string{"Authorization", "Bearer wrong"}
	return []exchange{
		asAdmin("POST", "/v1/campaigns", `{"name":"summer","title":"<Summer> & more",`+rules+`}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"summer"}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"winter","rules":"modest"}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"NO"}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"x","rules":"none"}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"x","rules":"modest","rules_yaml":"x"}`),
		asAdmin("POST", "/v1/campaigns", `{"name":1}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"x","max_plays":"y"}`),
		asAdmin("POST", "/v1/campaigns", `{"naam":"x"}`),
		asAdmin("POST", "/v1/campaigns", `{"name":"x","name":"y"}`),
		asAdmin("POST", "/v1/campaigns", `{"name"`),
		asAdmin("POST", "/v1/campaigns", ` `),
		asAdmin("POST", "/v1/campaigns", `null`),
		asAdmin("POST", "/v1/campaigns", `[]`),
		asAdmin("POST", "/v1/campaigns", `{"name":"x"}`, "Content-Type", "text/plain"),
		asAdmin("POST", "/v1/campaigns", `{"name":"x"}`, "Content-Type", ""),
		asAdmin("POST", "/v1/campaigns", `{"name":"`+strings.Repeat("x", large)+`"}`),
		asPublic("POST", "/v1/campaigns", `{"name":"x"}`),
		asPublic("POST", "/v1/campaigns", `{"name":"x"}`, wrong...),
		asAdmin("GET", "/v1/campaigns", "", "Accept", "application/problem+json"),
		asPublic("GET", "/v1/campaigns", ""),
		asAdmin("GET", "/v1/campaigns?state=draft&limit=1", "", "Accept", "json"),
		asPublic("GET", "/v1/campaigns?state=ended", ""),
		asPublic("GET", "/v1/campaigns?limit=0", ""),
		asPublic("GET", "/v1/campaigns?limit=", ""),
		asPublic("GET", "/v1/campaigns?limit=1001", ""),
		asPublic("GET", "/v1/campaigns?limit=1&limit=2", ""),
		asPublic("GET", "/v1/campaigns?limti=1", ""),
		asPublic("GET", "/v1/campaigns?limit=%zz", ""),
		asPublic("GET", "/v1/campaigns", "", wrong...),
		asPublic("GET", "/v1/campaigns/summer", ""),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"title":"Summer","version":1}`),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"title":"Late","version":1}`),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"titel":"Summer"}`),
		asAdmin("PATCH", "/v1/campaigns/nothing", `{"title":"Summer"}`),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"state":"open","title":"Both"}`),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"state":"draft"}`),
		asAdmin("PUT", "/v1/campaigns/summer", `{"title":"Summer again","version":2,"max_plays":3,`+rules+`}`),
		asAdmin("PUT", "/v1/campaigns/winter", `{"name":"autumn","version":1}`),
		asPublic("PATCH", "/v1/campaigns/summer", `{"state":"open"}`),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"state":"open"}`),
		asPublic("GET", "/v1/campaigns/summer?x=1", ""),
		asPublic("GET", "/v1/campaigns/summer/odds", ""),
		asPublic("GET", "/v1/campaigns/nothing/odds", ""),
		asAdmin("DELETE", "/v1/campaigns/summer", ""),
		asPublic("DELETE", "/v1/campaigns/autumn", ""),
		asPublic("POST", "/v1/draws", `{"campaign":"summer",`+ann+`}`, "Idempotency-Key", `"one"`),
		asPublic("POST", "/v1/draws", `{"campaign":"summer",`+ann+`}`, "Idempotency-Key", `"one"`),
		asPublic("POST", "/v1/draws", `{"campaign":"summer","entrant":{"first_name":"Bob","last_name":"Lee"}}`, "Idempotency-Key", "one"),
		asPublic("POST", "/v1/draws", `{"campaign":"summer"}`),
		asPublic("POST", "/v1/draws", `{"campaign":"autumn",`+ann+`}`),
		asPublic("POST", "/v1/draws", `{"campaign":"summer",`+ann+`}`, wrong...),
		asPublic("POST", "/v1/draws", `{"campaign":"summer",`+ann+`}`, "Idempotency-Key", `"`),
		asPublic("POST", "/v1/draws", `{"campaign":"summer","seed":"42",`+ann+`}`),
		asAdmin("POST", "/v1/draws", `{"campaign":"summer","entrant":{"id":1}}`),
		asAdmin("GET", "/v1/draws?campaign=summer&won=true&oldest=false", ""),
		asAdmin("GET", "/v1/draws?campaign=summer&entrant=1&limit=1", ""),
		asAdmin("GET", "/v1/draws?campaign=summer&won=1", ""),
		asAdmin("GET", "/v1/draws?campaign=summer&won=", ""),
		asAdmin("GET", "/v1/draws?campaign=summer&entrant=x", ""),
		asAdmin("GET", "/v1/draws?campaign=summer&status=lost", ""),
		asAdmin("GET", "/v1/draws?campaign=summer&cursor=x", ""),
		asAdmin("GET", "/v1/draws?campaign=", ""),
		asAdmin("GET", "/v1/draws", ""),
		asPublic("GET", "/v1/draws?campaign=summer", ""),
		asPublic("GET", "/v1/draws/summer-0-aaaaaaaaaaaaaaaa", ""),
		asPublic("GET", "/v1/draws/ID", ""),
		asAdmin("GET", "/v1/draws/ID", ""),
		asAdmin("PATCH", "/v1/draws/ID", `{"claim":true,"note":"by post"}`),
		asAdmin("PATCH", "/v1/draws/ID", `{"claim":false}`),
		asAdmin("PATCH", "/v1/draws/ID", `{"claim":true,"void":"x"}`),
		asAdmin("PATCH", "/v1/draws/ID", `{"claim":1}`),
		asPublic("PATCH", "/v1/draws/ID", `{"claim":true}`),
		asAdmin("DELETE", "/v1/draws/ID?reason=", ""),
		asAdmin("DELETE", "/v1/draws/ID?why=x", ""),
		asPublic("DELETE", "/v1/draws/ID?reason=x", ""),
		asAdmin("DELETE", "/v1/draws/ID?reason=a+test", ""),
		asAdmin("DELETE", "/v1/draws/ID?reason=a+test", ""),
		asPublic("PUT", "/v1/draws/ID", ""),
		asAdmin("POST", "/v1/entrants", `{"first_name":"Cy","last_name":"Lee"}`),
		asAdmin("POST", "/v1/entrants", `{"first_name":"Cy"}`),
		asPublic("POST", "/v1/entrants", `{"first_name":"Cy","last_name":"Lee"}`),
		asAdmin("POST", "/v1/entrants/import", `{"entrants":[{"first_name":"Di","last_name":"Ray"}]}`),
		asAdmin("POST", "/v1/entrants/import", `{"entrants":[{"first_name":"Di","last_name":"Ray"},{"first_name":"Ed"}]}`),
		asAdmin("POST", "/v1/entrants/import", `{"entrants":[{"first_name":1}]}`),
		asPublic("POST", "/v1/entrants/import", `{"entrants":[{"first_name":"Di","last_name":"Ray"}]}`),
		asAdmin("GET", "/v1/entrants?search=lee", ""),
		asAdmin("GET", "/v1/entrants?q=lee", ""),
		asPublic("GET", "/v1/entrants", ""),
		asAdmin("GET", "/v1/entrants/1", ""),
		asAdmin("GET", "/v1/entrants/x", ""),
		asAdmin("GET", "/v1/entrants/99", ""),
		asPublic("GET", "/v1/entrants/1", ""),
		asAdmin("PATCH", "/v1/entrants/1", `{"email":"lee@example.org"}`),
		asAdmin("PUT", "/v1/entrants/1", `{"first_name":"Anna","last_name":"Lee"}`),
		asAdmin("PATCH", "/v1/entrants/99", `{"email":"lee@example.org"}`),
		asPublic("PATCH", "/v1/entrants/1", `{}`),
		asAdmin("DELETE", "/v1/entrants/1", ""),
		asAdmin("DELETE", "/v1/entrants/1", ""),
		asPublic("DELETE", "/v1/entrants/2", ""),
		asAdmin("GET", "/v1/changes?limit=2", ""),
		asAdmin("GET", "/v1/changes?subject=summer&limit=1", ""),
		asAdmin("GET", "/v1/changes?cursor=x", ""),
		asPublic("GET", "/v1/changes", ""),
		asPublic("GET", "/v1/campaigns/summer/export", ""),
		asPublic("GET", "/v1/campaigns/summer/export?format=csv", ""),
		asAdmin("GET", "/v1/campaigns/summer/export?format=csv&entrants=true", ""),
		asPublic("GET", "/v1/campaigns/summer/export?entrants=true", ""),
		asPublic("GET", "/v1/campaigns/summer/export?format=xml", ""),
		asPublic("GET", "/v1/campaigns/nothing/export", ""),
		asAdmin("PATCH", "/v1/campaigns/summer", `{"state":"closed"}`),
		asPublic("POST", "/v1/draws", `{"campaign":"summer",`+ann+`}`),
		asAdmin("DELETE", "/v1/campaigns/autumn", ""),
		asPublic("PUT", "/v1/campaigns", ""),
	}
}

// masks lists replacements for values that differ between runs, and for the prose in
// problems.
var masks = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), "TIME"},
	{regexp.MustCompile(`summer-(\d+)-[a-z2-7]{16}`), "summer-$1-ID"},
	{regexp.MustCompile(`"(account|text|number)":"[^"]*",`), `"$1":"RANDOM",`},
	{regexp.MustCompile(`(\n\d+),[a-z]{4}\d{4},`), "$1,RANDOM,"},
	{regexp.MustCompile(`"(commitment|seed|rules_sha256)":"[0-9a-f]{64}"`), `"$1":"HEX"`},
	{regexp.MustCompile(`"(title|detail|problem|rules_yaml)":"(?:[^"\\]|\\.)*"`), `"$1":"PROSE"`},
}

// TestGoldenExchanges compares the responses to a table of requests with golden files:
// their statuses, their bodies, and the headers that callers may depend on.
func TestGoldenExchanges(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	for name, exchanges := range map[string][]exchange{"generators": generatorExchanges(), "campaigns": campaignExchanges()} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			id := "none"
			for _, x := range exchanges {
				answer, body := s.Send(t, x.method, strings.Replace(x.path, "ID", id, 1), x.body, append([]string{"X-Request-Id", "golden"}, x.headers...)...)
				if location, ok := strings.CutPrefix(answer.Header.Get("Location"), "/v1/draws/"); ok && id == "none" {
					id = location
				}
				fmt.Fprintf(&text, "> %s %s\n", x.method, x.path)
				if x.body != "" {
					fmt.Fprintf(&text, "> %.300s\n", x.body)
				}
				for i := 0; i < len(x.headers); i += 2 {
					fmt.Fprintf(&text, "> %s: %s\n", x.headers[i], x.headers[i+1])
				}
				fmt.Fprintf(&text, "%s\n", answer.Status)
				for _, name := range []string{
					"Allow", "Cache-Control", "Content-Disposition", "Content-Type", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Content-Type-Options", "X-Request-Id",
				} {
					if values := answer.Header[http.CanonicalHeaderKey(name)]; len(values) > 0 {
						fmt.Fprintf(&text, "%s: %s\n", name, strings.Join(values, " | "))
					}
				}
				fmt.Fprintf(&text, "\n%s\n\n", strings.TrimSuffix(body, "\n"))
			}
			masked := text.String()
			for _, m := range masks {
				masked = m.pattern.ReplaceAllString(masked, m.mask)
			}
			golden(t, "exchanges-"+name+".txt", masked)
		})
	}
}
