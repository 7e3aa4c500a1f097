package prize

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

// MaxAccount is the maximum length of an account number in bytes: that of the longest text
// part and the longest number part together.
const MaxAccount = automaton.MaxLength

// ErrAccount is wrapped by every error for an invalid account number.
var ErrAccount = errors.New("invalid account number")

// CheckAccount checks that an account number consists of 1 to [MaxAccount] printable
// ASCII characters other than the space. Errors wrap [ErrAccount].
func CheckAccount(account string) error {
	switch {
	case account == "":
		return fmt.Errorf("%w: it is empty", ErrAccount)
	case len(account) > MaxAccount:
		return fmt.Errorf("%w %q: must have at most %d characters, got %d", ErrAccount, excerpt.Of(account), MaxAccount, len(account))
	}
	for _, r := range account {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%w %q: it contains %q; use printable ASCII characters other than the space", ErrAccount, account, r)
		}
	}
	return nil
}

// Accounts is a list of account numbers. It stores them concatenated in one slice, which
// avoids an allocation for each. The zero value is an empty list.
type Accounts struct {
	text  []byte
	cuts  []int32 // the start of each account number, and the end of the last one; nil if all have the same length
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

// Join replaces the contents of the list: the i-th account number becomes the i-th text
// followed by the i-th number. The texts and the numbers are concatenated and have the
// given widths in bytes. Join reuses the memory of the list.
func (a *Accounts) Join(texts []byte, textWidth int, numbers []byte, numberWidth int) {
	a.Reset()
	a.width = textWidth + numberWidth
	a.n = len(texts) / textWidth
	a.text = slices.Grow(a.text, a.n*a.width)[:a.n*a.width]
	to := a.text
	if max(textWidth, numberWidth) <= 8 {
		// Copying 8 bytes compiles to a load and a store; copying a variable number of
		// bytes compiles to a call. The next copy overwrites the excess.
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

// Reset empties the list but keeps its memory.
func (a *Accounts) Reset() { a.text, a.cuts, a.n = a.text[:0], nil, 0 }

// Len returns the number of account numbers.
func (a *Accounts) Len() int { return a.n }

// Size returns the total length of the account numbers in bytes.
func (a *Accounts) Size() int { return len(a.text) }

// At returns account number i, counted from 0. The slice shares the memory of the list.
func (a *Accounts) At(i int) []byte {
	if a.cuts == nil {
		return a.text[i*a.width : (i+1)*a.width]
	}
	return a.text[a.cuts[i]:a.cuts[i+1]]
}

// Joined returns the concatenated account numbers and the length of each in bytes. The
// length is 0 if the list is empty or the lengths differ. The bytes share the memory of the
// list.
func (a *Accounts) Joined() (text []byte, width int) {
	if a.cuts != nil {
		return nil, 0
	}
	return a.text, a.width
}

// Slice returns the account numbers at positions from up to, but not including, to. They
// share the memory of the list.
func (a *Accounts) Slice(from, to int) Accounts {
	if a.cuts == nil {
		return Accounts{text: a.text[from*a.width : to*a.width], n: to - from, width: a.width}
	}
	return Accounts{text: a.text, cuts: a.cuts[from : to+1], n: to - from, width: a.width}
}
