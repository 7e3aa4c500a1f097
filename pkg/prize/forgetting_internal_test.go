package prize

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/partgen"
	"pgregory.net/rapid"
)

func bothKinds(tb rapid.TB, patterns []string) (remembers, forgets *automaton) {
	tb.Helper()
	n, err := newNFA(patterns)
	if err != nil {
		tb.Fatal(err)
	}
	if remembers, err = n.determine(maxStates, false); err != nil {
		tb.Fatal(err)
	}
	if forgets, err = n.determine(maxStates, true); err != nil {
		tb.Fatal(err)
	}
	return remembers, forgets
}

func lettersOf(tb rapid.TB, format string) partgen.Format {
	tb.Helper()
	l, err := partgen.Parse("text", format)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// TestStatesMayForget: both kinds of automata read every text alike and count the
// same account numbers.
func TestStatesMayForget(t *testing.T) {
	leaf := rapid.SampledFrom([]string{"a", "b", "1", "4", ".", "^a", "^", "$", "b$", `\b`, `\B`, "[ab]", "[^a]", "ab", "14", "441", "a.*b", "(?i)B", "a?", "()", "(a|b1)+", ".{2}4"})
	formats := []string{"[ab]3", "[14]4", "[aB1]5"}
	rapid.Check(t, func(t *rapid.T) {
		var patterns []string
		for range rapid.IntRange(1, 6).Draw(t, "rules") {
			patterns = append(patterns, strings.Join(rapid.SliceOfN(leaf, 1, 3).Draw(t, "pattern"), ""))
		}
		remembers, forgets := bothKinds(t, patterns)
		for _, text := range rapid.SliceOfN(rapid.StringMatching(`[abAB14_]{0,8}`), 20, 20).Draw(t, "texts") {
			if want, got := run(remembers, text), run(forgets, text); got != want {
				t.Fatalf("%q takes %q for rule %d, want %d", patterns, text, got, want)
			}
		}
		parts := []partgen.Format{lettersOf(t, rapid.SampledFrom(formats).Draw(t, "text")), lettersOf(t, rapid.SampledFrom(formats).Draw(t, "number"))}
		want, all := remembers.count(parts)
		got, total := forgets.count(parts)
		for i := range want {
			if want[i].Cmp(got[i]) != 0 || all.Cmp(total) != 0 {
				t.Fatalf("%q: %v of %v are of rule %d, want %v of %v", patterns, got[i], total, i, want[i], all)
			}
		}
	})
}

// TestForgettingCountsHugeNumbers of several words.
func TestForgettingCountsHugeNumbers(t *testing.T) {
	remembers, forgets := bothKinds(t, []string{"4a", "z", "^b.*99", "7$", "123"})
	parts := []partgen.Format{lettersOf(t, "[abcdefghijklmnopqrstuvwxyz]64"), lettersOf(t, "[0123456789]64")}
	want, _ := remembers.count(parts)
	got, _ := forgets.count(parts)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// substrings makes a rules file with a rule for each of n different numbers of
// four digits that an account number may have anywhere.
func substrings(n int) []byte {
	var b strings.Builder
	b.WriteString("name: x\ncurrency: JPY\nrules:\n")
	for i, number := range rand.New(rand.NewPCG(1, 2)).Perm(10_000)[:n] {
		fmt.Fprintf(&b, "- {match: '%04d', prizes: [{win: %d, chance: 1/%d}]}\n", number, i+1, i%7+1)
	}
	return []byte(b.String())
}

// TestThousandSubstrings compile in little memory, read every number as they
// should and are counted exactly.
func TestThousandSubstrings(t *testing.T) {
	const n = 1000
	rules, err := Parse("rules.yaml", substrings(n))
	if err != nil {
		t.Fatal(err)
	}
	if states := len(rules.automaton.accept); states > 3000 {
		t.Errorf("the automaton has %d states", states)
	}
	counts := make([]int64, n+1)
	for number := range 1_000_000 {
		account := fmt.Sprintf("%06d", number)
		got, _ := rules.Find(account)
		counts[got]++
		if number%1000 != 0 {
			continue
		}
		want := n
		for i := range rules.List {
			if strings.Contains(account, rules.List[i].Match) {
				want = i
				break
			}
		}
		if got != want {
			t.Fatalf("%s: rule %d, want %d", account, got, want)
		}
	}
	got, _ := rules.automaton.count([]partgen.Format{lettersOf(t, "[0123456789]6")})
	for i, want := range counts {
		if got[i].Int64() != want {
			t.Fatalf("rule %d: %v numbers, want %d", i, got[i], want)
		}
	}
	if warnings := rules.Check(lettersOf(t, "[0123456789]6")); warnings[len(warnings)-1].Kind != Uncovered {
		t.Errorf("the last warning is %+v", warnings[len(warnings)-1])
	} else if _, found := rules.Find(warnings[len(warnings)-1].Example); found {
		t.Errorf("%s is covered", warnings[len(warnings)-1].Example)
	}
}

// BenchmarkThousandSubstrings reads the file, and computes its odds.
func BenchmarkThousandSubstrings(b *testing.B) {
	source := substrings(1000)
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse("rules.yaml", source); err != nil {
				b.Fatal(err)
			}
		}
	})
	rules, err := Parse("rules.yaml", source)
	if err != nil {
		b.Fatal(err)
	}
	for _, digits := range []int{4, 8, 16} {
		b.Run(fmt.Sprintf("Odds/digits%d", digits), func(b *testing.B) {
			parts := []partgen.Format{lettersOf(b, "[abcdefghijklmnopqrstuvwxyz]4"), lettersOf(b, fmt.Sprintf("[0123456789]%d", digits))}
			b.ReportAllocs()
			for b.Loop() {
				rules.Odds(parts...)
			}
		})
	}
}
