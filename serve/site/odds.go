package site

import (
	"math/big"
	"net/http"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// oddsPage shows the exact odds of a campaign.
type oddsPage struct {
	Campaign campaign.Campaign
	Chances  []chance
	Win      chance // chance of winning any prize
}

func (s *Site) showOdds(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	odds, err := s.cfg.Campaigns.Odds(r.Context(), c.Name)
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "odds", "Odds", oddsPage{c, chances(odds), winChance(odds)})
}

// fairnessPage shows how to verify the draws of a campaign.
type fairnessPage struct {
	campaign.Campaign
	Address string // URL of the site, quoted for a shell
}

func (s *Site) showFairness(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "fairness", "Fairness", fairnessPage{c, siteURL(r)})
}

// chance is a row of odds, formatted for a page.
type chance struct {
	Rule, Prize string // an empty Prize means no prize
	Value       string
	Percent     string
	Fraction    string
	OneIn       string
	Width       int // length of the row's bar in percent
}

// chances returns the rows with a positive probability. The bar of the most likely row has
// the full width.
func chances(odds draw.Odds) []chance {
	var list []chance
	largest := new(big.Rat)
	shares := make([]*big.Rat, len(odds.Rows))
	for i, row := range odds.Rows {
		shares[i], _ = new(big.Rat).SetString(row.Probability)
		if shares[i] == nil {
			shares[i] = new(big.Rat)
		}
		if shares[i].Cmp(largest) > 0 {
			largest = shares[i]
		}
	}
	for i, row := range odds.Rows {
		if shares[i].Sign() == 0 {
			continue
		}
		c := chance{Percent: prize.Percent(shares[i]), Fraction: row.Probability, OneIn: prize.OneIn(shares[i])}
		if row.Rule != nil {
			c.Rule = *row.Rule
		}
		if row.Prize != nil {
			c.Prize, c.Value = *row.Prize, money(row.Value, odds.Currency)
		}
		width, _ := new(big.Rat).Quo(new(big.Rat).Mul(shares[i], big.NewRat(100, 1)), largest).Float64()
		c.Width = max(int(width), 1)
		list = append(list, c)
	}
	return list
}

// winChance returns the chance of winning any prize.
func winChance(odds draw.Odds) chance {
	odds.Rows = []draw.OddsRow{{Probability: odds.WinProbability}}
	if list := chances(odds); len(list) > 0 {
		return list[0]
	}
	return chance{Percent: "0%", OneIn: "never"}
}
