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
	insts     []syntax.Inst  // Out and Arg are indexes into this slice
	bases     []uint32       // the first instruction of each pattern, and finally the number of instructions
	starts    []uint32       // the initial instruction of each pattern
	classOf   [symbols]uint8 // symbols that all patterns treat alike have the same class
	sample    []byte         // a symbol of each class
	wordAware bool           // a pattern has \b or \B

	closures [1 << 6][]*closure // by flags and instruction; nil if not computed yet
}

// place is an instruction and the conditions that hold at its position in the text,
// such as being at the beginning.
type place struct {
	inst  uint32
	flags syntax.EmptyOp
}

// closure is the epsilon closure of a place: the instructions that it leads to without
// reading.
type closure struct {
	reads   []uint32   // instructions that read a symbol
	matches bool       // the pattern matches
	steps   [][]uint32 // by class: the targets of reading a symbol; nil if not computed yet
}

// step reads a symbol of a class at a place.
type step struct {
	place
	class uint8
}

// newNFA compiles patterns. Its error is errTooComplex or the syntax error of the first
// invalid pattern.
func newNFA(patterns []string) (*nfa, error) {
	n := &nfa{}
	for _, pattern := range patterns {
		tree, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			return nil, err
		}
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			return nil, err
		}
		base := uint32(len(n.insts))
		n.bases = append(n.bases, base)
		n.starts = append(n.starts, base+uint32(prog.Start))
		for _, inst := range prog.Inst {
			inst.Out += base
			switch inst.Op {
			case syntax.InstAlt, syntax.InstAltMatch:
				inst.Arg += base
			case syntax.InstEmptyWidth:
				n.wordAware = n.wordAware || syntax.EmptyOp(inst.Arg)&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0
			}
			n.insts = append(n.insts, inst)
		}
		if len(n.insts) > maxInstructions {
			return nil, errTooComplex
		}
	}
	n.bases = append(n.bases, uint32(len(n.insts)))
	n.classify()
	return n, nil
}

// patternOf returns the pattern of an instruction.
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
	seen := map[[symbols]bool]bool{}
	n.sample = []byte{0}
	if n.wordAware {
		n.split(func(symbol int) bool { return syntax.IsWordChar(runeOf(symbol)) })
	}
	for i := range n.insts {
		inst := &n.insts[i]
		if !reads(inst) {
			continue
		}
		var set [symbols]bool
		for symbol := range set {
			set[symbol] = inst.MatchRune(runeOf(symbol))
		}
		if !seen[set] {
			seen[set] = true
			n.split(func(symbol int) bool { return set[symbol] })
		}
	}
}

// split divides every class into the symbols that are in a set and those that are not.
func (n *nfa) split(in func(symbol int) bool) {
	type half struct {
		class uint8
		in    bool
	}
	parts := map[half]uint8{}
	n.sample = n.sample[:0]
	for symbol := range symbols {
		h := half{n.classOf[symbol], in(symbol)}
		class, known := parts[h]
		if !known {
			class = uint8(len(parts))
			parts[h] = class
			n.sample = append(n.sample, byte(symbol))
		}
		n.classOf[symbol] = class
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
func reads(inst *syntax.Inst) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	default:
		return false
	}
}

// closure returns the closure of a place.
func (n *nfa) closure(p place) *closure {
	known := n.closures[p.flags]
	if known == nil {
		known = make([]*closure, len(n.insts))
		n.closures[p.flags] = known
	}
	if known[p.inst] == nil {
		known[p.inst] = n.follow(p)
	}
	return known[p.inst]
}

// follow computes the closure of a place.
func (n *nfa) follow(p place) *closure {
	c := &closure{}
	seen := map[uint32]bool{}
	for todo := []uint32{p.inst}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		inst := &n.insts[at]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = append(todo, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			todo = append(todo, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^p.flags == 0 {
				todo = append(todo, inst.Out)
			}
		case syntax.InstMatch:
			c.matches = true
		case syntax.InstFail:
		default:
			c.reads = append(c.reads, at)
		}
	}
	return c
}

// step returns the instructions that a step leads to, ascending.
func (n *nfa) step(s step) []uint32 {
	c := n.closure(s.place)
	if c.steps == nil {
		c.steps = make([][]uint32, len(n.sample))
	}
	if c.steps[s.class] == nil {
		targets := make([]uint32, 0, 1)
		for _, read := range c.reads {
			if n.insts[read].MatchRune(runeOf(int(n.sample[s.class]))) {
				targets = append(targets, n.insts[read].Out)
			}
		}
		slices.Sort(targets)
		c.steps[s.class] = slices.Compact(targets)
	}
	return c.steps[s.class]
}
