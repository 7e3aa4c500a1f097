package automaton_test

import (
	"math/big"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

// compileBuiltin returns the built-in rules with the given name and the automaton for their
// patterns.
func compileBuiltin(t *testing.T, name string) (*prize.Rules, *automaton.Automaton) {
	t.Helper()
	rules, err := prize.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, rule := range rules.List {
		patterns = append(patterns, rule.Match)
	}
	a, err := automaton.Compile(patterns)
	if err != nil {
		t.Fatal(err)
	}
	if automaton.IsTracked(a) {
		t.Fatalf("the automaton for %s is of the tracked kind, want the usual kind", name)
	}
	return rules, a
}

// expectedValue returns the expected value of the prize if a rule applies. It returns 0 if
// no rule matches.
func expectedValue(r *prize.Rules, rule int) *big.Rat {
	sum := new(big.Rat)
	if rule == len(r.List) {
		return sum
	}
	for _, p := range r.List[rule].Prizes {
		value := new(big.Rat).SetInt64(p.Value)
		sum.Add(sum, value.Mul(value, p.Chance))
	}
	return sum
}

// TestGenerousBeatsModestForEveryAccountNumber checks every pair of states that any account
// number leads to. It is a proof rather than a sample.
func TestGenerousBeatsModestForEveryAccountNumber(t *testing.T) {
	generous, g := compileBuiltin(t, prize.Generous)
	modest, m := compileBuiltin(t, prize.Modest)
	pairs := automaton.Results(g, m, func(text string, i, j int) {
		if high, low := expectedValue(generous, i), expectedValue(modest, j); high.Cmp(low) <= 0 {
			t.Errorf("the expected value of %q is %v in generous and %v in modest, want a higher value in generous", text, high, low)
		}
	})
	if pairs < len(generous.List) {
		t.Errorf("visited %d pairs of states, want at least %d", pairs, len(generous.List))
	}
}
