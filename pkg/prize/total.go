package prize

import (
	"math"
	"math/big"
)

// Total is the distribution of the cost of a number of draws, in minor units.
type Total struct {
	Draws             uint64
	Mean              *big.Rat // exact
	StandardDeviation float64
	P95, P99          float64 // approximate costs that are not exceeded with a probability of 95% and 99%
	Rough             string  // why P95 and P99 are imprecise; empty if they are precise
}

// maxLumps is the largest Lyapunov ratio, E|x-mean|³ ÷ deviation³ ÷ √n, of the cost of n
// draws for which the approximation is good.
//
// The possible costs are discrete: the probability of staying within a bound jumps from
// one possible cost to the next. Measured in deviations, a jump is at most twice the
// ratio. A bound between two costs is therefore off by at most the ratio times the normal
// density there, which is 0.103 at 95% and less at 99%. Hence, if [Total.Rough] is empty,
// the probability of staying within P95 is between 94.5% and 95.5%, and the probability
// of staying within P99 is between 98.5% and 99.5%, unless the cost is certain and equal
// to both. The tests compare this with exact distributions.
const maxLumps = 0.048

// Total returns the cost of n draws, provided that no stock runs out.
//
// The bounds come from a normal distribution, corrected for skew with the first two
// terms of the Cornish-Fisher expansion (Cornish and Fisher, Moments and Cumulants in
// the Specification of Distributions, 1938):
//
//	cost = mean + deviation × (z + (z²-1)·skew/6 - (2z³-5z)·skew²/36)
//
// Here z is 1.645 or 2.326, and skew is the skew of a draw divided by √n, limited to ±1.
// The approximation is poor if only a few of the prizes that dominate the cost are
// expected to be won, or if their values are far apart.
func (o *Odds) Total(n uint64) Total {
	draws := new(big.Rat).SetInt(new(big.Int).SetUint64(n))
	t := Total{Draws: n, Mean: new(big.Rat).Mul(o.Mean, draws)}
	t.StandardDeviation = sqrt(new(big.Rat).Mul(o.Variance, draws))
	root := math.Sqrt(float64(max(n, 1)))
	// Above a skew of 1 the expansion is not monotonic: P99 would become lower than P95.
	skew := min(max(o.Skew/root, -1), 1)
	mean, _ := t.Mean.Float64()
	bound := func(z float64) float64 {
		cost := mean + t.StandardDeviation*(z+(z*z-1)*skew/6-(2*z*z*z-5*z)*skew*skew/36)
		return min(max(cost, 0), float64(n)*float64(o.Most))
	}
	t.P95, t.P99 = bound(1.6448536269514722), bound(2.3263478740408408)
	if n > 0 && o.Lumps/root > maxLumps {
		t.Rough = "individual prizes dominate the cost of so few draws"
	}
	return t
}
