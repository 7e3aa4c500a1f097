package campaign

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// batch makes the draws of several plays in one transaction. It calls the generator
// before the transaction begins, for the indexes that will probably be next, so that
// the database does not wait for remote services. It prepares draws for several batches
// at once, so that most batches do not wait for the services at all (BenchmarkPlays
// in package serve).
type batch struct {
	*engine
	queue *queue
	plays []*pendingPlay

	// The transaction sets the following fields, and sets them again if it is retried.
	campaign *StoredCampaign
	at       time.Time // the time of the plays; the clock is read only once
	rules    *prize.Rules
	results  []result // by index in plays
	rows     []StoredDraw
	next     uint64 // the first index that is neither used nor skipped
}

// result is the result of a play.
type result struct {
	row      *StoredDraw // nil if err or retry is set
	repeated bool        // whether an earlier play made row
	err      error
	retry    bool // the next batch must make this play
}

// The generator prepares draws for batchesAhead batches of the current size. It prepares
// no more than maxAhead draws, unless the current batch needs more.
const (
	batchesAhead = 16
	maxAhead     = 4096
)

// prepare makes at least the next count draws of a campaign, unless they are already
// prepared or the campaign cannot be played.
func (b *batch) prepare(ctx context.Context, c *StoredCampaign, count uint64) error {
	count += b.queue.spare + min(2*b.queue.drift, maxSpare)
	if c.Secret == "" || c.Playable(c.timeAt(b.now())) != nil || b.queue.prepared.covers(c, count) {
		return nil
	}
	text, number, rules, err := b.parse(c)
	if err != nil {
		return err
	}
	spec := draw.Spec{Seed: c.Secret, Start: c.Next, Count: max(count, min(batchesAhead*count, maxAhead)), Text: text, Number: number, Rules: rules}
	prepared, err := prepareDraws(ctx, b.generator, &spec)
	if err != nil {
		return err
	}
	prepared.inputs = inputsOf(c)
	b.queue.prepared = prepared
	return nil
}

// parse returns the parsed formats and rules of a campaign.
func (b *batch) parse(c *StoredCampaign) (text textgen.Format, number numgen.Format, rules *prize.Rules, err error) {
	q := b.queue
	if q.text.String() != c.TextFormat {
		if q.text, err = textgen.Parse(c.TextFormat); err != nil {
			return text, number, nil, err
		}
	}
	if q.number.String() != c.NumberFormat {
		if q.number, err = numgen.Parse(c.NumberFormat); err != nil {
			return text, number, nil, err
		}
	}
	rules, err = b.rulesOf(c)
	return q.text, q.number, rules, err
}

// withNewKeys returns the indexes of the plays whose once-only key is new or missing. It
// sets the results of all other plays.
func (b *batch) withNewKeys(ctx context.Context, tx Tx) (candidates []int, err error) {
	var keys []digest
	for _, p := range b.plays {
		if p.key != nil {
			keys = append(keys, *p.key)
		}
		if p.oldKey != nil {
			keys = append(keys, *p.oldKey)
		}
	}
	var rows []StoredDraw
	if len(keys) > 0 {
		if rows, err = tx.DrawsOfKeys(ctx, keys); err != nil {
			return nil, err
		}
	}
	stored := make(map[digest]*StoredDraw, len(rows))
	for i := range rows {
		stored[*rows[i].Key] = &rows[i]
	}
	first := make(map[digest]int) // by key: index of the first play in this batch
	for i, p := range b.plays {
		if p.key == nil {
			candidates = append(candidates, i)
			continue
		}
		earlier, inBatch := first[*p.key]
		switch row := p.earlier(func(key digest) *StoredDraw { return stored[key] }); {
		case row != nil:
			b.results[i] = p.repeat(row)
		case inBatch && *b.plays[earlier].request != *p.request:
			b.results[i].err = errKeyReused()
		case inBatch:
			b.results[i].retry = true // the next batch finds the draw that this one stores
		default:
			first[*p.key] = i
			candidates = append(candidates, i)
		}
	}
	return candidates, nil
}

// repeat returns the result of a play whose key was used for row.
func (p *pendingPlay) repeat(row *StoredDraw) result {
	if !p.isRepeat(row) {
		return result{err: errKeyReused()}
	}
	return result{row: row, repeated: true}
}

