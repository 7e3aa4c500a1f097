package site_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// TestNamesOfAnyScript has people of all scripts play, and finds their names as they
// wrote them on pages, in spreadsheets and in JSON.
func TestNamesOfAnyScript(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer"})
	names := []string{
		"É", "李", "Zoë", "Ṣọlá", "Łukasz", "Иван", "Ελένη", "محمد", "דוד", "नमस्ते", "สมชาย", "한글", "ゆき", "𠮷田", "👩\u200d👩\u200d👧", "🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F",
		"O'Brien", "D’Arcy", "Anne-Marie", strings.Repeat("李", 100), strings.Repeat("x", 100),
	}
	admin := h.administrator(t)
	for _, name := range names {
		result := h.visitor(t).play("summer", "first_name", name, "last_name", name)
		d := h.drawsOf(t, "summer")[0]
		if d.Entrant.FirstName != name || d.Entrant.LastName != name {
			t.Errorf("%q is stored as %+v", name, d.Entrant)
		}
		admin.says(admin.want(admin.get("/admin/draws/"+d.ID), http.StatusOK), name+" "+name)
		check(t, result)
	}
	p := admin.want(admin.get("/admin/entrants.csv"), http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(p.text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, row := range rows[1:] {
		found[row[1]] = row[1] == row[2]
	}
	p = admin.want(admin.get("/admin/campaigns/summer/export.json?entrants=true"), http.StatusOK)
	if !json.Valid([]byte(p.text)) {
		t.Fatal("the export is no JSON")
	}
	for _, name := range names {
		if !found[name] {
			t.Errorf("%q is not in the spreadsheet", name)
		}
		if text, err := json.Marshal(name); err != nil || !strings.Contains(p.text, string(text)) {
			t.Errorf("%q is not in the export", name)
		}
	}
	admin.says(admin.want(admin.get("/admin/entrants?search="+"%E6%9D%8E"), http.StatusOK), "李 李")
}

// TestComposedNames has a name in two spellings that look the same: it is one person.
func TestComposedNames(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer", MaxPlays: 1})
	h.visitor(t).play("summer", "first_name", "Zoe\u0308", "last_name", "Lee")
	v := h.visitor(t)
	v.want(v.post("/c/summer/play", "first_name", "Zo\u00eb", "last_name", "LEE", "once", strings.Repeat("a", 26)), http.StatusConflict)
}
