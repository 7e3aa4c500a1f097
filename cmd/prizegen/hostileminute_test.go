//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// hostileRequest returns a random request that is malformed or hostile, without the empty line
// that ends its header, and its body.
func hostileRequest(random *rand.Rand) (header, body string) {
	junk := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	word := func() string { return strconv.FormatUint(random.Uint64(), 36) }
	const isJSON, isForm = "\r\nContent-Type: application/json", "\r\nContent-Type: application/x-www-form-urlencoded"
	post := func(path, kind, body string) (string, string) { return "POST " + path + " HTTP/1.1" + kind, body }
	play := func(name, email string) string {
		return fmt.Sprintf(`{"campaign":%q,"entrant":{"first_name":"A","last_name":"B","email":%q}}`, name, email)
	}
	kinds := []func() (string, string){
		// Not HTTP, or not quite.
		func() (string, string) { return junk(200), "" },
		func() (string, string) { return "GET / HTTP/9.9", "" },
		func() (string, string) { return "GET /" + junk(20) + " HTTP/1.1", "" },
		func() (string, string) { return "GET / HTTP/1.1\r\nX-Long: " + strings.Repeat("a", 64<<10), "" },
		func() (string, string) { return "GET / HTTP/1.1" + strings.Repeat("\r\nX-Many: "+word(), 2000), "" },
		func() (string, string) {
			return "POST /v1/draws HTTP/1.1\r\nTransfer-Encoding: chunked" + isJSON, "5\r\n{}\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"
		},
		func() (string, string) {
			return "POST /v1/draws HTTP/1.1\r\nTransfer-Encoding: gzip, chunked" + isJSON, "ffffffffffffffffff\r\n"
		},
		// Bodies.
		func() (string, string) { return post("/v1/draws", isJSON, junk(1000)) },
		func() (string, string) { return post("/v1/draws", isJSON, strings.Repeat("[", 100_000)) },
		func() (string, string) { return post("/v1/draws", isJSON, strings.Repeat(`{"a":`, 20_000)) },
		func() (string, string) { return post("/v1/draws", isJSON, `{"seed":"`+strings.Repeat("a", 1<<20)+`"}`) },
		func() (string, string) { return post("/v1/draws", isJSON, `{"count":1e308}`) },
		func() (string, string) { return post("/v1/draws", isJSON, `{"count":1000}`) },
		func() (string, string) { return post("/v1/draws", "", "") },
		func() (string, string) {
			return post("/v1/prize", isJSON, `{"accounts":["a1"],"rules_yaml":"`+word()+`: [&a *a]"}`)
		},
		func() (string, string) {
			return post("/v1/prize", isJSON, fmt.Sprintf(`{"accounts":["abcd1234"],"rules_yaml":"name: %s\ncurrency: GBP\nrules:\n- {match: '((x{0,9}){0,9}){0,9}', prizes: [{win: 1, chance: 1%%}]}\n"}`, word()))
		},
		func() (string, string) { return post("/v1/text", isJSON, `{"count":100000,"format":"lower64"}`) },
		func() (string, string) {
			return post("/v1/text", isJSON, `{"ranges":[{}`+strings.Repeat(",{}", 100_000)+`]}`)
		},
		// Paths, parameters and methods.
		func() (string, string) { return "GET /../../etc/passwd HTTP/1.1", "" },
		func() (string, string) { return "GET /static/..%2f..%2fetc%2fpasswd HTTP/1.1", "" },
		func() (string, string) { return "GET /c/" + strings.Repeat("a", 20_000) + " HTTP/1.1", "" },
		func() (string, string) { return "GET /c/summer/winners?before=%27%20OR%201%3D1-- HTTP/1.1", "" },
		func() (string, string) { return "GET /v1/campaigns?limit=-1&cursor=%ff HTTP/1.1", "" },
		func() (string, string) { return "GET /try/" + word() + " HTTP/1.1", "" },
		func() (string, string) { return "GET /d/" + word() + " HTTP/1.1", "" },
		func() (string, string) {
			return "DELETE /v1/campaigns/summer HTTP/1.1\r\nAuthorization: Bearer " + word(), ""
		},
		func() (string, string) { return "GET /v1/entrants HTTP/1.1\r\nAuthorization: Basic " + word(), "" },
		func() (string, string) { return "GET /v1/campaigns/summer/export HTTP/1.1", "" },
		func() (string, string) { return "GET /metrics HTTP/1.1", "" },
		// Plays and forms.
		func() (string, string) { return post("/v1/draws", isJSON, play("summer", "'; DROP TABLE draws; --")) },
		func() (string, string) { return post("/v1/draws", isJSON, play("winter", word()+"@example.org")) },
		func() (string, string) { return post("/v1/draws", isJSON, play("winter", "known@example.org")) },
		func() (string, string) { return post("/v1/draws", isJSON, play(word(), "a@example.org")) },
		func() (string, string) {
			return post("/c/winter/play", isForm, "first_name=%ff%fe&last_name=%00&once="+word())
		},
		func() (string, string) { return post("/c/summer/play", isForm, strings.Repeat("a=b&", 50_000)) },
		func() (string, string) { return post("/admin/login", isForm, "password="+word()) },
	}
	return kinds[random.IntN(len(kinds))]()
}

