// Package nginx_test runs the configuration in this folder in a real NGINX server in
// front of test services.
package nginx_test

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prizegen/prizegen/deploy/internal/testenv"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// startService starts a server and returns its address.
func startService(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// startNamed starts a server that responds with its name.
func startNamed(t *testing.T, name string) string {
	t.Helper()
	return startService(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
}

// TestRouting checks that requests for each kind of path reach the right service.
func TestRouting(t *testing.T) {
	behind := services{}
	for _, name := range []string{"core", "text", "number", "prize"} {
		behind[name] = []string{startNamed(t, name)}
	}
	f := start(t, behind)
	for path, want := range map[string]string{
		"/": "core", "/c/summer": "core", "/c/summer/events": "core", "/d/summer-1-abc": "core", "/try": "core",
		"/admin": "core", "/admin/login": "core", "/static/style.css": "core", "/openapi.json": "core", "/readyz": "core",
		"/v1/draws": "core", "/v1/draws/summer-1-abc": "core", "/v1/campaigns": "core", "/v1/core/status": "core",
		"/v1/text": "text", "/v1/text/status": "text", "/v1/number?count=3": "number", "/v1/number/status": "number",
		"/v1/prize": "prize", "/v1/prize/rules/generous": "prize", "/nginx-health": "alive\n",
	} {
		if r, got := f.send(t, http.MethodGet, path, ""); got != want || r.StatusCode != http.StatusOK {
			t.Errorf("%s: got status %d from %q, want 200 from %q", path, r.StatusCode, got, want)
		}
	}
	if r, got := f.send(t, http.MethodGet, "/metrics", ""); r.StatusCode != http.StatusNotFound || got == "core" {
		t.Errorf("/metrics: got status %d and %q, want 404", r.StatusCode, got)
	}
}

// TestForwardedHeaders checks that NGINX replaces forged headers that claim the origin of a
// request.
func TestForwardedHeaders(t *testing.T) {
	f := start(t, services{"core": {startService(t, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"host": r.Host, "header": r.Header})
	})}})
	_, body := f.send(t, http.MethodGet, "/", "", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "gopher", "X-Real-IP", "6.6.6.6",
		"Forwarded", "for=6.6.6.6", "X-Request-Id", "of-the-client-1", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	var got struct {
		Host   string
		Header http.Header
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Real-Ip": "", "Forwarded": "", "Connection": "",
		"X-Request-Id": "of-the-client-1", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	} {
		if value := strings.Join(got.Header[name], " | "); value != want {
			t.Errorf("header %s: got %q, want %q", name, value, want)
		}
	}
	if got.Host != "play.example.org" {
		t.Errorf("host: got %q, want play.example.org", got.Host)
	}
	_, body = f.send(t, http.MethodGet, "/", "", "X-Request-Id", `"><script>`)
	if strings.Contains(body, "script") {
		t.Errorf("forwarded headers: got %s, want no malformed request ID", body)
	}
}

// TestConnectionsAreReused checks that many requests share a few connections to a service.
func TestConnectionsAreReused(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	f := start(t, services{"core": {server.Listener.Addr().String()}})
	for range 200 {
		f.send(t, http.MethodGet, "/", "")
	}
	if n := connections.Load(); n > 4 { // each of the two worker processes needs at least one
		t.Errorf("connections for 200 requests: got %d, want at most 4", n)
	}
}

