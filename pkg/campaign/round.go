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

// round makes the draws of a group. The generator is called before the transaction
// begins, for the indexes that are likely to be next, so that services far away do
// not keep the database waiting; and for several groups at once, so that most groups
// need not wait for services at all.
type round struct {
	*office
	queue *queue
	turns []*turn

	// What the transaction found; each run of it begins anew.
	record  *Record
	rules   *prize.Rules
	results []result // of turns
	rows    []Row
	next    uint64 // the first index that was neither issued nor skipped
}

// result is what becomes of a turn.
type result struct {
	row      *Row // nil where err is set, or where another round has to do it
	repeated bool // whether row is of an earlier play
	err      error
	again    bool // no account number was left in what is ready
}

// errMoved ends a transaction that found other indexes next than those made ready.
var errMoved = errors.New("the next index is another one")

// maxMoves is how often a round is begun anew outside of the transaction.
const maxMoves = 3

func (r *round) run(ctx context.Context) error {
	for move := 0; ; move++ {
		if err := r.prepare(ctx, r.queue.record, uint64(len(r.turns))); err != nil {
			return err
		}
		err := r.store.Update(ctx, func(tx Tx) error { return r.play(ctx, tx, move >= maxMoves) })
		if r.record != nil {
			r.queue.drift = max(r.queue.drift/2, r.record.Next-min(r.record.Next, r.queue.record.Next))
			r.queue.record = r.record
		}
		if !errors.Is(err, errMoved) {
			if err == nil {
				r.queue.record = r.stepped()
			}
			return err
		}
	}
}

// stepped is the record as the transaction left it.
func (r *round) stepped() *Record {
	after := *r.record
	after.Next = r.next
	return &after
}

// ready is consecutive draws as the generator made them.
type ready struct {
	of       origin
	start    uint64
	accounts prize.Accounts
	outcomes []prize.Outcome
}

// origin is what draws are made from.
type origin struct {
	secret              entropy.Seed
	text, number, rules string
}

func originOf(r *Record) origin {
	return origin{r.Secret, r.TextFormat, r.NumberFormat, r.RulesSHA256}
}

// has says whether the next draws of a campaign are among those that are ready.
func (y *ready) has(r *Record, count uint64) bool {
	return y.of == originOf(r) && r.Next >= y.start && r.Next+count <= y.start+uint64(len(y.outcomes))
}

// The draws that are to be ready beyond those that are asked for: a few for account
// numbers that were issued before, and as many as other processes are likely to
// take meanwhile.
const (
	leastSpare = 8
	mostSpare  = 4096
)

// The generator makes draws for ahead groups as large as this one at once, but no more
// than mostAhead unless this one needs them.
const (
	ahead     = 16
	mostAhead = 4096
)

// prepare sees to it that the next draws of a campaign are ready, where it can be
// played.
func (r *round) prepare(ctx context.Context, rec *Record, count uint64) error {
	count += r.queue.spare + min(2*r.queue.drift, mostSpare)
	if rec.Secret == "" || rec.Playable(r.now()) != nil || r.queue.ready.has(rec, count) {
		return nil
	}
	text, number, rules, err := r.parts(rec)
	if err != nil {
		return err
	}
	spec := draw.Spec{Seed: rec.Secret, Start: rec.Next, Count: max(count, min(ahead*count, mostAhead)), Text: text, Number: number, Rules: rules}
	ready := ready{of: originOf(rec)}
	if err := ready.make(ctx, r.g, &spec); err != nil {
		return err
	}
	r.queue.ready = ready
	return nil
}

func (r *round) parts(rec *Record) (text textgen.Format, number numgen.Format, rules *prize.Rules, err error) {
	q := r.queue
	if q.text.String() != rec.TextFormat {
		if q.text, err = textgen.Parse(rec.TextFormat); err != nil {
			return text, number, nil, err
		}
	}
	if q.number.String() != rec.NumberFormat {
		if q.number, err = numgen.Parse(rec.NumberFormat); err != nil {
			return text, number, nil, err
		}
	}
	rules, err = r.rulesOf(rec)
	return q.text, q.number, rules, err
}

// make has the generator make the draws of a spec.
func (y *ready) make(ctx context.Context, g draw.Generator, spec *draw.Spec) error {
	*y = ready{of: y.of, start: spec.Start}
	return draw.Run(ctx, g, *spec, nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			y.accounts.Append(string(b.Accounts.At(i)))
		}
		y.outcomes = append(y.outcomes, b.Outcomes...)
		return nil
	})
}

// play is the transaction of a round. Where the next index is not among those made
// ready it makes others: itself, with the campaign locked, if inside says so.
func (r *round) play(ctx context.Context, tx Tx, inside bool) error {
	r.record, r.results, r.rows = nil, make([]result, len(r.turns)), nil
	rec, err := tx.LockCampaign(ctx, r.queue.campaign)
	if err != nil {
		return err
	}
	r.record = rec
	if r.rules, err = r.rulesOf(rec); err != nil {
		return err
	}
	candidates, err := r.repeated(ctx, tx)
	if err != nil {
		return err
	}
	candidates, err = r.admitted(ctx, tx, candidates)
	if err != nil || len(candidates) == 0 {
		r.next = rec.Next
		return err
	}
	if !r.queue.ready.has(rec, uint64(len(candidates))) {
		if !inside {
			return errMoved
		}
		if err := r.prepare(ctx, rec, uint64(len(candidates))); err != nil {
			return err
		}
	}
	return r.issue(ctx, tx, candidates)
}

