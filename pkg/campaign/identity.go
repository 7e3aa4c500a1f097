package campaign

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// addressIdentity returns the canonical form of an email address; see [Person.Identity].
func addressIdentity(email string) string {
	i := strings.LastIndexByte(email, '@')
	if i < 0 {
		return caseless(email)
	}
	return caseless(email[:i]) + "@" + asciiDomain(email[i+1:])
}

// withoutAlias returns an address from addressIdentity without the parts that most mail
// servers ignore: what follows a plus sign and, at Gmail, dots.
func withoutAlias(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address
	}
	local, domain := address[:i], address[i+1:]
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		local = local[:tag]
	}
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}

// caseless returns the NFKC_Casefold form of text (section 3.13 of the Unicode standard),
// in which caseless matches are equal and invisible characters are removed. It also
// collapses white space.
func caseless(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	for range 4 { // stable after 3 rounds
		before := text
		text = norm.NFKC.String(cases.Fold().String(norm.NFD.String(text)))
		text = strings.Map(func(r rune) rune {
			if isIgnorable(r) {
				return -1
			}
			return r
		}, text)
		if text == before {
			break
		}
	}
	return strings.Join(strings.Fields(text), " ")
}

// asciiDomain returns the ASCII form of a domain or, if it has none, the caseless form.
func asciiDomain(domain string) string {
	if isASCII(domain) {
		return strings.ToLower(domain)
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return caseless(domain)
	}
	return ascii
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isIgnorable reports whether r is a character that is not displayed: a control, format or
// private-use character, or a default-ignorable code point such as a variation selector.
func isIgnorable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