func errKeyReused() error {
	return Errorf(ErrKeyReused, "the once-only key was used for another play; use a new key for each play")
}

// admitted returns the candidates that may play. It sets the results of all others.
func (b *batch) admitted(ctx context.Context, tx Tx, candidates []int) ([]int, error) {
	refuseAll := func(err error) ([]int, error) {
		for _, i := range candidates {
			b.results[i].err = err
			if b.campaign.State == Draft && b.plays[i].view == publicView {
				b.results[i].err = noCampaign(b.campaign.Name)
			}
		}
		return nil, nil
	}
	c := b.campaign
	if err := c.Playable(b.at); err != nil {
		if err := recordEnd(ctx, tx, c, b.at); err != nil {
			return nil, err
		}
		return refuseAll(err)
	}
	text, number, _, err := b.parse(c)
	if err != nil {
		return nil, err
	}
	left := countAccounts(text, number) - c.Plays
	if left <= 0 {
		return refuseAll(Errorf(ErrAllIssued, "campaign %s has issued every account number of its formats", c.Name))
	}
	if candidates, err = b.withinLimit(ctx, tx, candidates); err != nil {
		return nil, err
	}
	if int64(len(candidates)) > left {
		for _, i := range candidates[left:] {
			b.results[i].retry = true // the next batch rejects them
		}
		candidates = candidates[:left]
	}
	return candidates, nil
}

// withinLimit returns the candidates whose entrants have plays left and, if the campaign
// requires it, an email address. It sets the results of all others.
func (b *batch) withinLimit(ctx context.Context, tx Tx, candidates []int) ([]int, error) {
	c := b.campaign
	identities := make([]string, len(b.plays)) // empty for a play without an entrant
	var lookup []string
	admitted := candidates[:0:0]
	for _, i := range candidates {
		person, err := b.plays[i].person(ctx, tx)
		switch {
		case errors.Is(err, ErrNotFound):
			b.results[i].err = err
			continue
		case err != nil:
			return nil, err
		case person != nil && c.RequireEmail && person.Email == "":
			b.results[i].err = invalid("email", "missing; campaign %s requires it", c.Name)
			continue
		case person != nil:
			identities[i] = b.identity(person)
			lookup = append(lookup, identities[i])
		}
		admitted = append(admitted, i)
	}
	if c.MaxPlays == 0 || len(lookup) == 0 {
		return admitted, nil
	}
	slices.Sort(lookup)
	plays, err := tx.PlaysOf(ctx, c, slices.Compact(lookup), !b.distinctAliases)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(admitted, func(i int) bool {
		identity := identities[i]
		if identity == "" {
			return false
		}
		if plays[identity] >= c.MaxPlays {
			b.results[i].err = noPlaysLeft(c)
			return true
		}
		plays[identity]++
		return false
	}), nil
}

// person returns the player, or nil if there is no entrant.
func (p *pendingPlay) person(ctx context.Context, tx Tx) (*Person, error) {
	if p.EntrantID == 0 {
		return p.Person, nil
	}
	e, err := tx.Entrant(ctx, p.EntrantID)
	if err != nil {
		return nil, err
	}
	return &e.Person, nil
}

func noPlaysLeft(c *StoredCampaign) error {
	if c.MaxPlays == 1 {
		return Errorf(ErrMaxPlays, "this entrant has already played campaign %s, which allows only one play", c.Name)
	}
	return Errorf(ErrMaxPlays, "this entrant has used all %d plays in campaign %s", c.MaxPlays, c.Name)
}

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
	for i := range b.rows {
		row := &b.rows[i]
		row.PlayedAt = b.at
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
		c := Change{At: b.at, Actor: actor, Action: "draw.make", Subject: b.campaign.Name, Detail: detail}
		if err := tx.AddChange(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// assignAccounts creates a row for each candidate, with the next account number that
// has not been issued before. If there are too few prepared draws, the last candidates
// are left for the next batch. It returns the skipped indexes and the candidates that
// have rows.
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
	var rows []int // indexes in b.rows, parallel to people
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
	ids, err := tx.EntrantsOf(ctx, people, b.at)
	if err != nil {
		return err
	}
	for j, k := range rows {
		b.rows[k].Entrant = ids[j]
	}
	return nil
}
