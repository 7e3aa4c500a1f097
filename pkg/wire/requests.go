package wire

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
)

// MaxCount is the maximum number of draws, texts, numbers, account numbers or people in a
// request or response.
const MaxCount = 100_000

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
// key, and draws contains one range, whose key the caller must set.
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

// TextsResponse is a response from the text service.
type TextsResponse struct {
	Format  string   `json:"format" doc:"The format of the texts." example:"lower4"`
	Texts   Parts    `json:"texts" doc:"One text for each draw."`
	Entropy *Entropy `json:"entropy,omitempty" doc:"The source of the randomness, unless it is the operating system or a key."`
}

// NumbersResponse is a response from the number service.
type NumbersResponse struct {
	Format  string   `json:"format" doc:"The format of the numbers." example:"digits4"`
	Numbers Parts    `json:"numbers" doc:"One number for each draw."`
	Entropy *Entropy `json:"entropy,omitempty" doc:"The source of the randomness, unless it is the operating system or a key."`
}

// Entropy describes randomness from an external source, from which the parts can be
// recomputed.
type Entropy struct {
	Seed  string         `json:"seed" doc:"The seed of the parts. The first part has index 0."`
	Proof jsontext.Value `json:"proof" doc:"The signed output of the source. See the page on external randomness."`
}

// DrawsRequest is a request for draws that are not stored, or for a play in a campaign.
type DrawsRequest struct {
	Count        int     `json:"count,omitempty" doc:"The number of draws." minimum:"1" maximum:"100000" default:"1"`
	Seed         string  `json:"seed,omitempty" doc:"The seed, to replay its draws. The default is a new seed of 256 random bits." maxLength:"1024"`
	Start        uint64  `json:"start,omitempty" doc:"The index of the first draw." example:"0"`
	TextFormat   string  `json:"text_format,omitempty" doc:"The format of the texts. The default is the deployed one." example:"lower4" maxLength:"300"`
	NumberFormat string  `json:"number_format,omitempty" doc:"The format of the numbers. The default is the deployed one." example:"digits4" maxLength:"300"`
	Rules        string  `json:"rules,omitempty" doc:"The name of deployed rules. The default is the service's rules." example:"generous" maxLength:"100"`
	Campaign     string  `json:"campaign,omitempty" doc:"The name of a campaign to play in. A play makes and stores one draw. Only entrant can be set together with it." example:"summer" maxLength:"40"`
	Entrant      *Player `json:"entrant,omitempty" doc:"The person who plays in the campaign."`
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

// Player identifies who plays: a person, or the ID of an existing [campaign.Entrant].
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

// Play returns the play that the request asks for, with the given once-only key.
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

// DrawsResponse is the response to a [DrawsRequest] without a campaign. "prizegen draw -o
// json" writes and "prizegen verify" reads the same JSON.
type DrawsResponse struct {
	Draws []draw.Draw `json:"draws"`
}

func checkCount(count int) error {
	if count < 1 || count > MaxCount {
		return Invalid("/count", "must be between 1 and %d, got %d", MaxCount, count)
	}
	return nil
}

// keyRange returns the draws of a request with a single range. If key is empty, fresh is
// true.
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
