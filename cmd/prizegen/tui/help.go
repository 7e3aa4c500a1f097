package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

// keyLine renders the enabled keys that fit on a line. The keys in last are at the end of
// the line and always fit.
func keyLine(st styles, width int, keys []key.Binding, last ...key.Binding) string {
	end := keyItems(st, width, last)
	line := keyItems(st, width-lipgloss.Width(end)-2, keys)
	return line + padLeft(end, width-lipgloss.Width(line))
}

func keyItems(st styles, width int, keys []key.Binding) string {
	var line string
	for _, k := range keys {
		if !k.Enabled() || k.Help().Key == "" {
			continue
		}
		item := st.key.Render(k.Help().Key) + " " + st.faint.Render(k.Help().Desc)
		if line != "" {
			item = "  " + item
		}
		if lipgloss.Width(line)+lipgloss.Width(item) > width {
			break
		}
		line += item
	}
	return line
}

// help is a dialog that lists all keys of a screen.
type help struct {
	title       string
	own, shared []key.Binding // keys of the screen, followed by the keys of all screens
	from        int           // first line shown
	size        sizeMsg       // zero until the size is known
}

// Title implements dialog.
func (h help) Title() string { return h.title }

// Keys implements dialog.
func (h help) Keys() []key.Binding {
	return []key.Binding{
		bind("esc", "back", "esc", "?", "q", "enter"),
		bind("↓", "down", "down", "j", "pgdown", " "),
		bind("↑", "up", "up", "k", "pgup"),
	}
}

// Update implements dialog.
func (h help) Update(msg tea.Msg) (dialog, tea.Cmd) {
	keys := h.Keys()
	switch msg := msg.(type) {
	case sizeMsg:
		h.size = msg
	case tea.MouseMsg:
		return h.scroll(wheelLines(msg)), nil
	case tea.KeyMsg:
		switch {
		case key.Matches(msg, keys[0]):
			return nil, nil
		case key.Matches(msg, keys[1]):
			return h.scroll(1), nil
		case key.Matches(msg, keys[2]):
			return h.scroll(-1), nil
		}
	}
	return h, nil
}

// scroll scrolls by a number of lines, but not beyond the first or last one.
func (h help) scroll(by int) help {
	lines := 0
	for _, k := range append(h.own[:len(h.own):len(h.own)], h.shared...) {
		if k.Enabled() && k.Help().Key != "" {
			lines++
		}
	}
	h.from = max(min(h.from+by, lines-h.size.height), 0)
	return h
}

// View implements dialog.
func (h help) View(st styles, width, height int) string {
	own, shared := keyList(st, h.own), keyList(st, h.shared)
	if lipgloss.Width(own)+lipgloss.Width(shared)+4 <= width {
		return crop(lipgloss.JoinHorizontal(lipgloss.Top, own, "    ", shared), width, height)
	}
	lines := strings.Split(shared, "\n")
	if own != "" {
		lines = append(strings.Split(own, "\n"), lines...)
	}
	from := max(min(h.from, len(lines)-height), 0)
	shown := lines[from:min(from+height, len(lines))]
	if from+height < len(lines) {
		shown[len(shown)-1] = st.faint.Render("↓ more")
	}
	return crop(strings.Join(shown, "\n"), width, height)
}

// keyList renders the enabled keys, one per line.
func keyList(st styles, keys []key.Binding) string {
	names := 0
	for _, k := range keys {
		names = max(names, lipgloss.Width(k.Help().Key))
	}
	var lines []string
	for _, k := range keys {
		if k.Enabled() && k.Help().Key != "" {
			lines = append(lines, st.key.Render(show.Pad(k.Help().Key, names))+"  "+k.Help().Desc)
		}
	}
	return strings.Join(lines, "\n")
}
