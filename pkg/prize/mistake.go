package prize

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mistake is one thing that is wrong in a rules file.
type Mistake struct {
	Line    int    `json:"line"`    // counted from 1
	Column  int    `json:"column"`  // in characters, counted from 1
	Source  string `json:"source"`  // the line itself
	Problem string `json:"problem"` // what is wrong and what was expected
}

// FileError is the error about a rules file with mistakes: all of them, in the
// order of their lines.
type FileError struct {
	File     string // the name that the file was given with
	Mistakes []Mistake
}

// maxMistakes is how many mistakes of one file are kept.
const maxMistakes = 100

// Error shows every mistake with the line that it is in and a mark below it.
func (e *FileError) Error() string {
	var b strings.Builder
	for i, m := range e.Mistakes {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, m.Line, m.Column, m.Problem)
		if strings.TrimSpace(m.Source) != "" {
			line, mark := excerpt(m.Source, m.Column)
			fmt.Fprintf(&b, "\n    %s\n    %s^", line, strings.Repeat(" ", mark))
		}
	}
	return b.String()
}

// excerpt cuts a long line to a part around the column and tells how many
// characters of it come before.
func excerpt(line string, column int) (text string, before int) {
	const width = 100
	runes := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r): // which could move the cursor of a terminal
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

// mistakes gathers what is wrong in a file.
type mistakes struct {
	lines []string
	list  []Mistake
}

func (m *mistakes) add(line, column int, format string, args ...any) {
	source := ""
	if line >= 1 && line <= len(m.lines) {
		source = m.lines[line-1]
	}
	if !utf8.ValidString(source) {
		source = strings.ToValidUTF8(source, "\uFFFD")
	}
	m.list = append(m.list, Mistake{Line: line, Column: column, Source: source, Problem: fmt.Sprintf(format, args...)})
}

// err is nil where nothing was wrong.
func (m *mistakes) err(file string) error {
	if len(m.list) == 0 {
		return nil
	}
	slices.SortStableFunc(m.list, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &FileError{File: file, Mistakes: m.list[:min(len(m.list), maxMistakes)]}
}
