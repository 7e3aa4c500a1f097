package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/sourcegraph/conc"

	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// maxBulk is the maximum number of draws in a run.
const maxBulk = 100_000_000

// bulkPlan contains what the user chooses for a run in addition to the settings.
type bulkPlan struct {
	start, count uint64
	path         string // path of the file to write; empty for no file
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

// encodings returns the encodings by file extension.
func encodings() map[string]func(*draw.Spec) *draw.Encoding {
	return map[string]func(*draw.Spec) *draw.Encoding{".csv": draw.CSV, ".ndjson": draw.NDJSON}
}

// wouldReplace reports whether the file exists and the user has not agreed to replace it.
func (p bulkPlan) wouldReplace() bool {
	path, err := fullPath(p.path)
	if p.path == "" || p.replace || err != nil {
		return false // the run will report the error
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

// These are the messages of a run. Messages of earlier runs are ignored.
type (
	// bulkStartMsg starts a run.
	bulkStartMsg struct{ bulkPlan }

	// bulkTickMsg refreshes the progress of a run.
	bulkTickMsg struct{ run *bulkRun }

	// bulkOddsMsg contains the odds for the draws of a run.
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

// bulkTickTime is the time between two updates of the progress.
const bulkTickTime = 100 * time.Millisecond

func (r *bulkRun) tick(w *workspace) tea.Cmd {
	return w.after(bulkTickTime, bulkTickMsg{r})
}

// odds is a command that computes the odds.
func (r *bulkRun) odds() tea.Msg {
	return bulkOddsMsg{r, r.terms.exactOdds()}
}

// cmd returns the command that makes the draws. The program waits for it before it exits.
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

// makeDraws makes the draws and, if the plan has a path, writes them to the file.
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

// yieldingGenerator is a local generator that yields the processor before each batch. The
// draws keep all cores busy, and yielding lets the program respond to a key immediately
// (see BenchmarkKey).
type yieldingGenerator struct{ draw.Generator }

// Texts implements [draw.Generator].
func (g yieldingGenerator) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	runtime.Gosched()
	return g.Generator.Texts(ctx, dst, f, r)
}

// syncingFile syncs a file to disk while it is being written, so that little is left to
// sync at the end. This makes writing a CSV file at least 15% faster (see BenchmarkBulk).
type syncingFile struct {
	file     *os.File
	unsynced int // bytes written since the last sync began
	syncing  atomic.Bool
	syncs    conc.WaitGroup
	err      atomic.Pointer[error] // error of the first sync that failed; the system reports it only once
}

// syncBytes is the number of written bytes after which a sync begins.
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

// wait waits for running syncs and returns the first error of any sync.
func (f *syncingFile) wait() error {
	f.syncs.Wait()
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}
