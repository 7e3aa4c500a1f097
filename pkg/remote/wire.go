package remote

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// What a request may ask for.
const (
	MaxCount     = 100_000   // draws, texts, numbers or account numbers
	MaxRulesYAML = 256 << 10 // bytes
	MaxBody      = 16 << 20  // bytes: the longest account numbers, as many as there may be
)

// The services, by the names of their roles.
const (
	Text   = "text"
	Number = "number"
	Prize  = "prize"
	Core   = "core"
)

// PartsRequest asks the text or the number service for parts.
type PartsRequest struct {
	Format string `json:"format,omitempty" doc:"Format of the parts; the deployed one where it is left out." example:"lower4" maxLength:"300"`
	Key    string `json:"key,omitempty" doc:"Subkey of the seed, 64 hexadecimal digits: the parts are those of this key. Without it they come from fresh randomness." pattern:"^[0-9a-fA-F]{64}$"`
	Start  uint64 `json:"start,omitempty" doc:"Index of the first draw. It takes a key." example:"0"`
	Count  int    `json:"count,omitempty" doc:"How many parts to make." minimum:"1" maximum:"100000" default:"1"`
}

// Defaults fills in what a request that says nothing asks for.
func (r *PartsRequest) Defaults() { r.Count = 1 }

// Range is the draws that are asked for; fresh is true where the request has no
// key, which is left for the caller to make.
func (r *PartsRequest) Range() (draws entropy.Range, fresh bool, err error) {
	if err := checkCount(r.Count); err != nil {
		return entropy.Range{}, false, err
	}
	return keyRange(r.Key, r.Start, r.Count)
}

// TextsAnswer is the answer of the text service.
type TextsAnswer struct {
	Format  string   `json:"format" doc:"The format that the texts have." example:"lower4"`
	Texts   Parts    `json:"texts" doc:"One text for each draw."`
	Entropy *Entropy `json:"entropy,omitempty" doc:"Where the randomness came from, if not from the operating system or a key."`
}

// NumbersAnswer is the answer of the number service.
type NumbersAnswer struct {
	Format  string   `json:"format" doc:"The format that the numbers have." example:"digits4"`
	Numbers Parts    `json:"numbers" doc:"One number for each draw."`
	Entropy *Entropy `json:"entropy,omitempty" doc:"Where the randomness came from, if not from the operating system or a key."`
}

// Entropy tells of randomness from outside: whoever has it can make the same
// parts again.
type Entropy struct {
	Seed  string         `json:"seed" doc:"The seed whose parts from index 0 on these are."`
	Proof jsontext.Value `json:"proof" doc:"What its source signed; see the page on external randomness."`
}

// AwardRequest asks the prize service what account numbers win.
type AwardRequest struct {
	Rules       string   `json:"rules,omitempty" doc:"Name of deployed rules; the service's own where neither these nor rules_yaml are given." example:"generous" maxLength:"100"`
	RulesSHA256 string   `json:"rules_sha256,omitempty" doc:"Refuses the request where the rules of that name are others than these." pattern:"^[0-9a-f]{64}$"`
	RulesYAML   string   `json:"rules_yaml,omitempty" doc:"The text of a rules file." maxLength:"262144"`
	Accounts    Accounts `json:"accounts" doc:"The account numbers to decide, 1 to 128 printable ASCII characters each." minItems:"1" maxItems:"100000"`
	Key         string   `json:"key,omitempty" doc:"Subkey of the seed, 64 hexadecimal digits: chance is what this key says. Without it chance is fresh." pattern:"^[0-9a-fA-F]{64}$"`
	Start       uint64   `json:"start,omitempty" doc:"Index of the first draw. It takes a key." example:"0"`
}

// Range is the draws that are asked for; fresh is true where the request has no
// key, which is left for the caller to make.
func (r *AwardRequest) Range() (draws entropy.Range, fresh bool, err error) {
	n := r.Accounts.Len()
	switch {
	case n == 0:
		return entropy.Range{}, false, invalid("/accounts", "no account number is given, expected 1 to %d", MaxCount)
	case n > MaxCount:
		return entropy.Range{}, false, invalid("/accounts", "there are %d account numbers, expected at most %d", n, MaxCount)
	case r.Rules != "" && r.RulesYAML != "":
		return entropy.Range{}, false, invalid("/rules_yaml", "rules_yaml can't stand beside rules")
	case len(r.RulesYAML) > MaxRulesYAML:
		return entropy.Range{}, false, invalid("/rules_yaml", "it has %d bytes, expected at most %d", len(r.RulesYAML), MaxRulesYAML)
	}
	for i := range n {
		if err := prize.CheckAccount(string(r.Accounts.At(i))); err != nil {
			return entropy.Range{}, false, at(fmt.Sprintf("/accounts/%d", i), err)
		}
	}
	return keyRange(r.Key, r.Start, n)
}

