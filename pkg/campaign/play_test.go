package campaign_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

const mugs = `name: mugs
currency: GBP
rules:
  - name: has a 4
    match: "4"
    prizes:
      - {prize: Mug, value: 8, chance: 1/2, stock: 10, then: Pen}
      - {prize: Pen, value: 1, chance: 1/4, stock: 5, then: none}
  - prizes:
      - {win: 1, chance: 10%}
`

// plan returns the plan of a campaign with limited stock.
func plan(name string) campaign.Plan {
	return campaign.Plan{Name: name, RulesYAML: mugs, TextFormat: "lower4", NumberFormat: "digits4"}
}

func newAdmin(t testing.TB, address string) *campaign.Admin {
	t.Helper()
	return campaign.New(campaign.Config{Store: storetest.Open(t, address), Generator: draw.Local{}}).Admin("test")
}

// opened creates and opens a campaign and returns its Admin.
func opened(t testing.TB, address string, plan campaign.Plan) *campaign.Admin {
	t.Helper()
	p := newAdmin(t, address)
	begin(t, p, plan)
	return p
}

// begin creates and opens a campaign and returns it.
func begin(t testing.TB, p *campaign.Admin, plan campaign.Plan) campaign.Campaign {
	t.Helper()
	if _, err := p.Create(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	c, err := p.Open(t.Context(), plan.Name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func person(i int) *campaign.Person {
	return &campaign.Person{FirstName: fmt.Sprintf("Ann %d", i), LastName: "Lee"}
}

// verified exports and verifies a campaign. The test fails if there are findings.
func verified(t testing.TB, p *campaign.Admin, name string) campaign.Report {
	t.Helper()
	var file bytes.Buffer
	if err := p.Export(t.Context(), name, &file, campaign.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	report, err := campaign.Verify(t.Context(), draw.Local{}, &file, nil, func(f draw.Finding) { t.Errorf("%s: %s", f.Place, f.Problem) })
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestConcurrentPlaysOnReplicas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		replicas := []*campaign.Admin{opened(t, address, plan("summer"))}
		for range 2 {
			replicas = append(replicas, newAdmin(t, address))
		}
		const clients, each = 40, 25
		answers := make(chan campaign.Draw, 2*clients*each)
		var playing sync.WaitGroup
		for c := range clients {
			playing.Go(func() {
				for i := range each {
					play := campaign.Play{Campaign: "summer", Person: person(c*each + i), Key: fmt.Sprintf("key %d", c*each+i)}
					for range 1 + rand.IntN(2) { // some plays are repeated
						d, err := replicas[rand.IntN(len(replicas))].Play(t.Context(), play)
						if err != nil {
							t.Error(err)
							return
						}
						answers <- d
					}
				}
			})
		}
		playing.Wait()
		close(answers)

		byIndex := map[uint64]campaign.Draw{}
		accounts := map[string]uint64{}
		for d := range answers {
			if before, known := byIndex[d.Index]; known && (before.ID != d.ID || before.Player != d.Player || before.Account != d.Account) {
				t.Fatalf("draws with index %d: got %+v and %+v, want one", d.Index, before, d)
			}
			if index, known := accounts[d.Whole]; known && index != d.Index {
				t.Fatalf("account number %s: got indexes %d and %d, want one", d.Whole, index, d.Index)
			}
			byIndex[d.Index], accounts[d.Whole] = d, d.Index
		}
		if len(byIndex) != clients*each {
			t.Fatalf("draws: got %d, want %d", len(byIndex), clients*each)
		}
		c, err := replicas[1].Close(t.Context(), "summer")
		if err != nil {
			t.Fatal(err)
		}
		if c.Plays != clients*each || c.Prizes[0].Awarded != 10 || c.Prizes[1].Awarded != 5 {
			t.Fatalf("closed campaign: got %+v, want %d plays, with 10 and 5 prizes awarded", c, clients*each)
		}
		report := verified(t, replicas[2], "summer")
		if report.Draws != clients*each || report.Held != report.Draws+report.Skipped || !report.SeedKnown {
			t.Errorf("report: got %+v, want %d valid draws and a known seed", report, clients*each)
		}
	})
}

func TestAccountNumbersAreIssuedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		few := plan("few")
		few.TextFormat, few.NumberFormat = "[ab]1", "digits1"
		few.RulesYAML = "name: few\ncurrency: GBP\nrules: [{prizes: [{win: 1, chance: 10%}]}]\n"
		p := opened(t, address, few)
		var playing sync.WaitGroup
		var mu sync.Mutex
		accounts := map[string]bool{}
		refused := 0
		for i := range 30 {
			playing.Go(func() {
				d, err := p.Play(t.Context(), campaign.Play{Campaign: "few", Person: person(i)})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					accounts[d.Whole] = true
				case errors.Is(err, campaign.ErrAllIssued):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		playing.Wait()
		if len(accounts) != 20 || refused != 10 {
			t.Errorf("account numbers and refused plays: got %d and %d, want 20 and 10", len(accounts), refused)
		}
		if _, err := p.Close(t.Context(), "few"); err != nil {
			t.Fatal(err)
		}
		if report := verified(t, p, "few"); report.Skipped == 0 || report.Draws != 20 {
			t.Errorf("report: got %+v, want 20 draws and some skipped indexes", report)
		}
	})
}

func TestCancelledPlay(t *testing.T) {
	p := opened(t, storetest.File(t), plan("summer"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Play(ctx, campaign.Play{Campaign: "summer", Person: person(1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled play: got error %v, want context.Canceled", err)
	}
}
