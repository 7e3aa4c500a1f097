package tui

import (
	"errors"
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

// rulesScreen is where rules are looked through: each with its prizes and their
// chances, their text, and the mistakes of a file that can't be used.
type rulesScreen struct {
	w        *world
	settings Settings
	choose   settingKeys
	keys     rulesKeys
	odds     oddsMsg
	size     sizeMsg

	at     int  // the selected rule
	source bool // whether the text is shown
	from   int  // the first line shown of the text or the mistakes
	aside  bool // whether the used rules are shown in place of the mistakes of a file
	watch  watch
}

// wrongRules is a rules file that can't be used.
type wrongRules struct {
	ref string
	err error // a [prize.FileError] where there are mistakes in it
}

type rulesKeys struct{ source, reload, up, down, pageUp, pageDown key.Binding }

func newRules(w *world) rulesScreen {
	return rulesScreen{w: w, choose: newSettingKeys(), keys: rulesKeys{
		source:   key.NewBinding(key.WithKeys("y", "enter"), key.WithHelp("y", "YAML/rules")),
		reload:   key.NewBinding(key.WithKeys("r"), key.WithHelp("r", "read again")),
		up:       key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑", "up")),
		down:     key.NewBinding(key.WithKeys("down", "j"), key.WithHelp("↓", "down")),
		pageUp:   key.NewBinding(key.WithKeys("pgup"), key.WithHelp("pgup", "page up")),
		pageDown: key.NewBinding(key.WithKeys("pgdown", " "), key.WithHelp("pgdn", "page down")),
	}}
}

// Title implements screen.
func (r rulesScreen) Title() string { return "Rules" }

// Init implements screen.
func (r rulesScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (r rulesScreen) Keys() []key.Binding {
	k := r.keys
	list := []key.Binding{k.down, k.up, k.source, k.reload, k.pageDown, k.pageUp}
	return append(list, r.choose.all(r.settings)...)
}

// Update implements screen.
func (r rulesScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return r.settle(msg.Settings)
	case oddsMsg:
		r.odds = msg
	case sizeMsg:
		r.size = msg
	case rulesMsg:
		return r.loaded(msg)
	case shownMsg:
		return r, nil
	case watchTickMsg, stampMsg:
		return r.look(msg)
	case tea.MouseMsg:
		switch {
		case msg.Button == tea.MouseButtonWheelUp:
			return r.move(-1), nil
		case msg.Button == tea.MouseButtonWheelDown:
			return r.move(1), nil
		case msg.Button == tea.MouseButtonLeft && msg.Action == tea.MouseActionPress:
			return r.click(msg.X, msg.Y), nil
		}
	case tea.KeyMsg:
		return r.press(msg)
	}
	return r, nil
}

// settle takes up settings. Other rules are shown from their beginning.
func (r rulesScreen) settle(s Settings) (screen, tea.Cmd) {
	changed := r.settings.Free.Rules != nil && r.settings.Terms().Rules.SHA256() != s.Terms().Rules.SHA256()
	r.settings = s
	if changed {
		r.from, r.at = 0, min(r.at, len(s.Terms().Rules.List)-1)
	}
	return r.follow()
}

// loaded takes up what became of loading rules.
func (r rulesScreen) loaded(m rulesMsg) (screen, tea.Cmd) {
	r.aside, r.from = false, 0
	return r.followFrom(m.stamp)
}

func (r rulesScreen) press(msg tea.KeyMsg) (screen, tea.Cmd) {
	k := r.keys
	switch {
	case key.Matches(msg, k.source):
		r = r.turn()
	case key.Matches(msg, k.reload):
		return r, r.reload()
	case key.Matches(msg, k.up):
		return r.move(-1), nil
	case key.Matches(msg, k.down):
		return r.move(1), nil
	case key.Matches(msg, k.pageUp):
		return r.move(-r.page()), nil
	case key.Matches(msg, k.pageDown):
		return r.move(r.page()), nil
	default:
		return r, r.choose.press(r.w, r.settings, msg)
	}
	return r, nil
}

// turn shows the next side: the rules, their text, and the mistakes of a file that can't
// be used where there is one.
func (r rulesScreen) turn() rulesScreen {
	switch {
	case r.wrong() != nil:
		r.aside, r.source = true, false
	case r.source && r.aside:
		r.aside, r.source = false, false
	default:
		r.source = !r.source
	}
	r.from = 0
	return r
}

// wrong are the mistakes that are shown, nil for none.
func (r rulesScreen) wrong() *wrongRules {
	if r.aside || r.settings.Campaign != nil {
		return nil
	}
	return r.settings.wrong
}

// reload is a command that reads the rules again.
func (r rulesScreen) reload() tea.Cmd {
	if r.settings.Campaign != nil {
		return send(noteMsg{"the rules of an open campaign never change"})
	}
	load := r.w.loadRules(r.settings.Backend, r.settings.readRef())
	return func() tea.Msg {
		read := load().(rulesMsg)
		read.again = true
		return read
	}
}

// readRef is what the rules that were read last were asked for with.
func (s Settings) readRef() string {
	if s.wrong != nil {
		return s.wrong.ref
	}
	return s.RulesRef
}

// move selects another rule, or moves on in a text.
func (r rulesScreen) move(by int) rulesScreen {
	if r.source || r.wrong() != nil {
		r.from = max(min(r.from+by, len(r.text(max(r.size.width, 1)))-r.page()), 0)
		return r
	}
	r.at = max(min(r.at+by, len(r.settings.Terms().Rules.List)-1), 0)
	return r
}

// click selects the rule of a line.
func (r rulesScreen) click(x, y int) rulesScreen {
	if r.source || r.wrong() != nil {
		return r
	}
	list := r.listSize(r.size.width, r.size.height)
	line := y - rulesHead
	if x < list.width && line >= 0 && line < list.height {
		n := len(r.settings.Terms().Rules.List)
		r.at = min(scrolled(r.at, n, list.height)+line, n-1)
	}
	return r
}

// mistakes are those of the wrong file.
func (w *wrongRules) mistakes() []prize.Mistake {
	var wrong *prize.FileError
	if errors.As(w.err, &wrong) {
		return wrong.Mistakes
	}
	return nil
}

// inShort tells what is wrong with rules in a line.
func (w *wrongRules) inShort() error {
	if n := len(w.mistakes()); n > 0 {
		return fmt.Errorf("%d %s in %s: the screen Rules shows them", n, show.Noun(uint64(n), "mistake"), w.ref)
	}
	return w.err
}

// isFile says whether rules are those of a file that can change.
func isFile(ref string) bool {
	return ref != "" && ref != "-" && !slices.Contains(prize.Builtins(), ref)
}
