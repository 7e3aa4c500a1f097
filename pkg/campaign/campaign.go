package campaign

import (
	"regexp"
	"slices"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// State is a stage in the life of a campaign.
type State string

// The states of a campaign, in order.
const (
	Draft  State = "draft"  // everything can be changed; playing is not possible
	Open   State = "open"   // rules, formats and stock are fixed
	Closed State = "closed" // playing is no longer possible; the seed is public
)

// Campaign is the public part of a prize promotion.
type Campaign struct {
	Name         string     `json:"name" doc:"The name in URLs and commands." example:"summer"`
	Title        string     `json:"title" doc:"The name that people see." example:"The great summer draw"`
	State        State      `json:"state" enum:"draft,open,closed"`
	TextFormat   string     `json:"text_format" example:"lower4"`
	NumberFormat string     `json:"number_format" example:"digits4"`
	Rules        string     `json:"rules" doc:"The name of the rules." example:"generous"`
	RulesSHA256  string     `json:"rules_sha256" doc:"The SHA-256 of the rules file, in hexadecimal."`
	RulesYAML    string     `json:"rules_yaml,omitempty" doc:"The text of the rules file, absent in lists."`
	Currency     string     `json:"currency" doc:"The ISO 4217 code of the prizes' currency." example:"GBP"`
	OpensAt      *time.Time `json:"opens_at" doc:"The time from which the campaign can be played; null means when it is opened."`
	ClosesAt     *time.Time `json:"closes_at" doc:"The time until which the campaign can be played; null means when it is closed."`
	MaxPlays     int64      `json:"max_plays" doc:"The maximum number of plays per entrant; 0 means no limit."`
	RequireEmail bool       `json:"require_email" doc:"Whether entrants must have an email address."`
	Commitment   string     `json:"commitment,omitempty" doc:"The SHA-256 of the seed, absent in a draft."`
	Seed         string     `json:"seed,omitempty" doc:"The seed, absent until the campaign is closed."`
	Plays        int64      `json:"plays" doc:"The number of draws."`
	Skipped      int64      `json:"skipped" doc:"The number of indexes that were skipped because their account numbers had been issued before."`
	Prizes       []Stock    `json:"prizes" doc:"The prizes in the order of the rules."`
	CreatedAt    time.Time  `json:"created_at"`
	OpenedAt     *time.Time `json:"opened_at"`
	ClosedAt     *time.Time `json:"closed_at"`
	EndedAt      *time.Time `json:"-"` // when the end at ClosesAt was recorded; nil if it was not recorded
	Version      int64      `json:"version" doc:"A number that increases with each change other than a play."`
}

// Stock is a prize of a campaign with its stock.
type Stock struct {
	Name    string `json:"name" example:"Mug"`
	Value   int64  `json:"value" doc:"The value of one prize, in minor units of the currency."`
	Stock   *int64 `json:"stock" doc:"How many of this prize the campaign can award; null means unlimited."`
	Awarded int64  `json:"awarded" doc:"The number awarded."`
}

// Left returns how many of the prize are left. limited is false if the stock is unlimited.
func (s Stock) Left() (left int64, limited bool) {
	if s.Stock == nil {
		return 0, false
	}
	return *s.Stock - s.Awarded, true
}

// Playable returns nil if the campaign can be played at the given time. Otherwise the
// error wraps [ErrNotOpen] or [ErrEnded].
func (c *Campaign) Playable(now time.Time) error {
	switch {
	case c.State == Draft:
		return notOpen(c.Name, nil)
	case c.State == Closed:
		return ended(c.Name, c.ClosedAt)
	case c.EndedAt != nil: // even if the clock has stepped back since
		return ended(c.Name, c.ClosesAt)
	case c.OpensAt != nil && now.Before(*c.OpensAt):
		return notOpen(c.Name, c.OpensAt)
	case c.ClosesAt != nil && !now.Before(*c.ClosesAt):
		return ended(c.Name, c.ClosesAt)
	}
	return nil
}

// StoredCampaign is a campaign as a [Store] stores it, including the parts that are not
// public yet. Times are in UTC, with millisecond precision.
type StoredCampaign struct {
	Campaign              // its Seed is empty
	ID       int64        // assigned by the store
	Secret   entropy.Seed // the seed; empty for a draft
	Next     uint64       // index of the next draw

	Erased     int64      // number of erased entrants whose plays are still counted
	LastPlayed *time.Time // time of the last play; nil if there is none
}

// timeAt returns the time to record for an event at now. It is never earlier than the
// opening or the last play, even if the clock has stepped back or differs from those of
// other processes.
func (c *StoredCampaign) timeAt(now time.Time) time.Time {
	for _, earliest := range []*time.Time{c.OpenedAt, c.LastPlayed} {
		if earliest != nil && earliest.After(now) {
			now = *earliest
		}
	}
	return now
}

// Public returns the public part of the campaign, with the seed if it is closed.
func (c *StoredCampaign) Public() Campaign {
	p := c.Campaign
	if c.State == Closed {
		p.Seed = string(c.Secret)
	}
	return p
}

// maxName is the maximum length of a campaign's name, in characters.
const maxName = 40

var nameSyntax = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// checkName checks the syntax of a campaign's name. If it is invalid, the error wraps
// [ErrInvalid].
func checkName(name string) error {
	if len(name) > maxName || !nameSyntax.MatchString(name) {
		return invalid("name", "%q is not a campaign name; use up to %d lower-case letters and digits with single hyphens between them, such as summer-2027", excerpt.Of(name), maxName)
	}
	return nil
}

// prizesOf returns the distinct prizes of rules, in order of first appearance. A
// [StoredDraw] refers to a prize by its index in this list.
func prizesOf(rules *prize.Rules) []Stock {
	var list []Stock
	seen := map[string]bool{}
	for _, rule := range rules.List {
		for _, p := range rule.Prizes {
			if seen[p.Name] {
				continue
			}
			seen[p.Name] = true
			s := Stock{Name: p.Name, Value: p.Value}
			if p.Stock > 0 {
				s.Stock = &p.Stock
			}
			list = append(list, s)
		}
	}
	return list
}

// CampaignQuery selects campaigns.
type CampaignQuery struct {
	Paging
	State State // empty for all
}

// awarder awards prizes while their stock lasts.
type awarder struct {
	prizes []Stock
	prize  []int         // by outcome: index of the drawn prize, or noPrize
	then   []int         // by index: index of the replacement after the stock has run out, or noPrize
	counts map[int]int64 // by index: number awarded by this awarder
}

func newAwarder(rules *prize.Rules, prizes []Stock) *awarder {
	a := &awarder{prizes: slices.Clone(prizes), counts: map[int]int64{}}
	indexOf := func(name string) int {
		return slices.IndexFunc(prizes, func(s Stock) bool { return s.Name == name })
	}
	a.then = make([]int, len(prizes))
	a.prize = make([]int, rules.Outcomes())
	for o := range a.prize {
		a.prize[o] = noPrize
		if won := rules.Prize(prize.Outcome(o)); won != nil {
			a.prize[o] = indexOf(won.Name)
			a.then[a.prize[o]] = noPrize
			if won.Then != "" {
				a.then[a.prize[o]] = indexOf(won.Then)
			}
		}
	}
	return a
}

// award takes the prize of an outcome, or its replacement, from the stock and returns its
// index. It returns noPrize if nothing is won.
func (a *awarder) award(o prize.Outcome) int {
	i := a.prize[o]
	for i != noPrize {
		if left, limited := a.prizes[i].Left(); !limited || left > 0 {
			a.prizes[i].Awarded++
			a.counts[i]++
			return i
		}
		i = a.then[i]
	}
	return noPrize
}

// Change is an entry of the audit trail: an action of a promoter.
type Change struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"The role of the promoter." example:"admin"`
	Action  string    `json:"action" doc:"The action." example:"campaign.open"`
	Subject string    `json:"subject" doc:"The campaign, draw or entrant that was changed." example:"summer"`
	Detail  string    `json:"detail,omitempty" doc:"Details, without personal data."`
}

// ChangeQuery selects entries of the audit trail. Its cursor is the ID of an entry; only
// older entries are selected.
type ChangeQuery struct {
	Paging
	Subject string // only entries for this subject; empty for all
}

// visibility determines which parts of the stored data a caller may see.
type visibility int

const (
	publicView visibility = iota // no drafts, no notes, no personal data
	adminView                    // everything
)

// noPrize is the prize index of a draw that won nothing.
const noPrize = -1
