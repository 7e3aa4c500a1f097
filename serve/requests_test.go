package serve_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestBadRequests sends invalid requests. It checks the status, and that the problem points
// to the error.
func TestBadRequests(t *testing.T) {
	s := servertest.Start(t, serve.All)
	zeros := strings.Repeat("0", 64)
	long := strings.Repeat("a", 129)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		place, want        string // expected place in the errors and in the detail
		headers            []string
	}{
		"not JSON":               {"POST", "/v1/draws", `{"count":`, 400, "", "invalid JSON", nil},
		"nothing":                {"POST", "/v1/draws", " ", 400, "", "the body is empty", nil},
		"null":                   {"POST", "/v1/draws", "null", 400, "", "the body is empty", nil},
		"a list":                 {"POST", "/v1/draws", "[]", 422, "#", "must be an object, got an array", nil},
		"more behind it":         {"POST", "/v1/draws", `{}{}`, 400, "", "invalid JSON", nil},
		"twice":                  {"POST", "/v1/draws", `{"count":1,"count":2}`, 400, "#/count", "duplicate", nil},
		"not UTF-8":              {"POST", "/v1/draws", "{\"seed\":\"\xff\"}", 400, "", "invalid UTF-8", nil},
		"deep":                   {"POST", "/v1/draws", strings.Repeat(`[`, 20000), 422, "#", "must be an object, got an array", nil},
		"unknown member":         {"POST", "/v1/draws", `{"cuont":1}`, 422, "#/cuont", "use one of: count, seed, start", nil},
		"count 0":                {"POST", "/v1/draws", `{"count":0}`, 422, "#/count", "must be between 1 and 100000, got 0", nil},
		"count -1":               {"POST", "/v1/draws", `{"count":-1}`, 422, "#/count", "must be between 1 and 100000, got -1", nil},
		"count 100001":           {"POST", "/v1/draws", `{"count":100001}`, 422, "#/count", "must be between 1 and 100000, got 100001", nil},
		"count 10^30":            {"POST", "/v1/draws", `{"count":1e30}`, 422, "#/count", "must be a whole number, got 1e30", nil},
		"count in full":          {"POST", "/v1/draws", `{"count":1000000000000000000000000000000}`, 422, "#/count", "must be a whole number, got 1000000000000000000000000000000", nil},
		"count 1.5":              {"POST", "/v1/draws", `{"count":1.5}`, 422, "#/count", "must be a whole number, got 1.5", nil},
		"count as text":          {"POST", "/v1/draws", `{"count":"5"}`, 422, "#/count", "must be a whole number, got a string", nil},
		"start -1":               {"POST", "/v1/draws", `{"start":-1}`, 422, "#/start", "from 0 to 18446744073709551615", nil},
		"past the last index":    {"POST", "/v1/draws", `{"start":18446744073709551615,"count":2}`, 422, "#/start", "", nil},
		"seed too long":          {"POST", "/v1/draws", `{"seed":"` + strings.Repeat("x", 1025) + `"}`, 422, "#/seed", "at most 1024 bytes, got 1025", nil},
		"unknown format":         {"POST", "/v1/draws", `{"text_format":"lower0"}`, 422, "#/text_format", "unknown format", nil},
		"unknown rules":          {"POST", "/v1/draws", `{"rules":"none"}`, 422, "#/rules", "the rules are generous, modest", nil},
		"no accounts":            {"POST", "/v1/prize", `{"accounts":[]}`, 422, "#/accounts", "must have between 1 and 100000 account numbers, got 0", nil},
		"accounts missing":       {"POST", "/v1/prize", `{}`, 422, "#/accounts", "must have between 1 and 100000 account numbers, got 0", nil},
		"accounts as text":       {"POST", "/v1/prize", `{"accounts":"A"}`, 422, "#/accounts", "must be an array of strings, got", nil},
		"accounts as numbers":    {"POST", "/v1/prize", `{"accounts":["a", 1]}`, 422, "#/accounts/1", "must be a string, got a number", nil},
		"an account with spaces": {"POST", "/v1/prize", `{"accounts":["a","b c"]}`, 422, "#/accounts/1", "it contains ' '", nil},
		"an account too long":    {"POST", "/v1/prize", `{"accounts":["` + long + `"]}`, 422, "#/accounts/0", "at most 128 characters, got 129", nil},
		"an account of é":        {"POST", "/v1/prize", `{"accounts":["é"]}`, 422, "#/accounts/0", "printable ASCII", nil},
		"too many accounts":      {"POST", "/v1/prize", `{"accounts":["a"` + strings.Repeat(`,"a"`, 100_000) + `]}`, 422, "#/accounts", "account numbers, got 100001", nil},
		"two kinds of rules":     {"POST", "/v1/prize", `{"accounts":["a"],"rules":"modest","rules_yaml":"x"}`, 422, "#/rules_yaml", "cannot be used with rules", nil},
		"wrong rules":            {"POST", "/v1/prize", `{"accounts":["a"],"rules_yaml":"name: x\n"}`, 422, "#/rules_yaml", "the first on line 1", nil},
		"rules too long":         {"POST", "/v1/prize", `{"accounts":["a"],"rules_yaml":"` + strings.Repeat("#", 300_000) + `"}`, 422, "#/rules_yaml", "must have at most 262144 bytes, got 300000", nil},
		"other rules":            {"POST", "/v1/prize", `{"accounts":["a"],"rules":"modest","rules_sha256":"` + zeros + `"}`, 422, "#/rules_sha256", "the SHA-256 of modest is", nil},
		"a key too short":        {"POST", "/v1/text", `{"key":"00"}`, 422, "#/key", "must have 64 hexadecimal digits", nil},
		"a key of x":             {"POST", "/v1/number", `{"key":"` + strings.Repeat("x", 64) + `"}`, 422, "#/key", "must have 64 hexadecimal digits", nil},
		"a start without key":    {"POST", "/v1/text", `{"start":3}`, 422, "#/start", "requires key", nil},
		"too many texts":         {"POST", "/v1/text", `{"count":100001}`, 422, "#/count", "must be between 1 and 100000, got 100001", nil},
		"ranges with a key":      {"POST", "/v1/text", `{"key":"` + zeros + `","ranges":[{"key":"` + zeros + `","count":1}]}`, 422, "#/ranges", "cannot be used with key", nil},
		"ranges with a count":    {"POST", "/v1/number", `{"count":2,"ranges":[{"key":"` + zeros + `","count":2}]}`, 422, "#/ranges", "cannot be used with key", nil},
		"a range without key":    {"POST", "/v1/text", `{"ranges":[{"count":1}]}`, 422, "#/ranges/0/key", "must have 64 hexadecimal digits", nil},
		"a range of none":        {"POST", "/v1/text", `{"ranges":[{"key":"` + zeros + `"}]}`, 422, "#/ranges/0/count", "must be at least 1, and at most 100000 in all ranges, got 0", nil},
		"a range past the last":  {"POST", "/v1/text", `{"ranges":[{"key":"` + zeros + `","start":18446744073709551615,"count":2}]}`, 422, "#/ranges/0/start", "", nil},
		"ranges of too many":     {"POST", "/v1/text", `{"ranges":[{"key":"` + zeros + `","count":60000},{"key":"` + zeros + `","count":60000}]}`, 422, "#/ranges/1/count", "100000 in all ranges", nil},
		"too many ranges":        {"POST", "/v1/text", `{"ranges":[{"key":"` + zeros + `","count":1}` + strings.Repeat(`,{"key":"`+zeros+`","count":1}`, 1000) + `]}`, 422, "#/ranges", "must have at most 1000 ranges", nil},
		"ranges of fewer":        {"POST", "/v1/prize", `{"accounts":["a","b"],"ranges":[{"key":"` + zeros + `","count":1}]}`, 422, "#/ranges", "one for each account number", nil},
		"awards with ranges":     {"POST", "/v1/prize", `{"accounts":["a"],"start":1,"ranges":[{"key":"` + zeros + `","count":1}]}`, 422, "#/ranges", "cannot be used with key", nil},
		"query count":            {"GET", "/v1/text?count=abc", "", 422, "count", `must be a whole number from 1 to 100000, got "abc"`, nil},
		"query count 0":          {"GET", "/v1/number?count=0", "", 422, "count", `must be a whole number from 1 to 100000, got "0"`, nil},
		"query twice":            {"GET", "/v1/text?count=1&count=2", "", 422, "count", "must not be repeated, got 2 values", nil},
		"query unknown":          {"GET", "/v1/text?cnt=1", "", 422, "cnt", "unknown query parameter; the parameters are format, count", nil},
		"query malformed":        {"GET", "/v1/text?count=%zz", "", 400, "", "malformed query", nil},
		"query format":           {"GET", "/v1/text?format=digits4", "", 422, "#/format", "unknown format", nil},
		"wrong path":             {"GET", "/v2/text", "", 404, "", "there is nothing at /v2/text", nil},
		"wrong method":           {"DELETE", "/v1/draws", "", 405, "", "use POST", nil},
		"wrong content type":     {"POST", "/v1/draws", `{}`, 415, "", "content type must be application/json", []string{"Content-Type", "text/plain"}},
		"no content type":        {"POST", "/v1/draws", `{}`, 415, "", "content type must be application/json", []string{"Content-Type", ""}},
		"too large":              {"POST", "/v1/draws", `{"seed":"` + strings.Repeat("x", 20<<20) + `"}`, 413, "", "more than 16777216 bytes", nil},
	} {
		t.Run(name, func(t *testing.T) {
			answer, text := s.Send(t, test.method, test.path, test.body, test.headers...)
			var p wire.Problem
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				t.Fatalf("%v: %.300s", err, text)
			}
			if kind := answer.Header.Get("Content-Type"); answer.StatusCode != test.status || p.Status != test.status || kind != wire.ProblemType {
				t.Errorf("response: got %s of type %q with status %d in the body, want %d: %s", answer.Status, kind, p.Status, test.status, text)
			}
			if !strings.Contains(p.Detail, test.want) || p.Title == "" || !strings.HasSuffix(p.Instance, answer.Header.Get("X-Request-Id")) {
				t.Errorf("detail of the problem: got %s, want %q in it", text, test.want)
			}
			place := ""
			if len(p.Errors) > 0 {
				place = p.Errors[0].Pointer + p.Errors[0].Parameter
			}
			if test.place != "" && place != test.place {
				t.Errorf("place of the error: got %q, want %q", place, test.place)
			}
			if test.status == http.StatusMethodNotAllowed && answer.Header.Get("Allow") != "POST" {
				t.Errorf("got Allow %q, want POST", answer.Header.Get("Allow"))
			}
		})
	}
	if answer, text := s.Send(t, "POST", "/v1/draws", `{"seed":"42"}`); answer.StatusCode != http.StatusOK || !strings.Contains(text, "fucb0166") {
		t.Errorf("draw after the bad requests: got %s: %s, want fucb0166", answer.Status, text)
	}
}

// TestDeployed checks that requests that name no formats or rules use the deployed ones.
func TestDeployed(t *testing.T) {
	s := servertest.Start(t, serve.All)
	for path, want := range map[string]string{
		"/v1/text": `"format":"lower4"`, "/v1/number": `"format":"digits4"`,
		"/v1/text/status": `"implementation":"lower4"`, "/v1/prize/status": `"implementation":"generous"`,
	} {
		if _, text := s.Send(t, "GET", path, ""); !strings.Contains(text, want) {
			t.Errorf("GET %s: got %s, want %s in it", path, text, want)
		}
	}
	if _, text := s.Send(t, "POST", "/v1/prize", `{"accounts":["A1"]}`); !strings.Contains(text, `"rules":"generous"`) {
		t.Errorf("POST /v1/prize: got %s, want the generous rules", text)
	}
	// A HEAD request is like a GET request without a response body.
	if answer, text := s.Send(t, "HEAD", "/v1/text/status", ""); answer.StatusCode != http.StatusOK || text != "" {
		t.Errorf("HEAD: got %s %q, want 200 without a body", answer.Status, text)
	}
}
