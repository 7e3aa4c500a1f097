package tui

import (
	"slices"

	"github.com/charmbracelet/lipgloss"
)

// column is a column of a table. Where there is no room for all of them, those with
// the lowest rank are left out first.
type column struct {
	title string
	rank  int
	right bool // aligned to the right
	most  int  // columns of the terminal that its texts take at most, 0 for any number
	style func(row int) lipgloss.Style
}

// table shows rows of cells below their titles, in lines of a width. The selected row
// is marked, where it is not negative.
func table(st styles, columns []column, rows [][]string, selected, width int) []string {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = lipgloss.Width(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], lipgloss.Width(row[i]))
		}
		if c.most > 0 {
			widths[i] = min(widths[i], c.most)
		}
	}
	shown := fitting(columns, widths, width-2)
	line := func(cell func(i int) string, style func(i int) lipgloss.Style) string {
		text := ""
		for k, i := range shown {
			if k > 0 {
				text += "  "
			}
			part := cut(cell(i), widths[i])
			if columns[i].right {
				part = padLeft(part, widths[i])
			} else {
				part = pad(part, widths[i])
			}
			text += style(i).Render(part)
		}
		return cut(text, width-2)
	}
	lines := []string{"  " + line(func(i int) string { return columns[i].title }, func(int) lipgloss.Style { return st.title })}
	for k, row := range rows {
		cell := func(i int) string { return row[i] }
		if k == selected {
			text := line(cell, func(int) lipgloss.Style { return st.plain })
			lines = append(lines, st.selected.Render(pad("› "+text, width)))
			continue
		}
		lines = append(lines, "  "+line(cell, func(i int) lipgloss.Style {
			if columns[i].style == nil {
				return st.plain
			}
			return columns[i].style(k)
		}))
	}
	return lines
}

// fitting are the columns that there is room for, and at least one of them.
func fitting(columns []column, widths []int, width int) []int {
	shown := make([]int, len(columns))
	total := -2
	for i := range columns {
		shown[i] = i
		total += widths[i] + 2
	}
	for total > width && len(shown) > 1 {
		last := slices.MinFunc(shown, func(a, b int) int { return columns[a].rank - columns[b].rank })
		total -= widths[last] + 2
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == last })
	}
	return shown
}
