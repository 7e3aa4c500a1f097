package prize_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
)

// ruleFor returns a one-line rule with a prize of win yen. Rules with different amounts
// have different prizes.
func ruleFor(match string, win int) string {
	return fmt.Sprintf("- {match: '%s', prizes: [{win: %d, chance: 1%%}]}\n", match, win)
}

const (
	yen      = "name: x\ncurrency: JPY\nrules:\n"
	everyone = "- prizes: [{win: 1, chance: 1%}]\n"
)

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		rules string
		want  []string // kind and message
	}{
		"no warnings":                {ruleFor("^a", 5) + everyone, nil},
		"shadowed by a rule":         {ruleFor("a", 5) + ruleFor("^a", 5) + everyone, []string{`unreachable: rule "^a" and its prizes cannot be reached: earlier rules match every account number that it matches`}},
		"shadowed by two rules":      {ruleFor("[a-m]$|^a", 5) + ruleFor("^[b-z]", 5) + everyone, []string{`unreachable: rule "everybody else" and its prizes cannot be reached: earlier rules match every account number that it matches`}},
		"no match in these formats":  {ruleFor("^A", 5) + everyone, []string{`unreachable: rule "^A" and its prizes cannot be reached: no account number in these formats matches it`}},
		"longer than these formats":  {ruleFor("^.{4}", 5) + everyone, []string{`unreachable: rule "^.{4}" and its prizes cannot be reached: no account number in these formats matches it`}},
		"overlapping":                {ruleFor("^a", 5) + ruleFor("4$", 6) + everyone, []string{`overlap: rules "^a" and "4$" overlap: some account numbers match both; the first rule applies`}},
		"overlapping, equal prizes":  {ruleFor("^a", 5) + ruleFor("4$", 5) + everyone, nil},
		"disjoint":                   {ruleFor("^a", 5) + ruleFor("^b", 6) + everyone, nil},
		"uncovered":                  {ruleFor("^a", 5), []string{"uncovered: 2,500 of 2,600 account numbers match no rule"}},
		"one account number is left": {ruleFor("^[a-y]|[0-8]", 5), []string{"uncovered: 1 of 2,600 account numbers match no rule"}},
		"all kinds": {ruleFor("^a4", 5) + ruleFor("4", 6) + ruleFor("^b4", 6), []string{
			`unreachable: rule "^b4" and its prizes cannot be reached: earlier rules match every account number that it matches`,
			`overlap: rules "^a4" and "4" overlap: some account numbers match both; the first rule applies`,
			"uncovered: 2,106 of 2,600 account numbers match no rule",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			rules := parse(t, yen+test.rules)
			letters := parts(t, "lower1", "digits2")
			warnings := rules.Check(letters...)
			var got []string
			for _, w := range warnings {
				got = append(got, string(w.Kind)+": "+w.Message)
				checkExample(t, rules, w)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// checkExample checks the example of a warning against the patterns.
func checkExample(t *testing.T, rules *prize.Rules, w prize.Warning) {
	t.Helper()
	if w.Kind == prize.Unreachable {
		if w.Example != "" {
			t.Errorf("got example %q for an unreachable rule, want none", w.Example)
		}
		return
	}
	if !regexp.MustCompile(`^[a-z]\d\d$`).MatchString(w.Example) {
		t.Errorf("got example %q, want an account number in the formats", w.Example)
	}
	matched := 0
	for _, rule := range rules.List {
		named := strings.Contains(w.Message, `"`+rule.Name+`"`)
		if regexp.MustCompile(rule.Match).MatchString(w.Example) && (named || w.Kind == prize.Uncovered) {
			matched++
		}
	}
	if want := map[prize.WarningKind]int{prize.Overlap: 2, prize.Uncovered: 0}[w.Kind]; matched != want {
		t.Errorf("%s: the example %q matches %d rules, want %d", w.Message, w.Example, matched, want)
	}
}

// TestCheckOfManyRules checks that with many rules, only the comparison of pairs is
// skipped; it would take too long.
func TestCheckOfManyRules(t *testing.T) {
	var list strings.Builder
	list.WriteString(yen)
	for i := range 201 {
		list.WriteString(ruleFor(fmt.Sprintf("^%03d", i), i+1))
	}
	number, err := partgen.Parse("number", "[0123456789]4")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range parse(t, list.String()).Check(number) {
		got = append(got, string(w.Kind)+": "+w.Message)
	}
	want := []string{"overlap: overlaps are checked only for up to 200 rules", "uncovered: 7,990 of 10,000 account numbers match no rule"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestCheckOfComplexPatternsEnds checks patterns that take too long to compare with each
// other, or that are too complex to compile on their own. Parse accepts the latter because
// the rule before them simplifies the automaton.
func TestCheckOfComplexPatternsEnds(t *testing.T) {
	for name, test := range map[string]struct{ first, second, why string }{
		"too many pairs":    {"c.{13}d", "x.{13}y", "that it matches"},
		"too complex alone": {"c.{16}d", "x.{16}y", "that it could match"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := parse(t, yen+ruleFor(".", 5)+ruleFor(test.first, 6)+ruleFor(test.second, 7))
			warnings := rules.Check(parts(t, "lower64", "digits64")...)
			last := warnings[len(warnings)-1]
			if last.Kind != prize.Overlap || last.Message != "the patterns are too complex to find every overlap" {
				t.Errorf("got last warning %+v, want a warning that the search for overlaps is incomplete", last)
			}
			if !strings.HasSuffix(warnings[0].Message, "earlier rules match every account number "+test.why) {
				t.Errorf("got first warning %+v, want a message that ends with %q", warnings[0], test.why)
			}
		})
	}
}
