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
	Title() string // of its tab
	Init() tea.Cmd // called when the screen is first shown
	Update(msg tea.Msg) (screen, tea.Cmd)
	View(width, height int) string // fits in width and height
	Keys() []key.Binding           // for the help; the most important keys come first
}

// quitConfirmer is a screen that may ask for a confirmation before the program quits.
type quitConfirmer interface {
	// ConfirmQuit returns the question, or "" if no confirmation is needed.
	ConfirmQuit() string
}

// Config configures the program. Its functions are the ones that the commands call.
type Config struct {
	Local   Backend                               // draws in this process
	Remote  *Backend                              // the configured services; nil for none
	Connect func(address string) (Backend, error) // returns a backend of services without calling them
	NewSeed func(ctx context.Context) (entropy.Seed, jsontext.Value, error)
	Hint    func(err error) string // returns what to do about an error; empty if that is not known
	Now     func() time.Time

	Settings Settings // initial settings
	Animate  bool     // account numbers roll in

	// Load completes the initial settings with data from the services: the deployed rules
	// and formats, and a campaign. It is called again after an error. A nil Load means
	// that Settings is complete.
	Load func(ctx context.Context, s Settings) (Settings, error)
}

// workspace has the configuration and resources that all screens share. It does not change.
type workspace struct {
	Config
	ctx         context.Context // ends with the program
	callTimeout time.Duration   // limits the calls of backends
	pollTimeout time.Duration   // limits health checks
	styles      styles

	// after returns a command that returns a message after some time.
	after func(time.Duration, tea.Msg) tea.Cmd

	// running is locked for reading by commands that must finish before the program ends.
	running sync.RWMutex
}

// call returns a command that calls f with a context that ends with the program or after
// callTimeout.
func (w *workspace) call(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, w.callTimeout)
		defer cancel()
		return f(ctx)
	}
}

// await is like call, but a dialog with a text is open until f returns. If the user
// cancels, the message of f is ignored.
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

// The messages that the frame sends to every screen.
type (
	// settingsMsg has the settings. A screen receives it first of all, and after every
	// change.
	settingsMsg struct{ Settings }

	// oddsMsg has the exact odds of the current terms. Screens receive it after a change
	// of the terms; odds is nil until they are computed.
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

// shownMsg informs a screen that it has become the active one, or no longer is.
type shownMsg struct{ shown bool }

// The messages that screens send.
type (
	// changeMsg changes the settings.
	changeMsg struct{ change func(Settings) Settings }

	// errorMsg shows an error at the bottom until a key is pressed.
	errorMsg struct{ err error }

	// noteMsg shows a note at the bottom until a key is pressed.
	noteMsg struct{ text string }
)

// drawn is a draw that the Draw screen has made. It is also the message that informs every
// screen about the draw.
type drawn struct {
	campaign.Draw // without ID and Campaign in free play

	outcome prize.Outcome // by chance, in the rules of terms
	terms   Terms
	entrant campaign.Person // played the campaign; zero for no entrant
}

// stored reports whether the draw is one of a campaign.
func (d *drawn) stored() bool { return d.Campaign != "" }

// player returns the name of the entrant, or "" for none.
func (d *drawn) player() string {
	if d.entrant == (campaign.Person{}) {
		return ""
	}
	return fullName(d.entrant)
}

// chance returns the name of the prize that chance decided, or "no prize", and its
// chance by the rule that matched.
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
