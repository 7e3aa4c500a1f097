package remote

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// What a request may ask for.
const (
	MaxCount     = 100_000   // draws, texts, numbers or account numbers
	MaxRulesYAML = 256 << 10 // bytes
	MaxBody      = 16 << 20  // bytes: the longest account numbers, as many as there may be
	MaxKey       = 255       // characters of a once-only key
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
	Format string  `json:"format,omitempty" doc:"Format of the parts; the deployed one where it is left out." example:"lower4" maxLength:"300"`
	Key    string  `json:"key,omitempty" doc:"Subkey of the seed, 64 hexadecimal digits: the parts are those of this key. Without it they come from fresh randomness." pattern:"^[0-9a-fA-F]{64}$"`
	Start  uint64  `json:"start,omitempty" doc:"Index of the first draw. It takes a key." example:"0"`
	Count  int     `json:"count,omitempty" doc:"How many parts to make." minimum:"1" maximum:"100000" default:"1"`
	Ranges []Range `json:"ranges,omitempty" doc:"Draws of several seeds, in place of key, start and count. Their parts come one range after the other." maxItems:"1000"`
}

// Defaults fills in what a request that says nothing asks for.
func (r *PartsRequest) Defaults() { r.Count = 1 }

// Draws are the draws that are asked for; fresh is true where the request has no key,
// which is left for the caller to make: draws is one range then.
func (r *PartsRequest) Draws() (draws []entropy.Range, fresh bool, err error) {
	if len(r.Ranges) > 0 {
		if r.Key != "" || r.Start != 0 || r.Count != 1 {
			return nil, false, besideRanges()
		}
		draws, _, err = keyRanges(r.Ranges)
		return draws, false, err
	}
	if err := checkCount(r.Count); err != nil {
		return nil, false, err
	}
	return keyRange(r.Key, r.Start, r.Count)
}

// Range is consecutive draws of one seed.
type Range struct {
	Key   string `json:"key" doc:"Subkey of the seed, 64 hexadecimal digits." pattern:"^[0-9a-fA-F]{64}$"`
	Start uint64 `json:"start,omitempty" doc:"Index of the first draw." example:"0"`
	Count int    `json:"count" doc:"How many draws." minimum:"1" maximum:"100000" example:"1"`
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
	Ranges      []Range  `json:"ranges,omitempty" doc:"The draws of several seeds, in place of key and start: as many as there are account numbers." maxItems:"1000"`
}

// Draws are the draws that are asked for; fresh is true where the request has no key,
// which is left for the caller to make: draws is one range then.
func (r *AwardRequest) Draws() (draws []entropy.Range, fresh bool, err error) {
	n := r.Accounts.Len()
	switch {
	case n == 0:
		return nil, false, Invalid("/accounts", "no account number is given, expected 1 to %d", MaxCount)
	case n > MaxCount:
		return nil, false, Invalid("/accounts", "there are %d account numbers, expected at most %d", n, MaxCount)
	case r.Rules != "" && r.RulesYAML != "":
		return nil, false, Invalid("/rules_yaml", "rules_yaml can't stand beside rules")
	case len(r.RulesYAML) > MaxRulesYAML:
		return nil, false, Invalid("/rules_yaml", "it has %d bytes, expected at most %d", len(r.RulesYAML), MaxRulesYAML)
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
		return nil, false, besideRanges()
	}
	draws, count, err := keyRanges(r.Ranges)
	if err == nil && count != n {
		err = Invalid("/ranges", "they have %d draws, expected %d: one for each account number", count, n)
	}
	return draws, false, err
}

// AwardAnswer is the answer of the prize service.
type AwardAnswer struct {
	Rules       string   `json:"rules" doc:"Name of the rules that decided." example:"generous"`
	RulesSHA256 string   `json:"rules_sha256" doc:"SHA-256 of the text of the rules, in hexadecimal."`
	Outcomes    Outcomes `json:"outcomes" doc:"What each account number came to, in the order of the request."`
}

// Outcome is what one account number came to.
type Outcome struct {
	Account string `json:"account" example:"ABC123456"`
	draw.Outcome
}

