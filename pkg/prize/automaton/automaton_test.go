package automaton_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

func Example() {
	a, err := automaton.Compile([]string{"(?i)^A", "4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Match("ABC4"), a.Match("BCD4"), a.Match("BCD5"))

	letters, _ := partgen.Parse("text", "[ABCD]2")
	digits, _ := partgen.Parse("number", "[0123456789]1")
	fmt.Println(a.Count([]partgen.Format{letters, digits}))
	// Output:
	// 0 1 2
	// [40 12 108] 160
}

func compile(tb rapid.TB, patterns ...string) *automaton.Automaton {
	tb.Helper()
	a, err := automaton.Compile(patterns)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// firstMatch returns the index of the first pattern that matches text according to package
// regexp.
func firstMatch(patterns []string, text string) int {
	for i, pattern := range patterns {
		if regexp.MustCompile(pattern).MatchString(text) {
			return i
		}
	}
	return len(patterns)
}

func TestMatchAgreesWithRegexp(t *testing.T) {
	leaf := rapid.SampledFrom([]string{"a", "b", "4", "_", ".", "^", "$", `\b`, `\B`, `\d`, `\W`, "[ab]", "[^a-z]", "(?i)A", "a?", "(a|b4)+", "(ab){2,3}", ".{3}", "é", "[[:upper:]]"})
	rapid.Check(t, func(t *rapid.T) {
		var patterns []string
		for range rapid.IntRange(1, 5).Draw(t, "patterns") {
			patterns = append(patterns, strings.Join(rapid.SliceOfN(leaf, 1, 4).Draw(t, "pattern"), ""))
		}
		a := compile(t, patterns...)
		width := rapid.IntRange(0, 19).Draw(t, "width")
		texts := rapid.SliceOfN(rapid.StringMatching(fmt.Sprintf(`[abAB4_\-]{%d}`, width)), 1, 40).Draw(t, "texts")
		joined := make([]int32, len(texts))
		a.MatchJoined(joined, []byte(strings.Join(texts, "")), width)
		for i, text := range texts {
			want := firstMatch(patterns, text)
			if got := [3]int{a.Match(text), int(a.MatchBytes([]byte(text))), int(joined[i])}; got != [3]int{want, want, want} {
				t.Fatalf("patterns %q: Match, MatchBytes and MatchJoined of %q = %d, want %d", patterns, text, got, want)
			}
		}
	})
}

func TestCompileErrors(t *testing.T) {
	for name, test := range map[string]struct {
		patterns []string
		want     string
	}{
		"syntax":                {[]string{"a", "(b"}, "error parsing regexp: missing closing ): `(b`"},
		"one too complex":       {[]string{"a", "4.{16}7", "5.{16}7"}, "pattern 1 needs more than 65536 states"},
		"together too complex":  {[]string{"4.{13}7", "5.{13}7"}, "the patterns together need more than 65536 states"},
		"too many instructions": {[]string{strings.Repeat("a{1000}", 1100)}, "pattern 0 needs more than 64 MB of memory"},
		"too many patterns":     {make([]string, 5001), "there are more than 5000 patterns"},
		"slow to parse":         {slices.Repeat([]string{strings.Repeat(`\pL`, 300)}, 100), "the patterns together need more than 500 million steps to compile"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := automaton.Compile(test.patterns)
			if err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			var complexity *automaton.ComplexityError
			if isComplexity := errors.As(err, &complexity); isComplexity != (name != "syntax") {
				t.Errorf("got an error of type %T, want a ComplexityError only for complex patterns", err)
			}
		})
	}
	if _, err := automaton.CompileOne("4.{16}7"); err == nil || err.Error() != "pattern 0 needs more than 65536 states" {
		t.Errorf("CompileOne: got error %v, want a ComplexityError for pattern 0", err)
	}
}

func TestSearch(t *testing.T) {
	letters, err := partgen.Parse("text", "[abc]3")
	if err != nil {
		t.Fatal(err)
	}
	one := func(pattern string) *automaton.Automaton {
		a, err := automaton.CompileOne(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	newSearch := func(budget int) *automaton.Search {
		return &automaton.Search{Parts: []partgen.Format{letters}, Budget: budget}
	}
	s := newSearch(1000)
	if text, found := s.Both(one("^a"), one("bc$")); text != "abc" || !found {
		t.Errorf("Both(^a, bc$) = %q, %v, want abc", text, found)
	}
	if text, found := s.Both(one("^a"), one("^b")); text != "" || found {
		t.Errorf("Both(^a, ^b) = %q, %v, want none", text, found)
	}
	if text, found := s.Unmatched(compile(t, "a", "b")); text != "ccc" || !found {
		t.Errorf("Unmatched(a, b) = %q, %v, want ccc", text, found)
	}
	if text, found := s.Unmatched(compile(t, "a", "b", "c")); text != "" || found || s.Incomplete {
		t.Errorf("Unmatched(a, b, c) = %q, %v, incomplete %v, want none", text, found, s.Incomplete)
	}
	if _, found := s.Both(one("a"), nil); found || !s.Incomplete {
		t.Errorf("Both(a, nil): found %v, incomplete %v, want an incomplete search", found, s.Incomplete)
	}
	if s := newSearch(8); true {
		if _, found := s.Both(one("^a"), one("bc$")); found || !s.Incomplete {
			t.Errorf("with a budget of 8 letters: found %v, incomplete %v, want an incomplete search", found, s.Incomplete)
		}
	}
}
