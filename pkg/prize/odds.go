package prize

import (
	"math"
	"math/big"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// Odds contains the exact probabilities of all outcomes of a draw.
type Odds struct {
	Rows     []Row    // by outcome
	Win      *big.Rat // the chance of winning anything
	Mean     *big.Rat // the expected cost of a draw in minor units
	Variance *big.Rat // of the cost of a draw, in squared minor units
	Skew     float64  // of the cost of a draw, or 0 if the variance is 0
	Lumps    float64  // Lyapunov ratio of the cost of a draw, or 0 if the variance is 0
	Most     int64    // highest value of a prize that can be won, in minor units
}

// Row is the probability of one outcome.
type Row struct {
	Outcome     Outcome
	Rule        *Rule  // nil if no rule matches
	Prize       *Prize // nil if nothing is won
	Probability *big.Rat
}

// Value returns the cost of the outcome in minor units.
func (r Row) Value() int64 {
	if r.Prize == nil {
		return 0
	}
	return r.Prize.Value
}

// Odds returns the odds of a draw whose account number consists of the given parts, with
// all account numbers equally likely. It neither samples nor enumerates account numbers,
// but counts them by the states of the automaton.
func (r *Rules) Odds(parts ...partgen.Format) Odds {
	counts, total := r.automaton.Count(parts)
	rules := make([]*big.Rat, len(counts))
	for i, count := range counts {
		rules[i] = new(big.Rat).SetFrac(count, total)
	}
	return r.odds(rules)
}

// AccountOdds returns the odds of one account number, which must be valid. They are the
// chances of the first rule that matches it.
func (r *Rules) AccountOdds(account string) Odds {
	rules := make([]*big.Rat, len(r.List)+1)
	for i := range rules {
		rules[i] = new(big.Rat)
	}
	rules[r.automaton.Match(account)].SetInt64(1)
	return r.odds(rules)
}

// odds returns the odds of a draw. rules[i] is the probability that rule i applies; the
// last element is the probability that no rule matches.
func (r *Rules) odds(rules []*big.Rat) Odds {
	o := Odds{Rows: make([]Row, r.Outcomes()), Win: new(big.Rat), Mean: new(big.Rat)}
	o.Rows[0].Probability = rules[len(r.List)]
	for i := range r.List {
		rule := &r.List[i]
		row := r.awards.rows[i].first
		for k := range rule.Prizes {
			prize := &rule.Prizes[k]
			probability := new(big.Rat).Mul(rules[i], prize.Chance)
			o.Rows[row] = Row{row, rule, prize, probability}
			o.Win.Add(o.Win, probability)
			if probability.Sign() > 0 {
				o.Most = max(o.Most, prize.Value)
			}
			row++
		}
		o.Rows[row] = Row{row, rule, nil, new(big.Rat).Mul(rules[i], rule.NoPrize())}
	}
	o.moments()
	return o
}

// moments computes mean, variance, skew and lumps of the cost of a draw.
func (o *Odds) moments() {
	var power [4]*big.Rat // power[i] is the expected value of the i-th power of the cost
	for k := range power {
		power[k] = new(big.Rat)
	}
	for _, row := range o.Rows {
		value := new(big.Rat).SetInt64(row.Value())
		term := new(big.Rat).Set(row.Probability)
		for k := 1; k <= 3; k++ {
			term.Mul(term, value)
			power[k].Add(power[k], term)
		}
	}
	mean := power[1]
	o.Mean = mean
	o.Variance = new(big.Rat).Sub(power[2], new(big.Rat).Mul(mean, mean))
	if o.Variance.Sign() == 0 {
		return
	}
	// E(x-m)³ = E x³ - 3m E x² + 2m³
	third := new(big.Rat).Mul(mean, mean)
	third.Mul(third, mean)
	third.Add(third, third)
	third.Add(third, power[3])
	middle := new(big.Rat).Mul(mean, power[2])
	third.Sub(third, middle.Mul(middle, big.NewRat(3, 1)))
	skew, _ := third.Float64()
	deviation := sqrt(o.Variance)
	o.Skew = skew / (deviation * deviation * deviation)
	for _, row := range o.Rows {
		difference := new(big.Rat).SetInt64(row.Value())
		distance, _ := difference.Sub(difference, mean).Float64()
		probability, _ := row.Probability.Float64()
		o.Lumps += probability * math.Pow(math.Abs(distance)/deviation, 3)
	}
}

// StandardDeviation returns the standard deviation of the cost of a draw in minor units.
func (o *Odds) StandardDeviation() float64 { return sqrt(o.Variance) }

// sqrt returns the square root of r. The numerator and the denominator of r may overflow a
// float64.
func sqrt(r *big.Rat) float64 {
	f := new(big.Float).SetPrec(128).SetRat(r)
	root, _ := f.Sqrt(f).Float64()
	return root
}