// RulesAnswer is the text of deployed rules.
type RulesAnswer struct {
	Rules       string `json:"rules" doc:"Name that the rules are deployed under." example:"generous"`
	RulesSHA256 string `json:"rules_sha256" doc:"SHA-256 of rules_yaml, in hexadecimal."`
	RulesYAML   string `json:"rules_yaml" doc:"The rules file itself."`
}

// DrawsRequest asks the core for draws that are not stored, or for a play of a
// campaign.
type DrawsRequest struct {
	Count        int     `json:"count,omitempty" doc:"How many draws to make." minimum:"1" maximum:"100000" default:"1"`
	Seed         string  `json:"seed,omitempty" doc:"Replays the draws of this seed; a new seed of 256 random bits where it is left out." maxLength:"1024"`
	Start        uint64  `json:"start,omitempty" doc:"Index of the first draw." example:"0"`
	TextFormat   string  `json:"text_format,omitempty" doc:"The deployed format where it is left out." example:"lower4" maxLength:"300"`
	NumberFormat string  `json:"number_format,omitempty" doc:"The deployed format where it is left out." example:"digits4" maxLength:"300"`
	Rules        string  `json:"rules,omitempty" doc:"Name of deployed rules; the service's own where it is left out." example:"generous" maxLength:"100"`
	Campaign     string  `json:"campaign,omitempty" doc:"Plays this campaign: one draw is made and stored. Only entrant can be given with it." example:"summer" maxLength:"40"`
	Entrant      *Player `json:"entrant,omitempty" doc:"Who plays the campaign."`
}

// Defaults fills in what a request that says nothing asks for.
func (r *DrawsRequest) Defaults() { r.Count = 1 }

// Check says what is wrong with count, seed and start. Formats and rules are for
// those who know them.
func (r *DrawsRequest) Check() error {
	if r.Campaign != "" || r.Entrant != nil {
		return r.checkPlay()
	}
	if err := checkCount(r.Count); err != nil {
		return err
	}
	if r.Seed != "" {
		if _, err := entropy.ParseSeed(r.Seed); err != nil {
			return At("/seed", err)
		}
	}
	if err := (entropy.Range{Start: r.Start, Count: uint64(r.Count)}).Check(); err != nil {
		return At("/start", err)
	}
	return nil
}

// Player is an [campaign.Entrant] in a request: a person, or the ID of a known entrant.
type Player struct {
	campaign.Person
	ID int64 `json:"id,omitempty" doc:"The ID of a known entrant, instead of the names; for promoters only." minimum:"1"`
}

// checkPlay checks a request for a play.
func (r *DrawsRequest) checkPlay() error {
	if r.Campaign == "" {
		return Invalid("/entrant", "an entrant needs a campaign to play")
	}
	for pointer, given := range map[string]bool{
		"/count": r.Count != 1, "/seed": r.Seed != "", "/start": r.Start != 0,
		"/text_format": r.TextFormat != "", "/number_format": r.NumberFormat != "", "/rules": r.Rules != "",
	} {
		if given {
			return Invalid(pointer, "cannot be given with campaign, which has its own")
		}
	}
	if e := r.Entrant; e != nil && e.ID != 0 && e.Person != (campaign.Person{}) {
		return Invalid("/entrant/id", "cannot be given with names")
	}
	return nil
}

// Play returns the play that the request asks for. key is its once-only key.
func (r *DrawsRequest) Play(key string) campaign.Play {
	play := campaign.Play{Campaign: r.Campaign, Key: key}
	if e := r.Entrant; e != nil {
		play.EntrantID = e.ID
		if e.ID == 0 {
			play.Person = &e.Person
		}
	}
	return play
}

// CampaignChange changes the plan or the state of a campaign. In a PATCH, what it leaves
// out stays as it is.
type CampaignChange struct {
	campaign.Plan
	State   campaign.State `json:"state,omitempty" doc:"open opens a draft; closed ends an open campaign and reveals its seed. Nothing else can change with it." enum:"open,closed"`
	Version int64          `json:"version,omitempty" doc:"The version that you saw: the change is refused if somebody else has changed the campaign since."`
}

