package campaign

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Draw is a draw of a campaign.
type Draw struct {
	ID    string `json:"id" doc:"The ID of the draw. It cannot be guessed, and anyone who knows it can see the draw." example:"summer-17-3k5dyzf2q7wmb4xu"`
	Index uint64 `json:"index"`
	draw.Account
	draw.Outcome
	Drawn    *draw.Prize `json:"drawn,omitempty" doc:"The prize that was drawn, if it had run out; prize is its replacement."`
	Campaign string      `json:"campaign" example:"summer"`
	Seed     string      `json:"seed,omitempty" doc:"The seed of the campaign, absent until the campaign is closed."`
	draw.Basis
	PlayedAt time.Time `json:"played_at"`
	Player   string    `json:"player,omitempty" doc:"The first name and initial of the entrant." example:"Ann L."`
	Claim    *Mark     `json:"claim,omitempty" doc:"When the prize was claimed."`
	Void     *Mark     `json:"void,omitempty" doc:"When the draw was voided and why."`
	Entrant  *Entrant  `json:"entrant,omitempty" doc:"The entrant, shown only to promoters."`
}

// OutcomeByChance returns the outcome that was drawn, whether or not its prize had run
// out. rules must be the rules of the campaign; ok is false if they do not contain the
// outcome.
func (d *Draw) OutcomeByChance(rules *prize.Rules) (outcome prize.Outcome, ok bool) {
	return rules.OutcomeOf(textOf(d.Rule), nameDrawn(d.Prize, d.Drawn))
}

// nameDrawn returns the name of the prize that was drawn, or an empty string for no prize.
// won is the prize that was won, and drawn is the prize that had run out; either may be nil.
func nameDrawn(won, drawn *draw.Prize) string {
	if drawn == nil {
		drawn = won
	}
	if drawn == nil {
		return ""
	}
	return drawn.Name
}

// Mark records that the prize of a draw was claimed, or that a draw was voided.
type Mark struct {
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"`
}

// withoutNote returns m without its note, which may contain personal data.
func (m *Mark) withoutNote() *Mark {
	if m == nil {
		return nil
	}
	return &Mark{At: m.At}
}

// StoredDraw is a draw as a [Store] stores it. Times are in UTC, with millisecond
// precision. It does not embed [Draw], because a table of millions of draws stores
// numbers that refer to the campaign and its rules rather than the strings in a Draw.
//
// An index is skipped if its account number had been issued before. The StoredDraw of a
// skipped index contains only Campaign, Index and Account.
type StoredDraw struct {
	Campaign int64 // ID of a StoredCampaign
	Index    uint64
	Account  string
	Outcome  prize.Outcome // as drawn, even if the prize had run out
	Awarded  int           // index of the prize in Campaign.Prizes; negative means no prize
	Secret   secret        // makes the ID of the draw impossible to guess
	PlayedAt time.Time
	Entrant  int64    // ID of the entrant; 0 if there is none or it was erased
	Key      *digest  // digest of the once-only key; nil if there is no key
	Request  *digest  // digest of all other fields of the play; nil if there is no key
	Claim    *Mark    // nil if not claimed
	Void     *Mark    // nil if not void
	Person   *Entrant // the entrant, without Plays; nil unless the draw was read with it
}

// digest is the first half of a SHA-256 hash.
type digest = [16]byte

// secret is the random part of a draw's ID.
type secret = [10]byte

func newSecret() (s secret) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// secretEncoding returns the encoding of secrets. It is lower case because IDs are part of
// URLs.
func secretEncoding() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// drawID returns the ID of a draw.
func drawID(campaign string, index uint64, s secret) string {
	return fmt.Sprintf("%s-%d-%s", campaign, index, secretEncoding().EncodeToString(s[:]))
}

// parseID parses a draw ID. If it is malformed, the error wraps [ErrNotFound].
func parseID(id string) (campaign string, index uint64, s secret, err error) {
	rest, last := cutLast(id)
	campaign, middle := cutLast(rest)
	index, indexErr := strconv.ParseUint(middle, 10, 63)
	b, secretErr := secretEncoding().DecodeString(last)
	if indexErr != nil || secretErr != nil || len(b) != len(s) || checkName(campaign) != nil {
		return "", 0, s, noDraw(id)
	}
	s = secret(b)
	if drawID(campaign, index, s) != id {
		return "", 0, s, noDraw(id)
	}
	return campaign, index, s, nil
}

func noDraw(id string) error { return Errorf(ErrNotFound, "there is no draw %q", excerpt.Of(id)) }

// cutLast cuts a string at its last hyphen.
func cutLast(text string) (before, after string) {
	i := strings.LastIndexByte(text, '-')
	if i < 0 {
		return "", text
	}
	return text[:i], text[i+1:]
}

// newDraw returns the draw that row describes, without its entrant.
func newDraw(c *StoredCampaign, rules *prize.Rules, row *StoredDraw) Draw {
	d := Draw{
		ID: drawID(c.Name, row.Index, row.Secret), Index: row.Index, Account: splitAccount(c, row.Account),
		Campaign: c.Name,
		Basis:    draw.Basis{TextFormat: c.TextFormat, NumberFormat: c.NumberFormat, Rules: c.Rules, RulesSHA256: c.RulesSHA256},
		PlayedAt: row.PlayedAt, Claim: row.Claim, Void: row.Void,
	}
	if c.State == Closed {
		d.Seed = string(c.Secret)
	}
	if rule := rules.Rule(row.Outcome); rule != nil {
		d.Rule = &rule.Name
	}
	if row.Awarded >= 0 {
		won := c.Prizes[row.Awarded]
		d.Prize = &draw.Prize{Name: won.Name, Value: won.Value, Currency: c.Currency}
	}
	if drawn := rules.Prize(row.Outcome); drawn != nil && (d.Prize == nil || d.Prize.Name != drawn.Name) {
		d.Drawn = &draw.Prize{Name: drawn.Name, Value: drawn.Value, Currency: c.Currency}
	}
	if row.Person != nil {
		d.Player = row.Person.Shown()
	}
	return d
}

// splitAccount splits an account number into its text part and its number part.
func splitAccount(c *StoredCampaign, account string) draw.Account {
	format, err := textgen.Parse(c.TextFormat)
	if err != nil || format.Len() > len(account) {
		return draw.Account{Whole: account, Text: account}
	}
	return draw.Account{Whole: account, Text: account[:format.Len()], Number: account[format.Len():]}
}

// The possible values of [DrawQuery.Status].
const (
	Unclaimed = "unclaimed" // won, and neither claimed nor void
	Claimed   = "claimed"
	Voided    = "voided"
)

// DrawQuery selects draws of a campaign.
type DrawQuery struct {
	Paging
	Campaign string // name of the campaign
	Oldest   bool   // oldest first instead of newest first
	Won      bool   // only draws that won a prize
	Prize    string // only draws that won this prize; empty for all
	Entrant  int64  // only draws of this entrant; 0 for all
	Account  string // only draws whose account number starts with this string
	Status   string // [Unclaimed], [Claimed] or [Voided]; empty for all
}

func newDigest(text []byte) digest {
	sum := sha256.Sum256(text)
	return digest(sum[:len(digest{})])
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
