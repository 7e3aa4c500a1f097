package remote

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// OutcomeTexts writes and reads the outcomes of rules as JSON. What an outcome
// adds to an account number is written once for each outcome that the rules have,
// so that one of thousands costs no more than copying it, or looking it up. It
// may be used by several goroutines at once.
type OutcomeTexts struct {
	rules *prize.Rules
	texts [][]byte                 // by outcome: what stands behind the account number
	find  map[string]prize.Outcome // by that text
}

// Every outcome begins with this.
const outcomeStart = `{"account":`

// NewOutcomeTexts makes the texts of rules.
func NewOutcomeTexts(rules *prize.Rules) *OutcomeTexts {
	t := &OutcomeTexts{rules: rules, find: make(map[string]prize.Outcome, rules.Outcomes())}
	for i := range rules.Outcomes() {
		text := tail(t.outcome(prize.Outcome(i)))
		t.texts = append(t.texts, text)
		t.find[string(text)] = prize.Outcome(i)
	}
	return t
}

func (t *OutcomeTexts) outcome(o prize.Outcome) (outcome Outcome) {
	if rule := t.rules.Rule(o); rule != nil {
		outcome.Rule = &rule.Name
	}
	if won := t.rules.Prize(o); won != nil {
		outcome.Prize = &draw.Prize{Name: won.Name, Value: won.Value, Currency: t.rules.Currency.Code}
	}
	return outcome
}

// tail is what stands behind the account number of an outcome that has none.
func tail(outcome Outcome) []byte {
	text, err := json.Marshal(outcome)
	if err != nil {
		panic("remote: " + err.Error()) // names are UTF-8 and always encode
	}
	return text[len(outcomeStart)+len(`""`):]
}

// append writes the outcomes of account numbers as a JSON array behind dst.
func (t *OutcomeTexts) append(dst []byte, accounts *prize.Accounts, outcomes []prize.Outcome) []byte {
	dst = append(dst, '[')
	joined, width := accounts.Joined()
	plain := width > 0 && isPlain(joined)
	for i, o := range outcomes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, outcomeStart...)
		if plain {
			dst = append(append(append(dst, '"'), accounts.At(i)...), '"')
		} else {
			dst = appendString(dst, accounts.At(i))
		}
		dst = append(dst, t.texts[o]...)
	}
	return append(dst, ']')
}

// read appends the outcomes of account numbers to dst. The array is read as
// [OutcomeTexts.append] writes it; ok is false where it is written otherwise.
func (t *OutcomeTexts) read(dst []prize.Outcome, array []byte, accounts *prize.Accounts) (outcomes []prize.Outcome, ok bool) {
	start := []byte("[" + outcomeStart)
	next := []byte("," + outcomeStart)
	var account []byte
	for i := range accounts.Len() {
		if !bytes.HasPrefix(array, start) {
			return dst, false
		}
		array = array[len(start):]
		account = appendString(account[:0], accounts.At(i))
		if !bytes.HasPrefix(array, account) {
			return dst, false
		}
		array = array[len(account):]
		// No string of JSON can have this inside: its quotes would be escaped.
		end := bytes.Index(array, next)
		if end < 0 {
			end = max(len(array)-1, 0)
		}
		o, known := t.find[string(array[:end])]
		if !known {
			return dst, false
		}
		array, start = array[end:], next
		dst = append(dst, o)
	}
	return dst, string(array) == "]"
}

// writtenOutcome is an [Outcome] of which nothing may be left out: what a service
// does not say is not to be taken for no prize.
type writtenOutcome struct {
	Account string         `json:"account"`
	Rule    jsontext.Value `json:"rule"`
	Prize   jsontext.Value `json:"prize"`
}

// readAny appends the outcomes of account numbers to dst, however their array is
// written.
func (t *OutcomeTexts) readAny(dst []prize.Outcome, array []byte, accounts *prize.Accounts) ([]prize.Outcome, error) {
	var list []writtenOutcome
	if len(array) == 0 {
		return dst, errors.New("it answered without outcomes")
	}
	if err := json.Unmarshal(array, &list); err != nil {
		return dst, unreadable(err)
	}
	if len(list) != accounts.Len() {
		return dst, fmt.Errorf("it answered with %d outcomes, asked for %d", len(list), accounts.Len())
	}
	for i, outcome := range list {
		if outcome.Account != string(accounts.At(i)) {
			return dst, fmt.Errorf("its outcome %d is that of the account number %q, asked for %q", i, outcome.Account, accounts.At(i))
		}
		o, ok := t.outcomeOf(outcome)
		if !ok {
			return dst, fmt.Errorf("its outcome %d is none that the rules %q have", i, t.rules.Name)
		}
		dst = append(dst, o)
	}
	return dst, nil
}

// outcomeOf finds an outcome by its names.
func (t *OutcomeTexts) outcomeOf(written writtenOutcome) (prize.Outcome, bool) {
	var outcome Outcome
	if json.Unmarshal(written.Rule, &outcome.Rule) != nil || json.Unmarshal(written.Prize, &outcome.Prize) != nil {
		return 0, false
	}
	o, ok := t.find[string(tail(outcome))]
	return o, ok
}

// Outcomes are the outcomes of account numbers. In JSON they are an array of
// [Outcome]: a service sets Texts, Accounts and List to write it; whoever reads
// it gets the array as Raw.
type Outcomes struct {
	Texts    *OutcomeTexts
	Accounts *prize.Accounts
	List     []prize.Outcome
	Raw      jsontext.Value
}

// outcomeBytes is about how long an outcome is in JSON.
const outcomeBytes = 128

// MarshalJSONTo writes an array of [Outcome].
func (o Outcomes) MarshalJSONTo(enc *jsontext.Encoder) error {
	dst := make([]byte, 0, outcomeBytes*len(o.List)+2)
	return enc.WriteValue(o.Texts.append(dst, o.Accounts, o.List))
}

// UnmarshalJSONFrom keeps the array as it is written.
func (o *Outcomes) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	o.Raw = append(o.Raw[:0], value...)
	return err
}

// The lists are arrays to those who read the documents of the services.
var (
	_ huma.SchemaProvider = Parts{}
	_ huma.SchemaProvider = Accounts{}
	_ huma.SchemaProvider = Outcomes{}
)

// Schema describes an array of strings.
func (Parts) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
}

// Schema describes an array of account numbers.
func (Accounts) Schema(huma.Registry) *huma.Schema {
	one, most := 1, prize.MaxAccount
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, MinLength: &one, MaxLength: &most, Pattern: "^[!-~]+$"}}
}

// Schema describes an array of [Outcome].
func (Outcomes) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[Outcome](), true, "Outcome")}
}
