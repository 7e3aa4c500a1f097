package prize

import (
	"bytes"
	"math/big"
	"slices"

	"github.com/prizegen/prizegen/pkg/prize/automaton"
)

// Rules determine what an account number can win. They are immutable and safe for
// concurrent use.
type Rules struct {
	Name     string
	Currency Currency
	List     []Rule // the first rule that matches an account number applies

	source    []byte
	sha256    string
	automaton *automaton.Automaton
	awards    awards
}

// Rule is a pattern for account numbers, with the prizes that a matching account number can
// win.
type Rule struct {
	Name   string
	Match  string // a regular expression in RE2 syntax; an empty one matches every account number
	Prizes []Prize
}

// Prize is a thing or an amount of money that can be won.
type Prize struct {
	Name   string   // as in the file; for money, the amount, such as £20.00
	Value  int64    // in minor units of the currency
	Chance *big.Rat // above 0 and up to 1
	Stock  int64    // number available in a campaign; 0 means unlimited
	Then   string   // name of the prize that replaces it when the stock has run out; empty if none does
}

// NoPrize returns the chance of winning nothing.
func (r *Rule) NoPrize() *big.Rat {
	left := big.NewRat(1, 1)
	for i := range r.Prizes {
		left.Sub(left, r.Prizes[i].Chance)
	}
	return left
}

// samePrizes reports whether two rules have the same prizes with the same chances.
func (r *Rule) samePrizes(other *Rule) bool {
	return slices.EqualFunc(r.Prizes, other.Prizes, func(a, b Prize) bool {
		return a.Name == b.Name && a.Value == b.Value && a.Chance.Cmp(b.Chance) == 0
	})
}

// Source returns the YAML text of the rules.
func (r *Rules) Source() []byte { return bytes.Clone(r.source) }

// SHA256 returns the SHA-256 of the source in lower-case hexadecimal. It identifies the
// rules regardless of their name.
func (r *Rules) SHA256() string { return r.sha256 }

// Memory returns the approximate memory that the rules use, in bytes.
func (r *Rules) Memory() int { return r.automaton.Memory() + len(r.source)*memoryOfByte }

// memoryOfByte is the memory in bytes that rules and prizes take for each byte of a file
// that is as dense as possible.
const memoryOfByte = 12

// Find returns the index of the first rule that matches an account number. It reports false
// if no rule matches.
func (r *Rules) Find(account string) (int, bool) {
	rule := r.automaton.Match(account)
	return rule, rule < len(r.List)
}

// Outcome is the number of a possible result of a draw: a rule with one of its prizes or
// with no prize. Outcome 0 means that no rule matches. The other outcomes are numbered
// rule by rule: first the prizes in the order of the file, then no prize.
type Outcome int32

// Outcomes returns the number of outcomes.
func (r *Rules) Outcomes() int { return len(r.awards.rules) }

// Rule returns the rule of an outcome, or nil if no rule matched.
func (r *Rules) Rule(o Outcome) *Rule {
	if rule := r.awards.rules[o]; rule >= 0 {
		return &r.List[rule]
	}
	return nil
}

// Prize returns the prize of an outcome, or nil if nothing was won.
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

// OutcomeOf returns the outcome with the given names of its rule and prize. An empty rule
// means that no rule matched; an empty prize means that nothing was won. It reports false
// if there is no such outcome.
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
