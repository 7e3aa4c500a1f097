package tui

import (
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/prize"
)

// oddsScreen charts exact odds: the odds of the current terms, or the odds of a single
// account number. It also shows how many draws of this session had each outcome.
type oddsScreen struct {
	w        *workspace
	settings Settings
	choose   settingKeys
	keys     oddsKeys
	odds     oddsMsg
	size     sizeMsg

	account string // account number whose odds are shown; empty for all account numbers
	last    string // the last account number drawn; empty if there is none
	draws   uint64 // number of draws whose cost is shown
	from    int    // first row shown

	observed []uint64 // number of draws with the current terms, by outcome; nil if there are none
}

type oddsKeys struct{ account, other, draws, up, down, pageUp, pageDown key.Binding }

func newOdds(w *workspace) oddsScreen {
	return oddsScreen{w: w, choose: newSettingKeys(), draws: 1000, keys: oddsKeys{
		account:  bind("a", "drawn account/all", "a"),
		other:    bind("/", "any account", "/"),
		draws:    bind("d", "cost of n draws", "d"),
		up:       bind("↑", "up", "up", "k"),
		down:     bind("↓", "down", "down", "j"),
		pageUp:   bind("pgup", "page up", "pgup"),
		pageDown: bind("pgdn", "page down", "pgdown", " "),
	}}
}

// Title implements screen.
func (o oddsScreen) Title() string { return "Odds" }

// Init implements screen.
func (o oddsScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (o oddsScreen) Keys() []key.Binding {
	k := o.keys
	return append([]key.Binding{k.account, k.other, k.draws, k.down, k.up, k.pageDown, k.pageUp}, o.choose.enabled(o.settings)...)
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
	case drawn:
		return o.count(msg), nil
	case oddsAccountMsg:
		o.account, o.from = msg.account, 0
	case oddsDrawsMsg:
		o.draws = msg.draws
	case tea.MouseMsg:
		o = o.scroll(3 * wheelLines(msg))
	case tea.KeyMsg:
		return o.handleKey(msg)
	}
	return o, nil
}

// count counts a draw if it was made with the current terms.
func (o oddsScreen) count(d drawn) oddsScreen {
	o.last = d.Whole
	if !sameTerms(d.terms, o.settings.Terms()) {
		return o
	}
	observed := make([]uint64, d.terms.Rules.Outcomes())
	copy(observed, o.observed)
	observed[d.outcome]++
	o.observed = observed
	return o
}

func (o oddsScreen) handleKey(msg tea.KeyMsg) (screen, tea.Cmd) {
	k := o.keys
	switch {
	case key.Matches(msg, k.account):
		switch {
		case o.account != "":
			o.account = ""
		case o.last != "":
			o.account = o.last
		default:
			return o, send(noteMsg{"there is no draw yet; press / to enter an account number"})
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
		return o.scroll(-o.pageHeight()), nil
	case key.Matches(msg, k.pageDown):
		return o.scroll(o.pageHeight()), nil
	default:
		return o, o.choose.handle(o.w, o.settings, msg)
	}
	return o, nil
}

func (o oddsScreen) scroll(by int) oddsScreen {
	o.from = max(min(o.from+by, len(o.rows())-o.pageHeight()), 0)
	return o
}

// oddsRoomy is the minimum screen height at which the screen has blank lines.
const oddsRoomy = 14

// pageHeight returns the number of rows that fit below the title, the figures and the
// column headings.
func (o oddsScreen) pageHeight() int {
	around := 5
	if o.size.height >= oddsRoomy {
		around += 3
	}
	return max(o.size.height-around, 1)
}

// shownOdds returns the odds to show, or nil until they are computed.
func (o oddsScreen) shownOdds() *prize.Odds {
	t := o.settings.Terms()
	if o.settings.termsUnknown() || o.odds.odds == nil || !sameTerms(o.odds.terms, t) {
		return nil
	}
	if o.account != "" {
		odds := t.Rules.AccountOdds(o.account)
		return &odds
	}
	return o.odds.odds
}

// rows returns the outcomes that have a row: all possible outcomes and, unless the odds are
// for a single account number, all prizes.
func (o oddsScreen) rows() []prize.Row {
	odds := o.shownOdds()
	if odds == nil {
		return nil
	}
	var rows []prize.Row
	for _, row := range odds.Rows {
		if row.Probability.Sign() > 0 || row.Prize != nil && o.account == "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// oddsAccountMsg shows the odds of an account number. An empty string means all account
// numbers.
type oddsAccountMsg struct{ account string }

func askAccount(current string) tea.Cmd {
	return ask("Chances of an account number", func(values []string) (tea.Cmd, error) {
		account := strings.TrimSpace(values[0])
		if account != "" {
			if err := prize.CheckAccount(account); err != nil {
				return nil, err
			}
		}
		return send(oddsAccountMsg{account}), nil
	}, field{label: "Account", value: current, hint: "ABC123456; empty for all"})
}

// oddsDrawsMsg shows the cost of a number of draws.
type oddsDrawsMsg struct{ draws uint64 }

func askDraws(current uint64) tea.Cmd {
	return ask("Cost of how many draws", func(values []string) (tea.Cmd, error) {
		n, err := parseWhole(values[0])
		if err != nil || n == 0 {
			return nil, errors.New("enter a whole number, 1 or more")
		}
		return send(oddsDrawsMsg{n}), nil
	}, field{label: "Draws", value: prize.Thousands(current)})
}
