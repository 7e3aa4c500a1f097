package automaton

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Limits bounds the resources of a compilation. Memory and work are counted in units that
// do not depend on the machine, so patterns that compile on one machine compile on every
// machine.
type Limits struct {
	Patterns int
	States   int
	Memory   int64 // bytes
	Work     int64 // steps, of about 10 ns each
}

// Trusted returns the limits for patterns from trusted people, such as promoters. [Compile]
// uses them.
func Trusted() Limits {
	return Limits{Patterns: 5000, States: MaxStates, Memory: 64 << 20, Work: 500e6}
}

// Limit is one of [Limits].
type Limit string

// The limits that patterns can exceed.
const (
	PatternLimit Limit = "patterns"
	StateLimit   Limit = "states"
	MemoryLimit  Limit = "memory"
	WorkLimit    Limit = "work"
)

// ComplexityError is the error for patterns that exceed a limit.
type ComplexityError struct {
	Pattern int // index of the first pattern that is too complex on its own, or -1 if only the patterns together are too complex
	Limit   Limit
	Limits  Limits
}

func (e *ComplexityError) Error() string {
	if e.Limit == PatternLimit {
		return "there are more than " + e.Bound()
	}
	what := "the patterns together need"
	if e.Pattern >= 0 {
		what = fmt.Sprintf("pattern %d needs", e.Pattern)
	}
	return what + " more than " + e.Bound()
}

// Bound returns the exceeded limit with its unit, such as "65536 states".
func (e *ComplexityError) Bound() string {
	switch e.Limit {
	case MemoryLimit:
		return fmt.Sprintf("%d MB of memory", e.Limits.Memory>>20)
	case WorkLimit:
		return fmt.Sprintf("%d million steps to compile", e.Limits.Work/1e6)
	case PatternLimit:
		return fmt.Sprintf("%d patterns", e.Limits.Patterns)
	}
	return fmt.Sprintf("%d states", e.Limits.States)
}

// limitError is the error of a meter.
type limitError struct{ limit Limit }

func (e *limitError) Error() string { return "too complex: " + string(e.limit) }

// exceeded returns the limit that caused err. It reports false if err has another cause.
func exceeded(err error) (Limit, bool) {
	var over *limitError
	if !errors.As(err, &over) {
		return "", false
	}
	return over.limit, true
}

// meter counts the memory and the work of a compilation.
type meter struct {
	Limits
	memory, work int64
}

// use adds memory in bytes and work in steps. It returns a limitError if a total exceeds
// its limit.
func (m *meter) use(memory, work int64) error {
	m.memory += memory
	m.work += work
	switch {
	case m.work > m.Work:
		return &limitError{WorkLimit}
	case m.memory > m.Memory:
		return &limitError{MemoryLimit}
	}
	return nil
}

// free subtracts memory that is no longer used.
func (m *meter) free(memory int64) { m.memory -= memory }

// The work of parsing a pattern.
const (
	workOfByte  = 30
	workOfClass = 30_000    // a Unicode class, such as \pL
	workOfFold  = 2_000_000 // a case-insensitive range that includes all characters with case
)

// ParseWork returns an upper bound for the work of parsing a pattern.
func ParseWork(pattern string) int64 {
	work := int64(len(pattern)) * workOfByte
	classes := strings.Count(pattern, `\p`) + strings.Count(pattern, `\P`)
	work += int64(classes) * workOfClass
	folds := strings.Contains(pattern, "(?") && strings.Contains(pattern, "i")
	if folds && (strings.Contains(pattern, `\x`) || strings.ContainsFunc(pattern, func(r rune) bool { return r >= utf8.RuneSelf })) {
		work += int64(strings.Count(pattern, "-")) * workOfFold
	}
	return work
}

// The memory and work of an instruction of regexp/syntax, and the memory of a
// repetition in a simplified syntax tree.
const (
	memoryOfCompiled = 80
	memoryOfRepeat   = 256
	workOfCompiled   = 40
)

// expansion is the size of a pattern after its repetitions are expanded.
type expansion struct{ insts, repeats int64 }

func (e expansion) memory() int64 { return e.insts*memoryOfCompiled + e.repeats*memoryOfRepeat }
func (e expansion) work() int64   { return (e.insts + e.repeats) * workOfCompiled }

// expand returns an upper bound for the size of a syntax tree.
func expand(tree *syntax.Regexp) expansion {
	e := expansion{insts: 2 + int64(len(tree.Sub))}
	if tree.Op == syntax.OpLiteral {
		e.insts += int64(len(tree.Rune))
	}
	for _, sub := range tree.Sub {
		size := expand(sub)
		e.insts += size.insts
		e.repeats += size.repeats
	}
	if tree.Op == syntax.OpRepeat {
		times := int64(max(tree.Min, tree.Max, 1))
		e.insts *= times
		e.repeats = e.repeats*times + int64(max(tree.Max-tree.Min, 0))
	}
	return e
}
