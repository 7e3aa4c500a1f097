package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// The least size that is shown.
const (
	minWidth  = 40
	minHeight = 12
)

// programName stands in the upper right corner where there is room.
const programName = "prizegen "

// frame is the model of the program: it holds the screens and what they share.
type frame struct {
	w        *world
	keys     frameKeys
	settings Settings
	screens  []screen
	began    tea.Cmd // what the screens do from the beginning, shown or not
	started  []bool  // by screen: whether it was shown before
	at       int     // the shown screen

	dialog dialog // nil for none
	err    error  // nil for none
	note   string // what was done, empty for nothing

	width, height int // of the terminal, 0 before it told
}

// newFrame makes the model, with the settings told to every screen.
func newFrame(w *world, screens ...screen) frame {
	f := frame{w: w, keys: newFrameKeys(), settings: w.Settings, screens: screens, started: make([]bool, len(screens))}
	f.settings.Waiting = w.Begin != nil
	f, f.began = f.tell(settingsMsg{f.settings})
	return f
}

// Init implements [tea.Model].
func (f frame) Init() tea.Cmd {
	if f.w.Begin == nil {
		return tea.Batch(send(showMsg{0}), f.began, computeOdds(f.settings.Terms()))
	}
	return tea.Batch(send(showMsg{0}), f.began, f.begin())
}

// showMsg shows a screen.
type showMsg struct{ at int }

// Update implements [tea.Model].
func (f frame) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		f.width, f.height = msg.Width, msg.Height
		return f.tellSize()
	case tea.KeyMsg:
		return f.typed(msg)
	case tea.MouseMsg:
		return f.click(msg)
	case showMsg:
		return f.show(msg.at)
	case inquiryMsg:
		f.dialog = msg.inquiry
		return f, msg.ask
	case answerMsg:
		return f.answered(msg)
	case dialogMsg:
		f.dialog = msg.dialog
		f.dialog, _ = f.dialog.Update(f.dialogSize())
		return f, nil
	case errorMsg:
		f.err, f.note = msg.err, ""
		return f.tellSize()
	case noteMsg:
		f.note, f.err = msg.text, nil
		return f.tellSize()
	case changeMsg:
		return f.change(msg.change(f.settings))
	case beginMsg:
		if f.settings.Waiting {
			return f, f.begin()
		}
		return f, nil
	case begunMsg:
		return f.begun(msg)
	case rulesMsg:
		return f.readRules(msg)
	case enteredMsg:
		return f, msg.take(f.settings)
	}
	var forDialog tea.Cmd
	if f.dialog != nil { // such as the blinking of its cursor
		f.dialog, forDialog = f.dialog.Update(msg)
	}
	next, cmd := f.tell(msg)
	return next, tea.Batch(forDialog, cmd)
}

// change takes up settings, and has the odds computed where the terms are others.
func (f frame) change(s Settings) (frame, tea.Cmd) {
	same := sameTerms(s.Terms(), f.settings.Terms()) && s.Waiting == f.settings.Waiting
	f.settings = s
	f, told := f.tell(settingsMsg{s})
	if same || s.Waiting {
		return f, told
	}
	f, unknown := f.tell(oddsMsg{terms: s.Terms()})
	return f, tea.Batch(told, unknown, computeOdds(s.Terms()))
}

// readRules takes up what became of reading rules. Those of a file that was read again
// are not wanted where there are others by now.
func (f frame) readRules(msg rulesMsg) (tea.Model, tea.Cmd) {
	if msg.again && msg.ref != f.settings.readRef() {
		return f, nil
	}
	f, changed := f.change(msg.take(f.settings))
	f, told := f.tell(msg)
	if _, shown := f.screens[f.at].(rulesScreen); shown && msg.err != nil {
		return f, tea.Batch(changed, told) // which shows it itself
	}
	return f, tea.Batch(changed, told, msg.report())
}

