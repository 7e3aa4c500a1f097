package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// frameKeys are the keys that act on every screen.
type frameKeys struct {
	screens, next, previous, help, back, quit, interrupt, suspend key.Binding
}

func newFrameKeys() frameKeys {
	return frameKeys{
		screens:   key.NewBinding(key.WithKeys("1", "2", "3", "4", "5", "6"), key.WithHelp("1-6", "go to a screen")),
		next:      key.NewBinding(key.WithKeys("tab"), key.WithHelp("tab", "next screen")),
		previous:  key.NewBinding(key.WithKeys("shift+tab"), key.WithHelp("shift+tab", "screen before")),
		help:      key.NewBinding(key.WithKeys("?"), key.WithHelp("?", "help")),
		back:      key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "take an error away")),
		quit:      key.NewBinding(key.WithKeys("q"), key.WithHelp("q", "quit")),
		interrupt: key.NewBinding(key.WithKeys("ctrl+c"), key.WithHelp("ctrl+c", "quit at once")),
		suspend:   key.NewBinding(key.WithKeys("ctrl+z"), key.WithHelp("ctrl+z", "leave it in the background")),
	}
}

// all lists the keys for the help.
func (k frameKeys) all() []key.Binding {
	return []key.Binding{k.screens, k.next, k.previous, k.help, k.back, k.quit, k.interrupt, k.suspend}
}

// keyLine shows the keys that fit into a line, those that are enabled; last ones stand
// at its end, whatever else fits.
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

// help lists all keys that act, from the bindings that they act by.
type help struct {
	title string
	keys  []key.Binding // those of the screen first
	own   int           // how many of them are the screen's
	from  int           // the first line shown
	size  sizeMsg       // of the room that it is shown in, zero where that is not known
}

func newHelp(frame frameKeys, s screen) help {
	own := s.Keys()
	return help{title: "Keys of " + s.Title(), keys: append(own[:len(own):len(own)], frame.all()...), own: len(own)}
}

func (h help) Title() string { return h.title }

func (h help) Keys() []key.Binding {
	return []key.Binding{
		key.NewBinding(key.WithKeys("esc", "?", "q", "enter"), key.WithHelp("esc", "back")),
		key.NewBinding(key.WithKeys("down", "j", "pgdown", " "), key.WithHelp("↓", "more")),
		key.NewBinding(key.WithKeys("up", "k", "pgup"), key.WithHelp("↑", "before")),
	}
}

func (h help) Update(msg tea.Msg) (dialog, tea.Cmd) {
	pressed, ok := msg.(tea.KeyMsg)
	keys := h.Keys()
	if mouse, moved := msg.(tea.MouseMsg); moved {
		switch mouse.Button {
		case tea.MouseButtonWheelDown:
			h = h.scroll(1)
		case tea.MouseButtonWheelUp:
			h = h.scroll(-1)
		}
	}
	if size, told := msg.(sizeMsg); told {
		h.size = size
	}
	switch {
	case !ok:
	case key.Matches(pressed, keys[0]):
		return nil, nil
	case key.Matches(pressed, keys[1]):
		h = h.scroll(1)
	case key.Matches(pressed, keys[2]):
		h = h.scroll(-1)
	}
	return h, nil
}

// scroll shows other lines, as far as there are some.
func (h help) scroll(by int) help {
	lines := 0
	for _, k := range h.keys {
		if k.Enabled() && k.Help().Key != "" {
			lines++
		}
	}
	h.from = max(min(h.from+by, lines-h.size.height), 0)
	return h
}

func (h help) View(st styles, width, height int) string {
	own, all := keyList(st, h.keys[:h.own]), keyList(st, h.keys[h.own:])
	if lipgloss.Width(own)+lipgloss.Width(all)+4 <= width {
		return clip(lipgloss.JoinHorizontal(lipgloss.Top, own, "    ", all), width, height)
	}
	lines := strings.Split(all, "\n")
	if own != "" {
		lines = append(strings.Split(own, "\n"), lines...)
	}
	from := max(min(h.from, len(lines)-height), 0)
	shown := lines[from:min(from+height, len(lines))]
	if from+height < len(lines) {
		shown[len(shown)-1] = st.faint.Render("↓ more")
	}
	return clip(strings.Join(shown, "\n"), width, height)
}

// keyList lists keys, one a line.
func keyList(st styles, keys []key.Binding) string {
	names := 0
	for _, k := range keys {
		names = max(names, lipgloss.Width(k.Help().Key))
	}
	var lines []string
	for _, k := range keys {
		if k.Enabled() && k.Help().Key != "" {
			lines = append(lines, st.key.Render(pad(k.Help().Key, names))+"  "+k.Help().Desc)
		}
	}
	return strings.Join(lines, "\n")
}
