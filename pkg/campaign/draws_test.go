package campaign_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// certain returns the plan of a campaign in which account numbers that begin with a to m
// always win, and others practically never win.
func certain(name string) campaign.Plan {
	const rules = "name: certain\ncurrency: GBP\nrules:\n" +
		"  - {name: =first half, match: \"^[a-m]\", prizes: [{prize: \"+Mug\", value: 8, chance: 100%}]}\n" +
		"  - {name: last half, prizes: [{prize: Yacht, value: 1, chance: 1/9000000000000000000}]}\n"
	return campaign.Plan{Name: name, RulesYAML: rules, TextFormat: "lower4", NumberFormat: "digits4"}
}

// oneOfEach plays until one draw has won a prize and another has won nothing, and returns
// both.
func oneOfEach(t *testing.T, p *campaign.Admin) (winner, loser campaign.Draw) {
	t.Helper()
	for i := 0; winner.ID == "" || loser.ID == ""; i++ {
		d, err := p.Play(t.Context(), campaign.Play{Campaign: "certain", Person: &campaign.Person{FirstName: "=Ann", LastName: fmt.Sprint("Lee ", i)}})
		if err != nil {
			t.Fatal(err)
		}
		if d.Prize != nil {
			winner = d
		} else {
			loser = d
		}
	}
	return winner, loser
}

