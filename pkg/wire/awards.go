package wire

import (
	"fmt"
	"strconv"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

const maxRulesYAML = 256 << 10 // bytes

// AwardRequest is a request for the prizes of account numbers.
type AwardRequest struct {
	Rules       string   `json:"rules,omitempty" doc:"The name of deployed rules. The default is the service's rules, unless rules_yaml is set." example:"generous" maxLength:"100"`
	RulesSHA256 string   `json:"rules_sha256,omitempty" doc:"The SHA-256 of the rules. The request is refused if the rules of this name have another SHA-256." pattern:"^[0-9a-f]{64}$"`
	RulesYAML   string   `json:"rules_yaml,omitempty" doc:"The text of a rules file, instead of rules." maxLength:"262144"`
	Accounts    Accounts `json:"accounts" doc:"The account numbers, 1 to 128 printable ASCII characters each." minItems:"1" maxItems:"100000"`
	Key         string   `json:"key,omitempty" doc:"The subkey of the seed that determines the prizes, 64 hexadecimal digits. The default is a new random key." pattern:"^[0-9a-fA-F]{64}$"`
	Start       uint64   `json:"start,omitempty" doc:"The index of the first draw. It requires key." example:"0"`
	Ranges      Ranges   `json:"ranges,omitempty" doc:"Draws of several seeds, instead of key and start. They must have as many draws as there are account numbers." maxItems:"1000"`
}

// Draws validates the request, except for its rules, and returns its draws. If fresh is
// true, the request has no key, and draws contains one range, whose key the caller must
// set.
func (r *AwardRequest) Draws() (draws []entropy.Range, fresh bool, err error) {
	n := r.Accounts.Len()
	switch {
	case n < 1 || n > MaxCount:
		return nil, false, Invalid("/accounts", "must have between 1 and %d account numbers, got %d", MaxCount, n)
	case r.Rules != "" && r.RulesYAML != "":
		return nil, false, Invalid("/rules_yaml", "cannot be used with rules")
	case len(r.RulesYAML) > maxRulesYAML:
		return nil, false, Invalid("/rules_yaml", "must have at most %d bytes, got %d", maxRulesYAML, len(r.RulesYAML))
	}
	for i := range n {
		if err := prize.CheckAccount(string(r.Accounts.At(i))); err != nil {
			return nil, false, At(fmt.Sprintf("/accounts/%d", i), err)
		}
	}
	if len(r.Ranges) == 0 {
		return keyRange(r.Key, r.Start, n)
	}
	if r.Key != "" || r.Start != 0 {
		return nil, false, rangesConflict()
	}
	draws, count, err := keyRanges(r.Ranges)
	if err == nil && count != n {
		err = Invalid("/ranges", "must have %d draws, one for each account number, got %d", n, count)
	}
	return draws, false, err
}

// AppendJSON appends the same JSON as json.Marshal. With json.Marshal, a run of draws over
// HTTP takes 14% more processor time (BenchmarkRun/remote of package serve).
func (r *AwardRequest) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for _, member := range []struct{ name, text string }{{"rules", r.Rules}, {"rules_sha256", r.RulesSHA256}, {"rules_yaml", r.RulesYAML}} {
		if member.text != "" {
			dst = append(append(append(dst, '"'), member.name...), `":`...)
			dst = append(appendQuoted(dst, member.text), ',')
		}
	}
	dst = append(dst, `"accounts":`...)
	dst = r.Accounts.appendJSON(dst)
	if r.Key != "" {
		dst = append(append(append(dst, `,"key":"`...), r.Key...), '"')
	}
	if r.Start != 0 {
		dst = strconv.AppendUint(append(dst, `,"start":`...), r.Start, 10)
	}
	if len(r.Ranges) > 0 {
		dst = appendRanges(append(dst, `,"ranges":`...), r.Ranges)
	}
	return append(dst, '}')
}

func appendRanges(dst []byte, ranges []Range) []byte {
	for i, r := range ranges {
		separator := byte(',')
		if i == 0 {
			separator = '['
		}
		dst = append(append(append(dst, separator), `{"key":"`...), r.Key...)
		dst = append(dst, '"')
		if r.Start != 0 {
			dst = strconv.AppendUint(append(dst, `,"start":`...), r.Start, 10)
		}
		dst = strconv.AppendInt(append(dst, `,"count":`...), int64(r.Count), 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// AwardResponse is the response to an [AwardRequest].
type AwardResponse struct {
	Rules       string   `json:"rules" doc:"The name of the rules." example:"generous"`
	RulesSHA256 string   `json:"rules_sha256" doc:"The SHA-256 of the rules file, in hexadecimal."`
	Outcomes    Outcomes `json:"outcomes" doc:"The outcome of each account number, in the order of the request."`
}

// Outcome is the outcome of one account number.
type Outcome struct {
	Account string `json:"account" example:"ABC123456"`
	draw.Outcome
}

// RulesResponse is the response to a request for deployed rules.
type RulesResponse struct {
	Rules       string `json:"rules" doc:"The name of the deployed rules." example:"generous"`
	RulesSHA256 string `json:"rules_sha256" doc:"The SHA-256 of rules_yaml, in hexadecimal."`
	RulesYAML   string `json:"rules_yaml" doc:"The text of the rules file."`
}
