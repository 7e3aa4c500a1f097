package tui

import (
	"context"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

// dialog is a box in front of the screen. While it is open, it receives all keys and
// mouse messages. Before each of them it receives a sizeMsg.
type dialog interface {
	Title() string
	Update(msg tea.Msg) (next dialog, cmd tea.Cmd) // a nil dialog closes it
	View(st styles, width, height int) string      // fits in width and height
	Keys() []key.Binding
}

// These messages control dialogs.
type (
	// dialogMsg opens a dialog.
	dialogMsg struct{ dialog dialog }

	// sizeMsg contains the size for the next call of the View method of a dialog or screen.
	sizeMsg struct{ width, height int }
)

// send returns a command that returns msg.
func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// bind returns a key binding with its name and description in the help.
func bind(name, description string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, description))
}

// wheelLines returns 1 if the mouse wheel turns down, -1 if it turns up, and 0 for other
// mouse messages.
func wheelLines(msg tea.MouseMsg) int {
	switch msg.Button { //nolint:exhaustive // other buttons do not scroll
	case tea.MouseButtonWheelDown:
		return 1
	case tea.MouseButtonWheelUp:
		return -1
	}
	return 0
}

// isClick reports whether msg is a press of the left mouse button.
func isClick(msg tea.MouseMsg) bool {
	return msg.Button == tea.MouseButtonLeft && msg.Action == tea.MouseActionPress
}

// confirm returns a command that asks a question and runs yes if the user agrees.
func confirm(title, text string, yes tea.Cmd) tea.Cmd {
	return send(dialogMsg{question{title: title, text: text, yes: yes}})
}

// question is a dialog with the answers yes and no.
type question struct {
	title, text string
	yes         tea.Cmd
	size        sizeMsg // zero until the size is known
}

// Title implements dialog.
func (q question) Title() string { return q.title }

// Keys implements dialog.
func (q question) Keys() []key.Binding {
	return []key.Binding{bind("y", "yes", "y", "Y"), bind("n", "no", "n", "N", "esc", "q")}
}

// Update implements dialog.
func (q question) Update(msg tea.Msg) (dialog, tea.Cmd) {
	keys := q.Keys()
	switch msg := msg.(type) {
	case sizeMsg:
		q.size = msg
	case tea.KeyMsg:
		switch {
		case key.Matches(msg, keys[0]):
			return nil, q.yes
		case key.Matches(msg, keys[1]):
			return nil, nil
		}
	case tea.MouseMsg:
		line := lipgloss.Height(q.lines(q.size.width, q.size.height)) + 1
		if !isClick(msg) || msg.Y != line || msg.X < 0 {
			return q, nil
		}
		switch yes := lipgloss.Width(answerYes); {
		case msg.X < yes:
			return nil, q.yes
		case msg.X >= yes+2 && msg.X < yes+2+lipgloss.Width(answerNo):
			return nil, nil
		}
	}
	return q, nil
}

// These are the answers below a question, which can be clicked.
const (
	answerYes = "[ yes ]"
	answerNo  = "[ no ]"
)

// lines renders the question without the answers.
func (q question) lines(width, height int) string {
	return crop(lipgloss.NewStyle().Width(width).Render(q.text), width, height-2)
}

// View implements dialog.
func (q question) View(st styles, width, height int) string {
	return q.lines(width, height) + "\n\n" + st.key.Render(answerYes) + "  " + st.key.Render(answerNo)
}

// option is a line in a choice.
type option struct {
	name   string
	about  string  // shown beside the name; may be empty
	chosen tea.Cmd // runs when the option is chosen
}

// choose returns a command that offers options, with one of them selected.
func choose(title string, selected int, options ...option) tea.Cmd {
	return send(dialogMsg{choice{title: title, options: options, selected: selected}})
}

// choice is a dialog with a list to choose from.
type choice struct {
	title    string
	options  []option
	selected int
	height   int // 0 until the height is known
}

// Title implements dialog.
func (c choice) Title() string { return c.title }

// Keys implements dialog.
func (c choice) Keys() []key.Binding {
	keys := c.keys()
	if len(c.options) <= c.height { // all lines are visible
		return keys[:4]
	}
	return keys
}

