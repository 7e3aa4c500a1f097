package tui

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// historyHead is the number of lines above the rows: the head and the column headings.
const historyHead = 2

// pageHeight returns the number of rows that fit.
func (h historyScreen) pageHeight() int { return max(h.height-historyHead, 1) }

// View implements screen.
func (h historyScreen) View(width, height int) string {
	st := h.w.styles
	lines := []string{h.head(width)}
	switch {
	case h.err != nil && len(h.page) == 0:
		text := st.warn.Render("✗ "+h.w.explain(h.err)) + "\n\n" + st.key.Render("r") + " tries again  " + st.key.Render("b") + " changes the backend"
		return lines[0] + "\n" + centre(lipgloss.NewStyle().Width(min(width-2, 60)).Render(text), width, height-1)
	case h.len() == 0:
		return lines[0] + "\n" + centre(st.faint.Width(min(width-2, 60)).Render(h.empty()), width, height-1)
	case h.settings.Campaign == nil:
		lines = append(lines, h.sessionRows(width, height)...)
	default:
		lines = append(lines, h.campaignRows(width, height)...)
	}
	return crop(strings.Join(lines, "\n"), width, height)
}

// empty describes why no draws are listed.
func (h historyScreen) empty() string {
	switch {
	case h.loading || h.settings.Campaign != nil && h.stale:
		return "loading the draws…"
	case h.filter != historyFilter{}:
		return "No draws match the filter. f changes it."
	case h.settings.Campaign != nil:
		return "Nobody has played " + h.settings.Campaign.Name + " yet."
	}
	return "No draws yet. The draws of this session appear here; c shows those of a campaign."
}

// head describes what is listed.
func (h historyScreen) head(width int) string {
	st := h.w.styles
	text, more := "This session", ""
	if c := h.settings.Campaign; c != nil {
		text = "Campaign " + c.Name
		if page := len(h.cursors); page > 1 || h.next != "" {
			more = fmt.Sprintf("page %d", page)
		}
	} else if h.session.total > 0 {
		more = fmt.Sprintf("%s %s", prize.Thousands(h.session.total), show.Noun(h.session.total, "draw"))
		if h.session.total > maxSession {
			more += fmt.Sprintf(", the last %s of which are listed", prize.Thousands(maxSession))
		}
	}
	line := st.title.Render(text)
	if filter := h.filter.String(); filter != "" {
		line += st.mark.Render("  only " + filter)
	}
	if h.err != nil && len(h.page) > 0 {
		return truncate(line+st.warn.Render("  ✗ "+h.err.Error()+" (r: retry)"), width)
	}
	switch {
	case h.loading:
		more = "loading…"
	case h.stale && h.err == nil && h.settings.Campaign != nil:
		more = "home shows newer draws"
	}
	return truncate(line+"  "+st.faint.Render(more), width)
}

// sessionRows renders the draws of this session.
func (h historyScreen) sessionRows(width, height int) []string {
	st := h.w.styles
	list := h.session.list(h.filter)
	from := firstVisible(h.selected, len(list), height-historyHead)
	shown := list[from:min(from+height-historyHead, len(list))]
	rows := make([][]string, len(shown))
	for i, d := range shown {
		rows[i] = []string{prize.Thousands(d.Index), d.Whole, prizeName(d.Prize), textOf(d.Rule), d.Rules, d.PlayedAt.UTC().Format("15:04:05")}
	}
	return table(st, []column{
		{title: "INDEX", rank: 3, right: true, max: 26},
		{title: "ACCOUNT", rank: 5, max: 24},
		{title: "PRIZE", rank: 6, max: 30, style: func(row int) lipgloss.Style { return st.prize(shown[row].Prize != nil) }},
		{title: "RULE", rank: 4, max: 40},
		{title: "RULES", rank: 1, max: 20},
		{title: "DRAWN", rank: 2},
	}, rows, h.selected-from, width)
}

// campaignRows renders the page of the campaign's draws.
func (h historyScreen) campaignRows(width, height int) []string {
	st := h.w.styles
	from := firstVisible(h.selected, len(h.page), height-historyHead)
	shown := h.page[from:min(from+height-historyHead, len(h.page))]
	rows := make([][]string, len(shown))
	for i := range shown {
		d := &shown[i]
		rows[i] = []string{prize.Thousands(d.Index), d.Whole, prizeName(d.Prize), playerName(d), claimState(d), formatTime(d.PlayedAt), textOf(d.Rule)}
	}
	return table(st, []column{
		{title: "INDEX", rank: 3, right: true, max: 26},
		{title: "ACCOUNT", rank: 7, max: 24},
		{title: "PRIZE", rank: 6, max: 24, style: func(row int) lipgloss.Style { return st.prize(shown[row].Prize != nil) }},
		{title: "PLAYER", rank: 4, max: 24},
		{title: "STATE", rank: 5, style: func(row int) lipgloss.Style {
			if shown[row].Void != nil {
				return st.warn
			}
			return st.good
		}},
		{title: "PLAYED", rank: 2},
		{title: "RULE", rank: 1, max: 30},
	}, rows, h.selected-from, width)
}

// prizeName returns the name of a prize, or "no prize".
func prizeName(won *draw.Prize) string {
	if won == nil {
		return "no prize"
	}
	return won.Name
}

// textOf returns *text, or "" for nil.
func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// playerName returns the full name of the entrant if it is known.
func playerName(d *campaign.Draw) string {
	if d.Entrant != nil {
		return fullName(d.Entrant.Person)
	}
	return cmp.Or(d.Player, "-")
}

