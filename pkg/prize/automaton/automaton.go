// Package automaton matches strings against an ordered list of patterns in one pass, and
// counts strings by the first pattern that matches them.
//
// [Compile] combines RE2 patterns into one minimal deterministic automaton. The automaton
// reads a string byte by byte, so the time to match does not depend on the number of
// patterns. Because the automaton is finite, [Automaton.Count] counts the strings of a
// format exactly, however many there are.
//
// # Construction
//
// The patterns are compiled to the instructions of regexp/syntax, which form a
// nondeterministic automaton. The subset construction turns it into a deterministic
// one whose states keep the patterns in order, and Moore's algorithm minimizes that.
//
// There are two kinds of automata. In the usual kind, a state includes the first pattern
// that has matched so far, and later patterns are dropped. This kind needs a state for each
// pair of such a match and a partial match of another pattern. In the tracked kind, states
// do not include matches; instead, Match keeps track of the first pattern that any visited
// state completes. This kind needs only one state for each partial match. A thousand
// patterns that match anywhere in a string are feasible only in the tracked kind
// (BenchmarkCompile); a few patterns are matched twice as fast in the usual kind
// (BenchmarkMatch).
//
// Both kinds are correct for strings of up to [MaxLength] bytes. Differences between longer
// strings are ignored, which keeps patterns such as a{1000} small.
package automaton

import (
	"sync"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// MaxLength is the maximum length of a string in bytes: that of the longest text part and
// the longest number part together.
const MaxLength = 2 * partgen.MaxLength

// The limits of an automaton.
const (
	MaxStates = 1 << 16

	maxUsualStates  = 1 << 13 // states of the usual kind; above this limit, the tracked kind is tried
	maxInstructions = 1 << 20 // instructions of all patterns together
)

// Automaton finds the first of several patterns that matches a string. It is immutable and
// safe for concurrent use.
type Automaton struct {
	patterns int
	classOf  [256]uint8
	shift    int           // a row of next has 1<<shift entries
	next     []uint32      // by state<<shift|class: the next state, already shifted by shift
	accept   []int32       // by state: the first pattern that matches a string ending here, or patterns if none does
	hits     []int32       // by state: the first pattern that matches however the string continues, or patterns if none does; nil in the usual kind
	start    uint32        // the initial state, shifted by shift
	pairs    func() *pairs // for MatchJoined, computed by the first call; nil after CompileOne
	effort   int           // number of instructions and states during compilation
}

// Compile compiles patterns in RE2 syntax within the limits of [Trusted]. An error is a
// [*ComplexityError] or the syntax error of the first invalid pattern.
func Compile(patterns []string) (*Automaton, error) { return CompileWithin(Trusted(), patterns) }

// CompileWithin is like [Compile], but with the given limits.
func CompileWithin(limits Limits, patterns []string) (*Automaton, error) {
	m := &meter{Limits: limits}
	a, err := compileKind(patterns, m)
	if limit, over := exceeded(err); over {
		e := &ComplexityError{Pattern: -1, Limit: limit, Limits: limits}
		if limit != PatternLimit {
			m.memory = 0
			e.Pattern = mostComplex(patterns, m)
		}
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	a.pairs = sync.OnceValue(a.newPairs)
	return a, nil
}

// compileKind tries a small automaton of the usual kind, then the tracked kind, then a
// larger automaton of the usual kind.
func compileKind(patterns []string, m *meter) (*Automaton, error) {
	n, err := newNFA(patterns, m)
	if err != nil {
		return nil, err
	}
	a, err := n.determine(min(maxUsualStates, m.States), false)
	if retry(err) {
		a, err = n.determine(m.States, true)
	}
	if retry(err) && m.States > maxUsualStates {
		a, err = n.determine(m.States, false)
	}
	return a, err
}

// retry reports whether the other kind of automaton may succeed after an error.
func retry(err error) bool {
	limit, over := exceeded(err)
	return over && limit != WorkLimit
}

// CompileOne compiles a single pattern to an automaton for [Search.Both].
func CompileOne(pattern string) (*Automaton, error) {
	m := &meter{Limits: Trusted()}
	a, err := compileOne(pattern, m)
	if limit, over := exceeded(err); over {
		return nil, &ComplexityError{0, limit, m.Limits}
	}
	return a, err
}

func compileOne(pattern string, m *meter) (*Automaton, error) {
	n, err := newNFA([]string{pattern}, m)
	if err != nil {
		return nil, err
	}
	return n.determine(m.States, false)
}

// mostComplex returns the index of the first pattern that is too complex on its own, or -1.
// It stops when the patterns before it are too complex together, or when the work limit is
// reached.
func mostComplex(patterns []string, m *meter) int {
	if len(patterns) == 1 {
		return 0
	}
	effort := 0
	for i, pattern := range patterns {
		if effort > m.States {
			break
		}
		alone, err := compileOne(pattern, m)
		switch limit, over := exceeded(err); {
		case over && limit == WorkLimit:
			return -1
		case err != nil:
			return i
		}
		m.memory = 0
		effort += alone.effort
	}
	return -1
}

// Patterns returns the number of patterns.
func (a *Automaton) Patterns() int { return a.patterns }

// Memory returns the approximate memory that the automaton uses, in bytes.
func (a *Automaton) Memory() int {
	const pairs = 256 << 10 // at most
	return 4*(len(a.next)+len(a.accept)+len(a.hits)) + pairs
}

// Match returns the index of the first pattern that matches text. If none does, it returns
// the number of patterns.
func (a *Automaton) Match(text string) int { return int(match(a, text)) }

// MatchBytes is like [Automaton.Match], but for bytes.
func (a *Automaton) MatchBytes(text []byte) int32 { return match(a, text) }

func match[T string | []byte](a *Automaton, text T) int32 {
	if a.hits != nil {
		return matchTracked(a, text)
	}
	state := a.start
	for i := range len(text) {
		state = a.next[state|uint32(a.classOf[text[i]])]
	}
	return a.accept[state>>a.shift]
}

func matchTracked[T string | []byte](a *Automaton, text T) int32 {
	state := a.start
	first := a.hits[state>>a.shift]
	for i := range len(text) {
		state = a.next[state|uint32(a.classOf[text[i]])]
		first = min(first, a.hits[state>>a.shift])
	}
	return min(first, a.accept[state>>a.shift])
}
