package tui

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// drawScreen makes draws one by one for an audience: the account number rolls in letter by
// letter, then the prize is revealed.
type drawScreen struct {
	w        *workspace
	settings Settings
	size     sizeMsg
	draw     key.Binding
	cancel   key.Binding
	choose   settingKeys
	glyphs   map[rune]glyph
	odds     oddsMsg

	state   drawState
	request drawRequest
	drawn   drawn // the last draw; set from drawRolling on
	err     error // of the last request
	tick    int   // number of animation frames so far
	ticked  time.Time

	tally  tally
	recent []drawn // earlier draws, newest first
}

type drawState int

const (
	drawReady       drawState = iota // no draw yet
	drawPending                      // a draw is being made
	drawRolling                      // the account number rolls in
	drawRevealed                     // the prize is shown
	drawCelebrating                  // the prize is shown, with falling confetti
	drawFailed                       // the draw could not be made
)

// drawRequest is a request for a draw.
type drawRequest struct {
	number int             // counts requests and animations, so that messages of earlier ones can be ignored
	ctx    context.Context // nil before the first request
	cancel context.CancelFunc
	slow   bool // the request has been running for slowAfter
	once   onceKey
}

// slowAfter is the time after which the screen offers to cancel a request.
const slowAfter = time.Second

// maxRecent is the maximum number of draws listed below the last one.
const maxRecent = 20

// tally counts the draws of the session.
type tally struct {
	draws, wins uint64
	worth       map[prize.Currency]int64 // total value of the prizes, in minor units
}

func newDraw(w *workspace) drawScreen {
	return drawScreen{
		w:      w,
		draw:   bind("space", "draw", " ", "enter"),
		cancel: bind("esc", "cancel", "esc"),
		choose: newSettingKeys(),
		glyphs: readGlyphs(),
	}
}

// Title implements screen.
func (d drawScreen) Title() string { return "Draw" }

