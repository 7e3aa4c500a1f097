package remote

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// MaxCount is the maximum number of draws, texts, numbers, account numbers or people in
// a request.
const MaxCount = 100_000

const maxRulesYAML = 256 << 10 // bytes

// The roles of services.
const (
	Text   = "text"
	Number = "number"
	Prize  = "prize"
	Core   = "core"
)

// PartsRequest is a request for texts or numbers.
type PartsRequest struct {
	Format string `json:"format,omitempty" doc:"The format of the parts. The default is the deployed one." example:"lower4" maxLength:"300"`
	Key    string `json:"key,omitempty" doc:"The subkey of the seed that determines the parts, 64 hexadecimal digits. The default is a new random key." pattern:"^[0-9a-fA-F]{64}$"`
	Start  uint64 `json:"start,omitempty" doc:"The index of the first draw. It requires key." example:"0"`
	Count  int    `json:"count,omitempty" doc:"The number of parts." minimum:"1" maximum:"100000" default:"1"`
	Ranges Ranges `json:"ranges,omitempty" doc:"Draws of several seeds, instead of key, start and count. The parts of all ranges are returned in this order." maxItems:"1000"`
}

// Defaults sets the default values of the request.
func (r *PartsRequest) Defaults() { r.Count = 1 }

// Draws validates the request and returns its draws. If fresh is true, the request has no
// key, and draws is one range whose key the caller must set.
func (r *PartsRequest) Draws() (draws []entropy.Range, fresh bool, err error) {
	if len(r.Ranges) > 0 {
		if r.Key != "" || r.Start != 0 || r.Count != 1 {
			return nil, false, rangesConflict()
		}
		draws, _, err = keyRanges(r.Ranges)
		return draws, false, err
	}
	if err := checkCount(r.Count); err != nil {
		return nil, false, err
	}
	return keyRange(r.Key, r.Start, r.Count)
}

// TextsAnswer is the response of the text service.
type TextsAnswer struct {
	Format  string   `json:"format" doc:"The format of the texts." example:"lower4"`
	Texts   Parts    `json:"texts" doc:"One text for each draw."`
	Entropy *Entropy `json:"entropy,omitempty" doc:"The source of the randomness, unless it is the operating system or a key."`
}

// NumbersAnswer is the response of the number service.
type NumbersAnswer struct {
	Format  string   `json:"format" doc:"The format of the numbers." example:"digits4"`
	Numbers Parts    `json:"numbers" doc:"One number for each draw."`
	Entropy *Entropy `json:"entropy,omitempty" doc:"The source of the randomness, unless it is the operating system or a key."`
}

// Entropy is randomness from an external source. It reproduces the parts.
type Entropy struct {
	Seed  string         `json:"seed" doc:"The seed of the parts. The first part has index 0."`
	Proof jsontext.Value `json:"proof" doc:"The signed output of the source. See the page on external randomness."`
}

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
// true, the request has no key, and draws is one range whose key the caller must set.
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

// AwardAnswer is the response of the prize service.
type AwardAnswer struct {
	Rules       string   `json:"rules" doc:"The name of the rules." example:"generous"`
	RulesSHA256 string   `json:"rules_sha256" doc:"The SHA-256 of the rules file, in hexadecimal."`
	Outcomes    Outcomes `json:"outcomes" doc:"The outcome of each account number, in the order of the request."`
}

// Outcome is the outcome of one account number.
type Outcome struct {
	Account string `json:"account" example:"ABC123456"`
	draw.Outcome
}

// RulesAnswer is the response to a request for deployed rules.
type RulesAnswer struct {
	Rules       string `json:"rules" doc:"The name of the deployed rules." example:"generous"`
	RulesSHA256 string `json:"rules_sha256" doc:"The SHA-256 of rules_yaml, in hexadecimal."`
	RulesYAML   string `json:"rules_yaml" doc:"The text of the rules file."`
}

// DrawsRequest is a request for draws that are not stored, or for a play of a campaign.
type DrawsRequest struct {
	Count        int     `json:"count,omitempty" doc:"The number of draws." minimum:"1" maximum:"100000" default:"1"`
	Seed         string  `json:"seed,omitempty" doc:"The seed, to replay its draws. The default is a new seed of 256 random bits." maxLength:"1024"`
	Start        uint64  `json:"start,omitempty" doc:"The index of the first draw." example:"0"`
	TextFormat   string  `json:"text_format,omitempty" doc:"The format of the texts. The default is the deployed one." example:"lower4" maxLength:"300"`
	NumberFormat string  `json:"number_format,omitempty" doc:"The format of the numbers. The default is the deployed one." example:"digits4" maxLength:"300"`
	Rules        string  `json:"rules,omitempty" doc:"The name of deployed rules. The default is the service's rules." example:"generous" maxLength:"100"`
	Campaign     string  `json:"campaign,omitempty" doc:"The name of a campaign to play. A play makes and stores one draw. Only entrant can be set together with it." example:"summer" maxLength:"40"`
	Entrant      *Player `json:"entrant,omitempty" doc:"The player of the campaign."`
}

// Defaults sets the default values of the request.
func (r *DrawsRequest) Defaults() { r.Count = 1 }

// Check validates all members except the formats and the rules, which depend on the
// service.
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

// Player is the player in a request: a person, or the ID of an existing
// [campaign.Entrant].
type Player struct {
	campaign.Person
	ID int64 `json:"id,omitempty" doc:"The ID of an existing entrant, instead of a person. For promoters only." minimum:"1"`
}

