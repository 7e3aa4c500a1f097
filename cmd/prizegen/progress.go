package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/bubbles/progress"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/pkg/prize"
)

const (
	progressAfter = time.Second            // work that is done sooner shows none
	progressEvery = 100 * time.Millisecond // how often it is drawn anew
)

// meter shows on a terminal how far some work is.
type meter struct {
	a     *app
	total uint64 // 0 where it is not known
	what  string
	done  atomic.Uint64
	begun time.Time
	end   chan struct{}
	once  sync.Once
	ended sync.WaitGroup
}

// startProgress begins to show progress, where standard error is a terminal and
// --quiet was not given. The caller must stop it.
func (a *app) startProgress(total uint64, what string) *meter {
	m := &meter{a: a, total: total, what: what, begun: time.Now(), end: make(chan struct{})}
	if a.errIsTerm && !a.quiet {
		m.ended.Go(m.show)
	}
	return m
}

// add counts work done.
func (m *meter) add(n uint64) { m.done.Add(n) }

// stop takes the progress away; calling it again does nothing.
func (m *meter) stop() {
	m.once.Do(func() { close(m.end) })
	m.ended.Wait()
}

func (m *meter) show() {
	bar := progress.New(progress.WithWidth(30), progress.WithSolidFill("6"), progress.WithoutPercentage(),
		progress.WithColorProfile(lipgloss.NewRenderer(m.a.err).ColorProfile()))
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
				m.print(m.line(bar, elapsed))
			}
		}
	}
}

// print replaces the line on the terminal.
func (m *meter) print(line string) {
	// A terminal that is gone does not stop the work.
	_, _ = fmt.Fprint(m.a.err, "\r\x1b[K"+line)
}

// line is what is shown after some time.
func (m *meter) line(bar progress.Model, elapsed time.Duration) string {
	done := m.done.Load()
	rate := float64(done) / elapsed.Seconds()
	speed := fmt.Sprintf("%s %s, %s/s", prize.Thousands(done), m.what, prize.Thousands(uint64(rate)))
	if m.total == 0 {
		return speed
	}
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(m.total-done) / rate * float64(time.Second)).Round(time.Second).String()
	}
	fraction := float64(done) / float64(m.total)
	return fmt.Sprintf("%s %3.0f%%  %s, %s left", bar.ViewAs(fraction), 100*fraction, speed, left)
}
