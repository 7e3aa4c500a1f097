package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// ErrNotExport is wrapped by the error about a file that can't be read as an export.
var ErrNotExport = errors.New("not the export of a campaign")

// Report sums up what [Verify] found.
type Report struct {
	Campaign  Campaign `json:"campaign"`
	Draws     uint64   `json:"draws"`   // in the file
	Skipped   uint64   `json:"skipped"` // in the file
	Held      uint64   `json:"held"`    // draws and skipped indexes that hold
	Wrong     uint64   `json:"wrong"`   // findings
	SeedKnown bool     `json:"seed_known"`
}

// Verify reads what [Promoter.Export] wrote and recomputes it: that the seed is the
// one committed to, that every index is there once and in order, its account number
// and prize, what was skipped and why, and the stock. It tells found of what does not
// hold. Where the seed is not revealed yet, everything is checked that needs none:
// rules, formats, repeated account numbers, stock and counts.
//
// count, which may be nil, is told of entries read. The error is about the reading;
// it wraps [ErrNotExport] where the file is of another kind or broken.
func Verify(ctx context.Context, g draw.Generator, file io.Reader, count func(entries uint64), found func(draw.Finding)) (Report, error) {
	e, err := readExport(file)
	if err != nil {
		return Report{}, err
	}
	a := &audit{g: g, export: e, tell: found, accounts: map[string]uint64{}}
	a.report.Campaign = e.campaign
	if err := a.head(); err != nil {
		return a.report, err
	}
	for {
		entries, err := e.some()
		if err == nil && len(entries) == 0 {
			break
		}
		if err == nil {
			err = a.check(ctx, entries)
		}
		if err != nil {
			return a.report, err
		}
		if count != nil {
			count(uint64(len(entries)))
		}
	}
	a.totals()
	return a.report, nil
}

// audit is one call of [Verify].
type audit struct {
	g      draw.Generator
	export *export
	tell   func(draw.Finding)
	report Report

	spec     draw.Spec // without seed where that is not known
	ledger   *ledger
	prizes   []Stock
	next     uint64            // the index that should come next
	accounts map[string]uint64 // the index that each account number was issued at
}

func (a *audit) wrong(place, format string, args ...any) {
	a.report.Wrong++
	a.tell(draw.Finding{Place: place, Problem: fmt.Sprintf(format, args...), Draws: 1})
}

// head checks the facts about the campaign. Its error is that they can't be
// understood.
func (a *audit) head() error {
	c := &a.export.campaign
	m, err := c.Plan().understand()
	if err != nil {
		return fmt.Errorf("%w: campaign: %w", ErrNotExport, err)
	}
	a.spec = draw.Spec{Text: m.text, Number: m.number, Rules: m.rules}
	a.prizes = Prizes(m.rules)
	a.ledger = newLedger(m.rules, a.prizes)
	compare := func(what, is, should string) {
		if is != should {
			a.wrong("campaign", "%s is %q, should be %q", what, clip(is), should)
		}
	}
	compare("rules", c.Rules, m.rules.Name)
	compare("rules_sha256", c.RulesSHA256, m.rules.SHA256())
	compare("currency", c.Currency, m.rules.Currency.Code)
	if c.Seed == "" {
		return nil
	}
	seed, err := entropy.ParseSeed(c.Seed)
	if err != nil {
		return fmt.Errorf("%w: campaign: %w", ErrNotExport, err)
	}
	compare("commitment", c.Commitment, seed.Commitment())
	a.spec.Seed, a.report.SeedKnown = seed, true
	return nil
}

// check checks entries that follow each other in the file.
func (a *audit) check(ctx context.Context, entries []Entry) error {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].Index == entries[0].Index+uint64(n) {
			n++
		}
		if err := a.consecutive(ctx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// consecutive checks entries whose indexes follow each other.
func (a *audit) consecutive(ctx context.Context, entries []Entry) error {
	switch first := entries[0].Index; {
	case first > a.next:
		a.wrong(place(first), "the indexes %s are missing before it", span(a.next, first-1))
		a.next = first
	case first < a.next:
		for i := range entries {
			if entries[i].Index < a.next {
				a.wrong(place(entries[i].Index), "it is there again or out of order, expected index %d", a.next)
			}
		}
		entries = entries[min(a.next-first, uint64(len(entries))):]
		if len(entries) == 0 {
			return nil
		}
	}
	should, err := a.recompute(ctx, entries)
	if err != nil {
		return err
	}
	for i := range entries {
		if problem := a.entry(&entries[i], should, i); problem != "" {
			a.wrong(place(entries[i].Index), "%s", problem)
		} else {
			a.report.Held++
		}
		a.next = entries[i].Index + 1
	}
	return nil
}

func place(index uint64) string { return fmt.Sprintf("index %d", index) }

func span(from, to uint64) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}

// recompute makes the draws of entries anew; without a seed there are none.
func (a *audit) recompute(ctx context.Context, entries []Entry) (*ready, error) {
	if !a.report.SeedKnown {
		return nil, nil
	}
	spec := a.spec
	spec.Start, spec.Count = entries[0].Index, uint64(len(entries))
	if err := (entropy.Range{Start: spec.Start, Count: spec.Count}).Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotExport, err)
	}
	var y ready
	return &y, y.make(ctx, a.g, &spec)
}

