package tui

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// View implements screen.
func (o oddsScreen) View(width, height int) string {
	st, odds := o.w.styles, o.shownOdds()
	if o.settings.termsUnknown() {
		return centre(st.faint.Render("asking "+o.settings.Backend.Name+" for its rules and formats…"), width, height)
	}
	if odds == nil {
		return centre(st.faint.Render("computing the exact odds…"), width, height)
	}
	o.size = sizeMsg{width, height}
	o = o.scroll(0)
	space := []string{}
	if height >= oddsRoomy {
		space = append(space, "")
	}
	lines := append([]string{st.title.Render(truncate(o.title(), width)), o.figures(odds, width)}, space...)
	lines = append(lines, o.chart(width)...)
	for len(lines) < height-2-len(space) {
		lines = append(lines, "")
	}
	lines = append(lines, space...)
	return crop(strings.Join(append(lines, o.cost(odds, width), o.session(width)), "\n"), width, height)
}

// title describes the odds on the screen.
func (o oddsScreen) title() string {
	t := o.settings.Terms()
	if o.account == "" {
		return fmt.Sprintf("The odds of %s + %s with rules %s", t.Text, t.Number, t.Rules.Name)
	}
	rule := "no rule matches"
	if i, covered := t.Rules.Find(o.account); covered {
		rule = t.Rules.List[i].Name
	}
	return fmt.Sprintf("The chances of %s with rules %s: %s", o.account, t.Rules.Name, rule)
}

// figures renders the chance of winning and the mean cost of a draw.
func (o oddsScreen) figures(odds *prize.Odds, width int) string {
	st, currency := o.w.styles, o.settings.Terms().Rules.Currency
	text := st.faint.Render("win ") + st.win.Render(prize.Percent(odds.Win)) + st.faint.Render(" ("+prize.OneIn(odds.Win)+")") +
		st.faint.Render("  cost ") + st.win.Render(currency.FormatRat(odds.Mean, 2)) + st.faint.Render(" a draw, ±"+show.Money(currency, odds.StandardDeviation()))
	return truncate(text, width)
}

// chart renders the rows with their chances as bars, together with the draws of this
// session.
func (o oddsScreen) chart(width int) []string {
	const minBar, maxBar = 6, 40
	st, all := o.w.styles, o.rows()
	counted := o.account == "" && o.observed != nil
	rows := all[o.from:min(o.from+o.pageHeight(), len(all))]
	prizes := func(row int) lipgloss.Style { return st.prize(rows[row].Prize != nil) }
	figures := func(row int) lipgloss.Style {
		if rows[row].Prize == nil {
			return st.lose
		}
		return st.plain
	}
	columns := []column{
		{title: "RULE", rank: 6, min: 10},
		{title: "PRIZE", rank: 6, min: 7, style: prizes},
		{title: "CHANCE", rank: 5, right: true, style: figures},
		{title: "ONE IN", rank: 1, right: true, style: figures},
	}
	if counted {
		columns = append(columns, column{title: "DRAWN", rank: 4, right: true}, column{title: "EXPECTED", rank: 2, right: true, style: figures})
	}
	most := new(big.Rat)
	var cells [][]string
	for i, row := range all {
		cells = append(cells, o.cells(all, i, counted))
		if row.Probability.Cmp(most) > 0 {
			most = row.Probability
		}
	}
	// The widths depend on all rows, so that scrolling does not move the columns.
	widths, shown := columnWidths(columns, cells, width-2-minBar-2)
	room := min(width-2-2-tableWidth(widths, shown), maxBar)
	cells = cells[o.from : o.from+len(rows)]
	for i := range columns {
		columns[i].max = widths[i]
		if !slices.Contains(shown, i) {
			columns[i].rank = 0
		}
	}
	for i, row := range rows {
		share, _ := new(big.Rat).Quo(row.Probability, most).Float64()
		cells[i] = append(cells[i], o.bar(row, share, room, most))
	}
	return table(st, append(columns, column{rank: 6, max: room}), cells, -1, width)
}

// cells returns the cells of a row. Only the first visible row of a rule contains its
// name.
func (o oddsScreen) cells(rows []prize.Row, i int, counted bool) []string {
	row := rows[i]
	rule, won := "(no rule)", "no prize"
	if row.Rule != nil {
		rule = row.Rule.Name
	}
	if i > o.from && rows[i-1].Rule == row.Rule {
		rule = ""
	}
	if row.Prize != nil {
		won = row.Prize.Name
	}
	cells := []string{rule, won, prize.Percent(row.Probability), strings.TrimPrefix(prize.OneIn(row.Probability), "1 in ")}
	if counted {
		expected := expectedCount(row.Probability, o.drawn())
		cells = append(cells, prize.Thousands(o.observed[row.Outcome]), formatExpected(expected))
	}
	return cells
}

// drawn returns the number of draws counted.
func (o oddsScreen) drawn() uint64 { return total(o.observed) }

// bar renders the chance of a row as a bar. A mark shows the share of the draws with this
// outcome.
func (o oddsScreen) bar(row prize.Row, share float64, width int, most *big.Rat) string {
	st := o.w.styles
	bar := []rune(show.Pad(show.Bar(share, width), width))
	n := o.drawn()
	if n == 0 || o.account != "" || o.observed[row.Outcome] == 0 || width < 1 {
		return st.bar.Render(string(bar))
	}
	scale, _ := most.Float64()
	at := int(math.Round(float64(o.observed[row.Outcome]) / float64(n) / scale * float64(width)))
	at = min(at, width-1)
	return st.bar.Render(string(bar[:at])) + st.mark.Render("┃") + st.bar.Render(string(bar[at+1:]))
}

// cost renders the total cost of a number of draws.
func (o oddsScreen) cost(odds *prize.Odds, width int) string {
	st, currency := o.w.styles, o.settings.Terms().Rules.Currency
	if o.account != "" {
		return ""
	}
	sum := odds.Total(o.draws)
	draws := prize.Thousands(o.draws) + " " + show.Noun(o.draws, "draw")
	text := fmt.Sprintf("%s: %s expected, at most %s with 95%%, %s with 99%% probability", draws, currency.FormatRat(sum.Mean, 0), show.Money(currency, sum.P95), show.Money(currency, sum.P99))
	if sum.Rough != "" {
		text += ", roughly"
	}
	if lipgloss.Width(text) > width {
		text = fmt.Sprintf("%s: %s, 99%%: at most %s", draws, currency.FormatRat(sum.Mean, 0), show.Money(currency, sum.P99))
	}
	return st.faint.Render(truncate(text, width))
}

// session renders a comparison of the draws of this session with the odds.
func (o oddsScreen) session(width int) string {
	st, n := o.w.styles, o.drawn()
	if n == 0 {
		return st.faint.Render(truncate("no draws with these rules and formats yet", width))
	}
	sample := draw.Compare(o.settings.Seed, o.observed, *o.odds.odds)
	text := fmt.Sprintf("┃ %s drawn", prize.Thousands(n))
	if sample.Degrees > 0 {
		text += fmt.Sprintf(": chi-square %.2f, %d degrees of freedom, p = %.4f", sample.ChiSquare, sample.Degrees, sample.P)
	} else {
		text += ", too few for a chi-square test"
	}
	return st.faint.Render(truncate(text, width))
}
