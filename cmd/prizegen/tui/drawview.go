package tui

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Update implements screen.
func (d drawScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return d.applySettings(msg.Settings), nil
	case oddsMsg:
		d.odds = msg
	case sizeMsg:
		d.size = msg
	case tea.KeyMsg:
		if key.Matches(msg, d.draw) {
			return d.press()
		}
		if d.state == drawPending && key.Matches(msg, d.cancel) {
			return d.fail(errCancelled), nil
		}
		return d, d.choose.handle(d.w, d.settings, msg)
	case tea.MouseMsg:
		if isClick(msg) && d.startsDraw(msg.X, msg.Y) {
			return d.press()
		}
	case drawResultMsg:
		if msg.request == d.request.number && d.state == drawPending {
			return d.receive(msg)
		}
	case slowMsg:
		d.request.slow = msg.request == d.request.number && d.state == drawPending
	case tickMsg:
		if msg.request == d.request.number {
			return d.animate()
		}
	}
	return d, nil
}

// View implements screen.
func (d drawScreen) View(width, height int) string {
	foot := d.tallyLine(width)
	room := height - lipgloss.Height(foot)
	parts := []string{d.reels(width, room)}
	parts = append(parts, d.result(width, room-lipgloss.Height(parts[0])))
	shown := strings.Join(parts, "\n")
	if left := room - lipgloss.Height(shown); left >= 4 && len(d.recent) > 0 {
		shown = strings.Repeat("\n", min((left-3)/4, 3)) + shown
		left = room - lipgloss.Height(shown)
		shown += "\n\n" + d.recentLines(width, left-1)
	} else if left > 0 {
		shown = strings.Repeat("\n", left/2) + shown
	}
	return fill(shown, width, room) + "\n" + foot
}

// pressSpace is shown before the first draw.
const pressSpace = "Press space to draw"

// startsDraw reports whether a click at a position starts a draw. Only clicks on the
// account number and on pressSpace do, because draws of a campaign are stored.
func (d drawScreen) startsDraw(x, y int) bool {
	lines := strings.Split(ansi.Strip(d.View(d.size.width, d.size.height)), "\n")
	if y >= len(lines) {
		return false
	}
	text := strings.TrimSpace(lines[y])
	left := lipgloss.Width(lines[y]) - lipgloss.Width(strings.TrimLeft(lines[y], " "))
	if x < left || x >= left+lipgloss.Width(text) {
		return false
	}
	if text == pressSpace {
		return true
	}
	reels := strings.Split(ansi.Strip(d.reels(d.size.width, d.size.height-lipgloss.Height(d.tallyLine(d.size.width)))), "\n")
	for from := range lines {
		if strings.TrimRight(lines[from], " ") == strings.TrimRight(reels[0], " ") {
			return y >= from && y < from+len(reels)
		}
	}
	return false
}

// reels renders the account number. Each letter is in a box if there is room, and the
// boxes are as large as the room allows.
func (d drawScreen) reels(width, height int) string {
	letters, gap := d.letters()
	for _, box := range []letterBox{
		{width: 2*glyphWidth + 4, height: glyphHeight + 2, scale: 2, minHeight: 26},
		{width: 2*glyphWidth + 2, height: glyphHeight + 2, scale: 2, minHeight: 26},
		{width: glyphWidth + 4, height: glyphHeight/2 + 2, scale: 1, minHeight: 18},
		{width: glyphWidth + 2, height: glyphHeight/2 + 2, scale: 1, minHeight: 18},
		{width: 5, height: 3, minHeight: 8},
		{width: 3, height: 3, minHeight: 8},
	} {
		if len(letters)*box.width+2 <= width && height >= box.minHeight {
			return lipgloss.PlaceHorizontal(width, lipgloss.Center, d.boxes(letters, gap, box))
		}
	}
	var text strings.Builder
	for i, l := range letters {
		if i == gap {
			text.WriteString(" ")
		}
		text.WriteString(l.style.Render(l.text))
	}
	// An account number may be longer than a line.
	return lipgloss.NewStyle().Width(width).Align(lipgloss.Center).Render(text.String())
}

// letterBox describes the box around a letter.
type letterBox struct {
	width, height int
	scale         int // scale of the glyph; 0 for a plain letter
	minHeight     int // minimum available height
}

// letter is a letter of the account number.
type letter struct {
	text    string
	style   lipgloss.Style
	stopped bool
}

