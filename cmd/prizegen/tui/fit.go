package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// pad fills a text with spaces to a width in columns of the terminal.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-lipgloss.Width(text), 0))
}

// padLeft fills a text with spaces in front.
func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-lipgloss.Width(text), 0)) + text
}

// cut shortens a text to a width, with an ellipsis where something is left out.
func cut(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, "…")
}

// clip leaves out what does not fit of a view.
func clip(view string, width, height int) string {
	lines := strings.Split(view, "\n")
	lines = lines[:min(len(lines), max(height, 0))]
	for i, line := range lines {
		lines[i] = cut(line, width)
	}
	return strings.Join(lines, "\n")
}

// fill makes a view exactly as wide and high as asked for.
func fill(view string, width, height int) string {
	lines := strings.Split(clip(view, width, height), "\n")
	for len(lines) < height {
		lines = append(lines, "")
	}
	for i, line := range lines {
		lines[i] = pad(line, width)
	}
	return strings.Join(lines, "\n")
}

// centre puts a view into the middle of an area.
func centre(view string, width, height int) string {
	return lipgloss.Place(width, height, lipgloss.Center, lipgloss.Center, clip(view, width, height))
}
