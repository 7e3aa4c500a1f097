package tui

import (
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"
)

// guard is a model that ends the program in good order where something in it panics:
// the terminal is restored, and then the fault is told.
type guard struct {
	model tea.Model
	quit  func() // ends the program
	fault error  // nil for none
}

// faultMsg ends the program for a panic in a command.
type faultMsg struct{ fault error }

// Init implements [tea.Model].
func (g *guard) Init() tea.Cmd { return guarded(g.model.Init()) }

// Update implements [tea.Model].
func (g *guard) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer func() {
		if g.recovered(recover()) {
			next, cmd = g, tea.Quit
		}
	}()
	if msg, ok := msg.(faultMsg); ok {
		g.fault = msg.fault
		return g, tea.Quit
	}
	model, cmd := g.model.Update(msg)
	g.model = model
	return g, guarded(cmd)
}

// View implements [tea.Model].
func (g *guard) View() (view string) {
	if g.fault != nil {
		return ""
	}
	defer func() {
		if g.recovered(recover()) {
			go g.quit() // which waits for the view
		}
	}()
	return g.model.View()
}

// recovered says whether there was a panic, which it keeps.
func (g *guard) recovered(panicked any) bool {
	if panicked != nil {
		g.fault = faultOf(panicked)
	}
	return g.fault != nil
}

func faultOf(panicked any) error {
	return fmt.Errorf("a fault in the program: %v\n%s", panicked, debug.Stack())
}

// guarded is a command that gives a panic as a message.
func guarded(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if panicked := recover(); panicked != nil {
				msg = faultMsg{faultOf(panicked)}
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = guarded(batch[i])
			}
		}
		return msg
	}
}
