//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync"
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

// promoterAt is the client of a core.
func promoterAt(t *testing.T, address, token string) *remote.Promoter {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return remote.New(remote.Config{Core: u, MaxInFlight: 200, Timeout: 20 * time.Second}).Promoter(token)
}

// startPromotion opens a campaign with the best prizes.
func startPromotion(t *testing.T, admin *remote.Promoter, name string) {
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
func endPromotion(t *testing.T, admin *remote.Promoter, name string) (campaign.Campaign, map[string]campaign.Draw) {
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
		page, err := admin.Draws(t.Context(), campaign.DrawList{Campaign: name, Cursor: cursor, Limit: campaign.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Draws {
			stored[d.ID] = d
		}
		if cursor = page.Next; cursor == "" {
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
		if other, known := accounts[d.Account]; known {
			t.Errorf("the plays %s and %s have the account number %s", key, other, d.Account)
		}
		byIndex[d.Index], accounts[d.Account] = key, key
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
		var players []*remote.Promoter
		var admin *remote.Promoter
		for range cores {
			s := startService(t, "--role", "core", "--no-welcome")
			players, admin = append(players, promoterAt(t, s.url, "")), promoterAt(t, s.url, adminToken)
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

// TestKilledCoreLosesNothing kills a core at random moments under load, again and
// again. What it has answered is there, and it needs no help to go on.
func TestKilledCoreLosesNothing(t *testing.T) {
	databases(t, func(t *testing.T, address string) {
		t.Setenv("PRIZEGEN_DB", address)
		core := startService(t, "--role", "core", "--no-welcome")
		listen := core.url[len("http://"):]
		admin := promoterAt(t, core.url, adminToken)
		startPromotion(t, admin, "crash")
		got := answers{keys: map[string]campaign.Draw{}}
		ctx, stop := context.WithCancel(t.Context())
		var playing sync.WaitGroup
		for c := range 16 {
			playing.Go(func() {
				player := promoterAt(t, core.url, "")
				for i := 0; ctx.Err() == nil; i++ {
					key := fmt.Sprintf("client %d play %d", c, i)
					d, err := player.Play(ctx, campaign.Play{Campaign: "crash", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}, Key: key})
					switch {
					case err == nil:
						got.add(t, key, d)
					case ctx.Err() == nil && !errors.Is(err, remote.ErrUnavailable):
						t.Errorf("a play fails with %v", err)
						return
					}
				}
			})
		}
		for range 10 {
			time.Sleep(time.Duration(50+rand.IntN(250)) * time.Millisecond)
			core.kill()
			core = startServiceAt(t, listen, "--role", "core", "--no-welcome")
		}
		time.Sleep(1500 * time.Millisecond) // until the callers' circuit breakers try again
		stop()
		playing.Wait()
		c, stored := endPromotion(t, admin, "crash")
		got.check(t, c, stored)
		if len(got.keys) == 0 || int64(len(got.keys)) > c.Plays {
			t.Errorf("%d answers, %d draws", len(got.keys), c.Plays)
		}
		t.Logf("%d answered plays, %d draws stored", len(got.keys), c.Plays)
	})
}

// TestLostServiceUnderPlays kills the number service while people play: plays are
// refused and nothing is half stored; once it is back they go on.
func TestLostServiceUnderPlays(t *testing.T) {
	number, flags := three(t)
	t.Setenv("PRIZEGEN_DB", filepath.Join(t.TempDir(), "prizegen.db"))
	core := startService(t, append([]string{"--role", "core", "--no-welcome"}, flags...)...)
	admin := promoterAt(t, core.url, adminToken)
	startPromotion(t, admin, "lost")
	play := func(key string) error {
		_, err := promoterAt(t, core.url, "").Play(t.Context(), campaign.Play{Campaign: "lost", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}, Key: key})
		return err
	}
	if err := play("before"); err != nil {
		t.Fatal(err)
	}
	number.kill()
	if err := play("meanwhile"); !errors.Is(err, remote.ErrUnavailable) {
		t.Errorf("a play without numbers: %v", err)
	}
	if err := play("before"); err != nil {
		t.Errorf("a repeated play is not answered: %v", err)
	}
	if c, err := admin.Campaign(t.Context(), "lost"); err != nil || c.Plays != 1 {
		t.Errorf("%d draws, %v", c.Plays, err)
	}
	startServiceAt(t, number.url[len("http://"):], "--role", "number")
	waitFor(t, "the core plays again", func() bool { return play("after") == nil })
	if c, stored := endPromotion(t, admin, "lost"); c.Plays != 2 {
		t.Errorf("%d draws: %v", c.Plays, maps.Keys(stored))
	}
	if _, err := os.Stat(os.Getenv("PRIZEGEN_DB")); err != nil {
		t.Error(err)
	}
}
