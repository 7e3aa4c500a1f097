package store_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// oldDatabase opens a database with tables of version 3. Its campaign allows one play per
// person. There are five plays: two by one person with two spellings of the address, one by
// another person, one by an erased person, and one by the promoter without an entrant.
func oldDatabase(t *testing.T, address string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), address, store.Options{KeepVersion: true, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.MigrateTo(t.Context(), db, 3); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx campaign.Tx) error {
		entrant := "INSERT INTO entrants (id, first_name, last_name, email, identity, sort_name, created_at) VALUES (%d, 'Ann', 'Lee', '%s', '%[2]s', 'lee', 1)"
		statements := []string{
			`INSERT INTO campaigns (id, name, title, state, text_format, number_format, rules, rules_sha256, rules_yaml, currency, max_plays, require_email,
				commitment, secret, next_index, plays, skipped, created_at, opened_at, version)
				VALUES (1, 'summer', 'Summer', 'open', 'lower4', 'digits4', 'r', '', '` + onePrize + `', 'GBP', 1, 0, 'c', 'a seed', 5, 5, 0, 1, 2, 1)`,
			"INSERT INTO prizes (campaign_id, place, name, value, awarded) VALUES (1, 0, '£1.00', 100, 0)",
			fmt.Sprintf(entrant, 1, "ann@bücher.example"), fmt.Sprintf(entrant, 2, "ann@xn--bcher-kva.example"), fmt.Sprintf(entrant, 3, "bob+1@example.org"),
		}
		erased := hex.EncodeToString(requestDigest(t, "summer", &campaign.Person{FirstName: "Cy", LastName: "Lee"}))
		promoter := hex.EncodeToString(requestDigest(t, "summer", nil))
		for index, row := range []struct{ entrant, request string }{{"1", ""}, {"2", ""}, {"3", ""}, {"NULL", erased}, {"NULL", promoter}} {
			statements = append(statements, fmt.Sprintf("INSERT INTO draws (campaign_id, draw_index, account, outcome, secret, played_at, entrant_id, request) VALUES (1, %d, 'a%d', 0, %s, %d, %s, %s)",
				index, index, bytesLiteral(db, "00000000000000000000"), 9000-1000*index, row.entrant, bytesLiteral(db, row.request)))
		}
		for _, text := range statements {
			if err := store.Run(ctx, tx, text); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	})
	return db
}

// bytesLiteral returns the SQL literal for the bytes with the given hexadecimal digits, or
// NULL if there are none.
func bytesLiteral(db *store.DB, digits string) string {
	switch {
	case digits == "":
		return "NULL"
	case db.Engine() == store.Postgres:
		return `'\x` + digits + "'"
	}
	return "x'" + digits + "'"
}

// TestIdentitiesAreMigrated migrates the database of an older program. Different spellings
// of one person become one entrant, whose plays all count, and the request digests of erased
// people are removed. make test runs it.
func TestIdentitiesAreMigrated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := oldDatabase(t, address)
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := adminOf(db, false)
		list, _, err := p.Entrants(t.Context(), campaign.EntrantQuery{})
		if err != nil || len(list) != 2 {
			t.Fatalf("entrants: got %+v, error %v, want 2", list, err)
		}
		if got := list[1].PlayCount(); got != 2 {
			t.Errorf("plays of the merged entrant %+v: got %d, want 2", list[1], got)
		}
		changes, err := p.Changes(t.Context(), campaign.ChangeQuery{})
		if err != nil || len(changes) != 1 || changes[0].Action != "entrant.merge" {
			t.Errorf("changes: got %+v, error %v, want entrant.merge", changes, err)
		}
		for _, email := range []string{"ann@Bücher.example", "ANN@xn--bcher-kva.example", "bob@example.org", "bob+2@example.org"} {
			_, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "A", LastName: "B", Email: email}})
			if !errors.Is(err, campaign.ErrMaxPlays) {
				t.Errorf("play as %s: got error %v, want ErrMaxPlays", email, err)
			}
		}
		left := requests(t, db)
		if len(left) != 1 || string(left[0]) != string(requestDigest(t, "summer", nil)) {
			t.Errorf("request digests: got %x, want only the promoter's", left)
		}
		slow := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}, Now: func() time.Time { return at(5000) }}).Admin("test")
		d, err := slow.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Di", LastName: "Lee"}})
		if err != nil || !d.PlayedAt.Equal(at(9000)) {
			t.Errorf("time of a play with a slow clock: got %s, error %v, want that of the previous play, %s", d.PlayedAt, err, at(9000))
		}
		if err := store.MigrateDownTo(t.Context(), db, 3); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Errorf("migrate again: got error %v, want nil", err)
		}
	})
}
