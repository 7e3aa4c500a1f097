package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// drawScreen is where draws are made one by one, for people to see.
type drawScreen struct {
	w        *world
	settings Settings
}

func newDraw(w *world) drawScreen { return drawScreen{w: w} }

// Title implements screen.
func (d drawScreen) Title() string { return "Draw" }

// Init implements screen.
func (d drawScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (d drawScreen) Keys() []key.Binding { return nil }

// Update implements screen.
func (d drawScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	if msg, ok := msg.(settingsMsg); ok {
		d.settings = msg.Settings
	}
	return d, nil
}

// View implements screen.
func (d drawScreen) View(width, height int) string {
	return centre(d.settings.line(), width, height)
}
