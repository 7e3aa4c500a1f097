package campaign

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// batch makes the draws of several plays in one transaction. It calls the generator
// before the transaction begins, for the indexes that are likely to be next, so that
// remote services do not keep the database waiting. It prepares draws for several batches
// at once, so that most batches do not wait for the services at all (BenchmarkPlays
// in package serve).
type batch struct {
	*engine
	queue *queue
	plays []*pendingPlay

	// Set by the transaction; each run of it begins anew.
	campaign *StoredCampaign
	rules    *prize.Rules
	results  []result // of plays
	rows     []StoredDraw
	next     uint64 // the first index that is neither issued nor skipped
}

// result is the result of a play.
type result struct {
	row      *StoredDraw // nil if err or retry is set
	repeated bool        // whether an earlier play made row
	err      error
	retry    bool // the next batch must make this play
}

// errMoved ends a transaction whose next index is not among the prepared draws.
var errMoved = errors.New("the next index has moved")

// maxMoves is the number of times that a batch prepares draws outside the transaction.
const maxMoves = 3

func (b *batch) run(ctx context.Context) error {
	for move := 0; ; move++ {
		if err := b.prepare(ctx, b.queue.last, uint64(len(b.plays))); err != nil {
			return err
		}
		err := b.store.Update(ctx, func(tx Tx) error { return b.transact(ctx, tx, move >= maxMoves) })
		if c := b.campaign; c != nil {
			b.queue.drift = max(b.queue.drift/2, c.Next-min(c.Next, b.queue.last.Next))
			b.queue.last = c
		}
		if !errors.Is(err, errMoved) {
			if err == nil {
				after := *b.campaign
				after.Next = b.next
				b.queue.last = &after
			}
			return err
		}
	}
}

// preparedDraws are consecutive draws that the generator has made.
type preparedDraws struct {
	inputs   drawInputs
	start    uint64
	accounts prize.Accounts
	outcomes []prize.Outcome
}

// drawInputs determines draws, together with their indexes.
type drawInputs struct {
	secret              entropy.Seed
	text, number, rules string
}

func inputsOf(c *StoredCampaign) drawInputs {
	return drawInputs{c.Secret, c.TextFormat, c.NumberFormat, c.RulesSHA256}
}

// covers reports whether the next count draws of a campaign are prepared.
func (p *preparedDraws) covers(c *StoredCampaign, count uint64) bool {
	return p.inputs == inputsOf(c) && c.Next >= p.start && c.Next+count <= p.start+uint64(len(p.outcomes))
}

// Limits of the draws that are prepared beyond the requested ones: for account numbers
// that were issued before, and for indexes that other processes take meanwhile.
const (
	minSpare = 8
	maxSpare = 4096
)

// The generator prepares draws for batchesAhead batches like the current one, but no more
// than maxAhead unless the current one needs them.
const (
	batchesAhead = 16
	maxAhead     = 4096
)

// prepare makes the next draws of a campaign unless they are prepared or the campaign
// cannot be played.
func (b *batch) prepare(ctx context.Context, c *StoredCampaign, count uint64) error {
	count += b.queue.spare + min(2*b.queue.drift, maxSpare)
	if c.Secret == "" || c.Playable(b.now()) != nil || b.queue.prepared.covers(c, count) {
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

// prepareDraws makes the draws of spec.
func prepareDraws(ctx context.Context, g draw.Generator, spec *draw.Spec) (preparedDraws, error) {
	p := preparedDraws{start: spec.Start}
	err := draw.Run(ctx, g, *spec, nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			p.accounts.Append(string(b.Accounts.At(i)))
		}
		p.outcomes = append(p.outcomes, b.Outcomes...)
		return nil
	})
	return p, err
}

// transact is the transaction of a batch. If the next draws are not prepared, it returns
// errMoved or, if prepareInside is set, prepares them while the campaign is locked.
func (b *batch) transact(ctx context.Context, tx Tx, prepareInside bool) error {
	b.campaign, b.results, b.rows = nil, make([]result, len(b.plays)), nil
	c, err := tx.LockCampaign(ctx, b.queue.campaign)
	if err != nil {
		return err
	}
	b.campaign = c
	if b.rules, err = b.rulesOf(c); err != nil {
		return err
	}
	candidates, err := b.withNewKeys(ctx, tx)
	if err != nil {
		return err
	}
	candidates, err = b.admitted(ctx, tx, candidates)
	if err != nil || len(candidates) == 0 {
		b.next = c.Next
		return err
	}
	if !b.queue.prepared.covers(c, uint64(len(candidates))) {
		if !prepareInside {
			return errMoved
		}
		if err := b.prepare(ctx, c, uint64(len(candidates))); err != nil {
			return err
		}
	}
	return b.issue(ctx, tx, candidates)
}

