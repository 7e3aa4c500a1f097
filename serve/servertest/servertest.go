// Package servertest starts servers for tests.
//
//	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
//	response, body := s.Send(t, http.MethodGet, "/v1/campaigns", "")
package servertest

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

// Token is the administrator's token for servers configured with [WithStore].
const Token = "a token for tests"

// patience is longer than any test takes. It replaces the timeouts of servers, which a slow
// machine might exceed.
const patience = 10 * time.Minute

// Server is a server for a test. After [Start], it listens at URL.
type Server struct {
	*serve.Server
	URL string
	Log *Log // nil if the configuration contains another logger
}

// Log collects the log of a server. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Config returns a configuration with the formats lower4 and digits4 and the generous
// rules. The server logs everything to the returned log. It has no timeouts that a test
// could exceed.
func Config(t testing.TB, role serve.Role) (serve.Config, *Log) {
	t.Helper()
	text, err := textgen.Parse(textgen.Lower4)
	if err != nil {
		t.Fatal(err)
	}
	number, err := numgen.Parse(numgen.Digits4)
	if err != nil {
		t.Fatal(err)
	}
	log := &Log{}
	handler := slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
	return serve.Config{
		Role: role, Version: "1.2.3", Text: text, Number: number, Rules: builtin(prize.Generous),
		Services: remote.Config{Timeout: patience}, DrainTime: patience, ProbeTime: patience,
		Log: slog.New(serve.TraceHandler{Handler: handler}),
	}, log
}

// Option changes the configuration of a server.
type Option func(*serve.Config)

// Quiet makes a server log nothing.
func Quiet(cfg *serve.Config) { cfg.Log = slog.New(slog.DiscardHandler) }

// WithStore makes a server store campaigns in the database at address, with [Token] as
// the administrator's token.
func WithStore(t testing.TB, address string) Option {
	return func(cfg *serve.Config) {
		db := storetest.Open(t, address)
		cfg.Store, cfg.Access, cfg.AdminToken = db, db.Access(), Token
	}
}

// WithRules deploys rules in place of the generous ones.
func WithRules(rules string) Option {
	return func(cfg *serve.Config) {
		cfg.Rules = func() ([]*prize.Rules, error) {
			deployed, err := prize.Parse("deployed", []byte(rules))
			return []*prize.Rules{deployed}, err
		}
	}
}

// WithFormats deploys formats in place of lower4 and digits4.
func WithFormats(t testing.TB, text, number string) Option {
	return func(cfg *serve.Config) {
		var err error
		if cfg.Text, err = textgen.Parse(text); err != nil {
			t.Fatal(err)
		}
		if cfg.Number, err = numgen.Parse(number); err != nil {
			t.Fatal(err)
		}
	}
}

// WithBuiltin deploys the built-in rules with the given name in place of the generous ones.
func WithBuiltin(name string) Option {
	return func(cfg *serve.Config) { cfg.Rules = builtin(name) }
}

func builtin(name string) func() ([]*prize.Rules, error) {
	return func() ([]*prize.Rules, error) {
		rules, err := prize.Builtin(name)
		return []*prize.Rules{rules}, err
	}
}

// New returns a server that does not listen.
func New(t testing.TB, role serve.Role, options ...Option) *Server {
	t.Helper()
	cfg, log := Config(t, role)
	logger := cfg.Log
	for _, option := range options {
		option(&cfg)
	}
	if cfg.Log != logger {
		log = nil
	}
	s, err := serve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &Server{Server: s, Log: log}
}

// Start starts a server that listens until the test ends.
func Start(t testing.TB, role serve.Role, options ...Option) *Server {
	t.Helper()
	s := New(t, role, options...)
	listening := httptest.NewServer(s.Handler())
	t.Cleanup(listening.Close)
	s.URL = listening.URL
	return s
}

// StartComposed starts a core and the three services that it calls.
func StartComposed(t testing.TB, options ...Option) *Server {
	t.Helper()
	text, number, award := Start(t, serve.Text, Quiet), Start(t, serve.Number, Quiet), Start(t, serve.Prize, Quiet)
	services := func(cfg *serve.Config) {
		cfg.Services.Text, cfg.Services.Number, cfg.Services.Prize = text.Address(t), number.Address(t), award.Address(t)
	}
	return Start(t, serve.Core, append([]Option{services}, options...)...)
}

// Admin returns an API client that sends the given token. With an empty token, the client
// acts as the public.
func (s *Server) Admin(t testing.TB, token string) *remote.Admin {
	t.Helper()
	return remote.New(remote.Config{Core: s.Address(t), Timeout: patience}).Admin(token)
}

// OpenCampaign opens a campaign with the deployed formats and rules.
func (s *Server) OpenCampaign(t testing.TB, name string) {
	t.Helper()
	admin := s.Admin(t, Token)
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: name, Title: "The " + name + " draw"}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Open(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// Address returns the parsed URL of the server.
func (s *Server) Address(t testing.TB) *url.URL {
	t.Helper()
	return ParseURL(t, s.URL)
}

// ParseURL parses a URL.
func ParseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Response is a response without its body.
type Response struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// Send sends a request and returns the response and its body. headers contains alternating
// names and values. The body is JSON unless headers set another Content-Type. Send does not
// follow redirects.
func (s *Server) Send(t testing.TB, method, path, body string, headers ...string) (Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Response{response.StatusCode, response.Status, response.Header}, string(text)
}
