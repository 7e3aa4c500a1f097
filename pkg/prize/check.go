package prize

import (
	"fmt"
	"slices"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// Warning is something about rules that their author may not have meant.
type Warning struct {
	Kind    WarningKind `json:"kind"`
	Message string      `json:"message"`
	Example string      `json:"example,omitempty"` // an account number that shows it
}

// WarningKind says what a warning is about.
type WarningKind string

// The kinds of warnings. Rules of a campaign must have neither the first nor the
// last.
const (
	Unreachable WarningKind = "unreachable" // a rule and its prizes that no account number can reach
	Overlap     WarningKind = "overlap"     // rules with different prizes that match the same account number
	Uncovered   WarningKind = "uncovered"   // account numbers that no rule covers
)

// The bounds of the search for examples, which a few patterns can make endless.
const (
	maxOverlapRules = 200     // up to how many rules every pair of them is looked at
	maxSearch       = 1 << 24 // letters that are read
)

// Check looks for what can't be wanted, given the letters that account numbers
// are spelled with: prizes that can't be won, and account numbers without a
// rule. It also tells which rules overlap, which is often meant, since the first
// one decides.
func (r *Rules) Check(parts ...partgen.Format) []Warning {
	var warnings []Warning
	counts, total := r.automaton.count(parts)
	for i, count := range counts[:len(r.List)] {
		if count.Sign() == 0 {
			warnings = append(warnings, Warning{Kind: Unreachable, Message: fmt.Sprintf(
				"the rule %q and its prizes can't be reached: %s", r.List[i].Name, r.whyUnreachable(i, parts))})
		}
	}
	warnings = append(warnings, r.overlaps(parts)...)
	if uncovered := counts[len(r.List)]; uncovered.Sign() > 0 {
		search := search{parts: parts, left: maxSearch}
		example, _ := search.find(r.automaton, r.automaton, func(rule, _ int32) bool { return rule == int32(len(r.List)) })
		warnings = append(warnings, Warning{Kind: Uncovered, Example: example, Message: fmt.Sprintf(
			"no rule covers %s of %s account numbers", thousands(uncovered.String()), thousands(total.String()))})
	}
	return warnings
}

// whyUnreachable tells whether a rule matches nothing or comes too late.
func (r *Rules) whyUnreachable(rule int, parts []partgen.Format) string {
	alone, err := newAutomaton([]string{r.List[rule].Match})
	if err != nil { // which with others, that decide before it, is not so
		return "the rules before it take every account number that it could match"
	}
	if counts, _ := alone.count(parts); counts[0].Sign() > 0 {
		return "the rules before it take every account number that it matches"
	}
	return "no account number of these formats matches it"
}

// overlaps finds pairs of rules with patterns and different prizes that match
// the same account number. The last rule without a pattern is meant to.
func (r *Rules) overlaps(parts []partgen.Format) []Warning {
	if len(r.List) > maxOverlapRules {
		return []Warning{{Kind: Overlap, Message: fmt.Sprintf("overlaps are looked for in up to %d rules", maxOverlapRules)}}
	}
	single := make([]*automaton, len(r.List))
	for i := range r.List {
		single[i], _ = newAutomaton([]string{r.List[i].Match}) // nil where it is too complex alone
	}
	var warnings []Warning
	search := search{parts: parts, left: maxSearch}
	for i := range r.List {
		for j := i + 1; j < len(r.List); j++ {
			if r.List[i].Match == "" || r.List[j].Match == "" || r.List[i].samePrizes(&r.List[j]) {
				continue
			}
			example, found := search.find(single[i], single[j], func(a, b int32) bool { return a == 0 && b == 0 })
			if found {
				warnings = append(warnings, Warning{Kind: Overlap, Example: example, Message: fmt.Sprintf(
					"the rules %q and %q both match some account numbers; the first one decides", r.List[i].Name, r.List[j].Name)})
			}
		}
	}
	if search.incomplete {
		warnings = append(warnings, Warning{Kind: Overlap, Message: "the patterns are too complex to look for every overlap"})
	}
	return warnings
}

// search looks for account numbers that show something.
type search struct {
	parts      []partgen.Format
	left       int  // how many letters it may still read
	incomplete bool // whether it had to give up
}

// find gives an account number for which two automata end as wanted, and false
// where there is none. It walks through the pairs of states letter by letter,
// each pair once at each place. It gives up where there are too many. Where the
// states of the automata forget, it finds account numbers that no rule covers.
func (s *search) find(a, b *automaton, wanted func(a, b int32) bool) (string, bool) {
	if a == nil || b == nil {
		s.incomplete = true
		return "", false
	}
	type pair struct{ a, b uint32 }
	type node struct {
		pair
		previous int // the node before it, in the layer before it
		letter   byte
	}
	layers := [][]node{{{pair: pair{a.start, b.start}}}}
	for _, part := range s.parts {
		for range part.Len() {
			last := layers[len(layers)-1]
			var layer []node
			seen := map[pair]bool{}
			for i, from := range last {
				if s.left -= len(part.Alphabet()); s.left < 0 {
					s.incomplete = true
					return "", false
				}
				for _, letter := range []byte(part.Alphabet()) {
					to := pair{a.next[from.a|uint32(a.classOf[letter])], b.next[from.b|uint32(b.classOf[letter])]}
					if !seen[to] && !a.hit(to.a) {
						seen[to] = true
						layer = append(layer, node{to, i, letter})
					}
				}
			}
			layers = append(layers, layer)
		}
	}
	at := slices.IndexFunc(layers[len(layers)-1], func(n node) bool {
		return wanted(a.accept[n.a>>a.shift], b.accept[n.b>>b.shift])
	})
	if at < 0 {
		return "", false
	}
	account := make([]byte, len(layers)-1)
	for i := len(account) - 1; i >= 0; i-- {
		account[i] = layers[i+1][at].letter
		at = layers[i+1][at].previous
	}
	return string(account), true
}
