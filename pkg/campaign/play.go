package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Play is a request for a draw.
type Play struct {
	Campaign  string
	Person    *Person // the player; nil if EntrantID is set or there is no entrant
	EntrantID int64   // the player by ID; 0 if Person is set or there is no entrant
	Key       string  // once-only key, up to 255 printable ASCII characters; empty for none
}

// maxKey is the maximum length of a once-only key, in characters.
const maxKey = 255

// Play makes a draw: it issues the next account number of the campaign and decides its
// prize. When Play returns, the draw is on disk. A play with the once-only key of an
// earlier one returns the earlier draw if all other fields are equal, and otherwise
// [ErrKeyReused]. Keys do not expire.
//
// Other errors wrap [ErrInvalid], [ErrNotFound], [ErrNotOpen], [ErrEnded], [ErrMaxPlays],
// [ErrAllIssued], [ErrBusy] or [ErrUnavailable], or are those of the generator. After an
// error nothing is stored, with one exception: if the connection to the database is lost
// during the commit, the draw may be stored. Play again with the same key to find out.
//
// The play must have a Person.
func (s *Service) Play(ctx context.Context, play Play) (Draw, error) {
	if play.Person == nil {
		err := invalid("entrant", "missing; give first_name and last_name")
		s.observe(Played{Err: err})
		return Draw{}, err
	}
	return s.play(ctx, play, publicView, "")
}

// Play is like [Service.Play], but it can also play a campaign by EntrantID or without an
// entrant. The draw is recorded in the audit trail.
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
	p, err := newPendingPlay(ctx, play)
	if err != nil {
		return nil, err
	}
	p.view, p.actor = v, actor
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

// pendingPlay is a play that waits for its draw.
type pendingPlay struct {
	Play
	ctx     context.Context // of the caller
	view    visibility      // of the caller
	actor   string          // the promoter; empty for the public
	key     *digest         // of the once-only key; nil without a key
	request *digest         // of the request with the key
	done    chan struct{}   // closed when draw or err is set
	draw    Draw
	err     error

	repeated bool // whether draw was made by an earlier play with the same key
}

func newPendingPlay(ctx context.Context, play Play) (*pendingPlay, error) {
	p := &pendingPlay{Play: play, ctx: ctx, done: make(chan struct{})}
	if play.Person != nil {
		person, err := play.Person.Clean()
		if err != nil {
			return nil, err
		}
		p.Person = &person
	}
	if play.Key == "" {
		return p, nil
	}
	if len(play.Key) > maxKey || strings.ContainsFunc(play.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, invalid("Idempotency-Key", "must be 1 to %d printable ASCII characters", maxKey)
	}
	key := newDigest([]byte(play.Key))
	request, err := json.Marshal([]any{play.Campaign, p.Person, play.EntrantID})
	if err != nil {
		return nil, err
	}
	requestDigest := newDigest(request)
	p.key, p.request = &key, &requestDigest
	return p, nil
}

func newDigest(text []byte) digest {
	sum := sha256.Sum256(text)
	return digest(sum[:len(digest{})])
}

// finish sets the result of a play and wakes its caller.
func (p *pendingPlay) finish(d Draw, err error) {
	p.draw, p.err = d, err
	close(p.done)
}

// queue holds the waiting plays of one campaign. The engine's mutex protects plays and
// running; the goroutine that runs the queue owns the rest.
type queue struct {
	campaign string
	plays    []*pendingPlay
	running  bool

	last     *StoredCampaign // as it was after the last batch
	text     textgen.Format
	number   numgen.Format
	drift    uint64 // how far other processes moved the next index between two batches
	spare    uint64 // draws to prepare for account numbers that were issued before
	prepared preparedDraws
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
		return Errorf(ErrBusy, "%d plays of the campaign %s are waiting; try again in a moment", len(q.plays), q.campaign)
	}
	e.queues[p.Campaign] = q
	q.plays = append(q.plays, p)
	if !q.running {
		q.running = true
		go e.run(q)
	}
	return nil
}

// run makes batches of the plays in a queue until it is empty. While one batch is stored,
// the plays of the next one queue up.
func (e *engine) run(q *queue) {
	var retry []*pendingPlay // from the batch before
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

// maxIdleQueues is the number of queues above which idle ones are removed.
const maxIdleQueues = 100

// batchTimeout limits the time of a batch.
const batchTimeout = 30 * time.Second

// runBatch makes the draws of plays in one transaction and answers them. It returns the
// plays that must be retried in the next batch.
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
	// Calls to services carry the trace of the first play. Its cancellation must not end
	// the other plays.
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
