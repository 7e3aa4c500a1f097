package draw

import (
	"context"
	"math"
	"math/big"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mathext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Odds is the JSON form of the exact odds of a draw. Probabilities are reduced fractions,
// such as 1/3.
type Odds struct {
	Account        string    `json:"account,omitempty"` // set only for the odds of one account number, which have no formats
	TextFormat     string    `json:"text_format,omitempty"`
	NumberFormat   string    `json:"number_format,omitempty"`
	Rules          string    `json:"rules"`
	RulesSHA256    string    `json:"rules_sha256"`
	Currency       string    `json:"currency"`
	Rows           []OddsRow `json:"rows"`
	WinProbability string    `json:"win_probability"`
	ExpectedValue  string    `json:"expected_value"` // expected cost of a draw, in minor units of the currency
	Stddev         float64   `json:"stddev"`         // standard deviation of that cost, in minor units
}

// OddsRow is the probability of one outcome: a rule, and one of its prizes or no prize.
type OddsRow struct {
	Rule        *string `json:"rule"`  // nil for account numbers that no rule matches
	Prize       *string `json:"prize"` // nil for no prize
	Value       int64   `json:"value"` // in minor units of the currency
	Probability string  `json:"probability"`
}

// NewOdds converts odds of rules for the account numbers of two formats.
func NewOdds(rules *prize.Rules, text textgen.Format, number numgen.Format, odds prize.Odds) Odds {
	o := newOdds(rules, odds)
	o.TextFormat, o.NumberFormat = text.String(), number.String()
	return o
}

// NewAccountOdds converts odds of one account number. The result has a row for each prize
// of the rule that matches it, and a row for no prize.
func NewAccountOdds(rules *prize.Rules, account string, odds prize.Odds) Odds {
	o := newOdds(rules, odds)
	o.Account = account
	o.Rows = nil
	var matched *prize.Rule
	if i, ok := rules.Find(account); ok {
		matched = &rules.List[i]
	}
	for _, row := range odds.Rows {
		if row.Rule == matched {
			o.Rows = append(o.Rows, newOddsRow(row))
		}
	}
	return o
}

func newOdds(rules *prize.Rules, odds prize.Odds) Odds {
	o := Odds{
		Rules: rules.Name, RulesSHA256: rules.SHA256(), Currency: rules.Currency.Code,
		WinProbability: odds.Win.RatString(), ExpectedValue: odds.Mean.RatString(), Stddev: odds.StandardDeviation(),
	}
	for _, row := range odds.Rows {
		// Omit the row for account numbers that no rule matches if there are none.
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

// Sample is the result of comparing the frequencies of outcomes in draws with the expected
// frequencies, using Pearson's chi-square test.
type Sample struct {
	Draws     uint64    `json:"draws"`
	Seed      string    `json:"seed"`
	Observed  []uint64  `json:"observed"` // by outcome
	Expected  []float64 `json:"expected"` // by outcome
	ChiSquare float64   `json:"chi_square"`
	Degrees   int       `json:"degrees_of_freedom"`
	P         float64   `json:"p_value"` // probability that fair draws deviate at least this much
}

// Tally counts the outcomes of draws. It is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex
	counts []uint64 // by outcome
}

// NewTally returns an empty tally for draws by rules.
func NewTally(rules *prize.Rules) *Tally { return &Tally{counts: make([]uint64, rules.Outcomes())} }

// Add counts the draws of a batch.
func (t *Tally) Add(b *Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range b.Outcomes {
		t.counts[o]++
	}
}

// Counts returns the number of draws counted so far, by outcome.
func (t *Tally) Counts() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.counts)
}

// Check makes the draws of a spec and compares them with the odds; see [Compare]. If
// progress is not nil, Check calls it after each batch with the number of draws in it. If
// Check returns an error, the sample contains the draws before the error.
func Check(ctx context.Context, g Generator, spec Spec, odds prize.Odds, progress func(draws int)) (Sample, error) {
	tally := NewTally(spec.Rules)
	err := Run(ctx, g, spec, nil, func(b *Batch) error {
		tally.Add(b)
		if progress != nil {
			progress(b.Len())
		}
		return nil
	})
	return Compare(spec.Seed, tally.Counts(), odds), err
}

// Compare compares the draws of a seed with the odds, using Pearson's chi-square test.
// observed[i] is the number of draws with the outcome of row i of the odds. As the test
// requires, outcomes expected fewer than five times are counted together.
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

// minExpected is the expected count below which outcomes are counted together.
const minExpected = 5

func (s *Sample) compare(odds prize.Odds) {
	var rareObserved, rareExpected float64
	cells := 0
	add := func(observed, expected float64) {
		if expected > 0 {
			s.ChiSquare += (observed - expected) * (observed - expected) / expected
			cells++
		} else if observed > 0 {
			s.ChiSquare = math.Inf(1) // an impossible outcome has occurred
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
		s.ChiSquare, s.P = math.MaxFloat64, 0 // JSON has no infinity
	case s.Degrees == 0:
		s.P = 1
	default:
		s.P = mathext.GammaIncRegComp(float64(s.Degrees)/2, s.ChiSquare/2)
	}
}
