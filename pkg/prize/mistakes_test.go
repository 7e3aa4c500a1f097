package prize_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/prize"
)

// mistakes parses invalid rules and returns each mistake as line:column: problem.
func mistakes(t *testing.T, source string) []string {
	t.Helper()
	rules, err := prize.Parse("rules.yaml", []byte(source))
	var wrong *prize.FileError
	if !errors.As(err, &wrong) {
		t.Fatalf("got rules %v, error %v, want a FileError for %q", rules, err, source)
	}
	lines := strings.Split(strings.TrimPrefix(source, "\uFEFF"), "\n")
	var list []string
	for _, m := range wrong.Mistakes {
		list = append(list, fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Problem))
		if m.Line <= len(lines) && len(source) <= prize.MaxFile && m.Source != strings.ToValidUTF8(lines[m.Line-1], "\uFFFD") {
			t.Errorf("line %d: got source %q, want %q", m.Line, m.Source, lines[m.Line-1])
		}
	}
	return list
}

// withPrizes returns valid rules with the given prizes, which may be invalid. Each prize is
// on its own line, beginning with line 5.
func withPrizes(currency string, prizes ...string) string {
	return "name: x\ncurrency: " + currency + "\nrules:\n- prizes:\n  - {" + strings.Join(prizes, "}\n  - {") + "}\n"
}

// withMatch returns valid rules with the given value of "match", which may be invalid. It
// is on line 4 and begins in column 10.
func withMatch(match string) string {
	return "name: x\ncurrency: GBP\nrules:\n- match: " + match + "\n  prizes: [{win: 1, chance: 1%}]\n"
}

const (
	fine         = "\nrules:\n- prizes: [{win: 1, chance: 1%}]\n"
	noChance     = "must be a percentage such as 25% or 0.5%, or a fraction such as 1/1000"
	noAmount     = "must be a number of GBP such as 20 or 0.05"
	noSeparators = "use a point for decimals and nothing between thousands, such as "
	noCount      = `"stock" must be a whole number from 1 to 1000000000000`
	noScalar     = "this must be text or a number, not a list or a mapping"
	noList       = "must be a list of lines that begin with a dash"
	noCurrency   = "use an ISO 4217 code in capital letters such as GBP, EUR or USD"
	noWords      = "anchors, aliases and merge keys (&, * and <<) are not supported; put quotes around text that begins with one of these characters"
	noKeys       = "a rules file must be a mapping with the keys name, currency, rules"
	isEmpty      = "the file is empty; it must have the keys name, currency and rules"
	noRE2        = "invalid RE2 pattern: "
	notLast      = `a rule without "match" matches every account number and must be the last one`
)