// entry tells what is wrong with one entry, and is empty where nothing is. should has
// what the i-th one must be; it is nil where the seed is not known.
func (a *audit) entry(e *Entry, should *ready, i int) string {
	earlier, repeated := a.accounts[e.Account]
	if e.Skipped {
		a.report.Skipped++
	} else {
		a.report.Draws++
		a.accounts[e.Account] = e.Index
	}
	if should != nil {
		if account := string(should.accounts.At(i)); account != e.Account {
			if !e.Skipped {
				a.ledger.award(should.outcomes[i])
			}
			return fmt.Sprintf("account is %q, should be %q", clip(e.Account), account)
		}
	}
	switch {
	case e.Skipped && !repeated:
		return fmt.Sprintf("it was skipped, but its account number %s was not issued before", clip(e.Account))
	case e.Skipped && (e.Rule != nil || e.Prize != nil || e.Drawn != nil || e.PlayedAt != nil):
		return "it was skipped, so that it can't have been played or have won"
	case e.Skipped:
		return ""
	case repeated:
		return fmt.Sprintf("its account number %s was issued at index %d before, so that it should have been skipped", clip(e.Account), earlier)
	}
	outcome, problem := a.outcome(e, should, i)
	if problem != "" {
		return problem
	}
	return a.awarded(e, outcome)
}

// outcome is what chance gave: as recomputed, or as the entry says where that can't
// be.
func (a *audit) outcome(e *Entry, should *ready, i int) (prize.Outcome, string) {
	if should != nil {
		return should.outcomes[i], ""
	}
	if err := a.spells(e.Account); err != nil {
		return 0, err.Error()
	}
	rule := ""
	if n, covered := a.spec.Rules.Find(e.Account); covered {
		rule = a.spec.Rules.List[n].Name
	}
	if said := textOf(e.Rule); said != rule {
		return 0, fmt.Sprintf("rule is %q, should be %q", clip(said), rule)
	}
	drawn := e.Prize
	if e.Drawn != nil {
		drawn = e.Drawn
	}
	name := ""
	if drawn != nil {
		name = drawn.Name
	}
	outcome, ok := a.spec.Rules.OutcomeOf(rule, name)
	if !ok {
		return 0, fmt.Sprintf("the rule %q has no prize %q", rule, clip(name))
	}
	return outcome, ""
}

// spells says whether an account number is of the campaign's formats.
func (a *audit) spells(account string) error {
	text, number := a.spec.Text, a.spec.Number
	if len(account) != text.Len()+number.Len() ||
		!only(account[:text.Len()], text.Alphabet()) || !only(account[text.Len():], number.Alphabet()) {
		return fmt.Errorf("the account number %q is none of %s + %s", clip(account), text, number)
	}
	return nil
}

// awarded compares what an entry says with what its outcome and the stock give.
func (a *audit) awarded(e *Entry, outcome prize.Outcome) string {
	record := Record{Campaign: a.export.campaign}
	record.Prizes = a.prizes
	row := Row{Index: e.Index, Account: e.Account, Outcome: outcome, Awarded: a.ledger.award(outcome)}
	should := view(&record, a.spec.Rules, &row)
	switch {
	case textOf(e.Rule) != textOf(should.Rule):
		return fmt.Sprintf("rule is %q, should be %q", clip(textOf(e.Rule)), textOf(should.Rule))
	case !samePrize(e.Prize, should.Prize):
		return fmt.Sprintf("prize is %s, should be %s", prizeText(e.Prize), prizeText(should.Prize))
	case !samePrize(e.Drawn, should.Drawn):
		return fmt.Sprintf("drawn is %s, should be %s", prizeText(e.Drawn), prizeText(should.Drawn))
	case e.PlayedAt == nil:
		return "played_at is missing"
	}
	return ""
}

// totals checks the counts at the end.
func (a *audit) totals() {
	c := &a.export.campaign
	if a.export.next != a.next {
		a.wrong("end", "the draws end with index %d, should end with %d", int64(a.next)-1, int64(a.export.next)-1)
	}
	if c.Plays != int64(a.report.Draws) || c.Skipped != int64(a.report.Skipped) {
		a.wrong("campaign", "it tells of %d draws and %d skipped indexes, there are %d and %d", c.Plays, c.Skipped, a.report.Draws, a.report.Skipped)
	}
	if len(c.Prizes) != len(a.prizes) {
		a.wrong("campaign", "it has %d prizes, should have %d", len(c.Prizes), len(a.prizes))
		return
	}
	for i, s := range a.ledger.prizes {
		is := c.Prizes[i]
		if is.Name != s.Name || is.Value != s.Value || (is.Stock == nil) != (s.Stock == nil) || is.Stock != nil && *is.Stock != *s.Stock {
			a.wrong("campaign", "its prize %d is %q, should be %q as in its rules, with the same value and stock", i+1, clip(is.Name), s.Name)
		} else if is.Awarded != s.Awarded {
			a.wrong("campaign", "it tells of %d awarded %q, there are %d", is.Awarded, s.Name, s.Awarded)
		}
	}
}
