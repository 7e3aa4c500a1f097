package serve_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

// From the same seed, a server with all roles makes the same draw as prizegen draw.
func ExampleServer() {
	text, _ := textgen.Parse(textgen.Lower4)
	number, _ := numgen.Parse(numgen.Digits4)
	server, err := serve.New(serve.Config{
		Role: serve.All, Version: "1.0.0", Text: text, Number: number,
		Rules: func() ([]*prize.Rules, error) {
			rules, err := prize.Builtin(prize.Generous)
			return []*prize.Rules{rules}, err
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/v1/draws", strings.NewReader(`{"seed":"42","start":9}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	server.Handler().ServeHTTP(answer, request)
	fmt.Println(answer.Code, strings.Contains(answer.Body.String(), `"account":"awsn5676"`))
	// Output: 200 true
}
