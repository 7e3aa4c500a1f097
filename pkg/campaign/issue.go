package campaign

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/prizegen/prizegen/pkg/prize"
)

// issue assigns account numbers and prizes to the candidates and stores their draws.
func (b *batch) issue(ctx context.Context, tx Tx, candidates []int) error {
	skipped, candidates, err := b.assignAccounts(ctx, tx, candidates)
	if err != nil {
		return err
	}
	if err = b.assignEntrants(ctx, tx, candidates); err != nil {
		return err
	}
	awards := newAwarder(b.rules, b.campaign.Prizes)
	now := b.now()
	for i := range b.rows {
		row := &b.rows[i]
		row.PlayedAt = now
		row.Awarded = awards.award(row.Outcome)
	}
	if err := tx.AddDraws(ctx, b.campaign.ID, b.next, b.rows, skipped, awards.counts); err != nil {
		return err
	}
	return b.recordPlays(ctx, tx, candidates)
}

// recordPlays adds the plays of promoters to the audit trail, in one entry for each
// promoter.
func (b *batch) recordPlays(ctx context.Context, tx Tx, candidates []int) error {
	indexesOf := map[string][]uint64{} // by actor
	for k, i := range candidates {
		if p := b.plays[i]; p.view == adminView {
			indexesOf[p.actor] = append(indexesOf[p.actor], b.rows[k].Index)
		}
	}
	for _, actor := range slices.Sorted(maps.Keys(indexesOf)) {
		indexes := indexesOf[actor]
		detail := fmt.Sprintf("index %d", indexes[0])
		if n := len(indexes); n > 1 {
			detail = fmt.Sprintf("%d draws, indexes %d to %d", n, indexes[0], indexes[n-1])
		}
		c := Change{At: b.now(), Actor: actor, Action: "draw.make", Subject: b.campaign.Name, Detail: detail}
		if err := tx.AddChange(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// assignAccounts makes a row for each candidate, with the next account number that was
// not issued before. If the prepared draws do not suffice, the last candidates are left
// for the next batch. It returns the skipped indexes and the candidates that have rows.
func (b *batch) assignAccounts(ctx context.Context, tx Tx, candidates []int) (skipped []StoredDraw, assigned []int, err error) {
	prepared, c := &b.queue.prepared, b.campaign
	b.next = c.Next
	taken := make(map[string]bool, len(candidates))
	b.rows = make([]StoredDraw, 0, len(candidates))
	for len(b.rows) < len(candidates) {
		from := int(b.next - prepared.start)
		accounts := make([]string, 0, len(candidates))
		for i := from; i < len(prepared.outcomes) && len(accounts) < len(candidates)-len(b.rows); i++ {
			accounts = append(accounts, string(prepared.accounts.At(i)))
		}
		if len(accounts) == 0 {
			break
		}
		issued, err := tx.Issued(ctx, c.ID, accounts)
		if err != nil {
			return nil, nil, err
		}
		for i, account := range accounts {
			row := StoredDraw{Campaign: c.ID, Index: b.next, Account: account}
			b.next++
			if taken[account] || slices.Contains(issued, account) {
				skipped = append(skipped, row)
				continue
			}
			taken[account] = true
			p := b.plays[candidates[len(b.rows)]]
			row.Outcome, row.Secret, row.Key, row.Request = prepared.outcomes[from+i], newSecret(), p.key, p.request
			b.rows = append(b.rows, row)
		}
	}
	for k, i := range candidates {
		if k < len(b.rows) {
			b.results[i].row = &b.rows[k]
		} else {
			b.results[i].retry = true
		}
	}
	if len(b.rows) < len(candidates) {
		b.queue.spare = min(2*b.queue.spare, maxSpare)
	} else {
		b.queue.spare = max(b.queue.spare/2, minSpare)
	}
	return skipped, candidates[:len(b.rows)], nil
}

// assignEntrants sets the entrants of the rows.
func (b *batch) assignEntrants(ctx context.Context, tx Tx, candidates []int) error {
	var people []Person
	var rows []int // of people
	for k, i := range candidates {
		switch p := b.plays[i]; {
		case p.EntrantID != 0:
			b.rows[k].Entrant = p.EntrantID
		case p.Person != nil:
			people, rows = append(people, *p.Person), append(rows, k)
		}
	}
	if len(people) == 0 {
		return nil
	}
	ids, err := tx.EntrantsOf(ctx, people, b.now())
	if err != nil {
		return err
	}
	for j, k := range rows {
		b.rows[k].Entrant = ids[j]
	}
	return nil
}

// awarder awards prizes while their stock lasts.
type awarder struct {
	prizes []Stock
	prize  []int // by outcome: index of the drawn prize, or noPrize
	then   []int // by index: index of the replacement when its stock has run out, or noPrize
	counts map[int]int64
}

func newAwarder(rules *prize.Rules, prizes []Stock) *awarder {
	a := &awarder{prizes: slices.Clone(prizes), counts: map[int]int64{}}
	indexOf := func(name string) int {
		return slices.IndexFunc(prizes, func(s Stock) bool { return s.Name == name })
	}
	a.then = make([]int, len(prizes))
	a.prize = make([]int, rules.Outcomes())
	for o := range a.prize {
		a.prize[o] = noPrize
		if won := rules.Prize(prize.Outcome(o)); won != nil {
			a.prize[o] = indexOf(won.Name)
			a.then[a.prize[o]] = noPrize
			if won.Then != "" {
				a.then[a.prize[o]] = indexOf(won.Then)
			}
		}
	}
	return a
}

// award takes the prize of an outcome, or its replacement, out of the stock and returns
// its index, or noPrize.
func (a *awarder) award(o prize.Outcome) int {
	i := a.prize[o]
	for i != noPrize {
		if left, limited := a.prizes[i].Left(); !limited || left > 0 {
			a.prizes[i].Awarded++
			a.counts[i]++
			return i
		}
		i = a.then[i]
	}
	return noPrize
}
