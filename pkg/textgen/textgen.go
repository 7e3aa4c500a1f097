// Package textgen makes the text part of account numbers, such as the ABC of
// ABC123456.
//
// A [Format] says what texts look like, and its Append method makes those of a
// range of draws. The two implementations that prizegen deploys are the formats lower4
// and upper2.
package textgen

import "github.com/prizegen/prizegen/pkg/entropy"

// The formats that are deployed as implementations of the text generator.
const (
	Lower4 = "lower4" // 4 lower-case letters, 456,976 texts
	Upper2 = "upper2" // 2 upper-case letters, 676 texts
)

// Default is the format that is used where none is asked for.
const Default = Lower4

// Format is how a text is made.
type Format struct{ entropy.Letters }

// Parse reads a format: lower or upper followed by a length from 1 to 64, or an
// alphabet and a length such as [BCDFGHJKLM]3. Errors wrap
// [entropy.ErrFormat].
func Parse(format string) (Format, error) {
	letters, err := entropy.ParseLetters("text", format,
		entropy.Family{Name: "lower", Alphabet: "abcdefghijklmnopqrstuvwxyz"},
		entropy.Family{Name: "upper", Alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	)
	return Format{letters}, err
}
