package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

const onePrize = "name: r\ncurrency: GBP\nrules: [{prizes: [{win: 1, chance: 10%}]}]\n"

// adminOf returns an Admin for db. If distinct is set, email addresses that differ only in
// their tags belong to different people.
func adminOf(db *store.DB, distinct bool) *campaign.Admin {
	return campaign.New(campaign.Config{Store: db, Generator: draw.Local{}, DistinctAliases: distinct}).Admin("test")
}

// openCampaign creates and opens a campaign that allows maxPlays plays per person.
func openCampaign(t *testing.T, p *campaign.Admin, name string, maxPlays int64) {
	t.Helper()
	if _, err := p.Create(t.Context(), campaign.Plan{Name: name, RulesYAML: onePrize, TextFormat: "lower4", NumberFormat: "digits4", MaxPlays: maxPlays}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// requestDigest returns the digest that is stored with a play that has a once-only key.
func requestDigest(t *testing.T, name string, person *campaign.Person) []byte {
	t.Helper()
	request, err := json.Marshal([]any{name, person, 0})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(request)
	return sum[:16]
}

// requests returns all stored request digests.
func requests(t *testing.T, db *store.DB) (list [][]byte) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx campaign.Tx) (err error) {
		list, err = store.ReadBytes(ctx, tx, "SELECT request FROM draws WHERE request IS NOT NULL")
		return err
	})
	return list
}

// count returns the result of a SELECT count(*) query.
func count(t *testing.T, db *store.DB, query string) (n int64) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx campaign.Tx) (err error) {
		n, err = store.Read(ctx, tx, query)
		return err
	})
	return n
}

// TestErase erases an entrant. Afterwards, nobody who reads the database can check a guess
// that a given person has played, and the person has no more plays left than before.
// make test runs it.
func TestErase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		for name, ann := range map[string]campaign.Person{
			"by-address": {FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"},
			"by-name":    {FirstName: "Ann", LastName: "Lee"},
		} {
			db := storetest.Open(t, address)
			p := adminOf(db, false)
			openCampaign(t, p, name, 1)
			play := campaign.Play{Campaign: name, Person: &ann, Key: "key of " + name}
			d, err := p.Play(t.Context(), play)
			if err != nil {
				t.Fatal(err)
			}
			bob := campaign.Play{Campaign: name, Person: &campaign.Person{FirstName: "Bob", LastName: name}, Key: "another key of " + name}
			if _, err := p.Play(t.Context(), bob); err != nil {
				t.Fatal(err)
			}
			if d, err = p.Draw(t.Context(), d.ID); err != nil {
				t.Fatal(err)
			}
			if err := p.DeleteEntrant(t.Context(), d.Entrant.ID); err != nil {
				t.Fatal(err)
			}
			guess := requestDigest(t, name, &ann)
			if slices.ContainsFunc(requests(t, db), func(r []byte) bool { return string(r) == string(guess) }) {
				t.Errorf("%s: request digest of the erased person: got one, want none", name)
			}
			if !slices.ContainsFunc(requests(t, db), func(r []byte) bool { return string(r) == string(requestDigest(t, name, bob.Person)) }) {
				t.Errorf("%s: request digest of another person: got none, want one", name)
			}
			other := adminOf(storetest.Open(t, address), true)
			for what, p := range map[string]*campaign.Admin{"the process": p, "another process": other} {
				if d, err := p.Play(t.Context(), campaign.Play{Campaign: name, Person: &ann}); !errors.Is(err, campaign.ErrMaxPlays) {
					t.Errorf("%s: play again in %s: got draw %d, error %v, want ErrMaxPlays", name, what, d.Index, err)
				}
				if d, err := p.Play(t.Context(), play); !errors.Is(err, campaign.ErrKeyReused) {
					t.Errorf("%s: repeat the play in %s: got draw %d, error %v, want ErrKeyReused", name, what, d.Index, err)
				}
				if _, err := p.Play(t.Context(), campaign.Play{Campaign: name, Person: &campaign.Person{FirstName: "Cy", LastName: what}}); err != nil {
					t.Errorf("%s: play as somebody else in %s: got error %v, want nil", name, what, err)
				}
			}
			if got := count(t, db, "SELECT count(*) FROM erased_plays"); got != 2 {
				t.Errorf("%s: rows in erased_plays: got %d, want 2, for identity and mailbox", name, got)
			}
			if _, err := p.Close(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if got := count(t, db, "SELECT count(*) FROM erased_plays"); got != 0 {
				t.Errorf("%s: rows in erased_plays after the campaign was closed: got %d, want 0", name, got)
			}
		}
	})
}

// TestErasedTwice erases a person who plays again with another spelling of the address and
// is erased again. All these plays count towards the limit. make test runs it.
func TestErasedTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		p := adminOf(db, false)
		openCampaign(t, p, "summer", 3)
		for i, email := range []string{"ann@example.org", "ann+2@example.org", "ANN@example.org"} {
			d, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee", Email: email}})
			if err != nil {
				t.Fatalf("play %d: got error %v, want nil", i, err)
			}
			if d, err = p.Draw(t.Context(), d.ID); err != nil {
				t.Fatal(err)
			}
			if err := p.DeleteEntrant(t.Context(), d.Entrant.ID); err != nil {
				t.Fatal(err)
			}
		}
		ann := campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann+3@example.org"}}
		if _, err := p.Play(t.Context(), ann); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("fourth play: got error %v, want ErrMaxPlays", err)
		}
		if _, err := adminOf(db, true).Play(t.Context(), ann); err != nil {
			t.Errorf("fourth play, with distinct aliases: got error %v, want nil", err)
		}
	})
}

// TestErasedPlaysAreBackedUp checks that an erased person gets no further play in the backup
// of a database. make test runs it.
func TestErasedPlaysAreBackedUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		p := adminOf(db, false)
		openCampaign(t, p, "summer", 1)
		ann := campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}}
		d, err := p.Play(t.Context(), ann)
		if err != nil {
			t.Fatal(err)
		}
		if d, err = p.Draw(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
		if err := p.DeleteEntrant(t.Context(), d.Entrant.ID); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "backup.db")
		if err := db.Backup(t.Context(), path, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := adminOf(storetest.Open(t, path), false).Play(t.Context(), ann); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("play in the backup: got error %v, want ErrMaxPlays", err)
		}
	})
}
