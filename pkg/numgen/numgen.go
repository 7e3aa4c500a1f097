// Package numgen generates the number part of account numbers, such as the 123456 in
// ABC123456. A number is a string of digits; leading zeros are part of it.
//
// A [Format] describes the numbers, and its Append method generates the numbers of a range
// of draws. Package [partgen] documents how a seed and an index determine a number.
package numgen

import (
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/partgen"
)

// The most common formats.
const (
	Digits4 = "digits4" // 4 digits, 10,000 numbers
	Digits8 = "digits8" // 8 digits, 100,000,000 numbers
)

// Default is the default format.
const Default = Digits4

// Format is the format of a number. The zero value is not valid; use [Parse].
type Format struct{ partgen.Format }

// Parse parses a format: "digits" followed by a length from 1 to [partgen.MaxLength], or a
// custom alphabet and a length, such as [13579]6. Errors wrap [partgen.ErrFormat].
func Parse(format string) (Format, error) {
	f, err := partgen.Parse(entropy.Number, format, partgen.Alphabet{Name: "digits", Letters: "0123456789"})
	return Format{f}, err
}
