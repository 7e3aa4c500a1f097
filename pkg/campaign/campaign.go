package campaign

import (
	"regexp"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// State is where a campaign is in its life.
type State string

// The states of a campaign, in their order.
const (
	Draft  State = "draft"  // everything can be changed, nobody can play
	Open   State = "open"   // rules, formats and stock are fixed
	Closed State = "closed" // nobody can play any more, the seed is known
)

// Campaign is one promotion, as far as the public may know it.
type Campaign struct {
	Name         string     `json:"name" doc:"Its name in addresses and commands." example:"summer"`
	Title        string     `json:"title" doc:"Its name for people." example:"The great summer draw"`
	State        State      `json:"state" enum:"draft,open,closed"`
	TextFormat   string     `json:"text_format" example:"lower4"`
	NumberFormat string     `json:"number_format" example:"digits4"`
	Rules        string     `json:"rules" doc:"Name of its rules." example:"generous"`
	RulesSHA256  string     `json:"rules_sha256" doc:"SHA-256 of the text of its rules, in hexadecimal."`
	RulesYAML    string     `json:"rules_yaml,omitempty" doc:"The text of its rules, where one campaign is asked for."`
	Currency     string     `json:"currency" doc:"ISO 4217 code of the values of its prizes." example:"GBP"`
	OpensAt      *time.Time `json:"opens_at" doc:"When playing begins; null for as soon as it is open."`
	ClosesAt     *time.Time `json:"closes_at" doc:"When playing ends; null for as soon as it is closed."`
	MaxPlays     int64      `json:"max_plays" doc:"How often an entrant may play, 0 for any number."`
	RequireEmail bool       `json:"require_email" doc:"Whether entrants must give an email address."`
	Commitment   string     `json:"commitment,omitempty" doc:"SHA-256 of the seed, from the opening on."`
	Seed         string     `json:"seed,omitempty" doc:"The seed, once the campaign is closed."`
	Plays        int64      `json:"plays" doc:"How many draws were made."`
	Skipped      int64      `json:"skipped" doc:"How many indexes were skipped, since their account numbers were issued before."`
	Prizes       []Stock    `json:"prizes" doc:"Its prizes and how many of them were awarded, in the order of the rules."`
	CreatedAt    time.Time  `json:"created_at"`
	OpenedAt     *time.Time `json:"opened_at"`
	ClosedAt     *time.Time `json:"closed_at"`
	Version      int64      `json:"version" doc:"Counts its changes other than plays."`
}

// Stock is a prize of a campaign and what has become of it.
type Stock struct {
	Name    string `json:"name" example:"Mug"`
	Value   int64  `json:"value" doc:"What one is worth, in minor units."`
	Stock   *int64 `json:"stock" doc:"How many there are; null for any number."`
	Awarded int64  `json:"awarded" doc:"How many were given."`
}

// Left is how many there still are; limited is false where there are any number.
func (s Stock) Left() (left int64, limited bool) {
	if s.Stock == nil {
		return 0, false
	}
	return *s.Stock - s.Awarded, true
}

// Playable says why a campaign can't be played at a time; nil where it can. It
// wraps [ErrNotOpen] or [ErrEnded].
func (c *Campaign) Playable(now time.Time) error {
	switch {
	case c.State == Draft:
		return notOpen(c.Name, nil)
	case c.State == Closed:
		return ended(c.Name, c.ClosedAt)
	case c.OpensAt != nil && now.Before(*c.OpensAt):
		return notOpen(c.Name, c.OpensAt)
	case c.ClosesAt != nil && !now.Before(*c.ClosesAt):
		return ended(c.Name, c.ClosesAt)
	}
	return nil
}

// Record is a campaign as it is stored: with what the public may not know yet.
// Times are in UTC, to the millisecond.
type Record struct {
	Campaign              // without seed
	ID       int64        // given by the store
	Secret   entropy.Seed // empty for a draft
	Next     uint64       // the index of the next draw
}

// Public is what the public may know of a campaign.
func (r *Record) Public() Campaign {
	c := r.Campaign
	if c.State == Closed {
		c.Seed = string(r.Secret)
	}
	return c
}

// MaxName is how many characters the name of a campaign may have.
const MaxName = 40

var nameSyntax = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// CheckName says what is wrong with the name of a campaign. It wraps [ErrInvalid].
func CheckName(name string) error {
	if len(name) > MaxName || !nameSyntax.MatchString(name) {
		return invalid("name", "%q can't be the name of a campaign, expected up to %d lower-case letters, digits and single hyphens between them, such as summer-2027", clip(name), MaxName)
	}
	return nil
}

// Prizes lists the prizes of rules, each once, in the order they are named in
// first. Their places in this list are how the store knows them.
func Prizes(rules *prize.Rules) []Stock {
	var list []Stock
	known := map[string]bool{}
	for _, rule := range rules.List {
		for _, p := range rule.Prizes {
			if known[p.Name] {
				continue
			}
			known[p.Name] = true
			s := Stock{Name: p.Name, Value: p.Value}
			if p.Stock > 0 {
				s.Stock = &p.Stock
			}
			list = append(list, s)
		}
	}
	return list
}
