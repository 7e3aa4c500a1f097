package prize

import "encoding/binary"

// runPairs does the same for account numbers of one width, end to end.
func (a *automaton) runPairs(rows []int32, text []byte, width int) {
	p, shift := a.pairs, 2*a.shift
	for i := range rows {
		account := text[i*width:][:width]
		state := uint16(a.start << a.shift)
		for len(account) >= 8 {
			word := binary.LittleEndian.Uint64(account)
			state = p.next[state|uint16(p.classOf[uint16(word)])]
			state = p.next[state|uint16(p.classOf[uint16(word>>16)])]
			state = p.next[state|uint16(p.classOf[uint16(word>>32)])]
			state = p.next[state|uint16(p.classOf[uint16(word>>48)])]
			account = account[8:]
		}
		for len(account) >= 2 {
			state = p.next[state|uint16(p.classOf[binary.LittleEndian.Uint16(account)])]
			account = account[2:]
		}
		if len(account) == 1 {
			single := uint32(state) >> a.shift
			state = uint16(a.next[single|uint32(a.classOf[account[0]])] << a.shift)
		}
		rows[i] = a.accept[state>>shift]
	}
}

// pairs reads two symbols at a step, since each step waits for the memory of the
// one before it. An index of 16 bits is never checked against such arrays.
type pairs struct {
	classOf [1 << 16]uint8  // by two symbols, the first one in the low byte: both classes
	next    [1 << 16]uint16 // by state<<(2*shift)|classes: the next state, shifted likewise
}

// newPairs is nil where there are too many states or classes, or states forget.
func (a *automaton) newPairs() *pairs {
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