// claimState returns "void", "claimed" or "".
func claimState(d *campaign.Draw) string {
	switch {
	case d.Void != nil:
		return "void"
	case d.Claim != nil:
		return "claimed"
	}
	return ""
}

// formatTime formats a time in UTC.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// showDetail returns a command that opens a dialog about the selected draw.
func (h historyScreen) showDetail() tea.Cmd {
	if d := h.selectedDraw(); d != nil {
		return send(dialogMsg{detailDialog{title: "Draw " + prize.Thousands(d.Index), facts: campaignFacts(d), screen: h}})
	}
	list := h.session.list(h.filter)
	if h.settings.Campaign != nil || h.selected >= len(list) {
		return nil
	}
	d := &list[h.selected]
	return send(dialogMsg{detailDialog{title: "Draw " + prize.Thousands(d.Index), facts: sessionFacts(d), screen: h}})
}

// fact is a named value in the details of a draw.
type fact struct{ name, value string }

func campaignFacts(d *campaign.Draw) []fact {
	list := []fact{
		{"account", d.Whole},
		{"prize", prizeName(d.Prize)},
		{"rule", textOf(d.Rule)},
		{"player", playerName(d)},
	}
	if d.Entrant != nil {
		list = append(list, fact{"email", cmp.Or(d.Entrant.Email, "-")}, fact{"entrant", strconv.FormatInt(d.Entrant.ID, 10)})
	}
	if d.Drawn != nil {
		list = append(list, fact{"drawn", d.Drawn.Name + ", which had run out"})
	}
	if d.Claim != nil {
		list = append(list, fact{"claimed", formatTime(d.Claim.At) + "  " + d.Claim.Note})
	}
	if d.Void != nil {
		list = append(list, fact{"void", formatTime(d.Void.At) + "  " + d.Void.Note})
	}
	return append(list,
		fact{"played", formatTime(d.PlayedAt)}, fact{"campaign", d.Campaign}, fact{"id", d.ID},
		fact{"formats", d.TextFormat + " + " + d.NumberFormat}, fact{"rules", d.Rules + " " + d.RulesSHA256},
		fact{"seed", cmp.Or(d.Seed, "secret until the campaign is closed")})
}

func sessionFacts(d *drawn) []fact {
	text := ""
	if _, chance := d.chance(); chance != nil {
		text = prize.Percent(chance) + " of this rule, exactly " + chance.RatString()
	}
	return []fact{
		{"account", d.Whole},
		{"prize", prizeName(d.Prize)},
		{"rule", textOf(d.Rule)},
		{"chance", text},
		{"drawn", d.PlayedAt.UTC().Format("2006-01-02 15:04:05")},
		{"seed", d.Seed},
		{"formats", d.TextFormat + " + " + d.NumberFormat},
		{"rules", d.Rules + " " + d.RulesSHA256},
	}
}

// detailDialog is a dialog with the details of a draw. The keys that act on a draw in the
// list act on this one.
type detailDialog struct {
	title  string
	facts  []fact
	screen historyScreen
	from   int     // first line shown
	size   sizeMsg // zero before it is known
}

// Title implements dialog.
func (d detailDialog) Title() string { return d.title }

// Keys implements dialog.
func (d detailDialog) Keys() []key.Binding {
	keys := []key.Binding{
		bind("esc", "back", "esc", "q", "enter", " "),
		bind("↓", "down", "down", "j"),
		bind("↑", "up", "up", "k"),
	}
	if d.screen.selectedDraw() != nil {
		k := d.screen.keys
		keys = append(keys, k.claim, k.void, k.edit, k.erase)
	}
	return keys
}

// Update implements dialog.
func (d detailDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	keys := d.Keys()
	switch msg := msg.(type) {
	case sizeMsg:
		d.size = msg
	case tea.MouseMsg:
		return d.scroll(wheelLines(msg)), nil
	case tea.KeyMsg:
		switch {
		case key.Matches(msg, keys[0]):
			return nil, nil
		case key.Matches(msg, keys[1]):
			return d.scroll(1), nil
		case key.Matches(msg, keys[2]):
			return d.scroll(-1), nil
		}
		if cmd := d.screen.act(msg); cmd != nil {
			return nil, cmd
		}
	}
	return d, nil
}

// scroll scrolls by a number of lines, but not beyond the first or last one.
func (d detailDialog) scroll(by int) detailDialog {
	d.from = max(min(d.from+by, len(d.lines(d.screen.w.styles, d.size.width))-d.size.height), 0)
	return d
}

// View implements dialog.
func (d detailDialog) View(st styles, width, height int) string {
	lines := d.lines(st, width)
	from := min(d.from, max(len(lines)-height, 0))
	return crop(strings.Join(lines[from:], "\n"), width, height)
}

// lines renders the facts in lines of a width.
func (d detailDialog) lines(st styles, width int) []string {
	names := 0
	for _, fact := range d.facts {
		names = max(names, lipgloss.Width(fact.name))
	}
	var lines []string
	for _, fact := range d.facts {
		value := lipgloss.NewStyle().Width(max(width-names-2, 1)).Render(fact.value)
		for i, line := range strings.Split(value, "\n") {
			name := ""
			if i == 0 {
				name = fact.name
			}
			lines = append(lines, st.faint.Render(show.Pad(name, names))+"  "+strings.TrimRight(line, " "))
		}
	}
	return lines
}
