package prize_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
)

// TestHostileFilesAreRefused checks that refusing malicious files takes little memory,
// because rules also arrive over the network. Each file is the worst case of its kind.
// Without the limits, these files would take gigabytes of memory and minutes to parse.
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
		"keys in one mapping":      lines("a: b\n"),
		"keys without values":      lines("a:\n"),
		"lists below keys":         lines("a:\n- b\n"),
		"keys in lists":            "rules:\n-" + strings.Repeat(" a: b\n ", prize.MaxFile/8),
		"documents":                lines("---\na\n"),
		"lines with one dash":      lines("-\n"),
		"lines with many dashes":   lines(strings.Repeat("- ", 1990) + "\n"),
		"brackets":                 "a: " + strings.Repeat("[", 3900),
		"aliases":                  "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n",
		"10 MB":                    strings.Repeat("- a\n", 10<<18),
		"one line":                 strings.Repeat("x", prize.MaxFile),
		"a long gap":               matching("4.{16}7"),
		"a longer gap":             matching("4.{900}7"),
		"gaps in two rules":        matching("4.{15}7", "5.{15}7"),
		"gaps in many rules":       manyGaps.String(),
		"repetition in repetition": matching("((a{10}){10}){100}"),
		"optional repetitions":     matching(strings.Repeat("x{0,999}", 124)),
		"Unicode classes":          rulesFile(func(int) string { return "(?i)" + strings.Repeat(`\pL`, 330) }),
		"ranges that ignore case":  rulesFile(func(int) string { return "(?i)" + strings.Repeat("[B-\U0001e942]", 110) }),
		"nested dashes":            lines(strings.Repeat("- ", 1990) + "\n"),
		"nested questions":         lines(strings.Repeat("? ", 1990) + "\n"),
		"chances of one value":     rulesHead + "- prizes:\n" + strings.Repeat("  - {win: 1, chance: 1/3}\n", 9000),
		"chances of many values":   rulesHead + "- prizes:\n" + many(6000, func(i int) string { return fmt.Sprintf("  - {win: %d, chance: 1/%d}\n", i+1, 1<<40+i) }),
		"a long chain of prizes": rulesHead + "- prizes:\n" + many(4000, func(i int) string {
			return fmt.Sprintf("  - {prize: a%d, stock: 1, then: a%d, chance: 1/1000000}\n", i, i+1)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := prize.Parse("rules.yaml", []byte(source))
			runtime.ReadMemStats(&after)
			if err == nil || len(err.Error()) > 100_000 {
				t.Errorf("got error %.100q of %d bytes, want at most 100,000 bytes", fmt.Sprint(err), len(fmt.Sprint(err)))
			}
			if memory := (after.TotalAlloc - before.TotalAlloc) >> 20; memory > 500 {
				t.Errorf("Parse allocated %d MB, want at most 1500", memory)
			}
		})
	}
}

// TestLongChainsCompile checks patterns that also match strings longer than any account
// number.
func TestLongChainsCompile(t *testing.T) {
	rules := parse(t, matching(strings.Repeat("a{1000}", 60), "^a{127}b$", "^(a{126})*$", "b$"))
	for account, want := range map[string]int{
		strings.Repeat("a", 128):       4,
		strings.Repeat("a", 127) + "b": 1,
		strings.Repeat("a", 126):       2,
		strings.Repeat("a", 126) + "b": 3,
	} {
		if got, _ := rules.Find(account); got != want {
			t.Errorf("account number of %d letters: got rule %d, want %d", len(account), got, want)
		}
	}
}

const rulesHead = "name: x\ncurrency: JPY\nrules:\n"

// many concatenates the lines for the numbers 0 to n-1.
func many(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// rulesFile returns a file of almost the maximum size with a rule for each pattern.
func rulesFile(pattern func(i int) string) string {
	b := []byte(rulesHead)
	for i := 0; ; i++ {
		rule := fmt.Sprintf("- {name: '%d', match: '%s', prizes: [{win: 1, chance: 1%%}]}\n", i, pattern(i))
		if len(b)+len(rule) > prize.MaxFile {
			return string(b)
		}
		b = append(b, rule...)
	}
}

// parseMemory parses rules. It returns nil rules if they are refused, and the number of
// bytes that were allocated meanwhile.
func parseMemory(limits prize.Limits, source string) (rules *prize.Rules, memory uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rules, _ = prize.ParseWithin(limits, "rules.yaml", []byte(source))
	runtime.ReadMemStats(&after)
	return rules, after.TotalAlloc - before.TotalAlloc
}

// TestPublicLimits checks that the public limits allow the built-in rules, and that
// refusing more complex rules takes little memory.
func TestPublicLimits(t *testing.T) {
	for _, name := range prize.Builtins() {
		builtin, err := prize.Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := prize.ParseWithin(prize.Public(), name, builtin.Source()); err != nil {
			t.Errorf("rules %s: got error %v, want nil", name, err)
		}
	}
	for name, source := range map[string]string{
		"a large file":            strings.Repeat("a", 17<<10),
		"many rules":              rulesHead + many(201, func(i int) string { return fmt.Sprintf("- {match: '%d', prizes: [{win: 1, chance: 1%%}]}\n", i) }),
		"a gap":                   matching("4.{12}7"),
		"optional repetitions":    matching(strings.Repeat("x{0,999}", 124)),
		"ranges that ignore case": matching("(?i)" + strings.Repeat("[B-\U0001e942]", 11)),
		"Unicode classes":         matching(slices.Repeat([]string{strings.Repeat(`\pL`, 300)}, 3)...),
		"gaps in many rules": rulesHead + many(20, func(i int) string {
			return fmt.Sprintf("- {match: '%c.{6}%d', prizes: [{win: 1, chance: 1%%}]}\n", 'a'+i, i)
		}),
	} {
		rules, memory := parseMemory(prize.Public(), source)
		if rules != nil || memory > 30<<20 {
			t.Errorf("%s: accepted %v, allocated %d MB; want false and at most 30 MB", name, rules != nil, memory>>20)
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
