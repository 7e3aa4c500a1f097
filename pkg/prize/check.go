package prize

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

// Warning is a property of rules that is probably a mistake.
type Warning struct {
	Kind    WarningKind `json:"kind"`
	Message string      `json:"message"`
	Example string      `json:"example,omitempty"` // an account number to which the warning applies
}

// WarningKind is the kind of a [Warning].
type WarningKind string

// The kinds of warnings. The rules of a campaign must cause no Unreachable and no
// Uncovered warnings.
const (
	Unreachable WarningKind = "unreachable" // a rule that is never the first match
	Overlap     WarningKind = "overlap"     // rules with different prizes that match the same account number
	Uncovered   WarningKind = "uncovered"   // account numbers that no rule matches
)

// The limits of the search for examples.
const (
	maxOverlapRules = 200     // beyond this number of rules, pairs are not compared
	maxSearch       = 1 << 24 // letters that the searches for examples may read in total
)

// Check returns warnings about account numbers that consist of the given parts: rules that
// cannot be reached, account numbers without a rule, and rules that overlap. An overlap is
// often intended, because the first matching rule applies.
func (r *Rules) Check(parts ...partgen.Format) []Warning {
	var warnings []Warning
	counts, total := r.automaton.Count(parts)
	for i, count := range counts[:len(r.List)] {
		if count.Sign() == 0 {
			warnings = append(warnings, Warning{Kind: Unreachable, Message: fmt.Sprintf(
				"rule %q and its prizes cannot be reached: %s", r.List[i].Name, r.whyUnreachable(i, parts))})
		}
	}
	warnings = append(warnings, r.overlaps(parts)...)
	if uncovered := counts[len(r.List)]; uncovered.Sign() > 0 {
		search := automaton.Search{Parts: parts, Budget: maxSearch}
		example, _ := search.Unmatched(r.automaton)
		warnings = append(warnings, Warning{Kind: Uncovered, Example: example, Message: fmt.Sprintf(
			"%s of %s account numbers match no rule", thousands(uncovered.String()), thousands(total.String()))})
	}
	return warnings
}

// whyUnreachable returns the reason why a rule never applies.
func (r *Rules) whyUnreachable(rule int, parts []partgen.Format) string {
	alone, err := automaton.CompileOne(r.List[rule].Match)
	if err != nil { // the pattern is too complex on its own; Parse accepts it because earlier rules simplify the automaton
		return "earlier rules match every account number that it could match"
	}
	if counts, _ := alone.Count(parts); counts[0].Sign() > 0 {
		return "earlier rules match every account number that it matches"
	}
	return "no account number in these formats matches it"
}

// overlaps returns warnings for pairs of rules with different prizes that match the same
// account number. It ignores rules without a pattern, because they always overlap.
func (r *Rules) overlaps(parts []partgen.Format) []Warning {
	if len(r.List) > maxOverlapRules {
		return []Warning{{Kind: Overlap, Message: fmt.Sprintf("overlaps are checked only for up to %d rules", maxOverlapRules)}}
	}
	single := make([]*automaton.Automaton, len(r.List))
	for i := range r.List {
		single[i], _ = automaton.CompileOne(r.List[i].Match) // nil if the pattern is too complex on its own
	}
	var warnings []Warning
	search := automaton.Search{Parts: parts, Budget: maxSearch}
	for i := range r.List {
		for j := i + 1; j < len(r.List); j++ {
			if r.List[i].Match == "" || r.List[j].Match == "" || r.List[i].samePrizes(&r.List[j]) {
				continue
			}
			example, found := search.Both(single[i], single[j])
			if found {
				warnings = append(warnings, Warning{Kind: Overlap, Example: example, Message: fmt.Sprintf(
					"rules %q and %q overlap: some account numbers match both; the first rule applies", r.List[i].Name, r.List[j].Name)})
			}
		}
	}
	if search.Incomplete {
		warnings = append(warnings, Warning{Kind: Overlap, Message: "the patterns are too complex to find every overlap"})
	}
	return warnings
}
