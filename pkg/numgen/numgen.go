// Package numgen makes the number part of account numbers, such as the 123456
// of ABC123456.
//
// A [Format] says what numbers look like, and its Append method makes those of a
// range of draws. The two implementations that prizegen deploys are the formats digits4
// and digits8. A number is kept as text, so its leading zeros count.
package numgen

import "github.com/prizegen/prizegen/pkg/entropy"

// The formats that are deployed as implementations of the number generator.
const (
	Digits4 = "digits4" // 4 digits, 10,000 numbers
	Digits8 = "digits8" // 8 digits, 100,000,000 numbers
)

// Default is the format that is used where none is asked for.
const Default = Digits4

// Format is how a number is made.
type Format struct{ entropy.Letters }

// Parse reads a format: digits followed by a length from 1 to 64, or an
// alphabet and a length such as [13579]6. Errors wrap [entropy.ErrFormat].
func Parse(format string) (Format, error) {
	letters, err := entropy.ParseLetters("number", format, entropy.Family{Name: "digits", Alphabet: "0123456789"})
	return Format{letters}, err
}
