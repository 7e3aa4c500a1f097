package campaign

import (
	"context"
	"crypto/subtle"
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
	FromSite  bool    // whether Key comes from a form of the site, whose keys nobody else can name
}

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
	oldKey  *digest         // digest of the key as earlier versions stored it; nil if that is the same
	request *digest         // digest of all other fields of the play; nil without a key
	done    chan struct{}   // closed when draw or err is set
	draw    Draw
	err     error

	repeated bool // whether draw was made by an earlier play with the same key
}

// newPendingPlay checks a play. actor is the promoter, or empty for the public.
func newPendingPlay(ctx context.Context, play Play, v visibility, actor string) (*pendingPlay, error) {
	p := &pendingPlay{Play: play, ctx: ctx, view: v, actor: actor, done: make(chan struct{})}
	if play.Person != nil {
		person, err := play.Person.Clean()
		if err != nil {
			return nil, err
		}
		p.Person = &person
	}
	return p, p.setKey()
}

// maxKey is the maximum length of a once-only key, in characters.
const maxKey = 255

// These are the prefixes of the site's once-only keys in a digest.
const (
	siteKeys  = "site "
	adminKeys = "admin "
)

// These are the prefixes of other once-only keys in a digest. Keys contain no NUL, so no
// caller can choose a key that begins with them.
const (
	promoterKeys = "\x00promoter "
	publicKeys   = "\x00public "
)

// setKey computes the digests of the once-only key and of the request. The keys of the
// site, of its administrators, of promoters and of the public are separate, so no caller
// can name the key of another kind of caller.
//
// Earlier versions did not separate the keys of promoters and of the public. A promoter's
// key that such a version stored is still found. Draws of the public that were stored since
// then have another kind of request digest, so they are not mistaken for one.
func (p *pendingPlay) setKey() error {
	if p.Key == "" {
		return nil
	}
	if len(p.Key) > maxKey || strings.ContainsFunc(p.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalid("Idempotency-Key", "must have 1 to %d printable ASCII characters", maxKey)
	}
	request, err := p.requestDigest(p.view == publicView && !p.FromSite)
	if err != nil {
		return err
	}
	p.request = &request
	isReserved := strings.HasPrefix(p.Key, siteKeys) || strings.HasPrefix(p.Key, adminKeys)
	prefix := ""
	switch {
	case p.FromSite && p.view == publicView:
		prefix = siteKeys
	case p.FromSite:
		prefix = adminKeys
	case p.view == adminView:
		prefix = promoterKeys
		if !isReserved {
			old := newDigest([]byte(p.Key))
			p.oldKey = &old
		}
	case isReserved:
		prefix = publicKeys
	}
	key := newDigest([]byte(prefix + p.Key))
	p.key = &key
	return nil
}

// requestDigest returns the digest of all fields of a play except its key.
func (p *pendingPlay) requestDigest(isPublic bool) (digest, error) {
	fields := []any{p.Campaign, p.Person, p.EntrantID}
	if isPublic {
		fields = append(fields, "public")
	}
	text, err := json.Marshal(fields)
	return newDigest(text), err
}

// isRepeat reports whether the play is a repetition of the one that made row, for the same
// person. row was found by the key of the play, or by the key as an earlier version stored
// it; it may be nil.
func (p *pendingPlay) isRepeat(row *StoredDraw) bool {
	if row == nil || row.Request == nil {
		return false
	}
	if subtle.ConstantTimeCompare(row.Request[:], p.request[:]) == 1 {
		return true
	}
	old, err := p.requestDigest(false) // as earlier versions stored it
	return err == nil && subtle.ConstantTimeCompare(row.Request[:], old[:]) == 1
}

// earlier returns the draw of an earlier play with the same key, or nil. find returns the
// draw with the digest of a key, or nil.
func (p *pendingPlay) earlier(find func(digest) *StoredDraw) *StoredDraw {
	if row := find(*p.key); row != nil || p.oldKey == nil {
		return row
	}
	if row := find(*p.oldKey); p.isRepeat(row) {
		return row
	}
	return nil // somebody else has used the key
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
