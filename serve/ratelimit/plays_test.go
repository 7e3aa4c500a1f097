package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

func repeatLimits(own, ofAll int) (*Limits, *clock) {
	c := &clock{}
	cfg := Config{Now: c.now, Trusted: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
	if own > 0 {
		cfg.Repeats = Limit{own, time.Minute, own}
	}
	if ofAll > 0 {
		cfg.CampaignRepeats = Limit{ofAll, time.Minute, ofAll}
	}
	return New(cfg), c
}

func played() error     { return nil }
func hasPlayed() error  { return campaign.Errorf(campaign.ErrMaxPlays, "this entrant has played") }
func otherError() error { return campaign.ErrEnded }
func shouldNot() error  { panic("this play should have been refused") }
func (l *Limits) from(t *testing.T, address, name string, play func() error) error {
	t.Helper()
	return l.Play(t.Context(), netip.MustParseAddr(address), name, play)
}

// wantWait checks that err is a refusal.
func wantWait(t *testing.T, what string, err error, seconds int) {
	t.Helper()
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Class != Repeats || refusal.Seconds() != seconds {
		t.Errorf("%s: got %v, want a refusal for %d seconds", what, err, seconds)
	}
}

// TestRepeats checks that an address learns only five times a minute that somebody has used
// all plays. Then it is refused, whoever plays, until a minute has passed since the first.
func TestRepeats(t *testing.T) {
	l, c := repeatLimits(5, 0)
	for i := range 5 {
		if err := l.from(t, "192.0.2.1", "summer", hasPlayed); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Fatalf("answer %d: got %v", i, err)
		}
		for _, play := range []func() error{played, otherError} {
			if err := l.from(t, "192.0.2.1", "summer", play); i < 4 && !errors.Is(err, play()) {
				t.Errorf("another play after answer %d: got %v, want %v", i, err, play())
			} else if i == 4 {
				wantWait(t, "a play after the last answer", err, 20)
			}
		}
		c.advance(10 * time.Second)
	}
	wantWait(t, "after 50 seconds", l.from(t, "192.0.2.1", "summer", shouldNot), 10)
	wantWait(t, "in another campaign", l.from(t, "192.0.2.1", "winter", shouldNot), 10)
	if err := l.from(t, "192.0.2.2", "summer", hasPlayed); !errors.Is(err, campaign.ErrMaxPlays) {
		t.Errorf("another address: got %v", err)
	}
	for range 20 {
		if err := l.from(t, "198.51.100.1", "summer", hasPlayed); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("a trusted network: got %v", err)
		}
	}
	c.advance(10 * time.Second)
	if err := l.from(t, "192.0.2.1", "summer", hasPlayed); !errors.Is(err, campaign.ErrMaxPlays) {
		t.Errorf("after a minute: got %v", err)
	}
	wantWait(t, "after one more answer", l.from(t, "192.0.2.1", "summer", shouldNot), 10)
}

// TestRepeatsOfCampaign checks the limit for a campaign with answers to many addresses.
func TestRepeatsOfCampaign(t *testing.T) {
	l, c := repeatLimits(5, 30)
	for i := range 30 {
		if err := l.from(t, fmt.Sprintf("192.0.2.%d", i), "summer", hasPlayed); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Fatalf("answer %d: got %v", i, err)
		}
	}
	wantWait(t, "the 31st answer", l.from(t, "203.0.113.1", "summer", shouldNot), 60)
	if err := l.from(t, "203.0.113.1", "winter", played); err != nil {
		t.Errorf("another campaign: got %v", err)
	}
	c.advance(time.Minute)
	if err := l.from(t, "203.0.113.1", "summer", played); err != nil {
		t.Errorf("after a minute: got %v", err)
	}
}

// TestRepeatsOfCampaignAtOnce checks that plays in progress get no answer either when there
// were too many in their campaign.
func TestRepeatsOfCampaignAtOnce(t *testing.T) {
	l, _ := repeatLimits(0, 1)
	err := l.from(t, "192.0.2.1", "summer", func() error {
		if err := l.from(t, "192.0.2.2", "summer", hasPlayed); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("the first answer: got %v", err)
		}
		return hasPlayed()
	})
	wantWait(t, "the second answer", err, 60)
}

// TestRepeatsAtOnce makes many plays from one address at the same time. No more than five of
// them are answered, and none is made or refused because of what is known about a person.
func TestRepeatsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Repeats: Limit{5, time.Minute, 5}})
		var mu sync.Mutex
		answered, refused, running, most := 0, 0, 0, 0
		play := func() error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return hasPlayed()
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				err := l.from(t, "192.0.2.1", "summer", play)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, campaign.ErrMaxPlays) {
					answered++
				} else {
					refused++
				}
			})
		}
		wg.Wait()
		if answered != 5 || refused != 95 || most != 5 {
			t.Errorf("got %d answers, %d refusals and %d plays at once, want 5, 95 and 5", answered, refused, most)
		}
	})
}

// TestPlaysDoNotWaitInVain makes many plays at the same time that get draws. All of them are
// made. One whose caller leaves while it waits is not.
func TestPlaysDoNotWaitInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Repeats: Limit{5, time.Minute, 5}})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				err := l.from(t, "192.0.2.1", "summer", func() error { time.Sleep(time.Second); return nil })
				if err != nil {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := l.Play(ctx, netip.MustParseAddr("192.0.2.1"), "summer", shouldNot); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that left: got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
	})
}

// TestCampaignPlays checks the limit on the plays of a campaign.
func TestCampaignPlays(t *testing.T) {
	c := &clock{}
	l := New(Config{CampaignPlays: Limit{1, time.Second, 10}, Now: c.now})
	count := func(name string) (n int) {
		for i := range 20 {
			if l.from(t, fmt.Sprintf("192.0.%d.1", i), name, played) == nil {
				n++
			}
		}
		return n
	}
	if got := count("summer"); got != 10 {
		t.Errorf("got %d plays, want 10", got)
	}
	if got := count("winter"); got != 10 {
		t.Errorf("another campaign: got %d plays, want 10", got)
	}
	c.advance(3 * time.Second)
	if got := count("summer"); got != 3 {
		t.Errorf("after 3 seconds: got %d plays, want 3", got)
	}
}
