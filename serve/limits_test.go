package serve_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/ratelimit"
	"github.com/prizegen/prizegen/serve/servertest"
)

// limitsClock is a clock for rate limits that moves when a test says so.
type limitsClock struct{ nanos atomic.Int64 }

func (c *limitsClock) now() time.Time          { return time.Unix(1_800_000_000, c.nanos.Load()) }
func (c *limitsClock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// withLimits makes a server enforce rate limits by a clock. change may change the defaults.
func withLimits(c *limitsClock, change ...func(*ratelimit.Config)) servertest.Option {
	return func(cfg *serve.Config) {
		cfg.RateLimits = ratelimit.Defaults()
		cfg.RateLimits.Now = c.now
		for _, f := range change {
			f(&cfg.RateLimits)
		}
		proxies, err := serve.ParseProxies("127.0.0.1")
		if err != nil {
			panic(err)
		}
		cfg.Proxies = proxies
	}
}

// jackpots are rules with a hundred jackpots, which the first plays win.
const jackpots = `name: jackpots
currency: GBP
rules:
- prizes: [{prize: Jackpot, value: 1000, chance: 100%, stock: 100}]
`

// openJackpots opens a campaign with a hundred jackpots and one play per person.
func openJackpots(t *testing.T, s *servertest.Server) {
	t.Helper()
	admin := s.Admin(t, servertest.Token)
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: "summer", RulesYAML: jackpots, MaxPlays: 1, RequireEmail: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Open(t.Context(), "summer"); err != nil {
		t.Fatal(err)
	}
}

// playAs makes a play for an email address from an address.
func playAs(t *testing.T, s *servertest.Server, email, from string, headers ...string) (servertest.Response, string) {
	t.Helper()
	return s.Send(t, http.MethodPost, "/v1/draws", fmt.Sprintf(`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":%q}}`, email),
		append([]string{"X-Forwarded-For", from}, headers...)...)
}

// wantRefused checks that a response is a refusal by a rate limit, and returns how long to
// wait.
func wantRefused(t *testing.T, what string, response servertest.Response, text string) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if response.StatusCode != http.StatusTooManyRequests || err != nil || seconds < 1 {
		t.Fatalf("%s: got %s, Retry-After %q: %s, want status 429", what, response.Status, response.Header.Get("Retry-After"), text)
	}
	return time.Duration(seconds) * time.Second
}

// TestInventedAddresses plays with 400 invented email addresses at once, as somebody does who
// wants all prizes. With the default limits most plays are refused, and after the time to wait
// the next one is made. Without limits all are made.
func TestInventedAddresses(t *testing.T) {
	for name, test := range map[string]struct {
		from    func(i int) string
		limited bool
		want    int // plays that are made
	}{
		"one address":              {func(int) string { return "192.0.2.1" }, true, 80},
		"an IPv4 network":          {func(i int) string { return fmt.Sprintf("192.0.2.%d:%d", i%256, 1024+i) }, true, 160},
		"an IPv6 address":          {func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i) }, true, 80},
		"an IPv6 network":          {func(i int) string { return fmt.Sprintf("[2001:db8:1:%x::1]:443", i) }, true, 160},
		"everywhere":               {func(i int) string { return fmt.Sprintf("10.%d.%d.1", i/256, i%256) }, true, 400},
		"one address, limits off":  {func(int) string { return "192.0.2.1" }, false, 400},
		"a trusted network's hall": {func(int) string { return "198.51.100.1" }, true, 400},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &limitsClock{}
			options := []servertest.Option{servertest.Quiet, servertest.WithStore(t, storetest.File(t))}
			if test.limited {
				options = append(options, withLimits(clock, func(cfg *ratelimit.Config) {
					cfg.Trusted, _ = serve.ParseProxies("198.51.100.0/24")
				}))
			}
			s := servertest.Start(t, serve.All, options...)
			openJackpots(t, s)
			made, jackpots := 0, 0
			var wait time.Duration
			for i := range 400 {
				response, text := playAs(t, s, fmt.Sprintf("ann%d@example.org", i), test.from(i))
				if response.StatusCode == http.StatusCreated {
					made++
					if !strings.Contains(text, `"prize":null`) {
						jackpots++
					}
					continue
				}
				wait = wantRefused(t, fmt.Sprint("play ", i), response, text)
				if kind := response.Header.Get("Content-Type"); kind != "application/problem+json" {
					t.Fatalf("got content type %s", kind)
				}
			}
			if made != test.want || jackpots != min(made, 100) {
				t.Errorf("got %d plays and %d jackpots, want %d plays", made, jackpots, test.want)
			}
			if clock.advance(wait); made < 400 {
				if response, text := playAs(t, s, "late@example.org", test.from(0)); response.StatusCode != http.StatusCreated {
					t.Errorf("after %v: got %s %s, want status 201", wait, response.Status, text)
				}
			}
			_, metrics := s.Send(t, http.MethodGet, "/metrics", "")
			if line := fmt.Sprintf("prizegen_rate_limited_total{class=\"plays\"} %d\n", 400-made); !strings.Contains(metrics, line) {
				t.Errorf("the metrics do not contain %q", line)
			}
		})
	}
}