// tell gives a message to every screen.
func (f frame) tell(msg tea.Msg) (frame, tea.Cmd) {
	f.screens = slices.Clone(f.screens)
	var cmds []tea.Cmd
	for i := range f.screens {
		var cmd tea.Cmd
		f.screens[i], cmd = f.screens[i].Update(msg)
		cmds = append(cmds, cmd)
	}
	return f, tea.Batch(cmds...)
}

// tellShown gives a message to the shown screen alone.
func (f frame) tellShown(msg tea.Msg) (frame, tea.Cmd) {
	f.screens = slices.Clone(f.screens)
	var cmd tea.Cmd
	f.screens[f.at], cmd = f.screens[f.at].Update(msg)
	return f, cmd
}

func (f frame) tellSize() (frame, tea.Cmd) {
	return f.tell(sizeMsg{f.width, f.contentHeight()})
}

// show shows a screen, and has it begin its work where that is the first time.
func (f frame) show(at int) (frame, tea.Cmd) {
	if f.started[f.at] && at == f.at {
		return f, nil
	}
	var hidden, init tea.Cmd
	if f.started[f.at] {
		f, hidden = f.tellShown(shownMsg{false})
	}
	f.at = at
	if !f.started[at] {
		f.started = slices.Clone(f.started)
		f.started[at] = true
		init = f.screens[at].Init()
	}
	f, shown := f.tellShown(shownMsg{true})
	return f, tea.Batch(hidden, init, shown)
}

