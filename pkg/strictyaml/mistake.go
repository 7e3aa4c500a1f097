package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// MaxMistakes is the maximum number of mistakes in an [Error].
const MaxMistakes = 100

// Mistake describes a mistake in a file.
type Mistake struct {
	Line    int    `json:"line"`    // from 1
	Column  int    `json:"column"`  // in characters, from 1
	Source  string `json:"source"`  // text of the line
	Problem string `json:"problem"` // what is wrong and how to correct it
}

// Error is a list of the mistakes in a file, in order of position.
type Error struct {
	File     string
	Mistakes []Mistake
}

// Error returns every mistake with its line and a caret below the column.
func (e *Error) Error() string {
	var b strings.Builder
	for i, m := range e.Mistakes {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, m.Line, m.Column, m.Problem)
		if strings.TrimSpace(m.Source) != "" {
			line, mark := around(m.Source, m.Column)
			fmt.Fprintf(&b, "\n    %s\n    %s^", line, strings.Repeat(" ", mark))
		}
	}
	return b.String()
}

// around returns the part of line around column, with control characters replaced, and the
// number of characters in it before the column.
func around(line string, column int) (text string, before int) {
	const width = 100
	runes := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return '\uFFFD'
		}
		return r
	}, line))
	before = min(max(column-1, 0), len(runes))
	if from := max(0, before-width/2); from > 0 {
		runes, before = append([]rune("…"), runes[from:]...), before-from+1
	}
	if len(runes) > width {
		runes = append(runes[:width:width], '…')
	}
	return strings.TrimRight(string(runes), " "), before
}

// Addf adds a mistake at pos.
func (d *Document) Addf(pos Pos, format string, args ...any) {
	m := Mistake{Line: pos.Line, Column: pos.Column, Problem: fmt.Sprintf(format, args...)}
	if !d.options.Secret {
		m.Source = strings.ToValidUTF8(d.Line(pos.Line), "\uFFFD")
	}
	d.mistakes = append(d.mistakes, m)
}

// Mistakes returns the number of mistakes so far.
func (d *Document) Mistakes() int { return len(d.mistakes) }

// Err returns an [*Error] with the first [MaxMistakes] mistakes, or nil if there are
// none.
func (d *Document) Err() error {
	if len(d.mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(d.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{File: d.name, Mistakes: slices.Clone(d.mistakes[:min(len(d.mistakes), MaxMistakes)])}
}
