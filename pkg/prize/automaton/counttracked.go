package automaton

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"runtime"
	"slices"

	"github.com/sourcegraph/conc"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// tallyWords is the maximum number of words that counting uses at a time: 16 MiB. Columns
// are counted in blocks of this size.
const tallyWords = 1 << 21

// countTracked is [Automaton.Count] for the tracked kind. For each pattern k, it counts the
// strings that no pattern before k matches. These columns of numbers are independent, so
// they are counted in parallel. The number of strings for which k is the first match is the
// difference of two columns.
//
// BenchmarkCount/thousand measures this.
func (a *Automaton) countTracked(parts []partgen.Format) (counts []*big.Int, total *big.Int) {
	total = big.NewInt(1)
	for _, part := range parts {
		total.Mul(total, part.Size())
	}
	plan := a.newTallyPlan(parts, total)
	remaining := make([]*big.Int, a.patterns+2) // by pattern: number of strings that no pattern before it matches
	cores := runtime.GOMAXPROCS(0)
	rows := 2 * plan.states * cores // for the states before and after a letter
	block := max(1, tallyWords/(rows*plan.words))
	var workers conc.WaitGroup // propagates panics
	free := make(chan struct{}, cores)
	for from := 0; from <= a.patterns; from += block {
		free <- struct{}{}
		workers.Go(func() {
			plan.count(remaining, from, min(from+block, a.patterns+1))
			<-free
		})
	}
	workers.Wait()
	remaining[a.patterns+1] = new(big.Int)
	counts = make([]*big.Int, a.patterns+1)
	for k := range counts {
		counts[k] = new(big.Int).Sub(remaining[k], remaining[k+1])
	}
	return counts, total
}

// tallyPlan holds the states that the strings of some parts can reach, renumbered, and the
// transitions between them. States that differ only in their hits are merged, because hits
// are recorded in the transitions.
type tallyPlan struct {
	words  int // number of 64-bit words in a count
	states int
	start  int
	hit    int              // hit of the start state
	ends   []int32          // by state: the first pattern that matches a string ending here
	steps  [][][]transition // by position in the string and by state
}

// transition is a move between renumbered states.
type transition struct {
	to      int
	hit     int    // hit of the target state: the columns of later patterns are not carried over
	letters uint64 // number of letters with this transition
}

func (a *Automaton) newTallyPlan(parts []partgen.Format, total *big.Int) *tallyPlan {
	p := &tallyPlan{words: total.BitLen()/64 + 1, hit: int(a.hits[a.start>>a.shift])}
	group := a.groups()
	numbers := map[uint32]int{} // by group
	var members []uint32        // by number: one state of the group
	number := func(state uint32) int {
		g := group[state>>a.shift]
		n, known := numbers[g]
		if !known {
			n = len(members)
			numbers[g] = n
			members = append(members, state)
			p.ends = append(p.ends, a.accept[state>>a.shift])
		}
		return n
	}
	p.start = number(a.start)
	at := []int{p.start}
	for _, part := range parts {
		known := map[int][]transition{}
		for range part.Len() {
			step := make([][]transition, len(members), len(members)+16)
			var after []int
			for _, from := range at {
				list, met := known[from]
				if !met {
					for _, m := range a.moves(members[from], part.Alphabet()) {
						list = append(list, transition{number(m.to), int(a.hits[m.to>>a.shift]), m.letters})
					}
					known[from] = list
				}
				step[from] = list
				for _, m := range list {
					after = append(after, m.to)
				}
			}
			slices.Sort(after)
			at = slices.Compact(after)
			p.steps = append(p.steps, step)
		}
	}
	p.states = len(members)
	return p
}

// groups returns a group number for each state. States that differ only in their hits have
// the same number.
func (a *Automaton) groups() []uint32 {
	ids := map[string]uint32{}
	group := make([]uint32, len(a.accept))
	var key []byte
	for s := range a.accept {
		key = binary.LittleEndian.AppendUint32(key[:0], uint32(a.accept[s]))
		for _, to := range a.next[s<<a.shift : (s+1)<<a.shift] {
			key = binary.LittleEndian.AppendUint32(key, to)
		}
		id, known := ids[string(key)]
		if !known {
			id = uint32(len(ids))
			ids[string(key)] = id
		}
		group[s] = id
	}
	return group
}

// count sets remaining[from:to]: for each pattern, the number of strings that no earlier
// pattern matches.
func (p *tallyPlan) count(remaining []*big.Int, from, to int) {
	width := (to - from) * p.words
	now, after := make([][]uint64, p.states), make([][]uint64, p.states)
	var spare [][]uint64
	row := func() []uint64 {
		if n := len(spare); n > 0 {
			fresh := spare[n-1]
			spare = spare[:n-1]
			clear(fresh)
			return fresh
		}
		return make([]uint64, width)
	}
	// carried returns the number of words of a row that are carried over a transition with
	// the given hit.
	carried := func(hit int) int { return max(0, min(hit+1, to)-from) * p.words }
	now[p.start] = row()
	for i := 0; i < carried(p.hit); i += p.words {
		now[p.start][i] = 1
	}
	for _, step := range p.steps {
		for s, tallies := range now {
			if tallies == nil {
				continue
			}
			for _, m := range step[s] {
				if n := carried(m.hit); n > 0 {
					if after[m.to] == nil {
						after[m.to] = row()
					}
					p.add(after[m.to][:n], tallies[:n], m.letters)
				}
			}
			now[s], spare = nil, append(spare, tallies)
		}
		now, after = after, now
	}
	sum := make([]uint64, width)
	for s, tallies := range now {
		if tallies != nil {
			n := carried(int(p.ends[s]))
			p.add(sum[:n], tallies[:n], 1)
		}
	}
	for k := from; k < to; k++ {
		remaining[k] = bigInt(sum[(k-from)*p.words:][:p.words])
	}
}

// add adds src times factor to dst, count by count.
func (p *tallyPlan) add(dst, src []uint64, factor uint64) {
	dst = dst[:len(src)]
	if p.words == 1 {
		for i, n := range src {
			dst[i] += n * factor
		}
		return
	}
	for i := 0; i < len(src); i += p.words {
		var carry uint64
		for k := i; k < i+p.words; k++ {
			high, low := bits.Mul64(src[k], factor)
			low, c := bits.Add64(low, carry, 0)
			high += c
			dst[k], c = bits.Add64(dst[k], low, 0)
			carry = high + c
		}
	}
}

// bigInt returns the number that consists of the given words, least significant first.
func bigInt(words []uint64) *big.Int {
	n := new(big.Int)
	for i := len(words) - 1; i >= 0; i-- {
		n.Lsh(n, 64)
		n.Or(n, new(big.Int).SetUint64(words[i]))
	}
	return n
}
