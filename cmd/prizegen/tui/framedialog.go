package tui

import (
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// clickDialog tells a dialog of the mouse, in its own columns and lines.
func (f frame) clickDialog(msg tea.MouseMsg) (tea.Model, tea.Cmd) {
	box := f.dialogBox()
	msg.X -= (f.width-lipgloss.Width(box))/2 + 2                                          // the border, and a space
	msg.Y -= f.headHeight() + (f.contentHeight()-lipgloss.Height(box))/2 + f.dialogHead() // the border, and the title
	return f.tellDialog(msg)
}

// tellDialog tells a dialog of a key or the mouse, and before of its size.
func (f frame) tellDialog(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	if f.dialog, cmd = f.dialog.Update(f.dialogSize()); f.dialog != nil {
		f.dialog, cmd = f.dialog.Update(msg)
	}
	return f, cmd
}

// dialogTitle is the title of the dialog, in several lines where it is long: a seed may
// stand in it.
func (f frame) dialogTitle() string {
	width := min(f.width-6, 72)
	return f.w.styles.title.Render(clip(ansi.Wrap(f.dialog.Title(), width, ""), width, max(f.contentHeight()/3, 1)))
}

// dialogHead is how many lines stand above what a dialog shows: its border, its title
// and an empty line.
func (f frame) dialogHead() int { return lipgloss.Height(f.dialogTitle()) + 2 }

// dialogSize is the room for what a dialog shows.
func (f frame) dialogSize() sizeMsg {
	return sizeMsg{min(f.width-6, 72), f.contentHeight() - f.dialogHead() - 1}
}

// dialogBox is the dialog in its box.
func (f frame) dialogBox() string {
	st, size := f.w.styles, f.dialogSize()
	body := f.dialogTitle() + "\n\n" + f.dialog.View(st, size.width, size.height)
	return st.box.Width(min(max(lipgloss.Width(body), 30), size.width) + 2).Render(body)
}
