package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Update implements screen.
func (h historyScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return h.applySettings(msg.Settings)
	case sizeMsg:
		h.height = msg.height
	case shownMsg:
		h.shown = msg.shown
		if h.shown && h.stale && len(h.cursors) == 1 {
			return h.load(h.cursors, false)
		}
	case drawn:
		return h.add(msg), nil
	case historyPageMsg:
		if msg.request == h.request {
			h = h.receive(msg)
		}
	case historyFilterMsg:
		h.filter, h.selected = msg.historyFilter, 0
		h.session = h.session.count(h.filter)
		return h.load([]string{""}, false)
	case drawChangedMsg:
		h.page = replaceDraw(h.page, msg.draw)
		if h.filter.status != "" { // the draw may no longer match the filter
			next, cmd := h.load(h.cursors, false)
			return next, tea.Batch(cmd, send(noteMsg{msg.note}))
		}
		return h, send(noteMsg{msg.note})
	case entrantChangedMsg:
		next, cmd := h.load(h.cursors, false)
		return next, tea.Batch(cmd, send(noteMsg{msg.note}))
	case tea.KeyMsg:
		return h.handleKey(msg)
	case tea.MouseMsg:
		return h.handleMouse(msg)
	}
	return h, nil
}

func (h historyScreen) handleKey(msg tea.KeyMsg) (screen, tea.Cmd) {
	k := h.keys
	switch {
	case key.Matches(msg, k.up):
		return h.move(-1)
	case key.Matches(msg, k.down):
		return h.move(1)
	case key.Matches(msg, k.pageUp):
		return h.move(-h.pageHeight())
	case key.Matches(msg, k.pageDown):
		return h.move(h.pageHeight())
	case key.Matches(msg, k.first):
		h.selected = 0
		if len(h.cursors) > 1 || h.stale {
			return h.load([]string{""}, false)
		}
	case key.Matches(msg, k.detail):
		return h, h.showDetail()
	case key.Matches(msg, k.status):
		return h, h.chooseStatus()
	case key.Matches(msg, k.prize):
		return h, h.choosePrize()
	case key.Matches(msg, k.account):
		return h, h.askAccount()
	case key.Matches(msg, k.reload):
		return h.load(h.cursors, false)
	case key.Matches(msg, h.choose.campaign, h.choose.backend):
		return h, h.choose.handle(h.w, h.settings, msg)
	default:
		return h, h.act(msg)
	}
	return h, nil
}

// handleMouse selects the clicked draw. If the draw is already selected, it opens the
// draw.
func (h historyScreen) handleMouse(msg tea.MouseMsg) (screen, tea.Cmd) {
	if !isClick(msg) {
		if by := wheelLines(msg); by != 0 {
			return h.move(by)
		}
		return h, nil
	}
	row := msg.Y - historyHead
	clicked := firstVisible(h.selected, h.len(), h.pageHeight()) + row
	if row < 0 || row >= h.pageHeight() || clicked >= h.len() {
		return h, nil
	}
	if clicked == h.selected {
		return h, h.showDetail()
	}
	h.selected = clicked
	return h, nil
}

// move selects another draw. At the ends of the page it loads the next or previous page.
func (h historyScreen) move(by int) (screen, tea.Cmd) {
	last := h.len() - 1
	if h.settings.Campaign != nil && !h.loading {
		switch {
		case by > 0 && h.selected >= last && h.next != "":
			return h.load(append(h.cursors[:len(h.cursors):len(h.cursors)], h.next), false)
		case by < 0 && h.selected == 0 && len(h.cursors) > 1:
			return h.load(h.cursors[:len(h.cursors)-1], true)
		}
	}
	h.selected = max(min(h.selected+by, last), 0)
	return h, nil
}

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

// empty explains why no draws are listed.
func (h historyScreen) empty() string {
	switch {
	case h.loading || h.settings.Campaign != nil && h.stale:
		return "loading the draws…"
	case h.filter != historyFilter{}:
		return "No draws match the filter. Press f to change it."
	case h.settings.Campaign != nil:
		return "Nobody has played " + h.settings.Campaign.Name + " yet."
	}
	return "No draws yet. The draws of this session will appear here. Press c to see the draws of a campaign."
}

// head describes the listed draws.
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
