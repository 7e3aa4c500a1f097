package tui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// newFrame returns a frame whose screens have received the initial settings.
func newFrame(w *workspace, screens ...screen) frame {
	f := frame{w: w, keys: newFrameKeys(), settings: w.Settings, screens: screens, started: make([]bool, len(screens))}
	f.settings.Waiting = w.Load != nil
	f, f.initCmd = f.broadcast(settingsMsg{f.settings})
	return f
}

// Init implements [tea.Model].
func (f frame) Init() tea.Cmd {
	if f.w.Load == nil {
		return tea.Batch(send(showMsg{0}), f.initCmd, computeOdds(f.settings.Terms()))
	}
	return tea.Batch(send(showMsg{0}), f.initCmd, f.load())
}

// The frame sends these messages to itself.
type (
	// showMsg shows a screen.
	showMsg struct{ screen int }

	// loadedMsg contains the result of [Config.Load].
	loadedMsg struct {
		settings Settings
		err      error
	}

	// retryLoadMsg calls [Config.Load] again.
	retryLoadMsg struct{}
)

// Update implements [tea.Model].
func (f frame) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		f.width, f.height = msg.Width, msg.Height
		return f.resize()
	case tea.KeyMsg:
		return f.handleKeys(msg)
	case tea.MouseMsg:
		return f.handleMouse(msg)
	case showMsg:
		return f.showScreen(msg.screen)
	case waitMsg:
		f.dialog = msg.dialog
		return f, msg.request
	case resultMsg:
		if f.dialog != msg.dialog { // the user has cancelled it
			return f, nil
		}
		f.dialog = nil
		return f.Update(msg.msg)
	case dialogMsg:
		f.dialog = msg.dialog
		f.dialog, _ = f.dialog.Update(f.dialogSize())
		return f, nil
	case errorMsg:
		f.err, f.note = msg.err, ""
		return f.resize()
	case noteMsg:
		f.note, f.err = msg.text, nil
		return f.resize()
	case changeMsg:
		return f.applySettings(msg.change(f.settings))
	case retryLoadMsg:
		if f.settings.Waiting {
			return f, f.load()
		}
		return f, nil
	case loadedMsg:
		return f.applyLoaded(msg)
	case rulesMsg:
		return f.applyRules(msg)
	case campaignMsg:
		return f, tea.Sequence(send(changeMsg{msg.enter}), askEntrant(f.settings))
	}
	var dialogCmd tea.Cmd
	if f.dialog != nil { // a message for its text fields
		f.dialog, dialogCmd = f.dialog.Update(msg)
	}
	next, cmd := f.broadcast(msg)
	return next, tea.Batch(dialogCmd, cmd)
}

// retryDelay is the time between two calls of [Config.Load].
const retryDelay = 3 * time.Second

// load returns a command that calls [Config.Load].
func (f frame) load() tea.Cmd {
	return f.w.call(func(ctx context.Context) tea.Msg {
		s, err := f.w.Load(ctx, f.settings)
		return loadedMsg{s, err}
	})
}

// applyLoaded applies loaded settings, unless the user has chosen another backend
// meanwhile. After an error it retries.
func (f frame) applyLoaded(msg loadedMsg) (tea.Model, tea.Cmd) {
	if !f.settings.Waiting {
		return f, nil
	}
	f.err = msg.err
	f, resized := f.resize()
	// If the campaign does not exist, free play is still possible.
	if msg.err != nil && !errors.Is(msg.err, campaign.ErrNotFound) {
		return f, tea.Batch(resized, f.w.after(retryDelay, retryLoadMsg{}))
	}
	msg.settings.Waiting = false
	f, changed := f.applySettings(msg.settings)
	return f, tea.Batch(resized, changed)
}

// applySettings applies settings. If the terms have changed, it starts to compute the
// odds.
func (f frame) applySettings(s Settings) (frame, tea.Cmd) {
	same := sameTerms(s.Terms(), f.settings.Terms()) && s.Waiting == f.settings.Waiting
	f.settings = s
	f, changed := f.broadcast(settingsMsg{s})
	if same || s.Waiting {
		return f, changed
	}
	f, cleared := f.broadcast(oddsMsg{terms: s.Terms()})
	return f, tea.Batch(changed, cleared, computeOdds(s.Terms()))
}

// applyRules applies rules that were read. It ignores a reloaded file if the user has
// chosen other rules meanwhile.
func (f frame) applyRules(msg rulesMsg) (tea.Model, tea.Cmd) {
	if msg.reloaded && msg.ref != f.settings.latestRef() {
		return f, nil
	}
	f, changed := f.applySettings(msg.apply(f.settings))
	f, sent := f.broadcast(msg)
	if _, active := f.screens[f.active].(rulesScreen); active && msg.err != nil {
		return f, tea.Batch(changed, sent) // the screen will show the error
	}
	return f, tea.Batch(changed, sent, msg.report())
}

// broadcast sends a message to every screen.
func (f frame) broadcast(msg tea.Msg) (frame, tea.Cmd) {
	f.screens = slices.Clone(f.screens)
	var cmds []tea.Cmd
	for i := range f.screens {
		var cmd tea.Cmd
		f.screens[i], cmd = f.screens[i].Update(msg)
		cmds = append(cmds, cmd)
	}
	return f, tea.Batch(cmds...)
}