// repeated answers the turns whose once-only keys were used before, and gives the
// places of the others.
func (r *round) repeated(ctx context.Context, tx Tx) (candidates []int, err error) {
	var keys []Digest
	for _, t := range r.turns {
		if t.key != nil {
			keys = append(keys, *t.key)
		}
	}
	var rows []Row
	if len(keys) > 0 {
		if rows, err = tx.OfKeys(ctx, keys); err != nil {
			return nil, err
		}
	}
	known := make(map[Digest]*Row, len(rows))
	for i := range rows {
		known[*rows[i].Key] = &rows[i]
	}
	first := make(map[Digest]int) // the turn of this group that has a key first
	for i, t := range r.turns {
		if t.key == nil {
			candidates = append(candidates, i)
			continue
		}
		earlier, inGroup := first[*t.key]
		switch row := known[*t.key]; {
		case row != nil:
			r.results[i] = repeat(t, row.Request, row)
		case inGroup && *r.turns[earlier].request != *t.request:
			r.results[i].err = keyReused()
		case inGroup:
			r.results[i].again = true // the next round finds what this one stores
		default:
			first[*t.key] = i
			candidates = append(candidates, i)
		}
	}
	return candidates, nil
}

// repeat is the result of a turn whose key was used.
func repeat(t *turn, request *Digest, row *Row) result {
	if request == nil || *request != *t.request {
		return result{err: keyReused()}
	}
	return result{row: row, repeated: true}
}

func keyReused() error {
	return Errorf(ErrKeyReused, "the once-only key was used for another play, expected a new one for each play")
}

// admitted refuses the turns that may not play, and gives the places of the others.
func (r *round) admitted(ctx context.Context, tx Tx, candidates []int) ([]int, error) {
	refuse := func(err error) ([]int, error) {
		for _, i := range candidates {
			r.results[i].err = err
			if r.record.State == Draft && r.turns[i].actor == "" {
				r.results[i].err = noCampaign(r.record.Name)
			}
		}
		return nil, nil
	}
	rec := r.record
	if err := rec.Playable(r.now()); err != nil {
		return refuse(err)
	}
	text, number, _, err := r.parts(rec)
	if err != nil {
		return nil, err
	}
	left := issuable(text, number) - rec.Plays
	if left <= 0 {
		return refuse(Errorf(ErrAllIssued, "the campaign %s has issued every account number of its formats", rec.Name))
	}
	if candidates, err = r.withinLimit(ctx, tx, candidates); err != nil {
		return nil, err
	}
	if int64(len(candidates)) > left {
		for _, i := range candidates[left:] {
			r.results[i].again = true // and refused then
		}
		candidates = candidates[:left]
	}
	return candidates, nil
}

// withinLimit refuses the turns of entrants that have played as often as they may,
// or whose email address is missing.
func (r *round) withinLimit(ctx context.Context, tx Tx, candidates []int) ([]int, error) {
	rec := r.record
	identities := make([]string, len(r.turns))
	var asked []string
	admitted := candidates[:0:0]
	for _, i := range candidates {
		t := r.turns[i]
		person := t.Person
		if t.EntrantID != 0 {
			entrant, err := tx.Entrant(ctx, t.EntrantID)
			if err != nil {
				if !errors.Is(err, ErrNotFound) {
					return nil, err
				}
				r.results[i].err = err
				continue
			}
			person = &entrant.Person
		}
		if person != nil {
			if rec.RequireEmail && person.Email == "" {
				r.results[i].err = invalid("email", "it is missing, the campaign %s asks for it", rec.Name)
				continue
			}
			identities[i] = person.Identity()
			asked = append(asked, identities[i])
		}
		admitted = append(admitted, i)
	}
	if rec.MaxPlays == 0 || len(asked) == 0 {
		return admitted, nil
	}
	slices.Sort(asked)
	plays, err := tx.PlaysOf(ctx, rec.ID, slices.Compact(asked))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(admitted, func(i int) bool {
		who := identities[i]
		if who == "" {
			return false
		}
		if plays[who] >= rec.MaxPlays {
			r.results[i].err = noPlaysLeft(rec)
			return true
		}
		plays[who]++
		return false
	}), nil
}

func noPlaysLeft(r *Record) error {
	if r.MaxPlays == 1 {
		return Errorf(ErrMaxPlays, "this entrant has played the campaign %s before, which allows one play", r.Name)
	}
	return Errorf(ErrMaxPlays, "all %d plays of this entrant in the campaign %s are used", r.MaxPlays, r.Name)
}

// fail answers a group that could not be made: those whose keys were used before get
// their answers still, as far as they can be found.
func (r *round) fail(ctx context.Context, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	var row *Row
	for _, t := range r.turns {
		found := result{err: err}
		if t.key != nil && !errors.Is(err, ErrUnavailable) {
			var rowErr error
			if row, rowErr = r.store.DrawOfKey(ctx, *t.key); rowErr == nil {
				found = repeat(t, row.Request, row)
			}
		}
		r.finish(t, found)
	}
}
