package site

import (
	"net/http"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// campaignsView is a page of the list of campaigns.
type campaignsView struct {
	Campaigns []campaign.Campaign
	State     campaign.State
	More      more
}

func (s *Site) adminCampaigns(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	v := campaignsView{State: campaign.State(query.Get("state"))}
	switch v.State {
	case "", campaign.Draft, campaign.Open, campaign.Closed:
	default:
		return errNoPage
	}
	list, next, err := s.admin.campaigns.Campaigns(r.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Cursor: query.Get("cursor")}, State: v.State})
	if err != nil {
		return err
	}
	v.Campaigns, v.More = list, pagesOf(r, next)
	return s.showAdmin(w, r, http.StatusOK, "campaigns", "Campaigns", v)
}

func (s *Site) adminCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := s.admin.campaigns.Campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	return s.showAdmin(w, r, http.StatusOK, "campaign", c.Title, c)
}

// stepCampaign opens, closes or deletes a campaign.
func (s *Site) stepCampaign(w http.ResponseWriter, r *http.Request) error {
	ctx, name := r.Context(), r.PathValue("campaign")
	to := "/admin/campaigns/" + name
	var notice string
	var err error
	switch r.PathValue("step") {
	case "open":
		_, err = s.admin.campaigns.Open(ctx, name)
		notice = "The campaign is open. Its rules, formats and stock are fixed, and the commitment of its seed is public."
	case "close":
		_, err = s.admin.campaigns.Close(ctx, name)
		notice = "The campaign is closed. Its seed is public, so that anyone can check every draw."
	case "delete":
		err = s.admin.campaigns.Delete(ctx, name)
		to, notice = "/admin/campaigns", "The draft "+name+" was deleted."
	default:
		return errNoPage
	}
	if err != nil {
		return err
	}
	return s.done(w, r, to, notice)
}
