package tui

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// atHome is what was chosen for draws in this process, kept while services make them.
type atHome struct {
	free     Terms
	rulesRef string
}

// chooseBackend offers the places where draws are made.
func (w *world) chooseBackend(s Settings) tea.Cmd {
	options := []option{{"local", "in this process", w.connect(s, w.Local)}}
	at := 0
	known := w.Remote
	if known == nil && s.Backend.Client != nil {
		known = &s.Backend
	}
	if known != nil {
		options = append(options, option{known.Name, "services", w.connect(s, *known)})
		if s.Backend.Client != nil {
			at = 1
		}
	}
	options = append(options, option{"services…", "at another address", ask("Address of the services", func(values []string) (tea.Cmd, error) {
		b, err := w.Connect(strings.TrimSpace(values[0]))
		if err != nil {
			return nil, err
		}
		return w.connect(s, b), nil
	}, field{label: "Address", hint: "http://localhost:8080"})})
	return choose("Where draws are made", at, options...)
}

// connect is a command that goes over to a backend: to services with the terms that are
// deployed there, and home with those that were chosen before. A backend that does not
// answer is not taken. For the present one there is nothing to do.
func (w *world) connect(s Settings, b Backend) tea.Cmd {
	switch {
	case b.Name == s.Backend.Name && !s.Waiting:
		return nil
	case b.Client == nil && s.home != nil:
		return send(changeMsg{func(s Settings) Settings { return s.over(b, s.home.free, s.home.rulesRef) }})
	}
	return w.inquire(b.Name+" what is deployed there", func(ctx context.Context) tea.Msg {
		terms, err := deployed(ctx, b)
		if err != nil {
			return errorMsg{err}
		}
		return changeMsg{func(s Settings) Settings { return s.over(b, terms, terms.Rules.Name) }}
	})
}

// over are the settings at another backend.
func (s Settings) over(b Backend, free Terms, rulesRef string) Settings {
	if s.Backend.Client == nil && !s.Waiting {
		s.home = &atHome{s.Free, s.RulesRef}
	}
	s.Backend, s.Free, s.RulesRef, s.wrong = b, free, rulesRef, nil
	s.Campaign, s.Waiting = nil, false
	return s
}
