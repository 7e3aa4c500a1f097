package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

const (
	progressAfter = time.Second            // shorter work shows no progress
	progressEvery = 100 * time.Millisecond // interval between updates
	maxProgress   = 30                     // columns of the bar
	minProgress   = 5                      // narrower terminals show no bar
)

// meter shows the progress of work on a terminal.
type meter struct {
	a     *app
	total uint64 // 0 if unknown
	what  string
	done  atomic.Uint64
	begun time.Time
	end   chan struct{}
	once  sync.Once
	ended sync.WaitGroup
}

// startProgress shows how many of total items are done. A total of 0 means that the total
// is unknown. what is the noun for an item, such as "draw". Nothing is shown if standard
// error is not a terminal or --quiet was given. The caller must stop the meter.
func startProgress(a *app, total uint64, what string) *meter {
	m := &meter{a: a, total: total, what: what, begun: time.Now(), end: make(chan struct{})}
	isTyped := total == 0 && a.inIsTerm // progress would overwrite what the user types
	if a.errIsTerm && !a.quiet && !isTyped {
		m.ended.Go(m.show)
	}
	return m
}

// add adds n to the number of items done.
func (m *meter) add(n uint64) { m.done.Add(n) }

// stop erases the progress. Further calls do nothing.
func (m *meter) stop() {
	m.once.Do(func() { close(m.end) })
	m.ended.Wait()
}

func (m *meter) show() {
	ticks := time.NewTicker(progressEvery)
	defer ticks.Stop()
	shown := false
	for {
		select {
		case <-m.end:
			if shown {
				m.print("")
			}
			return
		case now := <-ticks.C:
			if elapsed := now.Sub(m.begun); elapsed >= progressAfter {
				shown = true
				m.print(m.line(elapsed, m.a.errWidth()))
			}
		}
	}
}

// print replaces the line on the terminal.
func (m *meter) print(line string) {
	// If the terminal was closed, the work still continues.
	_, _ = fmt.Fprint(m.a.err, "\r\x1b[K"+line)
}

// line returns the progress after the elapsed time. The text is shorter than width
// columns, so it does not wrap.
func (m *meter) line(elapsed time.Duration, width int) string {
	done := m.done.Load()
	rate := float64(done) / elapsed.Seconds()
	text := fmt.Sprintf("%s, %s/s", show.Count(done, m.what), prize.Thousands(uint64(rate)))
	if m.total > 0 {
		left := "?"
		if rate > 0 {
			left = time.Duration(float64(m.total-done) / rate * float64(time.Second)).Round(time.Second).String()
		}
		fraction := float64(done) / float64(m.total)
		text = fmt.Sprintf("%3.0f%%  %s, %s left", 100*fraction, text, left)
		if room := min(maxProgress, width-len(text)-2); room >= minProgress {
			full := int(fraction * float64(room))
			text = strings.Repeat("█", full) + strings.Repeat("░", room-full) + " " + text
		}
	}
	return ansi.Truncate(text, max(width-1, 1), "")
}
