package main

import (
	"encoding/csv"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

// The longest bar takes what the other columns leave of the terminal, up to
// maxBar; where that is less than minBar there are none.
const (
	maxBar = 24
	minBar = 4
)

// oddsTable shows odds for people.
func (a *app) oddsTable(r oddsReport) string {
	s := a.styles()
	head := []string{"RULE", "PRIZE", "CHANCE", "ONE IN", "EXACTLY"}
	shown := r.shown()
	rows := r.cells(shown)
	if r.Check != nil {
		head = append(head, "DRAWN", "EXPECTED")
	} else if width := tableWidth(append(rows, head)); width > a.width {
		// The exact fractions are the widest and the first that can be done without.
		head = head[:len(head)-1]
		for i := range rows {
			rows[i] = rows[i][:len(rows[i])-1]
		}
	} else if room := min(maxBar, a.width-2-width); room >= minBar {
		head = append(head, "")
		addBars(rows, shown, room)
	}
	t := table.New().Headers(head...).Rows(rows...).
		Border(lipgloss.Border{Top: "─", Bottom: "─", Middle: "─", MiddleTop: "─", MiddleBottom: "─"}).
		BorderLeft(false).BorderRight(false).BorderColumn(false).BorderTop(false).BorderBottom(false).BorderStyle(s.faint)
	t.StyleFunc(func(row, col int) lipgloss.Style {
		style := lipgloss.NewStyle().PaddingRight(2)
		switch {
		case row == table.HeaderRow:
			style = s.head.PaddingRight(2)
		case row >= 0 && row < len(shown) && shown[row].Prize == nil && col > 0:
			style = s.faint.PaddingRight(2)
		case col == 1:
			style = s.win.PaddingRight(2)
		}
		if col == 2 || r.Check != nil && col >= 5 {
			style = style.Align(lipgloss.Right)
		}
		return style
	})
	var b strings.Builder
	fmt.Fprintln(&b, s.head.Render(r.title()))
	fmt.Fprintln(&b)
	for line := range strings.Lines(t.Render()) {
		fmt.Fprintln(&b, strings.TrimRight(line, " \n"))
	}
	fmt.Fprintln(&b)
	b.WriteString(r.figures())
	return b.String()
}

// title says whose odds they are.
func (r *oddsReport) title() string {
	if r.Account != "" {
		return fmt.Sprintf("The chances of %s by the rules %s", r.Account, r.Rules)
	}
	return fmt.Sprintf("The odds of %s + %s by the rules %s", r.TextFormat, r.NumberFormat, r.Rules)
}

// shown are the rows that are worth a line: what can happen, and prizes that are
// promised though they can't.
func (r *oddsReport) shown() []prize.Row {
	var rows []prize.Row
	for _, row := range r.exact.Rows {
		if row.Probability.Sign() > 0 || row.Prize != nil && r.Account == "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// cells are the texts of the table's rows. A rule's name stands in its first row
// only.
func (r *oddsReport) cells(rows []prize.Row) [][]string {
	var cells [][]string
	for i, row := range rows {
		rule, won := "(no rule)", "no prize"
		if row.Rule != nil {
			rule = row.Rule.Name
		}
		if i > 0 && rows[i-1].Rule == row.Rule {
			rule = ""
		}
		if row.Prize != nil {
			won = row.Prize.Name
		}
		line := []string{rule, won, prize.Percent(row.Probability), strings.TrimPrefix(prize.OneIn(row.Probability), "1 in "), fraction(row.Probability)}
		if r.Check != nil {
			line = append(line, prize.Thousands(r.Check.Observed[row.Outcome]), strconv.FormatFloat(r.Check.Expected[row.Outcome], 'f', 1, 64))
		}
		cells = append(cells, line)
	}
	return cells
}

// tableWidth is how many columns of the terminal rows of equal length take.
func tableWidth(rows [][]string) int {
	total := 0
	for col := range rows[0] {
		widest := 0
		for _, row := range rows {
			widest = max(widest, lipgloss.Width(row[col]))
		}
		total += widest + 2
	}
	return total
}

// addBars draws the probability of each row behind it, the largest one room
// columns wide.
func addBars(cells [][]string, rows []prize.Row, room int) {
	most := new(big.Rat)
	for _, row := range rows {
		if row.Probability.Cmp(most) > 0 {
			most = row.Probability
		}
	}
	for i, row := range rows {
		share, _ := new(big.Rat).Quo(row.Probability, most).Float64()
		cells[i] = append(cells[i], show.Bar(share, room))
	}
}

// fraction shows an exact probability where it fits.
func fraction(p *big.Rat) string {
	if text, short := show.Fraction(p); short {
		return text
	}
	return "(see -o json)"
}

// figures tells what the odds come to.
func (r *oddsReport) figures() string {
	var b strings.Builder
	currency := r.rules.Currency
	money := func(minor float64) string { return show.Money(currency, minor) }
	fmt.Fprintf(&b, "Win anything  %s (%s)\n", prize.Percent(r.exact.Win), prize.OneIn(r.exact.Win))
	fmt.Fprintf(&b, "Cost a draw   %s expected, %s standard deviation\n", currency.FormatRat(r.exact.Mean, 2), money(r.exact.StandardDeviation()))
	if r.Total != nil {
		fmt.Fprintf(&b, "%-13s %s expected, %s standard deviation\n", show.Count(r.total.Draws, "draw"), currency.FormatRat(r.total.Mean, 0), money(r.total.StandardDeviation))
		fmt.Fprintf(&b, "              at most %s with 95%% probability, %s with 99%%\n", money(r.total.P95), money(r.total.P99))
		fmt.Fprintf(&b, "              (%s)\n", approximation)
		if r.total.Rough != "" {
			fmt.Fprintf(&b, "              Take these two with care: %s.\n", r.total.Rough)
		}
	}
	if r.Check != nil {
		fmt.Fprintf(&b, "Check         %s of seed %s\n", show.Count(r.Check.Draws, "draw"), r.Check.Seed)
		if r.Check.Degrees == 0 {
			b.WriteString("              too few draws to tell anything\n")
			return b.String()
		}
		fmt.Fprintf(&b, "              chi-square %.2f with %d degrees of freedom, p = %.4f\n", r.Check.ChiSquare, r.Check.Degrees, r.Check.P)
		fmt.Fprintf(&b, "              (fair draws are at least this far from the odds in %.4g%% of runs)\n", 100*r.Check.P)
	}
	return b.String()
}

// writeOddsCSV writes a line for each row of the odds.
func (a *app) writeOddsCSV(r oddsReport) error {
	w := csv.NewWriter(writer{a})
	// Errors are sticky: Error tells of the first one.
	_ = w.Write([]string{"rule", "prize", "value", "currency", "probability"})
	for _, row := range r.Rows {
		_ = w.Write([]string{textOf(row.Rule), textOf(row.Prize), strconv.FormatInt(row.Value, 10), r.Currency, row.Probability})
	}
	w.Flush()
	return w.Error()
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
