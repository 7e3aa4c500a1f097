package drand

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

var (
	// ErrUnavailable is wrapped by the error that tells what became of each mirror
	// where none has given what was asked for.
	ErrUnavailable = errors.New("no drand mirror has given it")
	// ErrNotDue is wrapped by the error about a round too far in the future to wait
	// for.
	ErrNotDue = errors.New("the drand round is not due")
)

// DefaultURLs lists the public mirrors of the League of Entropy, in the order they
// are asked in.
func DefaultURLs() []string {
	return []string{
		"https://api.drand.sh", "https://api2.drand.sh", "https://api3.drand.sh",
		"https://drand.cloudflare.com", "https://api.drand.secureweb3.com:6875",
	}
}

// Config says which chain rounds are of and where they are asked for. The zero
// Config is that of quicknet at the public mirrors.
type Config struct {
	URLs      []string         // http or https addresses of mirrors; [DefaultURLs] where there are none
	Chain     Hash             // that of quicknet where it is zero
	HTTP      *http.Client     // one with the system's proxies and no more than 3 redirects where it is nil
	Timeout   time.Duration    // of one question to one mirror; 10 seconds where it is 0
	HeadStart time.Duration    // of a mirror before the next one is asked as well; 1 second where it is 0
	MaxWait   time.Duration    // for a round that is not due yet; 10 minutes where it is 0
	Now       func() time.Time // the clock that says which rounds are due; [time.Now] where it is nil
	UserAgent string           // "prizegen" where it is empty
}

// Client asks mirrors for the rounds of one chain, and gives none that it has not
// verified. It is safe for use by several goroutines at once.
type Client struct {
	mirrors mirrors
	hash    Hash
	maxWait time.Duration
	now     func() time.Time
	chain   atomic.Pointer[Chain] // once its parameters are known
}

