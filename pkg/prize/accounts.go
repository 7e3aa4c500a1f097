package prize

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

// MaxAccount is the length of the longest account number in bytes: a text and a number
// of the longest formats.
const MaxAccount = automaton.MaxLength

// ErrAccount is wrapped by every error about an account number.
var ErrAccount = errors.New("invalid account number")

// CheckAccount says what is wrong with an account number: it has 1 to
// [MaxAccount] printable ASCII characters other than the space. Errors wrap
// [ErrAccount].
func CheckAccount(account string) error {
	switch {
	case account == "":
		return fmt.Errorf("%w: it is empty", ErrAccount)
	case len(account) > MaxAccount:
		return fmt.Errorf("%w %q: must have at most %d characters, got %d", ErrAccount, excerpt.Of(account), MaxAccount, len(account))
	}
	for _, r := range account {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%w %q: it contains %q, expected printable ASCII characters other than the space", ErrAccount, account, r)
		}
	}
	return nil
}

// Accounts is a list of account numbers, kept end to end in one slice so that
// millions cost no allocation each. The zero value is an empty list.
type Accounts struct {
	text  []byte
	cuts  []int32 // where each one begins, and the end; nil while all have the same width
	n     int
	width int
}

// Append adds an account number to the list.
func (a *Accounts) Append(account string) {
	if a.n > 0 && a.cuts == nil && len(account) != a.width {
		for i := range a.n + 1 {
			a.cuts = append(a.cuts, int32(i*a.width))
		}
	}
	a.width = len(account)
	a.text = append(a.text, account...)
	a.n++
	if a.cuts != nil {
		a.cuts = append(a.cuts, int32(len(a.text)))
	}
}

// Join makes the list of the account numbers whose texts and numbers are given
// end to end, each of the width given, reusing the memory of the old list.
func (a *Accounts) Join(texts []byte, textWidth int, numbers []byte, numberWidth int) {
	a.Reset()
	a.width = textWidth + numberWidth
	a.n = len(texts) / textWidth
	a.text = slices.Grow(a.text, a.n*a.width)[:a.n*a.width]
	to := a.text
	if max(textWidth, numberWidth) <= 8 {
		// Always copying 8 bytes takes a load and a store, and copying the width a
		// call. What is copied too much, the next copy writes over.
		for len(to) >= a.width+8 && len(texts) >= 8 && len(numbers) >= 8 {
			copy(to[:8], texts[:8])
			copy(to[textWidth:][:8], numbers[:8])
			to, texts, numbers = to[a.width:], texts[textWidth:], numbers[numberWidth:]
		}
	}
	for len(to) > 0 {
		copy(to, texts[:textWidth])
		copy(to[textWidth:], numbers[:numberWidth])
		to, texts, numbers = to[a.width:], texts[textWidth:], numbers[numberWidth:]
	}
}

// Reset empties the list and keeps its memory.
func (a *Accounts) Reset() { a.text, a.cuts, a.n = a.text[:0], nil, 0 }

// Len is how many account numbers are in the list.
func (a *Accounts) Len() int { return a.n }

// At gives the i-th account number, counted from 0. The bytes are the list's
// own: copy what must outlive it.
func (a *Accounts) At(i int) []byte {
	if a.cuts == nil {
		return a.text[i*a.width : (i+1)*a.width]
	}
	return a.text[a.cuts[i]:a.cuts[i+1]]
}

// Joined gives the account numbers end to end, and their width: 0 where they are
// none or not all of one width. The bytes are the list's own.
func (a *Accounts) Joined() (text []byte, width int) {
	if a.cuts != nil {
		return nil, 0
	}
	return a.text, a.width
}

// Slice is the part of the list from its from-th account number up to but not
// including its to-th. It shares the memory of the list.
func (a *Accounts) Slice(from, to int) Accounts {
	if a.cuts == nil {
		return Accounts{text: a.text[from*a.width : to*a.width], n: to - from, width: a.width}
	}
	return Accounts{text: a.text, cuts: a.cuts[from : to+1], n: to - from, width: a.width}
}
