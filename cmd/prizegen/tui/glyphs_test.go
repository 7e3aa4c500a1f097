package tui

import (
	"strings"
	"testing"
)

// TestGlyphs checks that every letter and digit has a glyph, that all glyphs have the same
// size, and that no two look the same.
func TestGlyphs(t *testing.T) {
	glyphs, seen := readGlyphs(), map[string]rune{}
	for _, letter := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz£$€¥., " {
		if glyphs[letter] == nil {
			t.Errorf("%c has no glyph", letter)
		}
	}
	for letter, g := range glyphs {
		if len(g) != glyphHeight {
			t.Errorf("%c: got %d rows, want %d", letter, len(g), glyphHeight)
		}
		for _, row := range g {
			if len(row) != glyphWidth || strings.Trim(row, ".#") != "" {
				t.Errorf("%c: got row %q, want %d dots", letter, row, glyphWidth)
			}
		}
		picture := g.draw(1)
		if other, same := seen[picture]; same {
			t.Errorf("%c and %c have the same glyph", letter, other)
		}
		seen[picture] = letter
		checkFits(t, picture, glyphWidth, glyphHeight/2)
		checkFits(t, g.draw(2), 2*glyphWidth, glyphHeight)
	}
	if got, want := glyphs['A'].draw(1), "▄▀▀▀▄\n█▄▄▄█\n█   █"; got != want {
		t.Errorf("A: got\n%s\nwant\n%s", got, want)
	}
	got, ok := drawText(glyphs, "£5", 1)
	if want := " ▄▀▀▄ █▀▀▀▀\n▄█▄   ▀▀▀▀▄\n▄█▄▄▄ ▄▄▄▄▀"; !ok || got != want {
		t.Errorf("£5: got\n%s\nwant\n%s", got, want)
	}
	if _, ok := drawText(glyphs, "賞", 1); ok {
		t.Error("letter without a glyph: got ok true, want false")
	}
}
