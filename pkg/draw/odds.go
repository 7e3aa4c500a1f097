package draw

import (
	"context"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mathext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Odds are the exact odds of a draw in the form that they are written in as JSON.
// Fractions are reduced and exact.
type Odds struct {
	Account        string    `json:"account,omitempty"` // of one visitor, whose formats do not matter
	TextFormat     string    `json:"text_format,omitempty"`
	NumberFormat   string    `json:"number_format,omitempty"`
	Rules          string    `json:"rules"`
	RulesSHA256    string    `json:"rules_sha256"`
	Currency       string    `json:"currency"`
	Rows           []OddsRow `json:"rows"`
	WinProbability string    `json:"win_probability"`
	ExpectedValue  string    `json:"expected_value"` // of a draw, in minor units
	Stddev         float64   `json:"stddev"`         // of the cost of a draw, in minor units
}

// OddsRow is the chance of one rule and prize, or of a rule's no prize.
type OddsRow struct {
	Rule        *string `json:"rule"`  // nil for account numbers that no rule covers
	Prize       *string `json:"prize"` // nil where nothing is won
	Value       int64   `json:"value"` // in minor units
	Probability string  `json:"probability"`
}

// NewOdds writes down odds that the rules computed, for account numbers of the
// formats.
func NewOdds(rules *prize.Rules, text textgen.Format, number numgen.Format, odds prize.Odds) Odds {
	o := newOdds(rules, odds)
	o.TextFormat, o.NumberFormat = text.String(), number.String()
	return o
}

// NewAccountOdds writes down the odds of one account number. There is a row for
// each prize of the rule that matches it, and one for no prize.
func NewAccountOdds(rules *prize.Rules, account string, odds prize.Odds) Odds {
	o := newOdds(rules, odds)
	o.Account = account
	o.Rows = nil
	own, _ := rules.Find(account)
	for _, row := range odds.Rows {
		if row.Rule == nil && own < len(rules.List) || row.Rule != nil && (own == len(rules.List) || row.Rule != &rules.List[own]) {
			continue
		}
		o.Rows = append(o.Rows, newOddsRow(row))
	}
	return o
}

func newOdds(rules *prize.Rules, odds prize.Odds) Odds {
	o := Odds{
		Rules: rules.Name, RulesSHA256: rules.SHA256(), Currency: rules.Currency.Code,
		WinProbability: odds.Win.RatString(), ExpectedValue: odds.Mean.RatString(), Stddev: odds.StandardDeviation(),
	}
	for _, row := range odds.Rows {
		// Uncovered account numbers are worth a row only where there are some.
		if row.Rule != nil || row.Probability.Sign() > 0 {
			o.Rows = append(o.Rows, newOddsRow(row))
		}
	}
	return o
}

func newOddsRow(row prize.Row) OddsRow {
	r := OddsRow{Value: row.Value(), Probability: row.Probability.RatString()}
	if row.Rule != nil {
		r.Rule = &row.Rule.Name
	}
	if row.Prize != nil {
		r.Prize = &row.Prize.Name
	}
	return r
}

// Sample is how often each outcome came up in some draws, beside how often it was
// expected to.
type Sample struct {
	Draws     uint64    `json:"draws"`
	Seed      string    `json:"seed"`
	Observed  []uint64  `json:"observed"` // by outcome
	Expected  []float64 `json:"expected"` // by outcome
	ChiSquare float64   `json:"chi_square"`
	Degrees   int       `json:"degrees_of_freedom"`
	P         float64   `json:"p_value"` // how likely fair draws are at least this far from what is expected
}

// Check makes the draws of a spec and holds them against the odds; see [Compare].
// count, which may be nil, is told of draws made.
func Check(ctx context.Context, g Generator, spec Spec, odds prize.Odds, count func(draws int)) (Sample, error) {
	tally := NewTally(spec.Rules)
	err := Run(ctx, g, spec, nil, func(b *Batch) error {
		tally.Add(b)
		if count != nil {
			count(b.Len())
		}
		return nil
	})
	return Compare(spec.Seed, tally.Counts(), odds), err
}

// Compare holds the draws of a seed against the odds by Pearson's chi-square test.
// observed is how often each outcome came up, of which there are as many as odds
// has rows. Outcomes that are expected fewer than five times are counted together,
// as the test requires.
func Compare(seed entropy.Seed, observed []uint64, odds prize.Odds) Sample {
	s := Sample{Seed: string(seed), Observed: observed}
	for _, n := range observed {
		s.Draws += n
	}
	draws := new(big.Rat).SetInt(new(big.Int).SetUint64(s.Draws))
	for _, row := range odds.Rows {
		expected, _ := new(big.Rat).Mul(row.Probability, draws).Float64()
		s.Expected = append(s.Expected, expected)
	}
	s.compare(odds)
	return s
}

// minExpected is how often an outcome must be expected to count on its own.
const minExpected = 5

func (s *Sample) compare(odds prize.Odds) {
	var rareObserved, rareExpected float64
	cells := 0
	add := func(observed, expected float64) {
		if expected > 0 {
			s.ChiSquare += (observed - expected) * (observed - expected) / expected
			cells++
		} else if observed > 0 {
			s.ChiSquare = math.Inf(1) // what is impossible came up
		}
	}
	for o, row := range odds.Rows {
		observed, expected := float64(s.Observed[o]), s.Expected[o]
		if expected < minExpected && row.Probability.Sign() > 0 {
			rareObserved, rareExpected = rareObserved+observed, rareExpected+expected
			continue
		}
		add(observed, expected)
	}
	add(rareObserved, rareExpected)
	s.Degrees = max(cells-1, 0)
	switch {
	case math.IsInf(s.ChiSquare, 1):
		s.ChiSquare, s.P = math.MaxFloat64, 0 // which JSON can say
	case s.Degrees == 0:
		s.P = 1
	default:
		s.P = mathext.GammaIncRegComp(float64(s.Degrees)/2, s.ChiSquare/2)
	}
}
