package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

// field is a line of a form.
type field struct {
	label string
	value string // initial value
	hint  string // shown while the field is empty
}

// ask returns a command that opens a form. When the user presses enter in the last field,
// the form calls done with the values of the fields. If done returns an error, the form
// remains open and shows the error.
func ask(title string, done func(values []string) (tea.Cmd, error), fields ...field) tea.Cmd {
	f := form{title: title, done: done}
	for i, field := range fields {
		input := textinput.New()
		input.SetValue(field.value)
		input.Placeholder = field.hint
		input.Prompt = ""
		input.Cursor.SetMode(cursor.CursorStatic) // a blinking cursor would keep the program busy
		if i == 0 {
			input.Focus()
		}
		f.labels = append(f.labels, field.label)
		f.inputs = append(f.inputs, input)
	}
	return send(dialogMsg{f})
}

// form is a dialog with input fields.
type form struct {
	title  string
	labels []string
	inputs []textinput.Model
	active int // index of the field with the cursor
	done   func(values []string) (tea.Cmd, error)
	err    error // last error from done; nil if there is none
	size   sizeMsg
}

// Title implements dialog.
func (f form) Title() string { return f.title }

// Keys implements dialog.
func (f form) Keys() []key.Binding {
	enter := "done"
	if f.active < len(f.inputs)-1 {
		enter = "next field"
	}
	keys := []key.Binding{
		bind("enter", enter, "enter"),
		bind("esc", "back", "esc"),
	}
	if len(f.inputs) > 1 {
		keys = append(keys,
			bind("tab", "next field", "tab", "down"),
			bind("shift+tab", "previous field", "shift+tab", "up"))
	}
	return keys
}

// Update implements dialog.
func (f form) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if pressed, ok := msg.(tea.KeyMsg); ok {
		keys := f.Keys()
		switch {
		case key.Matches(pressed, keys[0]) && f.active == len(f.inputs)-1:
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
		from, to := f.visible(f.size.width, f.size.height)
		if clicked := from + mouse.Y; isClick(mouse) && mouse.Y >= 0 && clicked < to {
			return f.move(clicked - f.active)
		}
		return f, nil
	}
	var cmd tea.Cmd
	f.inputs = slices.Clone(f.inputs)
	f.inputs[f.active], cmd = f.inputs[f.active].Update(msg)
	return f, cmd
}

// move moves the cursor to another field.
func (f form) move(by int) (dialog, tea.Cmd) {
	f.inputs = slices.Clone(f.inputs)
	f.inputs[f.active].Blur()
	f.active = (f.active + by + len(f.inputs)) % len(f.inputs)
	return f, f.inputs[f.active].Focus()
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

// View implements dialog.
func (f form) View(st styles, width, height int) string {
	labels := 0
	for _, label := range f.labels {
		labels = max(labels, lipgloss.Width(label)+2)
	}
	var lines []string
	from, to := f.visible(width, height)
	for i, input := range f.inputs[from:to] {
		i += from
		label, mark := st.faint, "  "
		if i == f.active {
			label, mark = st.title, "› "
		}
		input.Width = max(width-labels-lipgloss.Width(mark)-1, 1)
		input.PlaceholderStyle, input.TextStyle = st.faint, st.plain
		input.Cursor.Style, input.Cursor.TextStyle = st.plain, st.plain
		lines = append(lines, label.Render(mark+show.Pad(f.labels[i], labels))+input.View())
	}
	if f.err != nil {
		message := f.errorLines(width)
		if len(lines)+1+lipgloss.Height(message) <= height {
			lines = append(lines, "")
		}
		lines = append(lines, st.warn.Render(message))
	}
	return crop(strings.Join(lines, "\n"), width, height)
}

// errorLines renders the error, wrapped to a width.
func (f form) errorLines(width int) string {
	return lipgloss.NewStyle().Width(width).Render("✗ " + f.err.Error())
}

// visible returns the range of fields that fit above the error. The range always contains
// the active field.
func (f form) visible(width, height int) (from, to int) {
	room := len(f.inputs)
	if f.err != nil {
		room = max(min(room, height-lipgloss.Height(f.errorLines(width))), 1)
	}
	from = firstVisible(f.active, len(f.inputs), room)
	return from, min(from+room, len(f.inputs))
}
