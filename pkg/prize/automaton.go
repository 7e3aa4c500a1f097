package prize

import (
	"encoding/binary"
	"errors"
	"regexp/syntax"
	"slices"
)

// The bounds of an automaton: what exceeds them is refused rather than let grow.
const (
	fewStates  = 1 << 13 // up to how many a state may remember the best rule without a second thought
	maxStates  = 1 << 16
	maxEntries = 1 << 23 // instructions in all states together
	maxInsts   = 1 << 20 // instructions of all patterns together
)

var errTooComplex = errors.New("too complex")

// automaton reads an account number byte by byte and ends in the first rule
// that matches it. It is a deterministic automaton with as few states as there
// can be, built by the subset construction with the rules kept in order.
//
// There are two kinds. In one a state remembers the first rule that has matched,
// and the rules behind it are dropped: reading is all there is to do, and rules
// that take everything make the rest small. In the other a state forgets it: the
// reader keeps the first of the rules that the states on its way hit. That takes
// a state for each rule and beginning of a rule instead of for each pair of them,
// which is what a thousand patterns that can match anywhere need.
//
// It is right for texts of up to [MaxAccount] bytes. What only longer texts could
// tell apart is left out, which keeps patterns such as a{1000} small.
type automaton struct {
	rules   int
	classOf [256]uint8
	shift   int           // a row of next has 1<<shift places
	next    []uint32      // by state<<shift|class: the next state, shifted likewise
	accept  []int32       // by state: the first rule that matches a text ending here, rules for none
	hits    []int32       // by state: the first rule that matches wherever the text goes on to, rules for none; nil where states remember
	start   uint32        // shifted
	sample  []byte        // a symbol of each class
	pairs   func() *pairs // for [automaton.runAll], made when it is first called; nil where it is not needed
	effort  int           // how many instructions and states it was made from
}

// run reads a text and tells the first rule that matches it, or the number of
// rules where none does.
func run[T string | []byte](a *automaton, text T) int32 {
	if a.hits != nil {
		return runForgetting(a, text)
	}
	state := a.start
	for i := range len(text) {
		state = a.next[state|uint32(a.classOf[text[i]])]
	}
	return a.accept[state>>a.shift]
}

func runForgetting[T string | []byte](a *automaton, text T) int32 {
	state := a.start
	best := a.hits[state>>a.shift]
	for i := range len(text) {
		state = a.next[state|uint32(a.classOf[text[i]])]
		best = min(best, a.hits[state>>a.shift])
	}
	return min(best, a.accept[state>>a.shift])
}

// runAll does the same for account numbers of a list, from the from-th on.
func (a *automaton) runAll(rows []int32, accounts *Accounts, from int) {
	if len(rows) >= many && accounts.cuts == nil && a.pairs != nil {
		if p, width := a.pairs(), accounts.width; p != nil {
			a.runPairs(p, rows, accounts.text[from*width:(from+len(rows))*width], width)
			return
		}
	}
	for i := range rows {
		rows[i] = run(a, accounts.At(from+i))
	}
}

// hit says whether a rule has matched when a state is reached, where states
// forget. States that remember tell only at the end.
func (a *automaton) hit(state uint32) bool {
	return a.hits != nil && a.hits[state>>a.shift] < int32(a.rules)
}

// newAutomaton compiles patterns, the first one that matches counting, into an
// automaton whose states remember. Its error is errTooComplex where the bounds
// are exceeded.
func newAutomaton(patterns []string) (*automaton, error) {
	n, err := newNFA(patterns)
	if err != nil {
		return nil, err
	}
	return n.determine(maxStates, false)
}

// newRulesAutomaton does the same for the patterns of a whole file, of which
// there may be thousands: its automaton is of the kind that has few states.
func newRulesAutomaton(patterns []string) (*automaton, error) {
	n, err := newNFA(patterns)
	if err != nil {
		return nil, err
	}
	a, err := n.determine(fewStates, false)
	if err != nil {
		a, err = n.determine(maxStates, true)
	}
	if err != nil {
		a, err = n.determine(maxStates, false)
	}
	return a, err
}

