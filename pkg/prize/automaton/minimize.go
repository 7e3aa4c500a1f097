package automaton

import (
	"encoding/binary"
	"math/bits"
)

// minimize merges equivalent states with Moore's algorithm. It begins with all states in
// one class and splits classes until all members of each have equivalent transitions.
// Each round considers one more symbol.
func (b *builder) minimize() {
	parts := make([]uint32, len(b.accept))
	count := 0
	refined := true
	for round := 0; refined && round <= MaxLength; round++ {
		ids := map[string]uint32{}
		finer := make([]uint32, len(parts))
		var key []byte
		for s := range parts {
			key = binary.LittleEndian.AppendUint32(key[:0], parts[s])
			key = binary.LittleEndian.AppendUint32(key, uint32(b.accept[s]))
			if b.tracked {
				key = binary.LittleEndian.AppendUint32(key, uint32(b.hits[s]))
			}
			for _, to := range b.next[s*b.classes() : (s+1)*b.classes()] {
				key = binary.LittleEndian.AppendUint32(key, parts[to])
			}
			id, known := ids[string(key)]
			if !known {
				id = uint32(len(ids))
				ids[string(key)] = id
			}
			finer[s] = id
		}
		refined = len(ids) > count
		count, parts = len(ids), finer
	}
	next, accept := make([]uint32, count*b.classes()), make([]int32, count)
	var hits []int32
	if b.tracked {
		hits = make([]int32, count)
	}
	for s, part := range parts {
		accept[part] = b.accept[s]
		if b.tracked {
			hits[part] = b.hits[s]
		}
		for class := range b.classes() {
			next[int(part)*b.classes()+class] = parts[b.next[s*b.classes()+class]]
		}
	}
	b.next, b.accept, b.hits, b.start = next, accept, hits, parts[b.start]
}

// automaton returns the automaton with its tables arranged for matching.
func (b *builder) automaton() *Automaton {
	a := &Automaton{
		patterns: len(b.starts),
		shift:    bits.Len(uint(b.classes() - 1)),
		accept:   b.accept,
		hits:     b.hits,
	}
	for i := range a.classOf {
		symbol := otherSymbol
		if i >= firstSymbol && i <= lastSymbol {
			symbol = i - firstSymbol
		}
		a.classOf[i] = b.classOf[symbol]
	}
	a.next = make([]uint32, len(b.accept)<<a.shift)
	for s := range b.accept {
		for class := range b.classes() {
			a.next[s<<a.shift|class] = b.next[s*b.classes()+class] << a.shift
		}
	}
	a.start = b.start << a.shift
	return a
}
