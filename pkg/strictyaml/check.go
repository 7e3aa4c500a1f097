package strictyaml

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// maxDocuments is the number of document headers up to which a file is parsed. A file with
// several documents is parsed only to report where the second one begins.
const maxDocuments = 10

// checkText reports whether the file is plain text without lines that are too long. If not,
// it adds a mistake.
func (d *Document) checkText() bool {
	for i, line := range d.lines {
		line = strings.TrimSuffix(line, "\r")
		if len(line) > MaxLine {
			d.Addf(Pos{i + 1, 1}, "the line has %d bytes; the limit is %d", len(line), MaxLine)
			return false
		}
		for at, r := range line {
			pos := func() Pos { return Pos{i + 1, utf8.RuneCountInString(line[:at]) + 1} }
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(line[at:], "\uFFFD"):
				d.Addf(pos(), "invalid UTF-8; the file must be plain text")
				return false
			case unicode.IsControl(r) && r != '\t':
				d.Addf(pos(), "control character %q; the file must be plain text", r)
				return false
			}
		}
	}
	return true
}

// checkTokens reports whether the file has only tokens that this package supports, and no
// more of them than the limits allow. If not, it adds a mistake.
func (d *Document) checkTokens(tokens token.Tokens) bool {
	documents := 0
	keys := keyCounter{block: map[int]int{}}
	dashes := dashCounter{}
	// The YAML parser needs about 500 bytes of memory for each token. In files written by
	// hand, tokens have at least three bytes on average.
	maxTokens := d.options.MaxSize * 2 / 5
	for i, t := range tokens {
		pos := tokenPos(t)
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			d.Addf(pos, "anchors, aliases and merge keys (&, * and <<) are not supported; put quotes around text that begins with one of these characters")
			return false
		case token.TagType:
			d.Addf(pos, "tags (!) are not supported; put quotes around text that begins with !")
			return false
		case token.DocumentHeaderType:
			if documents++; documents > maxDocuments {
				d.Addf(pos, "a second document starts here; a file must have only one")
				return false
			}
		}
		if keys.add(t) > d.options.MaxKeys {
			d.Addf(Pos{pos.Line, keyColumn(t)}, "the mapping has more than %d keys", d.options.MaxKeys)
			return false
		}
		if !d.checkDepth(pos, max(len(keys.flow), dashes.add(t))-1) {
			return false
		}
		if i >= maxTokens {
			d.Addf(pos, "the file has more than %d words and symbols", maxTokens)
			return false
		}
	}
	return true
}

// checkDepth reports whether a list or mapping may be nested inside depth others. If not, it
// adds a mistake.
func (d *Document) checkDepth(pos Pos, depth int) bool {
	if depth < d.options.MaxDepth {
		return true
	}
	d.Addf(pos, "lists and mappings are nested more than %d levels deep", d.options.MaxDepth)
	return false
}

// dashCounter counts the indicators (- and ?) on a line. Each of them begins a list or a
// mapping inside the previous one.
type dashCounter struct{ line, count int }

// add adds a token, and returns the number of indicators on its line so far.
func (c *dashCounter) add(t *token.Token) int {
	if t.Position.Line != c.line {
		*c = dashCounter{line: t.Position.Line}
	}
	if t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType {
		c.count++
	}
	return c.count
}

// keyCounter counts the keys of each mapping that is open at the current token.
type keyCounter struct {
	block map[int]int // by column: number of keys in the open block mapping
	flow  []int       // number of keys in each open bracket or brace
}

// add adds a token. If the token is the colon after a key, add returns the number of keys so
// far in the mapping; otherwise it returns 0.
func (c *keyCounter) add(t *token.Token) int {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		c.flow = append(c.flow, 0)
	case token.SequenceEndType, token.MappingEndType:
		c.flow = c.flow[:max(len(c.flow)-1, 0)]
	case token.SequenceEntryType:
		c.closeBlocks(t.Position.Column)
	case token.MappingValueType:
		if n := len(c.flow); n > 0 {
			c.flow[n-1]++
			return c.flow[n-1]
		}
		column := keyColumn(t)
		c.closeBlocks(column)
		c.block[column]++
		return c.block[column]
	}
	return 0
}

// closeBlocks removes the block mappings to the right of column, which a token in that column
// ends.
func (c *keyCounter) closeBlocks(column int) {
	for open := range c.block {
		if open > column {
			delete(c.block, open)
		}
	}
}

// keyColumn returns the column of the key before a colon.
func keyColumn(colon *token.Token) int {
	if key := colon.Prev; key != nil && key.Position.Line == colon.Position.Line {
		return key.Position.Column
	}
	return colon.Position.Column
}

// tabIndent returns the position of the first tab in the indentation of lines 1 to last. The
// second result is false if there is none.
func (d *Document) tabIndent(last int) (Pos, bool) {
	for i, line := range d.lines[:min(last, len(d.lines))] {
		text := strings.TrimLeft(line, " \t")
		at := strings.IndexByte(line[:len(line)-len(text)], '\t')
		if text = strings.TrimSpace(text); at >= 0 && text != "" && text[0] != '#' {
			return Pos{i + 1, at + 1}, true
		}
	}
	return Pos{}, false
}

func tokenPos(t *token.Token) Pos { return Pos{t.Position.Line, t.Position.Column} }