func TestClaimsAndVoids(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		p := opened(t, address, certain("certain"))
		ctx := t.Context()
		winner, loser := oneOfEach(t, p)
		list := func(status string) (ids []string) {
			draws, _, err := p.Draws(ctx, campaign.DrawQuery{Paging: campaign.Paging{Limit: 1000}, Campaign: "certain", Status: status})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range draws {
				ids = append(ids, d.ID)
			}
			return ids
		}
		if got := list(campaign.Unclaimed); !slices.Contains(got, winner.ID) || slices.Contains(got, loser.ID) {
			t.Errorf("unclaimed draws: got %v, want %s but not %s", got, winner.ID, loser.ID)
		}

		if _, err := p.Claim(ctx, loser.ID, ""); !errors.Is(err, campaign.ErrState) {
			t.Errorf("claim a draw without a prize: got error %v, want ErrState", err)
		}
		if _, err := p.Unclaim(ctx, winner.ID); !errors.Is(err, campaign.ErrState) {
			t.Errorf("unclaim an unclaimed draw: got error %v, want ErrState", err)
		}
		d, err := p.Claim(ctx, winner.ID, " posted ")
		if err != nil || d.Claim == nil || d.Claim.Note != "posted" {
			t.Fatalf("claimed draw: got %+v, error %v, want a claim with note posted", d, err)
		}
		if _, err := p.Claim(ctx, winner.ID, ""); !errors.Is(err, campaign.ErrState) || !strings.Contains(err.Error(), "already") {
			t.Errorf("claim twice: got error %v, want ErrState", err)
		}
		if got := list(campaign.Claimed); !slices.Equal(got, []string{winner.ID}) {
			t.Errorf("claimed draws: got %v, want %s", got, winner.ID)
		}
		if d, err := p.Unclaim(ctx, winner.ID); err != nil || d.Claim != nil {
			t.Errorf("unclaimed draw: got %+v, error %v, want no claim", d, err)
		}

		for _, reason := range []string{"", " \n", strings.Repeat("x", 1001), "\xff"} {
			if _, err := p.Void(ctx, winner.ID, reason); field(err) != "reason" {
				t.Errorf("void with reason %q: got error %v, want an error for field reason", reason, err)
			}
		}
		if _, err := p.Claim(ctx, winner.ID, strings.Repeat("é", 1001)); field(err) != "note" {
			t.Errorf("claim with a long note: got error %v, want an error for field note", err)
		}
		if d, err := p.Void(ctx, winner.ID, "@played twice"); err != nil || d.Void == nil || d.Prize == nil {
			t.Errorf("voided draw: got %+v, error %v, want a void draw that keeps its prize", d, err)
		}
		if _, err := p.Void(ctx, winner.ID, "again"); !errors.Is(err, campaign.ErrState) {
			t.Errorf("void twice: got error %v, want ErrState", err)
		}
		if _, err := p.Claim(ctx, winner.ID, ""); !errors.Is(err, campaign.ErrState) {
			t.Errorf("claim a void draw: got error %v, want ErrState", err)
		}
		if got := list(campaign.Voided); !slices.Equal(got, []string{winner.ID}) {
			t.Errorf("void draws: got %v, want %s", got, winner.ID)
		}
		if _, _, err := p.Draws(ctx, campaign.DrawQuery{Campaign: "certain", Status: "lost"}); field(err) != "status" {
			t.Errorf("unknown status: got error %v, want an error for field status", err)
		}

		seen, err := p.Service.Draw(ctx, winner.ID)
		if err != nil || seen.Void == nil || seen.Void.Note != "" || seen.Entrant != nil || seen.Player == "" {
			t.Errorf("draw for the public: got %+v, error %v, want no note and no entrant", seen, err)
		}
		for _, id := range []string{"", "x", winner.ID + "a", strings.Replace(winner.ID, "certain", "other", 1), winner.ID[:len(winner.ID)-16] + "aaaaaaaaaaaaaaaa", "certain-9999-aaaaaaaaaaaaaaaa"} {
			if _, err := p.Draw(ctx, id); !errors.Is(err, campaign.ErrNotFound) {
				t.Errorf("Draw(%q): got error %v, want ErrNotFound", id, err)
			}
			if _, err := p.Void(ctx, id, "x"); !errors.Is(err, campaign.ErrNotFound) {
				t.Errorf("Void(%q): got error %v, want ErrNotFound", id, err)
			}
		}
		if _, err := p.Close(ctx, "certain"); err != nil {
			t.Fatal(err)
		}
		if report := verified(t, p, "certain"); report.Held == 0 {
			t.Errorf("report: got %+v, want valid draws", report)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

// field returns the field of a [campaign.FieldError], or "" if err is another error.
func field(err error) string {
	var f *campaign.FieldError
	if errors.As(err, &f) {
		return f.Field
	}
	return ""
}

// TestExportCSV checks that strings that a spreadsheet would treat as formulas are
// exported with an apostrophe.
func TestExportCSV(t *testing.T) {
	p := opened(t, storetest.File(t), certain("certain"))
	winner, loser := oneOfEach(t, p)
	if _, err := p.Claim(t.Context(), winner.ID, "-posted"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Void(t.Context(), winner.ID, "@spam"); err != nil {
		t.Fatal(err)
	}
	read := func(o campaign.ExportOptions) map[string][]string {
		var text bytes.Buffer
		if err := p.ExportCSV(t.Context(), "certain", &text, o); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&text).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string][]string{}
		for _, r := range records {
			lines[r[0]] = r
		}
		return lines
	}
	public := read(campaign.ExportOptions{})
	if got := strings.Join(public["index"], ","); got != "index,account,rule,prize,value,currency,drawn,played_at,claimed_at,voided_at" {
		t.Errorf("columns: got %s, want those without entrants", got)
	}
	row := public[fmt.Sprint(winner.Index)]
	if row[2] != "'=first half" || row[3] != "'+Mug" || row[4] != "800" || row[5] != "GBP" || row[8] == "" || row[9] == "" {
		t.Errorf("winner: got %q, want apostrophes before formulas", row)
	}
	if row := public[fmt.Sprint(loser.Index)]; row[3] != "" || row[4] != "0" || row[8] != "" {
		t.Errorf("loser: got %q, want no prize", row)
	}
	row = read(campaign.ExportOptions{Entrants: true})[fmt.Sprint(winner.Index)]
	if row[11] != "'=Ann" || !strings.HasPrefix(row[12], "Lee ") || row[14] != "'-posted" || row[15] != "'@spam" {
		t.Errorf("winner with entrant: got %q, want apostrophes before formulas", row)
	}
}
