package prize

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"sort"

	"github.com/goccy/go-yaml/ast"
	"github.com/prizegen/prizegen/pkg/entropy"
)

// compile makes ready what [Rules.Award] works with.
func (p *parser) compile(rules *Rules, list ast.Node) {
	patterns := make([]string, len(rules.List))
	for i := range rules.List {
		patterns[i] = rules.List[i].Match
	}
	var err error
	if rules.automaton, err = newAutomaton(patterns); err != nil {
		p.tooComplex(patterns, list, err)
		return
	}
	rules.awards = newAwards(rules.List)
}

// tooComplex reports the pattern that makes the automaton too large: the first
// one that is so alone, or the list where it takes several.
func (p *parser) tooComplex(patterns []string, list ast.Node, err error) {
	if !errors.Is(err, errTooComplex) {
		p.wrong(list, "%v", err)
		return
	}
	for i, pattern := range patterns {
		if _, err := newAutomaton([]string{pattern}); err != nil {
			p.wrong(p.matches[i], "the pattern needs an automaton of more than %d states, expected a simpler one (a repeated gap such as .{20} between two letters is costly)", maxStates)
			return
		}
	}
	p.wrong(list, "the patterns together need an automaton of more than %d states, expected fewer or simpler ones", maxStates)
}

// awards are the prizes of all rules, laid out for deciding many at once. Rows
// are one for each rule and a last one for account numbers that no rule covers.
type awards struct {
	rules     []int32   // by outcome: its rule, -1 for none
	first     []Outcome // by row: the outcome of its first prize
	bound     []uint64  // by row: the common denominator of its chances
	threshold []uint64  // by row: words whose product has a low half below it are rejected
	width     int       // how many prizes the longest row has
	ends      []uint64  // by row*width + prize: the first number behind the prize's range
}

func newAwards(list []Rule) awards {
	a := awards{rules: []int32{-1}}
	for i := range list {
		a.width = max(a.width, len(list[i].Prizes))
	}
	for i := range list {
		prizes := list[i].Prizes
		a.first = append(a.first, Outcome(len(a.rules)))
		for range len(prizes) + 1 {
			a.rules = append(a.rules, int32(i))
		}
		bound, ends := ranges(prizes)
		for len(ends) < a.width {
			ends = append(ends, math.MaxUint64) // which no number reaches
		}
		a.bound = append(a.bound, bound)
		a.threshold = append(a.threshold, entropy.Threshold(bound))
		a.ends = append(a.ends, ends...)
	}
	a.first = append(a.first, 0)
	a.bound, a.threshold = append(a.bound, 1), append(a.threshold, 0)
	a.ends = append(a.ends, slices.Repeat([]uint64{math.MaxUint64}, a.width)...)
	return a
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

// pick finds the outcome that a number below the bound of a row stands for.
func (a *awards) pick(row int32, v uint64) Outcome {
	ends := a.ends[int(row)*a.width : int(row+1)*a.width]
	if len(ends) > 16 {
		return a.first[row] + Outcome(sort.Search(len(ends), func(i int) bool { return v < ends[i] }))
	}
	// Counting all ends has no branch for the processor to guess wrong.
	passed := Outcome(0)
	for _, end := range ends {
		if v >= end {
			passed++
		}
	}
	return a.first[row] + passed
}