func (c choice) keys() []key.Binding {
	return []key.Binding{
		bind("↑", "up", "up", "k"),
		bind("↓", "down", "down", "j"),
		bind("enter", "choose", "enter", " "),
		bind("esc", "back", "esc", "q"),
		bind("pgup", "page up", "pgup"),
		bind("pgdn", "page down", "pgdown"),
		bind("home", "first", "home"),
		bind("end", "last", "end"),
	}
}

// Update implements dialog.
func (c choice) Update(msg tea.Msg) (dialog, tea.Cmd) {
	keys := c.keys()
	switch msg := msg.(type) {
	case tea.KeyMsg:
		switch {
		case key.Matches(msg, keys[0]):
			c.selected = (c.selected + len(c.options) - 1) % len(c.options)
		case key.Matches(msg, keys[1]):
			c.selected = (c.selected + 1) % len(c.options)
		case key.Matches(msg, keys[2]):
			return nil, c.options[c.selected].chosen
		case key.Matches(msg, keys[3]):
			return nil, nil
		case key.Matches(msg, keys[4]):
			c = c.move(-max(c.height, 1))
		case key.Matches(msg, keys[5]):
			c = c.move(max(c.height, 1))
		case key.Matches(msg, keys[6]):
			c = c.move(-len(c.options))
		case key.Matches(msg, keys[7]):
			c = c.move(len(c.options))
		}
	case sizeMsg:
		c.height = msg.height
	case tea.MouseMsg:
		line := firstVisible(c.selected, len(c.options), c.height) + msg.Y
		if isClick(msg) && msg.Y >= 0 && msg.Y < c.height && line < len(c.options) {
			return nil, c.options[line].chosen
		}
		c = c.move(wheelLines(msg))
	}
	return c, nil
}

// move selects another line, but not beyond the first or last one.
func (c choice) move(by int) choice {
	c.selected = min(max(c.selected+by, 0), len(c.options)-1)
	return c
}

// View implements dialog.
func (c choice) View(st styles, width, height int) string {
	// A long name is truncated to keep the text beside it, such as a campaign's state,
	// visible.
	names, abouts := 0, 0
	for _, o := range c.options {
		names, abouts = max(names, lipgloss.Width(o.name)), max(abouts, lipgloss.Width(o.about))
	}
	if abouts > 0 {
		names = min(names, max(width-4-abouts, (width-4)/2))
	}
	from := firstVisible(c.selected, len(c.options), height)
	var lines []string
	for i, o := range c.options[from:min(from+height, len(c.options))] {
		line := o.name
		if o.about != "" {
			line = show.Pad(truncate(o.name, names), names) + "  " + o.about
		}
		line = show.Pad(truncate(line, width-2), width-2)
		if from+i == c.selected {
			lines = append(lines, st.selected.Render("› "+line))
		} else {
			lines = append(lines, "  "+line)
		}
	}
	return strings.Join(lines, "\n")
}

// waitDialog is a dialog that is open while a request runs; esc cancels the request.
// Results of earlier requests are ignored by comparing pointers to their dialogs.
type waitDialog struct {
	text   string
	cancel context.CancelFunc
}

// These messages control waitDialogs.
type (
	// waitMsg opens a waitDialog and starts its request.
	waitMsg struct {
		dialog  *waitDialog
		request tea.Cmd
	}

	// resultMsg contains the message that a request returned.
	resultMsg struct {
		dialog *waitDialog
		msg    tea.Msg
	}
)

// Title implements dialog.
func (d *waitDialog) Title() string { return "Please wait" }

// Keys implements dialog.
func (d *waitDialog) Keys() []key.Binding {
	return []key.Binding{bind("esc", "cancel", "esc", "q")}
}

// Update implements dialog.
func (d *waitDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if pressed, ok := msg.(tea.KeyMsg); ok && key.Matches(pressed, d.Keys()[0]) {
		d.cancel()
		return nil, nil
	}
	return d, nil
}

// View implements dialog.
func (d *waitDialog) View(_ styles, width, height int) string {
	return crop(lipgloss.NewStyle().Width(width).Render(d.text), width, height)
}
