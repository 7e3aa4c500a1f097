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
)

// bestPrizes are rules whose best prize there are ten of.
const bestPrizes = `name: best
currency: GBP
rules:
  - prizes:
      - {prize: Car, value: 20000, chance: 1/20, stock: 10, then: Mug}
      - {prize: Mug, value: 8, chance: 1/4}
`

// databases are the addresses that the tests of promotions run on.
func databases(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "prizegen.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.StartServer(t, true).Address()) })
}

// adminAt is the client of a core.
func adminAt(t *testing.T, address, token string) *remote.Admin {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return remote.New(remote.Config{Core: u, MaxInFlight: 200, Timeout: 20 * time.Second}).Admin(token)
}

// startPromotion opens a campaign with the best prizes.
func startPromotion(t *testing.T, admin *remote.Admin, name string) {
	t.Helper()
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: name, RulesYAML: bestPrizes}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Open(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// endPromotion closes a campaign, verifies its export, and gives its draws by their
// IDs.
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
		t.Errorf("%+v, %v", report, err)
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

// answers are the draws that plays were answered with, by their once-only keys.
type answers struct {
	mu   sync.Mutex
	keys map[string]campaign.Draw
}

func (a *answers) add(t *testing.T, key string, d campaign.Draw) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if before, known := a.keys[key]; known && before.ID != d.ID {
		t.Errorf("the key %s was answered with %s and %s", key, before.ID, d.ID)
	}
	a.keys[key] = d
}

// check compares the answers with what is stored: each is there, with an index and an
// account number of its own.
func (a *answers) check(t *testing.T, c campaign.Campaign, stored map[string]campaign.Draw) {
	t.Helper()
	byIndex, accounts := map[uint64]string{}, map[string]string{}
	for key, d := range a.keys {
		if s, ok := stored[d.ID]; !ok || s.Account != d.Account || s.Index != d.Index {
			t.Errorf("the play %s was answered with %+v, stored is %+v", key, d, s)
		}
		if other, known := byIndex[d.Index]; known {
			t.Errorf("the plays %s and %s have index %d", key, other, d.Index)
		}
		if other, known := accounts[d.Whole]; known {
			t.Errorf("the plays %s and %s have the account number %s", key, other, d.Whole)
		}
		byIndex[d.Index], accounts[d.Whole] = key, key
	}
	if car := c.Prizes[0]; car.Awarded > 10 {
		t.Errorf("%d cars were awarded", car.Awarded)
	}
}

// TestReplicasUnderLoad has 200 clients play at several cores at once. Every tenth
// play is repeated at another one.
func TestReplicasUnderLoad(t *testing.T) {
	const clients, each = 200, 100
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
						d, err := players[rand.IntN(cores)].Play(t.Context(), campaign.Play{Campaign: "load", Person: &person, Key: key})
						if err != nil {
							t.Error(err)
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
			t.Errorf("%d answers, %d draws, %d cars", len(got.keys), c.Plays, c.Prizes[0].Awarded)
		}
	})
}

// crowd is people who play at a core all the time, each play with a key of its own.
type crowd struct {
	answers
	campaign string
	url      string
	stop     context.CancelFunc
	playing  sync.WaitGroup
	played   atomic.Int64 // plays that were answered
	refused  atomic.Int64 // plays that were not, to be tried again
}

// gather has n people begin to play.
func gather(t *testing.T, url, campaignName string, n int) *crowd {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &crowd{answers: answers{keys: map[string]campaign.Draw{}}, campaign: campaignName, url: url, stop: stop}
	for who := range n {
		c.playing.Go(func() { c.play(ctx, t, who) })
	}
	t.Cleanup(c.leave)
	return c
}

// play makes one play after the other. One that is refused is made again with its key
// some time later.
func (c *crowd) play(ctx context.Context, t *testing.T, who int) {
	player := adminAt(t, c.url, "")
	for i := 0; ctx.Err() == nil; {
		key := fmt.Sprintf("client %d play %d", who, i)
		d, err := player.Play(ctx, campaign.Play{Campaign: c.campaign, Person: &campaign.Person{FirstName: "Ann", LastName: fmt.Sprint("Lee ", who)}, Key: key})
		switch {
		case err == nil:
			c.add(t, key, d)
			c.played.Add(1)
			i++
		case ctx.Err() != nil:
		case errors.Is(err, remote.ErrUnavailable), errors.Is(err, campaign.ErrUnavailable), errors.Is(err, campaign.ErrBusy):
			c.refused.Add(1)
			time.Sleep(20 * time.Millisecond)
		default:
			t.Errorf("a play fails with %v", err)
			return
		}
	}
}

