package automaton

import (
	"math/bits"
)

// minimize merges equivalent states with Moore's algorithm. It begins with all states in
// one part and splits parts until all members of each have equivalent transitions. Each
// round distinguishes states by inputs one symbol longer.
func (b *builder) minimize() error {
	b.states, b.ids, b.begins, b.entries = nil, idTable{}, nil, chunks{} // no longer needed
	parts, finer := make([]uint32, len(b.accept)), make([]uint32, len(b.accept))
	var firsts []uint32 // by part: its first state
	var ids idTable
	for round, refined := 0, true; refined && round <= MaxLength; round++ {
		if err := b.use(0, int64(len(parts)*(4+b.classes()/2))); err != nil {
			return err
		}
		count := len(firsts)
		ids.reset()
		firsts = firsts[:0]
		for s := range parts {
			b.key = b.appendParts(b.key[:0], parts, uint32(s))
			id, known := ids.find(b.key, func(id uint32) bool { return b.equivalent(parts, firsts[id], uint32(s)) })
			if !known {
				firsts = append(firsts, uint32(s))
			}
			finer[s] = id
		}
		refined = len(firsts) > count
		parts, finer = finer, parts
	}
	b.merge(parts, firsts)
	return nil
}

// appendParts appends to key the part and the results of state s, and the parts of the
// states that it leads to. parts holds the part of each state.
func (b *builder) appendParts(key []byte, parts []uint32, s uint32) []byte {
	own := [3]uint32{parts[s], uint32(b.accept[s])}
	if b.tracked {
		own[2] = uint32(b.hits[s])
	}
	key = appendNumbers(key, own[:])
	for _, to := range b.next[s] {
		key = appendNumbers(key, parts[to:to+1])
	}
	return key
}

// equivalent reports whether appendParts appends the same values for states s and t.
func (b *builder) equivalent(parts []uint32, s, t uint32) bool {
	if parts[s] != parts[t] || b.accept[s] != b.accept[t] || b.tracked && b.hits[s] != b.hits[t] {
		return false
	}
	for class, to := range b.next[s] {
		if parts[to] != parts[b.next[t][class]] {
			return false
		}
	}
	return true
}

// merge replaces the states of each part with one state. parts holds the part of each
// state, and firsts one state of each part.
func (b *builder) merge(parts, firsts []uint32) {
	next, accept := make([][]uint32, len(firsts)), make([]int32, len(firsts))
	var hits []int32
	if b.tracked {
		hits = make([]int32, len(firsts))
	}
	for part, s := range firsts {
		next[part], accept[part] = b.next[s], b.accept[s]
		if b.tracked {
			hits[part] = b.hits[s]
		}
		for class, to := range next[part] {
			next[part][class] = parts[to]
		}
	}
	b.next, b.accept, b.hits, b.start = next, accept, hits, parts[b.start]
}

// automaton returns the finished automaton, with its tables arranged for matching.
func (b *builder) automaton() (*Automaton, error) {
	a := &Automaton{
		patterns: len(b.starts),
		shift:    bits.Len(uint(b.classes() - 1)),
		accept:   b.accept,
		hits:     b.hits,
		effort:   len(b.insts) + len(b.accept),
	}
	for i := range a.classOf {
		symbol := otherSymbol
		if i >= firstSymbol && i <= lastSymbol {
			symbol = i - firstSymbol
		}
		a.classOf[i] = b.classOf[symbol]
	}
	if err := b.use(int64(len(b.accept)<<a.shift)*4, 0); err != nil {
		return nil, err
	}
	a.next = make([]uint32, len(b.accept)<<a.shift)
	for s, row := range b.next {
		for class, to := range row {
			a.next[s<<a.shift|class] = to << a.shift
		}
	}
	a.start = b.start << a.shift
	return a, nil
}