// attackOnce sends a hostile request from one of 50 addresses and returns the status of the
// response, or 0 if there is none. Some attackers leave in the middle.
func attackOnce(ctx context.Context, address string, random *rand.Rand) (status int, request string, err error) {
	header, body := hostileRequest(random)
	request = fmt.Sprintf("%s\r\nHost: example.org\r\nConnection: close\r\nX-Forwarded-For: 198.18.%d.1:%d", header, random.IntN(50), 1024+random.IntN(1000))
	if !strings.Contains(header, "Transfer-Encoding") {
		request += fmt.Sprintf("\r\nContent-Length: %d", len(body))
	}
	request += "\r\n\r\n" + body
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, request, err
	}
	defer connection.Close() //nolint:errcheck // nothing was promised to the server
	if random.IntN(10) == 0 {
		_, _ = io.WriteString(connection, request[:random.IntN(len(request))])
		return 0, request, nil
	}
	go func() { _, _ = io.WriteString(connection, request) }() // the server may not read all of it
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return 0, request, nil // the server may close the connection
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, request, nil
}

// siege are hostile requests and honest plays to the same server.
type siege struct {
	t    *testing.T
	s    *service
	next int // number of honest plays so far

	mu       sync.Mutex
	statuses map[int]int // of the responses to hostile requests
}

// attack sends n hostile requests, a fixed time after each other or, without one, a few at a
// time.
func (g *siege) attack(n int, every time.Duration) {
	running := make(chan struct{}, 8)
	if every > 0 {
		running = make(chan struct{}, 400)
	}
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * every)))
		running <- struct{}{}
		wg.Go(func() {
			defer func() { <-running }()
			status, request, err := attackOnce(g.t.Context(), strings.TrimPrefix(g.s.url, "http://"), rand.New(rand.NewPCG(1, uint64(i))))
			if err != nil {
				g.t.Errorf("hostile request %d: %v", i, err)
			}
			if status == http.StatusInternalServerError || status == http.StatusBadGateway || status == http.StatusGatewayTimeout {
				g.t.Errorf("hostile request %d: got status %d for %.200q", i, status, request)
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			g.statuses[status]++
		})
	}
	wg.Wait()
}

// play makes n honest plays, each by another person from another network, and returns how long
// they took in ascending order.
func (g *siege) play(n int, every time.Duration) []time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * every)))
		g.next++
		body := fmt.Sprintf(`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":"ann%d@example.org"}}`, g.next)
		from := fmt.Sprintf("10.%d.%d.1", g.next/256, g.next%256)
		wg.Go(func() {
			request, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.s.url+"/v1/draws", strings.NewReader(body))
			if err != nil {
				g.t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("X-Forwarded-For", from)
			began := time.Now()
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				g.t.Errorf("honest play %d: %v", i, err)
				return
			}
			text, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusCreated {
				g.t.Errorf("honest play %d: got %s %.300s", i, response.Status, text)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
		})
		if every == 0 {
			wg.Wait()
		}
	}
	wg.Wait()
	slices.Sort(took)
	return took
}

// TestHostileMinute sends malformed and hostile requests from 50 addresses while honest people
// play. It checks that every honest play is made, that no request fails in the server, and
// that a core with the default limits stays within the 512 MB that deploy/ gives it. `make
// soak` sets HOSTILE_SECONDS to send 200 requests a second for that long, and then also checks
// that 99% of the honest plays take less than four times as long as without the others.
func TestHostileMinute(t *testing.T) {
	seconds := 0
	if text := os.Getenv("HOSTILE_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 {
			t.Fatalf("HOSTILE_SECONDS must be a positive number, got %q", text)
		}
	}
	useReleaseBuild(t)
	t.Setenv("GOMEMLIMIT", "409MiB") // as in a container with 512 MB
	s := startServiceWith(t, []string{"PRIZEGEN_ADMIN_TOKEN=" + adminToken, "PRIZEGEN_ADMIN_PASSWORD=" + adminToken, "PRIZEGEN_RATE_LIMITS=on"},
		"127.0.0.1:0", "--no-welcome", "--trusted-proxies", "127.0.0.1")
	admin := adminAt(t, s.url, adminToken)
	for _, name := range []string{"summer", "winter"} {
		if _, err := admin.Create(t.Context(), campaign.Plan{Name: name, MaxPlays: 1, RequireEmail: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.Open(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	g := &siege{t: t, s: s, statuses: map[int]int{}}
	attacks, plays, attackEvery, playEvery := 400, 40, time.Duration(0), time.Duration(0)
	var quiet []time.Duration
	if seconds > 0 {
		attacks, plays, attackEvery, playEvery = 200*seconds, 20*seconds, time.Second/200, time.Second/20
		g.play(100, playEvery) // warms up
		quiet = g.play(plays, playEvery)
	}
	var attacking sync.WaitGroup
	attacking.Go(func() { g.attack(attacks, attackEvery) })
	besieged := g.play(plays, playEvery)
	attacking.Wait()
	t.Logf("statuses of hostile requests: %v; the peak is %d MB", g.statuses, s.peakMemory(t))
	if g.statuses[http.StatusBadRequest] == 0 || seconds > 0 && g.statuses[http.StatusTooManyRequests] == 0 {
		t.Errorf("got statuses %v of hostile requests, want some of them to be 400 and, after a while, 429", g.statuses)
	}
	if memory := s.peakMemory(t); memory > 480 {
		t.Errorf("took %d MB of memory, want at most 480 MB", memory)
	}
	if c, err := admin.Campaign(t.Context(), "summer"); err != nil || c.Plays != int64(g.next) {
		t.Errorf("got %d plays, error %v, want the %d honest ones", c.Plays, err, g.next)
	}
	if seconds > 0 {
		before, during := quiet[len(quiet)*99/100], besieged[len(besieged)*99/100]
		t.Logf("99%% of the honest plays took at most %v alone and %v beside the others", before, during)
		if during >= 4*before {
			t.Errorf("99%% of the honest plays took at most %v, want less than four times the %v without hostile requests", during, before)
		}
	}
}
