package campaign

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Report is the result of [Verify].
type Report struct {
	Campaign  Campaign `json:"campaign"`
	Draws     uint64   `json:"draws"`   // number of draws in the file
	Skipped   uint64   `json:"skipped"` // number of skipped indexes in the file
	Held      uint64   `json:"held"`    // number of valid draws and skipped indexes
	Wrong     uint64   `json:"wrong"`   // number of findings
	SeedKnown bool     `json:"seed_known"`
}

// Verify recomputes the draws in a file written by [Service.Export]. It checks that the
// seed matches the commitment and that every index occurs once and in order. For each
// draw it checks the account number, the prize and the stock, and for each skipped
// index the reason. If the seed is not known, it checks only what does not need the
// seed: rules, formats, repeated account numbers, stock and counts.
//
// Verify calls found for each problem. If count is not nil, Verify calls it for each batch
// of entries that it has checked, with the number of these entries. An error means that the
// check could not be completed, for example because the file is not an export.
func Verify(ctx context.Context, g draw.Generator, file io.Reader, count func(entries uint64), found func(draw.Finding)) (Report, error) {
	r, err := newExportReader(file)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{generator: g, export: r, found: found, accounts: map[string]uint64{}}
	v.report.Campaign = r.campaign
	if err := v.checkCampaign(); err != nil {
		return v.report, err
	}
	for {
		entries, err := r.entries()
		if err == nil && len(entries) == 0 {
			break
		}
		if err == nil {
			err = v.checkEntries(ctx, entries)
		}
		if err != nil {
			return v.report, err
		}
		if count != nil {
			count(uint64(len(entries)))
		}
	}
	v.checkTotals()
	return v.report, nil
}

// verifier is the state of one call to [Verify].
type verifier struct {
	generator draw.Generator
	export    *exportReader
	found     func(draw.Finding)
	report    Report

	spec     draw.Spec // without a seed if the seed is not known
	prizes   []Stock
	awards   *awarder
	next     uint64            // the expected next index
	accounts map[string]uint64 // by account number: the index at which it was issued
}

func (v *verifier) wrong(place, format string, args ...any) {
	v.report.Wrong++
	v.found(draw.Finding{Place: place, Problem: fmt.Sprintf(format, args...), Draws: 1})
}

// checkCampaign checks the member campaign of the file. It returns an error if the rules,
// the formats or the seed cannot be parsed.
func (v *verifier) checkCampaign() error {
	c := &v.export.campaign
	valid, err := c.Plan().validate()
	if err != nil {
		return notExport("campaign: %w", err)
	}
	v.spec = draw.Spec{Text: valid.text, Number: valid.number, Rules: valid.rules}
	v.prizes = prizesOf(valid.rules)
	v.awards = newAwarder(valid.rules, v.prizes)
	compare := func(name, got, want string) {
		if got != want {
			v.wrong("campaign", "%s is %q but should be %q", name, excerpt.Of(got), want)
		}
	}
	compare("rules", c.Rules, valid.rules.Name)
	compare("rules_sha256", c.RulesSHA256, valid.rules.SHA256())
	compare("currency", c.Currency, valid.rules.Currency.Code)
	if c.Seed == "" {
		return nil
	}
	seed, err := entropy.ParseSeed(c.Seed)
	if err != nil {
		return notExport("campaign: %w", err)
	}
	compare("commitment", c.Commitment, seed.Commitment())
	v.spec.Seed, v.report.SeedKnown = seed, true
	return nil
}

// checkEntries checks the next entries of the file.
func (v *verifier) checkEntries(ctx context.Context, entries []entry) error {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].Index == entries[0].Index+uint64(n) {
			n++
		}
		if err := v.checkConsecutive(ctx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// checkConsecutive checks entries with consecutive indexes.
func (v *verifier) checkConsecutive(ctx context.Context, entries []entry) error {
	switch first := entries[0].Index; {
	case first > v.next:
		v.wrong(placeOf(first), "missing before it: %s", indexRange(v.next, first-1))
		v.next = first
	case first < v.next:
		for i := range entries {
			if entries[i].Index < v.next {
				v.wrong(placeOf(entries[i].Index), "it is repeated or out of order; the next index should be %d", v.next)
			}
		}
		entries = entries[min(v.next-first, uint64(len(entries))):]
		if len(entries) == 0 {
			return nil
		}
	}
	want, err := v.recompute(ctx, entries)
	if err != nil {
		return err
	}
	for i := range entries {
		if problem := v.checkEntry(&entries[i], want, i); problem != "" {
			v.wrong(placeOf(entries[i].Index), "%s", problem)
		} else {
			v.report.Held++
		}
		v.next = entries[i].Index + 1
	}
	return nil
}

func placeOf(index uint64) string { return fmt.Sprintf("index %d", index) }

func indexRange(from, to uint64) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}

// recompute makes the draws of entries again. It returns nil if the seed is not known.
func (v *verifier) recompute(ctx context.Context, entries []entry) (*preparedDraws, error) {
	if !v.report.SeedKnown {
		return nil, nil
	}
	spec := v.spec
	spec.Start, spec.Count = entries[0].Index, uint64(len(entries))
	if err := (entropy.Range{Start: spec.Start, Count: spec.Count}).Check(); err != nil {
		return nil, notExport("%w", err)
	}
	p, err := prepareDraws(ctx, v.generator, &spec)
	return &p, err
}

