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

// bulkScreen makes many draws at once and compares them with the odds.
type bulkScreen struct {
	w        *workspace
	keys     bulkKeys
	choose   settingKeys
	settings Settings
	plan     bulkPlan

	state   bulkState
	run     *bulkRun // the last run; nil for none
	counts  []uint64 // the draws of this run so far, by outcome
	elapsed time.Duration
	odds    *prize.Odds  // nil until they are computed
	sample  *draw.Sample // of a finished run; nil without odds
	err     error        // the error that ended the run

	from   int // first row shown
	height int // the height of the screen
}

type bulkState int

const (
	bulkReady    bulkState = iota // no run yet
	bulkRunning                   // draws are being made
	bulkStopping                  // the user has stopped the run, but it has not ended yet
	bulkEnded                     // the run has ended
)

type bulkKeys struct{ start, plan, stop, up, down, pageUp, pageDown key.Binding }

func newBulk(w *workspace) bulkScreen {
	return bulkScreen{
		w: w, plan: bulkPlan{count: 1_000_000}, choose: newSettingKeys(),
		keys: bulkKeys{
			start:    bind("enter", "start", "enter", " "),
			plan:     bind("m", "count and file", "m"),
			stop:     bind("x", "stop", "x", "esc"),
			up:       bind("↑", "up", "up", "k"),
			down:     bind("↓", "down", "down", "j"),
			pageUp:   bind("pgup", "page up", "pgup"),
			pageDown: bind("pgdn", "page down", "pgdown"),
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
		keys = append(keys, b.choose.enabled(b.settings)...)
	}
	return append(keys, b.keys.down, b.keys.up, b.keys.pageDown, b.keys.pageUp)
}

func (b bulkScreen) running() bool { return b.state == bulkRunning || b.state == bulkStopping }

// ConfirmQuit implements quitConfirmer.
func (b bulkScreen) ConfirmQuit() string {
	if !b.running() {
		return ""
	}
	text := show.Count(b.run.count, "draw") + " are being made. Stop them and quit"
	if b.run.path != "" {
		text += " without writing " + b.run.path
	}
	return text + "?"
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
			return b.refresh(b.w.Now()), b.run.tick(b.w)
		}
	case bulkOddsMsg:
		if msg.run == b.run {
			b.odds = &msg.odds
			b = b.compare()
		}
	case bulkEndMsg:
		if msg.run == b.run {
			b = b.refresh(msg.at)
			b.state, b.err = bulkEnded, msg.err
			b = b.compare()
		}
	case tea.KeyMsg:
		return b.handleKey(msg)
	case tea.MouseMsg:
		b = b.scroll(wheelLines(msg))
	}
	return b, nil
}

func (b bulkScreen) handleKey(msg tea.KeyMsg) (screen, tea.Cmd) {
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
		return b, b.askPlan()
	default:
		return b, b.choose.handle(b.w, b.settings, msg)
	}
	return b, nil
}

// scroll scrolls by a number of rows, but not beyond the first or last one.
func (b bulkScreen) scroll(by int) bulkScreen {
	b.from = min(max(b.from+by, 0), max(len(b.rows())-b.pageHeight(), 0))
	return b
}

const (
	bulkAround = 5  // lines above and below the rows of the histogram, without blank lines
	bulkRoomy  = 14 // minimum screen height at which there are blank lines
)

// pageHeight returns the number of rows of the histogram that fit.
func (b bulkScreen) pageHeight() int {
	if b.height >= bulkRoomy {
		return b.height - bulkAround - 2
	}
	return max(b.height-bulkAround, 1)
}

// rows returns the outcomes that have a row: possible outcomes, all prizes, and outcomes
// that occurred.
func (b bulkScreen) rows() []prize.Row {
	if b.odds == nil {
		return nil
	}
	var rows []prize.Row
	for _, row := range b.odds.Rows {
		if row.Probability.Sign() > 0 || row.Prize != nil || b.counts[row.Outcome] > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// askPlan returns a command that asks for a plan and then starts a run with it.
func (b bulkScreen) askPlan() tea.Cmd {
	return ask("Draw many", func(values []string) (tea.Cmd, error) {
		plan, err := parsePlan(values[0], values[1], values[2])
		return send(bulkStartMsg{plan}), err
	},
		field{label: "How many", value: prize.Thousands(b.plan.count)},
		field{label: "First index", value: prize.Thousands(b.plan.start)},
		field{label: "File", value: b.plan.path, hint: "optional; draws.csv or draws.ndjson"})
}

// start starts a run with the current settings. It asks first if the run would replace a
// file.
func (b bulkScreen) start(plan bulkPlan) (screen, tea.Cmd) {
	switch {
	case b.running():
		return b, nil
	case b.settings.termsUnknown():
		return b, send(errorMsg{errTermsUnknown(b.settings)})
	case plan.wouldReplace():
		plan.replace = true
		return b, confirm("Replace the file?", plan.path+" exists. It stays unchanged until all draws are made.", send(bulkStartMsg{plan}))
	}
	ctx, stop := context.WithCancel(b.w.ctx)
	terms := b.settings.Terms()
	spec := b.settings.Spec(plan.start, plan.count)
	spec.Rules, spec.Text, spec.Number = terms.Rules, terms.Text, terms.Number
	b.run = &bulkRun{
		bulkPlan: plan, spec: spec, terms: terms, generator: b.settings.Backend.Generator,
		tally: draw.NewTally(terms.Rules), began: b.w.Now(), stop: stop,
	}
	b.plan, b.state, b.from = plan, bulkRunning, 0
	b.plan.replace = false // confirmed for this run only
	b.counts, b.elapsed, b.odds, b.sample, b.err = b.run.tally.Counts(), 0, nil, nil, nil
	return b, tea.Batch(b.run.cmd(ctx, b.w), b.run.odds, b.run.tick(b.w))
}

// refresh updates the counts and the elapsed time of the run.
func (b bulkScreen) refresh(now time.Time) bulkScreen {
	b.counts, b.elapsed = b.run.tally.Counts(), now.Sub(b.run.began)
	return b
}

// compare compares the draws of a finished run with the odds.
func (b bulkScreen) compare() bulkScreen {
	if b.state == bulkEnded && b.odds != nil {
		sample := draw.Compare(b.run.spec.Seed, slices.Clone(b.counts), *b.odds)
		b.sample = &sample
	}
	return b
}