// TestRetries runs two replicas, one of which fails in the middle of every request. It
// checks that requests that may safely be repeated go to the other replica, and that all
// others fail.
func TestRetries(t *testing.T) {
	var died, answered atomic.Int64
	dying := startService(t, func(w http.ResponseWriter, r *http.Request) {
		died.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	healthy := startService(t, func(http.ResponseWriter, *http.Request) { answered.Add(1) })
	for _, test := range []struct {
		name, method, path string
		header             []string
		repeated           bool
	}{
		{"page", http.MethodGet, "/", nil, true},
		{"deletion", http.MethodDelete, "/v1/draws/summer-1-abc", nil, true},
		{"play without a key", http.MethodPost, "/v1/draws", nil, false},
		{"play with an empty key", http.MethodPost, "/v1/draws", []string{"Idempotency-Key", ""}, false},
		{"play with a key", http.MethodPost, "/v1/draws", []string{"Idempotency-Key", "abc"}, true},
		{"play on a page", http.MethodPost, "/c/summer/play", nil, false},
		{"change", http.MethodPatch, "/v1/campaigns/summer", []string{"Idempotency-Key", "abc"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			died.Store(0)
			answered.Store(0)
			f := start(t, services{"core": {dying, healthy}})
			failed := 0
			for range 4 {
				r, body := f.send(t, test.method, test.path, "{}", test.header...)
				if r.StatusCode == http.StatusOK {
					continue
				}
				failed++
				if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !strings.Contains(body, "again") {
					t.Errorf("failed request: got status %d, headers %v and body %s, want 503, Retry-After and a request to try again", r.StatusCode, r.Header, body)
				}
			}
			if died.Load() == 0 {
				t.Fatal("the failing replica received no requests")
			}
			if repeated := failed == 0; repeated != test.repeated {
				t.Errorf("4 requests, %d of them failed: got repeated %t, want %t", failed, repeated, test.repeated)
			}
			if int(answered.Load())+failed != 4 {
				t.Errorf("4 requests: %d succeeded and %d failed", answered.Load(), failed)
			}
		})
	}
}

// TestRefusalsAreNotFailures checks that NGINX keeps using replicas that repeatedly refuse
// live pages.
func TestRefusalsAreNotFailures(t *testing.T) {
	core := func() string {
		return startService(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/events") {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	}
	f := start(t, services{"core": {core(), core()}})
	for range 20 {
		if r, _ := f.send(t, http.MethodGet, "/c/summer/events", ""); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") != "1" {
			t.Fatalf("live page: got status %d and headers %v, want 503 and Retry-After 1", r.StatusCode, r.Header)
		}
		if r, _ := f.send(t, http.MethodGet, "/c/summer", ""); r.StatusCode != http.StatusOK {
			t.Fatalf("other page: got status %d, want 200", r.StatusCode)
		}
	}
}

// TestNoReplica checks that while no replica is running, people get a page, and programs
// get a problem document.
func TestNoReplica(t *testing.T) {
	f := start(t, services{"core": {testenv.FreeAddress(t)}})
	for path, want := range map[string]string{"/": "text/html", "/v1/campaigns": "application/problem+json", "/v1/draws": "application/problem+json"} {
		for _, header := range [][]string{nil, {"Idempotency-Key", "abc"}} {
			r, body := f.send(t, http.MethodPost, path, "{}", header...)
			if r.StatusCode != http.StatusServiceUnavailable || !strings.HasPrefix(r.Header.Get("Content-Type"), want) || r.Header.Get("Retry-After") != "2" {
				t.Errorf("%s: got status %d, headers %v and body %s, want 503, %s and Retry-After 2", path, r.StatusCode, r.Header, body, want)
			}
			wantSecurityHeaders(t, path, r.Header)
		}
	}
}

// wantSecurityHeaders checks that each security header of a response appears exactly once.
func wantSecurityHeaders(t *testing.T, path string, header http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "",
	} {
		if values := header[name]; len(values) != 1 || values[0] == "" || !strings.Contains(values[0], want) {
			t.Errorf("%s of %s: got %q, want one value with %q", name, path, values, want)
		}
	}
}

// TestBodyLimits checks that bodies of the maximum length are accepted, and that bodies
// that are one byte longer are rejected.
func TestBodyLimits(t *testing.T) {
	f := start(t, services{"core": {startService(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })}})
	for path, limit := range map[string]int{"/c/summer/play": 64 << 10, "/admin/campaigns": 1 << 20, "/v1/draws": 16 << 20, "/v1/campaigns": 16 << 20} {
		if r, _ := f.send(t, http.MethodPost, path, strings.Repeat("x", limit)); r.StatusCode != http.StatusOK {
			t.Errorf("%s, %d bytes: got status %s, want 200", path, limit, r.Status)
		}
		r, body := f.send(t, http.MethodPost, path, strings.Repeat("x", limit+1))
		if r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s, %d bytes: got status %s, want 413", path, limit+1, r.Status)
		}
		wantSecurityHeaders(t, path, r.Header)
		if api := strings.HasPrefix(path, "/v1/"); api != (r.Header.Get("Content-Type") == "application/problem+json") || api != json.Valid([]byte(body)) {
			t.Errorf("%s, %d bytes: got headers %v and body %s, want a problem document: %t", path, limit+1, r.Header, body, api)
		}
	}
}