// AwardAnswer is the answer of the prize service.
type AwardAnswer struct {
	Rules       string   `json:"rules" doc:"Name of the rules that decided." example:"generous"`
	RulesSHA256 string   `json:"rules_sha256" doc:"SHA-256 of the text of the rules, in hexadecimal."`
	Outcomes    Outcomes `json:"outcomes" doc:"What each account number came to, in the order of the request."`
}

// Outcome is what one account number came to.
type Outcome struct {
	Account string      `json:"account" example:"ABC123456"`
	Rule    *string     `json:"rule" doc:"The rule that matched; null where no rule covers the account number."`
	Prize   *draw.Prize `json:"prize" doc:"What was won; null for nothing."`
}

// RulesAnswer is the text of deployed rules.
type RulesAnswer struct {
	Rules       string `json:"rules" doc:"Name that the rules are deployed under." example:"generous"`
	RulesSHA256 string `json:"rules_sha256" doc:"SHA-256 of rules_yaml, in hexadecimal."`
	RulesYAML   string `json:"rules_yaml" doc:"The rules file itself."`
}

// DrawsRequest asks the core for draws.
type DrawsRequest struct {
	Count        int    `json:"count,omitempty" doc:"How many draws to make." minimum:"1" maximum:"100000" default:"1"`
	Seed         string `json:"seed,omitempty" doc:"Replays the draws of this seed; a new seed of 256 random bits where it is left out." maxLength:"1024"`
	Start        uint64 `json:"start,omitempty" doc:"Index of the first draw." example:"0"`
	TextFormat   string `json:"text_format,omitempty" doc:"The deployed format where it is left out." example:"lower4" maxLength:"300"`
	NumberFormat string `json:"number_format,omitempty" doc:"The deployed format where it is left out." example:"digits4" maxLength:"300"`
	Rules        string `json:"rules,omitempty" doc:"Name of deployed rules; the service's own where it is left out." example:"generous" maxLength:"100"`
}

// Defaults fills in what a request that says nothing asks for.
func (r *DrawsRequest) Defaults() { r.Count = 1 }

// Check says what is wrong with count, seed and start. Formats and rules are for
// those who know them.
func (r *DrawsRequest) Check() error {
	if err := checkCount(r.Count); err != nil {
		return err
	}
	if r.Seed != "" {
		if _, err := entropy.ParseSeed(r.Seed); err != nil {
			return at("/seed", err)
		}
	}
	if err := (entropy.Range{Start: r.Start, Count: uint64(r.Count)}).Check(); err != nil {
		return at("/start", err)
	}
	return nil
}

// DrawsAnswer is the answer of the core: draws as prizegen draw -o json writes
// them, which prizegen verify recomputes.
type DrawsAnswer struct {
	Draws []draw.Draw `json:"draws"`
}

// Status tells how a service is.
type Status struct {
	Service        string            `json:"service" doc:"The role of the service." enum:"all,core,text,number,prize"`
	Version        string            `json:"version"`
	Ready          bool              `json:"ready" doc:"Whether it takes work."`
	Implementation string            `json:"implementation" doc:"What is deployed: a format, or the name of rules." example:"lower4"`
	RulesSHA256    string            `json:"rules_sha256,omitempty" doc:"SHA-256 of the deployed rules."`
	Rules          []string          `json:"rules,omitempty" doc:"Names of all rules that can be asked for."`
	Entropy        string            `json:"entropy,omitempty" doc:"Where fresh randomness comes from." example:"os"`
	Reasons        map[string]string `json:"reasons,omitempty" doc:"Why it is not ready, by what is missing."`
}

func checkCount(count int) error {
	if count < 1 || count > MaxCount {
		return invalid("/count", "%d is out of range, expected a whole number from 1 to %d", count, MaxCount)
	}
	return nil
}

// keyRange is the range of a request that has a key, or of one that wants a
// fresh one.
func keyRange(text string, start uint64, count int) (draws entropy.Range, fresh bool, err error) {
	draws = entropy.Range{Start: start, Count: uint64(count)}
	if text == "" {
		if start != 0 {
			return draws, false, invalid("/start", "a start takes a key: without one there is no row of draws to begin in")
		}
		return draws, true, nil
	}
	if draws.Key, err = entropy.ParseKey(text); err != nil {
		return draws, false, at("/key", err)
	}
	if err := draws.Check(); err != nil {
		return draws, false, at("/start", err)
	}
	return draws, false, nil
}
