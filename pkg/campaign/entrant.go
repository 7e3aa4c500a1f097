package campaign

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Person is a person's names and email address.
type Person struct {
	FirstName string `json:"first_name" doc:"1 to 100 characters in any script." example:"Ann"`
	LastName  string `json:"last_name" doc:"1 to 100 characters in any script." example:"Lee"`
	Email     string `json:"email,omitempty" doc:"An email address; optional unless the campaign requires it." example:"ann@example.org"`
}

// Entrant is a person who has played or was added by a promoter.
type Entrant struct {
	ID int64 `json:"id"`
	Person
	CreatedAt time.Time `json:"created_at"`
	Plays     *int64    `json:"plays,omitempty" doc:"The number of the entrant's draws in all campaigns, absent in a draw."`
}

// Limits of a [Person].
const (
	maxPersonName = 100 // characters
	maxEmail      = 254 // bytes, RFC 5321
)

// Clean validates p and returns it without extra white space and in Unicode normalization
// form C. If a field is invalid, the error wraps [ErrInvalid].
func (p Person) Clean() (Person, error) {
	var err error
	if p.FirstName, err = cleanName("first_name", p.FirstName); err != nil {
		return p, err
	}
	if p.LastName, err = cleanName("last_name", p.LastName); err != nil {
		return p, err
	}
	p.Email, err = cleanEmail(p.Email)
	return p, err
}

func cleanName(field, name string) (string, error) {
	if !utf8.ValidString(name) {
		return name, invalid(field, "must be UTF-8")
	}
	if len(name) > 100*maxPersonName {
		return name, invalid(field, "must have 1 to %d characters, got %d bytes", maxPersonName, len(name))
	}
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return name, invalid(field, "missing; use 1 to %d characters", maxPersonName)
	case n > maxPersonName:
		return name, invalid(field, "must have 1 to %d characters, got %d", maxPersonName, n)
	}
	if !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !isBlank(r) }) {
		return name, invalid(field, "must contain a visible character")
	}
	for _, r := range name {
		if isInvisible(r) {
			return name, invalid(field, "must not contain the invisible character %U", r)
		}
	}
	return name, nil
}

// isInvisible reports whether r is a control or format character, other than the
// joiners and tags that occur in names and emoji.
func isInvisible(r rune) bool {
	const joiners = "\u200c\u200d"
	if strings.ContainsRune(joiners, r) || r >= 0xE0020 && r <= 0xE007F { // tag characters, used in flag emoji
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

// isBlank reports whether r is invisible on its own: a combining mark, white space or a
// Hangul filler.
func isBlank(r rune) bool {
	return unicode.IsMark(r) || unicode.IsSpace(r) || strings.ContainsRune("\u115f\u1160\u3164\uffa0\u2800", r)
}

func cleanEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	if email == "" {
		return "", nil
	}
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > maxEmail || !utf8.ValidString(email) || strings.ContainsFunc(email, isIgnorable) {
		return email, invalid("email", "%q is not an email address; use one such as ann@example.org", excerpt.Of(email))
	}
	return email, nil
}

// Identity returns the string that identifies a person: the email address or, without one,
// the names. It does not depend on case, width, composition or invisible characters, or on
// whether the domain is written in Unicode or in ASCII. Spellings that look the same or
// reach the same mailbox therefore have the same identity.
func (p Person) Identity() string {
	if p.Email != "" {
		return addressIdentity(p.Email)
	}
	return caseless(p.LastName) + "\n" + caseless(p.FirstName) // no name has a line break
}

// Mailbox is like [Person.Identity], but it is also equal for email addresses that differ
// only in a tag, such as ann+1@example.org, or in dots at Gmail.
func (p Person) Mailbox() string {
	if p.Email != "" {
		return withoutAlias(addressIdentity(p.Email))
	}
	return p.Identity()
}

// SortName returns the case-folded last name, for comparison with [EntrantQuery.Prefix].
func (p Person) SortName() string { return fold(p.LastName) }

// fold returns text in case-folded form, for comparisons.
func fold(text string) string { return norm.NFC.String(cases.Fold().String(text)) }

// Shown returns the public form of a name, such as "Ann L.".
func (p Person) Shown() string {
	initial, _ := utf8.DecodeRuneInString(p.LastName)
	return p.FirstName + " " + string(initial) + "."
}

// PlayCount returns Plays, or 0 if it is nil.
func (e Entrant) PlayCount() int64 {
	if e.Plays == nil {
		return 0
	}
	return *e.Plays
}

// EntrantQuery selects entrants.
type EntrantQuery struct {
	Paging
	Search string // only entrants whose last name or email address starts with this string, ignoring case
}

// Prefix returns Search in the form of [Person.SortName].
func (q EntrantQuery) Prefix() string { return fold(q.Search) }

// IdentityPrefix returns Search in the form of [Person.Identity].
func (q EntrantQuery) IdentityPrefix() string { return Person{Email: q.Search}.Identity() }
