package prize

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxNesting is how deep brackets may nest; rules need 2.
const maxNesting = 10

// maxLine is the longest line of a file in bytes.
const maxLine = 4000

// maxKeys is how many keys a mapping may have; rules need 5. The time that the
// YAML parser takes grows with the square of it.
const maxKeys = 100

// root reads the file as one YAML document, nil where that is impossible. The
// tree is walked by hand rather than decoded into structs, because decoding
// stops at the first mistake and reads 0.10 as a float.
func (p *parser) root(source []byte) (root ast.Node) {
	if !p.isText(source) {
		return nil
	}
	text := strings.Join(p.lines, "\n") // without a byte order mark
	tokens := lexer.Tokenize(text)
	if !p.isPlain(tokens) {
		return nil
	}
	defer func() {
		// The YAML parser is a guest: a fault of its own is the file's problem, not
		// the program's.
		if fault := recover(); fault != nil {
			p.add(1, 1, "the YAML parser can't read this file, expected simpler YAML")
			root = nil
		}
	}()
	file, err := yamlparser.Parse(tokens, 0, yamlparser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err)
		return nil
	}
	switch {
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		p.wrong(file.Docs[1].Body, "a second document starts here, expected one a file")
	case len(file.Docs) > 0:
		root = file.Docs[0].Body
	}
	if root == nil && len(p.list) == 0 {
		p.add(1, 1, "the file is empty, expected the keys name, currency and rules")
	}
	return root
}

// isText refuses what no editor would have written.
func (p *parser) isText(source []byte) bool {
	if len(source) > MaxFile {
		p.add(1, 1, "the file has more than %d bytes, expected at most that", MaxFile)
		return false
	}
	for i, line := range p.lines {
		if len(line) > maxLine {
			p.add(i+1, 1, "the line has %d bytes, expected at most %d", len(line), maxLine)
			return false
		}
		for at, r := range line {
			problem := ""
			if r == utf8.RuneError && !strings.HasPrefix(line[at:], "\uFFFD") {
				problem = "bytes that are not UTF-8"
			} else if unicode.IsControl(r) && r != '\t' && (r != '\r' || at < len(line)-1) {
				problem = "the control character " + strconv.QuoteRune(r)
			}
			if problem != "" {
				p.add(i+1, utf8.RuneCountInString(line[:at])+1, "the file has %s, expected plain text", problem)
				return false
			}
		}
	}
	return true
}

// isPlain refuses the parts of YAML that rules have no use for and that can be
// made to grow without bound.
func (p *parser) isPlain(tokens token.Tokens) bool {
	depth, documents := 0, 0
	keys := map[int]int{} // by column, of the mappings that are open there
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			p.add(t.Position.Line, t.Position.Column, "anchors, aliases and merges (&, * and <<) are not for rules, expected the text itself or quotes around it")
			return false
		case token.TagType:
			p.add(t.Position.Line, t.Position.Column, "tags (!) are not for rules, expected the text itself or quotes around it")
			return false
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			closeMappings(keys, t.Position.Column)
		case token.MappingValueType:
			if column := keyColumn(t); depth == 0 {
				closeMappings(keys, column)
				if keys[column]++; keys[column] > maxKeys {
					p.add(t.Position.Line, column, "there are more than %d keys here, expected far fewer", maxKeys)
					return false
				}
			}
		case token.DocumentHeaderType:
			if documents++; documents > maxNesting {
				p.add(t.Position.Line, t.Position.Column, "a second document starts here, expected one a file")
				return false
			}
		}
		if depth > maxNesting {
			p.add(t.Position.Line, t.Position.Column, "brackets nest %d deep, expected at most %d", depth, maxNesting)
			return false
		}
	}
	return true
}

// closeMappings forgets the keys of mappings that end where something begins in
// a column, which are those further to the right.
func closeMappings(keys map[int]int, column int) {
	for open := range keys {
		if open > column {
			delete(keys, open)
		}
	}
}

// keyColumn is where the key before a colon begins.
func keyColumn(colon *token.Token) int {
	if key := colon.Prev; key != nil && key.Position.Line == colon.Position.Line {
		return key.Position.Column
	}
	return colon.Position.Column
}

// syntax reports an error of the YAML parser, without the excerpt it brings.
func (p *parser) syntax(err error) {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		at := located.GetToken().Position
		if line, column := p.tab(at.Line); line > 0 {
			p.add(line, column, "the line is indented with a tab, expected spaces")
			return
		}
		p.add(at.Line, at.Column, "%s", located.GetMessage())
		return
	}
	p.add(1, 1, "%v", err)
}

// tab finds the first line up to some line that is indented with a tab; 0 says that
// there is none.
func (p *parser) tab(last int) (line, column int) {
	for i, text := range p.lines[:min(last, len(p.lines))] {
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		rest := strings.TrimSpace(text)
		if at := strings.IndexByte(indent, '\t'); at >= 0 && rest != "" && rest[0] != '#' {
			return i + 1, at + 1
		}
	}
	return 0, 0
}

// fields reads a mapping and reports keys that are unknown, missing or twice
// there. It is nil where the node is no mapping.
func (p *parser) fields(node ast.Node, what string, required, optional []string) map[string]ast.Node {
	known := slices.Concat(required, optional)
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		p.wrong(node, "%s has keys, expected %s", what, strings.Join(known, ", "))
		return nil
	}
	fields := map[string]ast.Node{}
	for _, v := range values {
		key := v.Key.GetToken().Value
		switch {
		case isDigits(key) && slices.Contains(known, "win"):
			p.wrong(v.Key, "unknown key %q in %s: a comma ends an amount, expected a point for decimals (1.50) and nothing between thousands (1000)", clip(key), what)
		case !slices.Contains(known, key):
			p.wrong(v.Key, "unknown key %q in %s, expected one of %s", clip(key), what, strings.Join(known, ", "))
		case fields[key] != nil:
			p.wrong(v.Key, "the key %s is in %s already (line %d), expected it once", key, what, at(fields[key]).line)
		case v.Value == nil || v.Value.Type() == ast.NullType:
			p.wrong(v.Key, "the key %s has no value, expected one", key)
			fields[key] = nil
		default:
			fields[key] = v.Value
		}
	}
	for _, key := range required {
		if _, there := fields[key]; !there {
			p.wrong(node, "%s lacks the key %s, expected it", what, key)
		}
	}
	return fields
}

// start is the first key of a mapping, which is where people see it begin.
func start(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	}
	return node
}

// items reads a list of at least one thing.
func (p *parser) items(node ast.Node, what string) []ast.Node {
	list, ok := node.(*ast.SequenceNode)
	if ok && len(list.Values) == 0 {
		p.wrong(node, "%s is an empty list, expected something in it", what)
		return nil
	}
	if !ok {
		p.wrong(node, "%s is not a list, expected one or more lines that begin with a dash", what)
		return nil
	}
	return list.Values
}

// scalar reads a text, a number or anything else that is one word to a person,
// letter by letter as it stands in the file.
func (p *parser) scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	default:
		p.wrong(node, "this is a list or has keys of its own, expected a text or a number")
		return "", false
	}
}
