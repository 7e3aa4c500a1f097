package tui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// bulkFrame shows the bulk screen alone.
func bulkFrame(t *testing.T, w *world) frame {
	t.Helper()
	f := newFrame(w, newBulk(w))
	return press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// startBulk starts a run of count draws to a file, without making any.
func startBulk(t *testing.T, f frame, count uint64, path string) (frame, *bulkRun) {
	t.Helper()
	f = press(t, f, bulkStartMsg{bulkPlan{count: count, path: path}})
	run := f.screens[0].(bulkScreen).run
	return press(t, f, run.odds()), run
}

// finish makes the draws of a run and tells the frame. They took two seconds.
func (r *bulkRun) finish(t *testing.T, f frame, ctx context.Context) frame {
	t.Helper()
	end := r.make(ctx, f.w)().(bulkEndMsg)
	end.at = r.began.Add(2 * time.Second)
	next, cmd := f.Update(end)
	f = next.(frame)
	if cmd != nil {
		if batch, ok := cmd().(tea.BatchMsg); ok {
			for _, cmd := range batch {
				f = press(t, f, cmd())
			}
		} else {
			f = press(t, f, cmd())
		}
	}
	return f
}

func TestBulkViews(t *testing.T) {
	testViews(t, "bulk", []view{
		{"empty", bulkFrame},
		{"running", func(t *testing.T, w *world) frame {
			f, run := startBulk(t, bulkFrame(t, w), 1_000_000, "")
			half := run.spec
			half.Count = 250_000
			if err := draw.Run(t.Context(), run.g, half, nil, func(b *draw.Batch) error { run.tally.Add(b); return nil }); err != nil {
				t.Fatal(err)
			}
			run.began = run.began.Add(-500 * time.Millisecond)
			return press(t, f, bulkTickMsg{run})
		}},
		{"ended", func(t *testing.T, w *world) frame {
			f, run := startBulk(t, bulkFrame(t, w), 100_000, "")
			return run.finish(t, f, t.Context())
		}},
		{"error", func(t *testing.T, w *world) frame {
			w.Settings.Backend.Generator = lost{}
			f, run := startBulk(t, bulkFrame(t, w), 100_000, "")
			return run.finish(t, f, t.Context())
		}},
	})
}

// lost is a generator whose service does not answer.
type lost struct{ draw.Generator }

func (lost) Texts(context.Context, []byte, textgen.Format, entropy.Range) ([]byte, error) {
	return nil, errors.New("the text service at http://localhost:8081 can't be reached")
}

// TestBulkStops makes a run end in the middle: what was drawn until then is held
// against the odds, and there is no file.
func TestBulkStops(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	path := filepath.Join(t.TempDir(), "draws.csv")
	ctx, cancel := context.WithCancel(t.Context())
	f, run := startBulk(t, bulkFrame(t, w), maxBulk, path)
	generator := run.g
	run.g = afterSome{generator, cancel, 100_000}
	f = run.finish(t, f, ctx)
	b := f.screens[0].(bulkScreen)
	if b.state != bulkEnded || !errors.Is(b.err, context.Canceled) || b.sample == nil || b.sample.Draws != b.drawn() {
		t.Errorf("state %d, %v, sample %+v", b.state, b.err, b.sample)
	}
	if !strings.Contains(f.View(), "stopped after 2.0 s") || f.err != nil {
		t.Errorf("the view does not say so:\n%s", f.View())
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) > 0 {
		t.Errorf("left %v, %v", files, err)
	}
}

// afterSome calls something when an index is reached.
type afterSome struct {
	draw.Generator
	call context.CancelFunc
	at   uint64
}

func (g afterSome) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	if r.Start >= g.at {
		g.call()
	}
	return g.Generator.Texts(ctx, dst, f, r)
}

// TestBulkKey stops by a key, which ends the run's context.
func TestBulkKey(t *testing.T) {
	f := press(t, bulkFrame(t, testWorld(t, termenv.Ascii)), keys("enter")...)
	run := f.screens[0].(bulkScreen).run
	if run == nil || run.count != 1_000_000 {
		t.Fatalf("enter started %+v", run)
	}
	if again := press(t, f, keys("enter")...).screens[0].(bulkScreen).run; again != run {
		t.Error("a second enter started another run beside it")
	}
	stopped := false
	run.stop = func() { stopped = true }
	f = press(t, f, keys("x")...)
	if b := f.screens[0].(bulkScreen); !stopped || b.state != bulkStopping {
		t.Errorf("after x: stopped %t, state %d", stopped, b.state)
	}
}

// TestBulkFailsAtOnce writes to a folder that is not there: the error and a way on are told
// in place of zeros.
func TestBulkFailsAtOnce(t *testing.T) {
	f, run := startBulk(t, bulkFrame(t, testWorld(t, termenv.Ascii)), 10, filepath.Join(t.TempDir(), "gone", "draws.csv"))
	f = run.finish(t, f, t.Context())
	if view := f.View(); !strings.Contains(view, "such file") || !strings.Contains(view, "tries again") || strings.Contains(view, "expected") {
		t.Errorf("the error and a way on are not told:\n%s", view)
	}
}

