package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

// rulesScreen shows the rules with their prizes and chances, the YAML text of the rules,
// or the mistakes in a file that can't be used. It watches the file for changes.
type rulesScreen struct {
	w        *workspace
	settings Settings
	choose   settingKeys
	keys     rulesKeys
	odds     oddsMsg
	size     sizeMsg
	watch    fileWatch

	selected int  // index of the selected rule
	source   bool // the text of the rules is shown
	current  bool // the rules in use are shown rather than the mistakes of a file
	from     int  // first line shown of the text or the mistakes
}

type rulesKeys struct{ source, reload, up, down, pageUp, pageDown key.Binding }

func newRules(w *workspace) rulesScreen {
	return rulesScreen{w: w, choose: newSettingKeys(), keys: rulesKeys{
		source:   bind("y", "YAML/rules", "y", "enter"),
		reload:   bind("r", "reload", "r"),
		up:       bind("↑", "up", "up", "k"),
		down:     bind("↓", "down", "down", "j"),
		pageUp:   bind("pgup", "page up", "pgup"),
		pageDown: bind("pgdn", "page down", "pgdown", " "),
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
	return append(list, r.choose.enabled(r.settings)...)
}

// Update implements screen.
func (r rulesScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return r.applySettings(msg.Settings)
	case oddsMsg:
		r.odds = msg
	case sizeMsg:
		r.size = msg
	case rulesMsg:
		r.current, r.from = false, 0
		r, cmd := r.watchFile()
		r.watch.version = msg.version
		return r, cmd
	case watchTickMsg:
		if msg.watch == r.watch.number {
			return r, r.statFile()
		}
	case fileVersionMsg:
		if msg.watch == r.watch.number {
			return r.receiveVersion(msg)
		}
	case tea.MouseMsg:
		if isClick(msg) {
			return r.click(msg.X, msg.Y), nil
		}
		return r.move(wheelLines(msg)), nil
	case tea.KeyMsg:
		return r.handleKey(msg)
	}
	return r, nil
}

// applySettings applies settings. It shows other rules from their beginning.
func (r rulesScreen) applySettings(s Settings) (screen, tea.Cmd) {
	changed := r.settings.Free.Rules != nil && r.settings.Terms().Rules.SHA256() != s.Terms().Rules.SHA256()
	r.settings = s
	if changed {
		r.from, r.selected = 0, min(r.selected, len(s.Terms().Rules.List)-1)
	}
	return r.watchFile()
}

func (r rulesScreen) handleKey(msg tea.KeyMsg) (screen, tea.Cmd) {
	k := r.keys
	switch {
	case key.Matches(msg, k.source):
		r = r.nextView()
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
		return r, r.choose.handle(r.w, r.settings, msg)
	}
	return r, nil
}

// nextView changes between the rules, their text, and the mistakes of a file if it has any.
func (r rulesScreen) nextView() rulesScreen {
	switch {
	case r.invalid() != nil:
		r.current, r.source = true, false
	case r.source && r.current:
		r.current, r.source = false, false
	default:
		r.source = !r.source
	}
	r.from = 0
	return r
}

// invalid returns the invalid rules whose mistakes are shown, or nil.
func (r rulesScreen) invalid() *invalidRules {
	if r.current || r.settings.Campaign != nil {
		return nil
	}
	return r.settings.invalid
}

// move selects another rule, or scrolls a text.
func (r rulesScreen) move(by int) rulesScreen {
	if r.source || r.invalid() != nil {
		r.from = max(min(r.from+by, len(r.text(max(r.size.width, 1)))-r.page()), 0)
		return r
	}
	r.selected = max(min(r.selected+by, len(r.settings.Terms().Rules.List)-1), 0)
	return r
}

// click selects the rule at a position.
func (r rulesScreen) click(x, y int) rulesScreen {
	if r.source || r.invalid() != nil {
		return r
	}
	list := r.listSize(r.size.width, r.size.height)
	line := y - rulesHead
	if x < list.width && line >= 0 && line < list.height {
		n := len(r.settings.Terms().Rules.List)
		r.selected = min(firstVisible(r.selected, n, list.height)+line, n-1)
	}
	return r
}

// invalidRules are rules that can't be used.
type invalidRules struct {
	ref string
	err error // a [prize.FileError] if the file has mistakes
}

// mistakes returns the mistakes in the file.
func (i *invalidRules) mistakes() []prize.Mistake {
	var file *prize.FileError
	if errors.As(i.err, &file) {
		return file.Mistakes
	}
	return nil
}

// shortErr returns an error that fits in a line.
func (i *invalidRules) shortErr() error {
	if n := len(i.mistakes()); n > 0 {
		return fmt.Errorf("%d %s in %s; see the Rules screen", n, show.Noun(uint64(n), "mistake"), i.ref)
	}
	return i.err
}

// rulesMsg has the result of reading rules for free play.
type rulesMsg struct {
	ref      string
	rules    *prize.Rules
	err      error       // a [prize.FileError] if the file has mistakes
	reloaded bool        // the rules were chosen earlier
	version  fileVersion // of the file before it was read
}

// readRules reads rules.
func readRules(ctx context.Context, b Backend, ref string) rulesMsg {
	version, _ := fileVersionOf(ref) // after an error, the file is read again once it has a version
	rules, err := b.Rules(ctx, ref)
	return rulesMsg{ref: ref, rules: rules, err: err, version: version}
}

// awaitRules returns a command that reads rules while the user waits.
func (w *workspace) awaitRules(b Backend, ref string) tea.Cmd {
	return w.await("asking "+b.Name+" for rules…", func(ctx context.Context) tea.Msg { return readRules(ctx, b, ref) })
}

// reload returns a command that reads the current rules again.
func (r rulesScreen) reload() tea.Cmd {
	if r.settings.Campaign != nil {
		return send(noteMsg{"the rules of an open campaign never change"})
	}
	b, ref := r.settings.Backend, r.settings.latestRef()
	return r.w.call(func(ctx context.Context) tea.Msg {
		msg := readRules(ctx, b, ref)
		msg.reloaded = true
		return msg
	})
}

// apply returns the settings with the rules that were read. After an error the earlier
// rules stay in use.
func (m rulesMsg) apply(s Settings) Settings {
	if m.err != nil {
		s.invalid = &invalidRules{m.ref, m.err}
		return s
	}
	s.RulesRef, s.Free.Rules, s.invalid = m.ref, m.rules, nil
	return s
}

// report returns a command that shows the result, or nil if the screens show it anyway.
func (m rulesMsg) report() tea.Cmd {
	switch {
	case m.err != nil:
		return send(errorMsg{(&invalidRules{m.ref, m.err}).shortErr()})
	case m.reloaded:
		return send(noteMsg{"reloaded " + m.rules.Name})
	}
	return nil
}

// latestRef returns the name or file of the rules that were read last.
func (s Settings) latestRef() string {
	if s.invalid != nil {
		return s.invalid.ref
	}
	return s.RulesRef
}

// isFile reports whether ref names a file, which may change.
func isFile(ref string) bool {
	return ref != "" && ref != "-" && !slices.Contains(prize.Builtins(), ref)
}

// fileWatch watches the rules file for changes, whichever screen is active.
type fileWatch struct {
	number  int         // counts watches; messages of earlier ones are ignored
	ref     string      // the file; empty for none
	version fileVersion // that was read; zero if it is not known
	paused  bool        // while a campaign is played
}

// watchInterval is the time between two checks of the file.
const watchInterval = time.Second

// fileVersion identifies a version of a file.
type fileVersion struct {
	changed time.Time
	size    int64
}

// The messages of a watch.
type (
	watchTickMsg   struct{ watch int }
	fileVersionMsg struct {
		watch   int
		version fileVersion
		err     error
	}
)

// fileVersionOf returns the current version of a file.
func fileVersionOf(file string) (fileVersion, error) {
	info, err := os.Stat(file)
	if err != nil {
		return fileVersion{}, err
	}
	return fileVersion{info.ModTime(), info.Size()}, nil
}

// watchFile watches the file of the current rules.
func (r rulesScreen) watchFile() (rulesScreen, tea.Cmd) {
	ref := r.settings.latestRef()
	switch {
	case r.settings.Campaign != nil: // its rules never change
		r.watch.paused = true
		r.watch.number++
		return r, nil
	case r.watch.ref != ref:
		r.watch.ref, r.watch.version = ref, fileVersion{}
	case !r.watch.paused:
		return r, nil
	}
	r.watch.paused = false
	r.watch.number++
	return r, r.statFile()
}

// statFile returns a command that checks the version of the file, or nil if the rules are
// not from a file.
func (r rulesScreen) statFile() tea.Cmd {
	number, ref := r.watch.number, r.watch.ref
	if r.watch.paused || !isFile(ref) {
		return nil
	}
	return func() tea.Msg {
		version, err := fileVersionOf(ref)
		return fileVersionMsg{number, version, err}
	}
}

// receiveVersion reloads the file if it has changed, and continues watching it. It ignores
// errors, because a missing file may be about to be replaced.
func (r rulesScreen) receiveVersion(msg fileVersionMsg) (screen, tea.Cmd) {
	tick := r.w.after(watchInterval, watchTickMsg{msg.watch})
	if msg.err != nil {
		return r, tick
	}
	before, unread := r.watch.version, r.settings.invalid != nil
	r.watch.version = msg.version
	if before == msg.version || before == (fileVersion{}) && !unread {
		return r, tick
	}
	return r, tea.Batch(tick, r.reload())
}
