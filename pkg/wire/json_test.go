package wire_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/wire"
)

// TestJSON checks the JSON of requests and responses. Neither the members nor their order
// may change.
func TestJSON(t *testing.T) {
	at := time.Date(2027, 1, 2, 3, 4, 5, 6e6, time.UTC)
	rule, yes, reason := "starts with A", true, "by mistake"
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"an outcome": {
			wire.Outcome{Account: "ab12", Outcome: draw.Outcome{Rule: &rule, Prize: &draw.Prize{Name: "Mug", Value: 8, Currency: "GBP"}}},
			`{"account":"ab12","rule":"starts with A","prize":{"name":"Mug","value":8,"currency":"GBP"}}`,
		},
		"an outcome without a prize": {wire.Outcome{Account: "ab12"}, `{"account":"ab12","rule":null,"prize":null}`},
		"a request for draws": {
			wire.DrawsRequest{Count: 2, Seed: "42", Start: 3, TextFormat: "lower4", NumberFormat: "digits4", Rules: "generous"},
			`{"count":2,"seed":"42","start":3,"text_format":"lower4","number_format":"digits4","rules":"generous"}`,
		},
		"a play": {
			wire.DrawsRequest{Campaign: "summer", Entrant: &wire.Player{Person: campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann@example.com"}}},
			`{"count":0,"start":0,"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":"ann@example.com","id":0}}`,
		},
		"a change of a plan": {
			wire.CampaignChange{Plan: campaign.Plan{Name: "summer", Title: "Summer", OpensAt: &at, MaxPlays: 5}, Version: 2},
			`{"name":"summer","title":"Summer","opens_at":"2027-01-02T03:04:05.006Z","max_plays":5,"require_email":false,"version":2}`,
		},
		"a change of the state": {wire.CampaignChange{State: campaign.Open}, `{"name":"","max_plays":0,"require_email":false,"state":"open","version":0}`},
		"a change of a draw":    {wire.DrawChange{Claim: &yes, Note: "by post"}, `{"claim":true,"note":"by post"}`},
		"a void draw":           {wire.DrawChange{Void: &reason}, `{"void":"by mistake"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(test.value, json.Deterministic(true))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
