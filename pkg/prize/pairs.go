package prize

import "encoding/binary"

// many is from how many account numbers on pairs are worth the 192 KiB that they take:
// who makes a draw now and then never has them.
const many = 16

// runPairs does the same for account numbers of one width, end to end. It takes all of
// them some symbols further at a time: loops in that over the account numbers take twice
// as long. Meanwhile rows are the states.
func (a *automaton) runPairs(p *pairs, rows []int32, text []byte, width int) {
	start, shift, at := int32(a.start<<a.shift), 2*a.shift, 0
	for i := range rows {
		rows[i] = start
	}
	for ; width-at >= 8; at += 8 {
		p.readEight(rows, text[at:], width)
	}
	for ; width-at >= 2; at += 2 {
		p.readTwo(rows, text[at:], width)
	}
	if at < width {
		for i, state := range rows {
			single := uint32(state) >> a.shift
			rows[i] = int32(a.next[single|uint32(a.classOf[text[i*width+at]])] << a.shift)
		}
	}
	for i, state := range rows {
		rows[i] = a.accept[state>>shift]
	}
}

// readEight has the next eight symbols of each account number read.
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

// readTwo has the next two symbols of each account number read.
func (p *pairs) readTwo(states []int32, text []byte, width int) {
	for i := range states {
		two := binary.LittleEndian.Uint16(text)
		states[i] = int32(p.next[uint16(states[i])|uint16(p.classOf[two])])
		text = text[min(width, len(text)):]
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
