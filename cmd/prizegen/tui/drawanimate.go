package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

const (
	tickTime  = 50 * time.Millisecond  // between two pictures of the animation
	lateTick  = 400 * time.Millisecond // a terminal that takes so long for one is too slow for them
	firstLock = 8                      // ticks until the first letter stands
	maxRoll   = 40                     // ticks from the first to the last one at most
	perLetter = 5                      // ticks from one letter to the next
	suspense  = 10                     // ticks from the last letter to the prize
	cheer     = 50                     // ticks that confetti falls for
)

// tickMsg asks for the next picture of a request's animation.
type tickMsg struct{ asked int }

// next is a command for the next picture, nil where there is no animation.
func (d drawScreen) next() tea.Cmd {
	if !d.w.Animate {
		return nil
	}
	return d.w.after(tickTime, tickMsg{d.asked})
}

// animate goes on by a picture, or to the end where the terminal is slow.
func (d drawScreen) animate() (screen, tea.Cmd) {
	if d.state != asking && d.state != rolling && d.state != cheering {
		return d, nil
	}
	now := d.w.Now()
	slow := now.Sub(d.ticked) > lateTick
	d.ticked = now
	d.tick++
	switch d.state {
	case asking:
		return d, d.next()
	case rolling:
		if slow || d.tick >= d.lockedAt(len(d.drawn.draw.Whole)-1)+suspense {
			return d.reveal()
		}
		return d, d.next()
	case cheering:
		if slow || d.tick >= cheer {
			d.state = revealed
			return d, nil
		}
		return d, d.next()
	}
	return d, nil
}

// lockedAt is the tick from which on a letter of the account number stands.
func (d drawScreen) lockedAt(letter int) int {
	letters := len(d.drawn.draw.Whole)
	return firstLock + min(letter*perLetter, letter*maxRoll/max(letters-1, 1))
}

// scramble is a number that looks random, for letters that roll and confetti that
// falls: it decides nothing.
func scramble(a, b, c int) uint64 {
	x := uint64(a)*0x9e3779b97f4a7c15 ^ uint64(b)*0xbf58476d1ce4e5b9 ^ uint64(c)*0x94d049bb133111eb
	x ^= x >> 31
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}