// leave has everybody stop playing.
func (c *crowd) leave() {
	c.stop()
	c.playing.Wait()
}

// goesOn waits until plays are answered again.
func (c *crowd) goesOn(t *testing.T) {
	t.Helper()
	before := c.played.Load()
	waitFor(t, "plays are answered", func() bool { return c.played.Load() > before+100 })
}

// TestKilledCoreLosesNothing kills a core at random moments under load. Every play that it
// has answered is stored, and it recovers without help. `make soak` repeats this test until
// it has killed a thousand cores on each database.
func TestKilledCoreLosesNothing(t *testing.T) {
	databases(t, func(t *testing.T, address string) {
		t.Setenv("PRIZEGEN_DB", address)
		core := startService(t, "--role", "core", "--no-welcome")
		listen := core.url[len("http://"):]
		admin := adminAt(t, core.url, adminToken)
		startPromotion(t, admin, "crash")
		people := gather(t, core.url, "crash", 200)
		for range 10 {
			time.Sleep(time.Duration(50+rand.IntN(450)) * time.Millisecond)
			core.kill()
			core = startServiceAt(t, listen, "--role", "core", "--no-welcome")
		}
		people.goesOn(t)
		people.leave()
		c, stored := endPromotion(t, admin, "crash")
		people.check(t, c, stored)
		if int64(len(people.keys)) > c.Plays {
			t.Errorf("%d answers, %d draws", len(people.keys), c.Plays)
		}
		t.Logf("%d answered plays, %d draws stored", len(people.keys), c.Plays)
	})
}

// TestLostServiceUnderPlays kills the number service while people play: plays are
// refused and nothing is half stored; once it is back they go on.
func TestLostServiceUnderPlays(t *testing.T) {
	number, flags := three(t)
	t.Setenv("PRIZEGEN_DB", filepath.Join(t.TempDir(), "prizegen.db"))
	core := startService(t, append([]string{"--role", "core", "--no-welcome"}, flags...)...)
	admin := adminAt(t, core.url, adminToken)
	startPromotion(t, admin, "lost")
	people := gather(t, core.url, "lost", 50)
	people.goesOn(t)
	number.kill()
	refusesPlays(t, core, "lost", "the number service is not available", "the number service at "+number.url)
	notReady(t, core)
	startServiceAt(t, number.url[len("http://"):], "--role", "number")
	people.goesOn(t)
	people.leave()
	c, stored := endPromotion(t, admin, "lost")
	people.check(t, c, stored)
}

// refusesPlays plays as an API's caller and as a browser until both are told that it is
// not possible at the moment. The operator finds the reason in the log.
func refusesPlays(t *testing.T, core *service, name, told, logged string) {
	t.Helper()
	waitFor(t, "the API refuses plays, saying that "+told, func() bool {
		status, header, body := post(t, core.url+"/v1/draws", "application/json", `{"campaign":"`+name+`","entrant":{"first_name":"Ann","last_name":"Lee"}}`)
		return status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" &&
			header.Get("Content-Type") == remote.ProblemType && strings.Contains(body, told)
	})
	waitFor(t, "the page refuses plays", func() bool {
		status, header, body := post(t, core.url+"/c/"+name+"/play", "application/x-www-form-urlencoded", "first_name=Ann&last_name=Lee&once="+strings.ToLower(crand.Text()))
		return status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" && strings.Contains(body, "</html>")
	})
	waitFor(t, "the log tells "+logged, func() bool { return strings.Contains(core.log(), logged) })
	if status, _, _ := do(t, http.MethodGet, core.url+"/healthz", "", ""); status != http.StatusOK {
		t.Errorf("a core that waits is not alive: %d", status)
	}
}

// notReady waits until a core tells that it can't serve.
func notReady(t *testing.T, core *service) {
	t.Helper()
	waitFor(t, "the core is not ready", func() bool {
		status, _, body := do(t, http.MethodGet, core.url+"/readyz", "", "")
		return status == http.StatusServiceUnavailable && strings.Contains(body, `"ready":false`)
	})
}

func post(t *testing.T, url, kind, body string) (int, http.Header, string) {
	t.Helper()
	return do(t, http.MethodPost, url, kind, body)
}

// do makes a request and gives its answer.
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
