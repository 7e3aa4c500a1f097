package prize_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"pgregory.net/rapid"
)

// list returns the given account numbers as a list.
func list(accounts ...string) *prize.Accounts {
	var l prize.Accounts
	for _, account := range accounts {
		l.Append(account)
	}
	return &l
}

// awardSlowly determines one outcome exactly as the package comment describes.
func awardSlowly(rules *prize.Rules, account string, key entropy.Key, index uint64) prize.Outcome {
	rule, found := rules.Find(account)
	if !found {
		return 0
	}
	denominator := big.NewInt(1)
	for _, p := range rules.List[rule].Prizes {
		gcd := new(big.Int).GCD(nil, nil, denominator, p.Chance.Denom())
		denominator.Mul(denominator, new(big.Int).Div(p.Chance.Denom(), gcd))
	}
	stream := entropy.NewStream(key)
	stream.Seek(index)
	v := new(big.Rat).SetFrac(new(big.Int).SetUint64(stream.Uniform(denominator.Uint64())), denominator)
	won, end := "", new(big.Rat)
	for _, p := range rules.List[rule].Prizes {
		if end.Add(end, p.Chance); v.Cmp(end) < 0 {
			won = p.Name
			break
		}
	}
	outcome, _ := rules.OutcomeOf(rules.List[rule].Name, won)
	return outcome
}

// hard returns rules that would expose faulty shortcuts: a denominator for which many words
// are rejected, the largest denominator, more prizes than are compared without a loop, a
// certain prize, and account numbers that no rule matches.
func hard(tb testing.TB) *prize.Rules {
	tb.Helper()
	many := strings.Repeat("  - {win: N, chance: 1/41}\n", 40)
	for i := range 40 {
		many = strings.Replace(many, "N", big.NewInt(int64(i+1)).String(), 1)
	}
	return parse(tb, yen+
		"- match: a\n  prizes:\n  - {win: 1, chance: 1/7000000000000000000}\n  - {win: 2, chance: 2/5}\n  - {win: 3, chance: 1/4}\n"+
		"- match: b\n  prizes:\n  - {win: 1, chance: 4611686018427387904/9223372036854775808}\n  - {win: 2, chance: 1/9223372036854775808}\n"+
		"- match: c\n  prizes:\n"+many+
		"- match: d\n  prizes:\n  - {win: 5, chance: 100%}\n")
}

// TestAwardIsAsTheDesignSays compares Award with awardSlowly for account numbers of all
// lengths, for draws that are divided among several calls, and up to the last index.
func TestAwardIsAsTheDesignSays(t *testing.T) {
	rules := hard(t)
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "xa", "xyzd", "12b"})
		if rapid.Bool().Draw(t, "one width") {
			width := rapid.IntRange(1, 20).Draw(t, "width") // Award reads several letters at a time if all lengths are equal
			account = rapid.StringMatching(fmt.Sprintf("[a-e1-9]{%d}", width))
		}
		some := rapid.SliceOfN(account, 1, 9).Draw(t, "accounts")
		var accounts []string // Award processes 256 at a time
		for i := range rapid.SampledFrom([]int{0, 1, 3, 7, 255, 256, 257, 600}).Draw(t, "n") {
			accounts = append(accounts, some[i*i%len(some)])
		}
		count := uint64(len(accounts))
		start := rapid.SampledFrom([]uint64{0, 9, 1 << 40, math.MaxUint64 - 700}).Draw(t, "start")
		r := entropy.Seed("award").Range(entropy.Prize, start, count)
		l := list(accounts...)
		got := rules.Award([]prize.Outcome{-5}, l, r)
		if len(got) != len(accounts)+1 || got[0] != -5 {
			t.Fatalf("got %d new outcomes after outcome %d, want %d after outcome -5", len(got)-1, got[0], len(accounts))
		}
		for i, account := range accounts {
			if want := awardSlowly(rules, account, r.Key, start+uint64(i)); got[i+1] != want {
				t.Fatalf("%s, index %d: got outcome %d, want %d", account, start+uint64(i), got[i+1], want)
			}
		}
		var parts []prize.Outcome
		cut := rapid.IntRange(0, len(accounts)).Draw(t, "cut")
		before, behind := l.Slice(0, cut), l.Slice(cut, len(accounts))
		parts = rules.Award(parts, &before, r.Slice(0, uint64(cut)))
		parts = rules.Award(parts, &behind, r.Slice(uint64(cut), count))
		if !slices.Equal(parts, got[1:]) {
			t.Fatalf("divided at %d: got outcomes %v, want %v", cut, parts, got[1:])
		}
	})
}

// TestPrizesTakeConsecutiveRangesInFileOrder computes the ranges of one rule by hand:
// with D = 20, the numbers 0 and 1 mean the first prize, 2 to 4 the second, and the rest
// no prize.
func TestPrizesTakeConsecutiveRangesInFileOrder(t *testing.T) {
	rules := parse(t, withPrizes("GBP", "win: 20, chance: 1/10", "prize: Mug, value: 8, chance: 15%"))
	key := entropy.Seed("42").Subkey(entropy.Prize)
	stream, seen := entropy.NewStream(key), map[uint64]bool{}
	for index := range uint64(500) {
		stream.Seek(index)
		v := stream.Uniform(20)
		want := ""
		switch {
		case v < 2:
			want = "£20.00"
		case v < 5:
			want = "Mug"
		}
		got := ""
		if won := rules.Prize(rules.Award(nil, list("x"), entropy.Range{Key: key, Start: index, Count: 1})[0]); won != nil {
			got = won.Name
		}
		if got != want {
			t.Errorf("index %d, number %d of 20: got %q, want %q", index, v, got, want)
		}
		seen[v] = true
	}
	if len(seen) != 20 {
		t.Errorf("got %d different numbers, want all 20, so that both ends of each range are tested", len(seen))
	}
}