// DrawChange claims, unclaims or voids a draw.
type DrawChange struct {
	Claim *bool   `json:"claim,omitempty" doc:"Whether the prize was handed over."`
	Note  string  `json:"note,omitempty" doc:"About the claim." maxLength:"1000"`
	Void  *string `json:"void,omitempty" doc:"Why the draw is void, for good." maxLength:"1000"`
}

// ImportRequest adds all entrants or, after an error, none.
type ImportRequest struct {
	Entrants []campaign.Person `json:"entrants" minItems:"1" maxItems:"100000"`
}

// ImportAnswer has the number of new entrants.
type ImportAnswer struct {
	Added int `json:"added"`
}

// CampaignPage is a page of campaigns, newest first.
type CampaignPage struct {
	Campaigns []campaign.Campaign `json:"campaigns"`
	Next      string              `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one."`
}

// DrawPage is a page of the draws of a campaign.
type DrawPage struct {
	Draws []campaign.Draw `json:"draws"`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one."`
}

// EntrantPage is a page of entrants, newest first.
type EntrantPage struct {
	Entrants []campaign.Entrant `json:"entrants"`
	Next     string             `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one."`
}

// ChangesAnswer is a page of the audit trail, newest first.
type ChangesAnswer struct {
	Changes []campaign.Change `json:"changes"`
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
	Started        bool              `json:"started" doc:"Whether it has been ready since its process began. What is not ready once started waits for another service and goes on by itself."`
	Implementation string            `json:"implementation" doc:"What is deployed: a format, or the name of rules." example:"lower4"`
	RulesSHA256    string            `json:"rules_sha256,omitempty" doc:"SHA-256 of the deployed rules."`
	Rules          []string          `json:"rules,omitempty" doc:"Names of all rules that can be asked for."`
	Entropy        string            `json:"entropy,omitempty" doc:"Where fresh randomness comes from." example:"os"`
	Reasons        map[string]string `json:"reasons,omitempty" doc:"Why it is not ready, by what is missing."`
}

func checkCount(count int) error {
	if count < 1 || count > MaxCount {
		return Invalid("/count", "%d is out of range, expected a whole number from 1 to %d", count, MaxCount)
	}
	return nil
}

// keyRange is the range of a request that has a key, or of one that wants a
// fresh one.
func keyRange(text string, start uint64, count int) (draws []entropy.Range, fresh bool, err error) {
	r := entropy.Range{Start: start, Count: uint64(count)}
	if text == "" {
		if start != 0 {
			return nil, false, Invalid("/start", "a start takes a key: without one there is no row of draws to begin in")
		}
		return []entropy.Range{r}, true, nil
	}
	if r.Key, err = entropy.ParseKey(text); err != nil {
		return nil, false, At("/key", err)
	}
	if err := r.Check(); err != nil {
		return nil, false, At("/start", err)
	}
	return []entropy.Range{r}, false, nil
}

// maxRanges is how many ranges a request may have.
const maxRanges = 1000

// keyRanges are the ranges of a request, and how many draws they are.
func keyRanges(ranges []Range) (draws []entropy.Range, count int, err error) {
	if len(ranges) > maxRanges {
		return nil, 0, Invalid("/ranges", "there are %d ranges, expected at most %d", len(ranges), maxRanges)
	}
	draws = make([]entropy.Range, len(ranges))
	for i, r := range ranges {
		pointer := fmt.Sprintf("/ranges/%d", i)
		draws[i] = entropy.Range{Start: r.Start, Count: uint64(r.Count)}
		if draws[i].Key, err = entropy.ParseKey(r.Key); err != nil {
			return nil, 0, At(pointer+"/key", err)
		}
		if r.Count < 1 || r.Count > MaxCount-count {
			return nil, 0, Invalid(pointer+"/count", "%d is out of range, expected 1 or more and %d in all ranges at most", r.Count, MaxCount)
		}
		if err := draws[i].Check(); err != nil {
			return nil, 0, At(pointer+"/start", err)
		}
		count += r.Count
	}
	return draws, count, nil
}

func besideRanges() error {
	return Invalid("/ranges", "ranges can't stand beside key, start and count, which each of them has")
}
