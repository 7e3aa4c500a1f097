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

// Next gives the first round that was not out when it was called.
func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{Period: 3 * time.Second})
		client := served(t, c, drand.Config{}, c)
		for _, into := range []time.Duration{0, time.Second, 2999 * time.Millisecond} {
			time.Sleep(time.Until(c.Info().TimeOf(c.Newest() + 1).Add(into)))
			newest := c.Newest()
			r, err := client.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Number != newest+1 {
				t.Errorf("%s into round %d, Next gives round %d", into, newest, r.Number)
			}
			if due := c.Info().TimeOf(r.Number); !time.Now().Equal(due) {
				t.Errorf("round %d came %s after it was due", r.Number, time.Since(due))
			}
		}
	})
}

// Before a chain begins, its next round is its first.
func TestNextBeforeGenesis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{Genesis: time.Now().Add(time.Hour)})
		r, err := served(t, c, drand.Config{}, c).Next(t.Context())
		if err != nil || r.Number != 1 || !time.Now().Equal(c.Info().Genesis) {
			t.Errorf("at %s round %d came, %v", time.Now(), r.Number, err)
		}
	})
}

// A clock that is slow takes rounds for future ones that are out already; one that
// is fast asks for rounds too early. Both get the round that is really next.
func TestNextWithAWrongClock(t *testing.T) {
	for _, wrong := range []time.Duration{-time.Hour, -10 * time.Second, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c := drandtest.Make(t, drandtest.Config{Period: 3 * time.Second, Genesis: time.Now().Add(-2 * time.Hour)})
			client := served(t, c, drand.Config{Now: func() time.Time { return time.Now().Add(wrong) }}, c)
			newest := c.Newest()
			r, err := client.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Number <= newest {
				t.Errorf("with a clock %s wrong Next gives round %d, which was out: %d was the newest", wrong, r.Number, newest)
			}
			if late := time.Since(c.Info().TimeOf(r.Number)); late > time.Second || late < 0 {
				t.Errorf("with a clock %s wrong round %d came %s after it was due", wrong, r.Number, late)
			}
		})
	}
}

// A mirror that has fallen behind is passed over; where all have, or the clock is
// far ahead, nothing is made of it.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		stale := mirrorOf(t, c, drandtest.Stale)
		if _, err := served(t, c, drand.Config{}, stale, c).Next(t.Context()); err != nil {
			t.Error(err)
		}
		_, err := served(t, c, drand.Config{}, stale).Next(t.Context())
		if !errors.Is(err, drand.ErrUnavailable) || !strings.Contains(err.Error(), "stale: its newest round is 1, 1m41s old, where round 102 is due") {
			t.Errorf("error %v, want one about a stale mirror", err)
		}
		wrong := served(t, c, drand.Config{}, mirrorOf(t, c, drandtest.WrongKey), mirrorOf(t, c, drandtest.Garbage))
		if r, err := wrong.Next(t.Context()); err == nil {
			t.Errorf("mirrors that tell nonsense gave round %d", r.Number)
		}
	})
}

// A round that is due is asked for again while mirrors do not have it, and not for
// ever.
func TestLate(t *testing.T) {
	for _, fault := range []drandtest.Fault{drandtest.TooEarly, drandtest.NotFound} {
		synctest.Test(t, func(t *testing.T) {
			c := drandtest.Make(t, drandtest.Config{Period: 3 * time.Second})
			client := served(t, c, drand.Config{}, c)
			if _, err := client.Chain(t.Context()); err != nil {
				t.Fatal(err)
			}
			due := c.Info().TimeOf(c.Newest() + 1)
			c.FailTimes(fault, 4)
			r, err := client.Round(t.Context(), c.Newest()+1)
			if err != nil || r.Number != c.Newest() || time.Since(due) != 2*time.Second {
				t.Errorf("round %d came %s late, %v, want 2 s", r.Number, time.Since(due), err)
			}
			c.Fail(fault)
			begin := time.Now()
			_, err = client.Round(t.Context(), c.Newest())
			if took := time.Since(begin); !errors.Is(err, drand.ErrUnavailable) || took < 20*time.Second || took > time.Minute {
				t.Errorf("after %s: %v, want an end of patience", took, err)
			}
			before := c.Requests()
			if _, err := client.Round(t.Context(), 3); !errors.Is(err, drand.ErrUnavailable) || c.Requests() != before+1 {
				t.Errorf("%d questions for a round that is long due, %v, want one", c.Requests()-before, err)
			}
		})
	}
}

func TestRoundInTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		client := served(t, c, drand.Config{}, c)
		begin := time.Now()
		if r, err := client.Round(t.Context(), c.Newest()+60); err != nil || r.Number != c.Newest() || time.Since(begin) != time.Minute {
			t.Errorf("after %s round %d, %v", time.Since(begin), r.Number, err)
		}
		for _, n := range []uint64{c.Newest() + 3600, 1<<64 - 1} {
			begin := time.Now()
			_, err := client.Round(t.Context(), n)
			if !errors.Is(err, drand.ErrNotDue) || time.Since(begin) != 0 || !strings.Contains(err.Error(), c.Info().TimeOf(n).Format(time.RFC3339)) {
				t.Errorf("after %s: %v, want to be told at once when it comes", time.Since(begin), err)
			}
		}
		if _, err := client.Round(t.Context(), 0); !errors.Is(err, drand.ErrRound) {
			t.Errorf("round 0: %v, want an error that wraps ErrRound", err)
		}
	})
}

// What a mirror a little behind has for the newest round is not the newest, so the
// round after it may be out.
func TestNextWithAMirrorBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		newest := c.Newest()
		behind := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = strings.Replace(r.URL.Path, "latest", strconv.FormatUint(newest-5, 10), 1)
			c.ServeHTTP(w, r)
		})
		r, err := served(t, c, drand.Config{}, behind).Next(t.Context())
		if err != nil || r.Number != newest+1 {
			t.Errorf("round %d, %v, want round %d", r.Number, err, newest+1)
		}
	})
}
