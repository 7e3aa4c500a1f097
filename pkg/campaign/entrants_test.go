package campaign_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

func TestClean(t *testing.T) {
	for name, test := range map[string]struct {
		person campaign.Person
		field  string // field of the error; empty for no error
		want   campaign.Person
	}{
		"plain":                {campaign.Person{FirstName: "Ann", LastName: "Lee"}, "", campaign.Person{FirstName: "Ann", LastName: "Lee"}},
		"white space":          {campaign.Person{FirstName: " Ann\u00a0 Mary ", LastName: "\tLee", Email: " ann@example.org "}, "", campaign.Person{FirstName: "Ann Mary", LastName: "Lee", Email: "ann@example.org"}},
		"combining characters": {campaign.Person{FirstName: "Rene\u0301", LastName: "Lee"}, "", campaign.Person{FirstName: "Ren\u00e9", LastName: "Lee"}},
		"100 characters":       {campaign.Person{FirstName: strings.Repeat("李", 100), LastName: "Lee"}, "", campaign.Person{FirstName: strings.Repeat("李", 100), LastName: "Lee"}},
		"emoji":                {campaign.Person{FirstName: "👨‍👩‍👧", LastName: "🏴󠁧󠁢󠁷󠁬󠁳󠁿"}, "", campaign.Person{FirstName: "👨‍👩‍👧", LastName: "🏴󠁧󠁢󠁷󠁬󠁳󠁿"}},
		"101 characters":       {campaign.Person{FirstName: strings.Repeat("é", 101), LastName: "Lee"}, "first_name", campaign.Person{}},
		"1 MiB":                {campaign.Person{FirstName: strings.Repeat(" ", 1<<20), LastName: "Lee"}, "first_name", campaign.Person{}},
		"an empty name":        {campaign.Person{FirstName: "Ann", LastName: " "}, "last_name", campaign.Person{}},
		"not UTF-8":            {campaign.Person{FirstName: "Ann\xff", LastName: "Lee"}, "first_name", campaign.Person{}},
		"a null character":     {campaign.Person{FirstName: "Ann", LastName: "Lee\x00"}, "last_name", campaign.Person{}},
		"reversed text":        {campaign.Person{FirstName: "Ann", LastName: "\u202eeeL"}, "last_name", campaign.Person{}},
		"only joiners":         {campaign.Person{FirstName: "\u200d", LastName: "Lee"}, "first_name", campaign.Person{}},
		"only fillers":         {campaign.Person{FirstName: "Ann", LastName: "\u3164 \u3164"}, "last_name", campaign.Person{}},
		"no address":           {campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann"}, "email", campaign.Person{}},
		"a name and address":   {campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "Ann <ann@example.org>"}, "email", campaign.Person{}},
		"two addresses":        {campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "a@example.org, b@example.org"}, "email", campaign.Person{}},
		"a long address":       {campaign.Person{FirstName: "Ann", LastName: "Lee", Email: strings.Repeat("a", 250) + "@example.org"}, "email", campaign.Person{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.person.Clean()
			switch {
			case test.field != "":
				if field(err) != test.field || !errors.Is(err, campaign.ErrInvalid) {
					t.Errorf("Clean: got error %v, want an error for field %s", err, test.field)
				}
			case err != nil || got != test.want:
				t.Errorf("Clean: got %+v, error %v, want %+v", got, err, test.want)
			}
		})
	}
}

// TestIdentity checks that the limit of plays applies to the email address or, without one,
// to the names, in any spelling.
func TestIdentity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		twice := plan("twice")
		twice.MaxPlays = 2
		p := opened(t, address, twice)
		for i, test := range []struct {
			person campaign.Person
			want   error
		}{
			{campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"}, nil},
			{campaign.Person{FirstName: "Anna", LastName: "Lee", Email: "ANN@example.org"}, nil},
			{campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "Ann@Example.Org"}, campaign.ErrMaxPlays},
			{campaign.Person{FirstName: "Ann", LastName: "Lee"}, nil},
			{campaign.Person{FirstName: "ANN", LastName: "lee"}, nil},
			{campaign.Person{FirstName: "ann", LastName: "LEE"}, campaign.ErrMaxPlays},
			{campaign.Person{FirstName: "René", LastName: "Straße"}, nil},
			{campaign.Person{FirstName: "Rene\u0301", LastName: "STRASSE"}, nil},
			{campaign.Person{FirstName: "RENÉ", LastName: "strasse"}, campaign.ErrMaxPlays},
		} {
			if _, err := p.Play(t.Context(), campaign.Play{Campaign: "twice", Person: &test.person}); !errors.Is(err, test.want) {
				t.Errorf("play %d, by %+v: got error %v, want %v", i, test.person, err, test.want)
			}
		}
		// The limit also applies to plays by one entrant in the same batch.
		errs := make(chan error)
		for range 10 {
			go func() {
				_, err := p.Play(t.Context(), campaign.Play{Campaign: "twice", Person: &campaign.Person{FirstName: "Bo", LastName: "Wu"}})
				errs <- err
			}()
		}
		refused := 0
		for range 10 {
			if err := <-errs; errors.Is(err, campaign.ErrMaxPlays) {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		if refused != 8 {
			t.Errorf("refused plays of 10 concurrent ones: got %d, want 8", refused)
		}
	})
}

