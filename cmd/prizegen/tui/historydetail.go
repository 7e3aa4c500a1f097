package tui

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// detail shows all about the selected draw.
func (h historyScreen) detail() tea.Cmd {
	if d := h.selected(); d != nil {
		return send(dialogMsg{facts{title: "Draw " + prize.Thousands(d.Index), list: campaignFacts(d), screen: h}})
	}
	list := h.session.list(h.filter)
	if h.settings.Campaign != nil || h.at >= len(list) {
		return nil
	}
	d := list[h.at]
	return send(dialogMsg{facts{title: "Draw " + prize.Thousands(d.draw.Index), list: sessionFacts(d), screen: h}})
}

// fact is one line about a draw.
type fact struct{ name, value string }

func campaignFacts(d *campaign.Draw) []fact {
	list := []fact{
		{"account", d.Account},
		{"prize", wonOf(d.Prize)},
		{"rule", textOf(d.Rule)},
		{"player", playerOf(d)},
	}
	if d.Entrant != nil {
		list = append(list, fact{"email", cmp.Or(d.Entrant.Email, "-")}, fact{"entrant", strconv.FormatInt(d.Entrant.ID, 10)})
	}
	if d.Drawn != nil {
		list = append(list, fact{"drawn", d.Drawn.Name + ", which had run out"})
	}
	if d.Claim != nil {
		list = append(list, fact{"claimed", when(d.Claim.At) + "  " + d.Claim.Note})
	}
	if d.Void != nil {
		list = append(list, fact{"void", when(d.Void.At) + "  " + d.Void.Note})
	}
	return append(list,
		fact{"played", when(d.PlayedAt)}, fact{"campaign", d.Campaign}, fact{"id", d.ID},
		fact{"formats", d.TextFormat + " + " + d.NumberFormat}, fact{"rules", d.Rules + " " + d.RulesSHA256},
		fact{"seed", cmp.Or(d.Seed, "secret until the campaign is closed")})
}

func sessionFacts(d drawnMsg) []fact {
	chance := ""
	if won := d.terms.Rules.Prize(d.outcome); won != nil {
		chance = prize.Percent(won.Chance) + " of this rule, exactly " + won.Chance.RatString()
	} else if rule := d.terms.Rules.Rule(d.outcome); rule != nil {
		chance = prize.Percent(rule.NoPrize()) + " of this rule, exactly " + rule.NoPrize().RatString()
	}
	return []fact{
		{"account", d.draw.Whole},
		{"prize", wonOf(d.draw.Prize)},
		{"rule", textOf(d.draw.Rule)},
		{"chance", chance},
		{"drawn", d.at.UTC().Format("2006-01-02 15:04:05")},
		{"seed", d.draw.Seed},
		{"formats", d.draw.TextFormat + " + " + d.draw.NumberFormat},
		{"rules", d.draw.Rules + " " + d.draw.RulesSHA256},
	}
}

// facts is a dialog with all about a draw, in which the keys of the list act on it.
type facts struct {
	title  string
	list   []fact
	screen historyScreen
	from   int
	size   sizeMsg // of the room that it is shown in, zero where that is not known
}

// Title implements dialog.
func (f facts) Title() string { return f.title }

// Keys implements dialog.
func (f facts) Keys() []key.Binding {
	keys := []key.Binding{
		key.NewBinding(key.WithKeys("esc", "q", "enter", " "), key.WithHelp("esc", "back")),
		key.NewBinding(key.WithKeys("down", "j"), key.WithHelp("↓", "more")),
		key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑", "before")),
	}
	if f.screen.selected() != nil {
		k := f.screen.keys
		keys = append(keys, k.claim, k.void, k.edit, k.erase)
	}
	return keys
}

// Update implements dialog.
func (f facts) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case sizeMsg:
		f.size = msg
	case tea.MouseMsg:
		switch msg.Button { //nolint:exhaustive // other buttons do nothing here
		case tea.MouseButtonWheelDown:
			f = f.scroll(1)
		case tea.MouseButtonWheelUp:
			f = f.scroll(-1)
		}
	}
	pressed, ok := msg.(tea.KeyMsg)
	keys := f.Keys()
	switch {
	case !ok:
	case key.Matches(pressed, keys[0]):
		return nil, nil
	case key.Matches(pressed, keys[1]):
		f = f.scroll(1)
	case key.Matches(pressed, keys[2]):
		f = f.scroll(-1)
	default:
		if cmd := f.screen.act(pressed); cmd != nil {
			return nil, cmd
		}
	}
	return f, nil
}

// scroll shows other lines, as far as there are some.
func (f facts) scroll(by int) facts {
	f.from = max(min(f.from+by, len(f.lines(f.screen.w.styles, f.size.width))-f.size.height), 0)
	return f
}

// View implements dialog.
func (f facts) View(st styles, width, height int) string {
	lines := f.lines(st, width)
	from := min(f.from, max(len(lines)-height, 0))
	return clip(strings.Join(lines[from:], "\n"), width, height)
}

// lines are the facts in lines of a width.
func (f facts) lines(st styles, width int) []string {
	names := 0
	for _, fact := range f.list {
		names = max(names, lipgloss.Width(fact.name))
	}
	var lines []string
	for _, fact := range f.list {
		value := lipgloss.NewStyle().Width(max(width-names-2, 1)).Render(fact.value)
		for i, line := range strings.Split(value, "\n") {
			name := ""
			if i == 0 {
				name = fact.name
			}
			lines = append(lines, st.faint.Render(pad(name, names))+"  "+strings.TrimRight(line, " "))
		}
	}
	return lines
}
