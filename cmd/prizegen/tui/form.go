package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// field is one line to type in a form.
type field struct {
	label string
	value string // to begin with
	hint  string // shown where the line is empty
}

// ask opens a form. done is given what was typed, field by field, when the user
// presses enter in the last one: its error is shown in the form, which stays open.
func ask(title string, done func(values []string) (tea.Cmd, error), fields ...field) tea.Cmd {
	f := form{title: title, done: done}
	for i, field := range fields {
		input := textinput.New()
		input.SetValue(field.value)
		input.Placeholder = field.hint
		input.Prompt = ""
		input.Cursor.SetMode(cursor.CursorStatic) // a blinking one would keep the program busy
		if i == 0 {
			input.Focus()
		}
		f.labels = append(f.labels, field.label)
		f.inputs = append(f.inputs, input)
	}
	return send(dialogMsg{f})
}

// form is some lines to type.
type form struct {
	title  string
	labels []string
	inputs []textinput.Model
	at     int
	done   func(values []string) (tea.Cmd, error)
	err    error // what is wrong with what was typed
	size   sizeMsg
}

func (f form) Title() string { return f.title }

func (f form) Keys() []key.Binding {
	enter := "done"
	if f.at < len(f.inputs)-1 {
		enter = "next line"
	}
	keys := []key.Binding{
		key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", enter)),
		key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back")),
	}
	if len(f.inputs) > 1 {
		keys = append(keys,
			key.NewBinding(key.WithKeys("tab", "down"), key.WithHelp("tab", "line after")),
			key.NewBinding(key.WithKeys("shift+tab", "up"), key.WithHelp("shift+tab", "line before")))
	}
	return keys
}

func (f form) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if pressed, ok := msg.(tea.KeyMsg); ok {
		keys := f.Keys()
		switch {
		case key.Matches(pressed, keys[0]) && f.at == len(f.inputs)-1:
			return f.finish()
		case key.Matches(pressed, keys[1]):
			return nil, nil
		case key.Matches(pressed, keys[0]) || len(keys) > 2 && key.Matches(pressed, keys[2]):
			return f.move(1)
		case len(keys) > 2 && key.Matches(pressed, keys[3]):
			return f.move(-1)
		}
	}
	if size, ok := msg.(sizeMsg); ok {
		f.size = size
		return f, nil
	}
	if mouse, ok := msg.(tea.MouseMsg); ok {
		from, to := f.shown(f.size.width, f.size.height)
		if at := from + mouse.Y; mouse.Button == tea.MouseButtonLeft && mouse.Action == tea.MouseActionPress && mouse.Y >= 0 && at < to {
			return f.move(at - f.at)
		}
		return f, nil
	}
	var cmd tea.Cmd
	f.inputs = slices.Clone(f.inputs)
	f.inputs[f.at], cmd = f.inputs[f.at].Update(msg)
	return f, cmd
}

// move goes to another line.
func (f form) move(by int) (dialog, tea.Cmd) {
	f.inputs = slices.Clone(f.inputs)
	f.inputs[f.at].Blur()
	f.at = (f.at + by + len(f.inputs)) % len(f.inputs)
	return f, f.inputs[f.at].Focus()
}

func (f form) finish() (dialog, tea.Cmd) {
	values := make([]string, len(f.inputs))
	for i, input := range f.inputs {
		values[i] = input.Value()
	}
	cmd, err := f.done(values)
	if err != nil {
		f.err = err
		return f, nil
	}
	return nil, cmd
}

func (f form) View(st styles, width, height int) string {
	labels := 0
	for _, label := range f.labels {
		labels = max(labels, lipgloss.Width(label)+2)
	}
	var lines []string
	from, to := f.shown(width, height)
	for i, input := range f.inputs[from:to] {
		i += from
		label, mark := st.faint, "  "
		if i == f.at {
			label, mark = st.title, "› "
		}
		input.Width = max(width-labels-lipgloss.Width(mark)-1, 1)
		input.PlaceholderStyle, input.TextStyle = st.faint, st.plain
		input.Cursor.Style, input.Cursor.TextStyle = st.plain, st.plain
		lines = append(lines, label.Render(mark+pad(f.labels[i], labels))+input.View())
	}
	if f.err != nil {
		mistake := f.mistake(width)
		if len(lines)+1+lipgloss.Height(mistake) <= height {
			lines = append(lines, "")
		}
		lines = append(lines, st.warn.Render(mistake))
	}
	return clip(strings.Join(lines, "\n"), width, height)
}

// mistake tells what is wrong, in lines of a width.
func (f form) mistake(width int) string {
	return lipgloss.NewStyle().Width(width).Render("✗ " + f.err.Error())
}

// shown are the lines to type that there is room for beside a mistake: that which is
// typed in always is.
func (f form) shown(width, height int) (from, to int) {
	room := len(f.inputs)
	if f.err != nil {
		room = max(min(room, height-lipgloss.Height(f.mistake(width))), 1)
	}
	from = scrolled(f.at, len(f.inputs), room)
	return from, min(from+room, len(f.inputs))
}
