package prize

import (
	"math"
	"math/big"
)

// Total is the cost of a number of draws in minor units.
type Total struct {
	Draws             uint64
	Mean              *big.Rat // exact
	StandardDeviation float64
	P95, P99          float64 // the cost that is not exceeded with 95% and 99% probability, approximately
	Rough             string  // why the approximation is poor; empty if it is good
}

// maxLumps is the largest [Odds.Lumps] of a total whose approximation is good. The cost of n draws does not grow smoothly but
// in steps: the probability of staying within a bound jumps from one possible
// cost to the next one. By Lyapunov's ratio, E|x-mean|³ ÷ deviation³ ÷ √n, such
// a jump is at most twice the ratio, in deviations, so that a bound between two
// steps is off by at most the ratio times the normal density there, which is
// 0.103 at 95% and less at 99%. Hence, while [Total.Rough] is empty, the
// probability of staying within P95 is from 94.5% to 95.5%, and within P99 from
// 98.5% to 99.5%; or the cost is certain and both are that cost. The tests hold
// this against exact distributions.
const maxLumps = 0.048

// Total computes the cost of n draws without any stock running out.
//
// The bounds come from the normal distribution with the first two terms of the
// Cornish-Fisher expansion for skew (Cornish and Fisher, Moments and Cumulants
// in the Specification of Distributions, 1938):
//
//	cost = mean + deviation × (z + (z²-1)·skew/6 - (2z³-5z)·skew²/36)
//
// where z is 1.645 or 2.326 and the skew of the total is that of a draw divided
// by √n, and no more than 1. It is rough where few of the prizes that make up
// the cost are expected, or where their steps are coarse.
func (o *Odds) Total(n uint64) Total {
	draws := new(big.Rat).SetInt(new(big.Int).SetUint64(n))
	t := Total{Draws: n, Mean: new(big.Rat).Mul(o.Mean, draws)}
	t.StandardDeviation = sqrt(new(big.Rat).Mul(o.Variance, draws))
	root := math.Sqrt(float64(max(n, 1)))
	// Beyond a skew of 1 the expansion bends back, and far beyond it would call
	// 99% cheaper than 95%.
	skew := min(max(o.Skew/root, -1), 1)
	mean, _ := t.Mean.Float64()
	bound := func(z float64) float64 {
		cost := mean + t.StandardDeviation*(z+(z*z-1)*skew/6-(2*z*z*z-5*z)*skew*skew/36)
		return min(max(cost, 0), float64(n)*float64(o.Most))
	}
	t.P95, t.P99 = bound(1.6448536269514722), bound(2.3263478740408408)
	if n > 0 && o.Lumps/root > maxLumps {
		t.Rough = "single prizes weigh too much in so few draws"
	}
	return t
}
