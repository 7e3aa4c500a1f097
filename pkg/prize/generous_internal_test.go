package prize

import (
	"math/big"
	"testing"
)

// expected is the exact expected value of what a rule gives, 0 where no rule
// covers the account number.
func expected(r *Rules, rule int32) *big.Rat {
	sum := new(big.Rat)
	if int(rule) == len(r.List) {
		return sum
	}
	for _, p := range r.List[rule].Prizes {
		value := new(big.Rat).SetInt64(p.Value)
		sum.Add(sum, value.Mul(value, p.Chance))
	}
	return sum
}

// TestGenerousBeatsModestForEveryAccountNumber is a proof, not a sample: an
// account number leads the two automata to a pair of states, and every pair that
// any text can reach is visited.
func TestGenerousBeatsModestForEveryAccountNumber(t *testing.T) {
	generous, err := Builtin(Generous)
	if err != nil {
		t.Fatal(err)
	}
	modest, err := Builtin(Modest)
	if err != nil {
		t.Fatal(err)
	}
	type pair struct{ generous, modest uint32 }
	g, m := generous.automaton, modest.automaton
	begin := pair{g.start, m.start}
	seen, example := map[pair]bool{begin: true}, map[pair]string{}
	for todo := []pair{begin}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		rich, poor := g.accept[at.generous>>g.shift], m.accept[at.modest>>m.shift]
		if expected(generous, rich).Cmp(expected(modest, poor)) <= 0 {
			t.Errorf("%q is worth %v in generous and %v in modest", example[at], expected(generous, rich), expected(modest, poor))
		}
		// Every byte, so that account numbers of any alphabet are included.
		for symbol := range 256 {
			to := pair{g.next[at.generous|uint32(g.classOf[symbol])], m.next[at.modest|uint32(m.classOf[symbol])]}
			if !seen[to] {
				seen[to], example[to] = true, example[at]+string(rune(symbol))
				todo = append(todo, to)
			}
		}
	}
	if len(seen) < len(generous.List) {
		t.Errorf("only %d pairs of states were visited", len(seen))
	}
}