// Init implements screen.
func (d drawScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (d drawScreen) Keys() []key.Binding {
	first := d.draw
	if d.state == drawPending {
		first = d.cancel
	}
	return append([]key.Binding{first}, d.choose.enabled(d.settings)...)
}

// These are the messages of requests. Each contains the number of its request.
type (
	// drawResultMsg contains the result of a request.
	drawResultMsg struct {
		request int
		seed    entropy.Seed // the seed of free play
		drawn   drawn
		err     error
	}

	// slowMsg is sent slowAfter after the start of a request.
	slowMsg struct{ request int }

	// tickMsg shows the next frame of the animation.
	tickMsg struct{ request int }
)

// applySettings applies settings. If the backend has changed, it cancels the request.
func (d drawScreen) applySettings(s Settings) drawScreen {
	if d.state == drawPending && s.Backend.Name != d.settings.Backend.Name {
		d.request.cancel()
		d.request.number++
		d.state = drawReady
	}
	d.settings = s
	return d
}

// press starts a draw. If letters are still rolling, it reveals the prize instead.
func (d drawScreen) press() (screen, tea.Cmd) {
	switch d.state {
	case drawPending:
		return d, nil
	case drawRolling:
		return d.reveal()
	}
	if d.settings.termsUnknown() {
		return d, send(errorMsg{errTermsUnknown(d.settings)})
	}
	if d.settings.exhausted && d.settings.Campaign == nil {
		return d, send(errorMsg{errExhausted(d.settings)})
	}
	if d.state == drawRevealed || d.state == drawCelebrating {
		d.recent = slices.Insert(slices.Clone(d.recent), 0, d.drawn)
		d.recent = d.recent[:min(len(d.recent), maxRecent)]
	}
	d.state, d.err, d.tick, d.ticked = drawPending, nil, 0, d.w.Now()
	d.request.ctx, d.request.cancel = context.WithTimeout(d.w.ctx, d.w.callTimeout)
	d.request.once = d.request.once.next(d.settings, rand.Text)
	d.request.slow = false
	d.request.number++
	return d, tea.Batch(d.request.cmd(d.w, d.settings), d.nextTick(), d.w.after(slowAfter, slowMsg{d.request.number}))
}

// errCancelled is the error of a request that the user cancelled.
var errCancelled = errors.New("cancelled before a response arrived")

// fail ends the request with an error.
func (d drawScreen) fail(err error) drawScreen {
	d.request.cancel()
	d.request.number++
	d.state, d.err = drawFailed, err
	return d
}

// receive handles the result of the request.
func (d drawScreen) receive(msg drawResultMsg) (screen, tea.Cmd) {
	if msg.err != nil {
		return d.fail(msg.err), nil
	}
	d.request.once = onceKey{}
	d.state, d.drawn, d.tick = drawRolling, msg.drawn, 0
	var countCmd tea.Cmd
	if !msg.drawn.stored() {
		count := func(s Settings) Settings {
			if s.Seed == msg.seed && s.Next == msg.drawn.Index {
				return s.countDraw()
			}
			return s
		}
		d.settings = count(d.settings) // the next key may be pressed before the settingsMsg arrives
		countCmd = send(changeMsg{count})
	}
	if !d.w.Animate {
		next, cmd := d.reveal()
		return next, tea.Batch(countCmd, cmd)
	}
	return d, countCmd
}

// reveal shows the prize.
func (d drawScreen) reveal() (screen, tea.Cmd) {
	d.state = drawRevealed
	d.tally.draws++
	won := d.drawn.Prize
	if won == nil {
		return d, send(d.drawn)
	}
	d.tally.wins++
	d.tally.worth = maps.Clone(d.tally.worth)
	if d.tally.worth == nil {
		d.tally.worth = map[prize.Currency]int64{}
	}
	d.tally.worth[d.drawn.terms.Rules.Currency] += won.Value
	if !d.w.Animate {
		return d, send(d.drawn)
	}
	d.state, d.tick = drawCelebrating, 0
	d.request.number++ // makes later ticks of the rolling letters outdated
	return d, tea.Batch(send(d.drawn), d.nextTick())
}

// cmd returns the command that makes the draw. In free play it works like prizegen draw.
// In a campaign it works like prizegen draw --campaign with a once-only key.
func (r drawRequest) cmd(w *workspace, s Settings) tea.Cmd {
	return func() tea.Msg {
		defer r.cancel()
		result := drawResultMsg{request: r.number, seed: s.Seed}
		if s.Campaign != nil {
			result.drawn, result.err = playCampaign(r.ctx, s, r.once.key)
		} else {
			result.drawn, result.err = drawFree(r.ctx, s)
			result.drawn.PlayedAt = w.Now()
		}
		return result
	}
}

// drawFree makes the next draw of free play.
func drawFree(ctx context.Context, s Settings) (drawn, error) {
	var d drawn
	err := draw.Run(ctx, s.Backend.Generator, s.Spec(s.Next, 1), nil, func(b *draw.Batch) error {
		d = freeDraw(b, 0, s.Free)
		return nil
	})
	return d, err
}

// freeDraw returns the draw at position i of a batch.
func freeDraw(b *draw.Batch, i int, terms Terms) drawn {
	d := b.Draw(i)
	return drawn{outcome: b.Outcomes[i], terms: terms, Draw: campaign.Draw{
		Index: d.Index, Account: d.Account, Outcome: d.Outcome, Seed: d.Seed, Basis: d.Basis,
	}}
}

// playCampaign plays in the campaign with a once-only key.
func playCampaign(ctx context.Context, s Settings, once string) (drawn, error) {
	campaigns, err := s.Backend.Campaigns(ctx)
	if err != nil {
		return drawn{}, err
	}
	play := campaign.Play{Campaign: s.Campaign.Name, Key: once}
	if s.Entrant != (campaign.Person{}) {
		play.Person = &s.Entrant
	}
	d, err := campaigns.Play(ctx, play)
	if err != nil {
		return drawn{}, err
	}
	terms := s.Terms()
	outcome, _ := d.OutcomeByChance(terms.Rules) // a campaign's draw always has an outcome in its rules
	return drawn{d, outcome, terms, s.Entrant}, nil
}

// onceKey is the once-only key of a play. If the response to a play is lost, the next
// request for the same play has the same key, so it does not make a second draw.
type onceKey struct {
	key      string
	backend  string
	campaign string
	entrant  campaign.Person
}

// next returns the key for the next play, which is o if the next play repeats the play of o.
func (o onceKey) next(s Settings, random func() string) onceKey {
	if s.Campaign == nil {
		return onceKey{}
	}
	next := onceKey{o.key, s.Backend.Name, s.Campaign.Name, s.Entrant}
	if next != o || o.key == "" {
		next.key = random()
	}
	return next
}

// These constants define the animation.
const (
	tickTime       = 50 * time.Millisecond  // time between two frames
	slowTick       = 400 * time.Millisecond // there is no animation on a terminal that takes longer for a frame
	firstStop      = 8                      // ticks until the first letter stops
	maxRoll        = 40                     // maximum number of ticks from the first letter to the last
	ticksPerLetter = 5                      // ticks from one letter to the next
	suspense       = 10                     // ticks from the last letter to the prize
	celebration    = 50                     // ticks while confetti falls
)

// nextTick returns a command for the next frame, or nil if the animation is off.
func (d drawScreen) nextTick() tea.Cmd {
	if !d.w.Animate {
		return nil
	}
	return d.w.after(tickTime, tickMsg{d.request.number})
}

// animate shows the next frame. On a slow terminal it skips to the last one.
func (d drawScreen) animate() (screen, tea.Cmd) {
	if d.state != drawPending && d.state != drawRolling && d.state != drawCelebrating {
		return d, nil
	}
	now := d.w.Now()
	slow := now.Sub(d.ticked) > slowTick
	d.ticked = now
	d.tick++
	switch {
	case d.state == drawRolling && (slow || d.tick >= d.stopTick(len(d.drawn.Whole)-1)+suspense):
		return d.reveal()
	case d.state == drawCelebrating && (slow || d.tick >= celebration):
		d.state = drawRevealed
		return d, nil
	}
	return d, d.nextTick()
}

// stopTick returns the tick at which a letter of the account number stops rolling.
func (d drawScreen) stopTick(letter int) int {
	letters := len(d.drawn.Whole)
	return firstStop + min(letter*ticksPerLetter, letter*maxRoll/max(letters-1, 1))
}

// scramble returns a number that looks random, for rolling letters and confetti. Draws do
// not use it.
func scramble(a, b, c int) uint64 {
	x := uint64(a)*0x9e3779b97f4a7c15 ^ uint64(b)*0xbf58476d1ce4e5b9 ^ uint64(c)*0x94d049bb133111eb
	x ^= x >> 31
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}
