package randomorgtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// TestCalls checks the responses to invalid calls and to a valid one.
func TestCalls(t *testing.T) {
	s := randomorgtest.New(t)
	const blobs = `{"jsonrpc":"2.0","id":1,"method":"generateSignedBlobs","params":{"apiKey":"%s","n":%d,"size":256,"format":"hex"}}`
	for name, test := range map[string]struct {
		method, kind, body string
		status             int
		want               string
	}{
		"not a POST":      {http.MethodGet, "application/json", "", http.StatusMethodNotAllowed, ""},
		"plain text":      {http.MethodPost, "text/plain", "{}", http.StatusUnsupportedMediaType, ""},
		"not JSON":        {http.MethodPost, "application/json", "{", http.StatusOK, `"code":-32600`},
		"another version": {http.MethodPost, "application/json", `{"id":1}`, http.StatusOK, `"code":-32600`},
		"another method":  {http.MethodPost, "application/json", `{"jsonrpc":"2.0","id":1,"method":"fooBar"}`, http.StatusOK, `"code":-32601`},
		"another key":     {http.MethodPost, "application/json", fmt.Sprintf(blobs, "another", 1), http.StatusOK, `"code":400`},
		"no blobs":        {http.MethodPost, "application/json", fmt.Sprintf(blobs, string(s.APIKey), 0), http.StatusOK, `"code":-32602`},
		"a blob":          {http.MethodPost, "application/json", fmt.Sprintf(blobs, string(s.APIKey), 1), http.StatusOK, `"signature":`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, s.URL, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", test.kind)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status || !strings.Contains(string(text), test.want) {
			t.Errorf("%s: got status %d, body %s and error %v; want status %d and a body that contains %s", name, response.StatusCode, text, err, test.status, test.want)
		}
	}
}

// The server is an http.Handler like any other.
func ExampleMake() {
	handler := randomorgtest.Make(new(testing.T))
	server := httptest.NewServer(handler)
	defer server.Close()
	client, err := randomorg.New(randomorg.Config{URL: server.URL, APIKey: handler.APIKey, PublicKey: handler.PublicKey()})
	if err != nil {
		fmt.Println(err)
		return
	}
	signed, err := client.Generate(context.Background(), "commitment")
	fmt.Println(signed.SerialNumber, signed.UserData, err)
	handler.Fail(randomorgtest.NoBits)
	_, err = client.Generate(context.Background(), "commitment")
	fmt.Println(err)
	// Output:
	// 6116 commitment <nil>
	// the random.org allowance is used up: "The operation requires 256 bits, but the API key only has 10 left" (code 403); wait until it is renewed, or extend it at https://api.random.org/dashboard
}
