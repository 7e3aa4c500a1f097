package campaign_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// everything returns everything that an Admin can read from a database, as JSON.
func everything(t *testing.T, p *campaign.Admin) string {
	t.Helper()
	var all bytes.Buffer
	out := json.NewEncoder(&all)
	put := func(v any, err error) {
		t.Helper()
		if err == nil {
			err = out.Encode(v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	campaigns, _, err := p.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}})
	put(campaigns, err)
	for _, c := range campaigns {
		draws, _, err := p.Draws(ctx, campaign.DrawQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}, Campaign: c.Name})
		put(draws, err)
	}
	entrants, _, err := p.Entrants(ctx, campaign.EntrantQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}})
	put(entrants, err)
	changes, err := p.Changes(ctx, campaign.ChangeQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}})
	put(changes, err)
	return all.String()
}

// TestCancelledCallsChangeNothing cancels each method at every point at which it checks
// its context. The database must stay unchanged.
func TestCancelledCallsChangeNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		p := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin("test")
		var drawn campaign.Draw
		var ann, bob campaign.Entrant
		keep := func(into *campaign.Draw) func(campaign.Draw, error) error {
			return func(d campaign.Draw, err error) error {
				if err == nil {
					*into = d
				}
				return err
			}
		}
		steps := []struct {
			name string
			do   func(ctx context.Context) error
		}{
			{"create", func(ctx context.Context) error { return second(p.Create(ctx, plan("summer"))) }},
			{"create another", func(ctx context.Context) error { return second(p.Create(ctx, plan("winter"))) }},
			{"edit", func(ctx context.Context) error {
				changed := plan("summer")
				changed.Title = "Summer!"
				return second(p.Edit(ctx, "summer", 1, changed))
			}},
			{"open", func(ctx context.Context) error { return second(p.Open(ctx, "summer")) }},
			{"delete", func(ctx context.Context) error { return p.Delete(ctx, "winter") }},
			{"play", func(ctx context.Context) error {
				// Cancelling a play does not cancel its batch.
				return keep(&drawn)(p.Play(context.WithoutCancel(ctx), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}}))
			}},
			{"add", func(ctx context.Context) (err error) {
				ann, err = p.AddEntrant(ctx, campaign.Person{FirstName: "Ann", LastName: "Wu"})
				return err
			}},
			{"import", func(ctx context.Context) error {
				return second(p.ImportEntrants(ctx, []campaign.Person{{FirstName: "Bo", LastName: "Lee"}, {FirstName: "Cy", LastName: "Lee"}}))
			}},
			{"correct", func(ctx context.Context) (err error) {
				bob, err = p.EditEntrant(ctx, ann.ID, campaign.Person{FirstName: "Bob", LastName: "Wu"})
				return err
			}},
			{"void", func(ctx context.Context) error { return keep(&drawn)(p.Void(ctx, drawn.ID, "a test")) }},
			{"erase", func(ctx context.Context) error { return p.DeleteEntrant(ctx, bob.ID) }},
			{"close", func(ctx context.Context) error { return second(p.Close(ctx, "summer")) }},
		}
		for _, step := range steps {
			before := everything(t, p)
			storetest.CancelEverywhere(t.Context(), step.do, func(calls int, err error) {
				if !errors.Is(err, context.Canceled) && !errors.Is(err, campaign.ErrUnavailable) {
					t.Errorf("%s, cancelled at call %d: got error %v, want Canceled or ErrUnavailable", step.name, calls, err)
				}
				if after := everything(t, p); after != before {
					t.Fatalf("%s, cancelled at call %d: got database\n%s\nwant\n%s", step.name, calls, after, before)
				}
			})
			if after := everything(t, p); after == before {
				t.Errorf("%s, not cancelled: got an unchanged database, want a change", step.name)
			}
		}
		cancelReads(t, p, db, drawn.ID)
	})
}

// cancelReads cancels each reading method at every point at which it checks its context. The
// method must return an error rather than an incomplete result.
func cancelReads(t *testing.T, p *campaign.Admin, db *store.DB, id string) {
	t.Helper()
	folder := t.TempDir()
	for name, do := range map[string]func(ctx context.Context) error{
		"campaign":  func(ctx context.Context) error { return second(p.Campaign(ctx, "summer")) },
		"campaigns": func(ctx context.Context) error { return third(p.Campaigns(ctx, campaign.CampaignQuery{})) },
		"draw":      func(ctx context.Context) error { return second(p.Draw(ctx, id)) },
		"draws":     func(ctx context.Context) error { return third(p.Draws(ctx, campaign.DrawQuery{Campaign: "summer"})) },
		"winners":   func(ctx context.Context) error { return third(p.Winners(ctx, "summer", campaign.Paging{Limit: 10})) },
		"odds":      func(ctx context.Context) error { return second(p.Odds(ctx, "summer")) },
		"entrants":  func(ctx context.Context) error { return third(p.Entrants(ctx, campaign.EntrantQuery{Search: "lee"})) },
		"changes": func(ctx context.Context) error {
			return second(p.Changes(ctx, campaign.ChangeQuery{Paging: campaign.Paging{Limit: 10}}))
		},
		"export": func(ctx context.Context) error {
			return p.Export(ctx, "summer", io.Discard, campaign.ExportOptions{Entrants: true})
		},
		"export CSV": func(ctx context.Context) error {
			return p.ExportCSV(ctx, "summer", io.Discard, campaign.ExportOptions{})
		},
		"status": func(ctx context.Context) error { return second(db.Status(ctx)) },
		"backup": func(ctx context.Context) error {
			file := filepath.Join(folder, "backup.db")
			err := db.Backup(ctx, file, nil)
			left, globErr := filepath.Glob(filepath.Join(folder, "*"))
			if err != nil && (globErr != nil || len(left) > 0) {
				t.Errorf("files after a failed backup: got %q, error %v, want none", left, globErr)
			}
			return err
		},
	} {
		storetest.CancelEverywhere(t.Context(), do, func(calls int, err error) {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, campaign.ErrUnavailable) {
				t.Errorf("%s, cancelled at call %d: got error %v, want Canceled or ErrUnavailable", name, calls, err)
			}
		})
	}
}
