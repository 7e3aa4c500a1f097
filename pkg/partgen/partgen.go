// Package partgen generates the parts of account numbers, such as the ABC and the 123456 in
// ABC123456. Packages textgen and numgen are built on it.
//
// A part is a fixed number of letters from an alphabet, and every possible part is equally
// likely. A [Format] is an alphabet and a length, for example lower4, and its Append method
// generates the parts of a range of draws.
//
// An [entropy.Key] and the index of a draw determine its part. A part of length L over an
// alphabet of a letters is a uniform number below a^L, written in base a with the most
// significant letter first. If a^L exceeds 2^63, the letters are divided into groups, from
// left to right. Each group has the largest length k for which a^k is at most 2^63, and the
// last group takes the remaining letters. Each group has its own uniform number; see
// [entropy.Stream.Uniform].
package partgen

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// MaxLength is the length of the longest part, in letters.
const MaxLength = 64

// ErrFormat is wrapped by every error that [Parse] returns.
var ErrFormat = errors.New("unknown format")

// Format is an alphabet and a length. The zero value is not valid; use [Parse]. A Format is
// safe for concurrent use.
type Format struct {
	name     string
	alphabet string
	length   int
	groups   []group
	pairs    []uint16 // by number below len(alphabet)²: the two letters that spell it, the first one in the low byte
}

// group is a run of letters that one uniform number determines.
type group struct {
	start     int // position of its first letter in a part
	length    int
	threshold uint64 // see entropy.Threshold
}

// Alphabet is a named list of letters. Its name followed by a length is a format.
type Alphabet struct {
	Name    string // for example lower
	Letters string // for example abcdefghijklmnopqrstuvwxyz
}

// Parse parses a format: the name of one of the alphabets or a custom alphabet in brackets,
// followed by a length from 1 to [MaxLength]. Examples are lower4 and [BCDFGHJKLM]3. A
// custom alphabet has at least 2 different printable ASCII characters other than the space.
// Errors wrap [ErrFormat] and name the part, [entropy.Text] or [entropy.Number].
func Parse(part entropy.Label, format string, alphabets ...Alphabet) (Format, error) {
	f, err := parse(format, alphabets)
	if err != nil {
		return Format{}, fmt.Errorf("%w %q for the %s part: %w", ErrFormat, excerpt.Of(format), part, err)
	}
	return f, nil
}

func parse(format string, alphabets []Alphabet) (Format, error) {
	if custom, ok := strings.CutPrefix(format, "["); ok {
		// The last bracket closes the alphabet, which may contain brackets itself.
		end := strings.LastIndexByte(custom, ']')
		if end < 0 {
			return Format{}, errors.New("missing closing bracket after the alphabet; write it like [ABC]4")
		}
		return newFormat(format, custom[:end], custom[end+1:])
	}
	for _, alphabet := range alphabets {
		if length, ok := strings.CutPrefix(format, alphabet.Name); ok {
			return newFormat(format, alphabet.Letters, length)
		}
	}
	var known strings.Builder
	for _, alphabet := range alphabets {
		fmt.Fprintf(&known, "%s1 to %[1]s%d, ", alphabet.Name, MaxLength)
	}
	return Format{}, fmt.Errorf("use %sor an alphabet and a length such as [ABC]4", &known)
}

func newFormat(name, alphabet, length string) (Format, error) {
	n, err := strconv.ParseUint(length, 10, 8)
	if err != nil || n < 1 || n > MaxLength || length[0] == '0' {
		return Format{}, fmt.Errorf("the length must be a whole number from 1 to %d, got %q", MaxLength, excerpt.Of(length))
	}
	if len(alphabet) < 2 {
		return Format{}, fmt.Errorf("the alphabet must have at least 2 characters, got %d", len(alphabet))
	}
	for i, r := range alphabet {
		if r <= ' ' || r > '~' {
			return Format{}, fmt.Errorf("the alphabet must consist of printable ASCII characters other than the space, got %q", r)
		}
		if strings.ContainsRune(alphabet[:i], r) {
			return Format{}, fmt.Errorf("the alphabet contains %q twice; remove one, because it would be more likely than other characters", r)
		}
	}
	f := Format{name: name, alphabet: alphabet, length: int(n)}
	f.prepare()
	return f, nil
}

// prepare divides the letters of a part into groups and computes the table of pairs.
func (f *Format) prepare() {
	const maxBound = 1 << 63 // maximum bound of a uniform number
	base := uint64(len(f.alphabet))
	for left := f.length; left > 0; {
		g, bound := group{start: f.length - left}, uint64(1)
		for g.length < left && bound <= maxBound/base {
			bound *= base
			g.length++
		}
		g.threshold = entropy.Threshold(bound)
		f.groups = append(f.groups, g)
		left -= g.length
	}
	f.pairs = make([]uint16, 0, len(f.alphabet)*len(f.alphabet))
	for i := range f.alphabet {
		for j := range f.alphabet {
			f.pairs = append(f.pairs, uint16(f.alphabet[i])|uint16(f.alphabet[j])<<8)
		}
	}
}

// String returns the string that was parsed, for example lower4.
func (f Format) String() string { return f.name }

// Alphabet returns the letters in ascending order of the digits that they stand for.
func (f Format) Alphabet() string { return f.alphabet }

// Len returns the length of a part, in letters and in bytes.
func (f Format) Len() int { return f.length }

// Size returns the number of different parts.
func (f Format) Size() *big.Int {
	return new(big.Int).Exp(big.NewInt(int64(len(f.alphabet))), big.NewInt(int64(f.length)), nil)
}
