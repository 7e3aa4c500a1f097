package draw_test

import (
	"errors"
	"math"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// half returns rules that match half of the account numbers.
func half(t *testing.T) *prize.Rules {
	t.Helper()
	rules, err := prize.Parse("half.yaml", []byte(`name: half
currency: GBP
rules:
- match: '[0-4]$'
  prizes: [{win: 5, chance: 1/3}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestNewOdds checks that odds are exact fractions, and that a row for account numbers
// without a rule exists only if there are any.
func TestNewOdds(t *testing.T) {
	spec, rules := spec(t, 0), half(t)
	got, err := json.Marshal(draw.NewOdds(rules, spec.Text, spec.Number, rules.Odds(spec.Text.Format, spec.Number.Format)))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"text_format":"lower4","number_format":"digits4","rules":"half","rules_sha256":"` + rules.SHA256() + `","currency":"GBP","rows":[` +
		`{"rule":null,"prize":null,"value":0,"probability":"1/2"},` +
		`{"rule":"[0-4]$","prize":"£5.00","value":500,"probability":"1/6"},` +
		`{"rule":"[0-4]$","prize":null,"value":0,"probability":"1/3"}],` +
		`"win_probability":"1/6","expected_value":"250/3","stddev":186.33899812498248}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("odds (-want +got):\n%s", diff)
	}
	all := draw.NewOdds(spec.Rules, spec.Text, spec.Number, spec.Rules.Odds(spec.Text.Format, spec.Number.Format))
	if all.Rows[0].Rule == nil || len(all.Rows) != spec.Rules.Outcomes()-1 {
		t.Errorf("rows: got %d, the first %+v, want %d, the first with a rule", len(all.Rows), all.Rows[0], spec.Rules.Outcomes()-1)
	}
}

// TestNewAccountOdds checks that the odds of an account number contain only the rows of the
// rule that matches it.
func TestNewAccountOdds(t *testing.T) {
	rules := half(t)
	for account, want := range map[string]string{
		"a4": `[{"rule":"[0-4]$","prize":"£5.00","value":500,"probability":"1/3"},{"rule":"[0-4]$","prize":null,"value":0,"probability":"2/3"}]`,
		"a5": `[{"rule":null,"prize":null,"value":0,"probability":"1"}]`,
	} {
		odds := draw.NewAccountOdds(rules, account, rules.AccountOdds(account))
		got, err := json.Marshal(odds.Rows)
		if err != nil || odds.Account != account || odds.TextFormat != "" {
			t.Fatalf("odds of %s: got %+v, error %v, want the account number and no formats", account, odds, err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("odds of %s (-want +got):\n%s", account, diff)
		}
	}
}

// TestCheck compares draws with their own odds, and with odds under which some of them
// are impossible.
func TestCheck(t *testing.T) {
	spec := spec(t, 50_000)
	counted := 0
	fair, err := draw.Check(t.Context(), draw.Local{}, spec, spec.Rules.Odds(spec.Text.Format, spec.Number.Format), func(draws int) { counted += draws })
	if err != nil || fair.P < 0.001 || fair.P > 0.999 || fair.Degrees < 5 || counted != 50_000 || fair.Draws != 50_000 || fair.Seed != "42" {
		t.Errorf("sample: got %+v, error %v and progress %d, want a fair sample of 50,000 draws", fair, err, counted)
	}
	sum, expected := uint64(0), 0.0
	for o := range fair.Observed {
		sum, expected = sum+fair.Observed[o], expected+fair.Expected[o]
	}
	if sum != 50_000 || math.Abs(expected-50_000) > 1e-6 {
		t.Errorf("observed and expected draws: got %d and %v, want 50,000 each", sum, expected)
	}
	unfair, err := draw.Check(t.Context(), draw.Local{}, spec, spec.Rules.AccountOdds("zzzz1235"), nil)
	if err != nil || unfair.P != 0 || math.IsInf(unfair.ChiSquare, 0) {
		t.Errorf("other odds: got p = %v, chi-square %v, error %v, want p = 0 and a finite chi-square", unfair.P, unfair.ChiSquare, err)
	}
}

// TestCheckOfFewDraws checks that rare outcomes are counted together, down to one cell.
func TestCheckOfFewDraws(t *testing.T) {
	spec := spec(t, 3)
	sample, err := draw.Check(t.Context(), draw.Local{}, spec, spec.Rules.Odds(spec.Text.Format, spec.Number.Format), nil)
	if err != nil || sample.Degrees != 0 || sample.P != 1 {
		t.Errorf("three draws: got %d degrees of freedom, p = %v, error %v, want 0 and p = 1", sample.Degrees, sample.P, err)
	}
	down := errors.New("the service is down")
	if _, err := draw.Check(t.Context(), faulty{part: "text", err: down}, spec, spec.Rules.AccountOdds("x"), nil); !errors.Is(err, down) {
		t.Errorf("Check: got error %v, want the generator's error", err)
	}
}
