package tui

import (
	"slices"

	"github.com/charmbracelet/lipgloss"
)

// column is a column of a table. Where there is no room for all of them, texts are cut
// first, and then those with the lowest rank are left out.
type column struct {
	title string
	rank  int
	right bool // aligned to the right
	most  int  // columns of the terminal that its texts take at most, 0 for any number
	least int  // down to which they may be cut, 0 for not at all
	style func(row int) lipgloss.Style
}

// table shows rows of cells below their titles, in lines of a width. The selected row
// is marked, where it is not negative.
func table(st styles, columns []column, rows [][]string, selected, width int) []string {
	widths, shown := fitting(columns, rows, width-2)
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

// fitting are the widths of columns, and those that there is room for: at least one.
func fitting(columns []column, rows [][]string, width int) (widths, shown []int) {
	widths = make([]int, len(columns))
	for i, c := range columns {
		shown = append(shown, i)
		widths[i] = lipgloss.Width(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], lipgloss.Width(row[i]))
		}
		if c.most > 0 {
			widths[i] = min(widths[i], c.most)
		}
	}
	for total := total(widths, shown); total > width; total-- {
		widest := -1
		for _, i := range shown {
			if least := columns[i].least; least > 0 && widths[i] > least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	for total(widths, shown) > width && len(shown) > 1 {
		last := slices.MinFunc(shown, func(a, b int) int { return columns[a].rank - columns[b].rank })
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == last })
	}
	return widths, shown
}

// total is the width of columns with what stands between them.
func total(widths, shown []int) int {
	sum := -2
	for _, i := range shown {
		sum += widths[i] + 2
	}
	return sum
}