// checkPlay checks a request for a play.
func (r *DrawsRequest) checkPlay() error {
	if r.Campaign == "" {
		return Invalid("/entrant", "requires campaign")
	}
	for pointer, given := range map[string]bool{
		"/count": r.Count != 1, "/seed": r.Seed != "", "/start": r.Start != 0,
		"/text_format": r.TextFormat != "", "/number_format": r.NumberFormat != "", "/rules": r.Rules != "",
	} {
		if given {
			return Invalid(pointer, "cannot be used with campaign, which has its own")
		}
	}
	if e := r.Entrant; e != nil && e.ID != 0 && e.Person != (campaign.Person{}) {
		return Invalid("/entrant/id", "cannot be used with a person")
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

// CampaignChange is a change to the plan or the state of a campaign. Absent members stay
// unchanged.
type CampaignChange struct {
	campaign.Plan
	State   campaign.State `json:"state,omitempty" doc:"The new state: open opens a draft, closed ends an open campaign and reveals its seed. Nothing else can be changed with it." enum:"open,closed"`
	Version int64          `json:"version,omitempty" doc:"The version that you read. The change is refused if the campaign has another version now."`
}

// DrawChange is a change to a draw: it sets whether the prize is claimed, or voids the
// draw.
type DrawChange struct {
	Claim *bool   `json:"claim,omitempty" doc:"Whether the prize was claimed."`
	Note  string  `json:"note,omitempty" doc:"A note about the claim." maxLength:"1000"`
	Void  *string `json:"void,omitempty" doc:"Voids the draw for this reason, which cannot be undone." maxLength:"1000"`
}

// ImportRequest is a request to add entrants. If one is invalid, none is added.
type ImportRequest struct {
	Entrants []campaign.Person `json:"entrants" minItems:"1" maxItems:"100000"`
}

// ImportAnswer is the response to an [ImportRequest].
type ImportAnswer struct {
	Added int `json:"added"`
}

// CampaignPage is a page of campaigns, newest first.
type CampaignPage struct {
	Campaigns []campaign.Campaign `json:"campaigns"`
	Next      string              `json:"next,omitempty" doc:"The cursor of the next page, absent on the last page."`
}

// DrawPage is a page of the draws of a campaign, in the order of the query.
type DrawPage struct {
	Draws []campaign.Draw `json:"draws"`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next page, absent on the last page."`
}

// EntrantPage is a page of entrants, newest first.
type EntrantPage struct {
	Entrants []campaign.Entrant `json:"entrants"`
	Next     string             `json:"next,omitempty" doc:"The cursor of the next page, absent on the last page."`
}

// ChangesAnswer is a page of the audit trail, newest first.
type ChangesAnswer struct {
	Changes []campaign.Change `json:"changes"`
}

// DrawsAnswer is the response to a [DrawsRequest] without a campaign. "prizegen draw -o
// json" writes and "prizegen verify" reads the same JSON.
type DrawsAnswer struct {
	Draws []draw.Draw `json:"draws"`
}

// Status is the state that a service reports.
type Status struct {
	Service        string            `json:"service" doc:"The role of the service." enum:"all,core,text,number,prize"`
	Version        string            `json:"version"`
	Ready          bool              `json:"ready" doc:"Whether it accepts requests for its parts."`
	Started        bool              `json:"started" doc:"Whether it has been ready since its process began. A started service that is not ready waits for another service and recovers automatically."`
	Implementation string            `json:"implementation" doc:"The deployed format, or the name of the deployed rules." example:"lower4"`
	RulesSHA256    string            `json:"rules_sha256,omitempty" doc:"The SHA-256 of the deployed rules."`
	Rules          []string          `json:"rules,omitempty" doc:"The names of all rules that can be requested."`
	Entropy        string            `json:"entropy,omitempty" doc:"The source of new randomness." example:"os"`
	Reasons        map[string]string `json:"reasons,omitempty" doc:"The reasons why it is not ready, by the name of the failing check."`
	DependsOn      []Dependency      `json:"depends_on,omitempty" doc:"What a core needs: the makers of the parts of draws, and the database of campaigns."`
}

// Dependency is something that a core needs to be ready.
type Dependency struct {
	Service        string `json:"service" doc:"What is needed." enum:"text,number,prize,database"`
	InProcess      bool   `json:"in_process" doc:"Whether the core does the work of the service itself."`
	Ready          bool   `json:"ready"`
	Version        string `json:"version,omitempty"`
	Implementation string `json:"implementation,omitempty" doc:"The deployed format, or the name of the deployed rules." example:"lower4"`
	RulesSHA256    string `json:"rules_sha256,omitempty" doc:"The SHA-256 of the deployed rules."`
	Reason         string `json:"reason,omitempty" doc:"Why it is not ready."`
}

func checkCount(count int) error {
	if count < 1 || count > MaxCount {
		return Invalid("/count", "must be between 1 and %d, got %d", MaxCount, count)
	}
	return nil
}

// keyRange returns the range of a request. If the key is empty, fresh is true.
func keyRange(key string, start uint64, count int) (draws []entropy.Range, fresh bool, err error) {
	r := entropy.Range{Start: start, Count: uint64(count)}
	if key == "" {
		if start != 0 {
			return nil, false, Invalid("/start", "requires key")
		}
		return []entropy.Range{r}, true, nil
	}
	if r.Key, err = entropy.ParseKey(key); err != nil {
		return nil, false, At("/key", err)
	}
	if err := r.Check(); err != nil {
		return nil, false, At("/start", err)
	}
	return []entropy.Range{r}, false, nil
}