// sendToScreen sends a message to the active screen.
func (f frame) sendToScreen(msg tea.Msg) (frame, tea.Cmd) {
	f.screens = slices.Clone(f.screens)
	var cmd tea.Cmd
	f.screens[f.active], cmd = f.screens[f.active].Update(msg)
	return f, cmd
}

// resize tells the screens their size.
func (f frame) resize() (frame, tea.Cmd) {
	return f.broadcast(sizeMsg{f.width, f.contentHeight()})
}

// showScreen shows a screen. The first time, it calls the screen's Init method.
func (f frame) showScreen(index int) (frame, tea.Cmd) {
	if f.started[f.active] && index == f.active {
		return f, nil
	}
	var hidden, started tea.Cmd
	if f.started[f.active] {
		f, hidden = f.sendToScreen(shownMsg{false})
	}
	f.active = index
	if !f.started[index] {
		f.started = slices.Clone(f.started)
		f.started[index] = true
		started = f.screens[index].Init()
	}
	f, shown := f.sendToScreen(shownMsg{true})
	return f, tea.Batch(hidden, started, shown)
}

// handleKeys handles a keyboard message. Keys in quick succession arrive as one message,
// and Escape followed by a key arrives as that key with Alt. handleKeys handles each key
// separately. Only forms accept pasted text.
func (f frame) handleKeys(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if _, isForm := f.dialog.(form); isForm || msg.Type != tea.KeyRunes {
		return f.handleKey(msg)
	}
	if msg.Paste {
		return f, nil
	}
	var pressed []tea.KeyMsg
	if msg.Alt {
		pressed = append(pressed, tea.KeyMsg{Type: tea.KeyEsc})
	}
	for _, r := range msg.Runes {
		pressed = append(pressed, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	var next tea.Model = f
	var cmds []tea.Cmd
	for _, keyMsg := range pressed {
		var cmd tea.Cmd
		next, cmd = next.(frame).handleKey(keyMsg)
		cmds = append(cmds, cmd)
	}
	return next, tea.Batch(cmds...)
}

// handleKey handles a key. If a dialog is open, the dialog handles it; otherwise the
// frame or the active screen does. Any key dismisses an error or a note.
func (f frame) handleKey(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	switch {
	case key.Matches(msg, f.keys.interrupt):
		return f, tea.Quit
	case key.Matches(msg, f.keys.suspend):
		return f, tea.Suspend
	}
	if f.err != nil || f.note != "" {
		wasError := f.err != nil
		f.err, f.note = nil, ""
		f, _ = f.resize()
		if wasError && key.Matches(msg, f.keys.back) {
			return f, nil
		}
	}
	if f.dialog != nil {
		return f.sendToDialog(msg)
	}
	switch {
	case key.Matches(msg, f.keys.quit):
		return f, f.quit()
	case key.Matches(msg, f.keys.help):
		s := f.screens[f.active]
		f.dialog = help{title: "Keys of " + s.Title(), own: s.Keys(), shared: f.keys.all()}
		return f, nil
	case key.Matches(msg, f.keys.next):
		return f.showScreen((f.active + 1) % len(f.screens))
	case key.Matches(msg, f.keys.previous):
		return f.showScreen((f.active + len(f.screens) - 1) % len(f.screens))
	case key.Matches(msg, f.keys.screens):
		if number, err := strconv.Atoi(msg.String()); err == nil && number <= len(f.screens) {
			return f.showScreen(number - 1)
		}
		return f, nil
	}
	return f.sendToScreen(msg)
}

// quit returns a command that quits the program, after a confirmation if a screen
// requires one.
func (f frame) quit() tea.Cmd {
	for _, s := range f.screens {
		if s, ok := s.(quitConfirmer); ok && s.ConfirmQuit() != "" {
			return confirm("Quit?", s.ConfirmQuit(), tea.Quit)
		}
	}
	return tea.Quit
}

// handleMouse handles a mouse message. The frame itself handles clicks on tabs. The open
// dialog or the active screen handles other messages, in its own coordinates.
func (f frame) handleMouse(msg tea.MouseMsg) (tea.Model, tea.Cmd) {
	if f.dialog != nil {
		msg.X, msg.Y = f.dialogPosition(msg.X, msg.Y)
		return f.sendToDialog(msg)
	}
	if msg.Y > 0 {
		msg.Y -= f.headHeight()
		if msg.Y < 0 || msg.Y >= f.contentHeight() {
			return f, nil
		}
		return f.sendToScreen(msg)
	}
	if !isClick(msg) {
		return f, nil
	}
	x := 0
	for i, tab := range f.tabs() {
		x += lipgloss.Width(tab) + 1
		if msg.X < x-1 {
			return f.showScreen(i)
		}
	}
	return f, nil
}

// sendToDialog sends the dialog its size and then a message.
func (f frame) sendToDialog(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	if f.dialog, cmd = f.dialog.Update(f.dialogSize()); f.dialog != nil {
		f.dialog, cmd = f.dialog.Update(msg)
	}
	return f, cmd
}
