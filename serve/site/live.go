package site

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// The bounds of live pages.
const (
	maxViewers = 1000
	maxOfOne   = 100              // of them from one address, behind which may be a whole event
	liveEvery  = time.Second      // how often the store is asked
	beatEvery  = 15 * time.Second // how often a quiet viewer hears something
	shownLive  = 8                // winners that a screen has
	askedLive  = 3 * shownLive    // of whom some may be void
)

// live tells viewers of the latest winners of campaigns. Each campaign that somebody
// looks at is asked for once for all viewers, and at the store, so that it does not
// matter which replica was played on.
type live struct {
	campaigns *campaign.Service
	log       *slog.Logger

	mu      sync.Mutex
	viewers map[string]int    // by address
	latest  map[string]latest // by campaign
}

type latest struct {
	asked time.Time
	draws []campaign.Draw
}

func newLive(s *campaign.Service, log *slog.Logger) *live {
	return &live{campaigns: s, log: log, viewers: map[string]int{}, latest: map[string]latest{}}
}

// winners gives the latest winners of a campaign, as they were a moment ago.
func (l *live) winners(ctx context.Context, name string) ([]campaign.Draw, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.latest[name]
	if time.Since(known.asked) < liveEvery {
		return known.draws, nil
	}
	draws, _, err := l.campaigns.Winners(ctx, name, campaign.Paging{Limit: askedLive})
	if err == nil {
		draws = slices.DeleteFunc(draws, func(d campaign.Draw) bool { return d.Void != nil })
		draws = draws[:min(len(draws), shownLive)]
		l.latest[name] = latest{time.Now(), draws}
	}
	return draws, err
}

// enter counts a viewer; ok is false where there are too many of them, in all or from
// one address.
func (l *live) enter(from string) (ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := 0
	for _, n := range l.viewers {
		all += n
	}
	if all >= maxViewers || l.viewers[from] >= maxOfOne {
		return false
	}
	l.viewers[from]++
	return true
}

func (l *live) leave(from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.viewers[from]--; l.viewers[from] == 0 {
		delete(l.viewers, from)
	}
	if len(l.viewers) == 0 {
		clear(l.latest)
	}
}

// liveView is the page for a screen at an event.
type liveView struct {
	Campaign campaign.Campaign
	Winners  []campaign.Draw
}

func (s *Site) livePage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	winners, err := s.live.winners(r.Context(), c.Name)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "live", c.Title, liveView{c, winners})
}

// events tells a live page of new winners, as server-sent events.
func (s *Site) events(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	from := network(r)
	if !s.live.enter(from) {
		return campaign.Errorf(campaign.ErrBusy, "too many live pages are open")
	}
	defer s.live.leave(from)
	control := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // for NGINX
	w.WriteHeader(http.StatusOK)
	last, quiet := "", time.Duration(0)
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	for !s.cfg.Ending() {
		winners, err := s.live.winners(r.Context(), c.Name)
		if err != nil {
			s.cfg.Log.WarnContext(r.Context(), "a live page has no news", slog.Any("error", err))
			return nil // the browser comes back by itself
		}
		text, err := json.Marshal(news(winners))
		if err != nil {
			return nil
		}
		message := ""
		if string(text) != last {
			message, last = fmt.Sprintf("event: winners\ndata: %s\n\n", text), string(text)
		} else if quiet += liveEvery; quiet >= beatEvery {
			message = ": still here\n\n"
		}
		if message != "" {
			quiet = 0
			_ = control.SetWriteDeadline(time.Now().Add(beatEvery)) // where it can be set
			if _, err := w.Write([]byte(message)); err != nil || control.Flush() != nil {
				return nil // the viewer has gone
			}
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// newsItem is a winner as a live page shows it.
type newsItem struct {
	Player  string `json:"player"`
	Account string `json:"account"`
	Prize   string `json:"prize"`
}

func news(draws []campaign.Draw) []newsItem {
	list := make([]newsItem, 0, len(draws))
	for i := range draws {
		if d := &draws[i]; d.Prize != nil {
			list = append(list, newsItem{d.Player, d.Whole, d.Prize.Name})
		}
	}
	return list
}
