package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// dialog is a question in front of the screen, which takes all keys. It is told its
// size by a sizeMsg before the mouse.
type dialog interface {
	Title() string
	Update(msg tea.Msg) (next dialog, cmd tea.Cmd) // nil closes it
	View(st styles, width, height int) string      // what fits, without the box around it
	Keys() []key.Binding
}

// confirm asks before something that can't be taken back: yes is done if so.
func confirm(title, text string, yes tea.Cmd) tea.Cmd {
	return send(dialogMsg{question{title: title, text: text, yes: yes}})
}

// question is answered by yes or no.
type question struct {
	title, text string
	yes         tea.Cmd
	size        sizeMsg // of the room that it is shown in, zero where that is not known
}

func (q question) Title() string { return q.title }

func (q question) Keys() []key.Binding {
	return []key.Binding{
		key.NewBinding(key.WithKeys("y", "Y"), key.WithHelp("y", "yes")),
		key.NewBinding(key.WithKeys("n", "N", "esc", "q"), key.WithHelp("n", "no")),
	}
}

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
		if msg.Button != tea.MouseButtonLeft || msg.Action != tea.MouseActionPress || msg.Y != line || msg.X < 0 {
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

// The answers as they stand below the question, for the mouse.
const (
	answerYes = "[ yes ]"
	answerNo  = "[ no ]"
)

// lines is the question without the answers.
func (q question) lines(width, height int) string {
	return clip(lipgloss.NewStyle().Width(width).Render(q.text), width, height-2)
}

func (q question) View(st styles, width, height int) string {
	return q.lines(width, height) + "\n\n" + st.key.Render(answerYes) + "  " + st.key.Render(answerNo)
}

// option is one line of a list to choose from.
type option struct {
	name   string
	about  string  // what stands beside it, may be empty
	chosen tea.Cmd // what is done where it is chosen
}

// choose offers options; at is the place of the present one.
func choose(title string, at int, options ...option) tea.Cmd {
	return send(dialogMsg{choice{title: title, options: options, at: at}})
}

// choice is a list to choose from.
type choice struct {
	title   string
	options []option
	at      int
	height  int // of the room that it is shown in, 0 where that is not known
}

func (c choice) Title() string { return c.title }

func (c choice) Keys() []key.Binding {
	keys := c.keys()
	if len(c.options) <= c.height { // all in sight
		return keys[:4]
	}
	return keys
}

func (c choice) keys() []key.Binding {
	return []key.Binding{
		key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑", "up")),
		key.NewBinding(key.WithKeys("down", "j"), key.WithHelp("↓", "down")),
		key.NewBinding(key.WithKeys("enter", " "), key.WithHelp("enter", "choose")),
		key.NewBinding(key.WithKeys("esc", "q"), key.WithHelp("esc", "back")),
		key.NewBinding(key.WithKeys("pgup"), key.WithHelp("pgup", "page above")),
		key.NewBinding(key.WithKeys("pgdown"), key.WithHelp("pgdn", "page below")),
		key.NewBinding(key.WithKeys("home"), key.WithHelp("home", "first")),
		key.NewBinding(key.WithKeys("end"), key.WithHelp("end", "last")),
	}
}

func (c choice) Update(msg tea.Msg) (dialog, tea.Cmd) {
	keys := c.keys()
	switch msg := msg.(type) {
	case tea.KeyMsg:
		switch {
		case key.Matches(msg, keys[0]):
			c.at = (c.at + len(c.options) - 1) % len(c.options)
		case key.Matches(msg, keys[1]):
			c.at = (c.at + 1) % len(c.options)
		case key.Matches(msg, keys[2]):
			return nil, c.options[c.at].chosen
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
		return c.click(msg)
	}
	return c, nil
}

// move goes to another line, as far as there are any.
func (c choice) move(by int) choice {
	c.at = min(max(c.at+by, 0), len(c.options)-1)
	return c
}

// click acts on the mouse: the wheel moves, and a click chooses.
func (c choice) click(msg tea.MouseMsg) (dialog, tea.Cmd) {
	switch msg.Button {
	case tea.MouseButtonWheelUp:
		c = c.move(-1)
	case tea.MouseButtonWheelDown:
		c = c.move(1)
	case tea.MouseButtonLeft:
		line := scrolled(c.at, len(c.options), c.height) + msg.Y
		if msg.Action == tea.MouseActionPress && msg.Y >= 0 && msg.Y < c.height && line < len(c.options) {
			return nil, c.options[line].chosen
		}
	}
	return c, nil
}

func (c choice) View(st styles, width, height int) string {
	// A long name is cut, and not what stands beside it: that may be a campaign's state.
	names, abouts := 0, 0
	for _, o := range c.options {
		names, abouts = max(names, lipgloss.Width(o.name)), max(abouts, lipgloss.Width(o.about))
	}
	if abouts > 0 {
		names = min(names, max(width-4-abouts, (width-4)/2))
	}
	from := scrolled(c.at, len(c.options), height)
	var lines []string
	for i, o := range c.options[from:min(from+height, len(c.options))] {
		line := o.name
		if o.about != "" {
			line = pad(cut(o.name, names), names)
		}
		if o.about != "" {
			line += "  " + o.about
		}
		line = pad(cut(line, width-2), width-2)
		if from+i == c.at {
			lines = append(lines, st.selected.Render("› "+line))
		} else {
			lines = append(lines, "  "+line)
		}
	}
	return strings.Join(lines, "\n")
}

// scrolled is the first line shown of a list so that the line at is in sight.
func scrolled(at, lines, height int) int {
	return min(max(at-height/2, 0), max(lines-height, 0))
}