// typed acts on what was read from the keyboard at a time. Keys in quick succession come
// as one message, of which each acts alone, and Escape with a key behind it comes as a
// key held with Alt. A form takes such messages as they are, and alone what is pasted.
func (f frame) typed(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if _, isForm := f.dialog.(form); isForm || msg.Type != tea.KeyRunes {
		return f.press(msg)
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
	for _, one := range pressed {
		var cmd tea.Cmd
		next, cmd = next.(frame).press(one)
		cmds = append(cmds, cmd)
	}
	return next, tea.Batch(cmds...)
}

// press acts on a key: it is the dialog's where there is one, then the frame's, then
// the screen's. An error and a note go away with it.
func (f frame) press(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	switch {
	case key.Matches(msg, f.keys.interrupt):
		return f, tea.Quit
	case key.Matches(msg, f.keys.suspend):
		return f, tea.Suspend
	}
	if f.err != nil || f.note != "" {
		wasError := f.err != nil
		f.err, f.note = nil, ""
		f, _ = f.tellSize()
		if wasError && key.Matches(msg, f.keys.back) {
			return f, nil
		}
	}
	if f.dialog != nil {
		return f.tellDialog(msg)
	}
	switch {
	case key.Matches(msg, f.keys.quit):
		return f, f.quit()
	case key.Matches(msg, f.keys.help):
		f.dialog = newHelp(f.keys, f.screens[f.at])
		return f, nil
	case key.Matches(msg, f.keys.next):
		return f.show((f.at + 1) % len(f.screens))
	case key.Matches(msg, f.keys.previous):
		return f.show((f.at + len(f.screens) - 1) % len(f.screens))
	case key.Matches(msg, f.keys.screens):
		if number, err := strconv.Atoi(msg.String()); err == nil && number <= len(f.screens) {
			return f.show(number - 1)
		}
		return f, nil
	}
	return f.tellShown(msg)
}

// working is a screen that may be in the middle of something.
type working interface {
	// Work tells what would be cut off by quitting, empty for nothing.
	Work() string
}

// quit ends the program, after a question where that would cut something off.
func (f frame) quit() tea.Cmd {
	for _, s := range f.screens {
		if s, ok := s.(working); ok && s.Work() != "" {
			return confirm("Quit?", s.Work(), tea.Quit)
		}
	}
	return tea.Quit
}

// click acts on the mouse: tabs are the frame's, and below them the mouse is the
// screen's, in whose own columns and lines it is told.
func (f frame) click(msg tea.MouseMsg) (tea.Model, tea.Cmd) {
	if f.dialog != nil {
		return f.clickDialog(msg)
	}
	if msg.Y > 0 {
		msg.Y -= f.headHeight()
		if msg.Y < 0 || msg.Y >= f.contentHeight() {
			return f, nil
		}
		return f.tellShown(msg)
	}
	if msg.Button != tea.MouseButtonLeft || msg.Action != tea.MouseActionPress {
		return f, nil
	}
	x := 0
	for i, tab := range f.tabs() {
		x += lipgloss.Width(tab) + 1
		if msg.X < x-1 {
			return f.show(i)
		}
	}
	return f, nil
}

// headHeight is how many lines stand above the screen: the tabs, the settings where
// there is room for them, and a line below.
func (f frame) headHeight() int {
	if f.height < 16 {
		return 2
	}
	return 3
}

func (f frame) contentHeight() int {
	return max(f.height-f.headHeight()-lipgloss.Height(f.foot()), 0)
}

// View implements [tea.Model].
func (f frame) View() string {
	if f.width == 0 {
		return ""
	}
	if f.width < minWidth || f.height < minHeight {
		text := fmt.Sprintf("prizegen needs a terminal of %d×%d or more, this one has %d×%d", minWidth, minHeight, f.width, f.height)
		return clip(lipgloss.NewStyle().Width(f.width).Render(text), f.width, f.height)
	}
	head := []string{cut(strings.Join(f.tabs(), " "), f.width)}
	if left := f.width - lipgloss.Width(head[0]); left > len(programName) {
		head[0] += f.w.styles.faint.Render(padLeft(programName, left))
	}
	if f.headHeight() > 2 {
		head = append(head, f.w.styles.faint.Render(cut(f.settings.line(), f.width)))
	}
	head = append(head, f.w.styles.faint.Render(f.divider()))
	return strings.Join(head, "\n") + "\n" + fill(f.content(), f.width, f.contentHeight()) + "\n" + f.foot()
}

// divider is the line below the head. Where there is no line for the settings, it tells
// in short what is drawn for.
func (f frame) divider() string {
	text := ""
	if f.headHeight() == 2 {
		text = "─ " + cut(f.settings.inShort(), f.width-4) + " "
	}
	return text + strings.Repeat("─", max(f.width-lipgloss.Width(text), 0))
}

// content is what stands between head and foot.
func (f frame) content() string {
	if f.dialog != nil {
		return centre(f.dialogBox(), f.width, f.contentHeight())
	}
	return f.screens[f.at].View(f.width, f.contentHeight())
}

// tabs are the tabs as they stand in the first line. Where there is no room for all
// the names, only that of the shown screen is told.
func (f frame) tabs() []string {
	tabs := func(names bool) []string {
		var list []string
		for i, s := range f.screens {
			name := strconv.Itoa(i + 1)
			if names || i == f.at {
				name += " " + s.Title()
			}
			style := f.w.styles.tab
			switch {
			case i == f.at && f.w.styles.plainOnly():
				name = "[" + name + "]"
			case i == f.at:
				name, style = " "+name+" ", f.w.styles.tabShown
			default:
				name = " " + name + " "
			}
			list = append(list, style.Render(name))
		}
		return list
	}
	if all := tabs(true); lipgloss.Width(strings.Join(all, " ")) <= f.width {
		return all
	}
	return tabs(false)
}

// foot is the last lines: an error, a note or the keys.
func (f frame) foot() string {
	st := f.w.styles
	switch {
	case f.err != nil:
		return clip(st.warn.Width(f.width).Render("✗ "+f.w.explain(f.err)+" (esc: back)"), f.width, 4)
	case f.note != "":
		return st.good.Render(cut("✓ "+f.note, f.width))
	case f.dialog != nil:
		return keyLine(st, f.width, f.dialog.Keys())
	}
	return keyLine(st, f.width, f.screens[f.at].Keys(), f.keys.help, f.keys.quit)
}
