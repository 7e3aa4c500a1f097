package tui

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/draw"
)

// benchDraws is the number of draws per iteration of BenchmarkBulk.
const benchDraws = 10_000_000

// BenchmarkBulk compares the rate of draws on the screen with that of the commands that
// make and count the same draws.
func BenchmarkBulk(b *testing.B) {
	for _, file := range []string{"", "draws.csv"} {
		kind := "count"
		if file != "" {
			kind = "csv"
		}
		path := func(b *testing.B) string {
			if file == "" {
				return ""
			}
			return filepath.Join(b.TempDir(), file)
		}
		b.Run(kind+"/command", func(b *testing.B) {
			for range b.N {
				byCommand(b, path(b))
			}
			b.ReportMetric(benchDraws*float64(b.N)/b.Elapsed().Seconds(), "draws/s")
		})
		b.Run(kind+"/screen", func(b *testing.B) {
			for range b.N {
				p := startProgram(b)
				p.Send(bulkStartMsg{bulkPlan{count: benchDraws, path: path(b)}})
				p.out.until(b, "chi-square")
				p.end(b)
			}
			b.ReportMetric(benchDraws*float64(b.N)/b.Elapsed().Seconds(), "draws/s")
		})
	}
}

// byCommand makes the draws in the same way as the commands odds --check and draw -o csv.
func byCommand(b *testing.B, path string) {
	b.Helper()
	spec := testWorkspace(b, termenv.Ascii).Settings.Spec(0, benchDraws)
	tally := draw.NewTally(spec.Rules)
	if path == "" {
		if err := draw.Run(b.Context(), draw.Local{}, spec, nil, func(batch *draw.Batch) error { tally.Add(batch); return nil }); err != nil {
			b.Fatal(err)
		}
		return
	}
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	encoding := draw.CSV(&spec)
	if _, err := file.Write(encoding.Header()); err != nil {
		b.Fatal(err)
	}
	if err := draw.Write(b.Context(), draw.Local{}, spec, encoding, file, tally.Add); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkKey measures the time from a key press to its effect on the screen, both while
// the program is idle and while draws keep all cores busy.
func BenchmarkKey(b *testing.B) {
	for name, busy := range map[string]bool{"idle": false, "bulk": true} {
		b.Run(name, func(b *testing.B) {
			p := startProgram(b)
			if busy {
				p.Send(bulkStartMsg{bulkPlan{count: maxBulk}})
				p.out.until(b, "expected")
			}
			var times []time.Duration
			for b.Loop() {
				pressed := time.Now()
				p.press(b, "?")
				p.out.until(b, "Keys of Bulk")
				times = append(times, time.Since(pressed))
				p.press(b, "q")
				p.out.until(b, "start", "stop")
			}
			p.end(b)
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(times[len(times)-1].Microseconds())/1000, "max-ms")
		})
	}
}

// program is a running program with only the Bulk screen. It reads its keys from a pipe.
type program struct {
	*tea.Program
	keys  *io.PipeWriter
	out   *output
	ended chan error
}

func startProgram(b *testing.B) program {
	b.Helper()
	w := testWorkspace(b, termenv.TrueColor)
	ctx, cancel := context.WithCancel(b.Context())
	w.ctx, w.after = ctx, after
	in, keys := io.Pipe()
	p := program{keys: keys, out: &output{}, ended: make(chan error, 1)}
	p.out.more.L = &p.out.mu
	p.Program = tea.NewProgram(newFrame(w, newBulk(w)), tea.WithInput(in), tea.WithOutput(p.out), tea.WithoutSignalHandler())
	go func() {
		_, err := p.Run()
		w.finish(cancel)
		p.ended <- err
	}()
	p.Send(tea.WindowSizeMsg{Width: 100, Height: 30})
	p.out.until(b, "Draw many")
	return p
}

func (p program) press(b *testing.B, key string) {
	b.Helper()
	if _, err := io.WriteString(p.keys, key); err != nil {
		b.Fatal(err)
	}
}

func (p program) end(b *testing.B) {
	b.Helper()
	p.Quit()
	if err := <-p.ended; err != nil {
		b.Fatal(err)
	}
}

// output stores what a program writes to the terminal.
type output struct {
	mu   sync.Mutex
	more sync.Cond
	text []byte
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	o.more.Broadcast()
	return len(p), nil
}

// until waits until the output contains one of the strings. It then clears the output.
func (o *output) until(b *testing.B, texts ...string) {
	b.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for !slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(o.text, []byte(text)) }) {
		o.more.Wait()
	}
	o.text = nil
}
