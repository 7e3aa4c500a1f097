package automaton

import "encoding/binary"

// minPairs is the minimum number of strings for which the tables of pairs are built. They
// take 192 KiB, and a process that makes single draws does not need them.
const minPairs = 16

// MatchJoined matches len(dst) strings of width bytes each, which are concatenated in
// joined. It writes to dst what [Automaton.Match] returns for them.
//
// With the tables of pairs, it is twice as fast as matching one string at a time
// (BenchmarkMatchJoined).
func (a *Automaton) MatchJoined(dst []int32, joined []byte, width int) {
	if len(dst) >= minPairs && a.pairs != nil {
		if p := a.pairs(); p != nil {
			a.matchPairs(p, dst, joined, width)
			return
		}
	}
	for i := range dst {
		dst[i] = match(a, joined[i*width:(i+1)*width])
	}
}

// matchPairs reads a few symbols of each string in turn, so that the processor can overlap
// memory accesses. Until the end, dst holds the states.
func (a *Automaton) matchPairs(p *pairs, dst []int32, joined []byte, width int) {
	start, shift, at := int32(a.start<<a.shift), 2*a.shift, 0
	for i := range dst {
		dst[i] = start
	}
	for ; width-at >= 8; at += 8 {
		p.readEight(dst, joined[at:], width)
	}
	for ; width-at >= 2; at += 2 {
		p.readTwo(dst, joined[at:], width)
	}
	if at < width {
		for i, state := range dst {
			single := uint32(state) >> a.shift
			dst[i] = int32(a.next[single|uint32(a.classOf[joined[i*width+at]])] << a.shift)
		}
	}
	for i, state := range dst {
		dst[i] = a.accept[state>>shift]
	}
}

// readEight advances each string by eight symbols.
func (p *pairs) readEight(states []int32, text []byte, width int) {
	for i := range states {
		word := binary.LittleEndian.Uint64(text)
		state := p.next[uint16(states[i])|uint16(p.classOf[uint16(word)])]
		state = p.next[state|uint16(p.classOf[uint16(word>>16)])]
		state = p.next[state|uint16(p.classOf[uint16(word>>32)])]
		state = p.next[state|uint16(p.classOf[uint16(word>>48)])]
		states[i] = int32(state)
		text = text[min(width, len(text)):]
	}
}

// readTwo advances each string by two symbols.
func (p *pairs) readTwo(states []int32, text []byte, width int) {
	for i := range states {
		two := binary.LittleEndian.Uint16(text)
		states[i] = int32(p.next[uint16(states[i])|uint16(p.classOf[two])])
		text = text[min(width, len(text)):]
	}
}

// pairs holds tables for reading two symbols per step. This is faster because each step
// waits for the memory access of the previous one. Indexes of 16 bits need no bounds
// checks.
type pairs struct {
	classOf [1 << 16]uint8  // by two symbols, the first one in the low byte: both classes
	next    [1 << 16]uint16 // by state<<(2*shift)|classes: the next state, already shifted by 2*shift
}

// newPairs returns the tables for a. It returns nil if there are too many states or
// classes, or if a is of the tracked kind.
func (a *Automaton) newPairs() *pairs {
	states, classes := len(a.accept), 1<<a.shift
	if a.hits != nil || classes > 16 || states*classes*classes > 1<<16 {
		return nil
	}
	p := &pairs{}
	for i := range p.classOf {
		p.classOf[i] = a.classOf[i&0xff]<<a.shift | a.classOf[i>>8]
	}
	for i := range states * classes * classes {
		after := a.next[i>>a.shift]
		p.next[i] = uint16(a.next[after|uint32(i%classes)] << a.shift)
	}
	return p
}
