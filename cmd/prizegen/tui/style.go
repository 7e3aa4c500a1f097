package tui

import (
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// styles contains the styles of everything on the screen. They have colours for
// terminals with 2^24, 256 and 16 colours, and for light and dark backgrounds. No
// meaning is expressed by colour alone.
type styles struct {
	r *lipgloss.Renderer

	plain    lipgloss.Style
	title    lipgloss.Style // headings
	faint    lipgloss.Style // less important text
	key      lipgloss.Style // a key in the help
	tab      lipgloss.Style // a tab that is not active
	tabShown lipgloss.Style // the tab that is active
	win      lipgloss.Style // a prize
	lose     lipgloss.Style // no prize
	warn     lipgloss.Style // an error
	good     lipgloss.Style // a success
	selected lipgloss.Style // the selected row of a list
	bar      lipgloss.Style // bar of a chart
	mark     lipgloss.Style // mark on a bar
	box      lipgloss.Style // box around a dialog
	account  lipgloss.Style // the letters of an account number
	rolling  lipgloss.Style // letters that are still rolling
}

// plainOnly reports whether the terminal has no colours or text attributes.
func (s styles) plainOnly() bool { return s.r.ColorProfile() == termenv.Ascii }

// prize returns the style of a prize, or of no prize.
func (s styles) prize(won bool) lipgloss.Style {
	if won {
		return s.win
	}
	return s.lose
}

// color returns a colour that has variants for light and dark terminals with 2^24, 256
// and 16 colours.
func color(light, light256, light16, dark, dark256, dark16 string) lipgloss.CompleteAdaptiveColor {
	return lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: light, ANSI256: light256, ANSI: light16},
		Dark:  lipgloss.CompleteColor{TrueColor: dark, ANSI256: dark256, ANSI: dark16},
	}
}

// newStyles returns the styles for a terminal.
func newStyles(r *lipgloss.Renderer) styles {
	accent := color("#6d28d9", "56", "5", "#c4a7ff", "141", "13")
	gold := color("#9a6700", "94", "3", "#ffd75f", "221", "11")
	green := color("#1a7f37", "28", "2", "#56d364", "78", "10")
	red := color("#cf222e", "160", "1", "#ff7b72", "210", "9")
	blue := color("#0550ae", "25", "4", "#79c0ff", "111", "12")
	grey := color("#656d76", "241", "8", "#8b949e", "246", "7")
	s := r.NewStyle
	return styles{
		r:        r,
		plain:    s(),
		title:    s().Bold(true),
		faint:    s().Foreground(grey),
		key:      s().Bold(true).Foreground(blue),
		tab:      s().Foreground(grey),
		tabShown: s().Bold(true).Reverse(true).Foreground(accent),
		win:      s().Bold(true).Foreground(gold),
		lose:     s().Foreground(grey),
		warn:     s().Bold(true).Foreground(red),
		good:     s().Foreground(green),
		selected: s().Bold(true).Reverse(true),
		bar:      s().Foreground(accent),
		mark:     s().Foreground(gold),
		box:      s().Border(lipgloss.RoundedBorder()).BorderForeground(accent).Padding(0, 1),
		account:  s().Bold(true).Foreground(accent),
		rolling:  s().Foreground(grey),
	}
}
