package tui

import (
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/prize"
)

// oddsScreen shows the exact odds of the present terms as a chart, those of one
// account number, and how often each outcome came up in this session.
type oddsScreen struct {
	w        *world
	settings Settings
	choose   settingKeys
	keys     oddsKeys
	odds     oddsMsg
	size     sizeMsg

	account string // whose chances are shown, empty for all account numbers
	last    string // the account number drawn last, empty for none
	draws   uint64 // whose cost is told
	from    int    // the first row shown

	observed []uint64 // by outcome of the present terms, nil for none
}

type oddsKeys struct{ account, other, draws, up, down, pageUp, pageDown key.Binding }

func newOdds(w *world) oddsScreen {
	return oddsScreen{w: w, choose: newSettingKeys(), draws: 1000, keys: oddsKeys{
		account:  key.NewBinding(key.WithKeys("a"), key.WithHelp("a", "drawn account/all")),
		other:    key.NewBinding(key.WithKeys("/"), key.WithHelp("/", "any account")),
		draws:    key.NewBinding(key.WithKeys("d"), key.WithHelp("d", "cost of n draws")),
		up:       key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑", "up")),
		down:     key.NewBinding(key.WithKeys("down", "j"), key.WithHelp("↓", "down")),
		pageUp:   key.NewBinding(key.WithKeys("pgup"), key.WithHelp("pgup", "page up")),
		pageDown: key.NewBinding(key.WithKeys("pgdown", " "), key.WithHelp("pgdn", "page down")),
	}}
}

// Title implements screen.
func (o oddsScreen) Title() string { return "Odds" }

// Init implements screen.
func (o oddsScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (o oddsScreen) Keys() []key.Binding {
	k := o.keys
	return append([]key.Binding{k.account, k.other, k.draws, k.down, k.up, k.pageDown, k.pageUp}, o.choose.all(o.settings)...)
}

// Update implements screen.
func (o oddsScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		if o.settings.Free.Rules != nil && !sameTerms(o.settings.Terms(), msg.Terms()) {
			o.observed, o.from = nil, 0
		}
		o.settings = msg.Settings
	case oddsMsg:
		o.odds = msg
	case sizeMsg:
		o.size = msg
	case drawnMsg:
		return o.count(msg), nil
	case oddsOfMsg:
		o.account, o.from = msg.account, 0
	case costOfMsg:
		o.draws = msg.draws
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			o = o.scroll(-3)
		case tea.MouseButtonWheelDown:
			o = o.scroll(3)
		}
	case tea.KeyMsg:
		return o.press(msg)
	}
	return o, nil
}

// count counts a draw, where it was made by the present terms.
func (o oddsScreen) count(m drawnMsg) oddsScreen {
	o.last = m.draw.Whole
	if !sameTerms(m.terms, o.settings.Terms()) {
		return o
	}
	observed := make([]uint64, m.terms.Rules.Outcomes())
	copy(observed, o.observed)
	observed[m.outcome]++
	o.observed = observed
	return o
}

func (o oddsScreen) press(msg tea.KeyMsg) (screen, tea.Cmd) {
	k := o.keys
	switch {
	case key.Matches(msg, k.account):
		switch {
		case o.account != "":
			o.account = ""
		case o.last != "":
			o.account = o.last
		default:
			return o, send(noteMsg{"nothing is drawn yet: / takes any account number"})
		}
		o.from = 0
	case key.Matches(msg, k.other):
		return o, askAccount(o.account)
	case key.Matches(msg, k.draws):
		return o, askDraws(o.draws)
	case key.Matches(msg, k.up):
		return o.scroll(-1), nil
	case key.Matches(msg, k.down):
		return o.scroll(1), nil
	case key.Matches(msg, k.pageUp):
		return o.scroll(-o.page()), nil
	case key.Matches(msg, k.pageDown):
		return o.scroll(o.page()), nil
	default:
		return o, o.choose.press(o.w, o.settings, msg)
	}
	return o, nil
}

func (o oddsScreen) scroll(by int) oddsScreen {
	o.from = max(min(o.from+by, len(o.rows())-o.page()), 0)
	return o
}

// oddsOfMsg shows the chances of an account number.
type oddsOfMsg struct{ account string }

func askAccount(present string) tea.Cmd {
	return ask("Chances of an account number", func(values []string) (tea.Cmd, error) {
		account := strings.TrimSpace(values[0])
		if account != "" {
			if err := prize.CheckAccount(account); err != nil {
				return nil, err
			}
		}
		return send(oddsOfMsg{account}), nil
	}, field{label: "Account", value: present, hint: "ABC123456; empty for all"})
}

// costOfMsg tells the cost of some draws.
type costOfMsg struct{ draws uint64 }

func askDraws(present uint64) tea.Cmd {
	return ask("Cost of how many draws", func(values []string) (tea.Cmd, error) {
		n, err := readNumber(values[0])
		if err != nil || n == 0 {
			return nil, errors.New("expected a whole number from 1 on")
		}
		return send(costOfMsg{n}), nil
	}, field{label: "Draws", value: prize.Thousands(present)})
}