// TestHall makes 300 people play from one address at random times of a minute, as in a hall
// with one connection to the internet. All of them can play with the default limits.
func TestHall(t *testing.T) {
	clock := &limitsClock{}
	s := servertest.Start(t, serve.All, servertest.Quiet, servertest.WithStore(t, storetest.File(t)), withLimits(clock))
	openJackpots(t, s)
	random := rand.New(rand.NewPCG(1, 2))
	times := make([]time.Duration, 300)
	for i := range times {
		times[i] = time.Duration(random.Int64N(int64(time.Minute)))
	}
	slices.Sort(times)
	for i, at := range times {
		clock.advance(at - time.Duration(clock.nanos.Load()))
		if response, text := playAs(t, s, fmt.Sprintf("ann%d@example.org", i), "192.0.2.1"); response.StatusCode != http.StatusCreated {
			t.Fatalf("play %d after %v: got %s %s", i, at, response.Status, text)
		}
	}
}

// TestWhoHasPlayed tries to find out which addresses have played. After five answers, every
// play is refused in the same way until a minute has passed. Repeating one's own play with
// the same key is no such answer.
func TestWhoHasPlayed(t *testing.T) {
	clock := &limitsClock{}
	s := servertest.Start(t, serve.All, servertest.Quiet, servertest.WithStore(t, storetest.File(t)), withLimits(clock))
	openJackpots(t, s)
	for i := range 40 {
		for range 3 { // with the same key
			if response, text := playAs(t, s, fmt.Sprintf("ann%d@example.org", i), fmt.Sprintf("10.0.%d.1", i), "Idempotency-Key", fmt.Sprint("key-", i)); response.StatusCode != http.StatusCreated {
				t.Fatalf("play %d: got %s %s", i, response.Status, text)
			}
		}
	}
	const spy = "192.0.2.1"
	for i := range 5 {
		if response, text := playAs(t, s, fmt.Sprintf("ann%d@example.org", i), spy); response.StatusCode != http.StatusConflict {
			t.Fatalf("try %d: got %s %s, want status 409", i, response.Status, text)
		}
	}
	known, knownText := playAs(t, s, "ann7@example.org", spy)
	unknown, unknownText := playAs(t, s, "new@example.org", spy)
	for _, id := range []string{known.Header.Get("X-Request-Id"), unknown.Header.Get("X-Request-Id")} {
		knownText, unknownText = strings.ReplaceAll(knownText, id, "ID"), strings.ReplaceAll(unknownText, id, "ID")
	}
	if wantRefused(t, "a known address", known, knownText) != wantRefused(t, "a new address", unknown, unknownText) || knownText != unknownText {
		t.Errorf("got %s for a known address and %s for a new one, want the same", knownText, unknownText)
	}
	if response, text := playAs(t, s, "bob@example.org", "192.0.2.2"); response.StatusCode != http.StatusCreated {
		t.Errorf("somebody else: got %s %s", response.Status, text)
	}
	clock.advance(time.Minute)
	if response, text := playAs(t, s, "new@example.org", spy); response.StatusCode != http.StatusCreated {
		t.Errorf("after a minute: got %s %s", response.Status, text)
	}
	// Many spies together learn thirty.
	for i := range 30 {
		if response, text := playAs(t, s, fmt.Sprintf("ann%d@example.org", i), fmt.Sprintf("10.1.%d.1", i)); response.StatusCode != http.StatusConflict {
			t.Fatalf("try %d: got %s %s, want status 409", i, response.Status, text)
		}
	}
	response, text := playAs(t, s, "carol@example.org", "10.2.0.1")
	clock.advance(wantRefused(t, "in the campaign", response, text))
	if response, text := playAs(t, s, "carol@example.org", "10.2.0.1"); response.StatusCode != http.StatusCreated {
		t.Errorf("after another minute: got %s %s", response.Status, text)
	}
}

