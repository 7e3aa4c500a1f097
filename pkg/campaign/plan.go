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

// Plan is the part of a campaign that a promoter chooses. [Campaign] does not embed it,
// because its JSON has the same members in a different order.
type Plan struct {
	Name         string     `json:"name" doc:"The name in URLs and commands. It cannot change." example:"summer" maxLength:"40"`
	Title        string     `json:"title,omitempty" doc:"The name that people see. The default is name." example:"The great summer draw" maxLength:"200"`
	Rules        string     `json:"rules,omitempty" doc:"The name of deployed rules. The default is the service's rules, unless rules_yaml is set." example:"generous" maxLength:"100"`
	RulesYAML    string     `json:"rules_yaml,omitempty" doc:"The text of a rules file, instead of rules." maxLength:"262144"`
	TextFormat   string     `json:"text_format,omitempty" doc:"The format of the text part. The default is the deployed one." example:"lower4" maxLength:"300"`
	NumberFormat string     `json:"number_format,omitempty" doc:"The format of the number part. The default is the deployed one." example:"digits4" maxLength:"300"`
	OpensAt      *time.Time `json:"opens_at,omitempty" doc:"The time from which the campaign can be played. The default is when it is opened."`
	ClosesAt     *time.Time `json:"closes_at,omitempty" doc:"The time until which the campaign can be played. The default is when it is closed."`
	MaxPlays     int64      `json:"max_plays,omitempty" doc:"The maximum number of plays per entrant; 0 means no limit." minimum:"0"`
	RequireEmail bool       `json:"require_email,omitempty" doc:"Whether entrants must have an email address."`
}

// maxTitle is the maximum length of a title, in characters.
const maxTitle = 200

// validPlan is a validated plan, with its parsed rules and formats.
type validPlan struct {
	Plan
	rules  *prize.Rules
	text   textgen.Format
	number numgen.Format
}

// validate checks and parses a plan. Its errors wrap [ErrInvalid] or come from the
// parsers of rules and formats.
func (p Plan) validate() (v validPlan, err error) {
	if err := checkName(p.Name); err != nil {
		return v, err
	}
	p.Title = strings.TrimSpace(p.Title)
	if p.Title == "" {
		p.Title = p.Name
	}
	switch n := utf8.RuneCountInString(p.Title); {
	case !utf8.ValidString(p.Title) || strings.ContainsFunc(p.Title, isInvisible):
		return v, invalid("title", "contains invisible characters; use one line of text")
	case n > maxTitle:
		return v, invalid("title", "has %d characters; the maximum is %d", n, maxTitle)
	}
	if p.MaxPlays < 0 {
		return v, invalid("max_plays", "must be at least 0 (0 means no limit), got %d", p.MaxPlays)
	}
	p.OpensAt, p.ClosesAt = toMillis(p.OpensAt), toMillis(p.ClosesAt)
	if p.OpensAt != nil && p.ClosesAt != nil && !p.OpensAt.Before(*p.ClosesAt) {
		return v, invalid("closes_at", "must be later than opens_at")
	}
	for field, at := range map[string]*time.Time{"opens_at": p.OpensAt, "closes_at": p.ClosesAt} {
		if at != nil && (at.Year() < 1970 || at.Year() > 9999) {
			return v, invalid(field, "must be in a year from 1970 to 9999, got %d", at.Year())
		}
	}
	v.Plan = p
	if v.text, err = textgen.Parse(p.TextFormat); err != nil {
		return v, inField("text_format", err)
	}
	if v.number, err = numgen.Parse(p.NumberFormat); err != nil {
		return v, inField("number_format", err)
	}
	if v.rules, err = prize.Parse("rules", []byte(p.RulesYAML)); err != nil {
		return v, inField("rules_yaml", err)
	}
	return v, nil
}

// toMillis returns a time in UTC, truncated to the precision of the store.
func toMillis(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := at.UTC().Truncate(time.Millisecond)
	return &t
}

// checkCoverage returns an error if an account number matches no rule or a rule can never
// be reached.
func (v *validPlan) checkCoverage() error {
	return checkCoverage(v.rules, v.text.Format, v.number.Format)
}

func checkCoverage(rules *prize.Rules, parts ...partgen.Format) error {
	for _, w := range rules.Check(parts...) {
		if w.Kind == prize.Unreachable || w.Kind == prize.Uncovered {
			example := ""
			if w.Example != "" {
				example = ", such as " + w.Example
			}
			return invalid("rules_yaml", "%s%s; a campaign needs a rule for every account number, and every rule must be reachable", w.Message, example)
		}
	}
	return nil
}

// apply copies the plan to a campaign.
func (v *validPlan) apply(c *StoredCampaign) {
	c.Name, c.Title = v.Name, v.Title
	c.TextFormat, c.NumberFormat = v.text.String(), v.number.String()
	c.Rules, c.RulesSHA256, c.RulesYAML = v.rules.Name, v.rules.SHA256(), v.RulesYAML
	c.Currency = v.rules.Currency.Code
	c.OpensAt, c.ClosesAt = v.OpensAt, v.ClosesAt
	c.MaxPlays, c.RequireEmail = v.MaxPlays, v.RequireEmail
	c.Prizes = prizesOf(v.rules)
}

// Plan returns the plan of a campaign, which must contain RulesYAML.
func (c *Campaign) Plan() Plan {
	return Plan{
		Name: c.Name, Title: c.Title, RulesYAML: c.RulesYAML,
		TextFormat: c.TextFormat, NumberFormat: c.NumberFormat,
		OpensAt: c.OpensAt, ClosesAt: c.ClosesAt, MaxPlays: c.MaxPlays, RequireEmail: c.RequireEmail,
	}
}

// countAccounts returns the number of account numbers that two formats can produce, but at
// most [math.MaxInt64].
func countAccounts(text textgen.Format, number numgen.Format) int64 {
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
