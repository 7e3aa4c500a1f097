package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

// Widths and heights are in columns and lines of the terminal.

// padLeft prepends spaces to text up to the width.
func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-lipgloss.Width(text), 0)) + text
}

// truncate shortens text to the width. An ellipsis replaces the removed text.
func truncate(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, "…")
}

// crop truncates a view to the width and height.
func crop(view string, width, height int) string {
	lines := strings.Split(view, "\n")
	lines = lines[:min(len(lines), max(height, 0))]
	for i, line := range lines {
		lines[i] = truncate(line, width)
	}
	return strings.Join(lines, "\n")
}

// fill crops or pads a view to exactly the width and height.
func fill(view string, width, height int) string {
	lines := strings.Split(crop(view, width, height), "\n")
	for len(lines) < height {
		lines = append(lines, "")
	}
	for i, line := range lines {
		lines[i] = show.Pad(line, width)
	}
	return strings.Join(lines, "\n")
}

// centre puts a view in the middle of an area.
func centre(view string, width, height int) string {
	return lipgloss.Place(width, height, lipgloss.Center, lipgloss.Center, crop(view, width, height))
}

// firstVisible returns the first line of a list that must be shown to make the selected
// line visible.
func firstVisible(selected, lines, height int) int {
	return min(max(selected-height/2, 0), max(lines-height, 0))
}

// column is a column of a table. If the table is too wide, its cells are truncated
// first. Then the columns with the lowest ranks are left out.
type column struct {
	title string
	rank  int
	right bool // aligned to the right
	max   int  // maximum width; 0 for no maximum
	min   int  // width to which cells may be truncated; 0 if they must not be truncated
	style func(row int) lipgloss.Style
}

// table renders rows below the column headings, as lines of a given width. It marks the
// selected row, if selected is not negative.
func table(st styles, columns []column, rows [][]string, selected, width int) []string {
	widths, shown := columnWidths(columns, rows, width-2)
	line := func(cell func(i int) string, style func(i int) lipgloss.Style) string {
		text := ""
		for k, i := range shown {
			if k > 0 {
				text += "  "
			}
			part := truncate(cell(i), widths[i])
			if columns[i].right {
				part = padLeft(part, widths[i])
			} else {
				part = show.Pad(part, widths[i])
			}
			text += style(i).Render(part)
		}
		return truncate(text, width-2)
	}
	lines := []string{"  " + line(func(i int) string { return columns[i].title }, func(int) lipgloss.Style { return st.title })}
	for k, row := range rows {
		cell := func(i int) string { return row[i] }
		if k == selected {
			text := line(cell, func(int) lipgloss.Style { return st.plain })
			lines = append(lines, st.selected.Render(show.Pad("› "+text, width)))
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

// columnWidths returns the width of every column and the indexes of the columns that fit.
// At least one column always fits.
func columnWidths(columns []column, rows [][]string, width int) (widths, shown []int) {
	widths = make([]int, len(columns))
	for i, c := range columns {
		shown = append(shown, i)
		widths[i] = lipgloss.Width(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], lipgloss.Width(row[i]))
		}
		if c.max > 0 {
			widths[i] = min(widths[i], c.max)
		}
	}
	for total := tableWidth(widths, shown); total > width; total-- {
		widest := -1
		for _, i := range shown {
			if c := columns[i]; c.min > 0 && widths[i] > c.min && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	for tableWidth(widths, shown) > width && len(shown) > 1 {
		last := slices.MinFunc(shown, func(a, b int) int { return columns[a].rank - columns[b].rank })
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == last })
	}
	return widths, shown
}

// tableWidth returns the width of the shown columns and the gaps between them.
func tableWidth(widths, shown []int) int {
	sum := -2
	for _, i := range shown {
		sum += widths[i] + 2
	}
	return sum
}