// letters returns the rolling or stopped letters of the account number, and how many of
// them belong to the text part.
func (d drawScreen) letters() (list []letter, text int) {
	st, terms := d.w.styles, d.settings.Terms()
	account := ""
	if d.state >= drawRolling && d.state != drawFailed {
		terms, account = d.drawn.terms, d.drawn.Whole
	}
	text = terms.Text.Len()
	for i := range text + terms.Number.Len() {
		alphabet := terms.Text.Alphabet()
		if i >= text {
			alphabet = terms.Number.Alphabet()
		}
		roll := letter{string(alphabet[scramble(d.tick, i, len(alphabet))%uint64(len(alphabet))]), st.rolling, false}
		switch {
		case d.state == drawReady || d.state == drawFailed || d.state == drawPending && !d.w.Animate:
			list = append(list, letter{"·", st.rolling, false})
		case d.state == drawPending || d.state == drawRolling && d.tick < d.stopTick(i):
			list = append(list, roll)
		default:
			list = append(list, letter{string(account[i]), st.account, true})
		}
	}
	return list, text
}

// boxes renders letters in boxes side by side, with a gap between the text part and the
// number part.
func (d drawScreen) boxes(letters []letter, gap int, size letterBox) string {
	var row []string
	for i, l := range letters {
		if i == gap {
			row = append(row, strings.Repeat("  \n", size.height-1)+"  ")
		}
		border := d.w.styles.rolling
		if l.stopped {
			border = d.w.styles.account.Bold(false)
		}
		box := d.w.styles.r.NewStyle().Border(lipgloss.RoundedBorder()).BorderForeground(border.GetForeground()).
			Width(size.width-2).Height(size.height-2).Align(lipgloss.Center, lipgloss.Center)
		text := l.text
		if g := d.glyphs[rune(l.text[0])]; g != nil && size.scale > 0 {
			text = g.draw(size.scale)
		}
		row = append(row, box.Render(l.style.Render(text)))
	}
	return lipgloss.JoinHorizontal(lipgloss.Top, row...)
}

// result renders the result of the draw, which is shown below the account number.
func (d drawScreen) result(width, height int) string {
	st := d.w.styles
	middle := st.r.NewStyle().Width(width).Align(lipgloss.Center)
	switch d.state {
	case drawReady:
		if d.settings.termsUnknown() {
			return "\n" + middle.Render(st.faint.Render("asking "+d.settings.Backend.Name+" for its rules and formats…"))
		}
		lines := []string{"", middle.Render(st.title.Render(pressSpace)), middle.Render(st.faint.Render(d.subject()))}
		if d.odds.odds != nil {
			lines = append(lines, middle.Render(st.faint.Render(fmt.Sprintf("chance to win: %s (%s)", prize.Percent(d.odds.odds.Win), prize.OneIn(d.odds.odds.Win)))))
		}
		return strings.Join(lines, "\n")
	case drawPending, drawRolling:
		text := "…"
		if d.request.slow && d.state == drawPending {
			text = "still waiting for " + d.settings.Backend.Name + "; esc cancels"
		}
		return "\n" + middle.Render(st.faint.Render(text)) + "\n" + middle.Render(st.faint.Render(d.subject()))
	case drawFailed:
		return "\n" + middle.Render(st.warn.Render("✗ "+d.w.explain(d.err))) + "\n" + middle.Render(st.faint.Render(d.nextStep()))
	}
	lines := []string{d.banner(width, height)}
	for _, line := range d.explanation() {
		lines = append(lines, middle.Render(line))
	}
	text := strings.Join(lines, "\n")
	if lipgloss.Height(text) < height-2 {
		text = "\n" + text
	}
	return text
}

// nextStep describes what the user can do after the error.
func (d drawScreen) nextStep() string {
	for _, refused := range []error{campaign.ErrNotFound, campaign.ErrState, campaign.ErrNotOpen, campaign.ErrEnded, campaign.ErrAllIssued} {
		if errors.Is(d.err, refused) {
			return "c changes to another campaign or to free play"
		}
	}
	if errors.Is(d.err, campaign.ErrMaxPlays) {
		return "e changes the entrant, c changes the campaign"
	}
	return "space tries again, b changes the backend"
}

// subject describes the draw by its index or its entrant.
func (d drawScreen) subject() string {
	s := d.settings
	switch {
	case s.Campaign == nil:
		index := s.Next
		if d.state == drawRolling {
			index = d.drawn.Index
		}
		return "draw " + prize.Thousands(index) + " of the seed"
	case d.state == drawRolling && d.drawn.player() != "":
		return "for " + d.drawn.player()
	case s.Entrant != (campaign.Person{}):
		return "for " + fullName(s.Entrant)
	}
	return "without an entrant; e names one"
}

