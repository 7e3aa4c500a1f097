package campaign_test

import (
	"errors"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// replica returns an Admin for the database at address, with its own clock.
func replica(t *testing.T, address string) (*campaign.Admin, *clock) {
	t.Helper()
	c := &clock{noon()}
	return campaign.New(campaign.Config{Store: storetest.Open(t, address), Generator: draw.Local{}, Now: c.now}).Admin("test"), c
}

// TestTimesNeverDecrease plays a campaign while the clocks of two replicas step back and
// forth. The time of each play must not be earlier than that of the previous play or of
// the opening. make test runs it.
func TestTimesNeverDecrease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		first, firstClock := replica(t, address)
		second, secondClock := replica(t, address)
		open := begin(t, first, plan("summer"))
		last := *open.OpenedAt
		for i, step := range []struct {
			p     *campaign.Admin
			clock *clock
			at    time.Duration // time on the clock, after noon
			want  time.Duration // time of the play, after noon
		}{
			{first, firstClock, -time.Minute, 0}, // before the opening
			{first, firstClock, time.Minute, time.Minute},
			{first, firstClock, -time.Hour, time.Minute},
			{second, secondClock, 30 * time.Second, time.Minute},
			{second, secondClock, 2 * time.Minute, 2 * time.Minute},
			{first, firstClock, 90 * time.Second, 2 * time.Minute},
			{first, firstClock, 3 * time.Minute, 3 * time.Minute},
		} {
			step.clock.at = noon().Add(step.at)
			d, err := step.p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(i)})
			if err != nil {
				t.Fatal(err)
			}
			if want := noon().Add(step.want); !d.PlayedAt.Equal(want) || d.PlayedAt.Before(last) {
				t.Errorf("time of play %d: got %s after %s, want %s", i, d.PlayedAt, last, want)
			}
			last = d.PlayedAt
		}
		firstClock.at = noon()
		closed, err := first.Close(t.Context(), "summer")
		if err != nil || closed.ClosedAt.Before(last) {
			t.Errorf("closing time: got %s, error %v, want a time not before the last play at %s", closed.ClosedAt, err, last)
		}
	})
}

// TestEndIsFinal checks that, once one replica has noticed that the closing time of a
// campaign has passed, no replica can play or extend it, even if the clocks step back.
// make test runs it.
func TestEndIsFinal(t *testing.T) {
	for name, notice := range map[string]func(*testing.T, *campaign.Admin, campaign.Plan) error{
		"by a play": func(t *testing.T, p *campaign.Admin, _ campaign.Plan) error {
			_, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(1)})
			return err
		},
		"by an edit": func(t *testing.T, p *campaign.Admin, plan campaign.Plan) error {
			later := plan.ClosesAt.Add(time.Hour)
			plan.ClosesAt = &later
			_, err := p.Edit(t.Context(), "summer", 0, plan)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, address string) {
				first, firstClock := replica(t, address)
				second, _ := replica(t, address)
				closes := noon().Add(time.Hour)
				summer := plan("summer")
				summer.ClosesAt = &closes
				begin(t, first, summer)
				play := campaign.Play{Campaign: "summer", Person: person(1), Key: "one"}
				played, err := first.Play(t.Context(), play)
				if err != nil {
					t.Fatal(err)
				}
				firstClock.at = closes
				if err := notice(t, first, summer); err == nil {
					t.Error("call at the closing time: got no error, want one")
				}
				firstClock.at = noon()
				for _, p := range []*campaign.Admin{first, second} {
					if d, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(2)}); !errors.Is(err, campaign.ErrEnded) {
						t.Errorf("play after the clock stepped back: got draw %d, error %v, want ErrEnded", d.Index, err)
					}
					if d, err := p.Play(t.Context(), play); err != nil || d.ID != played.ID {
						t.Errorf("repeated play: got draw %s, error %v, want draw %s", d.ID, err, played.ID)
					}
					longer := summer
					later := noon().Add(2 * time.Hour)
					longer.ClosesAt = &later
					if _, err := p.Edit(t.Context(), "summer", 0, longer); field(err) != "closes_at" {
						t.Errorf("extend: got error %v, want an error for field closes_at", err)
					}
					longer.ClosesAt = nil
					if _, err := p.Edit(t.Context(), "summer", 0, longer); field(err) != "closes_at" {
						t.Errorf("remove the closing time: got error %v, want an error for field closes_at", err)
					}
					if c, err := p.Campaign(t.Context(), "summer"); err != nil || !errors.Is(c.Playable(noon()), campaign.ErrEnded) {
						t.Errorf("Playable: got %v, error %v, want ErrEnded", c.Playable(noon()), err)
					}
				}
				if got := endsOf(t, first); got != 1 {
					t.Errorf("campaign.end entries in the audit trail: got %d, want 1", got)
				}
				summer.Title = "Over"
				if _, err := first.Edit(t.Context(), "summer", 0, summer); err != nil {
					t.Errorf("edit the title: got error %v, want nil", err)
				}
				if _, err := first.Close(t.Context(), "summer"); err != nil {
					t.Errorf("close: got error %v, want nil", err)
				}
			})
		})
	}
}

// endsOf returns the number of entries in the audit trail that record the end of campaign
// summer.
func endsOf(t *testing.T, p *campaign.Admin) (ends int) {
	t.Helper()
	changes, err := p.Changes(t.Context(), campaign.ChangeQuery{Subject: "summer"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action == "campaign.end" {
			ends++
		}
	}
	return ends
}

// TestPlayAcrossTheEnd checks that the clock is read once for each play, so that a play
// accepted at the last moment is not stored with a time after the end. make test runs it.
func TestPlayAcrossTheEnd(t *testing.T) {
	closes := noon().Add(10 * time.Second)
	at := noon()
	tick := func() time.Time { // each reading advances the clock by 400 ms
		at = at.Add(400 * time.Millisecond)
		return at
	}
	p := campaign.New(campaign.Config{Store: storetest.Open(t, storetest.File(t)), Generator: draw.Local{}, Now: tick}).Admin("test")
	summer := plan("summer")
	summer.ClosesAt = &closes
	begin(t, p, summer)
	for i := range 50 {
		d, err := p.Service.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(i)})
		if errors.Is(err, campaign.ErrEnded) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !d.PlayedAt.Before(closes) {
			t.Fatalf("time of play %d: got %s, want one before the closing time %s", i, d.PlayedAt, closes)
		}
	}
	t.Error("50 plays: got no error, want ErrEnded")
}
