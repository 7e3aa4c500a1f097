package partgen_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/partgen"
	"pgregory.net/rapid"
)

// alphabets returns the named alphabets for both parts.
func alphabets() []partgen.Alphabet {
	return []partgen.Alphabet{
		{Name: "lower", Letters: "abcdefghijklmnopqrstuvwxyz"},
		{Name: "upper", Letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{Name: "digits", Letters: "0123456789"},
	}
}

// parse parses a valid format.
func parse(tb testing.TB, text string) partgen.Format {
	tb.Helper()
	format, err := partgen.Parse(entropy.Text, text, alphabets()...)
	if err != nil {
		tb.Fatal(err)
	}
	return format
}

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
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
		t.Run(text, func(t *testing.T) {
			f := parse(t, text)
			if f.String() != text || f.Alphabet() != want.alphabet || f.Len() != want.length || f.Size().String() != want.size {
				t.Errorf("got %s with alphabet %q, length %d, size %s; want alphabet %q, length %d, size %s",
					f, f.Alphabet(), f.Len(), f.Size(), want.alphabet, want.length, want.size)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	const length = "the length must be a whole number from 1 to 64, got "
	const characters = "the alphabet must consist of printable ASCII characters other than the space, got "
	for text, want := range map[string]string{
		"":                           "use lower1 to lower64, upper1 to upper64, digits1 to digits64, or an alphabet and a length such as [ABC]4",
		"letters4":                   "use lower1 to lower64",
		"4":                          "use lower1 to lower64",
		"Lower4":                     "use lower1 to lower64",
		"lower":                      length + `""`,
		"lower0":                     length + `"0"`,
		"lower65":                    length + `"65"`,
		"lower300":                   length + `"300"`,
		"lower04":                    length + `"04"`,
		"lower+4":                    length + `"+4"`,
		"lower-4":                    length + `"-4"`,
		"lower 4":                    length + `" 4"`,
		"lower4 ":                    length + `"4 "`,
		"lower٤":                     length + `"٤"`,
		"[AB]":                       length + `""`,
		"[AB":                        "missing closing bracket after the alphabet; write it like [ABC]4",
		"[]4":                        "the alphabet must have at least 2 characters, got 0",
		"[A]4":                       "the alphabet must have at least 2 characters, got 1",
		"[ABA]4":                     "the alphabet contains 'A' twice; remove one, because it would be more likely than other characters",
		"[A B]4":                     characters + "' '",
		"[Aé]4":                      characters + "'é'",
		"[AB\x7f]4":                  characters + `'\x7f'`,
		"[AB\xff]4":                  characters + "'\uFFFD'",
		strings.Repeat("lower", 900): `…" for the text part: `,
	} {
		t.Run(text[:min(len(text), 30)], func(t *testing.T) {
			f, err := partgen.Parse(entropy.Text, text, alphabets()...)
			if !errors.Is(err, partgen.ErrFormat) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v and error %v, want an ErrFormat that contains %q", f, err, want)
			}
		})
	}
}

// TestVectors checks parts against test vectors on which two independent implementations
// agree.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../entropy/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Accounts []struct {
			Seed         string
			Index        uint64
			TextFormat   string `json:"text_format"`
			NumberFormat string `json:"number_format"`
			Text, Number string
		}
	}
	if err := json.Unmarshal(data, &vectors, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Accounts) == 0 {
		t.Fatal("got no test vectors, want at least one")
	}
	for _, v := range vectors.Accounts {
		for _, part := range []struct {
			label        entropy.Label
			format, want string
		}{{entropy.Text, v.TextFormat, v.Text}, {entropy.Number, v.NumberFormat, v.Number}} {
			got := parse(t, part.format).Append(nil, entropy.Seed(v.Seed).Range(part.label, v.Index, 1))
			if string(got) != part.want {
				t.Errorf("seed %q, index %d, %s: got %s, want %s", v.Seed, v.Index, part.format, got, part.want)
			}
		}
	}
}

// reference computes the part of a draw with big integers, exactly as the package comment
// describes. It also returns the number of rejected words.
func reference(key entropy.Key, index uint64, f partgen.Format) (part string, rejected int) {
	stream := entropy.NewStream(key)
	stream.Seek(index)
	base := big.NewInt(int64(len(f.Alphabet())))
	largest := new(big.Int).Lsh(big.NewInt(1), 63)
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	for left := f.Len(); left > 0; {
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
			group[k-1-i] = f.Alphabet()[digit.Int64()]
		}
		part += string(group)
		left -= k
	}
	return part, rejected
}

