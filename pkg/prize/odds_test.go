package prize_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"pgregory.net/rapid"
)

// letters parses a format with few enough parts to enumerate.
func letters(tb rapid.TB, format string) partgen.Format {
	tb.Helper()
	l, err := partgen.Parse("text", format)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// spellings returns every concatenation of one text of each format.
func spellings(parts ...partgen.Format) []string {
	all := []string{""}
	for _, part := range parts {
		for range part.Len() {
			var longer []string
			for _, text := range all {
				for _, letter := range part.Alphabet() {
					longer = append(longer, text+string(letter))
				}
			}
			all = longer
		}
	}
	return all
}

// TestOddsAreThoseOfEveryAccountNumber compares the odds with the sum of the chances of
// all account numbers, each matched with the regexp package.
func TestOddsAreThoseOfEveryAccountNumber(t *testing.T) {
	formats := [][]partgen.Format{
		{letters(t, "[aAb]2"), letters(t, "[14]2")},
		{letters(t, "[ab1]1"), letters(t, "[1a]3")}, // alphabets that share letters
		{letters(t, "[aA14_-]2")},
	}
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(pattern(2), 1, 4).Draw(t, "patterns")
		format := rapid.SampledFrom(formats).Draw(t, "format")
		rules, err := prize.Parse("rules.yaml", []byte(matching(patterns...)))
		if err != nil {
			t.Fatalf("%q: got error %v, want nil", patterns, err)
		}
		all := spellings(format...)
		counts := make([]int64, len(patterns)+1)
		for _, account := range all {
			counts[oracle(t, patterns, account)]++
		}
		odds := rules.Odds(format...)
		for _, row := range odds.Rows {
			count := counts[len(patterns)]
			chance := big.NewRat(1, 1)
			if row.Rule != nil {
				count = counts[row.Rule.Name[len("rule ")]-'a']
				chance = row.Rule.NoPrize()
			}
			if row.Prize != nil {
				chance = row.Prize.Chance
			}
			want := new(big.Rat).Mul(big.NewRat(count, int64(len(all))), chance)
			if row.Probability.Cmp(want) != 0 {
				t.Fatalf("%q, outcome %d: got probability %v, want %v", patterns, row.Outcome, row.Probability, want)
			}
		}
	})
}

// TestOddsOfTheExampleRules checks odds that can be computed by hand: with the formats
// lower4 and digits4, one in 26 account numbers begins with an a, and 3439 of 10000 numbers
// contain a 4.
func TestOddsOfTheExampleRules(t *testing.T) {
	odds := parse(t, example).Odds(parts(t, "lower4", "digits4")...)
	want := []struct {
		rule, prize, probability string
		value                    int64
	}{
		{"", "", "0/1", 0},
		{"starts with A", "£100.00", "1/104", 10000},
		{"starts with A", "£50.00", "3/104", 5000},
		{"starts with A", "", "0/1", 0},
		{"has a 4", "£20.00", "3439/104000", 2000},
		{"has a 4", "Mug", "10317/208000", 800},
		{"has a 4", "", "10317/41600", 0},
		{"everybody else", "£1.00", "6561/104000", 100},
		{"everybody else", "", "59049/104000", 0},
	}
	if len(odds.Rows) != len(want) {
		t.Fatalf("got %d outcomes, want %d", len(odds.Rows), len(want))
	}
	for i, row := range odds.Rows {
		rule, won := "", ""
		if row.Rule != nil {
			rule = row.Rule.Name
		}
		if row.Prize != nil {
			won = row.Prize.Name
		}
		if w := want[i]; row.Outcome != prize.Outcome(i) || rule != w.rule || won != w.prize || row.Value() != w.value || row.Probability.String() != w.probability {
			t.Errorf("row %d: got %s, %s, %d, %v, want %+v", i, rule, won, row.Value(), row.Probability, w)
		}
	}
	// Compute the moments again from their definitions, with floats.
	var mean, variance, third, lumps, win float64
	for _, row := range odds.Rows {
		p, _ := row.Probability.Float64()
		mean += p * float64(row.Value())
		if row.Prize != nil {
			win += p
		}
	}
	for _, row := range odds.Rows {
		p, _ := row.Probability.Float64()
		away := float64(row.Value()) - mean
		variance, third, lumps = variance+p*away*away, third+p*away*away*away, lumps+p*math.Abs(away*away*away)
	}
	deviation := math.Sqrt(variance)
	gotWin, _ := odds.Win.Float64()
	gotMean, _ := odds.Mean.Float64()
	gotVariance, _ := odds.Variance.Float64()
	for name, pair := range map[string][2]float64{
		"win": {gotWin, win}, "mean": {gotMean, mean}, "variance": {gotVariance, variance}, "standard deviation": {odds.StandardDeviation(), deviation},
		"skew": {odds.Skew, third / variance / deviation}, "lumps": {odds.Lumps, lumps / variance / deviation}, "most": {float64(odds.Most), 10000},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-9*pair[1] {
			t.Errorf("%s = %v, want %v", name, pair[0], pair[1])
		}
	}
}

// TestAccountOdds checks that only the chances of the first matching rule count.
func TestAccountOdds(t *testing.T) {
	rules := parse(t, example)
	for account, test := range map[string]struct {
		rule, win, mean string
		most            int64
	}{
		"a4":   {"starts with A", "1/1", "6250/1", 10000},
		"Azzz": {"starts with A", "1/1", "6250/1", 10000},
		"b4":   {"has a 4", "1/4", "320/1", 2000},
		"b5":   {"everybody else", "1/10", "10/1", 100},
	} {
		odds := rules.AccountOdds(account)
		if odds.Win.String() != test.win || odds.Mean.String() != test.mean || odds.Most != test.most {
			t.Errorf("%s: got win %v, mean %v, most %d, want %+v", account, odds.Win, odds.Mean, odds.Most, test)
		}
		checkOdds(t, odds)
		for _, row := range odds.Rows {
			if row.Probability.Sign() > 0 && row.Rule.Name != test.rule {
				t.Errorf("%s: got a positive probability for rule %q, want only for %q", account, row.Rule.Name, test.rule)
			}
		}
	}
	uncovered := parse(t, matching("^a")).AccountOdds("b")
	if uncovered.Win.Sign() != 0 || uncovered.Rows[0].Probability.String() != "1/1" || uncovered.Skew != 0 {
		t.Errorf("account number that no rule matches: got odds %+v, want no chance of a prize", uncovered)
	}
}

// TestOddsOfLongFormats checks that 2^424 account numbers are counted exactly.
func TestOddsOfLongFormats(t *testing.T) {
	odds := parse(t, matching("^a", "9$")).Odds(parts(t, "lower64", "digits64")...)
	if got, want := odds.Rows[1].Probability.String(), "1/2600"; got != want {
		t.Errorf("starts with a: got %s, want %s", got, want)
	}
	if got, want := odds.Rows[0].Probability.String(), "45/52"; got != want {
		t.Errorf("neither starts with a nor ends with 9: got %s, want %s", got, want)
	}
	checkOdds(t, odds)
}
