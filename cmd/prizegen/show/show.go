// Package show formats numbers, tables and JSON for the command line and for the
// interactive program.
package show

import (
	"math"
	"math/big"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"github.com/prizegen/prizegen/pkg/prize"
)

// Bar returns a bar that fills a fraction of width columns, rounded to an eighth of a
// column. Any fraction above 0 is visible, and a fraction above 1 fills the whole width.
func Bar(fraction float64, width int) string {
	eighths := int(math.Round(min(max(fraction, 0), 1) * float64(width) * 8))
	if eighths == 0 && fraction > 0 {
		eighths = 1
	}
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return text
}

// Money formats an amount in minor units of a currency, rounded to whole minor units.
func Money(currency prize.Currency, minor float64) string {
	return currency.FormatRat(new(big.Rat).SetFloat64(minor), 0)
}

// maxFraction is the maximum length of a readable fraction, in bytes.
const maxFraction = 24

// Fraction returns a probability as an exact fraction, and reports whether the fraction
// is short enough to read.
func Fraction(p *big.Rat) (text string, short bool) {
	text = p.RatString()
	return text, len(text) <= maxFraction
}

// Noun returns thing if n is 1, otherwise the plural of thing: "draw" or "draws".
func Noun[N int | uint64](n N, thing string) string {
	switch {
	case n == 1:
		return thing
	case strings.HasSuffix(thing, "x"):
		return thing + "es" // indexes
	}
	return thing + "s"
}

// Count returns a number with its noun: "1 draw" or "1,000 draws".
func Count[N int | uint64](n N, thing string) string {
	return prize.Thousands(uint64(n)) + " " + Noun(n, thing)
}

// ShellWord returns s as one word for a POSIX shell, in quotes if it needs them.
func ShellWord(s string) string {
	isPlain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !isPlain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Pad appends spaces to s up to a width in terminal columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

// Table returns rows of cells below headings, without borders or trailing spaces. style
// returns the style of a cell; the row of the headings is [table.HeaderRow].
func Table(headings []string, rows [][]string, style table.StyleFunc) string {
	t := table.New().Border(lipgloss.HiddenBorder()).BorderTop(false).BorderBottom(false).
		BorderLeft(false).BorderRight(false).BorderColumn(false).BorderHeader(false).
		Headers(headings...).Rows(rows...).
		StyleFunc(func(row, column int) lipgloss.Style { return style(row, column).PaddingRight(2) })
	return TrimLines(t.Render())
}

// TrimLines removes spaces at the ends of lines, and adds a newline at the end of the
// text if it is missing.
func TrimLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
