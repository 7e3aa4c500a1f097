// Package nginx_test runs the configuration of this folder in a real NGINX, in front of
// services that tell what has reached them.
package nginx_test

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

// service starts a server and gives its address.
func service(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// named says its name to everybody.
func named(t *testing.T, name string) string {
	t.Helper()
	return service(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
}

// TestWhoAnswers asks for paths of every kind.
func TestWhoAnswers(t *testing.T) {
	behind := services{}
	for _, name := range []string{"core", "text", "number", "prize"} {
		behind[name] = []string{named(t, name)}
	}
	f := start(t, behind)
	for path, want := range map[string]string{
		"/": "core", "/c/summer": "core", "/c/summer/events": "core", "/d/summer-1-abc": "core", "/try": "core",
		"/admin": "core", "/admin/login": "core", "/static/style.css": "core", "/openapi.json": "core", "/readyz": "core",
		"/v1/draws": "core", "/v1/draws/summer-1-abc": "core", "/v1/campaigns": "core", "/v1/core/status": "core",
		"/v1/text": "text", "/v1/text/status": "text", "/v1/number?count=3": "number", "/v1/number/status": "number",
		"/v1/prize": "prize", "/v1/prize/rules/generous": "prize", "/nginx-health": "alive\n",
	} {
		if answer, got := f.send(t, http.MethodGet, path, ""); got != want || answer.StatusCode != http.StatusOK {
			t.Errorf("%s is answered with %d by %q, want %q", path, answer.StatusCode, got, want)
		}
	}
	if answer, got := f.send(t, http.MethodGet, "/metrics", ""); answer.StatusCode != http.StatusNotFound || got == "core" {
		t.Errorf("the public gets metrics: %d %q", answer.StatusCode, got)
	}
}

// TestWhatIsPassedOn has a client lie about where it comes from.
func TestWhatIsPassedOn(t *testing.T) {
	f := start(t, services{"core": {service(t, func(w http.ResponseWriter, r *http.Request) {
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
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	if got.Host != "play.example.org" {
		t.Errorf("the host is %q", got.Host)
	}
	_, body = f.send(t, http.MethodGet, "/", "", "X-Request-Id", `"><script>`)
	if strings.Contains(body, "script") {
		t.Errorf("a strange id is passed on: %s", body)
	}
}

// TestConnectionsAreKept counts the connections that many requests take.
func TestConnectionsAreKept(t *testing.T) {
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
	if n := connections.Load(); n > 4 { // one for each worker, and some in reserve
		t.Errorf("200 requests took %d connections to the core", n)
	}
}

// TestRetries has one of two replicas die in the middle of every request: those that may
// be repeated go to the other one, and nothing else does.
func TestRetries(t *testing.T) {
	var lost, answered atomic.Int64
	dying := service(t, func(w http.ResponseWriter, r *http.Request) {
		lost.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	sound := service(t, func(http.ResponseWriter, *http.Request) { answered.Add(1) })
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
			lost.Store(0)
			answered.Store(0)
			f := start(t, services{"core": {dying, sound}})
			failed := 0
			for range 4 {
				answer, body := f.send(t, test.method, test.path, "{}", test.header...)
				if answer.StatusCode == http.StatusOK {
					continue
				}
				failed++
				if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || !strings.Contains(body, "again") {
					t.Errorf("refused with %d %v\n%s", answer.StatusCode, answer.Header, body)
				}
			}
			if lost.Load() == 0 {
				t.Fatal("the replica that dies was never asked")
			}
			if repeated := failed == 0; repeated != test.repeated {
				t.Errorf("%d of 4 requests failed", failed)
			}
			if int(answered.Load())+failed != 4 {
				t.Errorf("4 requests were answered %d times and failed %d times", answered.Load(), failed)
			}
		})
	}
}

// TestRefusalsCountAgainstNobody has replicas refuse live pages, again and again: the
// site is there for everybody else.
func TestRefusalsCountAgainstNobody(t *testing.T) {
	core := func() string {
		return service(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/events") {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	}
	f := start(t, services{"core": {core(), core()}})
	for range 20 {
		if answer, _ := f.send(t, http.MethodGet, "/c/summer/events", ""); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "1" {
			t.Fatalf("a live page that is refused: %d %v", answer.StatusCode, answer.Header)
		}
		if answer, _ := f.send(t, http.MethodGet, "/c/summer", ""); answer.StatusCode != http.StatusOK {
			t.Fatalf("somebody else is refused, too: %d", answer.StatusCode)
		}
	}
}

// TestNobodyAnswers is told apart for people and for programs.
func TestNobodyAnswers(t *testing.T) {
	f := start(t, services{"core": {freeAddress(t)}})
	for path, want := range map[string]string{"/": "text/html", "/v1/campaigns": "application/problem+json", "/v1/draws": "application/problem+json"} {
		for _, header := range [][]string{nil, {"Idempotency-Key", "abc"}} {
			answer, body := f.send(t, http.MethodPost, path, "{}", header...)
			if answer.StatusCode != http.StatusServiceUnavailable || !strings.HasPrefix(answer.Header.Get("Content-Type"), want) || answer.Header.Get("Retry-After") != "2" {
				t.Errorf("%s: %d %v\n%s", path, answer.StatusCode, answer.Header, body)
			}
		}
	}
}

// TestBodies are refused where they are too long.
func TestBodies(t *testing.T) {
	f := start(t, services{"core": {service(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })}})
	for path, most := range map[string]int{"/c/summer/play": 64 << 10, "/admin/campaigns": 1 << 20, "/v1/draws": 16 << 20, "/v1/campaigns": 16 << 20} {
		if answer, _ := f.send(t, http.MethodPost, path, strings.Repeat("x", most)); answer.StatusCode != http.StatusOK {
			t.Errorf("%d bytes to %s: %s", most, path, answer.Status)
		}
		answer, body := f.send(t, http.MethodPost, path, strings.Repeat("x", most+1))
		if answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("one byte too many to %s: %s", path, answer.Status)
		}
		if api := strings.HasPrefix(path, "/v1/"); api != (answer.Header.Get("Content-Type") == "application/problem+json") || api != json.Valid([]byte(body)) {
			t.Errorf("%s is told of one byte too many by %v %s", path, answer.Header, body)
		}
	}
}

// TestPlaysAreLimited plays faster than people do; looking is not limited.
func TestPlaysAreLimited(t *testing.T) {
	for _, test := range []struct {
		path, kind string
		header     []string
	}{
		{"/v1/draws", "application/problem+json", nil},
		{"/v1/draws", "application/problem+json", []string{"Idempotency-Key", "abc"}},
		{"/c/summer/play", "text/html", nil},
		{"/admin/login", "text/html", nil},
	} {
		t.Run(test.path+strings.Join(test.header, " "), func(t *testing.T) {
			f := start(t, services{"core": {named(t, "core")}})
			statuses := map[int]int{}
			for range 200 {
				answer, _ := f.send(t, http.MethodPost, test.path, "{}", test.header...)
				statuses[answer.StatusCode]++
				if answer.StatusCode == http.StatusTooManyRequests && (answer.Header.Get("Retry-After") != "1" || !strings.HasPrefix(answer.Header.Get("Content-Type"), test.kind)) {
					t.Fatalf("refused with %v", answer.Header)
				}
			}
			if statuses[http.StatusOK] < 6 || statuses[http.StatusTooManyRequests] == 0 || len(statuses) != 2 {
				t.Errorf("200 plays at once: %v", statuses)
			}
			for range 50 {
				if answer, _ := f.send(t, http.MethodGet, test.path, ""); answer.StatusCode != http.StatusOK {
					t.Fatalf("looking is refused with %d", answer.StatusCode)
				}
			}
		})
	}
}

// TestTLS is spoken by everybody, and by none of the old versions.
func TestTLS(t *testing.T) {
	f := start(t, services{"core": {named(t, "core")}})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.http+"/c/summer?a=b", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "play.example.org"
		answer, err := f.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		// 308 keeps the method, so that a form sent to the wrong port is not lost.
		if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusPermanentRedirect || got != "https://play.example.org/c/summer?a=b" {
			t.Errorf("%s by HTTP: %d to %q", method, answer.StatusCode, got)
		}
	}
	if answer, _ := f.send(t, http.MethodGet, "/", ""); strings.Join(answer.Header["Strict-Transport-Security"], " | ") != "max-age=31536000" || answer.TLS.Version != tls.VersionTLS13 {
		t.Errorf("TLS %x, Strict-Transport-Security %v", answer.TLS.Version, answer.Header["Strict-Transport-Security"])
	}
	old := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true} //nolint:gosec // that is what is refused
	if conn, err := (&tls.Dialer{Config: old}).DialContext(t.Context(), "tcp", f.https); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

// TestEventsAreNotHeldBack waits for each event before the next one is made.
func TestEventsAreNotHeldBack(t *testing.T) {
	next := make(chan bool)
	f := start(t, services{"core": {service(t, func(w http.ResponseWriter, _ *http.Request) {
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
	answer, err := f.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) || !lines.Scan() {
			t.Fatalf("event %d is %q", i, lines.Text())
		}
		next <- true
	}
}

// TestCompression is done for those who ask for it.
func TestCompression(t *testing.T) {
	text := strings.Repeat("a line of the odds\n", 1000)
	f := start(t, services{"core": {service(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, text)
	})}})
	answer, body := f.send(t, http.MethodGet, "/", "", "Accept-Encoding", "gzip")
	if answer.Header.Get("Content-Encoding") != "gzip" || answer.Header.Get("Vary") != "Accept-Encoding" || len(body) > len(text)/10 {
		t.Fatalf("%d bytes with %v", len(body), answer.Header)
	}
	plain, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(plain); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if answer, body = f.send(t, http.MethodGet, "/", "", "Accept-Encoding", "identity"); answer.Header.Get("Content-Encoding") != "" || body != text {
		t.Errorf("who does not ask gets %v", answer.Header)
	}
}

// TestLog reads what is logged of a request, with characters that JSON can't have.
func TestLog(t *testing.T) {
	f := start(t, services{"core": {named(t, "core")}})
	f.send(t, http.MethodPost, "/c/summer/play?a=%22", "{}", "User-Agent", "a \"quoted\"\tagent\\", "X-Request-Id", "of-the-client-1")
	f.send(t, http.MethodGet, "/", "")
	// A request is logged when its answer is on its way.
	for strings.Count(read(t, f.log), "\n") < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	var lines []map[string]any
	for line := range strings.Lines(read(t, f.log)) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		lines = append(lines, entry)
	}
	for name, want := range map[string]any{
		"request_id": "of-the-client-1", "client": "127.0.0.1", "method": "POST", "uri": "/c/summer/play?a=%22", "status": 200.0,
		"upstream_status": "200", "host": "play.example.org", "agent": "a \"quoted\"\tagent\\", "tls": "TLSv1.3",
	} {
		if got := lines[0][name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if id, _ := lines[1]["request_id"].(string); len(id) != 32 {
		t.Errorf("the id of a request that has none is %q", id)
	}
}

// TestHeadersAreNotDoubled asks the real site.
func TestHeadersAreNotDoubled(t *testing.T) {
	text, err := textgen.Parse(textgen.Lower4)
	if err != nil {
		t.Fatal(err)
	}
	number, err := numgen.Parse(numgen.Digits4)
	if err != nil {
		t.Fatal(err)
	}
	site, err := serve.New(serve.Config{
		Role: serve.All, Text: text, Number: number, Log: slog.New(slog.DiscardHandler),
		Rules: func() ([]*prize.Rules, error) {
			rules, err := prize.Builtin(prize.Generous)
			return []*prize.Rules{rules}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, services{"core": {service(t, site.Handler().ServeHTTP)}})
	for _, path := range []string{"/", "/try", "/nothing", "/v1/core/status", "/v1/draws/none"} {
		answer, _ := f.send(t, http.MethodGet, path, "", "Accept", "text/html", "X-Request-Id", "of-the-client-1")
		for name, values := range answer.Header {
			if len(values) != 1 && name != "Vary" && name != "Set-Cookie" {
				t.Errorf("%s has %s %d times: %q", path, name, len(values), values)
			}
		}
		if got := answer.Header.Get("X-Request-Id"); got != "of-the-client-1" {
			t.Errorf("%s was answered with the id %q", path, got)
		}
	}
	if answer, _ := f.send(t, http.MethodGet, "/", ""); answer.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page has no Content-Security-Policy")
	}
}
