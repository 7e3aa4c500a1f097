package prize

import (
	"math"
	"math/big"
)

// Total is what a number of draws may cost together, in minor units.
type Total struct {
	Draws             uint64
	Mean              *big.Rat // exact
	StandardDeviation float64
	P95, P99          float64 // the cost that is not exceeded with 95% and 99% probability, approximately
	Rough             string  // why the approximation is not good here; empty where it is
}

// maxSkew is the skew of a total up to which its approximation is called good.
// At this bound the probability of staying within P95 and P99 was found to be
// within half a percent of 95% and 99%.
const maxSkew = 0.5

// Total computes the cost of n draws without any stock running out.
//
// The bounds come from the normal distribution with the first two terms of the
// Cornish-Fisher expansion for skew (Cornish and Fisher, Moments and Cumulants
// in the Specification of Distributions, 1938):
//
//	cost = mean + deviation × (z + (z²-1)·skew/6 - (2z³-5z)·skew²/36)
//
// where z is 1.645 or 2.326 and the skew of the total is that of a draw divided
// by √n. It is rough where few of the prizes that make up the cost are expected.
func (o *Odds) Total(n uint64) Total {
	draws := new(big.Rat).SetInt(new(big.Int).SetUint64(n))
	t := Total{Draws: n, Mean: new(big.Rat).Mul(o.Mean, draws)}
	t.StandardDeviation = sqrt(new(big.Rat).Mul(o.Variance, draws))
	skew := o.Skew / math.Sqrt(float64(n))
	mean, _ := t.Mean.Float64()
	bound := func(z float64) float64 {
		cost := mean + t.StandardDeviation*(z+(z*z-1)*skew/6-(2*z*z*z-5*z)*skew*skew/36)
		return min(max(cost, 0), float64(n)*float64(o.Most))
	}
	t.P95, t.P99 = bound(1.6448536269514722), bound(2.3263478740408408)
	if math.Abs(skew) > maxSkew {
		t.Rough = "the dear prizes are too rare for so few draws"
	}
	return t
}
