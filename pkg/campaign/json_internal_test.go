package campaign

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/draw"
)

// TestJSON checks the JSON of each type, because neither its members nor their order
// may change.
func TestJSON(t *testing.T) {
	at := time.Date(2027, 1, 2, 3, 4, 5, 6e6, time.UTC)
	rule, plays, stock := "rule<", int64(7), int64(3)
	mug := &draw.Prize{Name: "Mug", Value: 8, Currency: "GBP"}
	ann := Entrant{ID: 4, Person: Person{FirstName: "Ann", LastName: "Lee", Email: "a@b.c"}, CreatedAt: at}
	annWithPlays := ann
	annWithPlays.Plays = &plays
	basis := draw.Basis{TextFormat: "lower2", NumberFormat: "digits2", Rules: "generous", RulesSHA256: "00"}
	account := draw.Account{Whole: "ab12", Text: "ab", Number: "12"}
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"a draw": {
			draw.Draw{Index: 1, Account: account, Outcome: draw.Outcome{Rule: &rule, Prize: mug}, Seed: "42", Basis: basis},
			`{"index":1,"account":"ab12","text":"ab","number":"12","rule":"rule<","prize":{"name":"Mug","value":8,"currency":"GBP"},"seed":"42","text_format":"lower2","number_format":"digits2","rules":"generous","rules_sha256":"00"}`,
		},
		"a draw of a given account number": {
			draw.Draw{Index: 1, Account: draw.Account{Whole: "ab12"}, Seed: "42", Basis: draw.Basis{Rules: "generous", RulesSHA256: "00"}},
			`{"index":1,"account":"ab12","rule":null,"prize":null,"seed":"42","rules":"generous","rules_sha256":"00"}`,
		},
		"a draw of a campaign": {
			Draw{
				ID: "x", Index: 1, Account: account, Outcome: draw.Outcome{Rule: &rule, Prize: mug}, Drawn: mug, Campaign: "s", Seed: "42", Basis: basis,
				PlayedAt: at, Player: "Ann L.", Claim: &Mark{At: at, Note: "n"}, Void: &Mark{At: at}, Entrant: &ann,
			},
			`{"id":"x","index":1,"account":"ab12","text":"ab","number":"12","rule":"rule<","prize":{"name":"Mug","value":8,"currency":"GBP"},"drawn":{"name":"Mug","value":8,"currency":"GBP"},"campaign":"s","seed":"42","text_format":"lower2","number_format":"digits2","rules":"generous","rules_sha256":"00","played_at":"2027-01-02T03:04:05.006Z","player":"Ann L.","claim":{"at":"2027-01-02T03:04:05.006Z","note":"n"},"void":{"at":"2027-01-02T03:04:05.006Z"},"entrant":{"id":4,"first_name":"Ann","last_name":"Lee","email":"a@b.c","created_at":"2027-01-02T03:04:05.006Z"}}`,
		},
		"a draw of a campaign that won nothing": {
			Draw{ID: "x", Index: 1, Account: account, Campaign: "s", Basis: basis, PlayedAt: at},
			`{"id":"x","index":1,"account":"ab12","text":"ab","number":"12","rule":null,"prize":null,"campaign":"s","text_format":"lower2","number_format":"digits2","rules":"generous","rules_sha256":"00","played_at":"2027-01-02T03:04:05.006Z"}`,
		},
		"an entry of an export": {
			entry{Index: 1, Account: "ab12", Rule: &rule, Prize: mug, Drawn: mug, PlayedAt: &at, Claim: &Mark{At: at}, Void: &Mark{At: at}, Entrant: &ann},
			`{"index":1,"account":"ab12","rule":"rule<","prize":{"name":"Mug","value":8,"currency":"GBP"},"drawn":{"name":"Mug","value":8,"currency":"GBP"},"played_at":"2027-01-02T03:04:05.006Z","claim":{"at":"2027-01-02T03:04:05.006Z"},"void":{"at":"2027-01-02T03:04:05.006Z"},"entrant":{"id":4,"first_name":"Ann","last_name":"Lee","email":"a@b.c","created_at":"2027-01-02T03:04:05.006Z"}}`,
		},
		"a skipped index": {entry{Index: 1, Account: "ab12", Skipped: true}, `{"index":1,"account":"ab12","skipped":true}`},
		"an entrant": {
			annWithPlays,
			`{"id":4,"first_name":"Ann","last_name":"Lee","email":"a@b.c","created_at":"2027-01-02T03:04:05.006Z","plays":7}`,
		},
		"a campaign": {
			Campaign{
				Name: "s", Title: "S", State: Closed, TextFormat: "lower2", NumberFormat: "digits2", Rules: "g", RulesSHA256: "00", RulesYAML: "y",
				Currency: "GBP", OpensAt: &at, Commitment: "c", Seed: "42", Prizes: []Stock{{Name: "Mug", Value: 8, Stock: &stock, Awarded: 1}}, CreatedAt: at, Version: 2,
			},
			`{"name":"s","title":"S","state":"closed","text_format":"lower2","number_format":"digits2","rules":"g","rules_sha256":"00","rules_yaml":"y","currency":"GBP","opens_at":"2027-01-02T03:04:05.006Z","closes_at":null,"max_plays":0,"require_email":false,"commitment":"c","seed":"42","plays":0,"skipped":0,"prizes":[{"name":"Mug","value":8,"stock":3,"awarded":1}],"created_at":"2027-01-02T03:04:05.006Z","opened_at":null,"closed_at":null,"version":2}`,
		},
		"a change": {
			Change{ID: 1, At: at, Actor: "a", Action: "b", Subject: "c", Detail: "d"},
			`{"id":1,"at":"2027-01-02T03:04:05.006Z","actor":"a","action":"b","subject":"c","detail":"d"}`,
		},
	} {
		got, err := json.Marshal(test.value)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got\n%s\nerror %v, want\n%s", name, got, err, test.want)
		}
	}
}