// TestClassesAreLimited checks the other limits of the API, and that the administrator has
// none.
func TestClassesAreLimited(t *testing.T) {
	clock := &limitsClock{}
	one := func(cfg *ratelimit.Config) {
		limit := ratelimit.Limit{Events: 1, Per: time.Minute, Burst: 1}
		cfg.Plays, cfg.Draws, cfg.Exports, cfg.Rules = limit, limit, limit, limit
	}
	s := servertest.Start(t, serve.All, servertest.Quiet, servertest.WithStore(t, storetest.File(t)), withLimits(clock, one))
	s.OpenCampaign(t, "summer")
	rules := func(i int) string {
		text, err := json.Marshal(map[string]any{"accounts": []string{"abcd1234"}, "rules_yaml": jackpots + fmt.Sprintf("# %d\n", i)})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	token := []string{"Authorization", "Bearer " + servertest.Token}
	for name, test := range map[string]struct {
		method, path string
		body         func(i int) string
	}{
		"free draws": {http.MethodPost, "/v1/draws", func(int) string { return `{"count":3}` }},
		"exports":    {http.MethodGet, "/v1/campaigns/summer/export", func(int) string { return "" }},
		"rules":      {http.MethodPost, "/v1/prize", rules},
		"plays":      {http.MethodPost, "/v1/draws", func(int) string { return `{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee"}}` }},
	} {
		t.Run(name, func(t *testing.T) {
			send := func(i int, headers ...string) (servertest.Response, string) {
				return s.Send(t, test.method, test.path, test.body(i), headers...)
			}
			if response, text := send(0); response.StatusCode/100 != 2 {
				t.Fatalf("the first: got %s %s", response.Status, text)
			}
			response, text := send(1)
			wantRefused(t, "the second", response, text)
			var problem struct{ Detail string }
			if err := json.Unmarshal([]byte(text), &problem); err != nil || !strings.Contains(problem.Detail, "too many "+name[strings.LastIndexByte(name, ' ')+1:]) && name != "rules" {
				t.Errorf("got detail %q, error %v", problem.Detail, err)
			}
			for i := range 3 {
				if response, text := send(2+i, token...); response.StatusCode/100 != 2 {
					t.Errorf("the administrator: got %s %s", response.Status, text)
				}
			}
			clock.advance(time.Minute)
			if response, text := send(6); response.StatusCode/100 != 2 {
				t.Errorf("after a minute: got %s %s", response.Status, text)
			}
		})
	}
	// Rules that were compiled before, and exports that have not changed, are not counted.
	response, _ := s.Send(t, http.MethodGet, "/v1/campaigns/summer/export", "", token...)
	clock.advance(time.Minute)
	first, _ := s.Send(t, http.MethodGet, "/v1/campaigns/summer/export", "")
	if response.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Fatal("the export of the administrator has the ETag of the public one")
	}
	for range 3 {
		if again, text := s.Send(t, http.MethodGet, "/v1/campaigns/summer/export", "", "If-None-Match", first.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("an unchanged export: got %s %s", again.Status, text)
		}
		if again, text := s.Send(t, http.MethodPost, "/v1/prize", rules(6)); again.StatusCode != http.StatusOK {
			t.Errorf("known rules: got %s %s", again.Status, text)
		}
	}
}

