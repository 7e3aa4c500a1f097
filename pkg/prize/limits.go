package prize

import "github.com/prizegen/prizegen/pkg/prize/automaton"

// Limits bounds the resources that rules may use. The limits do not depend on the machine:
// rules that one machine accepts are accepted by every machine.
type Limits struct {
	Size int // bytes of the file
	automaton.Limits
}

// Trusted returns the limits for rules from trusted people, such as promoters. [Parse] uses
// them.
func Trusted() Limits {
	patterns := automaton.Trusted()
	patterns.Patterns = MaxRules
	return Limits{MaxFile, patterns}
}

// Public returns the limits for rules from anyone. Compiling such rules takes at most about
// 10 MB of memory and a quarter of a second of processor time. The built-in rules need less
// than 1% of that work.
func Public() Limits {
	return Limits{16 << 10, automaton.Limits{Patterns: 200, States: 4096, Memory: 8 << 20, Work: 20e6}}
}
