package serve_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// sample is a request for an operation, with the expected status of the response.
type sample struct {
	method, path, body string
	status             int
}

// samples returns requests for every operation, including some that are refused.
func samples() []sample {
	const key = `"key":"0000000000000000000000000000000000000000000000000000000000000000"`
	return []sample{
		{"GET", "/v1/text", "", 200},
		{"GET", "/v1/text?format=%5BQ%22%5D3&count=7", "", 200},
		{"GET", "/v1/text?count=0", "", 422},
		{"POST", "/v1/text", "{" + key + `,"start":18446744073709551615}`, 200},
		{"POST", "/v1/text", `{"count":"x"}`, 422},
		{"POST", "/v1/text", `{`, 400},
		{"GET", "/v1/text/status", "", 200},
		{"GET", "/v1/number", "", 200},
		{"GET", "/v1/number?format=lower4", "", 422},
		{"POST", "/v1/number", "{" + key + `,"count":3}`, 200},
		{"POST", "/v1/number", `{"start":1}`, 422},
		{"GET", "/v1/number/status", "", 200},
		{"POST", "/v1/prize", `{"accounts":["ABC123456","\"\\"]}`, 200},
		{"POST", "/v1/prize", `{"accounts":["x"],"rules_yaml":"name: x\ncurrency: GBP\nrules:\n- match: y\n  prizes: [{win: 1, chance: 1/3}]\n"}`, 200},
		{"POST", "/v1/prize", `{"accounts":["x"],"rules_yaml":"name: x"}`, 422},
		{"POST", "/v1/prize", `{"accounts":[]}`, 422},
		{"GET", "/v1/prize/rules/modest", "", 200},
		{"GET", "/v1/prize/rules/none", "", 404},
		{"GET", "/v1/core/rules/modest", "", 200},
		{"GET", "/v1/core/rules/none", "", 404},
		{"GET", "/v1/prize/status", "", 200},
		{"POST", "/v1/draws", `{}`, 200},
		{"POST", "/v1/draws", `{"seed":"42","start":9,"count":4,"text_format":"upper2","number_format":"digits8","rules":"modest"}`, 200},
		{"POST", "/v1/draws", `{"rules":"none"}`, 422},
		{"GET", "/v1/core/status", "", 200},
		{"GET", "/healthz", "", 200},
		{"GET", "/readyz", "", 200},
		{"GET", "/metrics", "", 200},
		{"GET", "/openapi.json", "", 200},
	}
}

// TestDocument checks the OpenAPI document of each role against OpenAPI 3.1, and a response
// from each operation against the document.
func TestDocument(t *testing.T) {
	for _, role := range serve.Roles() {
		t.Run(string(role), func(t *testing.T) {
			s := servertest.Start(t, role)
			_, text := s.Send(t, "GET", "/openapi.json", "")
			document, err := libopenapi.NewDocument([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			check, errs := validator.NewValidator(document)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if ok, faults := check.ValidateDocument(); !ok {
				for _, fault := range faults {
					t.Error(fault)
				}
			}
			if strings.Contains(text, "http://") || strings.Contains(text, "https://") {
				t.Error("document: got a link to another host, want none")
			}
			operations := operationsOf(t, text)
			for _, sample := range samples() {
				if callSample(t, s, check, sample, operations) {
					continue
				}
				t.Errorf("%s %s: got a response that the document does not describe", sample.method, sample.path)
			}
			for operation, called := range operations {
				if !called {
					t.Errorf("sample requests for %s: got none, want at least one", operation)
				}
			}
		})
	}
}

// operationsOf returns the operations in a document. It checks that each has an operation
// ID, a summary and descriptions of its parameters.
func operationsOf(t *testing.T, text string) map[string]bool {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID, Summary string
			Parameters           []struct{ Name, Description string }
		}
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	operations := map[string]bool{}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			operations[strings.ToUpper(method)+" "+path] = false
			if operation.OperationID == "" || operation.Summary == "" {
				t.Errorf("%s %s: got no operation ID or no summary, want both", method, path)
			}
			for _, p := range operation.Parameters {
				if p.Description == "" {
					t.Errorf("%s %s: got no description of parameter %s, want one", method, path, p.Name)
				}
			}
		}
	}
	return operations
}

// callSample sends a sample request if the document contains its operation. It reports
// whether the response matches the document.
func callSample(t *testing.T, s *servertest.Server, check validator.Validator, sample sample, operations map[string]bool) bool {
	t.Helper()
	path, _, _ := strings.Cut(sample.path, "?")
	if before, _, ok := strings.Cut(path, "/rules/"); ok {
		path = before + "/rules/{name}"
	}
	if _, documented := operations[sample.method+" "+path]; !documented {
		return true
	}
	operations[sample.method+" "+path] = true
	request, err := http.NewRequestWithContext(t.Context(), sample.method, s.URL+sample.path, strings.NewReader(sample.body))
	if err != nil {
		t.Fatal(err)
	}
	if sample.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != sample.status {
		text, _ := io.ReadAll(answer.Body)
		t.Errorf("%s %s %s: got %s, want %d\n%s", sample.method, sample.path, sample.body, answer.Status, sample.status, text)
		return true
	}
	ok, faults := check.ValidateHttpResponse(request, answer)
	for _, fault := range faults {
		t.Error(fault)
		for _, f := range fault.SchemaValidationErrors {
			t.Error(f)
		}
	}
	return ok
}
