package tui

import (
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// watchTime is how often a rules file is looked at.
const watchTime = time.Second

// watch looks whether a rules file has changed, whatever screen is shown.
type watch struct {
	round int    // of the ticks that count: earlier ones have ended
	ref   string // the file, empty for none
	last  stamp  // as it was read, zero where that is not known
	rests bool   // while a campaign is played
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
		stamp stamp
		err   error
	}
)

// stampOf tells a file's present version.
func stampOf(file string) (stamp, error) {
	info, err := os.Stat(file)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.ModTime(), info.Size()}, nil
}

// follow looks at another file where the rules are of another one now.
func (r rulesScreen) follow() (screen, tea.Cmd) {
	ref := r.settings.readRef()
	switch {
	case r.settings.Campaign != nil: // whose rules never change
		r.watch.rests = true
		r.watch.round++
		return r, nil
	case r.watch.ref != ref:
		r.watch.ref, r.watch.last = ref, stamp{}
	case !r.watch.rests:
		return r, nil
	}
	r.watch.rests = false
	r.watch.round++
	return r, r.lookNow()
}

// followFrom looks at a file that was read just now, for changes since.
func (r rulesScreen) followFrom(read stamp) (screen, tea.Cmd) {
	next, cmd := r.follow()
	r = next.(rulesScreen)
	r.watch.last = read
	return r, cmd
}

// lookNow is a command that looks at the file, nil where there is none to look at.
func (r rulesScreen) lookNow() tea.Cmd {
	round, ref := r.watch.round, r.watch.ref
	if r.watch.rests || !isFile(ref) {
		return nil
	}
	return func() tea.Msg {
		now, err := stampOf(ref)
		return stampMsg{round, now, err}
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
		before, unread := r.watch.last, r.settings.wrong != nil
		if msg.err != nil {
			return r, tick
		}
		r.watch.last = msg.stamp
		if before == msg.stamp || before == (stamp{}) && !unread {
			return r, tick
		}
		return r, tea.Batch(tick, r.reload())
	}
	return r, nil
}
