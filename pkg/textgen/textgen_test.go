package textgen_test

import (
	"errors"
	"testing"

	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

func TestParse(t *testing.T) {
	for format, want := range map[string]struct{ alphabet, size string }{
		textgen.Lower4:   {"abcdefghijklmnopqrstuvwxyz", "456976"},
		textgen.Upper2:   {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "676"},
		"[BCDFGHJKLM]3":  {"BCDFGHJKLM", "1000"},
		"[0123456789]2":  {"0123456789", "100"}, // a custom alphabet for texts may contain digits
		"[abcXYZ123!?]1": {"abcXYZ123!?", "11"},
	} {
		t.Run(format, func(t *testing.T) {
			f, err := textgen.Parse(format)
			if err != nil || f.Alphabet() != want.alphabet || f.Size().String() != want.size {
				t.Errorf("got alphabet %q, size %v, error %v; want alphabet %q, size %s", f.Alphabet(), f.Size(), err, want.alphabet, want.size)
			}
		})
	}
}

// TestParseErrors checks the errors for invalid formats, including formats for the number
// part, because the two flags are easily swapped.
func TestParseErrors(t *testing.T) {
	for _, format := range []string{"", "digits4", "lower", "upper0", "lower65", "title3", "[a]4", "lower4 "} {
		if f, err := textgen.Parse(format); !errors.Is(err, partgen.ErrFormat) {
			t.Errorf("Parse(%q) = %v, %v, want ErrFormat", format, f, err)
		}
	}
}
