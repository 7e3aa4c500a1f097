package prize_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// manyAccounts returns 4096 account numbers in the formats lower4 and digits4. They match
// many different rules.
func manyAccounts() []string {
	accounts := make([]string, 4096)
	for i := range accounts {
		v := uint32(i) * 2654435761 // Knuth's multiplicative hash, which separates neighbours
		accounts[i] = fmt.Sprintf("%c%c%c%c%04d", 'a'+v>>27%26, 'a'+v>>21%26, 'a'+v>>15%26, 'a'+v>>9%26, v>>11%10000)
	}
	return accounts
}

// BenchmarkFind finds the rule for one account number per iteration.
func BenchmarkFind(b *testing.B) {
	rules, err := prize.Builtin(prize.Default)
	if err != nil {
		b.Fatal(err)
	}
	accounts := manyAccounts()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		rules.Find(accounts[i%len(accounts)])
	}
}

// BenchmarkAward determines one outcome per iteration, with 4096 account numbers per call.
func BenchmarkAward(b *testing.B) {
	rules, err := prize.Builtin(prize.Default)
	if err != nil {
		b.Fatal(err)
	}
	var list prize.Accounts
	for _, account := range manyAccounts() {
		list.Append(account)
	}
	key := entropy.Seed("42").Subkey(entropy.Prize)
	var outcomes []prize.Outcome
	b.ReportAllocs()
	for from := 0; from < b.N; from += list.Len() {
		some := list.Slice(0, min(list.Len(), b.N-from))
		outcomes = rules.Award(outcomes[:0], &some, entropy.Range{Key: key, Start: uint64(from), Count: uint64(some.Len())})
	}
}

// BenchmarkParse parses and compiles the built-in rules.
func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := prize.Builtin(prize.Default); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkThousandSubstrings parses rules with a thousand patterns that match anywhere in
// an account number, and computes their odds.
func BenchmarkThousandSubstrings(b *testing.B) {
	var source strings.Builder
	source.WriteString("name: x\ncurrency: JPY\nrules:\n")
	for i, number := range rand.New(rand.NewPCG(1, 2)).Perm(10_000)[:1000] {
		fmt.Fprintf(&source, "- {match: '%04d', prizes: [{win: %d, chance: 1/%d}]}\n", number, i+1, i%7+1)
	}
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := prize.Parse("rules.yaml", []byte(source.String())); err != nil {
				b.Fatal(err)
			}
		}
	})
	rules, err := prize.Parse("rules.yaml", []byte(source.String()))
	if err != nil {
		b.Fatal(err)
	}
	for _, digits := range []int{4, 8, 16} {
		b.Run(fmt.Sprintf("Odds/digits%d", digits), func(b *testing.B) {
			formats := parts(b, "lower4", fmt.Sprintf("digits%d", digits))
			b.ReportAllocs()
			for b.Loop() {
				rules.Odds(formats...)
			}
		})
	}
}
