package prize_test

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// parts returns a text format and a number format.
func parts(tb testing.TB, text, number string) []partgen.Format {
	tb.Helper()
	t, err := textgen.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	n, err := numgen.Parse(number)
	if err != nil {
		tb.Fatal(err)
	}
	return []partgen.Format{t.Format, n.Format}
}

// example is a rules file that several tests share.
const example = `name: generous
currency: GBP                 # ISO 4217; amounts below are major units, kept as integers of minor units
rules:                        # the first match wins
  - name: starts with A
    match: "(?i)^A"           # RE2 on the whole account number
    prizes:
      - {win: 100, chance: 25%}
      - {win: 50,  chance: 75%}
  - name: has a 4
    match: "4"
    prizes:
      - {win: 20, chance: 1/10}
      - {prize: Mug, value: 8, chance: 15%, stock: 500, then: none}   # a thing, worth 8; at most 500 in a campaign
  - prizes:                   # no match: everybody else
      - {win: 1, chance: 10%}
`

func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	for _, name := range prize.Builtins() {
		rules, err := prize.Builtin(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(rules.Source())
	}
	for _, source := range []string{
		"", "\uFEFF", "# nothing\n", "---\n...\n", "- - - -", "{[}", "a: &a [*a, *a]", "!!binary x", "name: |\n  x\n",
		"name: x\r\ncurrency: JPY\r\nrules:\r\n- prizes:\r\n  - {win: 1, chance: 1%}\r\n",
		"{name: x, currency: BHD, rules: [{match: 'a\\b', prizes: [{win: 0.005, chance: 1/9223372036854775808}]}]}",
		"name: x\ncurrency: GBP\nrules:\n- match: 4.{16}7\n  prizes:\n  - {win: 1, chance: 1%}\n",
		"name: x\ncurrency: GBP\nrules:\n- match: (?i)k|ſ|[^a-z]\\B$\n  prizes:\n  - {prize: a, chance: 1%, stock: 1, then: a}\n",
		"? name\n: x\n", "name: \"\\x41\\u00e9\"\n", "name: >-\n  a\n  b\ncurrency: 1e3\nrules: .inf\n",
	} {
		f.Add([]byte(source))
	}
	lower, upper := parts(f, "lower2", "digits2"), parts(f, "upper2", "digits2")
	f.Fuzz(func(t *testing.T, source []byte) {
		rules, err := prize.Parse("rules.yaml", source)
		if err != nil {
			checkMistakes(t, err)
			return
		}
		again, err := prize.Parse("rules.yaml", rules.Source())
		if err != nil || again.SHA256() != rules.SHA256() || !bytes.Equal(source, rules.Source()) {
			t.Fatalf("parsing the source of the rules again: got error %v or different rules, want the same rules", err)
		}
		checkOdds(t, rules.Odds(lower...))
		checkOdds(t, rules.Odds(upper...))
	})
}

// checkMistakes checks that an error is a list of mistakes, each with a position in the
// file.
func checkMistakes(t *testing.T, err error) {
	t.Helper()
	var wrong *prize.FileError
	if !errors.As(err, &wrong) || len(wrong.Mistakes) == 0 || len(wrong.Mistakes) > 100 {
		t.Fatalf("got error %v, want a FileError with 1 to 100 mistakes", err)
	}
	for _, m := range wrong.Mistakes {
		if m.Line < 1 || m.Column < 1 || m.Problem == "" {
			t.Errorf("got mistake %+v, want a position and a problem", m)
		}
	}
}

// checkOdds checks that no probability is negative and that the probabilities of all
// outcomes add up to exactly 1.
func checkOdds(t *testing.T, odds prize.Odds) {
	t.Helper()
	sum := new(big.Rat)
	for _, row := range odds.Rows {
		if row.Probability.Sign() < 0 {
			t.Errorf("outcome %d: got probability %v, want at least 0", row.Outcome, row.Probability)
		}
		sum.Add(sum, row.Probability)
	}
	if sum.Cmp(big.NewRat(1, 1)) != 0 {
		t.Errorf("sum of the probabilities: got %v, want 1", sum)
	}
}

func FuzzParseChance(f *testing.F) {
	for _, text := range []string{
		"25%", "0.5%", "1/1000", "100%", "0%", "1/0", "0/1", "100.0001%", "%", "/", "1//2", ".5%", "5.%", "1e3%", "-1%",
		"+1%", "1 %", "１%", "9223372036854775807/9223372036854775808", "0.00000000000000000000000000000000000000000000000000000001%",
	} {
		f.Add(text)
	}
	one := big.NewRat(1, 1)
	f.Fuzz(func(t *testing.T, text string) {
		chance, err := prize.ParseChance(text)
		if err != nil {
			if !errors.Is(err, prize.ErrChance) {
				t.Fatalf("got error %v, want ErrChance", err)
			}
			return
		}
		if chance.Sign() <= 0 || chance.Cmp(one) > 0 {
			t.Fatalf("ParseChance(%q) = %v, want more than 0 and at most 1", text, chance)
		}
		// A fraction in lowest terms must parse to the same chance.
		if short := chance.RatString(); len(short) <= 64 && !chance.IsInt() {
			again, err := prize.ParseChance(short)
			if err != nil || again.Cmp(chance) != 0 {
				t.Fatalf("ParseChance(%q) = %v, error %v, want %v as for %q", short, again, err, chance, text)
			}
		}
		if prize.Percent(chance) == "0%" || prize.OneIn(chance) == "never" {
			t.Fatalf("chance %q is formatted as 0%% or never, want a positive probability", text)
		}
	})
}
