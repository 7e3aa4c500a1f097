package automaton

import (
	"math/big"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// Count counts the strings that consist of one string of each part. counts[i] is the number
// of strings for which pattern i is the first match; the last element counts those that no
// pattern matches. total is the number of all strings.
func (a *Automaton) Count(parts []partgen.Format) (counts []*big.Int, total *big.Int) {
	if a.hits != nil {
		return a.countTracked(parts)
	}
	total = big.NewInt(1)
	at := map[uint32]*big.Int{a.start: big.NewInt(1)}
	for _, part := range parts {
		total.Mul(total, part.Size())
		moves := map[uint32][]move{} // by state, for this alphabet
		for range part.Len() {
			at = a.advance(at, part.Alphabet(), moves)
		}
	}
	counts = make([]*big.Int, a.patterns+1)
	for i := range counts {
		counts[i] = new(big.Int)
	}
	for state, count := range at {
		first := a.accept[state>>a.shift]
		counts[first].Add(counts[first], count)
	}
	return counts, total
}

// move is a transition to a state by any of several letters.
type move struct {
	to      uint32
	letters uint64 // number of letters with this transition
}

// advance reads one more letter of an alphabet: at and the result hold the number of
// strings by the state that they lead to. moves caches the moves of each state for this
// alphabet.
func (a *Automaton) advance(at map[uint32]*big.Int, alphabet string, moves map[uint32][]move) map[uint32]*big.Int {
	after := make(map[uint32]*big.Int, len(at))
	product := new(big.Int)
	for state, count := range at {
		list, known := moves[state]
		if !known {
			list = a.moves(state, alphabet)
			moves[state] = list
		}
		for _, m := range list {
			sum := after[m.to]
			if sum == nil {
				sum = new(big.Int)
				after[m.to] = sum
			}
			sum.Add(sum, product.Mul(count, product.SetUint64(m.letters)))
		}
	}
	return after
}

// moves returns the moves from a state for the letters of an alphabet.
func (a *Automaton) moves(state uint32, alphabet string) []move {
	counts := map[uint32]uint64{}
	for i := range len(alphabet) {
		counts[a.next[state|uint32(a.classOf[alphabet[i]])]]++
	}
	list := make([]move, 0, len(counts))
	for to, letters := range counts {
		list = append(list, move{to, letters})
	}
	return list
}
