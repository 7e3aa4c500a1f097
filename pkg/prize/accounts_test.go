package prize_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
	"pgregory.net/rapid"
)

// contents returns the account numbers of a list.
func contents(l *prize.Accounts) []string {
	var all []string
	for i := range l.Len() {
		all = append(all, string(l.At(i)))
	}
	return all
}

// TestAccountsAreAsTheyWereAppended checks lists with one width and with several, slices
// of lists and slices of slices, and lists that are reused after a reset.
func TestAccountsAreAsTheyWereAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l prize.Accounts
		for range 3 {
			width := rapid.SampledFrom([]string{"[a-z]{4}", "[a-z]{1,3}", "a|bb|cc"}).Draw(t, "width")
			want := rapid.SliceOfN(rapid.StringMatching(width), 0, 20).Draw(t, "accounts")
			for _, account := range want {
				l.Append(account)
			}
			if got := contents(&l); !slices.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			from := rapid.IntRange(0, len(want)).Draw(t, "from")
			to := rapid.IntRange(from, len(want)).Draw(t, "to")
			part := l.Slice(from, to)
			if got := contents(&part); !slices.Equal(got, want[from:to]) {
				t.Fatalf("Slice(%d, %d): got %q, want %q", from, to, got, want[from:to])
			}
			half := part.Slice(0, part.Len()/2)
			if got := contents(&half); !slices.Equal(got, want[from:to][:part.Len()/2]) {
				t.Fatalf("slice of the slice: got %q, want %q", got, want[from:to][:part.Len()/2])
			}
			l.Reset()
			if l.Len() != 0 {
				t.Fatalf("got %d account numbers after a reset, want 0", l.Len())
			}
		}
	})
}

// TestJoin checks the concatenation of texts and numbers of random widths in a list
// that already contains account numbers.
func TestJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l prize.Accounts
		l.Append("old")
		l.Append("older")
		for range 2 {
			textWidth := rapid.IntRange(1, 20).Draw(t, "text width")
			numberWidth := rapid.IntRange(1, 20).Draw(t, "number width")
			n := rapid.IntRange(0, 30).Draw(t, "n")
			var texts, numbers, want []string
			for i := range n {
				texts = append(texts, strings.Repeat(string(rune('a'+i%26)), textWidth))
				numbers = append(numbers, strings.Repeat(string(rune('0'+i%10)), numberWidth))
				want = append(want, texts[i]+numbers[i])
			}
			l.Join([]byte(strings.Join(texts, "")), textWidth, []byte(strings.Join(numbers, "")), numberWidth)
			if got := contents(&l); !slices.Equal(got, want) {
				t.Fatalf("widths %d and %d: got %q, want %q", textWidth, numberWidth, got, want)
			}
		}
	})
}

// TestJoinedIsForOneWidth checks that Joined returns nothing if the lengths differ.
func TestJoinedIsForOneWidth(t *testing.T) {
	if text, width := list("ab", "cd").Joined(); string(text) != "abcd" || width != 2 {
		t.Errorf("one width: got %q and %d, want abcd and 2", text, width)
	}
	if text, width := list("ab", "c").Joined(); len(text) != 0 || width != 0 {
		t.Errorf("two widths: got %q and %d, want nothing and 0", text, width)
	}
}
