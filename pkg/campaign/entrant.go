package campaign

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Person is who plays.
type Person struct {
	FirstName string `json:"first_name" doc:"1 to 100 characters of any script." example:"Ann"`
	LastName  string `json:"last_name" doc:"1 to 100 characters of any script." example:"Lee"`
	Email     string `json:"email,omitempty" doc:"An email address; may be left out where the campaign does not ask for it." example:"ann@example.org"`
}

// Contact is a person that is known: somebody who played or was added.
type Contact struct {
	ID int64 `json:"id"`
	Person
	CreatedAt time.Time `json:"created_at"`
}

// Entrant is a contact with what it has done.
type Entrant struct {
	Contact
	Plays int64 `json:"plays" doc:"How many draws of all campaigns are theirs."`
}

// The bounds of what entrants may be called.
const (
	MaxPersonName = 100 // characters
	MaxEmail      = 254 // bytes, RFC 5321
)

// Clean gives a person with the white space around and the different spellings of
// the same letters taken out of the names, or what is wrong with them. It wraps
// [ErrInvalid].
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
		return name, invalid(field, "it is not UTF-8")
	}
	if len(name) > 100*MaxPersonName {
		return name, invalid(field, "it is too long, expected 1 to %d characters", MaxPersonName)
	}
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return name, invalid(field, "it is missing, expected 1 to %d characters", MaxPersonName)
	case n > MaxPersonName:
		return name, invalid(field, "it has %d characters, expected 1 to %d", n, MaxPersonName)
	}
	if !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !blank(r) }) {
		return name, invalid(field, "nothing of it can be seen, expected letters")
	}
	for _, r := range name {
		if hidden(r) {
			return name, invalid(field, "it has the character %U, which can't be seen, expected letters", r)
		}
	}
	return name, nil
}

// hidden says whether a character is none that people see: a control character, or
// one that turns the direction of the text around it.
func hidden(r rune) bool {
	const joiners = "\u200c\u200d"                                        // names of some scripts and emoji are spelled with them
	if strings.ContainsRune(joiners, r) || r >= 0xE0020 && r <= 0xE007F { // the latter spell flags
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

// blank says whether a character takes part in a text without a shape of its own: a
// mark on another one, or a filler of Hangul.
func blank(r rune) bool {
	return unicode.IsMark(r) || unicode.IsSpace(r) || strings.ContainsRune("\u115f\u1160\u3164\uffa0\u2800", r)
}

func cleanEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	if email == "" {
		return "", nil
	}
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > MaxEmail || !utf8.ValidString(email) || strings.ContainsFunc(email, hidden) {
		return email, invalid("email", "%q is no email address, expected one such as ann@example.org", clip(email))
	}
	return email, nil
}

// Identity is what a person is told apart by where plays are counted: the email
// address, and where there is none the names. Upper and lower case are the same in
// it.
func (p Person) Identity() string {
	if p.Email != "" {
		return Fold(p.Email)
	}
	return Fold(p.LastName + "\n" + p.FirstName) // which no name has
}

// Fold makes texts equal that differ in upper and lower case only.
func Fold(text string) string { return norm.NFC.String(cases.Fold().String(text)) }

// Shown is how the public sees a person: the first name and the first letter of the
// last.
func (p Person) Shown() string {
	initial, _ := utf8.DecodeRuneInString(p.LastName)
	return p.FirstName + " " + string(initial) + "."
}
