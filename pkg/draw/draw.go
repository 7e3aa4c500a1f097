// Package draw makes draws: account numbers and the prizes that they win. A draw depends
// only on its formats, its rules, a seed and an index.
//
// A [Generator] makes the parts of many draws at a time; [Local] makes them in this
// process. [Run] makes the draws of a [Spec] in batches on all cores and emits them in
// the order of their indexes, so the output does not depend on the number of cores.
// [CSV], [NDJSON] and [JSON] encode draws, and [Verify] recomputes encoded draws.
package draw

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Account is an account number: a text part followed by a number part. The parts are empty
// if the account number was given rather than generated. The required tags are for the
// OpenAPI documents of the services, which always generate account numbers.
type Account struct {
	Whole  string `json:"account" example:"awsn5676"`
	Text   string `json:"text,omitempty" required:"true" example:"awsn"`
	Number string `json:"number,omitempty" required:"true" example:"5676"`
}

// Outcome is the rule that matched an account number and the prize that was won.
type Outcome struct {
	Rule  *string `json:"rule" doc:"The rule that matched; null if no rule matches the account number."`
	Prize *Prize  `json:"prize" doc:"The prize that was won; null for no prize."`
}

// Basis contains the formats and the rules that, together with a seed and an index,
// determine a draw. The formats are empty if the account number was given.
type Basis struct {
	TextFormat   string `json:"text_format,omitempty" required:"true" example:"lower4"`
	NumberFormat string `json:"number_format,omitempty" required:"true" example:"digits4"`
	Rules        string `json:"rules" example:"generous"`
	RulesSHA256  string `json:"rules_sha256"`
}

// Draw is the JSON form of a draw. It contains everything needed to recompute the draw.
type Draw struct {
	Index uint64 `json:"index"`
	Account
	Outcome
	Seed string `json:"seed"`
	Basis

	// Entropy proves that the seed comes from an external source. It is nil for other
	// seeds.
	Entropy jsontext.Value `json:"entropy,omitzero"`
}

// Prize is the prize of a draw.
type Prize struct {
	Name     string `json:"name"`
	Value    int64  `json:"value"`    // in minor units of the currency
	Currency string `json:"currency"` // ISO 4217
}

// Spec describes the draws of a run.
type Spec struct {
	Seed   entropy.Seed
	Proof  jsontext.Value // JSON object that proves the origin of the seed; nil for none
	Start  uint64         // index of the first draw
	Count  uint64         // number of draws; ignored if Accounts is set
	Text   textgen.Format // ignored if Accounts is set
	Number numgen.Format  // ignored if Accounts is set
	Rules  *prize.Rules

	// Accounts, if not nil, provides account numbers to use instead of generated
	// ones. [Run] calls it repeatedly with an empty list. Each call appends between 1
	// and [BatchSize] account numbers, or none at the end.
	Accounts func(list *prize.Accounts) error
}

// Batch holds consecutive draws of a run.
type Batch struct {
	Start    uint64 // index of the first draw
	Accounts prize.Accounts
	Outcomes []prize.Outcome
	Out      []byte // set by the encode function of the run

	spec           *Spec
	count          uint64
	texts, numbers []byte
	err            error
	number         int // position of the batch in the run, from 0
}

// Len returns the number of draws in the batch.
func (b *Batch) Len() int { return len(b.Outcomes) }

// Account returns the account number at position i of the batch (from 0).
func (b *Batch) Account(i int) Account {
	a := Account{Whole: string(b.Accounts.At(i))}
	if b.spec.Accounts == nil {
		a.Text, a.Number = a.Whole[:b.spec.Text.Len()], a.Whole[b.spec.Text.Len():]
	}
	return a
}

// Draw returns the draw at position i of the batch (from 0).
func (b *Batch) Draw(i int) Draw {
	rules := b.spec.Rules
	d := Draw{
		Index:   b.Start + uint64(i),
		Account: b.Account(i),
		Seed:    string(b.spec.Seed),
		Basis:   Basis{Rules: rules.Name, RulesSHA256: rules.SHA256()},
		Entropy: b.spec.Proof,
	}
	if b.spec.Accounts == nil {
		d.TextFormat, d.NumberFormat = b.spec.Text.String(), b.spec.Number.String()
	}
	if rule := rules.Rule(b.Outcomes[i]); rule != nil {
		d.Rule = &rule.Name
	}
	if won := rules.Prize(b.Outcomes[i]); won != nil {
		d.Prize = &Prize{Name: won.Name, Value: won.Value, Currency: rules.Currency.Code}
	}
	return d
}
