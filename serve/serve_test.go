package serve_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

// server is a server under test, and what it has logged.
type server struct {
	*serve.Server
	url string
	log *logBook
}

// logBook keeps log lines.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// defaultConfig is lower4, digits4 and generous, with a log of everything.
func defaultConfig(t testing.TB, role serve.Role) (serve.Config, *logBook) {
	t.Helper()
	text, err := textgen.Parse(textgen.Lower4)
	if err != nil {
		t.Fatal(err)
	}
	number, err := numgen.Parse(numgen.Digits4)
	if err != nil {
		t.Fatal(err)
	}
	book := &logBook{}
	log := slog.New(serve.TraceHandler{Handler: slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug})})
	return serve.Config{
		Role: role, Version: "1.2.3", Text: text, Number: number, Log: log, DrainTime: 10 * time.Second,
		Rules: func() ([]*prize.Rules, error) {
			rules, err := prize.Builtin(prize.Generous)
			return []*prize.Rules{rules}, err
		},
	}, book
}

// start serves a role; change may alter its configuration.
func start(t testing.TB, role serve.Role, change ...func(*serve.Config)) *server {
	t.Helper()
	cfg, book := defaultConfig(t, role)
	for _, f := range change {
		f(&cfg)
	}
	s, err := serve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	return &server{s, h.URL, book}
}

// head is an answer without its body.
type head struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// do makes a request and gives its answer and the body of it.
func (s *server) do(t testing.TB, method, path, body string, headers ...string) (head, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return head{answer.StatusCode, answer.Status, answer.Header}, string(text)
}

func parseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// core starts a core that calls three services.
func core(t testing.TB) *server {
	t.Helper()
	text, number, award := start(t, serve.Text), start(t, serve.Number), start(t, serve.Prize)
	return start(t, serve.Core, func(c *serve.Config) {
		c.Services = remote.Config{Text: parseURL(t, text.url), Number: parseURL(t, number.url), Prize: parseURL(t, award.url)}
	})
}

// serveUntilEnd serves on a port until end is called, which gives what Serve gave.
func serveUntilEnd(t testing.TB, cfg serve.Config) (address string, end func() error) {
	t.Helper()
	s, err := serve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	end = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = end() })
	return listener.Addr().String(), end
}
