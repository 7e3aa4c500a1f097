package tui

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// screen is one page of the program. Screens are values: Update gives the next one.
type screen interface {
	Title() string                        // of its tab
	Init() tea.Cmd                        // when it is first shown
	Update(msg tea.Msg) (screen, tea.Cmd) // keys and the mouse reach the shown screen; other messages every screen
	View(width, height int) string        // what fits: never wider or higher
	Keys() []key.Binding                  // what it acts on, the most important ones first, for the help
}

// Config is what the program works with: the functions of the commands.
type Config struct {
	Local   Backend                               // draws made in this process
	Remote  *Backend                              // the services that were named, nil for none
	Connect func(address string) (Backend, error) // makes a backend of services at an address, without calling them
	NewSeed func(ctx context.Context) (entropy.Seed, jsontext.Value, error)
	Hint    func(err error) string // what to do about an error, empty where that is not known
	Now     func() time.Time

	Settings Settings // to begin with
	Animate  bool     // whether account numbers roll in

	// Begin, where it is not nil, completes the settings with what takes asking for:
	// what is deployed, and a campaign. It is called again where it fails.
	Begin func(ctx context.Context, s Settings) (Settings, error)
}

// Backend is where draws are made and campaigns are kept. Its functions may take
// long and are called by commands of Bubble Tea, several at a time.
type Backend struct {
	Name      string         // local, or the address of the services
	Generator draw.Generator // what makes draws
	Client    *remote.Client // of the services, nil where there are none

	// Rules finds rules as --rules does: built-in ones or those deployed, by name,
	// or a YAML file. Mistakes in it are a [prize.FileError]. An empty ref stands for
	// the deployed ones.
	Rules func(ctx context.Context, ref string) (*prize.Rules, error)

	// Formats gives the formats that are deployed.
	Formats func(ctx context.Context) (textgen.Format, numgen.Format, error)

	// Promoter gives what runs the campaigns, which it opens at the first call and
	// keeps open.
	Promoter func(ctx context.Context) (Promoter, error)
}

// Promoter runs campaigns: those of a database here, or those of a core elsewhere.
type Promoter interface {
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, list campaign.List) (campaign.Page, error)
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
	Draws(ctx context.Context, list campaign.DrawList) (campaign.DrawPage, error)
	Claim(ctx context.Context, id, note string) (campaign.Draw, error)
	Unclaim(ctx context.Context, id string) (campaign.Draw, error)
	Void(ctx context.Context, id, reason string) (campaign.Draw, error)
	EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error)
	DeleteEntrant(ctx context.Context, id int64) error
}

// Terms are what decides draws besides the seed.
type Terms struct {
	Rules  *prize.Rules
	Text   textgen.Format
	Number numgen.Format
}

// Settings are what the user chooses and all screens go by.
type Settings struct {
	Backend  Backend
	RulesRef string // what Free.Rules were asked for with
	Free     Terms  // of free play

	// wrong is the rules file that was read last, where it has mistakes; nil for none.
	wrong *wrongRules

	Seed  entropy.Seed
	Proof jsontext.Value // of where the seed comes from, nil for none
	Next  uint64         // the index of the next draw of free play

	// Waiting says that the terms of free play are not known yet, since the backend has
	// not told what is deployed there: nothing is drawn by them meanwhile.
	Waiting bool

	home  *atHome // nil before services made draws
	spent bool    // whether draw Next was made, which is the last one of the seed

	Campaign *Campaign       // nil for free play
	Entrant  campaign.Person // who plays the campaign; zero for nobody
}

// Campaign is a campaign that is played, with its own terms.
type Campaign struct {
	campaign.Campaign
	Terms Terms
}

// Terms are those of the campaign, or of free play.
func (s Settings) Terms() Terms {
	if s.Campaign != nil {
		return s.Campaign.Terms
	}
	return s.Free
}

// Spec are draws of free play, count of them from index start on.
func (s Settings) Spec(start, count uint64) draw.Spec {
	return draw.Spec{
		Seed: s.Seed, Proof: s.Proof, Start: start, Count: count,
		Text: s.Free.Text, Number: s.Free.Number, Rules: s.Free.Rules,
	}
}

// world is what the screens share and never changes.
type world struct {
	Config
	ctx    context.Context                      // ends with the program: the parent of every call's context
	after  func(time.Duration, tea.Msg) tea.Cmd // gives a message after some time
	styles styles

	// busy is locked for reading by commands that leave a mess where they are not
	// finished: the program does not end before them.
	busy sync.RWMutex
}

// callTime is how long a call may take before the screen says that it is lost.
const callTime = 15 * time.Second

// call makes a command of a function that may take long: it is given a context that
// ends with the program and after callTime.
func (w *world) call(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, callTime)
		defer cancel()
		return f(ctx)
	}
}

// explain tells an error and what to do about it.
func (w *world) explain(err error) string {
	text := strings.TrimSpace(err.Error())
	if w.Hint == nil {
		return text
	}
	if hint := w.Hint(err); hint != "" {
		text += "\n" + hint
	}
	return text
}

// The messages that the frame sends to screens, besides those of Bubble Tea.
type (
	// settingsMsg tells every screen the settings, first of all and whenever they change.
	settingsMsg struct{ Settings }

	// sizeMsg tells every screen the size that its View will be asked for.
	sizeMsg struct{ width, height int }

	// oddsMsg tells every screen the exact odds of the present terms, some time after
	// these have changed. Its odds are nil where they are not known yet.
	oddsMsg struct {
		terms Terms
		odds  *prize.Odds
	}

	// shownMsg tells a screen that it is the shown one from now on, or no longer.
	shownMsg struct{ shown bool }
)

// The messages that commands of screens send.
type (
	// changeMsg changes the settings.
	changeMsg struct{ change func(Settings) Settings }

	// errorMsg shows an error in the last lines until a key is pressed.
	errorMsg struct{ err error }

	// noteMsg shows that something was done, in the last line until a key is pressed.
	noteMsg struct{ text string }

	// dialogMsg opens a dialog in front of the screen.
	dialogMsg struct{ dialog dialog }

	// drawnMsg tells every screen of a draw that the Draw screen made.
	drawnMsg struct {
		draw    draw.Draw       // without seed where it is of a campaign
		outcome prize.Outcome   // by chance, in the terms' rules
		terms   Terms           // that it was made by
		stored  *campaign.Draw  // nil where it is of free play
		who     campaign.Person // who played, zero for nobody
		at      time.Time
	}
)

// send is a command that gives a message.
func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }
