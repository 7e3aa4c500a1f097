package excerpt_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

func ExampleOf() {
	fmt.Println(excerpt.Of("lower4"))
	fmt.Println(excerpt.Of(strings.Repeat("lower", 1000)))
	// Output:
	// lower4
	// lowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlower…
}

func TestOf(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"longest unchanged", strings.Repeat("a", excerpt.Max), strings.Repeat("a", excerpt.Max)},
		{"one byte more", strings.Repeat("a", excerpt.Max+1), strings.Repeat("a", excerpt.Max) + "…"},
		{"cut in a character", strings.Repeat("a", excerpt.Max-1) + "éa", strings.Repeat("a", excerpt.Max-1) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := excerpt.Of(tt.text); got != tt.want {
				t.Errorf("Of(%q): got %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func FuzzOf(f *testing.F) {
	f.Add(strings.Repeat("é", excerpt.Max))
	f.Fuzz(func(t *testing.T, s string) {
		got := excerpt.Of(s)
		if len(got) > excerpt.Max+len("…") {
			t.Errorf("Of(%q): got %d bytes, want at most %d", s, len(got), excerpt.Max+len("…"))
		}
		if len(s) > excerpt.Max && !utf8.ValidString(got) {
			t.Errorf("Of(%q): got %q, want valid UTF-8", s, got)
		}
	})
}
