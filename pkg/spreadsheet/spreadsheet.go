// Package spreadsheet escapes strings that a spreadsheet would treat as formulas.
//
//	w.Write([]string{spreadsheet.Cell(name)})
package spreadsheet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cell returns text escaped for a cell of a CSV file. It inserts an apostrophe wherever a
// spreadsheet would treat what follows as a formula: at the start and, because the
// separator of CSV files depends on the locale, after each separator. [Text] restores the
// original. See https://owasp.org/www-community/attacks/CSV_Injection.
func Cell(text string) string {
	return convert(text, func(b *strings.Builder, start string) string {
		b.WriteByte('\'')
		return start
	})
}

// Text returns the original text of a cell written by [Cell].
func Text(cell string) string {
	return convert(cell, func(_ *strings.Builder, start string) string {
		return strings.TrimPrefix(start, "'")
	})
}

// convert copies text. Wherever a formula could start, even after apostrophes, it calls f
// with the rest of the text. f may write to b, and returns the rest to copy.
func convert(text string, f func(b *strings.Builder, start string) string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return beginsFormula(r) || isBreak(r) }) {
		return text
	}
	var b strings.Builder
	rest, start := text, true
	for rest != "" {
		if start && isFormula(rest, rest == text) {
			rest = f(&b, rest)
		}
		r, size := utf8.DecodeRuneInString(rest)
		b.WriteString(rest[:size])
		rest, start = rest[size:], isSeparator(r)
	}
	return b.String()
}

// isFormula reports whether a cell is a formula, ignoring leading apostrophes, quotes and
// white space. A leading tab or line break makes it a formula only if whole is true,
// because text may contain several lines.
func isFormula(cell string, whole bool) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(strings.TrimLeft(cell, "'"), func(r rune) bool {
		return !isBreak(r) && (r == '"' || unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf))
	}))
	return beginsFormula(r) || whole && isBreak(r)
}

// beginsFormula reports whether a spreadsheet treats a cell that begins with r as a
// formula. Some spreadsheets accept the full-width, small and mathematical forms.
func beginsFormula(r rune) bool { return strings.ContainsRune("=+-@|%＝＋－＠﹦﹢﹣﹫−", r) }

func isBreak(r rune) bool { return r == '\t' || r == '\r' || r == '\n' }

// isSeparator reports whether r ends a cell or a line in the CSV files of some locale.
func isSeparator(r rune) bool { return isBreak(r) || strings.ContainsRune(",;|", r) }
