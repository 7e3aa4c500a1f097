package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"github.com/prizegen/prizegen/pkg/prize"
)

// barWidth is the width of the longest bar in columns.
const barWidth = 24

// oddsTable shows odds for people.
func (a *app) oddsTable(r oddsReport) string {
	s := a.styles()
	head := []string{"RULE", "PRIZE", "CHANCE", "ONE IN", "EXACTLY"}
	if r.Check != nil {
		head = append(head, "DRAWN", "EXPECTED")
	} else {
		head = append(head, "")
	}
	t := table.New().Headers(head...).Border(lipgloss.Border{Top: "─", Bottom: "─", Middle: "─", MiddleTop: "─", MiddleBottom: "─"}).
		BorderLeft(false).BorderRight(false).BorderColumn(false).BorderTop(false).BorderBottom(false).BorderStyle(s.faint)
	wins := a.oddsRows(t, r)
	t.StyleFunc(func(row, col int) lipgloss.Style {
		style := lipgloss.NewStyle().PaddingRight(2)
		switch {
		case row == table.HeaderRow:
			style = s.head.PaddingRight(2)
		case row >= 0 && row < len(wins) && !wins[row] && col > 0:
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

// oddsRows fills the table and tells which rows are wins. A rule's name stands in
// its first row only.
func (a *app) oddsRows(t *table.Table, r oddsReport) (wins []bool) {
	most := new(big.Rat)
	for _, row := range r.exact.Rows {
		if row.Probability.Cmp(most) > 0 {
			most = row.Probability
		}
	}
	var last *prize.Rule
	for _, row := range r.exact.Rows {
		unreached := row.Rule != nil && row.Prize != nil && r.Account == ""
		if row.Probability.Sign() == 0 && !unreached {
			continue // what can't happen is worth a line only where it is a promise
		}
		rule, won := "(no rule)", "no prize"
		if row.Rule != nil {
			rule = row.Rule.Name
		}
		if row.Prize != nil {
			won = row.Prize.Name
		}
		if row.Rule != nil && row.Rule == last {
			rule = ""
		}
		last = row.Rule
		cells := []string{rule, won, prize.Percent(row.Probability), strings.TrimPrefix(prize.OneIn(row.Probability), "1 in "), fraction(row.Probability)}
		if r.Check != nil {
			cells = append(cells, prize.Thousands(r.Check.Observed[row.Outcome]), strconv.FormatFloat(r.Check.Expected[row.Outcome], 'f', 1, 64))
		} else if a.width >= 80 {
			cells = append(cells, bar(row.Probability, most))
		}
		t.Row(cells...)
		wins = append(wins, row.Prize != nil)
	}
	return wins
}

// fraction shows an exact probability where it fits.
func fraction(p *big.Rat) string {
	if text := p.RatString(); len(text) <= 24 {
		return text
	}
	return "(see -o json)"
}

// bar draws a probability as a bar, the largest one at full width, in eighths of
// a column.
func bar(p, most *big.Rat) string {
	share, _ := new(big.Rat).Quo(p, most).Float64()
	eighths := int(math.Round(share * barWidth * 8))
	if eighths == 0 && p.Sign() > 0 {
		eighths = 1
	}
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return text
}

// figures tells what the odds come to.
func (r *oddsReport) figures() string {
	var b strings.Builder
	currency := r.rules.Currency
	money := func(minor float64) string {
		return currency.Display(int64(math.Round(min(minor, math.MaxInt64/2))))
	}
	fmt.Fprintf(&b, "Win anything  %s (%s)\n", prize.Percent(r.exact.Win), prize.OneIn(r.exact.Win))
	fmt.Fprintf(&b, "Cost a draw   %s expected, %s standard deviation\n", currency.FormatRat(r.exact.Mean), money(r.exact.StandardDeviation()))
	if r.Total != nil {
		mean, _ := r.total.Mean.Float64()
		fmt.Fprintf(&b, "%-13s %s expected, %s standard deviation\n", plural(r.total.Draws, "draw"), money(mean), money(r.total.StandardDeviation))
		fmt.Fprintf(&b, "              at most %s with 95%% probability, %s with 99%%\n", money(r.total.P95), money(r.total.P99))
		fmt.Fprintf(&b, "              (%s)\n", approximation)
		if r.total.Rough != "" {
			fmt.Fprintf(&b, "              Take these two with care: %s.\n", r.total.Rough)
		}
	}
	if r.Check != nil {
		fmt.Fprintf(&b, "Check         %s of seed %s\n", plural(r.Check.Draws, "draw"), r.Check.Seed)
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
