package campaign_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
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

// TestKeysOfOtherCallers uses the same key as the public, as a promoter, and in the forms of
// the site for both. It checks that nobody gets the draw of another caller, or takes away
// the key.
func TestKeysOfOtherCallers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		p := opened(t, address, plan("summer"))
		const once = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
		callers := map[string]func(play campaign.Play) (campaign.Draw, error){
			"the public": func(play campaign.Play) (campaign.Draw, error) { return p.Service.Play(t.Context(), play) },
			"a promoter": func(play campaign.Play) (campaign.Draw, error) { return p.Play(t.Context(), play) },
			"the site": func(play campaign.Play) (campaign.Draw, error) {
				play.FromSite = true
				return p.Service.Play(t.Context(), play)
			},
			"an admin's form": func(play campaign.Play) (campaign.Draw, error) {
				play.FromSite = true
				return p.Play(t.Context(), play)
			},
		}
		made := map[string]string{} // who made a draw with which key, by ID
		for _, key := range []string{once, "site " + once, "admin " + once, "site site " + once} {
			for name, call := range callers {
				play := campaign.Play{Campaign: "summer", Person: person(1), Key: key}
				who := name + " with key " + key
				d, err := call(play)
				if err != nil {
					t.Fatalf("%s: %v", who, err)
				}
				if other := made[d.ID]; other != "" {
					t.Errorf("%s: got the draw of %s, want a new one", who, other)
				}
				made[d.ID] = who
				if again, err := call(play); err != nil || again.ID != d.ID {
					t.Errorf("%s again: got draw %s and error %v, want %s", who, again.ID, err, d.ID)
				}
				play.Person = person(2)
				if other, err := call(play); !errors.Is(err, campaign.ErrKeyReused) || other.ID != "" {
					t.Errorf("%s for another person: got draw %q and error %v, want ErrKeyReused", who, other.ID, err)
				}
			}
		}
		if _, err := p.PlayOfKey(t.Context(), "nothing"); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("PlayOfKey of an unused key: got error %v, want ErrNotFound", err)
		}
		if found, err := p.PlayOfKey(t.Context(), once); err != nil || made[found.ID] != "the site with key "+once {
			t.Errorf("PlayOfKey: got the draw of %q and error %v, want that of the site", made[found.ID], err)
		}
	})
}

// oldStore stores plays as versions before the separation of keys did.
type oldStore struct{ campaign.Store }

func (s oldStore) Update(ctx context.Context, f func(campaign.Tx) error) error {
	return s.Store.Update(ctx, func(tx campaign.Tx) error { return f(oldTx{tx}) })
}

type oldTx struct{ campaign.Tx }

func (tx oldTx) AddDraws(ctx context.Context, c int64, next uint64, rows, skipped []campaign.StoredDraw, awarded map[int]int64) error {
	for i := range rows {
		key, request := shortHash("order 1"), shortHash([]any{"summer", person(1), 0})
		rows[i].Key, rows[i].Request = &key, &request
	}
	return tx.Tx.AddDraws(ctx, c, next, rows, skipped, awarded)
}

// shortHash returns the first half of the SHA-256 of a string, or of the JSON of another
// value.
func shortHash(v any) [16]byte {
	text, ok := v.(string)
	if !ok {
		encoded, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		text = string(encoded)
	}
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:16])
}

// TestOldKeys checks that a play that an earlier version stored is found by its key and its
// person, whether the public or a promoter made it.
func TestOldKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		old := campaign.New(campaign.Config{Store: oldStore{storetest.Open(t, address)}, Generator: draw.Local{}}).Admin("test")
		begin(t, old, plan("summer"))
		d, err := old.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(1)})
		if err != nil {
			t.Fatal(err)
		}
		p := newAdmin(t, address)
		play := campaign.Play{Campaign: "summer", Person: person(1), Key: "order 1"}
		for name, call := range map[string]func(context.Context, campaign.Play) (campaign.Draw, error){"the public": p.Service.Play, "a promoter": p.Play} {
			if again, err := call(t.Context(), play); err != nil || again.ID != d.ID {
				t.Errorf("repetition by %s: got draw %q and error %v, want %s", name, again.ID, err, d.ID)
			}
		}
		play.Person = person(2)
		if _, err := p.Service.Play(t.Context(), play); !errors.Is(err, campaign.ErrKeyReused) {
			t.Errorf("another play by the public: got error %v, want ErrKeyReused", err)
		}
		if other, err := p.Play(t.Context(), play); err != nil || other.ID == d.ID {
			t.Errorf("another play by a promoter: got draw %q and error %v, want a new draw", other.ID, err)
		}
	})
}
