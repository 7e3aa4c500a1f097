package prize_test

import (
	"math"
	"slices"

	"github.com/prizegen/prizegen/pkg/prize"
)

// distribution is the distribution of a sum of costs: mass[i] is the probability of the
// cost (from+i) × unit. Negligible tails are left out.
type distribution struct {
	unit int64
	from int64
	mass []float64
}

// single returns the distribution of the cost of one draw. Its unit is the greatest common
// divisor of all costs.
func single(odds prize.Odds) distribution {
	unit, most := int64(0), int64(0)
	for _, row := range odds.Rows {
		for a := row.Value(); row.Probability.Sign() > 0 && a != 0; {
			unit, a = a, unit%a
		}
		if row.Probability.Sign() > 0 {
			most = max(most, row.Value())
		}
	}
	unit = max(unit, 1)
	d := distribution{unit: unit, mass: make([]float64, most/unit+1)}
	for _, row := range odds.Rows {
		if p, _ := row.Probability.Float64(); p > 0 {
			d.mass[row.Value()/unit] += p
		}
	}
	return d
}

// plus returns the distribution of the sum of two independent costs.
func (d distribution) plus(e distribution) distribution {
	sum := distribution{unit: d.unit, from: d.from + e.from, mass: make([]float64, len(d.mass)+len(e.mass)-1)}
	for i, p := range d.mass {
		if p == 0 {
			continue
		}
		to := sum.mass[i : i+len(e.mass)]
		for j, q := range e.mass {
			to[j] += p * q
		}
	}
	return sum.trimmed()
}

// trimmed returns d without the tails that are too thin to affect any sum.
func (d distribution) trimmed() distribution {
	const thin = 1e-13
	left, right, sum := 0, len(d.mass), 0.0
	for ; sum+d.mass[left] < thin; left++ {
		sum += d.mass[left]
	}
	for sum = 0; sum+d.mass[right-1] < thin; right-- {
		sum += d.mass[right-1]
	}
	d.from, d.mass = d.from+int64(left), slices.Clone(d.mass[left:right])
	return d
}

// times returns the distribution of the sum of n independent costs, computed by repeated
// doubling.
func (d distribution) times(n uint64) distribution {
	sum := distribution{unit: d.unit, mass: []float64{1}}
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			sum = sum.plus(d)
		}
		if n > 1 {
			d = d.plus(d)
		}
	}
	return sum
}

// upTo returns the probability that the sum is at most cost.
func (d distribution) upTo(cost float64) float64 {
	p := 0.0
	for i, q := range d.mass {
		if float64((d.from+int64(i))*d.unit) <= math.Nextafter(cost, math.Inf(1)) {
			p += q
		}
	}
	return p
}
