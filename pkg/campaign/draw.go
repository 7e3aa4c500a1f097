package campaign

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Draw is a draw of a campaign.
type Draw struct {
	ID           string      `json:"id" doc:"Names the draw and can't be guessed: whoever has it may see the draw." example:"summer-17-3k5dyzf2q7wmb4xu"`
	Index        uint64      `json:"index"`
	Account      string      `json:"account" example:"awsn5676"`
	Text         string      `json:"text" example:"awsn"`
	Number       string      `json:"number" example:"5676"`
	Rule         *string     `json:"rule" doc:"The rule that matched; null where no rule covers the account number."`
	Prize        *draw.Prize `json:"prize" doc:"What was won; null for nothing."`
	Drawn        *draw.Prize `json:"drawn,omitempty" doc:"What chance gave where that had run out, so that prize followed."`
	Campaign     string      `json:"campaign" example:"summer"`
	Seed         string      `json:"seed,omitempty" doc:"The seed of the campaign, once that is closed."`
	TextFormat   string      `json:"text_format" example:"lower4"`
	NumberFormat string      `json:"number_format" example:"digits4"`
	Rules        string      `json:"rules" example:"generous"`
	RulesSHA256  string      `json:"rules_sha256"`
	PlayedAt     time.Time   `json:"played_at"`
	Player       string      `json:"player,omitempty" doc:"First name and initial of the entrant." example:"Ann L."`
	Claim        *Mark       `json:"claim,omitempty" doc:"When the prize was handed over."`
	Void         *Mark       `json:"void,omitempty" doc:"When the draw was voided and why."`
	Entrant      *Contact    `json:"entrant,omitempty" doc:"Who played, for the promoter alone."`
}

// Mark is something that a promoter did to a draw.
type Mark struct {
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"`
}

// Row is a draw as it is stored. Times are in UTC, to the millisecond.
type Row struct {
	Campaign int64 // the ID of its record
	Index    uint64
	Account  string
	Outcome  prize.Outcome // by chance
	Awarded  int           // the place of what was won in [Prizes], NoPrize for nothing
	Secret   Secret
	PlayedAt time.Time
	Entrant  int64    // the ID of an entrant, 0 for nobody
	Key      *Digest  // of the once-only key, nil for none
	Request  *Digest  // of what was asked for with that key
	Claim    *Mark    // nil where there is none
	Void     *Mark    // nil where there is none
	Person   *Contact // who Entrant is; filled in where rows are read for people
}

// NoPrize stands for nothing where a prize's place is told.
const NoPrize = -1

// Digest is the first half of a SHA-256.
type Digest [16]byte

// Secret is what makes the ID of a draw one that can't be guessed.
type Secret [10]byte

func newSecret() (s Secret) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// secretText is how secrets are spelled: in lower case, since an ID stands in an
// address.
func secretText() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// ParseSecret reads the last part of an ID.
func ParseSecret(text string) (s Secret, ok bool) {
	b, err := secretText().DecodeString(text)
	if err != nil || len(b) != len(s) {
		return s, false
	}
	return Secret(b), true
}

// String writes the last part of an ID.
func (s Secret) String() string { return secretText().EncodeToString(s[:]) }

func drawID(campaign string, index uint64, secret Secret) string {
	return fmt.Sprintf("%s-%d-%s", campaign, index, secret)
}

// ParseID reads the ID of a draw. It wraps [ErrNotFound]: an ID that is none names
// nothing.
func ParseID(id string) (campaign string, index uint64, secret Secret, err error) {
	rest, last := cutLast(id)
	campaign, middle := cutLast(rest)
	index, numberErr := strconv.ParseUint(middle, 10, 63)
	secret, ok := ParseSecret(last)
	if numberErr != nil || !ok || CheckName(campaign) != nil || drawID(campaign, index, secret) != id {
		return "", 0, secret, Errorf(ErrNotFound, "there is no draw %q", clip(id))
	}
	return campaign, index, secret, nil
}

func cutLast(text string) (before, after string) {
	i := strings.LastIndexByte(text, '-')
	if i < 0 {
		return "", text
	}
	return text[:i], text[i+1:]
}
