package wire

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

// OutcomeTexts writes and reads the outcomes of rules as JSON. It encodes each possible
// outcome once, so that writing an outcome is a copy and reading one is a lookup. With an
// encoder and a decoder, a run of draws over HTTP would take 6 times as long
// (BenchmarkRun/remote of package serve). An OutcomeTexts is safe for concurrent use.
type OutcomeTexts struct {
	rules *prize.Rules
	texts [][]byte                 // by outcome: the JSON after the account number
	find  map[string]prize.Outcome // by that JSON
	max   int                      // length of the longest JSON
}

const outcomeStart = `{"account":`

// NewOutcomeTexts encodes the outcomes of rules.
func NewOutcomeTexts(rules *prize.Rules) *OutcomeTexts {
	t := &OutcomeTexts{rules: rules, find: make(map[string]prize.Outcome, rules.Outcomes())}
	for i := range rules.Outcomes() {
		text := tail(t.outcome(prize.Outcome(i)))
		t.texts = append(t.texts, text)
		t.max = max(t.max, len(text))
		t.find[string(text)] = prize.Outcome(i)
	}
	return t
}

// Rules returns the rules.
func (t *OutcomeTexts) Rules() *prize.Rules { return t.rules }

// MaxLen returns the maximum length of the JSON of an outcome, without the account number.
func (t *OutcomeTexts) MaxLen() int { return t.max + len(outcomeStart) + len(`"",`) }

// Memory returns the approximate memory of t in bytes.
func (t *OutcomeTexts) Memory() int {
	size := 0
	for _, text := range t.texts {
		size += 2*len(text) + 100 // both in the list and in the map
	}
	return size
}

// outcome returns an outcome without an account number.
func (t *OutcomeTexts) outcome(o prize.Outcome) (outcome Outcome) {
	if rule := t.rules.Rule(o); rule != nil {
		outcome.Rule = &rule.Name
	}
	if won := t.rules.Prize(o); won != nil {
		outcome.Prize = &draw.Prize{Name: won.Name, Value: won.Value, Currency: t.rules.Currency.Code}
	}
	return outcome
}

// tail returns the JSON of an outcome that follows the account number.
func tail(outcome Outcome) []byte {
	text, err := json.Marshal(outcome)
	if err != nil {
		panic("wire: " + err.Error()) // names are UTF-8 and always encode
	}
	return text[len(outcomeStart)+len(`""`):]
}

// append appends the outcomes of account numbers as a JSON array.
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
			dst = appendASCII(dst, accounts.At(i))
		}
		dst = append(dst, t.texts[o]...)
	}
	return append(dst, ']')
}

