package serve_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// sendRaw sends a request as it is to an address and returns the response.
func sendRaw(t *testing.T, address, request string) (servertest.Response, string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the response has been read
	if _, err = io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return servertest.Response{StatusCode: response.StatusCode, Status: response.Status, Header: response.Header}, string(body)
}

// TestEveryResponseHasSecurityHeaders sends requests of all kinds to all roles, and to the
// address of the health: pages, results, wrong paths and methods, wrong forms, redirects of
// unclean paths, and requests that net/http could answer itself.
func TestEveryResponseHasSecurityHeaders(t *testing.T) {
	const tail = " HTTP/1.1\r\nHost: play.example.org\r\nConnection: close\r\n"
	requests := []string{
		"GET /" + tail, "GET /" + tail + "Accept: text/html\r\n", "GET /nothing" + tail + "Accept: text/html\r\n", "GET /nothing" + tail, "HEAD /try" + tail,
		"GET /healthz" + tail, "GET /readyz" + tail, "GET /metrics" + tail, "GET /openapi.json" + tail, "GET /openapi.json/../openapi.json" + tail, "GET //v1//text" + tail,
		"GET /v1/text" + tail, "GET /v1/text?count=x" + tail, "GET /v1/number" + tail, "PUT /v1/text" + tail, "POST /v1/prize" + tail + "Content-Length: 0\r\n",
		"POST /v1/draws" + tail + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "GET /v1/campaigns" + tail, "GET /v1/entrants" + tail,
		"POST /try" + tail + "Origin: https://evil.example\r\nContent-Length: 0\r\n", "GET /static/style.css" + tail, "GET /static" + tail, "GET /favicon.ico" + tail,
		"OPTIONS *" + tail, "OPTIONS /v1/text" + tail, "TRACE /" + tail, "CONNECT /" + tail, "NONSENSE /" + tail,
	}
	addresses := map[string]string{}
	for _, role := range serve.Roles() {
		cfg, _ := servertest.Config(t, role)
		if role == serve.All {
			servertest.WithStore(t, storetest.File(t))(&cfg)
			addresses["health"], _ = callUntilEnd(t, cfg, (*serve.Server).ServeHealth)
		}
		addresses[string(role)], _ = serveUntilEnd(t, cfg)
	}
	for role, address := range addresses {
		for _, request := range requests {
			if !strings.Contains(request, "\r\n\r\n") {
				request += "\r\n"
			}
			response, _ := sendRaw(t, address, request)
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": ""} {
				if values := response.Header[name]; len(values) != 1 || !strings.Contains(values[0], want) || values[0] == "" {
					t.Errorf("%s of %s to %.60q: got %q, want one with %q", name, role, request, values, want)
				}
			}
			if got := response.Header.Get("Strict-Transport-Security"); got != "" {
				t.Errorf("Strict-Transport-Security of %s over HTTP: got %q, want none", role, got)
			}
		}
	}
}

// TestTraceIsRefused checks that no route answers TRACE, which would show a script the
// cookies that it cannot read.
func TestTraceIsRefused(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	for _, path := range []string{"/", "/try", "/c/summer/play", "/static/style.css", "/admin/login", "/v1/draws", "/v1/text", "/healthz", "/nothing"} {
		response, body := s.Send(t, http.MethodTrace, path, "", "Cookie", "once-summer=secret", "X-Secret", "secret")
		if response.StatusCode != http.StatusMethodNotAllowed && response.StatusCode != http.StatusNotFound || strings.Contains(body, "secret") {
			t.Errorf("TRACE %s: got %s with %q, want 404 or 405 without the request", path, response.Status, body)
		}
	}
}

// TestNoDirectoryListings checks that paths of folders lead to no list of files.
func TestNoDirectoryListings(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	for _, path := range []string{"/static", "/static/", "/static/.", "/templates/", "/.git/", "/debug/", "/v1/"} {
		for range 2 {
			response, body := s.Send(t, http.MethodGet, path, "", "Accept", "text/html")
			if strings.Contains(body, "logo.svg\">") || response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusTemporaryRedirect && response.StatusCode != http.StatusMovedPermanently {
				t.Errorf("GET %s: got %s, want 404 without a list of files, or a redirect:\n%s", path, response.Status, body)
			}
			if path = response.Header.Get("Location"); path == "" {
				break
			}
		}
	}
}

