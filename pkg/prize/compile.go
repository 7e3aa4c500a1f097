package prize

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
	"sort"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// compile compiles the patterns and builds the tables for [Rules.Award]. list is the node
// of the rules, for the position of errors.
func (p *parser) compile(rules *Rules, list *strictyaml.Node) {
	patterns := make([]string, len(rules.List))
	for i := range rules.List {
		patterns[i] = rules.List[i].Match
	}
	var err error
	if rules.automaton, err = automaton.CompileWithin(p.limits.Limits, patterns); err != nil {
		p.addCompileError(list, err)
		return
	}
	rules.awards = newAwards(rules.List)
}

// addCompileError reports an error of the compilation: at the pattern that causes it, or at
// the list of rules if no single pattern does.
func (p *parser) addCompileError(list *strictyaml.Node, err error) {
	var complexity *automaton.ComplexityError
	switch {
	case !errors.As(err, &complexity):
		p.Addf(list.Pos, "%v", err)
	case complexity.Pattern >= 0 && complexity.Limit == automaton.StateLimit:
		p.Addf(p.matches[complexity.Pattern].Pos, "the pattern is too complex: its automaton has more than %s; avoid long gaps such as .{20} between letters", complexity.Bound())
	case complexity.Pattern >= 0:
		p.Addf(p.matches[complexity.Pattern].Pos, "the pattern is too complex: it needs more than %s; use fewer repetitions, and avoid nested ones", complexity.Bound())
	case complexity.Limit == automaton.StateLimit:
		p.Addf(list.Pos, "the patterns together are too complex: their automaton has more than %s; use fewer or simpler patterns, or anchor them with ^ or $", complexity.Bound())
	default:
		p.Addf(list.Pos, "the patterns together are too complex: they need more than %s; use fewer or simpler patterns, or anchor them with ^ or $", complexity.Bound())
	}
}

// awards holds the prizes of all rules in the representation that [Rules.Award] needs.
type awards struct {
	rules []int32 // by outcome: its rule, or -1
	rows  []award // by rule; the last one is for account numbers that no rule matches
}

// inlineEnds is the number of prizes that award.pick compares without a loop.
const inlineEnds = 4

// award selects the outcome of a draw for one rule.
type award struct {
	bound     uint64             // the common denominator of the chances
	threshold uint64             // a word is rejected if the low half of its product with bound is below threshold
	ends      [inlineEnds]uint64 // by prize: the first number after its range
	more      []uint64           // the ends of the remaining prizes, after the first inlineEnds
	first     Outcome            // outcome of the first prize
}

// newAwards returns the awards of rules.
func newAwards(list []Rule) awards {
	a := awards{rules: []int32{-1}}
	for i := range list {
		bound, ends := ranges(list[i].Prizes)
		a.rows = append(a.rows, newAward(bound, ends, Outcome(len(a.rules))))
		for range len(ends) + 1 {
			a.rules = append(a.rules, int32(i))
		}
	}
	a.rows = append(a.rows, newAward(1, nil, 0))
	return a
}

// newAward returns the award of one rule.
func newAward(bound uint64, ends []uint64, first Outcome) award {
	a := award{bound: bound, threshold: entropy.Threshold(bound), first: first}
	for i := copy(a.ends[:], ends); i < inlineEnds; i++ {
		a.ends[i] = math.MaxUint64 // no number reaches it
	}
	if len(ends) > inlineEnds {
		a.more = ends[inlineEnds:]
	}
	return a
}

// pick returns the outcome for v, a number below bound. BenchmarkAward measures it.
func (a *award) pick(v uint64) Outcome {
	// A sum of comparisons has no branch that the processor could mispredict.
	passed := a.first + reached(v, a.ends[0]) + reached(v, a.ends[1]) + reached(v, a.ends[2]) + reached(v, a.ends[3])
	if len(a.more) > 0 {
		passed += Outcome(sort.Search(len(a.more), func(i int) bool { return v < a.more[i] }))
	}
	return passed
}

// reached returns 1 if v is at or after the end of a range, and 0 otherwise.
func reached(v, end uint64) Outcome {
	_, below := bits.Sub64(v, end, 0)
	return Outcome(1 - below)
}

// ranges returns the common denominator of the chances and, for each prize, the end of
// its range: the first number after the range.
func ranges(prizes []Prize) (bound uint64, ends []uint64) {
	chances := make([]*big.Rat, len(prizes))
	for i := range prizes {
		chances[i] = prizes[i].Chance
	}
	denominator := commonDenominator(chances)
	end := new(big.Int)
	for _, chance := range chances {
		share := new(big.Int).Div(denominator, chance.Denom())
		end.Add(end, share.Mul(share, chance.Num()))
		ends = append(ends, end.Uint64())
	}
	return denominator.Uint64(), ends
}