// checkEntry returns the problem with an entry, or an empty string. The entry should be
// draw i of want; want is nil if the seed is not known.
func (v *verifier) checkEntry(e *entry, want *preparedDraws, i int) string {
	earlier, repeated := v.accounts[e.Account]
	if e.Skipped {
		v.report.Skipped++
	} else {
		v.report.Draws++
		v.accounts[e.Account] = e.Index
	}
	if want != nil {
		if account := string(want.accounts.At(i)); account != e.Account {
			if !e.Skipped {
				v.awards.award(want.outcomes[i])
			}
			return fmt.Sprintf("account is %q but should be %q", excerpt.Of(e.Account), account)
		}
	}
	switch {
	case e.Skipped && !repeated:
		return fmt.Sprintf("it was skipped, but its account number %s was not issued before", excerpt.Of(e.Account))
	case e.Skipped && (e.Rule != nil || e.Prize != nil || e.Drawn != nil || e.PlayedAt != nil):
		return "it was skipped, but it contains members of a draw"
	case e.Skipped:
		return ""
	case repeated:
		return fmt.Sprintf("it should have been skipped, because its account number %s was already issued at index %d", excerpt.Of(e.Account), earlier)
	}
	outcome, problem := v.outcomeOf(e, want, i)
	if problem != "" {
		return problem
	}
	return v.checkAward(e, outcome)
}

// outcomeOf returns the outcome that was drawn. Without a seed, it returns the outcome in
// the entry if the rules allow it.
func (v *verifier) outcomeOf(e *entry, want *preparedDraws, i int) (outcome prize.Outcome, problem string) {
	if want != nil {
		return want.outcomes[i], ""
	}
	if problem := v.checkFormat(e.Account); problem != "" {
		return 0, problem
	}
	rule := ""
	if n, covered := v.spec.Rules.Find(e.Account); covered {
		rule = v.spec.Rules.List[n].Name
	}
	if got := textOf(e.Rule); got != rule {
		return 0, fmt.Sprintf("rule is %q but should be %q", excerpt.Of(got), rule)
	}
	name := nameDrawn(e.Prize, e.Drawn)
	outcome, ok := v.spec.Rules.OutcomeOf(rule, name)
	if !ok {
		return 0, fmt.Sprintf("rule %q has no prize %q", rule, excerpt.Of(name))
	}
	return outcome, ""
}

// checkFormat returns the problem with an account number that does not match the formats
// of the campaign, or an empty string.
func (v *verifier) checkFormat(account string) string {
	text, number := v.spec.Text, v.spec.Number
	consistsOf := func(part, alphabet string) bool { return strings.Trim(part, alphabet) == "" }
	if len(account) != text.Len()+number.Len() ||
		!consistsOf(account[:text.Len()], text.Alphabet()) || !consistsOf(account[text.Len():], number.Alphabet()) {
		return fmt.Sprintf("account number %q does not match the formats %s + %s", excerpt.Of(account), text, number)
	}
	return ""
}

// checkAward compares an entry with the draw that follows from its outcome and the stock. It
// returns the problem, or an empty string.
func (v *verifier) checkAward(e *entry, outcome prize.Outcome) string {
	c := StoredCampaign{Campaign: v.export.campaign}
	c.Prizes = v.prizes
	row := StoredDraw{Index: e.Index, Account: e.Account, Outcome: outcome, Awarded: v.awards.award(outcome)}
	want := newDraw(&c, v.spec.Rules, &row)
	switch {
	case textOf(e.Rule) != textOf(want.Rule):
		return fmt.Sprintf("rule is %q but should be %q", excerpt.Of(textOf(e.Rule)), textOf(want.Rule))
	case !equalPrizes(e.Prize, want.Prize):
		return fmt.Sprintf("prize is %s but should be %s", prizeText(e.Prize), prizeText(want.Prize))
	case !equalPrizes(e.Drawn, want.Drawn):
		return fmt.Sprintf("drawn is %s but should be %s", prizeText(e.Drawn), prizeText(want.Drawn))
	case e.PlayedAt == nil:
		return "played_at is missing"
	}
	return ""
}

// checkTotals compares the counts in the file with its entries.
func (v *verifier) checkTotals() {
	c := &v.export.campaign
	if v.export.next != v.next {
		v.wrong("end", "the draws end with index %d but should end with %d", int64(v.next)-1, int64(v.export.next)-1)
	}
	if c.Plays != int64(v.report.Draws) || c.Skipped != int64(v.report.Skipped) {
		v.wrong("campaign", "plays is %d and skipped is %d but should be %d and %d", c.Plays, c.Skipped, v.report.Draws, v.report.Skipped)
	}
	if len(c.Prizes) != len(v.prizes) {
		v.wrong("campaign", "the number of prizes is %d but should be %d", len(c.Prizes), len(v.prizes))
		return
	}
	for i, want := range v.awards.prizes {
		switch got := c.Prizes[i]; {
		case got.Name != want.Name:
			v.wrong("campaign", "prize %d is %q but should be %q", i+1, excerpt.Of(got.Name), want.Name)
		case got.Value != want.Value:
			v.wrong("campaign", "the value of prize %q is %d but should be %d", want.Name, got.Value, want.Value)
		case stockText(got.Stock) != stockText(want.Stock):
			v.wrong("campaign", "the stock of prize %q is %s but should be %s", want.Name, stockText(got.Stock), stockText(want.Stock))
		case got.Awarded != want.Awarded:
			v.wrong("campaign", "the awarded count of prize %q is %d but should be %d", want.Name, got.Awarded, want.Awarded)
		}
	}
}

func stockText(stock *int64) string {
	if stock == nil {
		return "unlimited"
	}
	return strconv.FormatInt(*stock, 10)
}

func equalPrizes(a, b *draw.Prize) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func prizeText(p *draw.Prize) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("%q (value %d, %s)", excerpt.Of(p.Name), p.Value, excerpt.Of(p.Currency))
}
