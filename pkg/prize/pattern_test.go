package prize_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"pgregory.net/rapid"
)

// matching returns a rules file with a rule for each pattern. The rules have different
// names, even if patterns are equal.
func matching(patterns ...string) string {
	var b strings.Builder
	b.WriteString("name: x\ncurrency: JPY\nrules:\n")
	for i, pattern := range patterns {
		b.WriteString("- name: rule " + string(rune('a'+i)) + "\n")
		b.WriteString("  match: '" + strings.ReplaceAll(pattern, "'", "''") + "'\n")
		b.WriteString("  prizes: [{win: 1, chance: 1%}]\n")
	}
	return b.String()
}

// oracle returns the index of the first pattern that matches according to the regexp
// package.
func oracle(tb rapid.TB, patterns []string, account string) int {
	tb.Helper()
	for i, pattern := range patterns {
		re, err := regexp.Compile(pattern)
		if err != nil {
			tb.Fatal(err)
		}
		if re.MatchString(account) {
			return i
		}
	}
	return len(patterns)
}

// pattern generates regular expressions nested up to depth levels, with all kinds of
// syntax. They use only a few letters, so that they often match.
func pattern(depth int) *rapid.Generator[string] {
	leaf := rapid.SampledFrom([]string{
		"a", "b", "A", "1", "4", "_", "-", ".", "^", "$", `\b`, `\B`, `\A`, `\z`, `\d`, `\D`, `\w`, `\W`, `\s`, `\S`,
		"[ab]", "[^ab]", "[a-c1-3]", "[^a-zA-Z]", "[[:upper:]]", "[[:^digit:]]", `\x61`, `\pL`, `\PN`, `\.`, "k", "ſ", "[^x]", "()",
	})
	if depth == 0 {
		return leaf
	}
	inner := pattern(depth - 1)
	return rapid.OneOf(
		leaf,
		rapid.Custom(func(t *rapid.T) string {
			return inner.Draw(t, "left") + inner.Draw(t, "right")
		}),
		rapid.Custom(func(t *rapid.T) string {
			return "(?:" + inner.Draw(t, "left") + "|" + inner.Draw(t, "right") + ")"
		}),
		rapid.Custom(func(t *rapid.T) string {
			repeat := rapid.SampledFrom([]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}"})
			return "(" + inner.Draw(t, "inner") + ")" + repeat.Draw(t, "repeat")
		}),
		rapid.Custom(func(t *rapid.T) string {
			flags := rapid.SampledFrom([]string{"i", "m", "s", "U", "im", "-i", "i-s", "ms"})
			return "(?" + flags.Draw(t, "flags") + ":" + inner.Draw(t, "inner") + ")"
		}),
	)
}

// TestRulesMatchAsRegexpDoes compares the automaton of several patterns with the regexp
// package, which tries the patterns one after another.
func TestRulesMatchAsRegexpDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(pattern(3), 1, 5).Draw(t, "patterns")
		rules, err := prize.Parse("rules.yaml", []byte(matching(patterns...)))
		if err != nil {
			t.Fatalf("%q: got error %v, want nil", patterns, err)
		}
		accounts := rapid.SliceOfN(rapid.StringMatching(`[ab1A4_\-kK]{1,7}|[!-~]{1,12}`), 20, 20)
		if width := rapid.IntRange(0, 12).Draw(t, "one width"); width > 0 { // account numbers of equal length take a different code path
			accounts = rapid.SliceOfN(rapid.StringMatching(fmt.Sprintf(`[ab1A4_\-kK.]{%d}`, width)), 20, 20)
		}
		all := accounts.Draw(t, "accounts")
		outcomes := rules.Award(nil, list(all...), entropy.Range{Count: uint64(len(all))})
		for i, account := range all {
			want := oracle(t, patterns, account)
			if got, found := rules.Find(account); got != want || found != (want < len(patterns)) {
				t.Fatalf("%q: Find(%q) = rule %d, want %d", patterns, account, got, want)
			}
			if decided := rules.Rule(outcomes[i]); (decided == nil) != (want == len(patterns)) || decided != nil && decided != &rules.List[want] {
				t.Fatalf("%q, account number %q: Award applied rule %v, want rule %d", patterns, account, decided, want)
			}
		}
	})
}

// FuzzPattern compares arbitrary patterns with the regexp package.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{
		"^A", "(?i)k", `\b4\b`, `\B.\B`, "(?m)^$", "(?s).", "a{2,5}?", "(a|ab)(c|bcd)*$", `\pL+`, "[^a]", `^\w\W$`, `(\b|a)*$`, "(?i:ſ)",
	} {
		f.Add(pattern, "aAbB1234k")
	}
	f.Fuzz(func(t *testing.T, pattern, account string) {
		re, err := regexp.Compile(pattern)
		if err != nil || strings.ContainsFunc(pattern, func(r rune) bool { return r < ' ' || r == utf8.RuneError || r == '\uFEFF' || r == 0x7f }) {
			return
		}
		if pattern != strings.TrimSpace(pattern) || prize.CheckAccount(account) != nil {
			return // not a plain YAML scalar, or not a valid account number
		}
		rules, err := prize.Parse("rules.yaml", []byte(matching(pattern)))
		if err != nil {
			return // contains control characters, is too long or is too complex
		}
		if rules.List[0].Match != pattern {
			t.Fatalf("parsed pattern: got %q, want %q", rules.List[0].Match, pattern)
		}
		if _, got := rules.Find(account); got != re.MatchString(account) {
			t.Fatalf("%q matches %q: got %v, want %v", pattern, account, got, !got)
		}
	})
}

// TestFirstMatchWins checks account numbers that several rules match.
func TestFirstMatchWins(t *testing.T) {
	rules := parse(t, matching("^a", "4", "a", "$"))
	for account, want := range map[string]int{"a4": 0, "b4a": 1, "4": 1, "ba": 2, "b": 3} {
		if got, _ := rules.Find(account); got != want {
			t.Errorf("%s: got rule %d, want %d", account, got, want)
		}
	}
}

// TestBytesBeyondASCIIAreOneOtherSymbol checks that the automaton treats bytes that
// [prize.CheckAccount] refuses as one symbol.
func TestBytesBeyondASCIIAreOneOtherSymbol(t *testing.T) {
	rules := parse(t, matching("é", "^..$"))
	if got, found := rules.Find("\xc3\xa9"); got != 1 || !found {
		t.Errorf("two bytes: got rule %d, found %v, want rule 1", got, found)
	}
	if _, found := rules.Find("abc"); found {
		t.Error("got a rule for abc, want none")
	}
}
