package campaign

import (
	"context"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
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

// Played is the result of a play, for metrics.
type Played struct {
	Draw     *Draw         // nil if Err is set
	Repeated bool          // whether Draw was made by an earlier play with the same once-only key
	Took     time.Duration // duration of the call, including the time spent waiting
	Err      error
}

// pendingPlay is a play that waits for its draw.
type pendingPlay struct {
	Play
	ctx     context.Context // context of the caller
	view    visibility      // what the caller may see
	actor   string          // the promoter; empty for the public
	key     *digest         // digest of the once-only key; nil without a key
	request *digest         // digest of all other fields of the play; nil without a key
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
		return nil, invalid("Idempotency-Key", "must have 1 to %d printable ASCII characters", maxKey)
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

	last     *StoredCampaign // the campaign after the last batch
	text     textgen.Format
	number   numgen.Format
	drift    uint64 // number of indexes that other processes use between two batches
	spare    uint64 // number of extra draws to prepare, because account numbers may have been issued before
	prepared preparedDraws
}

// preparedDraws are consecutive draws that the generator has made.
type preparedDraws struct {
	inputs   drawInputs
	start    uint64
	accounts prize.Accounts
	outcomes []prize.Outcome
}

// drawInputs contains everything that determines a draw, except its index.
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

// Limits of the number of extra draws to prepare, which replace account numbers that were
// issued before and indexes that other processes use meanwhile.
const (
	minSpare = 8
	maxSpare = 4096
)

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
