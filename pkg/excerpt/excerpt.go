// Package excerpt shortens untrusted text for messages and logs.
//
//	fmt.Errorf("unknown format %q", excerpt.Of(name))
package excerpt

import "strings"

// Max is the length of the longest string that [Of] returns unchanged, in bytes.
const Max = 80

// Of returns s if it has at most [Max] bytes. Otherwise it returns the first Max bytes,
// without invalid UTF-8 or an incomplete last character, and an ellipsis.
func Of(s string) string {
	if len(s) <= Max {
		return s
	}
	return strings.ToValidUTF8(s[:Max], "") + "…"
}
