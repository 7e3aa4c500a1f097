package site

import (
	"html/template"
	"math/big"
	"strconv"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// timeless has static files sent without a time: their hashes name them.
var timeless time.Time //nolint:gochecknoglobals // the zero time, never changed

// functions are what templates can call.
func (p *pages) functions() template.FuncMap {
	return template.FuncMap{
		"asset": func(name string) string { return "/static/" + name + "?" + p.static[name].hash },
		"utc":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"left": func(s campaign.Stock) string {
			if n, limited := s.Left(); limited {
				return strconv.FormatInt(n, 10)
			}
			return "any number"
		},
		"money":  money,
		"states": func() []campaign.State { return []campaign.State{campaign.Draft, campaign.Open, campaign.Closed} },
		"statuses": func() []string {
			return []string{campaign.Unclaimed, campaign.Claimed, campaign.Voided}
		},
	}
}

// money writes an amount of minor units.
func money(value int64, code string) string {
	currency, err := prize.ParseCurrency(code)
	if err != nil {
		return strconv.FormatInt(value, 10)
	}
	return currency.Display(value)
}

// chance is a line of odds for people.
type chance struct {
	Rule, Prize string // an empty prize is none
	Value       string
	Percent     string
	Fraction    string
	OneIn       string
	Width       int // of its bar, of 100
}

// chances writes odds for people. The longest bar is as wide as can be.
func chances(odds draw.Odds) []chance {
	var list []chance
	most := new(big.Rat)
	shares := make([]*big.Rat, len(odds.Rows))
	for i, row := range odds.Rows {
		shares[i], _ = new(big.Rat).SetString(row.Probability)
		if shares[i] == nil {
			shares[i] = new(big.Rat)
		}
		if shares[i].Cmp(most) > 0 {
			most = shares[i]
		}
	}
	for i, row := range odds.Rows {
		c := chance{Percent: prize.Percent(shares[i]), Fraction: row.Probability}
		if shares[i].Sign() == 0 {
			continue
		}
		c.OneIn = prize.OneIn(shares[i])
		if row.Rule != nil {
			c.Rule = *row.Rule
		}
		if row.Prize != nil {
			c.Prize, c.Value = *row.Prize, money(row.Value, odds.Currency)
		}
		width, _ := new(big.Rat).Quo(new(big.Rat).Mul(shares[i], big.NewRat(100, 1)), most).Float64()
		c.Width = max(int(width), 1)
		list = append(list, c)
	}
	return list
}