// TestPlaysAreLimited plays faster than people can. It checks that NGINX refuses some of
// the plays, but no read-only requests.
func TestPlaysAreLimited(t *testing.T) {
	for _, test := range []struct {
		path, contentType string
		header            []string
	}{
		{"/v1/draws", "application/problem+json", nil},
		{"/v1/draws", "application/problem+json", []string{"Idempotency-Key", "abc"}},
		{"/c/summer/play", "text/html", nil},
		{"/admin/login", "text/html", nil},
	} {
		t.Run(test.path+strings.Join(test.header, " "), func(t *testing.T) {
			f := start(t, services{"core": {startNamed(t, "core")}})
			statuses := map[int]int{}
			for range 400 {
				r, _ := f.send(t, http.MethodPost, test.path, "{}", test.header...)
				statuses[r.StatusCode]++
				if r.StatusCode == http.StatusTooManyRequests && (r.Header.Get("Retry-After") != "1" || !strings.HasPrefix(r.Header.Get("Content-Type"), test.contentType)) {
					t.Fatalf("refused request: got headers %v, want Retry-After 1 and %s", r.Header, test.contentType)
				}
			}
			if statuses[http.StatusOK] < 6 || statuses[http.StatusTooManyRequests] == 0 || len(statuses) != 2 {
				t.Errorf("statuses of 400 plays: got %v, want status 200 at least 6 times and 429 for the others", statuses)
			}
			for range 50 {
				if r, _ := f.send(t, http.MethodGet, test.path, ""); r.StatusCode != http.StatusOK {
					t.Fatalf("GET: got status %d, want 200", r.StatusCode)
				}
			}
		})
	}
}

// TestTLS checks that HTTP redirects to HTTPS and that old TLS versions are refused.
func TestTLS(t *testing.T) {
	f := start(t, services{"core": {startNamed(t, "core")}})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.http+"/c/summer?a=b", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "play.example.org"
		r, err := f.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		// Status 308 preserves the method, so a form sent over HTTP is not lost.
		if got := r.Header.Get("Location"); r.StatusCode != http.StatusPermanentRedirect || got != "https://play.example.org/c/summer?a=b" {
			t.Errorf("%s over HTTP: got status %d to %q, want 308 to the same URL over HTTPS", method, r.StatusCode, got)
		}
	}
	if r, _ := f.send(t, http.MethodGet, "/", ""); strings.Join(r.Header["Strict-Transport-Security"], " | ") != "max-age=31536000; includeSubDomains" || r.TLS.Version != tls.VersionTLS13 {
		t.Errorf("got TLS version %x and Strict-Transport-Security %v, want TLS 1.3 and a max-age of one year", r.TLS.Version, r.Header["Strict-Transport-Security"])
	}
	old := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true} //nolint:gosec // must be refused
	if conn, err := (&tls.Dialer{Config: old}).DialContext(t.Context(), "tcp", f.https); err == nil {
		_ = conn.Close()
		t.Error("connection with TLS 1.1: got no error, want it refused")
	}
}

// TestEventsAreNotBuffered checks that each event arrives before the next one is sent.
func TestEventsAreNotBuffered(t *testing.T) {
	next := make(chan bool)
	f := start(t, services{"core": {startService(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	})}})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+f.https+"/c/summer/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewScanner(r.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) || !lines.Scan() {
			t.Fatalf("event %d: got %q, want \"data: %d\"", i, lines.Text(), i)
		}
		next <- true
	}
}