func TestEntrants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		p := opened(t, address, plan("summer"))
		ctx := t.Context()
		ann, err := p.AddEntrant(ctx, campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"})
		if err != nil || ann.ID == 0 || ann.FirstName != "Ann" || ann.Plays == nil || *ann.Plays != 0 {
			t.Fatalf("added entrant: got %+v, error %v, want Ann with an ID and 0 plays", ann, err)
		}
		if _, err := p.AddEntrant(ctx, campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ANN@example.org"}); !errors.Is(err, campaign.ErrExists) {
			t.Errorf("add twice: got error %v, want ErrExists", err)
		}
		if _, err := p.AddEntrant(ctx, campaign.Person{FirstName: "Ann"}); field(err) != "last_name" {
			t.Errorf("add without a last name: got error %v, want an error for field last_name", err)
		}
		d, err := p.Play(ctx, campaign.Play{Campaign: "summer", EntrantID: ann.ID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Play(ctx, campaign.Play{Campaign: "summer", EntrantID: 12345}); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("play with an unknown ID: got error %v, want ErrNotFound", err)
		}
		if _, err := p.Play(ctx, campaign.Play{Campaign: "summer"}); err != nil {
			t.Errorf("play without an entrant: got error %v, want nil", err)
		}
		if _, err := p.Service.Play(ctx, campaign.Play{Campaign: "summer", EntrantID: ann.ID}); field(err) != "entrant" {
			t.Errorf("play by ID as the public: got error %v, want an error for field entrant", err)
		}
		draws, _, err := p.Draws(ctx, campaign.DrawQuery{Campaign: "summer", Entrant: ann.ID})
		if err != nil || len(draws) != 1 || draws[0].ID != d.ID || draws[0].Entrant.Plays != nil || draws[0].Entrant.Email != "ann@example.org" {
			t.Errorf("draws of the entrant: got %+v, error %v, want draw %s with its entrant", draws, err, d.ID)
		}

		added, err := p.ImportEntrants(ctx, []campaign.Person{ann.Person, {FirstName: "Bo", LastName: "Wu"}, {FirstName: "bo", LastName: "wu"}, {FirstName: "Bo", LastName: "Wu"}})
		if err != nil || added != 2 {
			t.Errorf("imported entrants: got %d, error %v, want 2", added, err)
		}
		_, err = p.ImportEntrants(ctx, []campaign.Person{{FirstName: "Cy", LastName: "Xu"}, {FirstName: "Di"}, {FirstName: "Ed", LastName: "Yo", Email: "ed"}})
		var bad *campaign.ImportError
		if !errors.As(err, &bad) || len(bad.Bad) != 2 || field(bad.Bad[1]) != "last_name" || field(bad.Bad[2]) != "email" || !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("import of two invalid people: got error %v, want ErrInvalid", err)
		}
		if !strings.Contains(err.Error(), "2 of the people are invalid; nobody was imported") {
			t.Errorf("import of two invalid people: got error %v, want the number of invalid people", err)
		}
		if list, _, err := p.Entrants(ctx, campaign.EntrantQuery{Search: "xu"}); err != nil || len(list) != 0 {
			t.Errorf("entrants after a failed import: got %+v, error %v, want none", list, err)
		}
		if _, err := p.ImportEntrants(ctx, make([]campaign.Person, 100_001)); field(err) != "entrants" {
			t.Errorf("import of too many people: got error %v, want an error for field entrants", err)
		}

		edited, err := p.EditEntrantFrom(ctx, ann.ID, ann.Person, campaign.Person{FirstName: "Anne", LastName: "Li", Email: "anne@example.org"})
		if err != nil || edited.FirstName != "Anne" || edited.PlayCount() != 1 || edited.ID != ann.ID {
			t.Errorf("edited entrant: got %+v, error %v, want Anne with ID %d and 1 play", edited, err, ann.ID)
		}
		if _, err := p.EditEntrant(ctx, ann.ID, campaign.Person{FirstName: "Bo", LastName: "Wu"}); !errors.Is(err, campaign.ErrExists) {
			t.Errorf("edit to the names of another entrant: got error %v, want ErrExists", err)
		}
		if _, err := p.EditEntrantFrom(ctx, ann.ID, ann.Person, campaign.Person{FirstName: "Anna", LastName: "Lee"}); !errors.Is(err, campaign.ErrChanged) {
			t.Errorf("edit of an old version: got error %v, want ErrChanged", err)
		}
		if _, err := p.EditEntrant(ctx, 12345, edited.Person); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("edit with an unknown ID: got error %v, want ErrNotFound", err)
		}
		if _, err := p.EditEntrant(ctx, ann.ID, campaign.Person{}); field(err) != "first_name" {
			t.Errorf("edit without a name: got error %v, want an error for field first_name", err)
		}

		if err := p.DeleteEntrant(ctx, ann.ID); err != nil {
			t.Fatal(err)
		}
		if err := p.DeleteEntrant(ctx, ann.ID); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("delete twice: got error %v, want ErrNotFound", err)
		}
		if _, err := p.Entrant(ctx, ann.ID); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("deleted entrant: got error %v, want ErrNotFound", err)
		}
		if after, err := p.Draw(ctx, d.ID); err != nil || after.Entrant != nil || after.Player != "" || after.Account != d.Account {
			t.Errorf("draw of the deleted entrant: got %+v, error %v, want the draw without an entrant", after, err)
		}
		if _, err := p.Close(ctx, "summer"); err != nil {
			t.Fatal(err)
		}
		if report := verified(t, p, "summer"); report.Draws != 2 {
			t.Errorf("report: got %+v, want 2 draws", report)
		}
		changes, err := p.Changes(ctx, campaign.ChangeQuery{Subject: fmt.Sprint("entrant ", ann.ID)})
		if err != nil || len(changes) != 3 {
			t.Fatalf("changes of the entrant: got %+v, error %v, want 3", changes, err)
		}
		for _, c := range changes {
			if strings.Contains(c.Detail, "Ann") || strings.Contains(c.Detail, "example.org") {
				t.Errorf("change: got %+v, want no personal data", c)
			}
		}
	})
}

