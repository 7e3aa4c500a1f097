package automaton

import (
	"regexp/syntax"
	"slices"
)

// Symbols are the printable ASCII characters other than the space, and one more symbol
// for all other bytes.
const (
	firstSymbol = 0x21 // !
	lastSymbol  = 0x7e // ~
	otherSymbol = lastSymbol - firstSymbol + 1
	symbols     = otherSymbol + 1
)

// nfa is the nondeterministic automaton of all patterns: the instructions of their
// compiled programs, concatenated.
type nfa struct {
	*meter
	insts     []inst
	bases     []uint32       // the first instruction of each pattern, and finally the number of instructions
	starts    []uint32       // the initial instruction of each pattern
	sets      []set          // the symbols that instructions read
	classOf   [symbols]uint8 // symbols that all patterns treat alike have the same class
	sample    []byte         // a symbol of each class
	tested    syntax.EmptyOp // all conditions that instructions test
	wordAware bool           // a pattern has \b or \B

	closures [1 << 6][]closure // by flags and instruction
	reads    chunks            // of all closures
	seen     marks             // instructions that follow has already visited
	todo     []uint32
	found    []uint32
}

// inst is an instruction, like [syntax.Inst] but smaller.
type inst struct {
	out uint32 // an index into insts
	arg uint32 // an index into insts, the tested conditions or, if the instruction reads, an index into sets
	op  syntax.InstOp
}

const (
	memoryOfInst = 12
	memoryOfSet  = 64
	workOfSet    = 200
)

// set is a set of symbols.
type set [2]uint64

func (s *set) add(symbol int)      { s[symbol>>6] |= 1 << (symbol & 63) }
func (s *set) has(symbol int) bool { return s[symbol>>6]>>(symbol&63)&1 != 0 }

// place is an instruction and the conditions that hold at the current position in the
// string, for example that it is the start.
type place struct {
	inst  uint32
	flags syntax.EmptyOp
}

// closure is the epsilon closure of a place: what it leads to without reading a symbol.
type closure struct {
	reads   []uint32 // instructions that read a symbol
	matches bool     // the pattern matches
	known   bool     // the closure has been computed
}

const memoryOfClosure = 32

// newNFA compiles patterns. Its error is a limitError or the syntax error of the first
// invalid pattern.
func newNFA(patterns []string, m *meter) (*nfa, error) {
	n := &nfa{meter: m}
	if len(patterns) > m.Patterns {
		return nil, &limitError{PatternLimit}
	}
	numbers := map[set]uint32{}
	for _, pattern := range patterns {
		if err := n.addPattern(pattern, numbers); err != nil {
			return nil, err
		}
	}
	n.bases = append(n.bases, uint32(len(n.insts)))
	n.classify()
	return n, m.use(int64(len(n.insts))*4, 0) // the memory of seen
}

// addPattern compiles a pattern and adds its instructions. numbers holds the index in
// n.sets of each set.
func (n *nfa) addPattern(pattern string, numbers map[set]uint32) error {
	if err := n.use(0, ParseWork(pattern)); err != nil {
		return err
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return err
	}
	size := expand(tree)
	if err := n.use(size.memory(), size.work()); err != nil {
		return err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return err
	}
	if err := n.use(int64(len(prog.Inst))*memoryOfInst, 0); err != nil {
		return err
	}
	if len(n.insts)+len(prog.Inst) > maxInstructions {
		return &limitError{MemoryLimit}
	}
	if err := n.addProgram(prog, numbers); err != nil {
		return err
	}
	n.free(size.memory())
	return nil
}

// addProgram adds the instructions of a pattern.
func (n *nfa) addProgram(prog *syntax.Prog, numbers map[set]uint32) error {
	base := uint32(len(n.insts))
	n.bases = append(n.bases, base)
	n.starts = append(n.starts, base+uint32(prog.Start))
	n.insts = slices.Grow(n.insts, len(prog.Inst))
	var read map[*rune]uint32 // by rune slice, which copies of an instruction share: the index of its set
	for i := range prog.Inst {
		from := &prog.Inst[i]
		to := inst{out: from.Out + base, arg: from.Arg, op: from.Op}
		switch {
		case from.Op == syntax.InstAlt || from.Op == syntax.InstAltMatch:
			to.arg += base
		case from.Op == syntax.InstEmptyWidth:
			n.tested |= syntax.EmptyOp(from.Arg)
		case reads(from.Op):
			if read == nil {
				read = map[*rune]uint32{}
			}
			number, known := read[&from.Rune[0]]
			if !known {
				var err error
				if number, err = n.setOf(from, numbers); err != nil {
					return err
				}
				read[&from.Rune[0]] = number
			}
			to.arg = number
		}
		n.insts = append(n.insts, to)
	}
	return nil
}

