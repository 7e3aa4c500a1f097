package prize

import (
	"bytes"
	"math/big"
	"slices"

	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

// Rules decide what an account number wins. They come from [Parse] or are built
// in, never change, and may be used by several goroutines at once.
type Rules struct {
	Name     string
	Currency Currency
	List     []Rule // in the order that they are tried in

	source    []byte
	sha256    string
	automaton *automaton.Automaton
	awards    awards
}

// Rule is a pattern on account numbers and what those that match it can win.
type Rule struct {
	Name   string
	Match  string // a regular expression in the syntax of RE2; empty for everybody else
	Prizes []Prize
}

// Prize is one thing or amount that a rule can give.
type Prize struct {
	Name   string   // of a thing as it is in the file, of money the amount such as £20.00
	Value  int64    // what it is worth in minor units of the currency
	Chance *big.Rat // above 0 and up to 1
	Stock  int64    // how many a campaign has, 0 for any number
	Then   string   // name of the prize that is given when the stock has run out, empty for none
}

// NoPrize is the chance that the rule gives nothing.
func (r *Rule) NoPrize() *big.Rat {
	left := big.NewRat(1, 1)
	for i := range r.Prizes {
		left.Sub(left, r.Prizes[i].Chance)
	}
	return left
}

// samePrizes says whether two rules give the same prizes with the same chances.
func (r *Rule) samePrizes(other *Rule) bool {
	return slices.EqualFunc(r.Prizes, other.Prizes, func(a, b Prize) bool {
		return a.Name == b.Name && a.Value == b.Value && a.Chance.Cmp(b.Chance) == 0
	})
}

// Source is the YAML text that the rules were read from.
func (r *Rules) Source() []byte { return bytes.Clone(r.source) }

// SHA256 is the SHA-256 of the source in lower-case hexadecimal: it names
// exactly these rules, whatever they are called.
func (r *Rules) SHA256() string { return r.sha256 }

// Find tells the number of the rule that decides an account number, and false
// where no rule covers it.
func (r *Rules) Find(account string) (int, bool) {
	rule := r.automaton.Match(account)
	return rule, rule < len(r.List)
}

// Outcome is what a draw came to: the rule that matched, and its prize or none.
// Each of the [Rules.Outcomes] of a rules file has a number: 0 stands for an
// account number that no rule covers; after it come, rule by rule, the rule's
// prizes in file order and then its no prize.
type Outcome int32

// Outcomes is how many different outcomes there are; they are numbered from 0.
func (r *Rules) Outcomes() int { return len(r.awards.rules) }

// Rule tells which rule an outcome belongs to; nil where no rule matched.
func (r *Rules) Rule(o Outcome) *Rule {
	if rule := r.awards.rules[o]; rule >= 0 {
		return &r.List[rule]
	}
	return nil
}

// Prize tells what an outcome gives; nil where nothing was won.
func (r *Rules) Prize(o Outcome) *Prize {
	rule := r.awards.rules[o]
	if rule < 0 {
		return nil
	}
	if prize := int(o - r.awards.rows[rule].first); prize < len(r.List[rule].Prizes) {
		return &r.List[rule].Prizes[prize]
	}
	return nil
}

// OutcomeOf finds an outcome by the names of its rule and prize: an empty rule
// for an account number that no rule covers, an empty prize for none.
func (r *Rules) OutcomeOf(rule, prize string) (Outcome, bool) {
	if rule == "" {
		return 0, prize == ""
	}
	i := slices.IndexFunc(r.List, func(x Rule) bool { return x.Name == rule })
	if i < 0 {
		return 0, false
	}
	k := len(r.List[i].Prizes)
	if prize != "" {
		k = slices.IndexFunc(r.List[i].Prizes, func(x Prize) bool { return x.Name == prize })
	}
	return r.awards.rows[i].first + Outcome(k), k >= 0
}
