// Package strictyaml parses the small subset of YAML that people write by hand: one
// document of mappings, lists and scalars.
//
// It rejects features that such files do not need or that can take a parser unlimited time:
// anchors, aliases, tags, merge keys, duplicate keys, second documents, deep nesting,
// control characters, and files and lines over a limit. Scalars are returned as written,
// so that 0010 and 1.50 keep their zeros.
//
//	doc := strictyaml.Parse("rules.yaml", source, strictyaml.Options{MaxSize: 64 << 10, MaxKeys: 100, MaxDepth: 10})
//	if doc.Root != nil {
//		for _, field := range doc.Root.Fields { // and doc.Addf(field.Pos, "unknown key %q", field.Key)
//		}
//	}
//	return doc.Err() // an *Error with every mistake, its line and its column
package strictyaml

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// MaxLine is the maximum length of a line in bytes.
const MaxLine = 4000

// Options configure [Parse]. All limits are required.
type Options struct {
	MaxSize  int  // maximum size of the file, in bytes
	MaxKeys  int  // maximum number of keys in one mapping; parsing time is quadratic in it
	MaxDepth int  // maximum number of nested lists and mappings
	Secret   bool // omit Source from mistakes, because the file may contain secrets
}

// Pos is a position in a file.
type Pos struct {
	Line   int // from 1
	Column int // in characters, from 1
}

// Kind is the kind of a [Node].
type Kind int

// The kinds of nodes. Null is a missing value, or unsupported YAML such as a directive.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// Node is a value in a document.
type Node struct {
	Pos
	Kind   Kind
	Text   string  // text of a Scalar as written, without quotes
	Items  []*Node // items of a List
	Fields []Field // fields of a Map, in the order of the file, without duplicate keys
}

// Field is a key of a [Map] with its value.
type Field struct {
	Pos
	Key   string
	Value *Node // nil if the key has no value
}

// Document is a parsed file and its mistakes.
type Document struct {
	Root *Node // nil if the file is empty or cannot be read

	name     string
	options  Options
	lines    []string
	mistakes []Mistake
}

// Parse parses a file. Error messages begin with name. The document contains the mistakes
// that Parse found; the caller can add more.
func Parse(name string, source []byte, options Options) *Document {
	d := &Document{name: name, options: options}
	if len(source) > options.MaxSize {
		d.Addf(Pos{1, 1}, "the file is larger than %d bytes", options.MaxSize)
		return d
	}
	text := strings.TrimPrefix(string(source), "\uFEFF") // a byte order mark
	d.lines = strings.Split(text, "\n")
	if !d.checkText() {
		return d
	}
	d.parse(text)
	return d
}

// Line returns a line of the file, counted from 1, or "" if there is no such line.
func (d *Document) Line(number int) string {
	if number < 1 || number > len(d.lines) {
		return ""
	}
	return d.lines[number-1]
}

// parse parses text into d.Root.
func (d *Document) parse(text string) {
	tokens := lexer.Tokenize(text)
	if !d.checkTokens(tokens) {
		return
	}
	defer func() {
		// A panic of the YAML parser is reported as a mistake.
		if recover() != nil {
			d.Root = nil
			d.Addf(Pos{1, 1}, "the YAML parser cannot read this file; simplify it")
		}
	}()
	// Duplicate keys are reported by d.node, together with other mistakes.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.addSyntaxError(err)
		return
	}
	for i, document := range file.Docs {
		body := document.Body
		switch {
		case body == nil || body.Type() == ast.CommentType:
		case i > 0:
			d.Addf(position(body), "a second document starts here; a file must have only one")
		default:
			if root, ok := d.node(body, 0); ok {
				d.Root = root
			}
		}
	}
}

// addSyntaxError adds an error of the YAML parser as a mistake.
func (d *Document) addSyntaxError(err error) {
	const advice = "; put quotes around text with special characters"
	var located yaml.Error
	if !errors.As(err, &located) || located.GetToken() == nil {
		d.Addf(Pos{1, 1}, "the file is not YAML%s", advice)
		return
	}
	pos := tokenPos(located.GetToken())
	if tab, ok := d.tabIndent(pos.Line); ok {
		d.Addf(tab, "the line is indented with a tab; use spaces")
		return
	}
	problem := located.GetMessage()
	if !strings.Contains(problem, "quoted") {
		problem += advice
	}
	d.Addf(pos, "%s", problem)
}

// node converts a node of the YAML parser that is nested in depth lists and mappings. It
// returns false if the nesting is too deep.
func (d *Document) node(from ast.Node, depth int) (*Node, bool) {
	node := &Node{Pos: position(from)}
	switch n := from.(type) {
	case *ast.StringNode:
		node.Kind, node.Text = Scalar, n.Value
	case *ast.LiteralNode:
		node.Kind, node.Text = Scalar, strings.TrimSuffix(n.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		node.Kind, node.Text = Scalar, n.GetToken().Value
	case *ast.SequenceNode:
		node.Kind = List
		return node, d.checkDepth(node.Pos, depth) && d.items(node, n.Values, depth)
	case *ast.MappingNode:
		node.Kind = Map
		return node, d.checkDepth(node.Pos, depth) && d.fields(node, n.Values, depth)
	case *ast.MappingValueNode:
		node.Kind = Map
		return node, d.checkDepth(node.Pos, depth) && d.fields(node, []*ast.MappingValueNode{n}, depth)
	}
	return node, true
}

// items converts the items of a list. It returns false if the nesting is too deep.
func (d *Document) items(node *Node, values []ast.Node, depth int) bool {
	node.Items = make([]*Node, 0, len(values))
	for _, value := range values {
		item, ok := d.node(value, depth+1)
		if !ok {
			return false
		}
		node.Items = append(node.Items, item)
	}
	return true
}

// fields converts the fields of a mapping. It returns false if the nesting is too deep.
func (d *Document) fields(node *Node, values []*ast.MappingValueNode, depth int) bool {
	node.Fields = make([]Field, 0, len(values))
	lines := make(map[string]int, len(values))
	for _, v := range values {
		field := Field{Pos: tokenPos(v.Key.GetToken()), Key: v.Key.GetToken().Value}
		if line, found := lines[field.Key]; found {
			d.Addf(field.Pos, "duplicate key %q, first on line %d", excerpt.Of(field.Key), line)
			continue
		}
		lines[field.Key] = field.Line
		if v.Value != nil && v.Value.Type() != ast.NullType {
			value, ok := d.node(v.Value, depth+1)
			if !ok {
				return false
			}
			field.Value = value
		}
		node.Fields = append(node.Fields, field)
	}
	return true
}

// position returns the position of the first character of a node. For a block mapping, this
// is the first key, because the token of the node is the first colon.
func position(node ast.Node) Pos {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return tokenPos(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return tokenPos(n.Key.GetToken())
	}
	return tokenPos(node.GetToken())
}
