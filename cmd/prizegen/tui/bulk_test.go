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

// bulkFrame returns a program that has only the Bulk screen.
func bulkFrame(t *testing.T, w *workspace) frame {
	t.Helper()
	f := newFrame(w, newBulk(w))
	return deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// startBulk starts a run that writes count draws to a file. No draws are made until
// finish is called.
func startBulk(t *testing.T, f frame, count uint64, path string) (frame, *bulkRun) {
	t.Helper()
	f = deliver(t, f, bulkStartMsg{bulkPlan{count: count, path: path}})
	run := f.screens[0].(bulkScreen).run
	return deliver(t, f, run.odds()), run
}

// finish makes the draws of a run. The clock advances by two seconds.
func (r *bulkRun) finish(ctx context.Context, t *testing.T, f frame) frame {
	t.Helper()
	end := r.cmd(ctx, f.w)().(bulkEndMsg)
	end.at = r.began.Add(2 * time.Second)
	next, cmd := f.Update(end)
	return runCmd(t, next.(frame), cmd)
}

func TestBulkViews(t *testing.T) {
	testViews(t, "bulk", []view{
		{"empty", bulkFrame},
		{"running", func(t *testing.T, w *workspace) frame {
			f, run := startBulk(t, bulkFrame(t, w), 1_000_000, "")
			half := run.spec
			half.Count = 250_000
			if err := draw.Run(t.Context(), run.generator, half, nil, func(b *draw.Batch) error { run.tally.Add(b); return nil }); err != nil {
				t.Fatal(err)
			}
			run.began = run.began.Add(-500 * time.Millisecond)
			return deliver(t, f, bulkTickMsg{run})
		}},
		{"ended", func(t *testing.T, w *workspace) frame {
			f, run := startBulk(t, bulkFrame(t, w), 100_000, "")
			return run.finish(t.Context(), t, f)
		}},
		{"error", func(t *testing.T, w *workspace) frame {
			w.Settings.Backend.Generator = failingTexts{}
			f, run := startBulk(t, bulkFrame(t, w), 100_000, "")
			return run.finish(t.Context(), t, f)
		}},
	})
}

// failingTexts is a generator whose text service does not answer.
type failingTexts struct{ draw.Generator }

func (failingTexts) Texts(context.Context, []byte, textgen.Format, entropy.Range) ([]byte, error) {
	return nil, errors.New("the text service at http://localhost:8081 can't be reached")
}

// TestStopRun stops a run in the middle. It checks that the draws so far are compared
// with the odds and that no file is written.
func TestStopRun(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	path := filepath.Join(t.TempDir(), "draws.csv")
	ctx, cancel := context.WithCancel(t.Context())
	f, run := startBulk(t, bulkFrame(t, w), maxBulk, path)
	run.generator = cancelAt{run.generator, cancel, 100_000}
	f = run.finish(ctx, t, f)
	b := f.screens[0].(bulkScreen)
	if b.state != bulkEnded || !errors.Is(b.err, context.Canceled) || b.sample == nil || b.sample.Draws != b.drawn() {
		t.Errorf("stopped run: got state %d, error %v and sample %v, want %d, %v and a sample of %d draws", b.state, b.err, b.sample, bulkEnded, context.Canceled, b.drawn())
	}
	checkShows(t, f, "stopped after 2.0 s")
	if f.err != nil {
		t.Errorf("error at the bottom: got %v, want none", f.err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) > 0 {
		t.Errorf("files: got %v and error %v, want none", files, err)
	}
}

// cancelAt is a generator that cancels a context when it reaches an index.
type cancelAt struct {
	draw.Generator
	cancel context.CancelFunc
	index  uint64
}

func (g cancelAt) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	if r.Start >= g.index {
		g.cancel()
	}
	return g.Generator.Texts(ctx, dst, f, r)
}

// TestStopKey checks the keys that start and stop a run.
func TestStopKey(t *testing.T) {
	f := deliver(t, bulkFrame(t, testWorkspace(t, termenv.Ascii)), keys("enter")...)
	run := f.screens[0].(bulkScreen).run
	if run == nil || run.count != 1_000_000 {
		t.Fatalf("run after enter: got %v, want a run of 1,000,000 draws", run)
	}
	if second := deliver(t, f, keys("enter")...).screens[0].(bulkScreen).run; second != run {
		t.Error("a second enter started another run, want no effect")
	}
	stopped := false
	run.stop = func() { stopped = true }
	f = deliver(t, f, keys("x")...)
	if b := f.screens[0].(bulkScreen); !stopped || b.state != bulkStopping {
		t.Errorf("run after x: got stopped %t and state %d, want true and %d", stopped, b.state, bulkStopping)
	}
}

// TestRunFailsAtOnce writes to a folder that does not exist. It checks that the screen
// shows the error, what to do about it, and no counts.
func TestRunFailsAtOnce(t *testing.T) {
	f, run := startBulk(t, bulkFrame(t, testWorkspace(t, termenv.Ascii)), 10, filepath.Join(t.TempDir(), "gone", "draws.csv"))
	f = run.finish(t.Context(), t, f)
	checkShows(t, f, "such file", "tries again")
	if strings.Contains(f.View(), "expected") {
		t.Errorf("the view shows expected numbers:\n%s", f.View())
	}
}

// TestBulkFile checks that the screen writes the same file as the draw command, and that
// it asks before it replaces a file.
func TestBulkFile(t *testing.T) {
	for _, name := range []string{"draws.csv", "draws.ndjson"} {
		t.Run(name, func(t *testing.T) {
			w := testWorkspace(t, termenv.Ascii)
			path := filepath.Join(t.TempDir(), name)
			f, run := startBulk(t, bulkFrame(t, w), 10_000, path)
			f = run.finish(t.Context(), t, f)
			want := encodings()[filepath.Ext(name)](&run.spec)
			text := want.Header()
			if err := draw.Run(t.Context(), run.generator, run.spec, nil, func(b *draw.Batch) error {
				text = want.Append(text, b)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != string(text) {
				t.Fatalf("file: got %d bytes and error %v, want %d bytes and no error", len(got), err, len(text))
			}

			f = runCmd(t, f, send(bulkStartMsg{bulkPlan{count: 10, path: path}}))
			if b := f.screens[0].(bulkScreen); b.run != run || b.state != bulkEnded {
				t.Error("a new run started before the question was answered")
			}
			checkShows(t, f, "Replace the file?")
			if unchanged, _ := os.ReadFile(path); string(unchanged) != string(text) {
				t.Error("the file changed before the question was answered")
			}
			next, yes := f.Update(keys("y")[0])
			f = deliver(t, next.(frame), yes())
			run = f.screens[0].(bulkScreen).run
			f = run.finish(t.Context(), t, f)
			if got, _ := os.ReadFile(path); len(got) >= len(text) || len(got) == 0 {
				t.Errorf("size of the file: got %d bytes, want 1 to %d", len(got), len(text)-1)
			}
			if f.screens[0].(bulkScreen).plan.replace {
				t.Error("the next run would replace the file without a question, want a question for each run")
			}
		})
	}
}

func TestParsePlan(t *testing.T) {
	for name, test := range map[string]struct {
		count, start, path string
		want               bulkPlan
		wantErr            string
	}{
		"plain":                 {count: "1000", start: "0", want: bulkPlan{count: 1000}},
		"separators":            {count: "10,000,000", start: "1_000", path: " a.csv ", want: bulkPlan{count: 10_000_000, start: 1000, path: "a.csv"}},
		"most":                  {count: "100000000", start: "0", want: bulkPlan{count: maxBulk}},
		"too many":              {count: "100000001", start: "0", wantErr: "from 1 to 100,000,000"},
		"zero":                  {count: "0", start: "0", wantErr: "from 1 to 100,000,000"},
		"not a number":          {count: "x", start: "0", wantErr: "how many"},
		"negative index":        {count: "1", start: "-1", wantErr: "first index"},
		"beyond the last index": {count: "2", start: "18446744073709551615", wantErr: "index"},
		"unknown format":        {count: "1", start: "0", path: "a.xlsx", wantErr: ".csv or .ndjson"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsePlan(test.count, test.start, test.path)
			switch {
			case test.wantErr == "" && (err != nil || got != test.want):
				t.Errorf("plan: got %+v and error %v, want %+v and no error", got, err, test.want)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("plan: got error %v, want one that contains %q", err, test.wantErr)
			}
		})
	}
}

// TestBulkInCampaign checks that draws use the rules and formats of the campaign, but
// never its seed, which is secret.
func TestBulkInCampaign(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	openCampaign(t, w)
	w.Settings.Free.Rules = must(prize.Builtin(prize.Modest))(t)
	_, run := startBulk(t, bulkFrame(t, w), 100, "")
	if run.spec.Rules.Name != prize.Generous || run.spec.Seed != "42" {
		t.Errorf("run: got rules %s and seed %s, want generous and 42", run.spec.Rules.Name, run.spec.Seed)
	}
}

// TestQuitDuringRun quits from another screen during a run. It checks that q asks for
// confirmation and that ctrl+c does not.
func TestQuitDuringRun(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := newFrame(w, newDraw(w), newBulk(w))
	f = deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
	if cmd := f.quit(); cmd == nil || cmd() != tea.Quit() {
		t.Error("q asked a question although no draws were being made")
	}
	f = deliver(t, f, bulkStartMsg{bulkPlan{count: 1_000_000, path: "draws.csv"}})
	next, cmd := f.Update(keys("q")[0])
	f = deliver(t, next.(frame), cmd())
	checkShows(t, f, "1,000,000 draws are being made.")
	if got, want := f.dialog.(question).text, "Stop them and quit without writing draws.csv?"; !strings.HasSuffix(got, want) {
		t.Errorf("question: got %q, want one that ends in %q", got, want)
	}
	if asked := deliver(t, f, keys("n")...); asked.dialog != nil {
		t.Errorf("dialog after no: got %v, want none", asked.dialog)
	}
	for _, by := range keys("y", "ctrl+c") {
		if _, cmd := f.Update(by); cmd == nil || cmd() != tea.Quit() {
			t.Errorf("the program did not quit after %v", by)
		}
	}
}

// TestPlanForm checks that a plan can be entered and run, and that the outcomes can be
// scrolled.
func TestPlanForm(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := deliver(t, bulkFrame(t, w), tea.WindowSizeMsg{Width: 40, Height: 12})
	f = pressKeys(t, f, "m", "backspace", "backspace", "backspace", "backspace", "enter", "5", "enter", "x", "enter")
	checkShows(t, f, ".csv or .ndjson")
	f = pressKeys(t, f, "backspace", "enter")
	b := f.screens[0].(bulkScreen)
	if b.state != bulkEnded || b.drawn() != 1000 || b.run.start != 5 {
		t.Fatalf("run: got state %d and %d draws from index %d, want %d and 1000 from 5", b.state, b.drawn(), b.run.start, bulkEnded)
	}
	page, last := b.pageHeight(), len(b.rows())-b.pageHeight()
	for _, step := range []struct {
		key  string
		want int
	}{{"down", 1}, {"up", 0}, {"up", 0}, {"pgdown", page}, {"pgup", 0}} {
		f = pressKeys(t, f, step.key)
		if got := f.screens[0].(bulkScreen).from; got != step.want {
			t.Errorf("first row after %s: got %d, want %d", step.key, got, step.want)
		}
	}
	for range 40 {
		f = deliver(t, f, tea.MouseMsg{X: 5, Y: 6, Button: tea.MouseButtonWheelDown})
	}
	if got := f.screens[0].(bulkScreen).from; got != last {
		t.Errorf("first row after the wheel: got %d, want %d", got, last)
	}
}
