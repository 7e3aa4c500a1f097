package tui

import (
	"context"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// inquiry is a dialog that stands while something is asked for that the user waits for:
// services may be slow, and esc gives up. It is known by its address, so that the answer
// to one that was given up is told from the one that is waited for.
type inquiry struct {
	what   string // is asked
	cancel context.CancelFunc
}

// The messages of inquiries.
type (
	// inquiryMsg opens one, and asks.
	inquiryMsg struct {
		inquiry *inquiry
		ask     tea.Cmd
	}

	// answerMsg is what came of one.
	answerMsg struct {
		inquiry *inquiry
		answer  tea.Msg
	}
)

// inquire makes a command of a function that the user waits for, as call does. Its
// message is dropped where the user has given up.
func (w *world) inquire(what string, f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, callTime)
		i := &inquiry{what, cancel}
		return inquiryMsg{i, func() tea.Msg {
			defer cancel()
			return answerMsg{i, f(ctx)}
		}}
	}
}

// answered takes up an answer, unless nobody waits for it any more.
func (f frame) answered(msg answerMsg) (tea.Model, tea.Cmd) {
	if f.dialog != msg.inquiry {
		return f, nil
	}
	f.dialog = nil
	return f.Update(msg.answer)
}

// Title implements dialog.
func (i *inquiry) Title() string { return "Please wait" }

// Keys implements dialog.
func (i *inquiry) Keys() []key.Binding {
	return []key.Binding{key.NewBinding(key.WithKeys("esc", "q"), key.WithHelp("esc", "give up"))}
}

// Update implements dialog.
func (i *inquiry) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if pressed, ok := msg.(tea.KeyMsg); ok && key.Matches(pressed, i.Keys()[0]) {
		i.cancel()
		return nil, nil
	}
	return i, nil
}

// View implements dialog.
func (i *inquiry) View(_ styles, width, height int) string {
	return clip(lipgloss.NewStyle().Width(width).Render("asking "+i.what+"…"), width, height)
}
