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
	// ErrUnavailable is wrapped by the error for a request to which no mirror has returned
	// a valid response. Its message contains the errors of all mirrors.
	ErrUnavailable = errors.New("no drand mirror has returned a valid response")
	// ErrNotDue is wrapped by the error for a round that is too far in the future to wait
	// for.
	ErrNotDue = errors.New("the drand round is not due")
)

// DefaultURLs returns the public mirrors of the League of Entropy in the order in which
// they are queried.
func DefaultURLs() []string {
	return []string{
		"https://api.drand.sh", "https://api2.drand.sh", "https://api3.drand.sh",
		"https://drand.cloudflare.com", "https://api.drand.secureweb3.com:6875",
	}
}

// Config configures a [Client]. The zero Config means quicknet and the public mirrors.
type Config struct {
	URLs      []string         // http or https URLs of mirrors; empty means [DefaultURLs]
	Chain     Hash             // zero means quicknet
	HTTP      *http.Client     // nil means a client that uses the proxies from the environment; if CheckRedirect is nil, at most 3 redirects are followed
	Timeout   time.Duration    // for one request to one mirror; 0 means 10 seconds
	HeadStart time.Duration    // how long one mirror has to respond before the next one is also queried; 0 means 1 second
	MaxWait   time.Duration    // maximum wait for a future round; 0 means 10 minutes
	Now       func() time.Time // clock for the rounds that are due; nil means [time.Now]
	UserAgent string           // empty means prizegen
}

// Client fetches the rounds of one chain from mirrors and verifies them. It is safe for
// concurrent use.
type Client struct {
	mirrors mirrors
	hash    Hash
	maxWait time.Duration
	now     func() time.Time
	chain   atomic.Pointer[Chain] // nil until the parameters are known
}

// New returns a client. It sends no requests. It returns an error if an address is invalid.
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

// Chain returns the parameters of the chain. If they are not in [Known], it fetches them
// once and checks that they match the hash. Errors wrap [ErrUnavailable] or come from the
// context.
func (c *Client) Chain(ctx context.Context) (Chain, error) {
	if chain := c.chain.Load(); chain != nil {
		return *chain, nil
	}
	chain, err := fetch(ctx, c.mirrors, request[Chain]{
		subject: fmt.Sprintf("the parameters of chain %s", c.hash),
		path:    fmt.Sprintf("/%s/info", c.hash),
		decode:  func(body []byte) (Chain, error) { return decodeInfo(body, c.hash) },
	})
	if err != nil {
		return Chain{}, err
	}
	c.chain.Store(&chain)
	return chain, nil
}

// Round returns the round with the given number, counted from 1. It waits for a future
// round; if that would take longer than Config.MaxWait, it immediately returns an error
// that wraps [ErrNotDue]. If a round is due but no mirror has it, Round retries until the
// round is 30 seconds or 3 periods overdue, whichever is longer. Other errors wrap
// [ErrUnavailable], wrap [ErrRound] for round 0, or come from the context.
func (c *Client) Round(ctx context.Context, number uint64) (Round, error) {
	if number == 0 {
		return Round{}, fmt.Errorf("%w: rounds are counted from 1, got 0", ErrRound)
	}
	chain, err := c.Chain(ctx)
	if err != nil {
		return Round{}, err
	}
	due := chain.TimeOf(number)
	wait := due.Sub(c.now())
	if wait > c.maxWait {
		return Round{}, fmt.Errorf("%w: round %d of chain %s is due at %s, but the maximum wait is %s; try again then, or use the next round",
			ErrNotDue, number, chain.Hash, due.Format(time.RFC3339), c.maxWait)
	}
	return c.await(ctx, chain, number, wait)
}

// Next waits for the first round that is not yet published when Next is called, so nobody
// can have known it. It takes the number from the clock or from the newest round of a
// mirror, whichever is later, because to a slow clock, published rounds seem to be in the
// future. Errors wrap [ErrUnavailable] or come from the context.
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
		wait = min(wait, chain.Period) // the previous round is already published
	}
	return c.await(ctx, chain, number, wait)
}

// latest returns the newest round from the first mirror that has not fallen behind.
func (c *Client) latest(ctx context.Context, chain Chain) (Round, error) {
	due := chain.RoundAt(c.now())
	if due == 0 {
		return Round{Chain: chain.Hash}, nil // no round exists before the genesis
	}
	return fetch(ctx, c.mirrors, request[Round]{
		subject: fmt.Sprintf("the newest round of chain %s", chain.Hash),
		path:    fmt.Sprintf("/%s/public/latest", chain.Hash),
		decode: func(body []byte) (Round, error) {
			r, err := decodeRound(body, chain, 0)
			if err != nil {
				return Round{}, err
			}
			if behind := c.now().Sub(chain.TimeOf(r.Number)); behind > chain.slack() {
				return Round{}, fmt.Errorf("its newest round %d is %s old, but round %d is due; the mirror has fallen behind, or the clock of this computer is fast",
					r.Number, behind.Round(time.Second), due)
			}
			return r, nil
		},
	})
}

// retryInterval is the time between attempts to fetch a round that is due.
const retryInterval = 500 * time.Millisecond

// await waits until a round is due, and then requests it repeatedly until it is published
// or too long overdue.
func (c *Client) await(ctx context.Context, chain Chain, number uint64, wait time.Duration) (Round, error) {
	req := request[Round]{
		subject: fmt.Sprintf("round %d of chain %s", number, chain.Hash),
		path:    fmt.Sprintf("/%s/public/%d", chain.Hash, number),
		decode:  func(body []byte) (Round, error) { return decodeRound(body, chain, number) },
	}
	overdue := max(0, -wait)
	for {
		if err := sleep(ctx, wait); err != nil {
			return Round{}, fmt.Errorf("waiting for %s: %w", req.subject, err)
		}
		r, err := fetch(ctx, c.mirrors, req)
		if err == nil || !errors.Is(err, errNotPublished) || overdue > chain.slack() {
			return r, err
		}
		wait = retryInterval
		overdue += retryInterval
	}
}

// sleep waits for a duration. If the context is done first, it returns the cause.
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

// Confirm fetches the round named in a proof and compares their signatures. If they differ,
// the error wraps [ErrProof]. Other errors are those of [Client.Round]. Confirm does not
// check a seed; see [Check].
func (c *Client) Confirm(ctx context.Context, p Proof) error {
	if p.Chain != c.hash {
		return fmt.Errorf("%w: the proof is for chain %s, but the client is for %s; set drand-chain to the chain in the proof", ErrProof, p.Chain, c.hash)
	}
	r, err := c.Round(ctx, p.Round)
	if err != nil {
		return err
	}
	if r.Randomness() != p.round().Randomness() || r.Previous.String() != p.Previous.String() {
		return fmt.Errorf("%w: round %d of chain %s has a different signature", ErrProof, p.Round, p.Chain)
	}
	return nil
}
