package entropy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// FuzzParseLetters holds every format that parses against what it promises: its
// spellings have its length, are made of its alphabet, and its name reads back.
func FuzzParseLetters(f *testing.F) {
	for _, format := range []string{
		"lower4", "upper2", "digits64", "[ab]64", "[]]]2", "[[]]3", `["\,]5`, "lower0", "lower65", "lower04",
		"lower+4", "lower٤", "[é]3", "[aa]2", "[ab", "]2", "", "lower18446744073709551620", "[a b]2",
	} {
		f.Add(format, uint64(7))
	}
	f.Fuzz(func(t *testing.T, format string, start uint64) {
		letters, err := entropy.ParseLetters("text", format, families()...)
		if err != nil {
			if !errors.Is(err, entropy.ErrFormat) {
				t.Fatalf("%v does not wrap ErrFormat", err)
			}
			if len(err.Error()) > 1000 {
				t.Fatalf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		if letters.String() != format {
			t.Fatalf("String() = %q, want %q", letters.String(), format)
		}
		spelled := letters.Append(nil, entropy.Seed("fuzz").Range(entropy.Text, start, 1))
		if len(spelled) != letters.Len() || letters.Len() < 1 || letters.Len() > entropy.MaxLength {
			t.Fatalf("%s spells %d letters, says %d", format, len(spelled), letters.Len())
		}
		for _, letter := range spelled {
			if !strings.ContainsRune(letters.Alphabet(), rune(letter)) || letter <= ' ' || letter > '~' {
				t.Fatalf("%s spells %q, which is not of %q", format, letter, letters.Alphabet())
			}
		}
	})
}
