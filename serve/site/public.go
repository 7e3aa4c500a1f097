package site

import (
	"net/http"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
)

// winnersView is the latest winners of a campaign.
type winnersView struct {
	Campaign campaign.Campaign
	Page     remote.DrawPage
	Older    bool // whether it is another than the first page
}

func (s *Site) winners(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	draws, next, err := s.cfg.Campaigns.Winners(r.Context(), c.Name, campaign.Paging{Cursor: before, Limit: 25})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "winners", "Winners", winnersView{c, remote.DrawPage{Draws: draws, Next: next}, before != ""})
}

// oddsView is the exact odds of a campaign.
type oddsView struct {
	Campaign campaign.Campaign
	Chances  []chance
	Win      chance
}

func (s *Site) odds(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	odds, err := s.cfg.Campaigns.Odds(r.Context(), c.Name)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "odds", "Odds", oddsView{c, chances(odds), winning(odds)})
}

// fairnessView is how a campaign can be checked.
type fairnessView struct {
	campaign.Campaign
	Address string // of the site, as the visitor knows it
}

func (s *Site) fairness(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "fairness", "Fairness", fairnessView{c, address(r)})
}

// winning is the chance of winning anything.
func winning(odds draw.Odds) chance {
	odds.Rows = []draw.OddsRow{{Probability: odds.WinProbability}}
	if win := chances(odds); len(win) > 0 {
		return win[0]
	}
	return chance{Percent: "0%", OneIn: "never"}
}
