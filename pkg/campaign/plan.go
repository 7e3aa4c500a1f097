package campaign

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Plan is what a promoter decides about a campaign.
type Plan struct {
	Name         string     `json:"name" doc:"Its name in addresses and commands; fixed from the beginning." example:"summer" maxLength:"40"`
	Title        string     `json:"title,omitempty" doc:"Its name for people; the name where it is left out." example:"The great summer draw" maxLength:"200"`
	Rules        string     `json:"rules,omitempty" doc:"Name of deployed rules; the service's own where neither these nor rules_yaml are given." example:"generous" maxLength:"100"`
	RulesYAML    string     `json:"rules_yaml,omitempty" doc:"The text of a rules file." maxLength:"262144"`
	TextFormat   string     `json:"text_format,omitempty" doc:"The deployed format where it is left out." example:"lower4" maxLength:"300"`
	NumberFormat string     `json:"number_format,omitempty" doc:"The deployed format where it is left out." example:"digits4" maxLength:"300"`
	OpensAt      *time.Time `json:"opens_at,omitempty" doc:"When playing begins; left out for as soon as it is open."`
	ClosesAt     *time.Time `json:"closes_at,omitempty" doc:"When playing ends; left out for as soon as it is closed."`
	MaxPlays     int64      `json:"max_plays,omitempty" doc:"How often an entrant may play, 0 for any number." minimum:"0"`
	RequireEmail bool       `json:"require_email,omitempty" doc:"Whether entrants must give an email address."`
}

// maxTitle is how many characters a title may have.
const maxTitle = 200

// made is a plan that was understood.
type made struct {
	Plan
	rules  *prize.Rules
	text   textgen.Format
	number numgen.Format
}

// understand checks a plan. Its errors wrap [ErrInvalid], or are those of rules and
// formats.
func (p Plan) understand() (m made, err error) {
	if err := CheckName(p.Name); err != nil {
		return m, err
	}
	p.Title = strings.TrimSpace(p.Title)
	if p.Title == "" {
		p.Title = p.Name
	}
	switch n := utf8.RuneCountInString(p.Title); {
	case !utf8.ValidString(p.Title) || strings.ContainsFunc(p.Title, hidden):
		return m, invalid("title", "it has characters that can't be seen, expected a line of text")
	case n > maxTitle:
		return m, invalid("title", "it has %d characters, expected at most %d", n, maxTitle)
	}
	if p.MaxPlays < 0 {
		return m, invalid("max_plays", "%d is negative, expected 0 for any number of plays, or more", p.MaxPlays)
	}
	p.OpensAt, p.ClosesAt = stored(p.OpensAt), stored(p.ClosesAt)
	if p.OpensAt != nil && p.ClosesAt != nil && !p.OpensAt.Before(*p.ClosesAt) {
		return m, invalid("closes_at", "it is not after opens_at, expected a later time")
	}
	for field, at := range map[string]*time.Time{"opens_at": p.OpensAt, "closes_at": p.ClosesAt} {
		if at != nil && (at.Year() < 1970 || at.Year() > 9999) {
			return m, invalid(field, "the year is %d, expected 1970 to 9999", at.Year())
		}
	}
	m.Plan = p
	if m.text, err = textgen.Parse(p.TextFormat); err != nil {
		return m, in("text_format", err)
	}
	if m.number, err = numgen.Parse(p.NumberFormat); err != nil {
		return m, in("number_format", err)
	}
	if m.rules, err = prize.Parse("rules", []byte(p.RulesYAML)); err != nil {
		return m, in("rules_yaml", err)
	}
	return m, nil
}

// stored gives a time as the store keeps it.
func stored(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := at.UTC().Truncate(time.Millisecond)
	return &t
}

// fits says what keeps a plan from being played: prizes that can't be won, account
// numbers without a rule.
func (m *made) fits() error {
	return fits(m.rules, m.text.Format, m.number.Format)
}

func fits(rules *prize.Rules, parts ...partgen.Format) error {
	for _, w := range rules.Check(parts...) {
		if w.Kind == prize.Unreachable || w.Kind == prize.Uncovered {
			example := ""
			if w.Example != "" {
				example = ", such as " + w.Example
			}
			return invalid("rules_yaml", "%s%s; a campaign must have a rule for every account number and none that is never reached", w.Message, example)
		}
	}
	return nil
}

// record writes a plan into a record.
func (m *made) record(r *Record) {
	r.Name, r.Title = m.Name, m.Title
	r.TextFormat, r.NumberFormat = m.text.String(), m.number.String()
	r.Rules, r.RulesSHA256, r.RulesYAML = m.rules.Name, m.rules.SHA256(), m.RulesYAML
	r.Currency = m.rules.Currency.Code
	r.OpensAt, r.ClosesAt = m.OpensAt, m.ClosesAt
	r.MaxPlays, r.RequireEmail = m.MaxPlays, m.RequireEmail
	r.Prizes = Prizes(m.rules)
}

// Plan is what was decided about a campaign whose rules are there with their text.
func (c *Campaign) Plan() Plan {
	return Plan{
		Name: c.Name, Title: c.Title, RulesYAML: c.RulesYAML,
		TextFormat: c.TextFormat, NumberFormat: c.NumberFormat,
		OpensAt: c.OpensAt, ClosesAt: c.ClosesAt, MaxPlays: c.MaxPlays, RequireEmail: c.RequireEmail,
	}
}

// issuable is how many account numbers a campaign can issue, as far as that can be
// counted.
func issuable(text textgen.Format, number numgen.Format) int64 {
	size := text.Size()
	size.Mul(size, number.Size())
	if !size.IsInt64() {
		return math.MaxInt64
	}
	return size.Int64()
}

func equalTimes(a, b *time.Time) bool { return timeText(a) == timeText(b) }

func timeText(at *time.Time) string {
	if at == nil {
		return "none"
	}
	return at.Format(time.RFC3339Nano)
}
