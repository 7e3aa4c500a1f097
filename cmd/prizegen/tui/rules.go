package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/pkg/prize"
)

// rulesScreen shows the rules with their prizes and chances, the YAML text of the rules,
// or the mistakes in a file that cannot be used. It watches the file for changes.
type rulesScreen struct {
	w        *workspace
	settings Settings
	choose   settingKeys
	keys     rulesKeys
	odds     oddsMsg
	size     sizeMsg
	watch    fileWatch

	selected int  // index of the selected rule
	source   bool // whether the YAML text is shown
	current  bool // whether the rules in use are shown rather than the mistakes in a file
	from     int  // first visible line of the YAML text or the mistakes
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

// applySettings applies settings. If the rules have changed, it shows them from the
// beginning.
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

// nextView cycles through the rules, their YAML text and, if the file has any, its
// mistakes.
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

// move selects another rule or scrolls the text.
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

// rulesHead is the number of lines above the list of rules, including the column
// headings.
const rulesHead = 2

// sideBySide is the minimum width at which a rule is shown beside the list rather than
// below it.
const sideBySide = 72

// listSize returns the size of the area that shows the list of rules.
func (r rulesScreen) listSize(width, height int) sizeMsg {
	rules := len(r.settings.Terms().Rules.List)
	if width >= sideBySide {
		return sizeMsg{width * 9 / 20, max(height-rulesHead, 1)}
	}
	return sizeMsg{width, max(min(rules, (height-rulesHead)/3), 1)}
}

// page returns the number of lines on a page.
func (r rulesScreen) page() int {
	if r.source || r.invalid() != nil {
		return max(r.size.height-1, 1)
	}
	return r.listSize(r.size.width, r.size.height).height
}

// text renders the mistakes or the YAML text as lines.
func (r rulesScreen) text(width int) []string {
	st := r.w.styles
	if r.invalid() != nil {
		return strings.Split(r.mistakes(width), "\n")
	}
	source := strings.Split(strings.TrimRight(string(r.settings.Terms().Rules.Source()), "\n"), "\n")
	digits := len(fmt.Sprint(len(source)))
	var lines []string
	for i, line := range source {
		line = strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", "  ")
		style := st.plain
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			style = st.faint
		}
		lines = append(lines, st.faint.Render(padLeft(fmt.Sprint(i+1), digits)+"  ")+style.Render(truncate(printable(line), width-digits-2)))
	}
	return lines
}

// mistakes renders every mistake with its line and a mark below the column. If the file
// could not be read, it renders the error.
func (r rulesScreen) mistakes(width int) string {
	st := r.w.styles
	list := r.invalid().mistakes()
	if len(list) == 0 {
		return "\n" + st.warn.Width(width).Render("✗ "+r.w.explain(r.invalid().err)) + "\n" + st.faint.Render("r reloads them, g chooses other rules")
	}
	var lines []string
	for _, m := range list {
		lines = append(lines, "", st.warn.Width(width).Render(fmt.Sprintf("✗ line %d, column %d: %s", m.Line, m.Column, m.Problem)))
		source := []rune(printable(strings.ReplaceAll(m.Source, "\t", " ")))
		if strings.TrimSpace(string(source)) == "" {
			continue
		}
		// A long line is truncated so that the mark remains visible.
		before := min(max(m.Column-1, 0), len(source))
		if from := before - (width-6)/2; len(source) > width-6 && from > 0 {
			source, before = append([]rune("…"), source[from+1:]...), before-from
		}
		mark := lipgloss.Width(string(source[:min(before, len(source))]))
		lines = append(lines, "    "+truncate(string(source), width-4), "    "+strings.Repeat(" ", mark)+st.warn.Render("^"))
	}
	return strings.Join(lines, "\n")
}

// printable replaces control characters with U+FFFD.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
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

// isFile reports whether ref names a file, which can change.
func isFile(ref string) bool {
	return ref != "" && ref != "-" && !slices.Contains(prize.Builtins(), ref)
}

// fileWatch watches the rules file for changes, no matter which screen is active.
type fileWatch struct {
	number  int         // counts watches, so that messages of earlier watches can be ignored
	ref     string      // path of the file; empty if there is none
	version fileVersion // the version that was read; zero if it is not known
	paused  bool        // true while a campaign is selected
}

// watchInterval is the time between two checks of the file.
const watchInterval = time.Second

// These are the messages of a watch.
type (
	watchTickMsg   struct{ watch int }
	fileVersionMsg struct {
		watch   int
		version fileVersion
		err     error
	}
)

// watchFile watches the file of the current rules.
func (r rulesScreen) watchFile() (rulesScreen, tea.Cmd) {
	ref := r.settings.latestRef()
	switch {
	case r.settings.Campaign != nil: // the rules of a campaign never change
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

// statFile returns a command that gets the version of the file, or nil if the rules do
// not come from a file.
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

// receiveVersion reloads the file if it has changed, and continues to watch it. It
// ignores errors, because a missing file may be about to be replaced.
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
