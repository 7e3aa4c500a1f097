package prize

import (
	"regexp/syntax"
	"slices"
)

// The symbols that account numbers are made of: printable ASCII characters
// other than the space. Behind them stands one symbol for all other bytes.
const (
	firstSymbol = 0x21 // !
	lastSymbol  = 0x7e // ~
	otherSymbol = lastSymbol - firstSymbol + 1
	symbols     = otherSymbol + 1
)

// nfa is the patterns of all rules as one nondeterministic automaton: the
// instructions of their compiled programs, end to end in the order of the rules.
type nfa struct {
	insts     []syntax.Inst  // with Out and Arg counted from the start of this slice
	bases     []uint32       // the first instruction of each rule, and the end of the last
	starts    []uint32       // where to begin, in each rule
	classOf   [symbols]uint8 // symbols that no pattern tells apart are one class
	sample    []byte         // a symbol of each class
	wordAware bool           // whether a pattern has \b or \B

	closures [1 << 6][]*closure // by flags and instruction, nil where not asked for yet
}

// place is an instruction and what is true of the point in the text where it
// stands, such as being the beginning.
type place struct {
	inst  uint32
	flags syntax.EmptyOp
}

// closure is what a place leads to without reading.
type closure struct {
	reads   []uint32   // instructions that read a symbol
	matches bool       // whether the rule matches
	steps   [][]uint32 // by class: where reading a symbol of it leads to, nil where not asked for yet
}

// step is reading a symbol of a class at a place.
type step struct {
	place
	class uint8
}

// newNFA compiles patterns. Its error is that of the first one that is wrong.
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
		if len(n.insts) > maxInsts {
			return nil, errTooComplex
		}
	}
	n.bases = append(n.bases, uint32(len(n.insts)))
	n.classify()
	return n, nil
}

// ruleOf tells whose program an instruction is in.
func (n *nfa) ruleOf(inst uint32) int {
	i, found := slices.BinarySearch(n.bases, inst)
	if found {
		return i
	}
	return i - 1
}

// classify parts the symbols into classes, by every set of symbols that an
// instruction reads and, where it matters, by being part of a word.
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

// split parts every class into the symbols that are in a set and those that are
// not.
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

// runeOf is the character that a symbol stands for.
func runeOf(symbol int) rune {
	if symbol == otherSymbol {
		return '\uFFFD'
	}
	return rune(firstSymbol + symbol)
}

// reads says whether an instruction reads a symbol.
func reads(inst *syntax.Inst) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	default:
		return false
	}
}

// closure finds what a place leads to without reading.
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

// step finds the instructions that reading a symbol of a class leads to,
// ascending.
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
