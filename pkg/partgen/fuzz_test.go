package partgen_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/partgen"
)

// FuzzParse checks every format that Parse accepts: its parts have its length and
// consist of its alphabet, and String returns the format.
func FuzzParse(f *testing.F) {
	for _, format := range []string{
		"lower4", "upper2", "digits64", "[ab]64", "[]]]2", "[[]]3", `["\,]5`, "lower0", "lower65", "lower04",
		"lower+4", "lower٤", "[é]3", "[aa]2", "[ab", "]2", "", "lower18446744073709551620", "[a b]2",
	} {
		f.Add(format, uint64(7))
	}
	f.Fuzz(func(t *testing.T, text string, start uint64) {
		format, err := partgen.Parse(entropy.Text, text, alphabets()...)
		if err != nil {
			if !errors.Is(err, partgen.ErrFormat) {
				t.Fatalf("got error %v, want ErrFormat", err)
			}
			if len(err.Error()) > 1000 {
				t.Fatalf("length of the error: got %d bytes, want at most 1000", len(err.Error()))
			}
			return
		}
		if format.String() != text {
			t.Fatalf("String() = %q, want %q", format.String(), text)
		}
		part := format.Append(nil, entropy.Seed("fuzz").Range(entropy.Text, start, 1))
		if len(part) != format.Len() || format.Len() < 1 || format.Len() > partgen.MaxLength {
			t.Fatalf("%s: length of a part: got %d, want Len() = %d", text, len(part), format.Len())
		}
		for _, letter := range part {
			if !strings.ContainsRune(format.Alphabet(), rune(letter)) || letter <= ' ' || letter > '~' {
				t.Fatalf("%s: got letter %q, want one of %q", text, letter, format.Alphabet())
			}
		}
	})
}
