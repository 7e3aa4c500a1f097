package serve_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// oneText requests a text from a service with caller's certificate, or without one if
// caller is nil.
func oneText(t *testing.T, url string, caller *certs.Identity) error {
	t.Helper()
	client := remote.New(remote.Config{Text: servertest.ParseURL(t, url), Identity: caller})
	defer client.Close()
	format, err := textgen.Parse(textgen.Lower4)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Texts(t.Context(), nil, format, entropy.Range{Count: 1})
	return err
}

// TestMutualTLS calls a text service with a certificate from its authority, with one from
// another authority, with an expired one, with none, and without TLS. Only the first call
// succeeds, unless the service also accepts HTTP without TLS.
func TestMutualTLS(t *testing.T) {
	authority, other := servertest.NewAuthority(t), servertest.NewAuthority(t)
	hour := time.Now().Add(time.Hour)
	expired := servertest.LoadIdentity(t, authority.Issue(t, "core", time.Now().Add(-time.Minute)))
	// A caller that trusts the service, but whose certificate comes from another authority.
	stranger := other.Issue(t, "core", hour)
	stranger.CA = authority.File
	for _, test := range []struct {
		name   string
		scheme string
		caller *certs.Identity
		plain  bool // the service also accepts HTTP without TLS
		want   string
	}{
		{"a certificate from the authority", "https", authority.Identity(t, "core"), false, ""},
		{"a certificate from another authority", "https", servertest.LoadIdentity(t, stranger), false, "does not answer"},
		{"a service of another authority", "https", other.Identity(t, "core"), false, "unknown authority"},
		{"an expired certificate", "https", expired, false, "does not answer"},
		{"no certificate", "https", nil, false, "certificate"},
		{"no TLS", "http", nil, false, "400 Bad Request"},
		{"TLS during the switch", "https", authority.Identity(t, "core"), true, ""},
		{"no certificate during the switch", "https", nil, true, "certificate"},
		{"no TLS during the switch", "http", nil, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, _ := servertest.Config(t, serve.Text)
			cfg.Identity, cfg.Services.AllowPlainHTTP = authority.Identity(t, "text"), test.plain
			address, _ := serveUntilEnd(t, cfg)
			err := oneText(t, test.scheme+"://"+address, test.caller)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("calling the service: got error %v, want %q", err, test.want)
			}
		})
	}
}

// TestHealthAddress checks that the health address of a service that requires certificates
// needs none, and serves nothing else.
func TestHealthAddress(t *testing.T) {
	cfg, _ := servertest.Config(t, serve.Text)
	cfg.Identity = servertest.NewAuthority(t).Identity(t, "text")
	address, end := callUntilEnd(t, cfg, (*serve.Server).ServeHealth)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/v1/text": 404, "/v1/text/status": 404, "/openapi.json": 404} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: got %s, want %d", path, response.Status, want)
		}
	}
	if err := end(); err != nil {
		t.Errorf("error from serving: got %v, want nil", err)
	}
}

// TestPlainAddresses checks that keys are not sent to other machines without TLS, unless
// that is allowed.
func TestPlainAddresses(t *testing.T) {
	var plain *remote.PlainError
	for address, refused := range map[string]bool{
		"http://text:8081": true, "http://192.0.2.1": true, "http://[2001:db8::1]:80": true, "http://localhost.example.org": true,
		"http://127.0.0.1:1": false, "http://[::1]:1": false, "http://localhost:1": false, "https://text.invalid": false,
	} {
		if got := errors.As(oneText(t, address, nil), &plain); got != refused {
			t.Errorf("%s: got refused %v, want %v", address, got, refused)
		}
	}
}

// TestSilentConnections checks that a connection on which nothing is sent does not stop a
// service that accepts both TLS and plain HTTP from accepting others.
func TestSilentConnections(t *testing.T) {
	authority := servertest.NewAuthority(t)
	cfg, _ := servertest.Config(t, serve.Text)
	cfg.Identity, cfg.Services.AllowPlainHTTP = authority.Identity(t, "text"), true
	address, end := serveUntilEnd(t, cfg)
	for range 5 {
		var dialer net.Dialer
		silent, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
	}
	if err := oneText(t, "https://"+address, authority.Identity(t, "core")); err != nil {
		t.Error(err)
	}
	if err := end(); err != nil {
		t.Errorf("error from serving: got %v, want nil", err)
	}
}
