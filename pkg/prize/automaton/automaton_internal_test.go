package automaton

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// compileKinds compiles patterns into an automaton of each kind.
func compileKinds(tb rapid.TB, patterns []string) (usual, tracked *Automaton) {
	tb.Helper()
	n, err := newNFA(patterns, &meter{Limits: Trusted()})
	if err != nil {
		tb.Fatal(err)
	}
	if usual, err = n.determine(MaxStates, false); err != nil {
		tb.Fatal(err)
	}
	if tracked, err = n.determine(MaxStates, true); err != nil {
		tb.Fatal(err)
	}
	return usual, tracked
}

func format(tb rapid.TB, text string) partgen.Format {
	tb.Helper()
	f, err := partgen.Parse("text", text)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestKindsAgree(t *testing.T) {
	leaf := rapid.SampledFrom([]string{"a", "b", "1", "4", ".", "^a", "^", "$", "b$", `\b`, `\B`, "[ab]", "[^a]", "ab", "14", "441", "a.*b", "(?i)B", "a?", "()", "(a|b1)+", ".{2}4"})
	formats := []string{"[ab]3", "[14]4", "[aB1]5"}
	rapid.Check(t, func(t *rapid.T) {
		var patterns []string
		for range rapid.IntRange(1, 6).Draw(t, "patterns") {
			patterns = append(patterns, strings.Join(rapid.SliceOfN(leaf, 1, 3).Draw(t, "pattern"), ""))
		}
		usual, tracked := compileKinds(t, patterns)
		for _, text := range rapid.SliceOfN(rapid.StringMatching(`[abAB14_]{0,8}`), 20, 20).Draw(t, "texts") {
			if got, want := tracked.Match(text), usual.Match(text); got != want {
				t.Fatalf("patterns %q: the tracked kind matches %q with pattern %d, want pattern %d", patterns, text, got, want)
			}
		}
		parts := []partgen.Format{format(t, rapid.SampledFrom(formats).Draw(t, "text")), format(t, rapid.SampledFrom(formats).Draw(t, "number"))}
		want, wantTotal := usual.Count(parts)
		got, gotTotal := tracked.Count(parts)
		for i := range want {
			if got[i].Cmp(want[i]) != 0 || gotTotal.Cmp(wantTotal) != 0 {
				t.Fatalf("patterns %q: the tracked kind counts %v of %v strings for pattern %d, want %v of %v", patterns, got[i], gotTotal, i, want[i], wantTotal)
			}
		}
	})
}

func TestKindsCountNumbersOfSeveralWords(t *testing.T) {
	usual, tracked := compileKinds(t, []string{"4a", "z", "^b.*99", "7$", "123"})
	parts := []partgen.Format{format(t, "[abcdefghijklmnopqrstuvwxyz]64"), format(t, "[0123456789]64")}
	want, _ := usual.Count(parts)
	got, _ := tracked.Count(parts)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counts of the tracked kind: got %v, want %v", got, want)
	}
}

// substrings returns n different four-digit numbers.
func substrings(n int) []string {
	list := make([]string, n)
	for i, number := range rand.New(rand.NewPCG(1, 2)).Perm(10_000)[:n] {
		list[i] = fmt.Sprintf("%04d", number)
	}
	return list
}

func compile(tb testing.TB, patterns []string) *Automaton {
	tb.Helper()
	a, err := Compile(patterns)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func TestThousandSubstrings(t *testing.T) {
	patterns := substrings(1000)
	a := compile(t, patterns)
	if states := len(a.accept); states > 3000 {
		t.Errorf("got %d states, want at most 3000", states)
	}
	counts := make([]int64, len(patterns)+1)
	for number := range 1_000_000 {
		text := fmt.Sprintf("%06d", number)
		got := a.Match(text)
		counts[got]++
		if number%1000 != 0 {
			continue
		}
		want := 0
		for want < len(patterns) && !strings.Contains(text, patterns[want]) {
			want++
		}
		if got != want {
			t.Fatalf("Match(%s) = %d, want %d", text, got, want)
		}
	}
	got, _ := a.Count([]partgen.Format{format(t, "[0123456789]6")})
	for i, want := range counts {
		if got[i].Int64() != want {
			t.Fatalf("got %v strings for pattern %d, want %d", got[i], i, want)
		}
	}
	search := Search{Parts: []partgen.Format{format(t, "[0123456789]6")}, Budget: 1 << 24}
	if text, found := search.Unmatched(a); !found || a.Match(text) != len(patterns) {
		t.Errorf("Unmatched = %q, %v, want a string that no pattern matches", text, found)
	}
}

// few returns the patterns of a typical rules file.
func few() []string { return []string{"(?i)^A", "(?i)z", "4", "77$", ""} }

func texts() []string {
	list := make([]string, 4096)
	for i := range list {
		v := uint32(i) * 2654435761 // Knuth's multiplicative hash
		list[i] = fmt.Sprintf("%c%c%c%c%04d", 'a'+v>>27%26, 'a'+v>>21%26, 'a'+v>>15%26, 'a'+v>>9%26, v>>11%10000)
	}
	return list
}

// BenchmarkMatch matches one string per iteration, with each kind of automaton.
func BenchmarkMatch(b *testing.B) {
	usual, tracked := compileKinds(b, few())
	list := texts()
	for name, a := range map[string]*Automaton{"usual": usual, "tracked": tracked} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				a.Match(list[i%len(list)])
			}
		})
	}
}

// BenchmarkMatchJoined matches 256 strings per iteration, either two symbols at a time or
// one string at a time.
func BenchmarkMatchJoined(b *testing.B) {
	withPairs := compile(b, few())
	without := *withPairs
	without.pairs = nil
	joined, dst := []byte(strings.Join(texts()[:256], "")), make([]int32, 256)
	for name, a := range map[string]*Automaton{"pairs": withPairs, "bytes": &without} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				a.MatchJoined(dst, joined, 8)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(dst)), "ns/text")
		})
	}
}

// BenchmarkCompile compiles a few, a hundred and a thousand patterns. It also compiles the
// hundred to the usual kind of automaton.
func BenchmarkCompile(b *testing.B) {
	for name, patterns := range map[string][]string{"few": few(), "hundred": substrings(100), "thousand": substrings(1000)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				compile(b, patterns)
			}
		})
	}
	b.Run("hundred/usual", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n, err := newNFA(substrings(100), &meter{Limits: Trusted()})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := n.determine(MaxStates, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCount counts the strings of four letters and eight digits.
func BenchmarkCount(b *testing.B) {
	parts := []partgen.Format{format(b, "[abcdefghijklmnopqrstuvwxyz]4"), format(b, "[0123456789]8")}
	for name, patterns := range map[string][]string{"few": few(), "thousand": substrings(1000)} {
		b.Run(name, func(b *testing.B) {
			a := compile(b, patterns)
			for b.Loop() {
				a.Count(parts)
			}
		})
	}
}
