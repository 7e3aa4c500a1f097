package tui

import (
	"context"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// bulkScreen draws many at a time and holds them against the odds.
type bulkScreen struct {
	w        *world
	keys     bulkKeys
	choose   settingKeys
	settings Settings
	plan     bulkPlan

	state   bulkState
	run     *bulkRun // the last one, nil for none
	counts  []uint64 // of its draws so far, by outcome
	elapsed time.Duration
	odds    *prize.Odds  // nil where they are not known yet
	sample  *draw.Sample // of a run that has ended, where its odds are known
	err     error        // what ended it

	from   int // the first row shown
	height int // of the screen
}

// bulkState is where the screen is with a run.
type bulkState int

const (
	bulkReady    bulkState = iota // nothing was drawn yet
	bulkRunning                   // draws are being made
	bulkStopping                  // the user has had enough of them
	bulkEnded                     // they are made, or what ended them is known
)

type bulkKeys struct{ start, plan, stop, up, down, pageUp, pageDown key.Binding }

func newBulk(w *world) bulkScreen {
	return bulkScreen{
		w: w, plan: bulkPlan{count: 1_000_000}, choose: newSettingKeys(),
		keys: bulkKeys{
			start:    key.NewBinding(key.WithKeys("enter", " "), key.WithHelp("enter", "draw them")),
			plan:     key.NewBinding(key.WithKeys("m"), key.WithHelp("m", "how many, to a file")),
			stop:     key.NewBinding(key.WithKeys("x", "esc"), key.WithHelp("x", "stop")),
			up:       key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑", "rows above")),
			down:     key.NewBinding(key.WithKeys("down", "j"), key.WithHelp("↓", "rows below")),
			pageUp:   key.NewBinding(key.WithKeys("pgup"), key.WithHelp("pgup", "page above")),
			pageDown: key.NewBinding(key.WithKeys("pgdown"), key.WithHelp("pgdn", "page below")),
		},
	}
}

// Title implements screen.
func (b bulkScreen) Title() string { return "Bulk" }

// Init implements screen.
func (b bulkScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (b bulkScreen) Keys() []key.Binding {
	keys := []key.Binding{b.keys.start, b.keys.plan}
	if b.running() {
		keys = []key.Binding{b.keys.stop}
	} else {
		keys = append(keys, b.choose.all(b.settings)...)
	}
	return append(keys, b.keys.down, b.keys.up, b.keys.pageDown, b.keys.pageUp)
}

func (b bulkScreen) running() bool { return b.state == bulkRunning || b.state == bulkStopping }

// Work implements working.
func (b bulkScreen) Work() string {
	switch {
	case !b.running():
		return ""
	case b.run.path != "":
		return show.Count(b.run.count, "draw") + " are being made, and " + b.run.path + " is not written before they all are. Stop it and quit?"
	}
	return show.Count(b.run.count, "draw") + " are being made. Stop it and quit?"
}

// Update implements screen.
func (b bulkScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		b.settings = msg.Settings
	case sizeMsg:
		b.height = msg.height
	case bulkStartMsg:
		return b.start(msg.bulkPlan)
	case bulkTickMsg:
		if msg.run == b.run && b.running() {
			b = b.look(b.w.Now())
			return b, b.run.tick(b.w)
		}
	case bulkOddsMsg:
		if msg.run == b.run {
			b.odds = &msg.odds
			b = b.compare()
		}
	case bulkEndMsg:
		if msg.run == b.run {
			return b.end(msg)
		}
	case tea.KeyMsg:
		return b.press(msg)
	case tea.MouseMsg:
		switch msg.Button { //nolint:exhaustive // other buttons do nothing here
		case tea.MouseButtonWheelUp:
			b = b.scroll(-1)
		case tea.MouseButtonWheelDown:
			b = b.scroll(1)
		}
	}
	return b, nil
}

func (b bulkScreen) press(msg tea.KeyMsg) (screen, tea.Cmd) {
	switch {
	case b.running() && key.Matches(msg, b.keys.stop):
		b.run.stop()
		b.state = bulkStopping
	case key.Matches(msg, b.keys.up):
		b = b.scroll(-1)
	case key.Matches(msg, b.keys.down):
		b = b.scroll(1)
	case key.Matches(msg, b.keys.pageUp):
		b = b.scroll(-b.pageHeight())
	case key.Matches(msg, b.keys.pageDown):
		b = b.scroll(b.pageHeight())
	case b.running():
	case key.Matches(msg, b.keys.start):
		return b.start(b.plan)
	case key.Matches(msg, b.keys.plan):
		return b, b.ask()
	default:
		return b, b.choose.press(b.w, b.settings, msg)
	}
	return b, nil
}

// scroll shows other rows.
func (b bulkScreen) scroll(by int) bulkScreen {
	b.from = min(max(b.from+by, 0), max(len(b.rows())-b.pageHeight(), 0))
	return b
}

// bulkStartMsg starts a run.
type bulkStartMsg struct{ bulkPlan }

// ask asks how many to draw and where to.
func (b bulkScreen) ask() tea.Cmd {
	return ask("Draw many", func(values []string) (tea.Cmd, error) {
		plan, err := readPlan(values[0], values[1], values[2])
		return send(bulkStartMsg{plan}), err
	},
		field{label: "How many", value: prize.Thousands(b.plan.count)},
		field{label: "First index", value: prize.Thousands(b.plan.start)},
		field{label: "File", value: b.plan.path, hint: "none; or draws.csv, draws.ndjson"})
}

// start starts a run by the present settings.
func (b bulkScreen) start(plan bulkPlan) (screen, tea.Cmd) {
	switch {
	case b.running():
		return b, nil
	case b.settings.waits():
		return b, send(errorMsg{errWaiting(b.settings)})
	case plan.taken():
		return b, plan.confirm()
	}
	ctx, stop := context.WithCancel(b.w.ctx)
	terms := b.settings.Terms()
	spec := b.settings.Spec(plan.start, plan.count)
	spec.Rules, spec.Text, spec.Number = terms.Rules, terms.Text, terms.Number
	b.run = &bulkRun{
		bulkPlan: plan, spec: spec, terms: terms, g: b.settings.Backend.Generator,
		tally: draw.NewTally(terms.Rules), began: b.w.Now(), stop: stop,
	}
	b.plan, b.state, b.from = plan, bulkRunning, 0
	b.plan.replace = false // which was said of this run alone
	b.counts, b.elapsed, b.odds, b.sample, b.err = b.run.tally.Counts(), 0, nil, nil, nil
	return b, tea.Batch(b.run.make(ctx, b.w), b.run.odds, b.run.tick(b.w))
}

// look takes up how far the run is.
func (b bulkScreen) look(now time.Time) bulkScreen {
	b.counts, b.elapsed = b.run.tally.Counts(), now.Sub(b.run.began)
	return b
}

// end takes up what became of the run.
func (b bulkScreen) end(msg bulkEndMsg) (screen, tea.Cmd) {
	b = b.look(msg.at)
	b.state, b.err = bulkEnded, msg.err
	return b.compare(), nil
}

// compare holds the draws of a run that has ended against the odds.
func (b bulkScreen) compare() bulkScreen {
	if b.state == bulkEnded && b.odds != nil {
		sample := draw.Compare(b.run.spec.Seed, slices.Clone(b.counts), *b.odds)
		b.sample = &sample
	}
	return b
}
