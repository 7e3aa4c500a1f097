package automaton

import (
	"regexp/syntax"
	"slices"
)

// determine returns the minimal deterministic automaton that is equivalent to n, of the
// tracked or the usual kind. If it needs more than maxStates states or exceeds another
// limit, the error is a limitError.
func (n *nfa) determine(maxStates int, tracked bool) (*Automaton, error) {
	before := n.memory
	defer func() {
		n.closures, n.reads, n.memory = [1 << 6][]closure{}, chunks{}, before
	}()
	b := &builder{nfa: n, maxStates: maxStates, tracked: tracked, begins: map[step][]uint32{}, empties: map[syntax.EmptyOp]int{}}
	if err := b.build(); err != nil {
		return nil, err
	}
	if err := b.minimize(); err != nil {
		return nil, err
	}
	return b.automaton()
}

// builder builds the deterministic automaton of an nfa.
type builder struct {
	*nfa
	maxStates int
	tracked   bool // build the tracked kind: a state includes only matches that end with the last symbol
	states    []state
	ids       idTable
	entries   chunks                 // memory for the entries of states
	rows      chunks                 // memory for the rows of next
	next      [][]uint32             // by state and class
	accept    []int32                // by state
	hits      []int32                // by state, in the tracked kind
	start     uint32                 // the initial state
	begins    map[step][]uint32      // by first step of a match: its targets, for all patterns
	empties   map[syntax.EmptyOp]int // cached results of empty
	targets   []uint32               // reused by read
	taken     marks                  // the instructions in targets
	key       []byte                 // reused by add and minimize
}

// state is a state of the deterministic automaton.
type state struct {
	entries []uint32 // instructions of unfinished matches, ascending
	best    int32    // the first pattern that has matched, or the number of patterns; in the tracked kind, only matches that end with the last symbol count
	begin   bool     // nothing has been read
	word    bool     // the last symbol is a word character; always false if no pattern has \b or \B
}

// step is a symbol class and the conditions under which its symbol is read.
type step struct {
	flags syntax.EmptyOp
	class uint8
}

// memoryOfState is the memory of a state in bytes, without its entries and its row. It
// includes the state's elements in the tables of build and minimize, and the spare capacity
// of these tables.
const memoryOfState = 128

func (b *builder) classes() int { return len(b.sample) }

func (b *builder) build() error {
	first, err := b.empty(0)
	if err == nil {
		b.start, err = b.add(state{begin: true, best: int32(first)})
	}
	// States are visited in the order of the length of the shortest strings that lead to
	// them. longer is the first state that no string of length symbols leads to.
	length, longer := 0, 1
	for id := 0; id < len(b.states) && err == nil; id++ {
		if len(b.states) > b.maxStates {
			return &limitError{StateLimit}
		}
		if id == longer {
			length, longer = length+1, len(b.states)
		}
		err = b.visit(uint32(id), length == MaxLength)
	}
	return err
}

// visit computes the transitions of a state and the patterns that match in it. If last is
// true, only strings of the maximum length reach the state, so its transitions do not
// matter.
func (b *builder) visit(id uint32, last bool) error {
	s := b.states[id]
	row := b.rows.make(b.classes())
	for class := range row {
		row[class] = id
		if last {
			continue
		}
		after, err := b.read(s, class)
		if err != nil {
			return err
		}
		if row[class], err = b.add(after); err != nil {
			return err
		}
	}
	b.next = append(b.next, row)
	if b.tracked {
		b.hits = append(b.hits, s.best)
		s.best = int32(len(b.starts)) // accept holds only matches at the end
	}
	first, err := b.matched(s, b.flags(s, -1))
	b.accept = append(b.accept, int32(first))
	return err
}

// flags returns the conditions that hold between the last symbol read and a next symbol of
// the given class. A class of -1 means the end of the string.
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

// matched returns the first pattern that matches a string that ends in state s under the
// given conditions. If none does, it returns the number of patterns.
func (b *builder) matched(s state, flags syntax.EmptyOp) (int, error) {
	best := int(s.best)
	for i, entry := range s.entries {
		if entry >= b.bases[best] {
			break
		}
		c, err := b.closure(place{entry, flags})
		if err != nil {
			return best, err
		}
		if c.matches {
			best = b.patternOf(entry)
			if err := b.use(0, int64(i)); err != nil {
				return best, err
			}
			break
		}
	}
	first, err := b.empty(flags)
	return min(best, first), err
}

// empty returns the first pattern that matches the empty string under the given conditions.
// If none does, it returns the number of patterns.
func (b *builder) empty(flags syntax.EmptyOp) (int, error) {
	flags &= b.tested
	if first, known := b.empties[flags]; known {
		return first, nil
	}
	for i, start := range b.starts {
		c, err := b.closure(place{start, flags})
		if err != nil {
			return 0, err
		}
		if c.matches {
			b.empties[flags] = i
			return i, nil
		}
	}
	b.empties[flags] = len(b.starts)
	return len(b.starts), nil
}

// read returns the state after one more symbol of the given class. Its entries are valid
// until the next call.
func (b *builder) read(s state, class int) (after state, err error) {
	flags := b.flags(s, class)
	if b.tracked {
		s.best = int32(len(b.starts))
	}
	best, err := b.matched(s, flags)
	if err != nil {
		return after, err
	}
	after = state{best: int32(best), word: b.isWord(class)}
	end := b.bases[best]
	if b.tracked {
		end = b.bases[len(b.starts)]
	}
	begun, err := b.begin(flags, uint8(class))
	if err != nil {
		return after, err
	}
	b.taken.reset(len(b.insts))
	b.targets = b.targets[:0]
	for _, target := range begun {
		if target >= end {
			break
		}
		b.taken.add(target)
		b.targets = append(b.targets, target)
	}
	for _, entry := range s.entries {
		if entry >= end {
			break
		}
		if err := b.step(place{entry, flags}, class); err != nil {
			return after, err
		}
	}
	slices.Sort(b.targets)
	after.entries, err = b.finish(b.targets, &after.best)
	if err == nil {
		err = b.use(0, int64(2+4*len(b.targets)))
	}
	return after, err
}

// step appends to targets the instructions that follow when a symbol of the class is read
// at p. It leaves out instructions that are already there.
func (b *builder) step(p place, class int) error {
	c, err := b.closure(p)
	if err != nil {
		return err
	}
	symbol := int(b.sample[class])
	for _, read := range c.reads {
		i := &b.insts[read]
		if b.sets[i.arg].has(symbol) && b.taken.add(i.out) {
			b.targets = append(b.targets, i.out)
		}
	}
	return b.use(0, int64(2+len(c.reads)))
}

// finish records in best the first pattern that matches without a further symbol or
// condition, and returns the targets that are still needed. This results in fewer states
// than waiting for the next symbol.
func (b *builder) finish(targets []uint32, best *int32) ([]uint32, error) {
	left := targets[:0]
	for i, target := range targets {
		here, err := b.closure(place{inst: target})
		if err != nil {
			return nil, err
		}
		if here.matches && !b.tracked {
			*best = int32(b.patternOf(target))
			end, _ := slices.BinarySearch(targets[:i], b.bases[*best])
			return targets[:end], nil
		}
		if here.matches {
			*best = min(*best, int32(b.patternOf(target)))
		}
		if !here.matches || len(here.reads) > 0 {
			left = append(left, target)
		}
	}
	return left, nil
}

// begin returns the targets of matches that begin with a symbol of the class, for all
// patterns, in ascending order.
func (b *builder) begin(flags syntax.EmptyOp, class uint8) ([]uint32, error) {
	key := step{flags & b.tested, class}
	targets, known := b.begins[key]
	if known {
		return targets, nil
	}
	b.taken.reset(len(b.insts))
	b.targets = b.targets[:0]
	for _, start := range b.starts {
		if err := b.step(place{start, flags}, int(class)); err != nil {
			return nil, err
		}
	}
	targets = slices.Clone(b.targets)
	slices.Sort(targets)
	b.begins[key] = targets
	return targets, b.use(int64(len(targets))*4+64, int64(len(targets))*4)
}

// add returns the number of a state. It adds the state if it is new.
func (b *builder) add(s state) (uint32, error) {
	b.key = appendNumbers(b.key[:0], s.entries)
	b.key = append(b.key, byte(s.best), byte(s.best>>8), byte(s.best>>16), flag(s.begin)|flag(s.word)<<1)
	id, known := b.ids.find(b.key, func(id uint32) bool {
		known := &b.states[id]
		return known.best == s.best && known.begin == s.begin && known.word == s.word && slices.Equal(known.entries, s.entries)
	})
	if known {
		return id, nil
	}
	s.entries = b.entries.clone(s.entries)
	b.states = append(b.states, s)
	return id, b.use(int64(len(s.entries)+b.classes())*4+memoryOfState, int64(len(s.entries)))
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
