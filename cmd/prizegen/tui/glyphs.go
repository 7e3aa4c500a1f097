package tui

import (
	_ "embed"
	"slices"
	"strings"
)

// glyphsText contains the glyphs of letters, digits and currency signs. The first line of
// each group names the characters of its glyphs.
//
//go:embed glyphs.txt
var glyphsText string

// This is the size of a glyph in dots. A character of the terminal shows two dots, one
// above the other.
const (
	glyphWidth  = 5
	glyphHeight = 6
)

// glyph is a large character as rows of dots, with # for a dot that is set.
type glyph []string

// readGlyphs returns the glyphs by character.
func readGlyphs() map[rune]glyph {
	glyphs := map[rune]glyph{' ': slices.Repeat(glyph{strings.Repeat(".", glyphWidth)}, glyphHeight)}
	for group := range strings.SplitSeq(strings.TrimSpace(glyphsText), "\n\n") {
		lines := strings.Split(group, "\n")
		letters := []rune(lines[0])
		for _, line := range lines[1:] {
			for i, dots := range strings.Fields(line) {
				glyphs[letters[i]] = append(glyphs[letters[i]], dots)
			}
		}
	}
	return glyphs
}

// drawText renders text in glyphs. ok is false if a character has no glyph.
func drawText(glyphs map[rune]glyph, text string, scale int) (view string, ok bool) {
	rows := make([][]string, glyphHeight/2*scale)
	for _, letter := range text {
		g := glyphs[letter]
		if g == nil {
			return "", false
		}
		for i, row := range strings.Split(g.draw(scale), "\n") {
			rows[i] = append(rows[i], row)
		}
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.Join(row, strings.Repeat(" ", scale)))
	}
	return strings.Join(lines, "\n"), true
}

// draw renders the glyph; its dots are scale dots wide and high.
func (g glyph) draw(scale int) string {
	set := func(x, y int) bool { return y < len(g)*scale && g[y/scale][x/scale] == '#' }
	var lines []string
	for y := 0; y < glyphHeight*scale; y += 2 {
		var line strings.Builder
		for x := range glyphWidth * scale {
			switch above, below := set(x, y), set(x, y+1); {
			case above && below:
				line.WriteString("█")
			case above:
				line.WriteString("▀")
			case below:
				line.WriteString("▄")
			default:
				line.WriteString(" ")
			}
		}
		lines = append(lines, line.String())
	}
	return strings.Join(lines, "\n")
}
