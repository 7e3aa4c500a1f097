package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// historyHead is how many lines stand above the rows: what is listed, and the titles
// of the columns.
const historyHead = 2

// pageHeight is how many rows are shown.
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
	return clip(strings.Join(lines, "\n"), width, height)
}

// empty says why there is nothing to list.
func (h historyScreen) empty() string {
	switch {
	case h.loading || h.settings.Campaign != nil && h.stale:
		return "reading the draws…"
	case h.filter != historyFilter{}:
		return "No draw is like that: f changes the filter."
	case h.settings.Campaign != nil:
		return "Nobody has played " + h.settings.Campaign.Name + " yet."
	}
	return "No draws yet. Those that you make stand here, and c shows the stored ones of a campaign."
}

// head tells what is listed.
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
			more += fmt.Sprintf(", of which the last %s are kept", prize.Thousands(maxSession))
		}
	}
	line := st.title.Render(text)
	if filter := h.filter.String(); filter != "" {
		line += st.bar2.Render("  only " + filter)
	}
	if h.err != nil && len(h.page) > 0 {
		return cut(line+st.warn.Render("  ✗ "+h.err.Error()+" (r: again)"), width)
	}
	switch {
	case h.loading:
		more = "reading…"
	case h.stale && h.err == nil && h.settings.Campaign != nil:
		more = "there are newer draws: home"
	}
	return cut(line+"  "+st.faint.Render(more), width)
}

// sessionRows shows the draws of this session.
func (h historyScreen) sessionRows(width, height int) []string {
	st := h.w.styles
	list := h.session.list(h.filter)
	from := scrolled(h.at, len(list), height-historyHead)
	shown := list[from:min(from+height-historyHead, len(list))]
	rows := make([][]string, len(shown))
	for i, d := range shown {
		rows[i] = []string{prize.Thousands(d.draw.Index), d.draw.Whole, wonOf(d.draw.Prize), textOf(d.draw.Rule), d.draw.Rules, d.at.UTC().Format("15:04:05")}
	}
	return table(st, []column{
		{title: "INDEX", rank: 3, right: true, most: 26},
		{title: "ACCOUNT", rank: 5, most: 24},
		{title: "PRIZE", rank: 6, most: 30, style: h.prizeStyle(func(row int) *draw.Prize { return shown[row].draw.Prize })},
		{title: "RULE", rank: 4, most: 40},
		{title: "RULES", rank: 1, most: 20},
		{title: "DRAWN", rank: 2},
	}, rows, h.at-from, width)
}

// campaignRows shows a page of the campaign's draws.
func (h historyScreen) campaignRows(width, height int) []string {
	st := h.w.styles
	from := scrolled(h.at, len(h.page), height-historyHead)
	shown := h.page[from:min(from+height-historyHead, len(h.page))]
	rows := make([][]string, len(shown))
	for i := range shown {
		d := &shown[i]
		rows[i] = []string{prize.Thousands(d.Index), d.Account, wonOf(d.Prize), playerOf(d), stateOf(d), when(d.PlayedAt), textOf(d.Rule)}
	}
	return table(st, []column{
		{title: "INDEX", rank: 3, right: true, most: 26},
		{title: "ACCOUNT", rank: 7, most: 24},
		{title: "PRIZE", rank: 6, most: 24, style: h.prizeStyle(func(row int) *draw.Prize { return shown[row].Prize })},
		{title: "PLAYER", rank: 4, most: 24},
		{title: "STATE", rank: 5, style: func(row int) lipgloss.Style {
			if shown[row].Void != nil {
				return st.warn
			}
			return st.good
		}},
		{title: "PLAYED", rank: 2},
		{title: "RULE", rank: 1, most: 30},
	}, rows, h.at-from, width)
}

func (h historyScreen) prizeStyle(won func(row int) *draw.Prize) func(row int) lipgloss.Style {
	return func(row int) lipgloss.Style {
		if won(row) == nil {
			return h.w.styles.lose
		}
		return h.w.styles.win
	}
}

func wonOf(won *draw.Prize) string {
	if won == nil {
		return "no prize"
	}
	return won.Name
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// playerOf is who played: with the full name, where that may be known.
func playerOf(d *campaign.Draw) string {
	if d.Entrant != nil {
		return fullName(d.Entrant.Person)
	}
	return cmp.Or(d.Player, "-")
}

// stateOf is what a promoter noted about a draw.
func stateOf(d *campaign.Draw) string {
	switch {
	case d.Void != nil:
		return "void"
	case d.Claim != nil:
		return "claimed"
	}
	return ""
}

// when is a time for people, in UTC.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
