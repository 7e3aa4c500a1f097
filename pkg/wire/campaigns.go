package wire

import "github.com/prizegen/prizegen/pkg/campaign"

// CampaignChange is a change to the plan or the state of a campaign. Absent members stay
// unchanged.
type CampaignChange struct {
	campaign.Plan
	State   campaign.State `json:"state,omitempty" doc:"The new state: open opens a draft, closed ends an open campaign and reveals its seed. Nothing else can be changed with it." enum:"open,closed"`
	Version int64          `json:"version,omitempty" doc:"The version that you read. The change is refused if the campaign has another version now."`
}

// DrawChange is a change to a draw: it sets whether the prize has been claimed, or voids
// the draw.
type DrawChange struct {
	Claim *bool   `json:"claim,omitempty" doc:"Whether the prize was claimed."`
	Note  string  `json:"note,omitempty" doc:"A note about the claim." maxLength:"1000"`
	Void  *string `json:"void,omitempty" doc:"Voids the draw for this reason, which cannot be undone." maxLength:"1000"`
}

// ImportRequest is a request to add entrants. If one is invalid, none is added.
type ImportRequest struct {
	Entrants []campaign.Person `json:"entrants" minItems:"1" maxItems:"100000"`
}

// ImportResponse is the response to an [ImportRequest].
type ImportResponse struct {
	Added int `json:"added"`
}

// CampaignPage is a page of campaigns, newest first.
type CampaignPage struct {
	Campaigns []campaign.Campaign `json:"campaigns"`
	Next      string              `json:"next,omitempty" doc:"The cursor of the next page, absent on the last page."`
}

// DrawPage is a page of a campaign's draws, in the order that the query requests.
type DrawPage struct {
	Draws []campaign.Draw `json:"draws"`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next page, absent on the last page."`
}

// EntrantPage is a page of entrants, newest first.
type EntrantPage struct {
	Entrants []campaign.Entrant `json:"entrants"`
	Next     string             `json:"next,omitempty" doc:"The cursor of the next page, absent on the last page."`
}

// ChangesResponse is a page of the audit trail, newest first.
type ChangesResponse struct {
	Changes []campaign.Change `json:"changes"`
}