// banner renders the prize between confetti.
func (d drawScreen) banner(width, height int) string {
	st := d.w.styles
	won := d.drawn.Prize
	if won == nil {
		return lipgloss.PlaceHorizontal(width, lipgloss.Center, st.lose.Render("no prize this time"))
	}
	box := st.r.NewStyle().Border(lipgloss.DoubleBorder()).BorderForeground(st.win.GetForeground()).Padding(0, 3)
	view := ""
	for _, size := range []struct{ scale, minHeight int }{{2, 22}, {1, 12}} {
		large, ok := drawText(d.glyphs, won.Name, size.scale)
		if ok && height >= size.minHeight && lipgloss.Width(large)+14 <= width {
			view = box.Render(st.win.Render(large))
			break
		}
	}
	if view == "" {
		text := st.win.Render("★ " + truncate(won.Name, width-14) + " ★")
		switch {
		case height < 5:
			return lipgloss.PlaceHorizontal(width, lipgloss.Center, text)
		case height >= 14:
			box = box.Padding(1, 6)
		}
		view = box.Render(text)
	}
	side := (width - lipgloss.Width(view)) / 2
	rows := lipgloss.Height(view)
	return lipgloss.JoinHorizontal(lipgloss.Top, d.confetti(side, rows, 0), view, d.confetti(side, rows, 1))
}

// confetti renders the area beside the prize. The confetti falls while the state is
// drawCelebrating.
func (d drawScreen) confetti(width, height, side int) string {
	pieces := []string{"✦", "·", "*", "•", "+"}
	colors := []lipgloss.Style{d.w.styles.win, d.w.styles.bar, d.w.styles.good, d.w.styles.key, d.w.styles.warn}
	fallen := 0
	if d.state == drawCelebrating {
		fallen = d.tick / 3
	}
	var lines []string
	for y := range height {
		var line strings.Builder
		for x := range width {
			if n := scramble(x, y-fallen+1000, side); n%9 == 0 {
				line.WriteString(colors[n>>8%uint64(len(colors))].Render(pieces[n>>16%uint64(len(pieces))]))
				continue
			}
			line.WriteByte(' ')
		}
		lines = append(lines, line.String())
	}
	return strings.Join(lines, "\n")
}

// explanation returns lines with the matching rule and the exact chances.
func (d drawScreen) explanation() []string {
	st, last := d.w.styles, d.drawn
	name, chance := last.chance()
	if last.Rule == nil || chance == nil {
		return []string{"no rule matches " + last.Whole}
	}
	by := st.title.Render(last.Whole) + st.faint.Render(" by the rule ") + st.title.Render(*last.Rule)
	if last.player() != "" {
		by = st.title.Render(last.player()) + st.faint.Render(", ") + by
	}
	lines := []string{by, st.faint.Render(fmt.Sprintf("%s had a chance of %s", name, formatChance(chance)))}
	if last.Drawn != nil {
		lines = append(lines, st.warn.Render("instead of "+last.Drawn.Name+", which has run out"))
	}
	if d.odds.odds != nil && sameTerms(d.odds.terms, last.terms) {
		if all := d.odds.odds.Rows[last.outcome].Probability; all.Cmp(chance) != 0 {
			lines = append(lines, st.faint.Render(fmt.Sprintf("in all draws: %s (%s)", prize.Percent(all), prize.OneIn(all))))
		}
	}
	return lines
}

// formatChance formats a probability as a percentage. The exact fraction follows if it is
// short.
func formatChance(p *big.Rat) string {
	if text, short := show.Fraction(p); short && !p.IsInt() {
		return prize.Percent(p) + " (" + text + ")"
	}
	return prize.Percent(p)
}

// recentLines renders the earlier draws.
func (d drawScreen) recentLines(width, height int) string {
	st := d.w.styles
	var rows [][]string
	for _, earlier := range d.recent[:min(len(d.recent), height)] {
		rows = append(rows, []string{prize.Thousands(earlier.Index), earlier.Whole, prizeName(earlier.Prize), earlier.player()})
	}
	widths := make([]int, 4)
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	var lines []string
	for i, row := range rows {
		style := st.lose
		if d.recent[i].Prize != nil {
			style = st.win.Bold(false)
		}
		lines = append(lines, st.faint.Render(padLeft(row[0], widths[0]))+"  "+show.Pad(row[1], widths[1])+"  "+style.Render(show.Pad(row[2], widths[2]))+"  "+show.Pad(row[3], widths[3]))
	}
	return lipgloss.PlaceHorizontal(width, lipgloss.Center, crop(strings.Join(lines, "\n"), width, height))
}

// tallyLine renders the number of draws in the session and the value of their prizes.
func (d drawScreen) tallyLine(width int) string {
	t := d.tally
	if t.draws == 0 {
		return ""
	}
	text := fmt.Sprintf("%s drawn, %s won", prize.Thousands(t.draws), prize.Thousands(t.wins))
	byCode := func(a, b prize.Currency) int { return strings.Compare(a.Code, b.Code) }
	for _, currency := range slices.SortedFunc(maps.Keys(t.worth), byCode) {
		text += ", worth " + currency.Display(t.worth[currency])
	}
	return lipgloss.PlaceHorizontal(width, lipgloss.Center, d.w.styles.faint.Render(truncate(text, width)))
}
