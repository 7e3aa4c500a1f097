package campaign

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// issue gives account numbers and prizes to turns and stores the draws.
func (r *round) issue(ctx context.Context, tx Tx, candidates []int) error {
	skipped, candidates, err := r.number(ctx, tx, candidates)
	if err != nil {
		return err
	}
	if err = r.name(ctx, tx, candidates); err != nil {
		return err
	}
	ledger := newLedger(r.rules, r.record.Prizes)
	now := r.now()
	for i := range r.rows {
		row := &r.rows[i]
		row.PlayedAt = now
		row.Awarded = ledger.award(row.Outcome)
	}
	if err := tx.AddDraws(ctx, r.record.ID, r.next, r.rows, skipped, ledger.given); err != nil {
		return err
	}
	return r.audit(ctx, tx, candidates)
}

// audit writes the draws that promoters had made into the audit trail, in one line
// for each promoter.
func (r *round) audit(ctx context.Context, tx Tx, candidates []int) error {
	made := map[string][]uint64{}
	for k, i := range candidates {
		if actor := r.turns[i].actor; actor != "" {
			made[actor] = append(made[actor], r.rows[k].Index)
		}
	}
	for _, actor := range slices.Sorted(maps.Keys(made)) {
		indexes := made[actor]
		detail := fmt.Sprintf("index %d", indexes[0])
		if n := len(indexes); n > 1 {
			detail = fmt.Sprintf("%d draws, indexes %d to %d", n, indexes[0], indexes[n-1])
		}
		c := Change{At: r.now(), Actor: actor, Action: "draw.make", Subject: r.record.Name, Detail: detail}
		if err := tx.AddChange(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// number makes the rows of as many turns as there are new account numbers among
// those made ready, in order, and gives the places of the turns that got one.
func (r *round) number(ctx context.Context, tx Tx, candidates []int) ([]Skip, []int, error) {
	y, rec := &r.queue.ready, r.record
	r.next = rec.Next
	var skipped []Skip
	taken := make(map[string]bool, len(candidates))
	r.rows = make([]Row, 0, len(candidates))
	for len(r.rows) < len(candidates) {
		from := int(r.next - y.start)
		some := make([]string, 0, len(candidates))
		for i := from; i < len(y.outcomes) && len(some) < len(candidates)-len(r.rows); i++ {
			some = append(some, string(y.accounts.At(i)))
		}
		if len(some) == 0 {
			break
		}
		issued, err := tx.Issued(ctx, rec.ID, some)
		if err != nil {
			return nil, nil, err
		}
		for i, account := range some {
			if taken[account] || slices.Contains(issued, account) {
				skipped = append(skipped, Skip{r.next, account})
			} else {
				taken[account] = true
				t := r.turns[candidates[len(r.rows)]]
				r.rows = append(r.rows, Row{
					Campaign: rec.ID, Index: r.next, Account: account, Outcome: y.outcomes[from+i],
					Secret: newSecret(), Key: t.key, Request: t.request,
				})
			}
			r.next++
		}
	}
	for k, i := range candidates {
		if k < len(r.rows) {
			r.results[i].row = &r.rows[k]
		} else {
			r.results[i].again = true
		}
	}
	if len(r.rows) < len(candidates) {
		r.queue.spare = min(2*r.queue.spare, mostSpare)
	} else {
		r.queue.spare = max(r.queue.spare/2, leastSpare)
	}
	return skipped, candidates[:len(r.rows)], nil
}

// name finds the entrants of the rows.
func (r *round) name(ctx context.Context, tx Tx, candidates []int) error {
	var people []Person
	for k, i := range candidates {
		switch t := r.turns[i]; {
		case t.EntrantID != 0:
			r.rows[k].Entrant = t.EntrantID
		case t.Person != nil:
			people = append(people, *t.Person)
		}
	}
	if len(people) == 0 {
		return nil
	}
	ids, err := tx.EntrantsOf(ctx, people, r.now())
	if err != nil {
		return err
	}
	for k, i := range candidates {
		if t := r.turns[i]; t.EntrantID == 0 && t.Person != nil {
			r.rows[k].Entrant, ids = ids[0], ids[1:]
		}
	}
	return nil
}

// ledger awards prizes as long as there are some.
type ledger struct {
	prizes []Stock
	drawn  []int // by outcome: the place of its prize, NoPrize for none
	then   []int // by place: the place of the prize that follows when it has run out
	given  map[int]int64
}

func newLedger(rules *prize.Rules, prizes []Stock) *ledger {
	l := &ledger{prizes: slices.Clone(prizes), given: map[int]int64{}}
	place := func(name string) int {
		return slices.IndexFunc(prizes, func(s Stock) bool { return s.Name == name })
	}
	l.then = make([]int, len(prizes))
	l.drawn = make([]int, rules.Outcomes())
	for o := range l.drawn {
		l.drawn[o] = NoPrize
		if won := rules.Prize(prize.Outcome(o)); won != nil {
			l.drawn[o] = place(won.Name)
			l.then[l.drawn[o]] = NoPrize
			if won.Then != "" {
				l.then[l.drawn[o]] = place(won.Then)
			}
		}
	}
	return l
}

// award takes what an outcome gives out of the stock, or what follows where that has
// run out, and tells the place of the prize.
func (l *ledger) award(o prize.Outcome) int {
	at := l.drawn[o]
	for at != NoPrize {
		if left, limited := l.prizes[at].Left(); !limited || left > 0 {
			l.prizes[at].Awarded++
			l.given[at]++
			return at
		}
		at = l.then[at]
	}
	return NoPrize
}

// answer answers the turns of a round that was stored, and gives those back that
// another one has to do.
func (r *round) answer() (again []*turn) {
	for i, t := range r.turns {
		if r.results[i].again {
			again = append(again, t)
			continue
		}
		r.finish(t, r.results[i])
	}
	return again
}

// finish tells who waits what became of the turn.
func (r *round) finish(t *turn, found result) {
	if found.err != nil {
		t.finish(Draw{}, found.err)
		return
	}
	t.repeated = found.repeated
	rec := r.record
	if rec == nil || rec.ID != found.row.Campaign {
		rec = r.queue.record
	}
	rules, err := r.rulesOf(rec)
	if err != nil {
		t.finish(Draw{}, err)
		return
	}
	d := view(rec, rules, found.row)
	if t.Person != nil {
		d.Player = t.Person.Shown()
	}
	t.finish(d, nil)
}

// view is a draw for the public.
func view(r *Record, rules *prize.Rules, row *Row) Draw {
	d := Draw{
		ID: drawID(r.Name, row.Index, row.Secret), Index: row.Index, Account: row.Account, Campaign: r.Name,
		TextFormat: r.TextFormat, NumberFormat: r.NumberFormat, Rules: r.Rules, RulesSHA256: r.RulesSHA256,
		PlayedAt: row.PlayedAt, Claim: row.Claim, Void: row.Void,
	}
	if r.State == Closed {
		d.Seed = string(r.Secret)
	}
	d.Text, d.Number = split(r, row.Account)
	if rule := rules.Rule(row.Outcome); rule != nil {
		d.Rule = &rule.Name
	}
	if row.Awarded != NoPrize {
		won := r.Prizes[row.Awarded]
		d.Prize = &draw.Prize{Name: won.Name, Value: won.Value, Currency: r.Currency}
	}
	if drawn := rules.Prize(row.Outcome); drawn != nil && (d.Prize == nil || d.Prize.Name != drawn.Name) {
		d.Drawn = &draw.Prize{Name: drawn.Name, Value: drawn.Value, Currency: r.Currency}
	}
	if row.Person != nil {
		d.Player = row.Person.Shown()
	}
	return d
}
