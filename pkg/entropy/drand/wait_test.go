package drand_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// TestNext checks that Next returns the first round that is not published at the time of
// the call.
func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{Period: 3 * time.Second})
		client := newClient(t, c, drand.Config{}, c)
		for _, into := range []time.Duration{0, time.Second, 2999 * time.Millisecond} {
			time.Sleep(time.Until(c.Info().TimeOf(c.Newest() + 1).Add(into)))
			newest := c.Newest()
			r, err := client.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Number != newest+1 {
				t.Errorf("%s after round %d: Next returned round %d, want %d", into, newest, r.Number, newest+1)
			}
			if due := c.Info().TimeOf(r.Number); !time.Now().Equal(due) {
				t.Errorf("got round %d %s after it was due, want no delay", r.Number, time.Since(due))
			}
		}
	})
}

// TestNextBeforeGenesis checks that before the genesis, the next round is round 1.
func TestNextBeforeGenesis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{Genesis: time.Now().Add(time.Hour)})
		r, err := newClient(t, c, drand.Config{}, c).Next(t.Context())
		if err != nil || r.Number != 1 || !time.Now().Equal(c.Info().Genesis) {
			t.Errorf("got round %d with error %v at %s, want round 1 at %s", r.Number, err, time.Now(), c.Info().Genesis)
		}
	})
}

// TestNextWithWrongClock checks that Next returns the right round if the clock is fast, and
// if it is so slow that published rounds seem to be in the future.
func TestNextWithWrongClock(t *testing.T) {
	for _, wrong := range []time.Duration{-time.Hour, -10 * time.Second, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c := drandtest.Make(t, drandtest.Config{Period: 3 * time.Second, Genesis: time.Now().Add(-2 * time.Hour)})
			client := newClient(t, c, drand.Config{Now: func() time.Time { return time.Now().Add(wrong) }}, c)
			newest := c.Newest()
			r, err := client.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Number <= newest {
				t.Errorf("clock wrong by %s: got round %d, want a round after %d", wrong, r.Number, newest)
			}
			if overdue := time.Since(c.Info().TimeOf(r.Number)); overdue > time.Second || overdue < 0 {
				t.Errorf("clock wrong by %s: got round %d %s after it was due, want within a second", wrong, r.Number, overdue)
			}
		})
	}
}

// TestStale checks that Next ignores a mirror that has fallen behind, and returns an error
// if all mirrors have fallen behind.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		stale := mirrorOf(c, drandtest.Stale)
		if _, err := newClient(t, c, drand.Config{}, stale, c).Next(t.Context()); err != nil {
			t.Error(err)
		}
		_, err := newClient(t, c, drand.Config{}, stale).Next(t.Context())
		if !errors.Is(err, drand.ErrUnavailable) || !strings.Contains(err.Error(), "its newest round 1 is 1m41s old, but round 102 is due") {
			t.Errorf("got error %v, want ErrUnavailable for a stale mirror", err)
		}
		wrong := newClient(t, c, drand.Config{}, mirrorOf(c, drandtest.WrongKey), mirrorOf(c, drandtest.Garbage))
		if r, err := wrong.Next(t.Context()); err == nil {
			t.Errorf("got round %d from invalid mirrors, want an error", r.Number)
		}
	})
}

// TestOverdueRound checks that the client keeps requesting a round that is due, but not
// forever.
func TestOverdueRound(t *testing.T) {
	for _, fault := range []drandtest.Fault{drandtest.TooEarly, drandtest.NotFound} {
		synctest.Test(t, func(t *testing.T) {
			c := drandtest.Make(t, drandtest.Config{Period: 3 * time.Second})
			client := newClient(t, c, drand.Config{}, c)
			if _, err := client.Chain(t.Context()); err != nil {
				t.Fatal(err)
			}
			due := c.Info().TimeOf(c.Newest() + 1)
			c.FailTimes(fault, 4)
			r, err := client.Round(t.Context(), c.Newest()+1)
			if err != nil || r.Number != c.Newest() || time.Since(due) != 2*time.Second {
				t.Errorf("got round %d %s after it was due and error %v, want it after 2s", r.Number, time.Since(due), err)
			}
			c.Fail(fault)
			begin := time.Now()
			_, err = client.Round(t.Context(), c.Newest())
			if took := time.Since(begin); !errors.Is(err, drand.ErrUnavailable) || took < 20*time.Second || took > time.Minute {
				t.Errorf("got error %v after %s, want ErrUnavailable after between 20s and 1m", err, took)
			}
			before := c.Requests()
			if _, err := client.Round(t.Context(), 3); !errors.Is(err, drand.ErrUnavailable) || c.Requests() != before+1 {
				t.Errorf("long overdue round: got error %v after %d requests, want ErrUnavailable after 1", err, c.Requests()-before)
			}
		})
	}
}

func TestRoundInTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		client := newClient(t, c, drand.Config{}, c)
		begin := time.Now()
		if r, err := client.Round(t.Context(), c.Newest()+60); err != nil || r.Number != c.Newest() || time.Since(begin) != time.Minute {
			t.Errorf("got round %d with error %v after %s, want round %d after 1m", r.Number, err, time.Since(begin), c.Newest())
		}
		for _, n := range []uint64{c.Newest() + 3600, 1<<64 - 1} {
			begin := time.Now()
			_, err := client.Round(t.Context(), n)
			if !errors.Is(err, drand.ErrNotDue) || time.Since(begin) != 0 || !strings.Contains(err.Error(), c.Info().TimeOf(n).Format(time.RFC3339)) {
				t.Errorf("got error %v after %s, want an ErrNotDue that contains the due time, without delay", err, time.Since(begin))
			}
		}
		if _, err := client.Round(t.Context(), 0); !errors.Is(err, drand.ErrRound) {
			t.Errorf("round 0: got error %v, want ErrRound", err)
		}
	})
}

// TestNextWithAMirrorBehind checks that Next also uses the clock if a mirror is slightly
// behind. The round after the mirror's newest one may already be published.
func TestNextWithAMirrorBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		newest := c.Newest()
		behind := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = strings.Replace(r.URL.Path, "latest", strconv.FormatUint(newest-5, 10), 1)
			c.ServeHTTP(w, r)
		})
		r, err := newClient(t, c, drand.Config{}, behind).Next(t.Context())
		if err != nil || r.Number != newest+1 {
			t.Errorf("got round %d with error %v, want round %d", r.Number, err, newest+1)
		}
	})
}
