package draw

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Account is an account number: its text part followed by its number part. The
// parts of one that was given are not known, and empty.
type Account struct {
	Whole  string `json:"account"`
	Text   string `json:"text,omitempty"`
	Number string `json:"number,omitempty"`
}

// Draw is one draw in the form that it is written in as JSON, from which anyone
// can recompute it.
type Draw struct {
	Index uint64 `json:"index"`
	Account
	Rule         *string `json:"rule"`  // nil where no rule covers the account number
	Prize        *Prize  `json:"prize"` // nil where nothing was won
	Seed         string  `json:"seed"`
	TextFormat   string  `json:"text_format,omitempty"` // empty where the account number was given
	NumberFormat string  `json:"number_format,omitempty"`
	Rules        string  `json:"rules"`
	RulesSHA256  string  `json:"rules_sha256"`

	// Entropy proves where the seed comes from, where it is from outside.
	Entropy jsontext.Value `json:"entropy,omitempty"`
}

// Prize is what a draw won.
type Prize struct {
	Name     string `json:"name"`
	Value    int64  `json:"value"`    // in minor units
	Currency string `json:"currency"` // ISO 4217
}

// Spec says which draws to make.
type Spec struct {
	Seed   entropy.Seed
	Proof  jsontext.Value // of where the seed comes from, a JSON object; nil for none
	Start  uint64
	Count  uint64 // not used where account numbers are given
	Text   textgen.Format
	Number numgen.Format
	Rules  *prize.Rules

	// Accounts, where it is not nil, gives the account numbers to decide instead
	// of Count generated ones: it appends some of them to the list, which is
	// empty when it is called, and appends none at the end. A batch has at most
	// [BatchSize] account numbers.
	Accounts func(list *prize.Accounts) error
}

// Batch is some consecutive draws of a run.
type Batch struct {
	Start    uint64 // the index of its first draw
	Accounts prize.Accounts
	Outcomes []prize.Outcome
	Out      []byte // what the run's encode makes of it

	spec           *Spec
	count          uint64
	texts, numbers []byte
	err            error
	number         int // counts the batches of a run
}

// Len is how many draws are in the batch.
func (b *Batch) Len() int { return len(b.Outcomes) }

// Account gives the i-th account number of the batch, counted from 0.
func (b *Batch) Account(i int) Account {
	a := Account{Whole: string(b.Accounts.At(i))}
	if b.spec.Accounts == nil {
		a.Text, a.Number = a.Whole[:b.spec.Text.Len()], a.Whole[b.spec.Text.Len():]
	}
	return a
}

// Draw gives the i-th draw of the batch, counted from 0.
func (b *Batch) Draw(i int) Draw {
	rules := b.spec.Rules
	d := Draw{
		Index:       b.Start + uint64(i),
		Account:     b.Account(i),
		Seed:        string(b.spec.Seed),
		Rules:       rules.Name,
		RulesSHA256: rules.SHA256(),
		Entropy:     b.spec.Proof,
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