// TestBulkFile writes what the command line writes, and replaces a file only when
// told to.
func TestBulkFile(t *testing.T) {
	for _, name := range []string{"draws.csv", "draws.ndjson"} {
		t.Run(name, func(t *testing.T) {
			w := testWorld(t, termenv.Ascii)
			path := filepath.Join(t.TempDir(), name)
			f, run := startBulk(t, bulkFrame(t, w), 10_000, path)
			f = run.finish(t, f, t.Context())
			want := bulkEncodings()[filepath.Ext(name)](&run.spec)
			text := want.Header()
			if err := draw.Run(t.Context(), run.g, run.spec, nil, func(b *draw.Batch) error {
				text = want.Append(text, b)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != string(text) {
				t.Fatalf("wrote %d bytes, %v, want %d", len(got), err, len(text))
			}

			f = settle(t, f, send(bulkStartMsg{bulkPlan{count: 10, path: path}}))
			if b := f.screens[0].(bulkScreen); b.run != run || b.state != bulkEnded {
				t.Error("the run before is forgotten")
			}
			if f.dialog == nil || !strings.Contains(f.View(), "Replace the file?") {
				t.Fatalf("it does not ask before it replaces the file:\n%s", f.View())
			}
			if again, _ := os.ReadFile(path); string(again) != string(text) {
				t.Error("the file was changed unasked")
			}
			next, yes := f.Update(keys("y")[0])
			f = press(t, next.(frame), yes())
			run = f.screens[0].(bulkScreen).run
			f = run.finish(t, f, t.Context())
			if got, _ := os.ReadFile(path); len(got) >= len(text) || len(got) == 0 {
				t.Errorf("the file was not replaced: it has %d bytes", len(got))
			}
			if f.screens[0].(bulkScreen).plan.replace {
				t.Error("the next run would replace it unasked")
			}
		})
	}
}

func TestReadPlan(t *testing.T) {
	for name, test := range map[string]struct {
		count, start, path string
		want               bulkPlan
		wrong              string
	}{
		"plain":          {count: "1000", start: "0", want: bulkPlan{count: 1000}},
		"parted":         {count: "10,000,000", start: "1_000", path: " a.csv ", want: bulkPlan{count: 10_000_000, start: 1000, path: "a.csv"}},
		"the most":       {count: "100000000", start: "0", want: bulkPlan{count: maxBulk}},
		"too many":       {count: "100000001", start: "0", wrong: "from 1 to 100,000,000"},
		"none":           {count: "0", start: "0", wrong: "from 1 to 100,000,000"},
		"no number":      {count: "x", start: "0", wrong: "how many"},
		"no index":       {count: "1", start: "-1", wrong: "first index"},
		"after the last": {count: "2", start: "18446744073709551615", wrong: "index"},
		"another format": {count: "1", start: "0", path: "a.xlsx", wrong: ".csv or .ndjson"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readPlan(test.count, test.start, test.path)
			switch {
			case test.wrong == "" && (err != nil || got != test.want):
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
				t.Errorf("got %v, want an error with %q", err, test.wrong)
			}
		})
	}
}

// TestBulkOfCampaign takes the rules and formats of the campaign that is played, and
// never its seed, which is secret.
func TestBulkOfCampaign(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	openCampaign(t, w)
	w.Settings.Free.Rules = must(prize.Builtin(prize.Modest))(t)
	_, run := startBulk(t, bulkFrame(t, w), 100, "")
	if run.spec.Rules.Name != prize.Generous || run.spec.Seed != "42" {
		t.Errorf("drawn by %s with the seed %s", run.spec.Rules.Name, run.spec.Seed)
	}
}

// TestQuittingAsksWhileDrawsAreMade from any screen; ctrl+c does not.
func TestQuittingAsksWhileDrawsAreMade(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	f := newFrame(w, newDraw(w), newBulk(w))
	f = press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
	if cmd := f.quit(); cmd == nil || cmd() != tea.Quit() {
		t.Error("q asks though nothing is made")
	}
	f = press(t, f, bulkStartMsg{bulkPlan{count: 1_000_000, path: "draws.csv"}})
	next, cmd := f.Update(keys("q")[0])
	f = press(t, next.(frame), cmd())
	if f.dialog == nil || !strings.Contains(f.View(), "1,000,000 draws are being made, and draws.csv is not written") {
		t.Fatalf("q does not ask:\n%s", f.View())
	}
	if asked := press(t, f, keys("n")...); asked.dialog != nil {
		t.Error("no does not go back")
	}
	for _, by := range keys("y", "ctrl+c") {
		if _, cmd := f.Update(by); cmd == nil || cmd() != tea.Quit() {
			t.Errorf("%v does not quit", by)
		}
	}
}