// TestMistakesOfTheFile checks files that are not valid text or YAML.
func TestMistakesOfTheFile(t *testing.T) {
	for name, test := range map[string]struct {
		source string
		want   []string
	}{
		"empty":               {"", []string{"1:1: " + isEmpty}},
		"blank lines":         {"\n \n", []string{"1:1: " + isEmpty}},
		"only a comment":      {"# rules\n", []string{"1:1: " + isEmpty}},
		"an empty document":   {"---\n", []string{"1:1: " + isEmpty}},
		"plain text":          {"hello", []string{"1:1: " + noKeys}},
		"a list":              {"- a\n", []string{"1:1: " + noKeys}},
		"an image":            {"\x89PNG\r\n\x1a\n", []string{"1:1: invalid UTF-8; the file must be plain text"}},
		"zero bytes":          {"name: x\ncurr\x00ency: GBP\n", []string{`2:5: control character '\x00'; the file must be plain text`}},
		"UTF-16":              {"\xff\xfen\x00a\x00", []string{"1:1: invalid UTF-8; the file must be plain text"}},
		"Latin-1":             {"name: é caf\xe9\n", []string{"1:12: invalid UTF-8; the file must be plain text"}},
		"a bare CR":           {"name: x\rcurrency: GBP\n", []string{`1:8: control character '\r'; the file must be plain text`}},
		"a long line":         {"# fine\n" + strings.Repeat("x", 5000), []string{"2:1: the line has 5000 bytes; the limit is 4000"}},
		"10 MB":               {strings.Repeat("x\n", 5<<20), []string{"1:1: the file is larger than 262144 bytes"}},
		"an anchor":           {"name: &a x\n", []string{"1:7: " + noWords}},
		"an alias":            {"name: x\nrules: *a\n", []string{"2:8: " + noWords}},
		"a merge":             {"<<: x\n", []string{"1:1: " + noWords}},
		"a tag":               {"name: !!binary x\n", []string{"1:7: tags (!) are not supported; put quotes around text that begins with !"}},
		"deep brackets":       {"name: x\nrules: " + strings.Repeat("[", 99), []string{"2:18: lists and mappings are nested more than 10 levels deep"}},
		"an open bracket":     {"name: [\n", []string{"1:7: sequence end token ']' not found; put quotes around text with special characters"}},
		"a tab":               {"rules:\n\t- a\n", []string{"2:1: the line is indented with a tab; use spaces"}},
		"a tab after spaces":  {"# \t\n\t\nname: x\nrules:\n- match: a\n  \tprizes: []\n", []string{"6:3: the line is indented with a tab; use spaces"}},
		"no tab":              {"name: x\t\nrules: [\n", []string{"2:8: sequence end token ']' not found; put quotes around text with special characters"}},
		"a second document":   {"name: x\ncurrency: GBP" + fine + "---\nname: y\n", []string{"6:1: a second document starts here; a file must have only one"}},
		"a missing end quote": {"name: \"x\n", []string{"1:7: could not find end character of double-quoted text"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mistakes(t, test.source)); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMistakesOfTheRules checks that all mistakes in the rules are reported together,
// in the order of their lines.
func TestMistakesOfTheRules(t *testing.T) {
	for name, test := range map[string]struct {
		source string
		want   []string
	}{
		"unknown, missing keys":  {"title: x\n", []string{`1:1: unknown key "title" in a rules file; the keys are name, currency, rules`, `1:1: missing key "name" in a rules file`, `1:1: missing key "currency" in a rules file`, `1:1: missing key "rules" in a rules file`}},
		"keys without values":    {"name:\ncurrency: ~\nrules: null\n", []string{`1:1: key "name" has no value`, `2:1: key "currency" has no value`, `3:1: key "rules" has no value`}},
		"a duplicate key":        {"name: x\nname: y\ncurrency: GBP" + fine, []string{`2:1: duplicate key "name", first on line 1`}},
		"after a BOM":            {"\uFEFFnome: x\nname: x\ncurrency: GBP" + fine, []string{`1:1: unknown key "nome" in a rules file; the keys are name, currency, rules`}},
		"CRLF":                   {"name: x\r\ncurrency: XXX\r\nrules:\r\n- prizes:\r\n  - {win: 1, chance: 200%}\r\n", []string{`2:11: unknown currency "XXX": ` + noCurrency, `5:22: invalid chance "200%": must be at most 100%`}},
		"wrong types":            {"name: [x]\ncurrency: {a: b}\nrules: 5\n", []string{"1:7: " + noScalar, "2:11: " + noScalar, "3:8: rules " + noList}},
		"an empty list":          {"name: x\ncurrency: GBP\nrules: []\n", []string{"3:8: the list of rules is empty"}},
		"lower-case currency":    {"name: x\ncurrency: gbp" + fine, []string{`2:11: unknown currency "gbp": ` + noCurrency}},
		"two currencies":         {"name: x\ncurrency: GBP EUR" + fine, []string{`2:11: unknown currency "GBP EUR": ` + noCurrency}},
		"a name with spaces":     {"name: ' x'\ncurrency: GBP" + fine, []string{`1:7: name " x" is empty, or begins or ends with a space`}},
		"an empty name":          {"name: ''\ncurrency: GBP" + fine, []string{`1:7: name "" is empty, or begins or ends with a space`}},
		"a line break in a name": {"name: \"a\\nb\"\ncurrency: GBP" + fine, []string{`1:7: name "a\nb" contains a line break or control character`}},
		"a long name":            {"name: " + strings.Repeat("é", 101) + "\ncurrency: GBP" + fine, []string{"1:7: the name has 101 characters; the limit is 100"}},
		"wrong types in rules":   {"name: x\ncurrency: GBP\nrules:\n- 1\n- prizes: 1\n- {prizes: [a]}\n", []string{"4:3: a rule must be a mapping with the keys prizes, name, match", "5:3: " + notLast, "5:11: prizes " + noList, `6:3: the rule on line 5 is also named "everybody else"; choose another name`, "6:13: a prize must be a mapping with the keys chance, win, prize, value, stock, then"}},
		"a rule for all first":   {"name: x\ncurrency: GBP" + fine + "- {match: a, prizes: [{win: 1, chance: 1%}]}\n", []string{"4:3: " + notLast}},
		"a duplicate pattern":    {withMatch("a") + "- {match: a, prizes: [{win: 2, chance: 1%}]}\n", []string{`6:11: the rule on line 4 is also named "a"; choose another name`}},
		"an unknown rule key":    {withMatch("a") + "  weight: 3\n", []string{`6:3: unknown key "weight" in a rule; the keys are prizes, name, match`}},
		"no prizes":              {"name: x\ncurrency: GBP\nrules:\n- match: a\n", []string{`4:3: missing key "prizes" in a rule`}},
		"an empty pattern":       {withMatch("''"), []string{`4:10: an empty pattern matches every account number; omit "match" if that is intended`}},
		"a line break in match":  {withMatch(`"a\n"`), []string{"4:10: the pattern contains a line break or control character, which no account number has"}},
		"a long pattern":         {withMatch(strings.Repeat("x", 1001)), []string{"4:10: the pattern has 1001 bytes; the limit is 1000"}},
		"a list as a pattern":    {withMatch("[a]"), []string{"4:10: " + noScalar}},
		"an open group":          {withMatch("a(b"), []string{`4:13: ` + noRE2 + `missing closing ): "a(b"`}},
		"a reversed class":       {withMatch("'a[z-a]'"), []string{`4:13: ` + noRE2 + `invalid character class range: "z-a"`}},
		"an unknown escape":      {withMatch(`a\q`), []string{`4:11: ` + noRE2 + `invalid escape sequence: "\\q"`}},
		"an error after escapes": {withMatch(`"\\d\\q"`), []string{`4:10: ` + noRE2 + `invalid escape sequence: "\\q"`}},
		"a lookahead":            {withMatch("'(?=a)'"), []string{`4:11: ` + noRE2 + `invalid or unsupported Perl syntax: "(?="`}},
		"an error after é":       {"name: x\ncurrency: GBP\nrules:\n- {name: é✓, match: 'é**', prizes: [{win: 1, chance: 1%}]}\n", []string{`4:23: ` + noRE2 + `invalid nested repetition operator: "**"`}},
		"a block scalar":         {withMatch(">-\n    (\n"), []string{`4:10: ` + noRE2 + `missing closing ): "("`}},
		"too complex":            {withMatch("4.{16}7"), []string{"4:10: the pattern is too complex: its automaton has more than 65536 states; avoid long gaps such as .{20} between letters"}},
		"too complex together":   {matching("4.{13}7", "5.{13}7"), []string{"4:1: the patterns together are too complex: their automaton has more than 65536 states; use fewer or simpler patterns, or anchor them with ^ or $"}},
		"too many rules":         {"name: x\ncurrency: GBP\nrules:\n" + strings.Repeat("- a\n", 5001), []string{"4:1: the file has 5001 rules; the limit is 5000"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mistakes(t, test.source)); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}
