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

	"github.com/prizegen/prizegen/pkg/prize"
)

// drawScreen is where draws are made one by one, for people to see: the account
// number rolls in, letter by letter, then the prize is revealed.
type drawScreen struct {
	w        *world
	settings Settings
	size     sizeMsg
	draw     key.Binding
	giveUp   key.Binding
	choose   settingKeys
	glyphs   map[rune]glyph
	odds     oddsMsg // of the present terms, nil where they are not known yet

	state  drawState
	asked  int                // counts requests: of an earlier one, no answer is wanted
	ctx    context.Context    // of the request, nil before the first one
	cancel context.CancelFunc // gives it up
	late   bool               // whether it takes long
	once   onceKey            // of the play that is under way or failed
	drawn  drawnMsg           // the last draw, from rolling on
	err    error              // of the last request, where it failed
	tick   int                // counts the pictures of the animation
	ticked time.Time

	tally  tally
	recent []drawnMsg // those before the last one, the newest first
}

// drawState is where the screen is with a draw.
type drawState int

const (
	ready    drawState = iota // nothing was drawn yet
	asking                    // a draw is being made
	rolling                   // it is made, and its account number rolls in
	revealed                  // its prize is shown
	cheering                  // the same, with confetti that still falls
	drawLost                  // it could not be made
)

// maxRecent is how many draws are shown below the last one at most.
const maxRecent = 20

// tally counts the draws of the session.
type tally struct {
	draws, wins uint64
	worth       map[prize.Currency]int64 // of the prizes, in minor units
}

func newDraw(w *world) drawScreen {
	return drawScreen{
		w:      w,
		draw:   key.NewBinding(key.WithKeys(" ", "enter"), key.WithHelp("space", "draw")),
		giveUp: key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "give up")),
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
	if d.state == asking {
		return append([]key.Binding{d.giveUp}, d.choose.all(d.settings)...)
	}
	return append([]key.Binding{d.draw}, d.choose.all(d.settings)...)
}

// Update implements screen.
func (d drawScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return d.settle(msg.Settings), nil
	case oddsMsg:
		d.odds = msg
	case sizeMsg:
		d.size = msg
	case tea.KeyMsg:
		if key.Matches(msg, d.draw) {
			return d.press()
		}
		if d.state == asking && key.Matches(msg, d.giveUp) {
			return d.lose(errGivenUp), nil
		}
		return d, d.choose.press(d.w, d.settings, msg)
	case tea.MouseMsg:
		if msg.Button == tea.MouseButtonLeft && msg.Action == tea.MouseActionPress && d.draws(msg.X, msg.Y) {
			return d.press()
		}
	case madeMsg:
		if msg.asked == d.asked && d.state == asking {
			return d.made(msg)
		}
	case lateMsg:
		d.late = msg.asked == d.asked && d.state == asking
	case tickMsg:
		if msg.asked == d.asked {
			return d.animate()
		}
	}
	return d, nil
}

// settle takes up settings. A draw that is under way elsewhere than where draws are
// made now is given up: it may be what a lost service left behind.
func (d drawScreen) settle(s Settings) drawScreen {
	if d.state == asking && s.Backend.Name != d.settings.Backend.Name {
		d.cancel()
		d.asked++
		d.state = ready
	}
	d.settings = s
	return d
}

// press draws, or shows at once what is still rolling.
func (d drawScreen) press() (screen, tea.Cmd) {
	switch d.state {
	case asking:
		return d, nil
	case rolling:
		return d.reveal()
	}
	if d.settings.waits() {
		return d, send(errorMsg{errWaiting(d.settings)})
	}
	if d.settings.spent && d.settings.Campaign == nil {
		return d, send(errorMsg{errSpent(d.settings)})
	}
	if d.state == revealed || d.state == cheering {
		d.recent = slices.Insert(slices.Clone(d.recent), 0, d.drawn)
		d.recent = d.recent[:min(len(d.recent), maxRecent)]
	}
	d.once = d.once.of(d.settings, rand.Text)
	d.state, d.err, d.tick, d.ticked = asking, nil, 0, d.w.Now()
	d.asked++
	d.late = false
	d.ctx, d.cancel = context.WithTimeout(d.w.ctx, callTime)
	return d, tea.Batch(d.w.makeDraw(d.ctx, d.cancel, d.asked, d.settings, d.once.key), d.next(), d.w.after(lateTime, lateMsg{d.asked}))
}

// lateTime is how long a draw may take before the screen says what it waits for.
const lateTime = time.Second

// lateMsg tells that a request takes long.
type lateMsg struct{ asked int }

// errGivenUp is about a draw that the user no longer waits for.
var errGivenUp = errors.New("given up: what was asked has not answered")

// lose gives up the request, for a reason that is told.
func (d drawScreen) lose(err error) drawScreen {
	d.cancel()
	d.asked++
	d.state, d.err = drawLost, err
	return d
}

// made takes up an answer.
func (d drawScreen) made(msg madeMsg) (screen, tea.Cmd) {
	if msg.err != nil {
		return d.lose(msg.err), nil
	}
	d.once = onceKey{}
	d.state, d.drawn, d.tick = rolling, msg.drawn, 0
	var counted tea.Cmd
	if msg.drawn.stored == nil {
		count := func(s Settings) Settings {
			if s.Seed == msg.seed && s.Next == msg.drawn.draw.Index {
				s.Next++
				if s.spent = s.Next == 0; s.spent {
					s.Next--
				}
			}
			return s
		}
		d.settings = count(d.settings) // the next key may come before the frame's answer
		counted = send(changeMsg{count})
	}
	if !d.w.Animate {
		next, cmd := d.reveal()
		return next, tea.Batch(counted, cmd)
	}
	return d, counted
}

// reveal shows the prize.
func (d drawScreen) reveal() (screen, tea.Cmd) {
	d.state = revealed
	d.tally.draws++
	if won := d.drawn.draw.Prize; won != nil {
		d.tally.wins++
		d.tally.worth = maps.Clone(d.tally.worth)
		if d.tally.worth == nil {
			d.tally.worth = map[prize.Currency]int64{}
		}
		d.tally.worth[d.drawn.terms.Rules.Currency] += won.Value
		if d.w.Animate {
			d.state, d.tick = cheering, 0
			d.asked++ // the ticks of rolling end
			return d, tea.Batch(send(d.drawn), d.next())
		}
	}
	return d, send(d.drawn)
}
