package tui

import (
	"context"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// screen is a tab of the program. It is a value: Update returns the changed screen. Only
// the active screen receives keys and the mouse; every screen receives other messages.
type screen interface {
	Title() string // title of the tab
	Init() tea.Cmd // called when the screen is shown for the first time
	Update(msg tea.Msg) (screen, tea.Cmd)
	View(width, height int) string // must fit in width and height
	Keys() []key.Binding           // keys for the help; the most important keys come first
}

// quitConfirmer is a screen that may ask for confirmation before the program quits.
type quitConfirmer interface {
	// ConfirmQuit returns the question, or "" if no confirmation is needed.
	ConfirmQuit() string
}

// Config configures the program. Its functions are the same functions that the commands
// call.
type Config struct {
	Local   Backend                               // makes draws in this process
	Remote  *Backend                              // uses the configured services; nil if there are none
	Connect func(address string) (Backend, error) // returns a backend for services without calling them
	NewSeed func(ctx context.Context) (entropy.Seed, jsontext.Value, error)
	Hint    func(err error) string // returns what to do about an error, or "" if that is not known
	Now     func() time.Time

	Settings Settings // initial settings
	Animate  bool     // whether account numbers roll in

	// Load completes the initial settings with data from the services: the deployed rules
	// and formats, and a campaign. It is called again after an error. A nil Load means
	// that Settings is complete.
	Load func(ctx context.Context, s Settings) (Settings, error)
}

// workspace contains the configuration and the resources that all screens share. It is not
// modified after the start.
type workspace struct {
	Config
	ctx         context.Context // done when the program stops
	callTimeout time.Duration   // timeout for calls to backends
	pollTimeout time.Duration   // timeout for health checks
	styles      styles

	// after returns a command that returns a message after some time.
	after func(time.Duration, tea.Msg) tea.Cmd

	// running is read-locked by commands that must finish before the program exits.
	running sync.RWMutex
}

// call returns a command that calls f. The context of f is done when the program stops or
// after callTimeout.
func (w *workspace) call(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, w.callTimeout)
		defer cancel()
		return f(ctx)
	}
}

// await is like call, but shows a dialog with text until f returns. If the user cancels,
// the message from f is ignored.
func (w *workspace) await(text string, f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, w.callTimeout)
		d := &waitDialog{text, cancel}
		return waitMsg{d, func() tea.Msg {
			defer cancel()
			return resultMsg{d, f(ctx)}
		}}
	}
}

// explain returns the text of an error, followed by its hint.
func (w *workspace) explain(err error) string {
	text := strings.TrimSpace(err.Error())
	if w.Hint == nil {
		return text
	}
	if hint := w.Hint(err); hint != "" {
		text += "\n" + hint
	}
	return text
}

// The frame sends these messages to every screen.
type (
	// settingsMsg contains the settings. It is the first message that a screen receives, and
	// is sent again after every change.
	settingsMsg struct{ Settings }

	// oddsMsg contains the exact odds of the current terms. It is sent after a change of the
	// terms; odds is nil until they are computed.
	oddsMsg struct {
		terms Terms
		odds  *prize.Odds
	}
)

// computeOdds returns a command that computes the exact odds of terms.
func computeOdds(t Terms) tea.Cmd {
	return func() tea.Msg {
		odds := t.exactOdds()
		return oddsMsg{t, &odds}
	}
}

// shownMsg tells a screen whether it is now the active screen.
type shownMsg struct{ shown bool }

// Screens send these messages.
type (
	// changeMsg changes the settings.
	changeMsg struct{ change func(Settings) Settings }

	// errorMsg shows an error at the bottom until a key is pressed.
	errorMsg struct{ err error }

	// noteMsg shows a note at the bottom until a key is pressed.
	noteMsg struct{ text string }
)

// drawn is a draw that the Draw screen has made. It is also the message that informs every
// screen of the draw.
type drawn struct {
	campaign.Draw // has no ID and no Campaign in free play

	outcome prize.Outcome // the outcome by chance, before the stock was considered
	terms   Terms
	entrant campaign.Person // who played in the campaign; zero if there is no entrant
}

// stored reports whether the draw is stored in a campaign.
func (d *drawn) stored() bool { return d.Campaign != "" }

// player returns the name of the entrant, or "" for none.
func (d *drawn) player() string {
	if d.entrant == (campaign.Person{}) {
		return ""
	}
	return fullName(d.entrant)
}

// chance returns the name of the prize in d.outcome, or "no prize", and its chance within
// the rule that matched. Without a matching rule, it returns "" and nil.
func (d *drawn) chance() (name string, chance *big.Rat) {
	rules := d.terms.Rules
	if won := rules.Prize(d.outcome); won != nil {
		return won.Name, won.Chance
	}
	if rule := rules.Rule(d.outcome); rule != nil {
		return "no prize", rule.NoPrize()
	}
	return "", nil
}

// prizeName returns the name of a prize, or "no prize".
func prizeName(won *draw.Prize) string {
	if won == nil {
		return "no prize"
	}
	return won.Name
}
