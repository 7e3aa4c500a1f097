package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/sourcegraph/conc"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
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
	counts  []uint64 // its draws so far, by outcome
	elapsed time.Duration
	odds    *prize.Odds  // nil until they are computed
	sample  *draw.Sample // of a run that has ended; nil without odds
	err     error        // that ended the run

	from   int // first row shown
	height int // of the screen
}

type bulkState int

const (
	bulkReady    bulkState = iota // no run yet
	bulkRunning                   // draws are being made
	bulkStopping                  // the user has stopped the run, which has not ended yet
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

// askPlan returns a command that asks for a plan and starts its run.
func (b bulkScreen) askPlan() tea.Cmd {
	return ask("Draw many", func(values []string) (tea.Cmd, error) {
		plan, err := parsePlan(values[0], values[1], values[2])
		return send(bulkStartMsg{plan}), err
	},
		field{label: "How many", value: prize.Thousands(b.plan.count)},
		field{label: "First index", value: prize.Thousands(b.plan.start)},
		field{label: "File", value: b.plan.path, hint: "optional; draws.csv or draws.ndjson"})
}

// start starts a run with the current settings. If it would replace a file, it asks first.
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

// compare compares the draws of a run that has ended with the odds.
func (b bulkScreen) compare() bulkScreen {
	if b.state == bulkEnded && b.odds != nil {
		sample := draw.Compare(b.run.spec.Seed, slices.Clone(b.counts), *b.odds)
		b.sample = &sample
	}
	return b
}

// maxBulk is the largest number of draws of a run.
const maxBulk = 100_000_000

// bulkPlan has the user's choices for a run in addition to the settings.
type bulkPlan struct {
	start, count uint64
	path         string // of the file to write; empty for none
	replace      bool   // an existing file may be replaced
}

// parsePlan parses the values of a form.
func parsePlan(count, start, path string) (bulkPlan, error) {
	var p bulkPlan
	var err error
	if p.count, err = parseWhole(count); err != nil || p.count == 0 || p.count > maxBulk {
		return p, fmt.Errorf("how many: enter a whole number from 1 to %s", prize.Thousands(maxBulk))
	}
	if p.start, err = parseWhole(start); err != nil {
		return p, errors.New("first index: enter a whole number, 0 or more")
	}
	if err := (entropy.Range{Start: p.start, Count: p.count}).Check(); err != nil {
		return p, err
	}
	p.path = strings.TrimSpace(path)
	if p.path != "" && encodings()[filepath.Ext(p.path)] == nil {
		return p, errors.New("file: enter a name that ends in .csv or .ndjson")
	}
	return p, nil
}

// encodings returns the encodings of files by their extensions.
func encodings() map[string]func(*draw.Spec) *draw.Encoding {
	return map[string]func(*draw.Spec) *draw.Encoding{".csv": draw.CSV, ".ndjson": draw.NDJSON}
}

// wouldReplace reports whether the file exists and the user has not agreed to replace it.
func (p bulkPlan) wouldReplace() bool {
	path, err := fullPath(p.path)
	if p.path == "" || p.replace || err != nil {
		return false // the run reports the error
	}
	_, err = os.Lstat(path)
	return err == nil
}

// bulkRun is a run of many draws.
type bulkRun struct {
	bulkPlan
	spec      draw.Spec
	terms     Terms
	generator draw.Generator
	tally     *draw.Tally
	began     time.Time
	stop      context.CancelFunc
}

// The messages of a run. Those of earlier runs are ignored.
type (
	// bulkStartMsg starts a run.
	bulkStartMsg struct{ bulkPlan }

	// bulkTickMsg refreshes the progress of a run.
	bulkTickMsg struct{ run *bulkRun }

	// bulkOddsMsg has the odds of a run's draws.
	bulkOddsMsg struct {
		run  *bulkRun
		odds prize.Odds
	}

	// bulkEndMsg reports the end of a run. A nil err means that all draws were made.
	bulkEndMsg struct {
		run *bulkRun
		err error
		at  time.Time
	}
)

// bulkTickTime is the time between two refreshes of the progress.
const bulkTickTime = 100 * time.Millisecond

func (r *bulkRun) tick(w *workspace) tea.Cmd {
	return w.after(bulkTickTime, bulkTickMsg{r})
}

// odds is a command that computes the odds.
func (r *bulkRun) odds() tea.Msg {
	return bulkOddsMsg{r, r.terms.exactOdds()}
}

// cmd returns the command that makes the draws. The program waits for it before it ends.
func (r *bulkRun) cmd(ctx context.Context, w *workspace) tea.Cmd {
	return func() tea.Msg {
		w.running.RLock()
		defer w.running.RUnlock()
		defer r.stop()
		err := ctx.Err()
		if err == nil {
			err = r.makeDraws(ctx)
		}
		return bulkEndMsg{r, err, w.Now()}
	}
}

// makeDraws makes the draws, and writes the file if there is one.
func (r *bulkRun) makeDraws(ctx context.Context) error {
	g := r.generator
	if _, remote := g.(interface{ InFlight() int }); !remote {
		g = yieldingGenerator{g}
	}
	if r.path == "" {
		return draw.Run(ctx, g, r.spec, nil, func(b *draw.Batch) error {
			r.tally.Add(b)
			return nil
		})
	}
	encoding := encodings()[filepath.Ext(r.path)](&r.spec)
	path, err := fullPath(r.path)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, atomicfile.Options{Mode: 0o644, Replace: r.replace}, func(f *os.File) error {
		file := &syncingFile{file: f}
		if _, err := file.Write(encoding.Header()); err != nil {
			return err
		}
		if err := draw.Write(ctx, g, r.spec, encoding, file, r.tally.Add); err != nil {
			return errors.Join(err, file.wait())
		}
		_, err := file.Write(encoding.Footer())
		return errors.Join(err, file.wait())
	})
}

// yieldingGenerator is a local generator that yields before each batch. The draws keep all
// cores busy, and this lets the program respond to a key at once (BenchmarkKey).
type yieldingGenerator struct{ draw.Generator }

// Texts implements [draw.Generator].
func (g yieldingGenerator) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	runtime.Gosched()
	return g.Generator.Texts(ctx, dst, f, r)
}

// syncingFile syncs a file to the disk while it is written, so that little is left to sync
// at the end. It makes writing a CSV file at least 15% faster (BenchmarkBulk).
type syncingFile struct {
	file     *os.File
	unsynced int // bytes written since the last sync began
	syncing  atomic.Bool
	syncs    conc.WaitGroup
	err      atomic.Pointer[error] // of the first sync that failed: the system reports it only once
}

// syncBytes is the number of bytes after which a sync begins.
const syncBytes = 16 << 20

// Write implements [io.Writer].
func (f *syncingFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	if f.unsynced += n; f.unsynced >= syncBytes && f.syncing.CompareAndSwap(false, true) {
		f.unsynced = 0
		f.syncs.Go(func() {
			defer f.syncing.Store(false)
			if err := f.file.Sync(); err != nil {
				f.err.CompareAndSwap(nil, &err)
			}
		})
	}
	return n, err
}

// wait waits for running syncs and returns the error of the first one that failed.
func (f *syncingFile) wait() error {
	f.syncs.Wait()
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}
