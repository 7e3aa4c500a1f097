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

// Play asks for a draw.
type Play struct {
	Campaign  string
	Person    *Person // who plays; nil where EntrantID says so, or for nobody
	EntrantID int64   // who plays, of those that are known; 0 for nobody
	Key       string  // once-only key, empty for none
}

// MaxKey is how many characters a once-only key may have.
const MaxKey = 255

// Play makes a draw: it issues the next account number of the campaign and decides
// its prize. What it answers is on disk. A play with the once-only key of an earlier
// one makes no draw but gets that one's answer again, or [ErrKeyReused] where it asks
// for something else; a key is kept as long as the campaign.
//
// Other errors wrap [ErrInvalid], [ErrNotFound], [ErrNotOpen], [ErrEnded],
// [ErrMaxPlays], [ErrAllIssued], [ErrBusy] or [ErrUnavailable], or are those of the
// generator. Nothing is stored then; where the database was lost at the very end it
// may be, which a repetition with the same key finds out. Only a promoter may play
// for nobody or for an entrant by ID.
func (p *Promoter) Play(ctx context.Context, play Play) (Draw, error) {
	begun := time.Now()
	t, err := p.take(ctx, play)
	if err != nil {
		p.observe(Played{Took: time.Since(begun), Err: err})
		return Draw{}, err
	}
	p.observe(Played{Draw: &t.draw, Repeated: t.repeated, Took: time.Since(begun)})
	return t.draw, nil
}

// take has a turn taken, and gives it once it has its draw.
func (p *Promoter) take(ctx context.Context, play Play) (*turn, error) {
	if p.actor == "" && play.Person == nil {
		return nil, invalid("entrant", "it is missing, expected first_name and last_name")
	}
	t, err := newTurn(ctx, play)
	if err != nil {
		return nil, err
	}
	t.actor = p.actor
	if err := p.enqueue(ctx, t); err != nil {
		return nil, err
	}
	select {
	case <-t.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return t, t.err
}

// turn is a play that waits for its draw.
type turn struct {
	Play
	ctx     context.Context // of who waits
	actor   string          // who has it made, empty for the public
	key     *Digest         // of the once-only key, nil for none
	request *Digest         // of what is asked for with it
	done    chan struct{}   // closed once draw or err is set
	draw    Draw
	err     error

	repeated bool // whether draw is that of an earlier play with the same key
}

func newTurn(ctx context.Context, play Play) (*turn, error) {
	t := &turn{Play: play, ctx: ctx, done: make(chan struct{})}
	if play.Person != nil {
		person, err := play.Person.Clean()
		if err != nil {
			return nil, err
		}
		t.Person = &person
	}
	if play.Key == "" {
		return t, nil
	}
	if len(play.Key) > MaxKey || strings.ContainsFunc(play.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, invalid("Idempotency-Key", "it can't be used, expected 1 to %d printable ASCII characters", MaxKey)
	}
	key := digest([]byte(play.Key))
	asked, err := json.Marshal([]any{play.Campaign, t.Person, play.EntrantID})
	if err != nil {
		return nil, err
	}
	request := digest(asked)
	t.key, t.request = &key, &request
	return t, nil
}

func digest(text []byte) Digest {
	sum := sha256.Sum256(text)
	return Digest(sum[:len(Digest{})])
}

// finish tells who waits.
func (t *turn) finish(d Draw, err error) {
	t.draw, t.err = d, err
	close(t.done)
}

// PlayOfKey finds the draw that was made with a once-only key.
func (p *Promoter) PlayOfKey(ctx context.Context, key string) (Draw, error) {
	row, err := p.store.DrawOfKey(ctx, digest([]byte(key)))
	if err != nil {
		return Draw{}, err
	}
	return p.drawOf(ctx, row)
}

// queue is the plays of one campaign that wait.
type queue struct {
	campaign string
	turns    []*turn
	running  bool

	// The rest is for the goroutine that is running.
	record *Record // as it was seen last
	text   textgen.Format
	number numgen.Format
	drift  uint64 // how far others moved the next index between two groups
	spare  uint64 // the draws that are to be ready for account numbers issued before
	ready  ready  // the next draws, as far as they are made
}

// enqueue has a turn wait for its group.
func (p *Promoter) enqueue(ctx context.Context, t *turn) error {
	p.mu.Lock()
	q := p.queues[t.Campaign]
	p.mu.Unlock()
	if q == nil {
		r, err := p.record(ctx, t.Campaign)
		if err != nil {
			return err
		}
		q = &queue{campaign: r.Name, record: r, spare: leastSpare}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.queues[t.Campaign]; known != nil {
		q = known
	}
	if len(q.turns) >= p.maxQueue {
		return Errorf(ErrBusy, "%d plays of the campaign %s are waiting, try again in a moment", len(q.turns), q.campaign)
	}
	p.queues[t.Campaign] = q
	q.turns = append(q.turns, t)
	if !q.running {
		q.running = true
		go p.serve(q)
	}
	return nil
}

// serve makes groups of what waits until nothing does. Meanwhile one group is made,
// the next one gathers.
func (o *office) serve(q *queue) {
	var left []*turn // of the group before
	for {
		o.mu.Lock()
		n := min(max(o.maxGroup-len(left), 0), len(q.turns))
		turns := append(left, q.turns[:n]...)
		q.turns = q.turns[n:]
		if len(turns) == 0 {
			q.running, q.turns = false, nil
			o.trim(q)
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		left = o.group(q, turns)
	}
}

// maxQueues is how many campaigns that nobody plays at the moment are remembered.
const maxQueues = 100

// trim forgets a campaign that nobody plays where there are many of them.
func (o *office) trim(q *queue) {
	if len(o.queues) > maxQueues {
		delete(o.queues, q.campaign)
	}
}

// groupTime is how long a group may take.
const groupTime = 30 * time.Second

// group makes the draws of turns, all in one transaction, and answers them. It gives
// those back that found no account number yet.
func (o *office) group(q *queue, turns []*turn) []*turn {
	waiting := turns[:0:0]
	for _, t := range turns {
		if t.ctx.Err() != nil { // who does not wait any more has not played
			t.finish(Draw{}, context.Cause(t.ctx))
			continue
		}
		waiting = append(waiting, t)
	}
	if len(waiting) == 0 {
		return nil
	}
	// The first one's trace goes with the calls of services; its end does not end
	// the plays of the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(waiting[0].ctx), groupTime)
	defer cancel()
	r := &round{office: o, queue: q, turns: waiting}
	if err := r.run(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
			err = Errorf(ErrUnavailable, "a play took longer than %s", groupTime)
		}
		r.fail(ctx, err)
		return nil
	}
	return r.answer()
}
