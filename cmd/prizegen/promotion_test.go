//go:build unix

package main

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/pkg/wire"
)

// bestPrizes are rules whose best prize has a stock of ten.
const bestPrizes = `name: best
currency: GBP
rules:
  - prizes:
      - {prize: Car, value: 20000, chance: 1/20, stock: 10, then: Mug}
      - {prize: Mug, value: 8, chance: 1/4}
`

// databases runs a test with a SQLite file and with PostgreSQL.
func databases(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "prizegen.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.StartServer(t, true).Address()) })
}

// adminAt returns a client for the core at address that sends token. Its long timeout keeps
// slow responses from failing a test.
func adminAt(t *testing.T, address, token string) *remote.Admin {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return remote.New(remote.Config{Core: u, MaxInFlight: 200, Timeout: testGuard}).Admin(token)
}

// startPromotion opens a campaign with the rules in bestPrizes.
func startPromotion(t *testing.T, admin *remote.Admin, name string) {
	t.Helper()
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: name, RulesYAML: bestPrizes}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Open(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// endPromotion closes a campaign and verifies its export. It returns the draws by ID.
func endPromotion(t *testing.T, admin *remote.Admin, name string) (campaign.Campaign, map[string]campaign.Draw) {
	t.Helper()
	c, err := admin.Close(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := admin.Export(t.Context(), name, &file, campaign.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	report, err := campaign.Verify(t.Context(), draw.Local{}, &file, nil, func(f draw.Finding) { t.Errorf("%s: %s", f.Place, f.Problem) })
	if err != nil || report.Draws != uint64(c.Plays) {
		t.Errorf("verification: got %d draws and error %v, want %d draws", report.Draws, err, c.Plays)
	}
	stored := map[string]campaign.Draw{}
	for cursor := ""; ; {
		draws, next, err := admin.Draws(t.Context(), campaign.DrawQuery{Paging: campaign.Paging{Cursor: cursor, Limit: campaign.MaxPage}, Campaign: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range draws {
			stored[d.ID] = d
		}
		if cursor = next; cursor == "" {
			return c, stored
		}
	}
}

// answers contains the draws from the responses to plays, by once-only key.
type answers struct {
	mu   sync.Mutex
	keys map[string]campaign.Draw
}

func (a *answers) add(t *testing.T, key string, d campaign.Draw) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if before, known := a.keys[key]; known && before.ID != d.ID {
		t.Errorf("plays with key %s: got draws %s and %s, want the same draw", key, before.ID, d.ID)
	}
	a.keys[key] = d
}

// check compares the draws in the responses with the stored draws. Each must be stored,
// and must have its own index and account number.
func (a *answers) check(t *testing.T, c campaign.Campaign, stored map[string]campaign.Draw) {
	t.Helper()
	byIndex, accounts := map[uint64]string{}, map[string]string{}
	for key, d := range a.keys {
		if s, ok := stored[d.ID]; !ok || s.Account != d.Account || s.Index != d.Index {
			t.Errorf("key %s: got stored draw %+v, want the draw in the response %+v", key, s, d)
		}
		if other, known := byIndex[d.Index]; known {
			t.Errorf("keys %s and %s have the same index %d", key, other, d.Index)
		}
		if other, known := accounts[d.Whole]; known {
			t.Errorf("keys %s and %s have the same account number %s", key, other, d.Whole)
		}
		byIndex[d.Index], accounts[d.Whole] = key, key
	}
	if car := c.Prizes[0]; car.Awarded > 10 {
		t.Errorf("awarded cars: got %d, want at most 10", car.Awarded)
	}
}

// playUntilAnswered plays until it gets a draw. If the play is temporarily refused, it
// counts this in refused and retries with the same key. It returns false if the context is
// done or the play fails.
func playUntilAnswered(ctx context.Context, t *testing.T, player *remote.Admin, play campaign.Play, refused *atomic.Int64) (campaign.Draw, bool) {
	for {
		d, err := player.Play(ctx, play)
		switch {
		case err == nil:
			return d, true
		case ctx.Err() != nil:
			return d, false
		case errors.Is(err, wire.ErrUnavailable), errors.Is(err, campaign.ErrUnavailable), errors.Is(err, campaign.ErrBusy):
			refused.Add(1)
			time.Sleep(20 * time.Millisecond) // let the core recover
		default:
			t.Errorf("key %s: got error %v, want a draw or a temporary refusal", play.Key, err)
			return d, false
		}
	}
}

// TestReplicasUnderLoad plays with 200 clients through a single core on SQLite, and through
// three on PostgreSQL. Every tenth play is repeated through a random core. make soak repeats
// the test until it has made a million plays on each database.
func TestReplicasUnderLoad(t *testing.T) {
	const clients, each = 200, 20
	databases(t, func(t *testing.T, address string) {
		t.Setenv("PRIZEGEN_DB", address)
		cores := 1
		if filepath.Base(t.Name()) == "postgres" {
			cores = 3
		}
		var players []*remote.Admin
		var admin *remote.Admin
		for range cores {
			s := startService(t, "--role", "core", "--no-welcome")
			players, admin = append(players, adminAt(t, s.url, "")), adminAt(t, s.url, adminToken)
		}
		startPromotion(t, admin, "load")
		got := answers{keys: map[string]campaign.Draw{}}
		ctx, cancel := context.WithTimeout(t.Context(), testGuard)
		defer cancel()
		var refused atomic.Int64
		var playing sync.WaitGroup
		for c := range clients {
			playing.Go(func() {
				for i := range each {
					n := c*each + i
					key := fmt.Sprint("play ", n)
					person := campaign.Person{FirstName: "Ann", LastName: fmt.Sprint("Lee ", n)}
					for repeat := range 2 {
						if repeat > 0 && n%10 > 0 {
							break
						}
						play := campaign.Play{Campaign: "load", Person: &person, Key: key}
						d, ok := playUntilAnswered(ctx, t, players[rand.IntN(cores)], play, &refused)
						if !ok {
							return
						}
						got.add(t, key, d)
					}
				}
			})
		}
		playing.Wait()
		c, stored := endPromotion(t, admin, "load")
		got.check(t, c, stored)
		if len(got.keys) != clients*each || c.Plays != clients*each || c.Prizes[0].Awarded != 10 {
			t.Errorf("campaign: got %d responses, %d draws and %d cars, want %[4]d responses, %[4]d draws and 10 cars", len(got.keys), c.Plays, c.Prizes[0].Awarded, clients*each)
		}
	})
}

// crowd is a group of clients that play through a core without pausing. Each play has its
// own key.
type crowd struct {
	answers
	campaign string
	url      string
	stop     context.CancelFunc
	playing  sync.WaitGroup
	played   atomic.Int64  // plays that were answered
	answered chan struct{} // gets an item after each response, unless it is full
	refused  atomic.Int64  // plays that were temporarily refused
}

// startCrowd starts n clients.
func startCrowd(t *testing.T, url, campaignName string, n int) *crowd {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &crowd{answers: answers{keys: map[string]campaign.Draw{}}, campaign: campaignName, url: url, stop: stop, answered: make(chan struct{}, 1)}
	for i := range n {
		c.playing.Go(func() { c.play(ctx, t, i) })
	}
	t.Cleanup(c.leave)
	return c
}

// play plays repeatedly as one client until the context is done.
func (c *crowd) play(ctx context.Context, t *testing.T, client int) {
	player := adminAt(t, c.url, "")
	for i := 0; ; i++ {
		play := campaign.Play{Campaign: c.campaign, Key: fmt.Sprintf("client %d play %d", client, i)}
		play.Person = &campaign.Person{FirstName: "Ann", LastName: fmt.Sprint("Lee ", client)}
		d, ok := playUntilAnswered(ctx, t, player, play, &c.refused)
		if !ok {
			return
		}
		c.add(t, play.Key, d)
		c.played.Add(1)
		select {
		case c.answered <- struct{}{}:
		default:
		}
	}
}

// leave stops all clients.
func (c *crowd) leave() {
	c.stop()
	c.playing.Wait()
}

// waitForAnswers waits for n more responses.
func (c *crowd) waitForAnswers(t *testing.T, n int64) {
	t.Helper()
	guard := time.After(testGuard)
	for want := c.played.Load() + n; c.played.Load() < want; {
		select {
		case <-c.answered:
		case <-guard:
			t.Fatalf("got %d responses after %v, want %d", c.played.Load(), testGuard, want)
		}
	}
}

// TestKilledCoreLosesNothing kills a core under load five times, each time after a random
// number of responses. It checks that every draw in a response is stored, and that plays
// succeed again after a restart. make soak repeats the test until it has killed a thousand
// cores on each database.
func TestKilledCoreLosesNothing(t *testing.T) {
	databases(t, func(t *testing.T, address string) {
		t.Setenv("PRIZEGEN_DB", address)
		core := startService(t, "--role", "core", "--no-welcome")
		listen := core.url[len("http://"):]
		admin := adminAt(t, core.url, adminToken)
		startPromotion(t, admin, "crash")
		people := startCrowd(t, core.url, "crash", 100)
		for range 5 {
			people.waitForAnswers(t, 1+rand.Int64N(500))
			core.kill()
			core = startServiceAt(t, listen, "--role", "core", "--no-welcome")
		}
		people.waitForAnswers(t, 100)
		people.leave()
		c, stored := endPromotion(t, admin, "crash")
		people.check(t, c, stored)
		if int64(len(people.keys)) > c.Plays {
			t.Errorf("stored draws: got %d, want at least the %d in responses", c.Plays, len(people.keys))
		}
		t.Logf("%d answered plays, %d draws stored", len(people.keys), c.Plays)
	})
}

// TestLostServiceUnderPlays kills the number service under load. It checks that plays are
// refused, that no play is stored incompletely, and that plays succeed again once the
// service is back.
func TestLostServiceUnderPlays(t *testing.T) {
	number, flags := startGenerators(t)
	t.Setenv("PRIZEGEN_DB", filepath.Join(t.TempDir(), "prizegen.db"))
	core := startService(t, append([]string{"--role", "core", "--no-welcome"}, flags...)...)
	admin := adminAt(t, core.url, adminToken)
	startPromotion(t, admin, "lost")
	people := startCrowd(t, core.url, "lost", 50)
	people.waitForAnswers(t, 100)
	number.kill()
	waitForRefusals(t, core, "lost", "the number service is not available", "the number service at "+number.url)
	waitUntilNotReady(t, core)
	startServiceAt(t, number.url[len("http://"):], "--role", "number")
	people.waitForAnswers(t, 100)
	people.leave()
	c, stored := endPromotion(t, admin, "lost")
	people.check(t, c, stored)
}

// waitForRefusals plays through the API and the web page until both temporarily refuse
// plays. The API must give detail as the reason, and the log must contain logged.
func waitForRefusals(t *testing.T, core *service, name, detail, logged string) {
	t.Helper()
	waitFor(t, "the API to refuse plays: "+detail, func() bool {
		status, header, body := post(t, core.url+"/v1/draws", "application/json", `{"campaign":"`+name+`","entrant":{"first_name":"Ann","last_name":"Lee"}}`)
		return status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" &&
			header.Get("Content-Type") == wire.ProblemType && strings.Contains(body, detail)
	})
	waitFor(t, "the page to refuse plays", func() bool {
		status, header, body := post(t, core.url+"/c/"+name+"/play", "application/x-www-form-urlencoded", "first_name=Ann&last_name=Lee&once="+strings.ToLower(crand.Text()))
		return status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" && strings.Contains(body, "</html>")
	})
	core.waitForLog(t, logged)
	if status, _, _ := do(t, http.MethodGet, core.url+"/healthz", "", ""); status != http.StatusOK {
		t.Errorf("GET /healthz of a core that refuses plays: got status %d, want 200", status)
	}
}

// waitUntilNotReady waits until a core is not ready.
func waitUntilNotReady(t *testing.T, core *service) {
	t.Helper()
	waitFor(t, "the core to stop being ready", func() bool {
		status, _, body := do(t, http.MethodGet, core.url+"/readyz", "", "")
		return status == http.StatusServiceUnavailable && strings.Contains(body, `"ready":false`)
	})
}

func waitUntilReady(t *testing.T, core *service) {
	t.Helper()
	waitFor(t, "the core to be ready", func() bool {
		status, _, _ := do(t, http.MethodGet, core.url+"/readyz", "", "")
		return status == http.StatusOK
	})
}

func post(t *testing.T, url, kind, body string) (int, http.Header, string) {
	t.Helper()
	return do(t, http.MethodPost, url, kind, body)
}

// do sends a request and returns the response.
func do(t *testing.T, method, url, kind, body string) (status int, header http.Header, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("Accept", "text/html,application/json")
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(read)
}