// TestHSTS checks that only responses over HTTPS contain Strict-Transport-Security, and that
// X-Forwarded-Proto counts only from a trusted proxy.
func TestHSTS(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, test := range []struct {
		maxAge    time.Duration
		trusted   string
		forwarded string
		want      string
	}{
		{maxAge: year, trusted: "127.0.0.1", forwarded: "https", want: "max-age=31536000; includeSubDomains"},
		{maxAge: year, trusted: "127.0.0.1", forwarded: "http"},
		{maxAge: year, trusted: "127.0.0.1"},
		{maxAge: year, trusted: "10.0.0.0/8", forwarded: "https"},
		{maxAge: 0, trusted: "127.0.0.1", forwarded: "https"},
	} {
		proxies, err := serve.ParseProxies(test.trusted)
		if err != nil {
			t.Fatal(err)
		}
		s := servertest.Start(t, serve.All, func(c *serve.Config) { c.HSTSMaxAge, c.Proxies = test.maxAge, proxies })
		for _, path := range []string{"/", "/v1/text", "/nothing", "/healthz"} {
			var header []string
			if test.forwarded != "" {
				header = []string{"X-Forwarded-Proto", test.forwarded}
			}
			response, _ := s.Send(t, http.MethodGet, path, "", header...)
			if got := strings.Join(response.Header["Strict-Transport-Security"], " | "); got != test.want {
				t.Errorf("GET %s with X-Forwarded-Proto %q, trusting %s, max-age %v: got %q, want %q", path, test.forwarded, test.trusted, test.maxAge, got, test.want)
			}
		}
	}
}

// TestOtherHostsAreRefused sends requests for hosts that the server does not serve, as after
// DNS rebinding, where a stranger's name leads to the server's address.
func TestOtherHostsAreRefused(t *testing.T) {
	hosts, err := serve.ParseHosts("play.example.org, bücher.example,192.0.2.1,[2001:db8::1]")
	if err != nil {
		t.Fatal(err)
	}
	cfg, _ := servertest.Config(t, serve.All)
	servertest.WithStore(t, storetest.File(t))(&cfg)
	cfg.Hosts = hosts
	address, _ := serveUntilEnd(t, cfg)
	health, _ := callUntilEnd(t, cfg, func(s *serve.Server, ctx context.Context, l net.Listener) error { return s.ServeHealth(ctx, l) })
	get := func(address, path, host, header string) (servertest.Response, string) {
		return sendRaw(t, address, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", path, host, header))
	}
	for _, host := range []string{"play.example.org", "PLAY.example.org", "play.example.org.", "play.example.org:8443", "xn--bcher-kva.example", "192.0.2.1:80", "[2001:db8::1]:443", "[2001:DB8:0::1]"} {
		for _, path := range []string{"/", "/v1/text", "/metrics"} {
			if response, body := get(address, path, host, ""); response.StatusCode != http.StatusOK {
				t.Errorf("GET %s from %s: got %s, want 200: %s", path, host, response.Status, body)
			}
		}
	}
	for _, host := range []string{"evil.example", "evil.play.example.org", "play.example.org.evil.example", "127.0.0.1", "localhost:8080", "[::1]", "", "play.example.org:x:y", "[play.example.org]"} {
		for _, path := range []string{"/", "/v1/text", "/metrics", "/nothing", "/admin/login"} {
			response, body := get(address, path, host, "")
			if bad := response.StatusCode == http.StatusBadRequest && host != "evil.example"; bad {
				continue // net/http does not accept every host
			}
			if response.StatusCode != http.StatusMisdirectedRequest || response.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, "hosts") {
				t.Errorf("GET %s from %q: got %s with %s, want the problem 421", path, host, response.Status, body)
			}
		}
		for _, path := range []string{"/healthz", "/readyz"} {
			if response, _ := get(address, path, host, ""); response.StatusCode != http.StatusOK && response.StatusCode != http.StatusBadRequest {
				t.Errorf("GET %s from %q: got %s, want 200", path, host, response.Status)
			}
		}
	}
	if response, body := get(address, "/", "evil.example", "Accept: text/html\r\n"); response.StatusCode != http.StatusMisdirectedRequest || !strings.Contains(body, "not available at this address") || response.Header.Get("Set-Cookie") != "" {
		t.Errorf("page from evil.example: got %s with %s, want a page with status 421", response.Status, body)
	}
	if response, _ := get(health, "/metrics", "10.0.0.7:9090", ""); response.StatusCode != http.StatusOK {
		t.Errorf("/metrics at the address of the health: got %s, want 200", response.Status)
	}
	forged := "POST /try HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	if response, _ := sendRaw(t, address, forged); response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("form from evil.example to evil.example: got %s, want 421", response.Status)
	}
}

// TestParseHosts checks the hosts that the setting accepts.
func TestParseHosts(t *testing.T) {
	for list, want := range map[string]string{
		"": "", " , ": "", "Play.Example.org": "play.example.org", "a.example., b.example": "a.example b.example", "bücher.example": "xn--bcher-kva.example",
		"[2001:db8::1],2001:DB8::2": "2001:db8::1 2001:db8::2", "localhost": "localhost",
	} {
		if got, err := serve.ParseHosts(list); err != nil || strings.Join(got, " ") != want {
			t.Errorf("hosts %q: got %q and error %v, want %q", list, got, err, want)
		}
	}
	for _, list := range []string{"https://a.example", "a.example:8080", "*.example.org", "a b", "a.example/path", "[192.0.2.1]", "[2001:db8::1", "[::1]:80", "a_b.example;"} {
		if got, err := serve.ParseHosts(list); err == nil {
			t.Errorf("hosts %q: got %q, want an error", list, got)
		}
	}
}