// TestEntrantPages checks that reading page by page returns all entrants.
func TestEntrantPages(t *testing.T) {
	p := newAdmin(t, storetest.File(t))
	people := make([]campaign.Person, 7)
	for i := range people {
		people[i] = *person(i)
	}
	if _, err := p.ImportEntrants(t.Context(), people); err != nil {
		t.Fatal(err)
	}
	var got []string
	for cursor := ""; ; {
		list, next, err := p.Entrants(t.Context(), campaign.EntrantQuery{Paging: campaign.Paging{Cursor: cursor, Limit: 3}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			got = append(got, e.FirstName)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if want := "Ann 6,Ann 5,Ann 4,Ann 3,Ann 2,Ann 1,Ann 0"; strings.Join(got, ",") != want {
		t.Errorf("first names: got %v, want %s", got, want)
	}
	if _, _, err := p.Entrants(t.Context(), campaign.EntrantQuery{Paging: campaign.Paging{Cursor: "x"}}); field(err) != "cursor" {
		t.Errorf("malformed cursor: got error %v, want an error for field cursor", err)
	}
}

// FuzzClean checks that Clean is idempotent.
func FuzzClean(f *testing.F) {
	f.Add("Ann", "Lee", "ann@example.org")
	f.Add("Rene\u0301 ", "李", "")
	f.Add("\u202e", "\x00", "a@b, c@d")
	f.Fuzz(func(t *testing.T, first, last, email string) {
		clean, err := campaign.Person{FirstName: first, LastName: last, Email: email}.Clean()
		if err != nil {
			if !errors.Is(err, campaign.ErrInvalid) || field(err) == "" {
				t.Fatalf("Clean of %q, %q, %q: got error %v, want an error for a field", first, last, email, err)
			}
			return
		}
		again, err := clean.Clean()
		if err != nil || again != clean {
			t.Fatalf("Clean: got %+v, error %v, want %+v unchanged", again, err, clean)
		}
		if clean.Shown() == "" || clean.Identity() == "" {
			t.Fatalf("public name and identity of %+v: got %q and %q, want neither empty", clean, clean.Shown(), clean.Identity())
		}
	})
}