// setOf returns the index in n.sets of the symbols that an instruction reads. It adds the
// set if it is new.
func (n *nfa) setOf(from *syntax.Inst, numbers map[set]uint32) (uint32, error) {
	var s set
	for symbol := range symbols {
		if from.MatchRune(runeOf(symbol)) {
			s.add(symbol)
		}
	}
	number, known := numbers[s]
	if known {
		return number, n.use(0, workOfSet)
	}
	number = uint32(len(n.sets))
	numbers[s] = number
	n.sets = append(n.sets, s)
	return number, n.use(memoryOfSet, workOfSet)
}

// patternOf returns the index of the pattern to which an instruction belongs.
func (n *nfa) patternOf(inst uint32) int {
	i, found := slices.BinarySearch(n.bases, inst)
	if found {
		return i
	}
	return i - 1
}

// classify divides the symbols into classes. No instruction distinguishes the symbols of
// a class. If a pattern has \b or \B, either all symbols of a class are word characters
// or none is.
func (n *nfa) classify() {
	n.sample = []byte{0}
	n.wordAware = n.tested&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0
	if n.wordAware {
		n.split(func(symbol int) bool { return syntax.IsWordChar(runeOf(symbol)) })
	}
	for i := range n.sets {
		if len(n.sample) == symbols {
			return // each symbol has its own class
		}
		n.split(n.sets[i].has)
	}
}

// split divides every class into the symbols that are in a set and those that are not.
func (n *nfa) split(in func(symbol int) bool) {
	var parts [symbols][2]uint8 // by old class and membership: the new class plus 1, or 0 if there is none yet
	n.sample = n.sample[:0]
	for symbol := range symbols {
		part := &parts[n.classOf[symbol]][flag(in(symbol))]
		if *part == 0 {
			n.sample = append(n.sample, byte(symbol))
			*part = uint8(len(n.sample))
		}
		n.classOf[symbol] = *part - 1
	}
}

// runeOf returns the character of a symbol.
func runeOf(symbol int) rune {
	if symbol == otherSymbol {
		return '\uFFFD'
	}
	return rune(firstSymbol + symbol)
}

// reads reports whether an instruction reads a symbol.
func reads(op syntax.InstOp) bool {
	switch op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	default:
		return false
	}
}

// closure returns the epsilon closure of p, which it computes on the first call for p. If
// that exceeds a limit, the error is a limitError.
func (n *nfa) closure(p place) (*closure, error) {
	p.flags &= n.tested
	known := n.closures[p.flags]
	if known == nil {
		if err := n.use(int64(len(n.insts))*memoryOfClosure, int64(len(n.insts))); err != nil {
			return &closure{}, err
		}
		known = make([]closure, len(n.insts))
		n.closures[p.flags] = known
	}
	c := &known[p.inst]
	if c.known {
		return c, nil
	}
	return c, n.follow(p, c)
}

// follow stores the closure of p in c.
func (n *nfa) follow(p place, c *closure) error {
	n.seen.reset(len(n.insts))
	n.todo = append(n.todo[:0], p.inst)
	n.found = n.found[:0]
	visited := 0
	for len(n.todo) > 0 {
		at := n.todo[len(n.todo)-1]
		n.todo = n.todo[:len(n.todo)-1]
		if !n.seen.add(at) {
			continue
		}
		visited++
		i := &n.insts[at]
		switch i.op {
		case syntax.InstAlt, syntax.InstAltMatch:
			n.todo = append(n.todo, i.out, i.arg)
		case syntax.InstCapture, syntax.InstNop:
			n.todo = append(n.todo, i.out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.arg)&^p.flags == 0 {
				n.todo = append(n.todo, i.out)
			}
		case syntax.InstMatch:
			c.matches = true
		case syntax.InstFail:
		default:
			n.found = append(n.found, at)
		}
	}
	c.reads, c.known = n.reads.clone(n.found), true
	return n.use(int64(len(n.found))*4, int64(visited)+4)
}
