package site

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// winnersPage is a page of the list of a campaign's winners, newest first.
type winnersPage struct {
	Campaign campaign.Campaign
	Winners  []campaign.Draw
	Next     string // cursor for the next page; empty if this is the last page
	Older    bool   // whether this is not the first page
}

// winnersPerPage is the number of winners on a page.
const winnersPerPage = 25

func (s *Site) showWinners(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	winners, next, err := s.cfg.Campaigns.Winners(r.Context(), c.Name, campaign.Paging{Cursor: before, Limit: winnersPerPage})
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "winners", "Winners", winnersPage{c, winners, next, before != ""})
}

// livePage shows the latest winners, for example on a big screen at an event.
type livePage struct {
	Campaign campaign.Campaign
	Winners  []campaign.Draw
}

func (s *Site) showLive(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	winners, err := s.live.winners(r.Context(), c.Name)
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "live", c.Title, livePage{c, winners})
}

// streamWinners sends the latest winners to a live page as server-sent events.
func (s *Site) streamWinners(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	viewer := clientNetwork(r)
	if !s.live.enter(viewer) {
		return campaign.Errorf(campaign.ErrBusy, "too many live pages are open")
	}
	defer s.live.leave(viewer)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // tells NGINX not to buffer the events
	w.WriteHeader(http.StatusOK)
	stream := eventStream{w: w}
	tick := time.NewTicker(liveInterval)
	defer tick.Stop()
	for !s.cfg.Ending() {
		winners, err := s.live.winners(r.Context(), c.Name)
		if err != nil {
			s.pages.log.WarnContext(r.Context(), "live page interrupted", slog.Any("error", err))
			return nil // the browser will reconnect
		}
		if stream.send(winners) != nil {
			return nil // the viewer has disconnected
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// eventStream sends server-sent events to one viewer.
type eventStream struct {
	w     http.ResponseWriter
	last  string        // last event that was sent
	quiet time.Duration // time since the last message
}

// send sends the winners if they have changed. If nothing has been sent for a while, it
// sends a keep-alive comment. It must be called every liveInterval.
func (s *eventStream) send(winners []campaign.Draw) error {
	text, err := json.Marshal(liveWinners(winners), jsontext.EscapeForHTML(true), jsontext.EscapeForJS(true))
	if err != nil {
		return err
	}
	message := fmt.Sprintf("event: winners\ndata: %s\n\n", text)
	if message == s.last {
		if s.quiet += liveInterval; s.quiet < quietInterval {
			return nil
		}
		message = ": still here\n\n"
	} else {
		s.last = message
	}
	s.quiet = 0
	control := http.NewResponseController(s.w)
	_ = control.SetWriteDeadline(time.Now().Add(quietInterval)) // not every writer supports deadlines
	if _, err := s.w.Write([]byte(message)); err != nil {
		return err
	}
	return control.Flush()
}

// liveWinner is a winner in a server-sent event.
type liveWinner struct {
	Player  string `json:"player"`
	Account string `json:"account"`
	Prize   string `json:"prize"`
}

func liveWinners(draws []campaign.Draw) []liveWinner {
	list := make([]liveWinner, 0, len(draws))
	for i := range draws {
		if d := &draws[i]; d.Prize != nil {
			list = append(list, liveWinner{d.Player, d.Whole, d.Prize.Name})
		}
	}
	return list
}

// Limits for live pages.
const (
	maxViewers           = 1000
	maxViewersPerAddress = 100              // high, because all viewers at an event may share an address
	liveInterval         = time.Second      // time between two reads from the store
	quietInterval        = 15 * time.Second // maximum time between two messages to a viewer
	maxLiveWinners       = 8                // number of winners on a screen
)

// live provides the latest winners to all viewers of live pages. It reads the winners of a
// campaign from the store once for all viewers. The store also contains the plays of other
// replicas.
type live struct {
	campaigns *campaign.Service
	now       func() time.Time

	mu      sync.Mutex
	viewers map[string]int           // by address
	latest  map[string]latestWinners // by campaign
}

// latestWinners is a snapshot of the winners of a campaign.
type latestWinners struct {
	at    time.Time
	draws []campaign.Draw
}

func newLive(cfg Config) *live {
	return &live{campaigns: cfg.Campaigns, now: cfg.Now, viewers: map[string]int{}, latest: map[string]latestWinners{}}
}

// winners returns the latest winners of a campaign, without void draws. The result is at
// most liveInterval old.
func (l *live) winners(ctx context.Context, name string) ([]campaign.Draw, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, now := l.latest[name], l.now()
	if now.Sub(known.at) < liveInterval {
		return known.draws, nil
	}
	draws, _, err := l.campaigns.Winners(ctx, name, campaign.Paging{Limit: 3 * maxLiveWinners}) // some draws may be void
	if err != nil {
		return nil, err
	}
	draws = slices.DeleteFunc(draws, func(d campaign.Draw) bool { return d.Void != nil })
	draws = draws[:min(len(draws), maxLiveWinners)]
	l.latest[name] = latestWinners{now, draws}
	return draws, nil
}

// enter counts a viewer. It reports false, and does not count the viewer, if there are too
// many.
func (l *live) enter(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := 0
	for _, n := range l.viewers {
		total += n
	}
	if total >= maxViewers || l.viewers[address] >= maxViewersPerAddress {
		return false
	}
	l.viewers[address]++
	return true
}

// leave ends the counting of a viewer.
func (l *live) leave(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.viewers[address]--; l.viewers[address] == 0 {
		delete(l.viewers, address)
	}
	if len(l.viewers) == 0 {
		clear(l.latest)
	}
}