// determine makes a deterministic automaton of up to so many states, which
// remember the best rule or forget it.
func (n *nfa) determine(states int, forgets bool) (*automaton, error) {
	b := &builder{nfa: n, most: states, forgets: forgets, ids: map[string]uint32{}, begins: map[step][]uint32{}, empties: map[syntax.EmptyOp]int{}}
	if err := b.build(); err != nil {
		return nil, err
	}
	b.minimize()
	a := b.automaton()
	a.effort = len(b.insts) + len(b.states)
	return a, nil
}

// builder makes the deterministic automaton of an nfa.
type builder struct {
	*nfa
	most    int  // states
	forgets bool // whether a state forgets which rule has matched before its last symbol
	states  []state
	ids     map[string]uint32
	entries int
	next    []uint32          // by state*classes+class
	accept  []int32           // by state
	hits    []int32           // by state, where states forget
	start   uint32            // the state to begin in
	begins  map[step][]uint32 // where beginning a match leads to, in all rules; inst is unused
	empties map[syntax.EmptyOp]int
	scratch []uint32
}

// state is what is known after some symbols.
type state struct {
	entries []uint32 // instructions that matches under way stand at, ascending
	begin   bool     // whether nothing has been read
	word    bool     // whether the last symbol is part of a word; false where that does not matter
	best    int      // the first rule that has matched, where states forget with the last symbol
}

func (b *builder) classes() int { return len(b.sample) }

func (b *builder) build() error {
	b.start = b.add(state{begin: true, best: b.empty(0)})
	length, longer := 0, 1 // of the texts that lead to the states looked at, and the first state of longer ones
	for id := 0; id < len(b.states); id++ {
		if len(b.states) > b.most || b.entries > maxEntries {
			return errTooComplex
		}
		if id == longer {
			length, longer = length+1, len(b.states)
		}
		s := b.states[id]
		for class := range b.classes() {
			to := uint32(id) // no text goes on
			if length < MaxAccount {
				to = b.add(b.read(s, class))
			}
			b.next = append(b.next, to)
		}
		if b.forgets {
			b.hits = append(b.hits, int32(s.best))
			s.best = len(b.starts) // which leaves what matches at the end alone
		}
		b.accept = append(b.accept, int32(b.matched(s, b.flags(s, -1))))
	}
	return nil
}

// flags tells what is true between a state and a symbol of a class, -1 standing
// for the end of the text.
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

// matched is the first rule that matches a text which the state has read, given
// what is true at its end.
func (b *builder) matched(s state, flags syntax.EmptyOp) int {
	best := s.best
	for _, entry := range s.entries {
		if entry >= b.bases[best] {
			break
		}
		if b.closure(place{entry, flags}).matches {
			best = b.ruleOf(entry)
			break
		}
	}
	return min(best, b.empty(flags))
}

// empty is the first rule that matches without reading anything, given what is
// true there.
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

// read is the state after one more symbol.
func (b *builder) read(s state, class int) state {
	flags := b.flags(s, class)
	if b.forgets {
		s.best = len(b.starts)
	}
	after := state{best: b.matched(s, flags), word: b.isWord(class)}
	end := b.bases[after.best]
	if b.forgets {
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
	after.entries = b.settle(targets, &after.best)
	return after
}

// settle has a match that needs no condition at once, which leaves fewer states:
// best is the first rule that has matched then. It gives the targets that are left.
func (b *builder) settle(targets []uint32, best *int) []uint32 {
	if b.forgets {
		return slices.DeleteFunc(targets, func(target uint32) bool {
			here := b.closure(place{inst: target})
			if here.matches {
				*best = min(*best, b.ruleOf(target))
			}
			return here.matches && len(here.reads) == 0 // nothing more can come of it
		})
	}
	for i, target := range targets {
		if b.closure(place{inst: target}).matches {
			*best = b.ruleOf(target)
			end, _ := slices.BinarySearch(targets[:i], b.bases[*best])
			return targets[:end]
		}
	}
	return targets
}

// begin is where a match that begins with a symbol of the class leads to, for
// all rules, ascending.
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

// add gives the number of a state, a new one where it was not met before.
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
