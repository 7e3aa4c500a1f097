package automaton

// chunks allocates many short slices with little overhead. The zero value is ready to use.
type chunks struct {
	free []uint32
	size int // length of the last chunk
}

// The lengths of the first chunk and of the largest one.
const (
	minChunk = 1 << 8
	maxChunk = 1 << 13
)

// make returns a slice of length n.
func (c *chunks) make(n int) []uint32 {
	if n > len(c.free) {
		c.size = min(max(2*c.size, minChunk), maxChunk)
		if n > c.size/8 {
			return make([]uint32, n)
		}
		c.free = make([]uint32, c.size)
	}
	part := c.free[:n:n]
	c.free = c.free[n:]
	return part
}

// clone returns a copy of a slice.
func (c *chunks) clone(list []uint32) []uint32 {
	part := c.make(len(list))
	copy(part, list)
	return part
}

// marks is a set of numbers that can be emptied in constant time.
type marks struct {
	round  uint32
	rounds []uint32 // by number: the round in which it was last added
}

// reset empties the set. Numbers to be added must be less than n, which must be the same in
// every call.
func (m *marks) reset(n int) {
	if m.round++; m.rounds == nil || m.round == 0 {
		m.rounds, m.round = make([]uint32, n), 1
	}
}

// add adds a number to the set. It reports whether the number is new.
func (m *marks) add(number uint32) bool {
	if m.rounds[number] == m.round {
		return false
	}
	m.rounds[number] = m.round
	return true
}
