package entropy_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"pgregory.net/rapid"
)

// letters parses a format that the test knows to be right.
func letters(tb testing.TB, format string) entropy.Letters {
	tb.Helper()
	l, err := entropy.ParseLetters("text", format, families()...)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestParseLetters(t *testing.T) {
	for format, want := range map[string]struct {
		alphabet string
		length   int
		size     string
	}{
		"lower4":   {"abcdefghijklmnopqrstuvwxyz", 4, "456976"},
		"upper2":   {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 2, "676"},
		"digits64": {"0123456789", 64, "1" + strings.Repeat("0", 64)},
		"[ba]1":    {"ba", 1, "2"},
		"[[]]3":    {"[]", 3, "8"},
		"[]2]2":    {"]2", 2, "4"},
		`["\,]10`:  {`"\,`, 10, "59049"},
		"[!~]64":   {"!~", 64, "18446744073709551616"},
	} {
		t.Run(format, func(t *testing.T) {
			l := letters(t, format)
			if l.String() != format || l.Alphabet() != want.alphabet || l.Len() != want.length || l.Size().String() != want.size {
				t.Errorf("got %s of %q × %d, %s spellings, want %q × %d, %s", l, l.Alphabet(), l.Len(), l.Size(), want.alphabet, want.length, want.size)
			}
		})
	}
}

func TestParseLettersSaysWhatIsWrong(t *testing.T) {
	const oneTo64 = "expected a whole number from 1 to 64"
	for format, want := range map[string]string{
		"":                           "expected lower1 to lower64, upper1 to upper64, digits1 to digits64, or an alphabet and a length such as [ABC]4",
		"letters4":                   "expected lower1 to lower64",
		"4":                          "expected lower1 to lower64",
		"Lower4":                     "expected lower1 to lower64",
		"lower":                      `the length is "", ` + oneTo64,
		"lower0":                     `the length is "0", ` + oneTo64,
		"lower65":                    `the length is "65", ` + oneTo64,
		"lower300":                   `the length is "300", ` + oneTo64,
		"lower04":                    `the length is "04", ` + oneTo64,
		"lower+4":                    `the length is "+4", ` + oneTo64,
		"lower-4":                    `the length is "-4", ` + oneTo64,
		"lower 4":                    `the length is " 4", ` + oneTo64,
		"lower4 ":                    `the length is "4 ", ` + oneTo64,
		"lower٤":                     `the length is "٤", ` + oneTo64,
		"[AB]":                       `the length is "", ` + oneTo64,
		"[AB":                        "the alphabet has no closing bracket, expected for example [ABC]4",
		"[]4":                        "the alphabet has 0 characters, expected at least 2",
		"[A]4":                       "the alphabet has 1 characters, expected at least 2",
		"[ABA]4":                     "the alphabet has 'A' twice, which would make it likelier than the others",
		"[A B]4":                     "the alphabet has ' ', expected printable ASCII",
		"[Aé]4":                      "the alphabet has 'é', expected printable ASCII",
		"[AB\x7f]4":                  `the alphabet has '\x7f', expected printable ASCII`,
		"[AB\xff]4":                  "the alphabet has '\uFFFD', expected printable ASCII",
		strings.Repeat("lower", 900): "… for a text",
	} {
		t.Run(format[:min(len(format), 30)], func(t *testing.T) {
			l, err := entropy.ParseLetters("text", format, families()...)
			if !errors.Is(err, entropy.ErrFormat) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, %v, want ErrFormat with %q", l, err, want)
			}
		})
	}
}

// spellSlowly spells a draw as the design says, in numbers of any size and with
// divisions, and tells how many words were rejected.
func spellSlowly(key entropy.Key, index uint64, l entropy.Letters) (spelled string, rejected int) {
	stream := entropy.NewStream(key)
	stream.Seek(index)
	base := big.NewInt(int64(len(l.Alphabet())))
	largest := new(big.Int).Lsh(big.NewInt(1), 63)
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	for left := l.Len(); left > 0; {
		k := 0
		for k < left && new(big.Int).Exp(base, big.NewInt(int64(k+1)), nil).Cmp(largest) <= 0 {
			k++
		}
		bound := new(big.Int).Exp(base, big.NewInt(int64(k)), nil)
		threshold := new(big.Int).Sub(two64, bound)
		threshold.Mod(threshold, bound)
		hi, lo := new(big.Int), new(big.Int)
		for {
			product := new(big.Int).SetUint64(stream.Uint64())
			hi.DivMod(product.Mul(product, bound), two64, lo)
			if lo.Cmp(threshold) >= 0 {
				break
			}
			rejected++
		}
		group := make([]byte, k)
		digit := new(big.Int)
		for i := range group {
			hi.DivMod(hi, base, digit)
			group[k-1-i] = l.Alphabet()[digit.Int64()]
		}
		spelled += string(group)
		left -= k
	}
	return spelled, rejected
}

