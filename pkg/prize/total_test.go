package prize_test

import (
	"math"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
)

// inYen reads rules for everybody with the prizes given, a line each.
func inYen(tb testing.TB, prizes ...string) *prize.Rules {
	tb.Helper()
	source := "name: x\ncurrency: JPY\nrules:\n- prizes:\n"
	for _, line := range prizes {
		source += "  - {" + line + "}\n"
	}
	return parse(tb, source)
}

// parse reads rules that the test knows to be right.
func parse(tb testing.TB, source string) *prize.Rules {
	tb.Helper()
	rules, err := prize.Parse("rules.yaml", []byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

// checkBounds holds the bounds of a total against its exact distribution, as
// the comment on their accuracy promises: within half a percent.
func checkBounds(t *testing.T, odds prize.Odds, n uint64, exact distribution) {
	t.Helper()
	total := odds.Total(n)
	if got := exact.upTo(total.P95); math.Abs(got-0.95) > 0.005 {
		t.Errorf("%d draws stay within P95 = %v with probability %.4f", n, total.P95, got)
	}
	if got := exact.upTo(total.P99); math.Abs(got-0.99) > 0.005 {
		t.Errorf("%d draws stay within P99 = %v with probability %.4f", n, total.P99, got)
	}
}

// TestTotalsAreWithinHalfAPercent takes costs whose steps are coarse: these are
// the worst case, since their probability jumps. It begins at the fewest draws
// that are not called rough.
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
		"one dear prize":              {"win: 8, chance: 1%", "win: 1, chance: 10%"},
	} {
		t.Run(name, func(t *testing.T) {
			odds := inYen(t, prizes...).AccountOdds("x")
			n := uint64(1)
			for odds.Total(n).Rough != "" {
				n++
			}
			if n < 100 {
				t.Errorf("%d draws are not called rough, though their steps are coarse", n)
			}
			exact := single(odds)
			for last, sum := n+300, exact.times(n); n < last; n, sum = n+1, sum.plus(exact) {
				checkBounds(t, odds, n, sum)
			}
		})
	}
}

// TestTotalsOfBuiltinRules holds for far fewer draws than it must: their many
// prizes make fine steps.
func TestTotalsOfBuiltinRules(t *testing.T) {
	for _, name := range prize.Builtins() {
		odds := builtin(t, name).Odds(parts(t, "lower4", "digits4")...)
		for _, n := range []uint64{500, 2000} {
			checkBounds(t, odds, n, single(odds).times(n))
		}
		if rough := odds.Total(10_000).Rough; rough != "" {
			t.Errorf("%s: 10,000 draws are rough: %s", name, rough)
		}
		if odds.Total(100).Rough == "" {
			t.Errorf("%s: 100 draws are not called rough", name)
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
		"no draws":          {[]string{"win: 7, chance: 1/3"}, 0, "0/1", 0, 0},
		"a certain cost":    {[]string{"win: 7, chance: 100%"}, 3, "21/1", 21, 21},
		"nothing of worth":  {[]string{"prize: hug, chance: 10%"}, 5, "0/1", 0, 0},
		"bounded by most":   {[]string{"win: 7, chance: 99%"}, 1, "693/100", 7, 7},
		"many certain ones": {[]string{"win: 1, chance: 100%"}, 1 << 63, "9223372036854775808/1", 1 << 63, 1 << 63},
	} {
		t.Run(name, func(t *testing.T) {
			odds := inYen(t, test.prizes...).AccountOdds("x")
			got := odds.Total(test.n)
			if got.Draws != test.n || got.Mean.String() != test.mean || got.P95 != test.p95 || got.P99 != test.p99 {
				t.Errorf("got mean %v, P95 %v, P99 %v, want %s, %v, %v", got.Mean, got.P95, got.P99, test.mean, test.p95, test.p99)
			}
			if math.IsNaN(got.StandardDeviation) || test.n == 0 && got.Rough != "" {
				t.Errorf("standard deviation %v, rough %q", got.StandardDeviation, got.Rough)
			}
		})
	}
}

// TestBoundsAreInOrder also where they are rough: 99% never costs less than 95%,
// nor 95% less than the mean, and neither more than the dearest prize each time.
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
				t.Errorf("%v, %d draws: mean %v, P95 %v, P99 %v", prizes, n, mean, total.P95, total.P99)
			}
		}
	}
}