// New makes a client. It asks nobody yet; an error is about an address.
func New(cfg Config) (*Client, error) {
	m, err := newMirrors(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{mirrors: m, hash: cmp.Or(cfg.Chain, Quicknet().Hash), maxWait: cmp.Or(cfg.MaxWait, 10*time.Minute), now: cfg.Now}
	if c.now == nil {
		c.now = time.Now
	}
	if chain, ok := known(c.hash); ok {
		c.chain.Store(&chain)
	}
	return c, nil
}

// Chain gives the parameters of the client's chain. Those of a chain that this
// package does not know are asked from the mirrors, once, and have to have the
// chain's hash. Errors wrap [ErrUnavailable] or are the context's.
func (c *Client) Chain(ctx context.Context) (Chain, error) {
	if chain := c.chain.Load(); chain != nil {
		return *chain, nil
	}
	chain, err := ask(ctx, c.mirrors, question[Chain]{
		what: fmt.Sprintf("the parameters of the chain %s", c.hash),
		path: fmt.Sprintf("/%s/info", c.hash),
		read: func(answer []byte) (Chain, error) { return readInfo(answer, c.hash) },
	})
	if err != nil {
		return Chain{}, err
	}
	c.chain.Store(&chain)
	return chain, nil
}

// Round gives a round, counted from 1. One that is not due yet is waited for, up to
// Config.MaxWait; a longer wait is refused at once with an error that wraps
// [ErrNotDue]. Mirrors that do not have a round when it is due are asked again for
// a while. Other errors wrap [ErrUnavailable], [ErrRound] for round 0, or are the
// context's.
func (c *Client) Round(ctx context.Context, number uint64) (Round, error) {
	if number == 0 {
		return Round{}, fmt.Errorf("%w: rounds are counted from 1, asked for 0", ErrRound)
	}
	chain, err := c.Chain(ctx)
	if err != nil {
		return Round{}, err
	}
	due := chain.TimeOf(number)
	wait := due.Sub(c.now())
	if wait > c.maxWait {
		return Round{}, fmt.Errorf("%w: round %d of the chain %s comes at %s, and only %s are waited for; ask again then, or for the next round",
			ErrNotDue, number, chain.Hash, due.Format(time.RFC3339), c.maxWait)
	}
	return c.await(ctx, chain, number, wait)
}

// Next waits for the first round that is not published yet, so that nobody can have
// known it when Next was called. Which round that is, the clock says and the newest
// round that the mirrors have: with a clock that is slow, rounds that it takes for
// future ones are already out. Errors wrap [ErrUnavailable] or are the context's.
func (c *Client) Next(ctx context.Context) (Round, error) {
	chain, err := c.Chain(ctx)
	if err != nil {
		return Round{}, err
	}
	latest, err := c.latest(ctx, chain)
	if err != nil {
		return Round{}, err
	}
	due := chain.RoundAt(c.now())
	number := max(due, latest.Number) + 1
	wait := chain.TimeOf(number).Sub(c.now())
	if latest.Number > 0 && latest.Number >= due {
		wait = min(wait, chain.Period) // it follows one that is out
	}
	return c.await(ctx, chain, number, wait)
}

// latest gives the newest round that a mirror has. Mirrors that have fallen behind
// are passed over.
func (c *Client) latest(ctx context.Context, chain Chain) (Round, error) {
	due := chain.RoundAt(c.now())
	if due == 0 {
		return Round{Chain: chain.Hash}, nil // there is none before the genesis
	}
	return ask(ctx, c.mirrors, question[Round]{
		what: fmt.Sprintf("the newest round of the chain %s", chain.Hash),
		path: fmt.Sprintf("/%s/public/latest", chain.Hash),
		read: func(answer []byte) (Round, error) {
			r, err := readRound(answer, chain, 0)
			if err != nil {
				return Round{}, err
			}
			if behind := c.now().Sub(chain.TimeOf(r.Number)); behind > chain.slack() {
				return Round{}, fmt.Errorf("stale: its newest round is %d, %s old, where round %d is due; it has fallen behind, or this computer's clock is fast",
					r.Number, behind.Round(time.Second), due)
			}
			return r, nil
		},
	})
}

// pause is the time between two questions for a round that is due.
const pause = 500 * time.Millisecond

// await waits until a round is due, and then asks for it until it is published.
func (c *Client) await(ctx context.Context, chain Chain, number uint64, wait time.Duration) (Round, error) {
	q := question[Round]{
		what: fmt.Sprintf("round %d of the chain %s", number, chain.Hash),
		path: fmt.Sprintf("/%s/public/%d", chain.Hash, number),
		read: func(answer []byte) (Round, error) { return readRound(answer, chain, number) },
	}
	// A round that is long due is not going to appear.
	late := max(0, -wait)
	for {
		if err := sleep(ctx, wait); err != nil {
			return Round{}, fmt.Errorf("waiting for %s: %w", q.what, err)
		}
		r, err := ask(ctx, c.mirrors, q)
		if err == nil || !errors.Is(err, errNotYet) || late > chain.slack() {
			return r, err
		}
		wait = pause
		late += pause
	}
}

// sleep waits for a time or the end of the context.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Confirm fetches the round of a proof again, from the mirrors, and says whether it
// is the same one. It is of use where the proof is not relied on as it stands, and
// checks nothing about a seed, which [Check] does. Errors wrap [ErrProof] where it
// is not the same, and otherwise are those of [Client.Round].
func (c *Client) Confirm(ctx context.Context, p Proof) error {
	if p.Chain != c.hash {
		return fmt.Errorf("%w: it is of the chain %s, and the mirrors are asked about %s; name the chain of the proof (drand-chain)", ErrProof, p.Chain, c.hash)
	}
	r, err := c.Round(ctx, p.Round)
	if err != nil {
		return err
	}
	if r.Randomness() != p.round().Randomness() || r.Previous.String() != p.Previous.String() {
		return fmt.Errorf("%w: round %d of the chain %s has another signature than it tells", ErrProof, p.Round, p.Chain)
	}
	return nil
}
