package campaign

import (
	"context"
	"errors"
	"time"
)

// Play makes a draw: it issues the next account number of the campaign and determines its
// prize. When Play returns, the draw is on disk. If the once-only key of the play was
// used before, Play returns the earlier draw if all other fields are equal, and
// [ErrKeyReused] otherwise. Keys do not expire. The keys of the public, of promoters and of
// the forms of the site are separate.
//
// Other errors wrap [ErrInvalid], [ErrNotFound], [ErrNotOpen], [ErrEnded], [ErrMaxPlays],
// [ErrAllIssued], [ErrBusy] or [ErrUnavailable], or come from the generator. After an
// error nothing is stored, with one exception: if the connection to the database is lost
// during the commit, the draw may be stored. Play again with the same key to find out.
//
// The play must have a Person.
func (s *Service) Play(ctx context.Context, play Play) (Draw, error) {
	if play.Person == nil {
		err := invalid("entrant", "missing; specify first_name and last_name")
		s.observe(Played{Err: err})
		return Draw{}, err
	}
	return s.play(ctx, play, publicView, "")
}

// Play is like [Service.Play], but it can also play a campaign by EntrantID or without an
// entrant. It records the draw in the audit trail.
func (a *Admin) Play(ctx context.Context, play Play) (Draw, error) {
	return a.play(ctx, play, adminView, a.actor)
}

// play makes a draw. actor is the promoter, or empty for the public.
func (e *engine) play(ctx context.Context, play Play, v visibility, actor string) (Draw, error) {
	start := time.Now()
	p, err := e.enqueueAndWait(ctx, play, v, actor)
	if err != nil {
		e.observe(Played{Took: time.Since(start), Err: err})
		return Draw{}, err
	}
	e.observe(Played{Draw: &p.draw, Repeated: p.repeated, Took: time.Since(start)})
	return p.draw, nil
}

// enqueueAndWait queues a play and waits until its draw is stored.
func (e *engine) enqueueAndWait(ctx context.Context, play Play, v visibility, actor string) (*pendingPlay, error) {
	p, err := newPendingPlay(ctx, play, v, actor)
	if err != nil {
		return nil, err
	}
	if err := e.enqueue(ctx, p); err != nil {
		return nil, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return p, p.err
}

// enqueue adds a play to the queue of its campaign and starts the queue if necessary.
func (e *engine) enqueue(ctx context.Context, p *pendingPlay) error {
	e.mu.Lock()
	q := e.queues[p.Campaign]
	e.mu.Unlock()
	if q == nil {
		c, err := e.campaign(ctx, p.view, p.Campaign)
		if err != nil {
			return err
		}
		q = &queue{campaign: c.Name, last: c, spare: minSpare}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if existing := e.queues[p.Campaign]; existing != nil {
		q = existing
	}
	if len(q.plays) >= e.maxQueue {
		return Errorf(ErrBusy, "%d plays of campaign %s are waiting; try again in a moment", len(q.plays), q.campaign)
	}
	e.queues[p.Campaign] = q
	q.plays = append(q.plays, p)
	if !q.running {
		q.running = true
		go e.run(q)
	}
	return nil
}

// run processes the plays in a queue, batch by batch, until the queue is empty. While one
// batch is being stored, plays for the next one accumulate.
func (e *engine) run(q *queue) {
	var retry []*pendingPlay // from the previous batch
	for {
		e.mu.Lock()
		n := min(max(e.maxBatch-len(retry), 0), len(q.plays))
		plays := append(retry, q.plays[:n]...)
		q.plays = q.plays[n:]
		if len(plays) == 0 {
			q.running, q.plays = false, nil
			if len(e.queues) > maxIdleQueues {
				delete(e.queues, q.campaign)
			}
			e.mu.Unlock()
			return
		}
		e.mu.Unlock()
		retry = e.runBatch(q, plays)
	}
}

// maxIdleQueues is the number of queues above which an engine removes idle ones.
const maxIdleQueues = 100

// batchTimeout limits how long a batch may take.
const batchTimeout = 30 * time.Second

// runBatch makes the draws of plays in one transaction and passes them to the callers. It
// returns the plays that must be retried in the next batch.
func (e *engine) runBatch(q *queue, plays []*pendingPlay) (retry []*pendingPlay) {
	waiting := plays[:0:0]
	for _, p := range plays {
		if p.ctx.Err() != nil { // the caller has returned
			p.finish(Draw{}, context.Cause(p.ctx))
			continue
		}
		waiting = append(waiting, p)
	}
	if len(waiting) == 0 {
		return nil
	}
	// Calls to services carry the trace of the first play. Cancelling that play must not
	// cancel the other plays.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(waiting[0].ctx), batchTimeout)
	defer cancel()
	b := &batch{engine: e, queue: q, plays: waiting}
	if err := b.run(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
			err = Errorf(ErrUnavailable, "a play took longer than %s", batchTimeout)
		}
		b.fail(ctx, err)
		return nil
	}
	return b.answer()
}

// errMoved aborts a transaction whose next index is not among the prepared draws.
var errMoved = errors.New("the next index has moved")

// maxMoves is the number of times that a transaction may fail with errMoved before it
// prepares its draws itself.
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

// transact is the transaction of a batch. If the next draws are not prepared, it returns
// errMoved or, if prepareInside is set, prepares them while the campaign is locked.
func (b *batch) transact(ctx context.Context, tx Tx, prepareInside bool) error {
	b.campaign, b.results, b.rows = nil, make([]result, len(b.plays)), nil
	c, err := tx.LockCampaign(ctx, b.queue.campaign)
	if err != nil {
		return err
	}
	b.campaign, b.at = c, c.timeAt(b.now())
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

// failTimeout limits the time that a failed batch spends reading earlier draws.
const failTimeout = 10 * time.Second

// fail finishes the plays of a failed batch with err. If the once-only key of a play was
// used before, the play gets the earlier draw if it can be read.
func (b *batch) fail(ctx context.Context, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failTimeout)
	defer cancel()
	for _, p := range b.plays {
		res := result{err: err}
		if p.key != nil && !errors.Is(err, ErrUnavailable) {
			row := p.earlier(func(key digest) *StoredDraw {
				row, rowErr := b.store.DrawOfKey(ctx, key)
				if rowErr != nil {
					return nil
				}
				return row
			})
			if row != nil {
				res = p.repeat(row)
			}
		}
		b.finish(p, res)
	}
}

// answer finishes the plays of a batch that was stored. It returns the plays that must be
// retried.
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

// finish passes the result of a play to its caller.
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
