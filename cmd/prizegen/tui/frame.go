package tui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// frame is the model of the program. It contains the screens and the state that they
// share.
type frame struct {
	w        *workspace
	keys     frameKeys
	settings Settings
	screens  []screen
	initCmd  tea.Cmd // commands that the screens returned for the initial settings
	started  []bool  // by screen: whether Init was called
	active   int     // index of the active screen

	dialog dialog // nil if no dialog is open
	err    error  // shown at the bottom; nil if there is no error
	note   string // shown at the bottom; empty if there is no note

	width, height int // size of the terminal; 0 until it is known
}

// frameKeys are the keys that work on all screens.
type frameKeys struct {
	screens, next, previous, help, back, quit, interrupt, suspend key.Binding
}

func newFrameKeys() frameKeys {
	return frameKeys{
		screens:   bind("1-6", "go to a screen", "1", "2", "3", "4", "5", "6"),
		next:      bind("tab", "next screen", "tab"),
		previous:  bind("shift+tab", "previous screen", "shift+tab"),
		help:      bind("?", "help", "?"),
		back:      bind("esc", "dismiss an error", "esc"),
		quit:      bind("q", "quit", "q"),
		interrupt: bind("ctrl+c", "quit immediately", "ctrl+c"),
		suspend:   bind("ctrl+z", "suspend", "ctrl+z"),
	}
}

// all returns all keys, for the help.
func (k frameKeys) all() []key.Binding {
	return []key.Binding{k.screens, k.next, k.previous, k.help, k.back, k.quit, k.interrupt, k.suspend}
}

// This is the minimum size of the terminal.
const (
	minWidth  = 40
	minHeight = 12
)

// programName is shown in the upper right corner if there is room.
const programName = "prizegen "

// View implements [tea.Model].
func (f frame) View() string {
	if f.width == 0 {
		return ""
	}
	if f.width < minWidth || f.height < minHeight {
		text := fmt.Sprintf("prizegen needs a terminal of at least %d×%d; this one is %d×%d", minWidth, minHeight, f.width, f.height)
		return crop(lipgloss.NewStyle().Width(f.width).Render(text), f.width, f.height)
	}
	head := []string{truncate(strings.Join(f.tabs(), " "), f.width)}
	if left := f.width - lipgloss.Width(head[0]); left > len(programName) {
		head[0] += f.w.styles.faint.Render(padLeft(programName, left))
	}
	if f.headHeight() > 2 {
		head = append(head, f.w.styles.faint.Render(truncate(f.settings.summary(), f.width)))
	}
	head = append(head, f.w.styles.faint.Render(f.divider()))
	return strings.Join(head, "\n") + "\n" + fill(f.content(), f.width, f.contentHeight()) + "\n" + f.foot()
}

// headHeight returns the height of the tabs, the settings and the divider. If the
// terminal has few lines, there is no line for the settings.
func (f frame) headHeight() int {
	if f.height < 16 {
		return 2
	}
	return 3
}

// contentHeight returns the height that remains for the screen.
func (f frame) contentHeight() int {
	return max(f.height-f.headHeight()-lipgloss.Height(f.foot()), 0)
}

// divider renders the line below the head. If the settings have no line of their own,
// the divider contains the most important settings.
func (f frame) divider() string {
	text := ""
	if f.headHeight() == 2 {
		text = "─ " + truncate(f.settings.shortSummary(), f.width-4) + " "
	}
	return text + strings.Repeat("─", max(f.width-lipgloss.Width(text), 0))
}

// content renders the dialog or the active screen.
func (f frame) content() string {
	if f.dialog != nil {
		return centre(f.dialogBox(), f.width, f.contentHeight())
	}
	return f.screens[f.active].View(f.width, f.contentHeight())
}

// tabs renders the tabs. If the terminal is narrow, only the active tab shows its name.
func (f frame) tabs() []string {
	tabs := func(names bool) []string {
		var list []string
		for i, s := range f.screens {
			name := strconv.Itoa(i + 1)
			if names || i == f.active {
				name += " " + s.Title()
			}
			style := f.w.styles.tab
			switch {
			case i == f.active && f.w.styles.plainOnly():
				name = "[" + name + "]"
			case i == f.active:
				name, style = " "+name+" ", f.w.styles.tabShown
			default:
				name = " " + name + " "
			}
			list = append(list, style.Render(name))
		}
		return list
	}
	if all := tabs(true); lipgloss.Width(strings.Join(all, " ")) <= f.width {
		return all
	}
	return tabs(false)
}

// foot renders the bottom: an error, a note or the keys.
func (f frame) foot() string {
	st := f.w.styles
	switch {
	case f.err != nil:
		return crop(st.warn.Width(f.width).Render("✗ "+f.w.explain(f.err)+" (esc: back)"), f.width, 4)
	case f.note != "":
		return st.good.Render(truncate("✓ "+f.note, f.width))
	case f.dialog != nil:
		return keyLine(st, f.width, f.dialog.Keys())
	}
	return keyLine(st, f.width, f.screens[f.active].Keys(), f.keys.help, f.keys.quit)
}

// dialogSize returns the size of a dialog without its box and its title.
func (f frame) dialogSize() sizeMsg {
	return sizeMsg{min(f.width-6, 72), f.contentHeight() - f.dialogHeadHeight() - 1}
}

// dialogHeadHeight returns the height of a dialog's upper border, its title and the empty
// line below.
func (f frame) dialogHeadHeight() int { return lipgloss.Height(f.dialogTitle()) + 2 }

// dialogTitle renders the title of the dialog. It wraps a long title, for example one
// that contains a seed.
func (f frame) dialogTitle() string {
	width := min(f.width-6, 72)
	return f.w.styles.title.Render(crop(ansi.Wrap(f.dialog.Title(), width, ""), width, max(f.contentHeight()/3, 1)))
}

// dialogBox renders the dialog in its box.
func (f frame) dialogBox() string {
	st, size := f.w.styles, f.dialogSize()
	body := f.dialogTitle() + "\n\n" + f.dialog.View(st, size.width, size.height)
	return st.box.Width(min(max(lipgloss.Width(body), 30), size.width) + 2).Render(body)
}

// dialogPosition converts a position on the terminal to a position in the dialog.
func (f frame) dialogPosition(x, y int) (inX, inY int) {
	box := f.dialogBox()
	left := (f.width - lipgloss.Width(box)) / 2
	top := f.headHeight() + (f.contentHeight()-lipgloss.Height(box))/2
	return x - left - 2, y - top - f.dialogHeadHeight() // a border and a space are on the left
}
