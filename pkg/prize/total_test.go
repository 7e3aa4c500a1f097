package prize_test

import (
	"math"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
)

// inYen returns rules in yen with a single rule, which has the given prizes and matches
// every account number.
func inYen(tb testing.TB, prizes ...string) *prize.Rules {
	tb.Helper()
	source := "name: x\ncurrency: JPY\nrules:\n- prizes:\n"
	for _, line := range prizes {
		source += "  - {" + line + "}\n"
	}
	return parse(tb, source)
}

// parse parses valid rules.
func parse(tb testing.TB, source string) *prize.Rules {
	tb.Helper()
	rules, err := prize.Parse("rules.yaml", []byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

// checkBounds compares the bounds of a total with the exact distribution. Their
// probabilities must be accurate to half a percentage point, as the comment on maxLumps
// promises.
func checkBounds(t *testing.T, odds prize.Odds, n uint64, exact distribution) {
	t.Helper()
	total := odds.Total(n)
	if got := exact.upTo(total.P95); math.Abs(got-0.95) > 0.005 {
		t.Errorf("%d draws: got probability %[3]v of staying within P95 = %[2]v, want 0.95 ± 0.005", n, total.P95, got)
	}
	if got := exact.upTo(total.P99); math.Abs(got-0.99) > 0.005 {
		t.Errorf("%d draws: got probability %[3]v of staying within P99 = %[2]v, want 0.99 ± 0.005", n, total.P99, got)
	}
}

// TestTotalsAreWithinHalfAPercent uses costs with coarse steps, which are the worst case
// for the approximation because the probability jumps. It begins with the smallest number
// of draws for which Rough is empty.
func TestTotalsAreWithinHalfAPercent(t *testing.T) {
	for name, prizes := range map[string][]string{
		"a coin":                      {"win: 1, chance: 50%"},
		"a lopsided coin":             {"win: 1, chance: 40%"},
		"without excess kurtosis":     {"win: 1, chance: 21%"},
		"one in ten":                  {"win: 1, chance: 10%"},
		"everybody wins":              {"win: 5, chance: 25%", "win: 2, chance: 75%"},
		"three values":                {"win: 1, chance: 1/3", "win: 2, chance: 1/3"},
		"neither skew nor kurtosis":   {"win: 1, chance: 4/6", "win: 2, chance: 1/6"},
		"coarse steps with fine fuzz": {"win: 20, chance: 50%", "win: 1, chance: 1/1000", "win: 21, chance: 1/1000"},
		"one expensive prize":         {"win: 8, chance: 1%", "win: 1, chance: 10%"},
	} {
		t.Run(name, func(t *testing.T) {
			odds := inYen(t, prizes...).AccountOdds("x")
			n := uint64(1)
			for odds.Total(n).Rough != "" {
				n++
			}
			if n < 100 {
				t.Errorf("%d draws: got no Rough, want a reason below 100 draws", n)
			}
			exact := single(odds)
			for last, sum := n+300, exact.times(n); n < last; n, sum = n+1, sum.plus(exact) {
				checkBounds(t, odds, n, sum)
			}
		})
	}
}

// TestTotalsOfBuiltinRules checks that the bounds are accurate for far fewer draws than
// promised, because costs made up of many different prizes have fine steps.
func TestTotalsOfBuiltinRules(t *testing.T) {
	for _, name := range prize.Builtins() {
		odds := builtin(t, name).Odds(parts(t, "lower4", "digits4")...)
		for _, n := range []uint64{500, 2000} {
			checkBounds(t, odds, n, single(odds).times(n))
		}
		if rough := odds.Total(10_000).Rough; rough != "" {
			t.Errorf("%s, 10,000 draws: got Rough %q, want none", name, rough)
		}
		if odds.Total(100).Rough == "" {
			t.Errorf("%s, 100 draws: got no Rough, want a reason", name)
		}
	}
}

func TestTotalIsExactWhereItCanBe(t *testing.T) {
	for name, test := range map[string]struct {
		prizes   []string
		n        uint64
		mean     string
		p95, p99 float64
	}{
		"no draws":            {[]string{"win: 7, chance: 1/3"}, 0, "0/1", 0, 0},
		"a certain cost":      {[]string{"win: 7, chance: 100%"}, 3, "21/1", 21, 21},
		"a prize of no value": {[]string{"prize: hug, chance: 10%"}, 5, "0/1", 0, 0},
		"bounded by most":     {[]string{"win: 7, chance: 99%"}, 1, "693/100", 7, 7},
		"many certain costs":  {[]string{"win: 1, chance: 100%"}, 1 << 63, "9223372036854775808/1", 1 << 63, 1 << 63},
	} {
		t.Run(name, func(t *testing.T) {
			odds := inYen(t, test.prizes...).AccountOdds("x")
			got := odds.Total(test.n)
			if got.Draws != test.n || got.Mean.String() != test.mean || got.P95 != test.p95 || got.P99 != test.p99 {
				t.Errorf("got mean %v, P95 %v, P99 %v, want %s, %v, %v", got.Mean, got.P95, got.P99, test.mean, test.p95, test.p99)
			}
			if math.IsNaN(got.StandardDeviation) || test.n == 0 && got.Rough != "" {
				t.Errorf("got standard deviation %v and Rough %q, want a number, and an empty Rough for 0 draws", got.StandardDeviation, got.Rough)
			}
		})
	}
}

// TestBoundsAreInOrder checks the order of the bounds even if the approximation is poor:
// the mean is at most P95, P95 is at most P99, and P99 is at most the cost if every draw
// won the highest prize.
func TestBoundsAreInOrder(t *testing.T) {
	for _, prizes := range [][]string{
		{"win: 7, chance: 99%"},
		{"win: 1000000, chance: 1/1000000"},
		{"win: 1000000, chance: 1/1000000", "win: 1, chance: 1/2"},
		{"win: 100, chance: 25%", "win: 50, chance: 75%"},
	} {
		odds := inYen(t, prizes...).AccountOdds("x")
		for n := uint64(1); n < 1<<40; n *= 3 {
			total := odds.Total(n)
			mean, _ := total.Mean.Float64()
			if !(mean <= total.P95 && total.P95 <= total.P99 && total.P99 <= float64(n)*float64(odds.Most)) {
				t.Errorf("%v, %d draws: got mean %v, P95 %v, P99 %v, want them in ascending order and within the maximum", prizes, n, mean, total.P95, total.P99)
			}
		}
	}
}
