// Package textgen generates the text part of account numbers, such as the ABC in ABC123456.
//
// A [Format] describes the texts, and its Append method generates the texts of a range of
// draws. Package [partgen] documents how a seed and an index determine a text.
package textgen

import (
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/partgen"
)

// The most common formats.
const (
	Lower4 = "lower4" // 4 lower-case letters, 456,976 texts
	Upper2 = "upper2" // 2 upper-case letters, 676 texts
)

// Default is the default format.
const Default = Lower4

// Format is the format of a text. The zero value is not valid; use [Parse].
type Format struct{ partgen.Format }

// Parse parses a format: "lower" or "upper" followed by a length from 1 to
// [partgen.MaxLength], or a custom alphabet and a length, such as [BCDFGHJKLM]3. Errors
// wrap [partgen.ErrFormat].
func Parse(format string) (Format, error) {
	f, err := partgen.Parse(entropy.Text, format,
		partgen.Alphabet{Name: "lower", Letters: "abcdefghijklmnopqrstuvwxyz"},
		partgen.Alphabet{Name: "upper", Letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	)
	return Format{f}, err
}
