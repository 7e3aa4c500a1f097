package tui

import (
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// watchTime is how often a rules file is looked at while its screen is shown.
const watchTime = time.Second

// watch looks whether a rules file has changed, while the screen Rules is shown.
type watch struct {
	shown bool
	round int    // of the ticks that count: earlier ones have ended
	ref   string // the file, empty for none
	last  stamp
}

// stamp tells a file's versions apart.
type stamp struct {
	changed time.Time
	size    int64
}

// The messages of watching.
type (
	watchTickMsg struct{ round int }
	stampMsg     struct {
		round int
		ref   string
		stamp stamp
		err   error
	}
)

// watching begins or ends to look at the file.
func (r rulesScreen) watching(shown bool) (screen, tea.Cmd) {
	r.watch.shown = shown
	r.watch.round++
	return r, r.lookNow()
}

// follow looks at another file where the rules are of another one now.
func (r rulesScreen) follow() (screen, tea.Cmd) {
	if r.watch.ref == r.ref() {
		return r, nil
	}
	r.watch.ref, r.watch.last = r.ref(), stamp{}
	r.watch.round++
	return r, r.lookNow()
}

// lookNow is a command that looks at the file, nil where there is none to look at.
func (r rulesScreen) lookNow() tea.Cmd {
	round, ref := r.watch.round, r.ref()
	if !r.watch.shown || r.settings.Campaign != nil || !isFile(ref) {
		return nil
	}
	return func() tea.Msg {
		info, err := os.Stat(ref)
		if err != nil {
			return stampMsg{round: round, ref: ref, err: err}
		}
		return stampMsg{round: round, ref: ref, stamp: stamp{info.ModTime(), info.Size()}}
	}
}

// look goes on watching, and has the file read where it has changed. One that is gone
// may be about to be replaced.
func (r rulesScreen) look(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case watchTickMsg:
		if msg.round == r.watch.round {
			return r, r.lookNow()
		}
	case stampMsg:
		if msg.round != r.watch.round {
			return r, nil
		}
		tick := r.w.after(watchTime, watchTickMsg{msg.round})
		before := r.watch.last
		if msg.err != nil {
			return r, tick
		}
		r.watch.ref, r.watch.last = msg.ref, msg.stamp
		if before == (stamp{}) || before == msg.stamp {
			return r, tick
		}
		return r, tea.Batch(tick, r.reload())
	}
	return r, nil
}
