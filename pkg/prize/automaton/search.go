package automaton

import (
	"slices"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// Search finds examples of strings. All searches of a Search share its Budget.
type Search struct {
	Parts      []partgen.Format // an example consists of one string of each part
	Budget     int              // the number of letters that the searches may still read
	Incomplete bool             // the budget was exhausted, or an automaton was nil
}

// Both returns a string that matches two patterns. a and b are their automata from
// [CompileOne]. It reports false if there is none, or if the search is incomplete.
func (s *Search) Both(a, b *Automaton) (string, bool) {
	if a == nil || b == nil {
		s.Incomplete = true
		return "", false
	}
	return s.find(a, b, func(i, j int32) bool { return i == 0 && j == 0 })
}

// Unmatched returns a string that no pattern of an automaton matches. It reports false if
// there is none, or if the search is incomplete.
func (s *Search) Unmatched(a *Automaton) (string, bool) {
	return s.find(a, a, func(i, _ int32) bool { return i == int32(a.patterns) })
}

// find returns a string for which accepted reports true, given the results of a and b. It
// visits each pair of states once at each position. In the tracked kind, it does not visit
// states that complete a pattern, because a.accept holds only matches at the end of the
// string.
func (s *Search) find(a, b *Automaton, accepted func(i, j int32) bool) (string, bool) {
	type pair struct{ a, b uint32 }
	type node struct {
		pair
		previous int // index in the previous layer
		letter   byte
	}
	layers := [][]node{{{pair: pair{a.start, b.start}}}}
	for _, part := range s.Parts {
		for range part.Len() {
			last := layers[len(layers)-1]
			var layer []node
			seen := map[pair]bool{}
			for i, from := range last {
				if s.Budget -= len(part.Alphabet()); s.Budget < 0 {
					s.Incomplete = true
					return "", false
				}
				for _, letter := range []byte(part.Alphabet()) {
					to := pair{a.next[from.a|uint32(a.classOf[letter])], b.next[from.b|uint32(b.classOf[letter])]}
					if !seen[to] && !a.hit(to.a) {
						seen[to] = true
						layer = append(layer, node{to, i, letter})
					}
				}
			}
			layers = append(layers, layer)
		}
	}
	at := slices.IndexFunc(layers[len(layers)-1], func(n node) bool {
		return accepted(a.accept[n.a>>a.shift], b.accept[n.b>>b.shift])
	})
	if at < 0 {
		return "", false
	}
	text := make([]byte, len(layers)-1)
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = layers[i+1][at].letter
		at = layers[i+1][at].previous
	}
	return string(text), true
}

// hit reports whether a pattern has matched when a state is reached. It is always false
// in the usual kind.
func (a *Automaton) hit(state uint32) bool {
	return a.hits != nil && a.hits[state>>a.shift] < int32(a.patterns)
}