// TestRulesFromServices sends rules to a prize service that requires certificates: with the
// certificate of the core, and through a proxy that has one as well. Only the visitors behind
// the proxy are limited.
func TestRulesFromServices(t *testing.T) {
	authority := servertest.NewAuthority(t)
	cfg, _ := servertest.Config(t, serve.Prize)
	cfg.Identity = authority.Identity(t, "prize")
	cfg.RateLimits = ratelimit.Defaults()
	cfg.RateLimits.Now = (&limitsClock{}).now
	address, _ := serveUntilEnd(t, cfg)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(t, authority)}}
	defer client.CloseIdleConnections()
	send := func(i int, padding string, headers ...string) (int, string) {
		body, err := json.Marshal(map[string]any{"accounts": []string{"abcd1234"}, "rules_yaml": jackpots + fmt.Sprintf("# %d\n", i) + padding})
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+address+"/v1/prize", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	long := strings.Repeat("# a long line of a comment\n", 1000)
	for i := range 100 {
		if status, text := send(i, ""); status != http.StatusOK {
			t.Fatalf("core, rules %d: got status %d %s", i, status, text)
		}
	}
	if status, text := send(0, long); status != http.StatusOK {
		t.Errorf("core, long rules: got status %d %s", status, text)
	}
	visitor := []string{"X-Forwarded-For", "192.0.2.1"}
	if status, text := send(1, long, visitor...); status != http.StatusUnprocessableEntity {
		t.Errorf("visitor, long rules: got status %d %s, want 422", status, text)
	}
	statuses := map[int]int{}
	for i := range 100 {
		status, _ := send(1000+i, "", visitor...)
		statuses[status]++
	}
	burst := ratelimit.Defaults().Rules.Burst - 1 // the long rules were counted
	if statuses[http.StatusOK] != burst || statuses[http.StatusTooManyRequests] != 100-burst {
		t.Errorf("visitor: got statuses %v, want %d times 200, and 429", statuses, burst)
	}
}

// clientTLS returns the configuration of a client with a certificate of an authority.
func clientTLS(t *testing.T, authority *servertest.Authority) *tls.Config {
	t.Helper()
	return authority.Identity(t, "core").Client("prize", false)
}

// TestRepeatsAtTheSameTime tries many known addresses at the same time. No more than five are
// answered.
func TestRepeatsAtTheSameTime(t *testing.T) {
	clock := &limitsClock{}
	s := servertest.Start(t, serve.All, servertest.Quiet, servertest.WithStore(t, storetest.File(t)), withLimits(clock))
	openJackpots(t, s)
	for i := range 40 {
		playAs(t, s, fmt.Sprintf("ann%d@example.org", i), fmt.Sprintf("10.0.%d.1", i))
	}
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			response, _ := playAs(t, s, fmt.Sprintf("ann%d@example.org", i), "192.0.2.1")
			mu.Lock()
			defer mu.Unlock()
			statuses[response.StatusCode]++
		})
	}
	wg.Wait()
	if statuses[http.StatusConflict] != 5 || statuses[http.StatusTooManyRequests] != 35 {
		t.Errorf("got statuses %v, want 5 times 409 and 35 times 429", statuses)
	}
}
