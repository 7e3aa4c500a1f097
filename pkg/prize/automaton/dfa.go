package automaton

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

// determine returns the minimal deterministic automaton of n, of the tracked or the usual
// kind. If it needs more than maxStates states, the error is errTooComplex.
func (n *nfa) determine(maxStates int, tracked bool) (*Automaton, error) {
	b := &builder{nfa: n, maxStates: maxStates, tracked: tracked, ids: map[string]uint32{}, begins: map[step][]uint32{}, empties: map[syntax.EmptyOp]int{}}
	if err := b.build(); err != nil {
		return nil, err
	}
	b.minimize()
	a := b.automaton()
	a.effort = len(b.insts) + len(b.states)
	return a, nil
}

// builder builds the deterministic automaton of an nfa.
type builder struct {
	*nfa
	maxStates int
	tracked   bool // of the tracked kind: a state includes only a match that ends with the last symbol
	states    []state
	ids       map[string]uint32
	entries   int                    // number of entries in all states
	next      []uint32               // by state*classes+class
	accept    []int32                // by state
	hits      []int32                // by state, in the tracked kind
	start     uint32                 // the initial state
	begins    map[step][]uint32      // the targets of the first step of a match, for all patterns; inst is unused
	empties   map[syntax.EmptyOp]int // cached results of empty
	scratch   []uint32
}

// state is a state of the deterministic automaton.
type state struct {
	entries []uint32 // instructions of unfinished matches, ascending
	begin   bool     // nothing has been read
	word    bool     // the last symbol is a word character; always false if no pattern has \b or \B
	best    int      // the first pattern that has matched; in the tracked kind, only matches that end with the last symbol count
}

func (b *builder) classes() int { return len(b.sample) }

func (b *builder) build() error {
	b.start = b.add(state{begin: true, best: b.empty(0)})
	// States are visited in order of the length of the shortest texts that lead to them.
	// longer is the first state of longer texts.
	length, longer := 0, 1
	for id := 0; id < len(b.states); id++ {
		if len(b.states) > b.maxStates || b.entries > maxEntries {
			return errTooComplex
		}
		if id == longer {
			length, longer = length+1, len(b.states)
		}
		s := b.states[id]
		for class := range b.classes() {
			to := uint32(id) // texts are at most MaxLength symbols long
			if length < MaxLength {
				to = b.add(b.read(s, class))
			}
			b.next = append(b.next, to)
		}
		if b.tracked {
			b.hits = append(b.hits, int32(s.best))
			s.best = len(b.starts) // accept holds only matches at the end
		}
		b.accept = append(b.accept, int32(b.matched(s, b.flags(s, -1))))
	}
	return nil
}

// flags returns the conditions that hold between a state and a symbol of a class; -1
// is the end of the text.
func (b *builder) flags(s state, class int) syntax.EmptyOp {
	var flags syntax.EmptyOp
	if s.begin {
		flags |= syntax.EmptyBeginText | syntax.EmptyBeginLine
	}
	if class < 0 {
		flags |= syntax.EmptyEndText | syntax.EmptyEndLine
	}
	if b.wordAware {
		if s.word != (class >= 0 && b.isWord(class)) {
			flags |= syntax.EmptyWordBoundary
		} else {
			flags |= syntax.EmptyNoWordBoundary
		}
	}
	return flags
}

func (b *builder) isWord(class int) bool {
	return b.wordAware && syntax.IsWordChar(runeOf(int(b.sample[class])))
}

// matched returns the first pattern that matches a text read by the state, given the
// conditions at its end.
func (b *builder) matched(s state, flags syntax.EmptyOp) int {
	best := s.best
	for _, entry := range s.entries {
		if entry >= b.bases[best] {
			break
		}
		if b.closure(place{entry, flags}).matches {
			best = b.patternOf(entry)
			break
		}
	}
	return min(best, b.empty(flags))
}

// empty returns the first pattern that matches the empty text under the given
// conditions.
func (b *builder) empty(flags syntax.EmptyOp) int {
	first, known := b.empties[flags]
	if !known {
		first = slices.IndexFunc(b.starts, func(start uint32) bool { return b.closure(place{start, flags}).matches })
		if first < 0 {
			first = len(b.starts)
		}
		b.empties[flags] = first
	}
	return first
}

// read returns the state after one more symbol.
func (b *builder) read(s state, class int) state {
	flags := b.flags(s, class)
	if b.tracked {
		s.best = len(b.starts)
	}
	after := state{best: b.matched(s, flags), word: b.isWord(class)}
	end := b.bases[after.best]
	if b.tracked {
		end = b.bases[len(b.starts)]
	}
	targets := b.scratch[:0]
	for _, target := range b.begin(flags, uint8(class)) {
		if target >= end {
			break
		}
		targets = append(targets, target)
	}
	for _, entry := range s.entries {
		if entry >= end {
			break
		}
		targets = append(targets, b.step(step{place{entry, flags}, uint8(class)})...)
	}
	slices.Sort(targets)
	targets = slices.Compact(targets)
	b.scratch = targets
	after.entries = b.finish(targets, &after.best)
	return after
}

// finish records matches that need no further symbol or condition in best, and returns
// the remaining targets. This results in fewer states than waiting for the next symbol.
func (b *builder) finish(targets []uint32, best *int) []uint32 {
	if b.tracked {
		return slices.DeleteFunc(targets, func(target uint32) bool {
			here := b.closure(place{inst: target})
			if here.matches {
				*best = min(*best, b.patternOf(target))
			}
			return here.matches && len(here.reads) == 0
		})
	}
	for i, target := range targets {
		if b.closure(place{inst: target}).matches {
			*best = b.patternOf(target)
			end, _ := slices.BinarySearch(targets[:i], b.bases[*best])
			return targets[:end]
		}
	}
	return targets
}

// begin returns the targets of a match that begins with a symbol of the class, for all
// patterns, ascending.
func (b *builder) begin(flags syntax.EmptyOp, class uint8) []uint32 {
	key := step{place{flags: flags}, class}
	targets, known := b.begins[key]
	if !known {
		for _, start := range b.starts {
			targets = append(targets, b.step(step{place{start, flags}, class})...)
		}
		b.begins[key] = targets
	}
	return targets
}

// add returns the number of a state, and adds the state if it is new.
func (b *builder) add(s state) uint32 {
	key := make([]byte, 0, 4*len(s.entries)+6)
	for _, entry := range s.entries {
		key = binary.LittleEndian.AppendUint32(key, entry)
	}
	key = binary.LittleEndian.AppendUint32(key, uint32(s.best))
	key = append(key, flag(s.begin), flag(s.word))
	if id, known := b.ids[string(key)]; known {
		return id
	}
	id := uint32(len(b.states))
	s.entries = slices.Clone(s.entries)
	b.ids[string(key)] = id
	b.states = append(b.states, s)
	b.entries += len(s.entries)
	return id
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
