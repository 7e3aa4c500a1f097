package campaign_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestKeyOfTwoCampaigns uses each key for concurrent plays of two campaigns. Only one of
// the two plays succeeds. Plays without keys are not affected.
func TestKeyOfTwoCampaigns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		p := newAdmin(t, address)
		names := []string{"spring", "summer"}
		for _, name := range names {
			begin(t, p, plan(name))
		}
		var playing sync.WaitGroup
		for i := range 100 {
			for _, name := range names {
				playing.Go(func() {
					for _, key := range []string{fmt.Sprint("key ", i), ""} {
						_, err := p.Play(t.Context(), campaign.Play{Campaign: name, Person: person(i), Key: key})
						if err != nil && (key == "" || !errors.Is(err, campaign.ErrKeyReused)) {
							t.Errorf("key %q: got error %v, want nil or, with a key, ErrKeyReused", key, err)
						}
					}
				})
			}
		}
		playing.Wait()
		total := int64(0)
		for _, name := range names {
			c, err := p.Campaign(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			total += c.Plays
		}
		if total != 300 {
			t.Errorf("plays of both campaigns: got %d, want 300: 100 with keys and 200 without", total)
		}
	})
}

// TestPublicCannotPlayDrafts checks that the public cannot play a draft, even after a
// promoter has tried to play it.
func TestPublicCannotPlayDrafts(t *testing.T) {
	service := campaign.New(campaign.Config{Store: storetest.Open(t, storetest.File(t)), Generator: draw.Local{}})
	p := service.Admin("test")
	if _, err := p.Create(t.Context(), plan("summer")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(1)}); !errors.Is(err, campaign.ErrNotOpen) {
		t.Errorf("play a draft as a promoter: got error %v, want ErrNotOpen", err)
	}
	if _, err := service.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(1)}); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("play a draft as the public: got error %v, want ErrNotFound", err)
	}
}
