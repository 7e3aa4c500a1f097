package tui

import (
	"strings"
	"testing"
)

// TestGlyphs looks at the drawings: every letter and digit has one, all are of the same
// size, and no two look the same.
func TestGlyphs(t *testing.T) {
	glyphs, seen := readGlyphs(), map[string]rune{}
	for _, letter := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz£$€¥., " {
		if glyphs[letter] == nil {
			t.Errorf("%c has no drawing", letter)
		}
	}
	for letter, g := range glyphs {
		if len(g) != glyphHeight {
			t.Errorf("%c has %d rows, want %d", letter, len(g), glyphHeight)
		}
		for _, row := range g {
			if len(row) != glyphWidth || strings.Trim(row, ".#") != "" {
				t.Errorf("%c has the row %q", letter, row)
			}
		}
		drawn := g.draw(1)
		if other, same := seen[drawn]; same {
			t.Errorf("%c looks like %c", letter, other)
		}
		seen[drawn] = letter
		checkFits(t, drawn, glyphWidth, glyphHeight/2)
		checkFits(t, g.draw(2), 2*glyphWidth, glyphHeight)
	}
	if got, want := glyphs['A'].draw(1), "▄▀▀▀▄\n█▄▄▄█\n█   █"; got != want {
		t.Errorf("A is drawn as\n%s\nwant\n%s", got, want)
	}
	got, ok := drawText(glyphs, "£5", 1)
	if want := " ▄▀▀▄ █▀▀▀▀\n▄█▄   ▀▀▀▀▄\n▄█▄▄▄ ▄▄▄▄▀"; !ok || got != want {
		t.Errorf("£5 is drawn as\n%s\nwant\n%s", got, want)
	}
	if _, ok := drawText(glyphs, "賞", 1); ok {
		t.Error("a letter without a drawing is drawn")
	}
}