// TestCompression checks that NGINX compresses a response only if the client accepts gzip.
func TestCompression(t *testing.T) {
	text := strings.Repeat("a line of the odds\n", 1000)
	f := start(t, services{"core": {startService(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, text)
	})}})
	r, body := f.send(t, http.MethodGet, "/", "", "Accept-Encoding", "gzip")
	if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" || len(body) > len(text)/10 {
		t.Fatalf("with gzip: got %d bytes and headers %v, want at most %d bytes and Content-Encoding gzip", len(body), r.Header, len(text)/10)
	}
	plain, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(plain); err != nil || string(got) != text {
		t.Errorf("uncompressed: got %d bytes and error %v, want %d bytes", len(got), err, len(text))
	}
	if r, body = f.send(t, http.MethodGet, "/", "", "Accept-Encoding", "identity"); r.Header.Get("Content-Encoding") != "" || body != text {
		t.Errorf("without gzip: got headers %v, want no Content-Encoding and the original body", r.Header)
	}
}

// TestLog checks the log line of a request that contains characters that must be escaped in
// JSON.
func TestLog(t *testing.T) {
	f := start(t, services{"core": {startNamed(t, "core")}})
	f.send(t, http.MethodPost, "/c/summer/play?a=%22", "{}", "User-Agent", "a \"quoted\"\tagent\\", "X-Request-Id", "of-the-client-1")
	f.send(t, http.MethodGet, "/", "")
	// NGINX logs a request after it has sent the response.
	for strings.Count(testenv.ReadFile(t, f.log), "\n") < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	var lines []map[string]any
	for line := range strings.Lines(testenv.ReadFile(t, f.log)) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		lines = append(lines, entry)
	}
	for name, want := range map[string]any{
		"request_id": "of-the-client-1", "client": "127.0.0.1", "method": "POST", "uri": "/c/summer/play?a=%22", "status": 200.0,
		"upstream_status": "200", "host": "play.example.org", "agent": "a \"quoted\"\tagent\\", "tls": "TLSv1.3",
	} {
		if got := lines[0][name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if id, _ := lines[1]["request_id"].(string); len(id) != 32 {
		t.Errorf("request_id of a request without an ID: got %q, want 32 characters", id)
	}
}

// TestHeadersAppearOnce checks that responses from the real site contain each header only
// once.
func TestHeadersAppearOnce(t *testing.T) {
	site := servertest.New(t, serve.All, servertest.Quiet, func(c *serve.Config) {
		c.HSTSMaxAge, c.Proxies = time.Hour, serve.Proxies{netip.MustParsePrefix("127.0.0.1/32")}
	})
	f := start(t, services{"core": {startService(t, site.Handler().ServeHTTP)}})
	for _, path := range []string{"/", "/try", "/nothing", "/v1/core/status", "/v1/draws/none", "/static/style.css", "/nginx-health", "/metrics"} {
		r, _ := f.send(t, http.MethodGet, path, "", "Accept", "text/html", "X-Request-Id", "of-the-client-1")
		wantSecurityHeaders(t, path, r.Header)
		for name, values := range r.Header {
			if len(values) != 1 && name != "Vary" && name != "Set-Cookie" {
				t.Errorf("%s: got %s %d times, want once: %q", path, name, len(values), values)
			}
		}
		if got := r.Header.Get("X-Request-Id"); got != "of-the-client-1" && path != "/nginx-health" && path != "/metrics" {
			t.Errorf("%s: got X-Request-Id %q, want of-the-client-1", path, got)
		}
	}
	if r, _ := f.send(t, http.MethodGet, "/", ""); !strings.Contains(r.Header.Get("Content-Security-Policy"), "form-action 'self'") {
		t.Errorf("Content-Security-Policy of the site: got %q, want the site's own", r.Header.Get("Content-Security-Policy"))
	}
}