// read appends the outcomes in array to dst. It reports false if the array is not in
// exactly the form that [OutcomeTexts.append] writes.
func (t *OutcomeTexts) read(dst []prize.Outcome, array []byte, accounts *prize.Accounts) (outcomes []prize.Outcome, ok bool) {
	start := []byte("[" + outcomeStart)
	next := []byte("," + outcomeStart)
	var account []byte
	for i := range accounts.Len() {
		if !bytes.HasPrefix(array, start) {
			return dst, false
		}
		array = array[len(start):]
		account = appendASCII(account[:0], accounts.At(i))
		if !bytes.HasPrefix(array, account) {
			return dst, false
		}
		array = array[len(account):]
		// A string cannot contain next, because its quotes would be escaped.
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

// encodedOutcome is an [Outcome] whose rule and prize are still encoded. An absent member
// is empty, which is invalid JSON, so it is not mistaken for null, which means no prize.
type encodedOutcome struct {
	Account string         `json:"account"`
	Rule    jsontext.Value `json:"rule"`
	Prize   jsontext.Value `json:"prize"`
}

// decode appends the outcomes in array to dst. Unlike read, it accepts any JSON.
func (t *OutcomeTexts) decode(dst []prize.Outcome, array []byte, accounts *prize.Accounts) ([]prize.Outcome, error) {
	var list []encodedOutcome
	if len(array) == 0 {
		return dst, errors.New("the response has no outcomes")
	}
	if err := json.Unmarshal(array, &list); err != nil {
		return dst, decodeError(err)
	}
	if len(list) != accounts.Len() {
		return dst, fmt.Errorf("the response has %d outcomes, want %d", len(list), accounts.Len())
	}
	for i, outcome := range list {
		if outcome.Account != string(accounts.At(i)) {
			return dst, fmt.Errorf("outcome %d is for account number %q, want %q", i, outcome.Account, accounts.At(i))
		}
		o, ok := t.outcomeOf(outcome)
		if !ok {
			return dst, fmt.Errorf("outcome %d does not exist in rules %q", i, t.rules.Name)
		}
		dst = append(dst, o)
	}
	return dst, nil
}

// outcomeOf returns the outcome with the given names.
func (t *OutcomeTexts) outcomeOf(encoded encodedOutcome) (prize.Outcome, bool) {
	var outcome Outcome
	if json.Unmarshal(encoded.Rule, &outcome.Rule) != nil || json.Unmarshal(encoded.Prize, &outcome.Prize) != nil {
		return 0, false
	}
	o, ok := t.find[string(tail(outcome))]
	return o, ok
}

// Outcomes holds the outcomes of account numbers. In JSON, it is an array of [Outcome]. To
// encode it, a service sets Texts, Accounts and List. Decoding sets Raw.
type Outcomes struct {
	Texts    *OutcomeTexts
	Accounts *prize.Accounts
	List     []prize.Outcome
	Raw      jsontext.Value
}

// outcomeBytes is the approximate length of an outcome in JSON, in bytes.
const outcomeBytes = 128

var (
	_ json.MarshalerTo     = Outcomes{}
	_ json.UnmarshalerFrom = (*Outcomes)(nil)
	_ huma.SchemaProvider  = Outcomes{}
)

// MarshalJSONTo implements [json.MarshalerTo].
func (o Outcomes) MarshalJSONTo(enc *jsontext.Encoder) error {
	dst := make([]byte, 0, outcomeBytes*len(o.List)+2)
	return enc.WriteValue(o.Texts.append(dst, o.Accounts, o.List))
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (o *Outcomes) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	o.Raw = append(o.Raw[:0], value...)
	return err
}

// Schema implements [huma.SchemaProvider].
func (Outcomes) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[Outcome](), true, "Outcome")}
}

// SizeJSON returns an upper bound for the length of the JSON of a response with many
// outcomes, for account numbers without quotes and backslashes.
func (a *AwardResponse) SizeJSON() int {
	return 1000 + a.Outcomes.Accounts.Size() + len(a.Outcomes.List)*a.Outcomes.Texts.MaxLen()
}

// AppendJSON appends the response as JSON.
func (a *AwardResponse) AppendJSON(dst []byte) []byte {
	dst = appendQuoted(append(dst, `{"rules":`...), a.Rules)
	dst = appendQuoted(append(dst, `,"rules_sha256":`...), a.RulesSHA256)
	dst = append(dst, `,"outcomes":`...)
	dst = a.Outcomes.Texts.append(dst, a.Outcomes.Accounts, a.Outcomes.List)
	return append(dst, '}')
}

// Read appends the outcomes in an [AwardResponse] to dst. It returns an error unless they
// are outcomes of the rules of t for these account numbers, in the same order.
func (t *OutcomeTexts) Read(dst []prize.Outcome, body []byte, accounts *prize.Accounts) ([]prize.Outcome, error) {
	before := len(dst)
	if array, ok := findOutcomes(body, t.rules.Name, t.rules.SHA256()); ok {
		if dst, ok = t.read(dst, array, accounts); ok {
			return dst, nil
		}
	}
	var response AwardResponse
	if err := json.Unmarshal(body, &response); err != nil {
		return dst[:before], decodeError(err)
	}
	if response.RulesSHA256 != t.rules.SHA256() {
		return dst[:before], fmt.Errorf("the response is for rules with SHA-256 %q, want %s", response.RulesSHA256, t.rules.SHA256())
	}
	return t.decode(dst[:before], response.Outcomes.Raw, accounts)
}

// findOutcomes returns the array of outcomes in a response. It reports false if the
// response is not in exactly the form that [AwardResponse.AppendJSON] writes for the given
// rules.
func findOutcomes(body []byte, name, sha256 string) (array []byte, ok bool) {
	head := appendQuoted([]byte(`{"rules":`), name)
	head = appendQuoted(append(head, `,"rules_sha256":`...), sha256)
	head = append(head, `,"outcomes":`...)
	if !bytes.HasPrefix(body, head) || body[len(body)-1] != '}' {
		return nil, false
	}
	return body[len(head) : len(body)-1], true
}