// TestAppend compares Append with reference. The formats have one or several groups, and an
// even or an odd number of them. Some reject many words: [abc]39 rejects one word in ten.
func TestAppend(t *testing.T) {
	for _, text := range []string{
		"lower4", "upper2", "digits8", "lower1", "lower13", "lower14", "lower64", "digits18", "digits19", "digits64",
		"[ab]63", "[ab]64", "[abc]39", "[abc]40", "[abc]64", "[abcde]27", "[abcde]64", "[abcdef]64", "[abcdefg]43", "[!#$%&'()*+,-.]64",
	} {
		t.Run(text, func(t *testing.T) {
			const count = 300 // more than one batch
			f := parse(t, text)
			r := entropy.Seed("7").Range(entropy.Text, math.MaxUint64-count+1, count)
			got := f.Append([]byte("before"), r)
			if len(got) != 6+count*f.Len() || string(got[:6]) != "before" {
				t.Fatalf("got %d bytes that begin with %q, want %d that begin with \"before\"", len(got), got[:6], 6+count*f.Len())
			}
			for i := range uint64(count) {
				want, _ := reference(r.Key, r.Start+i, f)
				if part := string(got[6+int(i)*f.Len():][:f.Len()]); part != want {
					t.Fatalf("draw %d: got %s, want %s", r.Start+i, part, want)
				}
			}
		})
	}
}

// TestReferenceRejects checks that some of the formats in TestAppend reject words.
func TestReferenceRejects(t *testing.T) {
	for _, text := range []string{"[abc]39", "[abcdefg]43", "lower64"} {
		rejected := 0
		for index := range uint64(3000) {
			_, n := reference(entropy.Key{1}, index, parse(t, text))
			rejected += n
		}
		if rejected == 0 {
			t.Errorf("%s: got no rejected words, want at least one", text)
		}
	}
}

// TestAppendDivided checks that the parts do not depend on how a range is divided into
// calls. It divides random ranges, which extend up to the last index, at random.
func TestAppendDivided(t *testing.T) {
	formats := []partgen.Format{parse(t, "lower4"), parse(t, "digits19"), parse(t, "[abc]64"), parse(t, "[ab]1")}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(formats).Draw(t, "format")
		count := rapid.SampledFrom([]uint64{0, 1, 2, 255, 256, 257, 600}).Draw(t, "count")
		start := rapid.SampledFrom([]uint64{0, 1, 1 << 32, math.MaxUint64 - 600}).Draw(t, "start")
		r := entropy.Seed("parts").Range(entropy.Number, start, count)
		var parts []byte
		for at := uint64(0); at < count; {
			to := rapid.Uint64Range(at+1, count).Draw(t, "to")
			parts = f.Append(parts, r.Slice(at, to))
			at = to
		}
		if whole := f.Append(nil, r); !bytes.Equal(whole, parts) {
			t.Fatalf("%s: %d draws from index %d in several calls:\ngot  %s\nwant %s", f, count, start, parts, whole)
		}
	})
}

// TestUniform checks the frequencies of all parts with a chi-square test. With 99 degrees
// of freedom, chi-square is between 60 and 150 in 999 of 1000 cases; the seed is fixed.
func TestUniform(t *testing.T) {
	const draws, perPart = 100_000, 1000.0
	for _, text := range []string{"digits2", "[ABCDEFGHIJ]2"} {
		f := parse(t, text)
		counts := map[string]int{}
		parts := f.Append(nil, entropy.Seed("42").Range(entropy.Text, 0, draws))
		for i := 0; i < len(parts); i += f.Len() {
			counts[string(parts[i:i+f.Len()])]++
		}
		alphabet := f.Alphabet()
		for _, bound := range []string{alphabet[:1] + alphabet[:1], alphabet[9:] + alphabet[9:]} {
			if counts[bound] == 0 {
				t.Errorf("%s: got no %s, want at least one", text, bound)
			}
		}
		chiSquare := 0.0
		for _, n := range counts {
			chiSquare += (float64(n) - perPart) * (float64(n) - perPart) / perPart
		}
		if len(counts) != 100 || chiSquare < 60 || chiSquare > 150 {
			t.Errorf("%s: got %d different parts with chi-square %.1f, want 100 parts and 60 to 150", text, len(counts), chiSquare)
		}
	}
}

// TestEveryLetterAtEveryPosition checks that in long formats, whose later letters come from
// later words, every letter occurs at every position.
func TestEveryLetterAtEveryPosition(t *testing.T) {
	for _, text := range []string{"lower64", "upper63", "digits64"} {
		f := parse(t, text)
		seen := map[string]bool{}
		parts := f.Append(nil, entropy.Seed("42").Range(entropy.Text, 0, 1000))
		for i, letter := range parts {
			seen[fmt.Sprint(i%f.Len(), string(letter))] = true
		}
		if want := f.Len() * len(f.Alphabet()); len(seen) != want {
			t.Errorf("%s: different pairs of a position and a letter: got %d, want %d", text, len(seen), want)
		}
	}
}
