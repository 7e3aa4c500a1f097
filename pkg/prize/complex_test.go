package prize_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
)

// TestHostileFilesAreRefused checks that malicious files are refused without much memory,
// because rules also come over the network. Each file is the worst case of its kind.
// Without the limits, these files would take gigabytes of memory and minutes of time.
func TestHostileFilesAreRefused(t *testing.T) {
	lines := func(line string) string { return strings.Repeat(line, prize.MaxFile/len(line)) }
	manyGaps := strings.Builder{}
	manyGaps.WriteString("name: x\ncurrency: JPY\nrules:\n")
	for i := 0; manyGaps.Len() < prize.MaxFile-100; i++ {
		fmt.Fprintf(&manyGaps, "- {name: '%d', match: '4.{13}7', prizes: [{win: 1, chance: 1%%}]}\n", i)
	}
	chain := "- match: " + strings.Repeat("a{1000}", 140) + "\n  prizes:\n  - {win: 1, chance: 1%}\n"
	for name, source := range map[string]string{
		"chains in many rules":     "name: x\ncurrency: JPY\nrules:\n" + numbered(chain, 240),
		"keys of one mapping":      lines("a: b\n"),
		"keys without values":      lines("a:\n"),
		"lists below keys":         lines("a:\n- b\n"),
		"keys in lists":            "rules:\n-" + strings.Repeat(" a: b\n ", prize.MaxFile/8),
		"documents":                lines("---\na\n"),
		"dashes in lines":          lines("-\n"),
		"dashes in a line":         lines(strings.Repeat("- ", 1990) + "\n"),
		"brackets":                 "a: " + strings.Repeat("[", 3900),
		"aliases":                  "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n",
		"10 MB":                    strings.Repeat("- a\n", 10<<18),
		"one line":                 strings.Repeat("x", prize.MaxFile),
		"a long gap":               matching("4.{16}7"),
		"a longer gap":             matching("4.{900}7"),
		"gaps in two rules":        matching("4.{15}7", "5.{15}7"),
		"gaps in many rules":       manyGaps.String(),
		"repetition in repetition": matching("((a{10}){10}){100}"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := prize.Parse("rules.yaml", []byte(source))
			runtime.ReadMemStats(&after)
			if err == nil || len(err.Error()) > 100_000 {
				t.Errorf("got error %.100q of %d bytes, want an error of at most 100,000", fmt.Sprint(err), len(fmt.Sprint(err)))
			}
			if memory := (after.TotalAlloc - before.TotalAlloc) >> 20; memory > 1500 {
				t.Errorf("Parse allocated %d MB, want at most 1500", memory)
			}
		})
	}
}

// TestLongChainsCompile checks patterns that are longer than any account number.
func TestLongChainsCompile(t *testing.T) {
	rules := parse(t, matching(strings.Repeat("a{1000}", 60), "^a{127}b$", "^(a{126})*$", "b$"))
	for account, want := range map[string]int{
		strings.Repeat("a", 128):       4,
		strings.Repeat("a", 127) + "b": 1,
		strings.Repeat("a", 126):       2,
		strings.Repeat("a", 126) + "b": 3,
	} {
		if got, _ := rules.Find(account); got != want {
			t.Errorf("%d letters: got rule %d, want %d", len(account), got, want)
		}
	}
}

// numbered repeats a rule n times, each time with a different name.
func numbered(rule string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- name: rule %d\n %s", i, rule[1:])
	}
	return b.String()
}
