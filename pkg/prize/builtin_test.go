package prize_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
)

// builtin returns the built-in rules with the given name.
func builtin(tb testing.TB, name string) *prize.Rules {
	tb.Helper()
	rules, err := prize.Builtin(name)
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

func TestBuiltinRulesAreNamedAsTheirFiles(t *testing.T) {
	for _, name := range prize.Builtins() {
		if rules := builtin(t, name); rules.Name != name || rules.Currency.Code != "GBP" {
			t.Errorf("got rules %s with currency %s, want %s with GBP", rules.Name, rules.Currency.Code, name)
		}
	}
	builtin(t, prize.Default)
}

func TestUnknownBuiltin(t *testing.T) {
	for _, name := range []string{"", "Generous", "../generous", strings.Repeat("x", 5000)} {
		_, err := prize.Builtin(name)
		if !errors.Is(err, prize.ErrUnknownRules) || !strings.Contains(err.Error(), "use generous or modest") || len(err.Error()) > 200 {
			t.Errorf("Builtin(%.20q): got error %v, want ErrUnknownRules with the built-in names", name, err)
		}
	}
}

// TestGenerousBeginsWithA checks that the first rule awards £100 with a chance of 25% and
// £50 with a chance of 75%.
func TestGenerousBeginsWithA(t *testing.T) {
	first := builtin(t, prize.Generous).List[0]
	if first.Match != "(?i)^A" || len(first.Prizes) != 2 || first.NoPrize().Sign() != 0 {
		t.Fatalf("got first rule %+v, want (?i)^A with 2 prizes and no chance of winning nothing", first)
	}
	for i, want := range []struct {
		name   string
		value  int64
		chance string
	}{{"£100.00", 10000, "1/4"}, {"£50.00", 5000, "3/4"}} {
		if got := first.Prizes[i]; got.Name != want.name || got.Value != want.value || got.Chance.String() != want.chance {
			t.Errorf("prize %d: got %s, %d, %v, want %+v", i, got.Name, got.Value, got.Chance, want)
		}
	}
}

// TestBuiltinRulesFitEveryDeployedFormat checks that every prize can be won and that every
// account number matches a rule. Overlaps are intended, because the first matching rule
// applies.
func TestBuiltinRulesFitEveryDeployedFormat(t *testing.T) {
	for _, name := range prize.Builtins() {
		for _, text := range []string{"lower4", "upper2"} {
			for _, number := range []string{"digits4", "digits8"} {
				for _, warning := range builtin(t, name).Check(parts(t, text, number)...) {
					if warning.Kind != prize.Overlap {
						t.Errorf("%s with %s and %s: got warning %s: %s, want only overlaps", name, text, number, warning.Kind, warning.Message)
					}
				}
			}
		}
	}
}
