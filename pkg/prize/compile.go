package prize

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
	"sort"
	"sync"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// compile makes ready what [Rules.Award] works with.
func (p *parser) compile(rules *Rules, list *strictyaml.Node) {
	patterns := make([]string, len(rules.List))
	for i := range rules.List {
		patterns[i] = rules.List[i].Match
	}
	var err error
	if rules.automaton, err = newRulesAutomaton(patterns); err != nil {
		p.tooComplex(patterns, list, err)
		return
	}
	rules.automaton.pairs = sync.OnceValue(rules.automaton.newPairs)
	rules.awards = newAwards(rules.List)
}

// tooComplex reports the pattern that makes the automaton too large: the first
// one that is so alone, or the list where it takes several.
func (p *parser) tooComplex(patterns []string, list *strictyaml.Node, err error) {
	if !errors.Is(err, errTooComplex) {
		p.Addf(list.Pos, "%v", err)
		return
	}
	effort := 0
	for i, pattern := range patterns {
		if effort > maxStates {
			break // each has its part in it, and looking further takes too long
		}
		alone, err := newAutomaton([]string{pattern})
		if err != nil {
			p.Addf(p.matches[i].Pos, "the pattern is too complex: its automaton has more than %d states; avoid long gaps such as .{20} between letters", maxStates)
			return
		}
		effort += alone.effort
	}
	p.Addf(list.Pos, "the patterns together are too complex: their automaton has more than %d states; use fewer or simpler patterns, or anchor them with ^ or $", maxStates)
}

// awards are the prizes of all rules, laid out for deciding many at once.
type awards struct {
	rules []int32 // by outcome: its rule, -1 for none
	rows  []award // by rule, and a last one for account numbers that no rule covers
}

// fewPrizes is how many prizes a rule can have without being slower.
const fewPrizes = 4

// award is how the prize of a rule is decided.
type award struct {
	bound     uint64            // the common denominator of its chances
	threshold uint64            // words whose product has a low half below it are rejected
	ends      [fewPrizes]uint64 // by prize: the first number behind its range
	more      []uint64          // the same for the prizes behind those
	first     Outcome           // of its first prize
}

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

func newAward(bound uint64, ends []uint64, first Outcome) award {
	a := award{bound: bound, threshold: entropy.Threshold(bound), first: first}
	for i := copy(a.ends[:], ends); i < fewPrizes; i++ {
		a.ends[i] = math.MaxUint64 // which no number reaches
	}
	if len(ends) > fewPrizes {
		a.more = ends[fewPrizes:]
	}
	return a
}

// pick finds the outcome that a number below the bound stands for.
func (a *award) pick(v uint64) Outcome {
	// Adding up all comparisons has no branch for the processor to guess wrong.
	passed := a.first + reached(v, a.ends[0]) + reached(v, a.ends[1]) + reached(v, a.ends[2]) + reached(v, a.ends[3])
	if len(a.more) > 0 {
		passed += Outcome(sort.Search(len(a.more), func(i int) bool { return v < a.more[i] }))
	}
	return passed
}

// reached is 1 where a number is not below the end of a range, and 0 otherwise.
func reached(v, end uint64) Outcome {
	_, below := bits.Sub64(v, end, 0)
	return Outcome(1 - below)
}

// ranges gives the common denominator of the prizes' chances, and for each prize
// the first number behind its range.
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
