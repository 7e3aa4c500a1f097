package ratelimit

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Play calls play, which makes a stranger's play in a campaign, unless a limit is exceeded.
// It returns the error of play or a [*Refusal].
//
// The error [campaign.ErrMaxPlays] reveals that somebody has played. If there were too many
// of these errors for an address or in a campaign, Play refuses every play there until a
// minute has passed, so that a refusal tells nothing. For an address this is exact: plays wait
// for those that may still get the last errors. Plays of a campaign do not wait for each
// other, because they come from everywhere and are stored together.
func (l *Limits) Play(ctx context.Context, from netip.Addr, name string, play func() error) error {
	if l == nil || l.trusts(from) {
		return play()
	}
	if err := l.Allow(Plays, from); err != nil {
		return err
	}
	if l.plays != nil {
		if err := l.take(Plays, l.plays, campaignSource(name), l.cfg.Now(), ofCampaign); err != nil {
			return err
		}
	}
	if l.ofAll != nil {
		if all, ok := l.ofAll.find(campaignSource(name)).(*answers); ok {
			if wait := all.wait(l.cfg.Now()); wait > 0 {
				return l.refuse(Repeats, wait, ofCampaign)
			}
		}
	}
	if l.answers == nil {
		return l.counted(name, play())
	}
	address, _ := sourcesOf(from)
	own := l.answers.get(address).(*answers)
	wait, err := own.begin(ctx, l.cfg.Now)
	switch {
	case err != nil:
		return err
	case wait > 0:
		return l.refuse(Repeats, wait, ofNetwork)
	}
	answered := false
	defer func() { own.end(l.cfg.Now(), answered) }()
	err = play()
	answered = errors.Is(err, campaign.ErrMaxPlays)
	return l.counted(name, err)
}

// counted counts the error of a play for its campaign, and returns it unless there were too
// many.
func (l *Limits) counted(name string, err error) error {
	if l.ofAll == nil || !errors.Is(err, campaign.ErrMaxPlays) {
		return err
	}
	if wait := l.ofAll.get(campaignSource(name)).(*answers).add(l.cfg.Now()); wait > 0 {
		return l.refuse(Repeats, wait, ofCampaign)
	}
	return err
}

// answers are the latest answers to an address or in a campaign that somebody has used all
// plays.
type answers struct {
	limit Limit

	mu      sync.Mutex
	times   []time.Time   // of the answers in the last limit.Per, oldest first
	pending int           // plays in progress that may get one
	ended   chan struct{} // closed when a play ends; nil if no play waits
}

func newAnswers(limit Limit) func() any {
	return func() any { return &answers{limit: limit} }
}

// left returns how long the next answer must wait. The caller holds the lock.
func (a *answers) left(now time.Time) time.Duration {
	passed := slices.IndexFunc(a.times, func(at time.Time) bool { return now.Sub(at) < a.limit.Per })
	if passed < 0 {
		passed = len(a.times)
	}
	a.times = slices.Delete(a.times, 0, passed)
	if len(a.times) < a.limit.Events {
		return 0
	}
	return a.limit.Per - now.Sub(a.times[0])
}

// wait returns how long the next play must wait.
func (a *answers) wait(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.left(now)
}

// add counts an answer, unless there were too many. It returns how long this one must wait.
func (a *answers) add(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait := a.left(now)
	if wait == 0 {
		a.times = append(a.times, now)
	}
	return wait
}

// begin begins a play, which must end. If there were too many answers, begin returns how long
// the play must wait instead. If plays in progress may get the last answers, it waits for one
// of them.
func (a *answers) begin(ctx context.Context, now func() time.Time) (wait time.Duration, err error) {
	for {
		a.mu.Lock()
		if wait = a.left(now()); wait > 0 || len(a.times)+a.pending < a.limit.Events {
			if wait == 0 {
				a.pending++
			}
			a.mu.Unlock()
			return wait, nil
		}
		if a.ended == nil {
			a.ended = make(chan struct{})
		}
		ended := a.ended
		a.mu.Unlock()
		select {
		case <-ended:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// end ends a play.
func (a *answers) end(now time.Time, answered bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending--
	if answered {
		a.times = append(a.times, now)
	}
	if a.ended != nil {
		close(a.ended)
		a.ended = nil
	}
}