// TestSeed42OfTheDesign checks three prizes of seed 42, which must never change.
func TestSeed42OfTheDesign(t *testing.T) {
	rules := parse(t, example)
	letters := parts(t, "lower4", "digits4")
	const draws = 15
	seed := entropy.Seed("42")
	var accounts prize.Accounts
	accounts.Join(letters[0].Append(nil, seed.Range(entropy.Text, 0, draws)), 4, letters[1].Append(nil, seed.Range(entropy.Number, 0, draws)), 4)
	won := map[int]string{}
	for i, outcome := range rules.Award(nil, &accounts, seed.Range(entropy.Prize, 0, draws)) {
		if p := rules.Prize(outcome); p != nil {
			won[i] = string(accounts.At(i)) + " " + p.Name
		}
	}
	for index, want := range map[int]string{9: "£50.00", 12: "Mug", 14: "£20.00"} {
		if !strings.HasSuffix(won[index], " "+want) {
			t.Errorf("index %d: got %q, want %s", index, won[index], want)
		}
	}
	if won[9] != "awsn5676 £50.00" {
		t.Errorf("index 9: got %q, want awsn5676 £50.00", won[9])
	}
}

// TestAwardsComeAsOftenAsTheirChances runs a chi-square test with a fixed seed. Each rule
// has fewer than 50 outcomes, so chi-square stays below 90 in 999 of 1000 cases.
func TestAwardsComeAsOftenAsTheirChances(t *testing.T) {
	rules := hard(t)
	const draws = 100_000
	for _, account := range []string{"a", "b", "c", "d"} {
		accounts := list(slices.Repeat([]string{account}, draws)...)
		counts := make([]float64, rules.Outcomes())
		for _, outcome := range rules.Award(nil, accounts, entropy.Seed("42").Range(entropy.Prize, 0, draws)) {
			counts[outcome]++
		}
		chiSquare := 0.0
		for _, row := range rules.AccountOdds(account).Rows {
			p, _ := row.Probability.Float64()
			switch expected := p * draws; {
			case expected > 5:
				chiSquare += (counts[row.Outcome] - expected) * (counts[row.Outcome] - expected) / expected
			case counts[row.Outcome] > 3:
				t.Errorf("%s: got outcome %d %v times, want about %v", account, row.Outcome, counts[row.Outcome], expected)
			}
		}
		if chiSquare > 90 {
			t.Errorf("%s: got chi-square %.1f, want at most 90", account, chiSquare)
		}
	}
}

// TestOutcomesAreNumberedInFileOrder checks the order of outcomes, and that OutcomeOf finds
// them by the names of their rule and prize.
func TestOutcomesAreNumberedInFileOrder(t *testing.T) {
	rules := parse(t, example)
	var names []string
	for o := range prize.Outcome(rules.Outcomes()) {
		rule, won := "", ""
		if r := rules.Rule(o); r != nil {
			rule = r.Name
		}
		if p := rules.Prize(o); p != nil {
			won = p.Name
		}
		if back, ok := rules.OutcomeOf(rule, won); !ok || back != o {
			t.Errorf("OutcomeOf(%q, %q) = %d, %v, want %d, true", rule, won, back, ok, o)
		}
		names = append(names, won)
	}
	want := []string{"", "£100.00", "£50.00", "", "£20.00", "Mug", "", "£1.00", ""}
	if !slices.Equal(names, want) {
		t.Errorf("got prizes by outcome %q, want %q", names, want)
	}
	for _, unknown := range [][2]string{{"has a 5", ""}, {"has a 4", "£1.00"}, {"", "Mug"}} {
		if o, ok := rules.OutcomeOf(unknown[0], unknown[1]); ok {
			t.Errorf("OutcomeOf(%q) = %d, want false", unknown, o)
		}
	}
}

func TestCheckAccount(t *testing.T) {
	for account, want := range map[string]string{
		"a": "", "!~": "", strings.Repeat("x", 128): "", "ABC123456": "",
		"":                       "it is empty",
		strings.Repeat("x", 129): "must have at most 128 characters, got 129",
		"a b":                    `it contains ' '; use printable ASCII characters other than the space`,
		"a\n":                    `it contains '\n'`,
		"é":                      `it contains 'é'`,
		"\x7f":                   `it contains '\x7f'`,
		"a\xff":                  "it contains '\uFFFD'",
	} {
		err := prize.CheckAccount(account)
		if want == "" && err != nil || want != "" && (!errors.Is(err, prize.ErrAccount) || !strings.Contains(err.Error(), want)) {
			t.Errorf("CheckAccount(%.20q) = %v, want %q", account, err, want)
		}
	}
}
