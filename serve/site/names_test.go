package site_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// TestNamesOfAnyScript makes plays for people with names in many scripts. It checks that
// pages, spreadsheets and JSON contain the names unchanged.
func TestNamesOfAnyScript(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	names := []string{
		"É", "李", "Zoë", "Ṣọlá", "Łukasz", "Иван", "Ελένη", "محمد", "דוד", "नमस्ते", "สมชาย", "한글", "ゆき", "𠮷田", "👩\u200d👩\u200d👧", "🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F",
		"O'Brien", "D’Arcy", "Anne-Marie", strings.Repeat("李", 100), strings.Repeat("x", 100),
	}
	promoter := s.promoter(t)
	for _, name := range names {
		result := s.visitor(t).play("summer", "first_name", name, "last_name", name)
		d := s.draws(t, "summer")[0]
		if d.Entrant.FirstName != name || d.Entrant.LastName != name {
			t.Errorf("stored names: got %q and %q, want %q", d.Entrant.FirstName, d.Entrant.LastName, name)
		}
		promoter.wantText(promoter.wantStatus(promoter.get("/admin/draws/"+d.ID), http.StatusOK), name+" "+name)
		wantHarmless(t, result)
	}
	p := promoter.wantStatus(promoter.get("/admin/entrants.csv"), http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(p.text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, row := range rows[1:] {
		found[row[1]] = row[1] == row[2]
	}
	p = promoter.wantStatus(promoter.get("/admin/campaigns/summer/export.json?entrants=true"), http.StatusOK)
	if !jsontext.Value(p.text).IsValid() {
		t.Fatalf("export: got invalid JSON:\n%s", p.text)
	}
	for _, name := range names {
		if !found[name] {
			t.Errorf("spreadsheet: got no %q", name)
		}
		if text, err := json.Marshal(name); err != nil || !strings.Contains(p.text, string(text)) {
			t.Errorf("export: got no %q", name)
		}
	}
	promoter.wantText(promoter.wantStatus(promoter.get("/admin/entrants?search="+"%E6%9D%8E"), http.StatusOK), "李 李")
}

// TestComposedNames checks that two Unicode encodings of the same name belong to one
// person.
func TestComposedNames(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", MaxPlays: 1})
	s.visitor(t).play("summer", "first_name", "Zoe\u0308", "last_name", "Lee")
	v := s.visitor(t)
	p := v.wantStatus(v.post("/c/summer/play", "first_name", "Zo\u00eb", "last_name", "LEE", "once", onceKey), http.StatusConflict)
	v.wantText(p, "You have used all your plays.")
}
