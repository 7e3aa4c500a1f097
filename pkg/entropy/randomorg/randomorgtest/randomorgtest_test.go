package randomorgtest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// Wrong calls are refused as RANDOM.ORG refuses them.
func TestWrongCalls(t *testing.T) {
	s := randomorgtest.New(t)
	const blobs = `{"jsonrpc":"2.0","id":1,"method":"generateSignedBlobs","params":{"apiKey":"%s","n":%d,"size":256,"format":"hex"}}`
	for name, test := range map[string]struct {
		method, kind, body string
		status             int
		want               string
	}{
		"not posted":        {http.MethodGet, "application/json", "", http.StatusMethodNotAllowed, ""},
		"not JSON, it says": {http.MethodPost, "text/plain", "{}", http.StatusUnsupportedMediaType, ""},
		"not JSON":          {http.MethodPost, "application/json", "{", http.StatusOK, `"code":-32600`},
		"another version":   {http.MethodPost, "application/json", `{"id":1}`, http.StatusOK, `"code":-32600`},
		"another method":    {http.MethodPost, "application/json", `{"jsonrpc":"2.0","id":1,"method":"fooBar"}`, http.StatusOK, `"code":-32601`},
		"another key":       {http.MethodPost, "application/json", fmt.Sprintf(blobs, "another", 1), http.StatusOK, `"code":400`},
		"no blobs":          {http.MethodPost, "application/json", fmt.Sprintf(blobs, string(s.APIKey), 0), http.StatusOK, `"code":-32602`},
		"a blob":            {http.MethodPost, "application/json", fmt.Sprintf(blobs, string(s.APIKey), 1), http.StatusOK, `"signature":`},
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
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status || !strings.Contains(string(answer), test.want) {
			t.Errorf("%s: %d %s, %v, want %d and %s", name, response.StatusCode, answer, err, test.status, test.want)
		}
	}
}

// ExampleNew is a test of something that needs RANDOM.ORG.
func ExampleNew() {
	test := func(t *testing.T) {
		server := randomorgtest.New(t)
		client, err := randomorg.New(randomorg.Config{URL: server.URL, APIKey: server.APIKey, PublicKey: server.PublicKey()})
		if err != nil {
			t.Fatal(err)
		}
		server.Fail(randomorgtest.NoBits)
		_, err = client.Generate(t.Context(), "commitment")
		t.Log(err)
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}