// withNewKeys returns the indexes of the plays that have no once-only key or a new one.
// It sets the results of the others.
func (b *batch) withNewKeys(ctx context.Context, tx Tx) (candidates []int, err error) {
	var keys []digest
	for _, p := range b.plays {
		if p.key != nil {
			keys = append(keys, *p.key)
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
	first := make(map[digest]int) // the first play of this batch with a key
	for i, p := range b.plays {
		if p.key == nil {
			candidates = append(candidates, i)
			continue
		}
		earlier, inBatch := first[*p.key]
		switch row := stored[*p.key]; {
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
	if row.Request == nil || *row.Request != *p.request {
		return result{err: errKeyReused()}
	}
	return result{row: row, repeated: true}
}

func errKeyReused() error {
	return Errorf(ErrKeyReused, "the once-only key was used for another play; use a new key for each play")
}

// admitted returns the candidates that may play. It sets the results of the others.
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
	if err := c.Playable(b.now()); err != nil {
		return refuseAll(err)
	}
	text, number, _, err := b.parse(c)
	if err != nil {
		return nil, err
	}
	left := countAccounts(text, number) - c.Plays
	if left <= 0 {
		return refuseAll(Errorf(ErrAllIssued, "the campaign %s has issued every account number of its formats", c.Name))
	}
	if candidates, err = b.withinLimit(ctx, tx, candidates); err != nil {
		return nil, err
	}
	if int64(len(candidates)) > left {
		for _, i := range candidates[left:] {
			b.results[i].retry = true // the next batch refuses them
		}
		candidates = candidates[:left]
	}
	return candidates, nil
}

// withinLimit returns the candidates whose entrants have plays left and a required email
// address. It sets the results of the others.
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
			b.results[i].err = invalid("email", "missing; the campaign %s requires it", c.Name)
			continue
		case person != nil:
			identities[i] = person.Identity()
			lookup = append(lookup, identities[i])
		}
		admitted = append(admitted, i)
	}
	if c.MaxPlays == 0 || len(lookup) == 0 {
		return admitted, nil
	}
	slices.Sort(lookup)
	plays, err := tx.PlaysOf(ctx, c.ID, slices.Compact(lookup))
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
		return Errorf(ErrMaxPlays, "this entrant has already played the campaign %s, which allows one play", c.Name)
	}
	return Errorf(ErrMaxPlays, "this entrant has used all %d plays in the campaign %s", c.MaxPlays, c.Name)
}

// failTimeout limits the time that a failed batch spends reading earlier draws.
const failTimeout = 10 * time.Second

// fail answers the plays of a failed batch with err. A play whose once-only key was used
// before gets the earlier draw if it can be read.
func (b *batch) fail(ctx context.Context, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failTimeout)
	defer cancel()
	for _, p := range b.plays {
		res := result{err: err}
		if p.key != nil && !errors.Is(err, ErrUnavailable) {
			if row, rowErr := b.store.DrawOfKey(ctx, *p.key); rowErr == nil {
				res = p.repeat(row)
			}
		}
		b.finish(p, res)
	}
}

// answer answers the plays of a batch that was stored. It returns those to retry.
func (b *batch) answer() (retry []*pendingPlay) {
	for i, p := range b.plays {
		if b.results[i].retry {
			retry = append(retry, p)
			continue
		}
		b.finish(p, b.results[i])
	}
	return retry
}

// finish answers a play.
func (b *batch) finish(p *pendingPlay, res result) {
	if res.err != nil {
		p.finish(Draw{}, res.err)
		return
	}
	p.repeated = res.repeated
	c := b.campaign
	if c == nil || c.ID != res.row.Campaign {
		c = b.queue.last
	}
	rules, err := b.rulesOf(c)
	if err != nil {
		p.finish(Draw{}, err)
		return
	}
	d := newDraw(c, rules, res.row)
	if p.Person != nil {
		d.Player = p.Person.Shown()
	}
	p.finish(d, nil)
}