// TestAppendSpellsAsTheDesignSays covers formats of one group and of several,
// even and odd, and such as reject many words: 3^39 rejects every tenth one.
func TestAppendSpellsAsTheDesignSays(t *testing.T) {
	for _, format := range []string{
		"lower4", "upper2", "digits8", "lower1", "lower13", "lower14", "lower64", "digits18", "digits19", "digits64",
		"[ab]63", "[ab]64", "[abc]39", "[abc]40", "[abc]64", "[abcde]27", "[abcde]64", "[abcdef]64", "[abcdefg]43", "[!#$%&'()*+,-.]64",
	} {
		t.Run(format, func(t *testing.T) {
			const count = 300 // more than is made at a time
			l := letters(t, format)
			r := entropy.Seed("7").Range(entropy.Text, math.MaxUint64-count+1, count)
			got := l.Append([]byte("before"), r)
			if len(got) != 6+count*l.Len() || string(got[:6]) != "before" {
				t.Fatalf("got %d bytes that begin with %q", len(got), got[:6])
			}
			for i := range uint64(count) {
				want, _ := spellSlowly(r.Key, r.Start+i, l)
				if spelled := string(got[6+int(i)*l.Len():][:l.Len()]); spelled != want {
					t.Fatalf("draw %d is %s, want %s", r.Start+i, spelled, want)
				}
			}
		})
	}
}

// TestRejectionIsMet makes sure that the formats above do reject words, in the
// first group and in later ones.
func TestRejectionIsMet(t *testing.T) {
	for _, format := range []string{"[abc]39", "[abcdefg]43", "lower64"} {
		rejected := 0
		for index := range uint64(3000) {
			_, n := spellSlowly(entropy.Key{1}, index, letters(t, format))
			rejected += n
		}
		if rejected == 0 {
			t.Errorf("%s never rejects a word", format)
		}
	}
}

// TestAppendInParts divides ranges anyhow, up to the last index: the draws do
// not depend on how.
func TestAppendInParts(t *testing.T) {
	formats := []entropy.Letters{letters(t, "lower4"), letters(t, "digits19"), letters(t, "[abc]64"), letters(t, "[ab]1")}
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(formats).Draw(t, "format")
		count := rapid.SampledFrom([]uint64{0, 1, 2, 255, 256, 257, 600}).Draw(t, "count")
		start := rapid.SampledFrom([]uint64{0, 1, 1 << 32, math.MaxUint64 - 600}).Draw(t, "start")
		r := entropy.Seed("parts").Range(entropy.Number, start, count)
		var parts []byte
		for at := uint64(0); at < count; {
			to := rapid.Uint64Range(at+1, count).Draw(t, "to")
			parts = l.Append(parts, r.Slice(at, to))
			at = to
		}
		if whole := l.Append(nil, r); !bytes.Equal(whole, parts) {
			t.Fatalf("%s: %d draws from %d differ in parts", l, count, start)
		}
	})
}

// TestEverySpellingIsEquallyLikely holds the frequencies of all spellings
// against chi-square: with 99 degrees of freedom it stays between 60 and 150 in
// 999 of 1000 cases, and the seed is fixed.
func TestEverySpellingIsEquallyLikely(t *testing.T) {
	const draws, perSpelling = 100_000, 1000.0
	for _, format := range []string{"digits2", "[ABCDEFGHIJ]2"} {
		l := letters(t, format)
		counts := map[string]int{}
		spelled := l.Append(nil, entropy.Seed("42").Range(entropy.Text, 0, draws))
		for i := 0; i < len(spelled); i += l.Len() {
			counts[string(spelled[i:i+l.Len()])]++
		}
		alphabet := l.Alphabet()
		for _, bound := range []string{alphabet[:1] + alphabet[:1], alphabet[9:] + alphabet[9:]} {
			if counts[bound] == 0 {
				t.Errorf("%s never spells %s", format, bound)
			}
		}
		chiSquare := 0.0
		for _, n := range counts {
			chiSquare += (float64(n) - perSpelling) * (float64(n) - perSpelling) / perSpelling
		}
		if len(counts) != 100 || chiSquare < 60 || chiSquare > 150 {
			t.Errorf("%s: %d spellings, chi-square %.1f, want 100 and 60 to 150", format, len(counts), chiSquare)
		}
	}
}

// TestEveryLetterInEveryPlace looks at each place of long formats, whose later
// letters come from later words.
func TestEveryLetterInEveryPlace(t *testing.T) {
	for _, format := range []string{"lower64", "upper63", "digits64"} {
		l := letters(t, format)
		const draws = 1000
		seen := map[string]bool{}
		spelled := l.Append(nil, entropy.Seed("42").Range(entropy.Text, 0, draws))
		for i, letter := range spelled {
			seen[fmt.Sprint(i%l.Len(), string(letter))] = true
		}
		if want := l.Len() * len(l.Alphabet()); len(seen) != want {
			t.Errorf("%s: %d letters in places, want %d", format, len(seen), want)
		}
	}
}
