package numgen_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
)

func TestParse(t *testing.T) {
	for format, want := range map[string]struct{ alphabet, size string }{
		numgen.Digits4: {"0123456789", "10000"},
		numgen.Digits8: {"0123456789", "100000000"},
		"[13579]6":     {"13579", "15625"},
	} {
		t.Run(format, func(t *testing.T) {
			f, err := numgen.Parse(format)
			if err != nil || f.Alphabet() != want.alphabet || f.Size().String() != want.size {
				t.Errorf("got alphabet %q, size %v, error %v; want alphabet %q, size %s", f.Alphabet(), f.Size(), err, want.alphabet, want.size)
			}
		})
	}
}

// TestParseErrors checks the errors for invalid formats, including formats for the text
// part, because the two flags are easily swapped.
func TestParseErrors(t *testing.T) {
	for _, format := range []string{"", "lower4", "digit4", "digits0", "digits65", "8", "[1]4", "digits 4"} {
		if f, err := numgen.Parse(format); !errors.Is(err, partgen.ErrFormat) {
			t.Errorf("Parse(%q) = %v, %v, want ErrFormat", format, f, err)
		}
	}
}

// TestLeadingZeros checks that numbers below 1000 also have four digits.
func TestLeadingZeros(t *testing.T) {
	f, err := numgen.Parse(numgen.Digits4)
	if err != nil {
		t.Fatal(err)
	}
	const draws, expected = 10_000, 1000 // one number in ten begins with 0
	zeros := 0
	numbers := f.Append(nil, entropy.Seed("42").Range(entropy.Number, 0, draws))
	for i := range draws {
		if bytes.HasPrefix(numbers[i*4:], []byte("0")) {
			zeros++
		}
	}
	if len(numbers) != 4*draws || zeros < expected*9/10 || zeros > expected*11/10 {
		t.Errorf("numbers that begin with 0: got %d of %d, want %d ± 10%%", zeros, draws, expected)
	}
}
