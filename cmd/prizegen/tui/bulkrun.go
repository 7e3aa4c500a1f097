package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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

// maxBulk is how many draws are made at a time at most.
const maxBulk = 100_000_000

// bulkPlan is what to draw, besides the settings.
type bulkPlan struct {
	start, count uint64
	path         string // of the file to write; empty for none
	replace      bool   // whether the file may take the place of one that is there
}

// bulkRun is one run of many draws.
type bulkRun struct {
	bulkPlan
	spec  draw.Spec
	terms Terms
	g     draw.Generator
	tally *draw.Tally
	began time.Time
	stop  context.CancelFunc
}

// The messages of a run. Those of a run before the present one are not looked at.
type (
	// bulkTickMsg is the time to look how far a run is.
	bulkTickMsg struct{ run *bulkRun }

	// bulkOddsMsg has the odds that the draws of a run are held against.
	bulkOddsMsg struct {
		run  *bulkRun
		odds prize.Odds
	}

	// bulkEndMsg tells that a run has ended, with an error where it is not whole.
	bulkEndMsg struct {
		run *bulkRun
		err error
		at  time.Time
	}
)

// bulkEvery is how often the screen looks how far a run is.
const bulkEvery = 100 * time.Millisecond

func (r *bulkRun) tick(w *world) tea.Cmd {
	return w.after(bulkEvery, bulkTickMsg{r})
}

// odds is a command that computes the odds.
func (r *bulkRun) odds() tea.Msg {
	return bulkOddsMsg{r, r.terms.Rules.Odds(r.terms.Text.Format, r.terms.Number.Format)}
}

// make gives the command that makes the draws. The program does not end before it.
func (r *bulkRun) make(ctx context.Context, w *world) tea.Cmd {
	return func() tea.Msg {
		w.busy.RLock()
		defer w.busy.RUnlock()
		defer r.stop()
		err := ctx.Err()
		if err == nil {
			err = r.do(ctx)
		}
		return bulkEndMsg{r, err, w.Now()}
	}
}

// do makes the draws, and the file where one is wanted.
func (r *bulkRun) do(ctx context.Context) error {
	g := r.g
	if _, waits := g.(interface{ InFlight() int }); !waits {
		g = yielding{g}
	}
	if r.path == "" {
		return draw.Run(ctx, g, r.spec, nil, func(b *draw.Batch) error {
			r.tally.Add(b)
			return nil
		})
	}
	encoding := bulkEncodings()[filepath.Ext(r.path)](&r.spec)
	path, err := fullPath(r.path)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, atomicfile.Options{Mode: 0o644, Replace: r.replace}, func(f *os.File) error {
		file := &steadyFile{file: f}
		if _, err := file.Write(encoding.Header()); err != nil {
			return err
		}
		if err := draw.Write(ctx, g, r.spec, encoding, file, r.tally.Add); err != nil {
			return errors.Join(err, file.finish())
		}
		_, err := file.Write(encoding.Footer())
		return errors.Join(err, file.finish())
	})
}

// steadyFile has what is written brought to the disk on the way: at the end there is
// little left to wait for.
type steadyFile struct {
	file    *os.File
	written int // since that was begun last
	busy    atomic.Bool
	syncing conc.WaitGroup
	err     atomic.Pointer[error] // of the first that failed, which the system tells only once
}

// syncBytes is after how many bytes those before are brought to the disk.
const syncBytes = 16 << 20

// Write implements [io.Writer].
func (f *steadyFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	if f.written += n; f.written >= syncBytes && f.busy.CompareAndSwap(false, true) {
		f.written = 0
		f.syncing.Go(func() {
			defer f.busy.Store(false)
			if err := f.file.Sync(); err != nil {
				f.err.CompareAndSwap(nil, &err)
			}
		})
	}
	return n, err
}

// finish waits for what is under way and tells what became of it.
func (f *steadyFile) finish() error {
	f.syncing.Wait()
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

// yielding is a generator of this process that lets others have its core before each
// batch. All cores are busy with draws, and a key is answered at once all the same.
type yielding struct{ draw.Generator }

// Texts implements [draw.Generator].
func (g yielding) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	runtime.Gosched()
	return g.Generator.Texts(ctx, dst, f, r)
}

// taken says whether there is a file of that name that was not meant to be replaced.
func (p bulkPlan) taken() bool {
	path, err := fullPath(p.path)
	if p.path == "" || p.replace || err != nil {
		return false // the run tells the error
	}
	_, err = os.Lstat(path)
	return err == nil
}

// confirm is a command that asks whether the file may be replaced. Nothing is done
// before the answer.
func (p bulkPlan) confirm() tea.Cmd {
	p.replace = true
	return confirm("Replace the file?", p.path+" is there already. It stays as it is until all draws are made.", send(bulkStartMsg{p}))
}

// bulkEncodings are the ways to write draws to a file, by the end of its name.
func bulkEncodings() map[string]func(*draw.Spec) *draw.Encoding {
	return map[string]func(*draw.Spec) *draw.Encoding{".csv": draw.CSV, ".ndjson": draw.NDJSON}
}

// fullPath is a path with the user's home directory in place of a tilde.
func fullPath(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, rest), err
}

// readPlan understands what was typed.
func readPlan(count, start, path string) (bulkPlan, error) {
	var p bulkPlan
	var err error
	if p.count, err = readNumber(count); err != nil || p.count == 0 || p.count > maxBulk {
		return p, fmt.Errorf("how many: expected a whole number from 1 to %s", prize.Thousands(maxBulk))
	}
	if p.start, err = readNumber(start); err != nil {
		return p, errors.New("first index: expected a whole number from 0 on")
	}
	if err := (entropy.Range{Start: p.start, Count: p.count}).Check(); err != nil {
		return p, err
	}
	p.path = strings.TrimSpace(path)
	if p.path != "" && bulkEncodings()[filepath.Ext(p.path)] == nil {
		return p, errors.New("file: expected a name that ends in .csv or .ndjson")
	}
	return p, nil
}

// readNumber reads a whole number whose digits may be parted.
func readNumber(text string) (uint64, error) {
	return strconv.ParseUint(strings.NewReplacer(",", "", "_", "", " ", "").Replace(text), 10, 64)
}
