package main

import (
	"cmp"
	"errors"
	"fmt"
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

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

// The limits of a configuration file. The YAML parser takes time that grows with
// the square of some of them.
const (
	maxConfigFile = 64 << 10
	maxConfigLine = 4000
	maxConfigKeys = 200
)

// configPlace is a place in a configuration file, counted from 1, columns in
// characters.
type configPlace struct{ line, column int }

func placeOf(t *token.Token) configPlace { return configPlace{t.Position.Line, t.Position.Column} }

// startOf is where people see something begin; a mapping's own token is its first
// colon.
func startOf(node ast.Node) configPlace {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return placeOf(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return placeOf(n.Key.GetToken())
	}
	return placeOf(node.GetToken())
}

// configEntry is a setting in a configuration file.
type configEntry struct {
	name   string
	values []string // exactly one where it is no list
	isList bool
	key    configPlace
	value  configPlace
}

// configMistakes are all that is wrong in a configuration file. Unlike the
// mistakes of rules they never show the line, which may hold a secret.
type configMistakes struct {
	file string
	list []configMistake
}

type configMistake struct {
	configPlace
	problem string
}

func (m *configMistakes) add(at configPlace, format string, args ...any) {
	m.list = append(m.list, configMistake{at, fmt.Sprintf(format, args...)})
}

// err is nil where nothing was wrong.
func (m *configMistakes) err() error {
	if len(m.list) == 0 {
		return nil
	}
	slices.SortStableFunc(m.list, func(x, y configMistake) int {
		return cmp.Or(x.line-y.line, x.column-y.column)
	})
	lines := []string{show.Count(len(m.list), "mistake") + " in the configuration file:"}
	for _, wrong := range m.list {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", m.file, wrong.line, wrong.column, wrong.problem))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// configParser reads a configuration file: one flat YAML mapping.
type configParser struct {
	configMistakes
	entries []configEntry
}

// parse reads what it can and adds a mistake for all else.
func (p *configParser) parse(source []byte) {
	// A byte order mark is what some editors begin files with.
	text := strings.TrimPrefix(string(source), "\uFEFF")
	if !p.isText(text) {
		return
	}
	tokens := lexer.Tokenize(text)
	if !p.isPlain(tokens) {
		return
	}
	defer func() {
		// A fault of the YAML parser is the file's problem, not the program's.
		if fault := recover(); fault != nil {
			p.add(configPlace{1, 1}, "the YAML parser can't read this file, expected lines such as rules: modest")
		}
	}()
	file, err := yamlparser.Parse(tokens, 0, yamlparser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(text, err)
		return
	}
	for i, document := range file.Docs {
		switch {
		case document.Body == nil || document.Body.Type() == ast.CommentType: // it is empty
		case i > 0:
			p.add(startOf(document.Body), "a second document starts here, expected one a file")
		default:
			p.root(document.Body)
		}
	}
}

// isText refuses what no editor would have written.
func (p *configParser) isText(text string) bool {
	if len(text) > maxConfigFile {
		p.add(configPlace{1, 1}, "the file is too large, expected at most %d bytes", maxConfigFile)
		return false
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if len(line) > maxConfigLine {
			p.add(configPlace{number, 1}, "the line has %d bytes, expected at most %d", len(line), maxConfigLine)
			return false
		}
		for at, r := range line {
			problem := ""
			if r == utf8.RuneError && !strings.HasPrefix(line[at:], "\uFFFD") {
				problem = "bytes that are not UTF-8"
			} else if unicode.IsControl(r) && r != '\t' {
				problem = "the control character " + strconv.QuoteRune(r)
			}
			if problem != "" {
				p.add(configPlace{number, utf8.RuneCountInString(line[:at]) + 1}, "the file has %s, expected plain text", problem)
				return false
			}
		}
	}
	return true
}

// isPlain refuses the parts of YAML that can be made to grow without bound.
func (p *configParser) isPlain(tokens token.Tokens) bool {
	depth, keys, documents := 0, 0, 0 // keys with the items of lists
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			p.add(placeOf(t), "anchors, aliases, merges and tags (&, *, << and !) are not for settings, expected quotes around the text")
			return false
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.MappingValueType, token.SequenceEntryType, token.CollectEntryType:
			keys++
		case token.DocumentHeaderType:
			documents++
		}
		if depth > 2 || keys > maxConfigKeys || documents > 2 {
			p.add(placeOf(t), "there are too many brackets, keys or documents, expected lines such as rules: modest")
			return false
		}
	}
	return true
}

// syntax reports an error of the YAML parser, without the excerpt that it brings
// but with the setting that its line is about.
func (p *configParser) syntax(text string, err error) {
	const want = "expected lines such as rules: modest, and quotes around a text with special characters"
	var located yaml.Error
	if !errors.As(err, &located) || located.GetToken() == nil {
		p.add(configPlace{1, 1}, "the file is not YAML, %s", want)
		return
	}
	at, subject := placeOf(located.GetToken()), ""
	if lines := strings.Split(text, "\n"); at.line <= len(lines) {
		if name, _, ok := strings.Cut(lines[at.line-1], ":"); ok && isSettingName(name) {
			subject = name + ": "
		}
	}
	p.add(at, "%s%s, %s", subject, located.GetMessage(), want)
}

// isSettingName says whether a text is spelled like a setting, so that it can be
// no part of a secret that stands in the wrong place.
func isSettingName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// root reads the mapping that the file is.
func (p *configParser) root(node ast.Node) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		p.add(placeOf(node.GetToken()), "this is not a setting, expected lines such as rules: modest")
		return
	}
	lines := map[string]int{}
	for _, v := range values {
		t := v.Key.GetToken()
		entry := configEntry{name: t.Value, key: placeOf(t)}
		if line, twice := lines[entry.name]; twice {
			p.add(entry.key, "%s is set already (line %d), expected it once", clipped(entry.name), line)
			continue
		}
		lines[entry.name] = entry.key.line
		if p.entry(&entry, v.Value) {
			p.entries = append(p.entries, entry)
		}
	}
}

// entry reads the value of a setting.
func (p *configParser) entry(entry *configEntry, node ast.Node) bool {
	if node == nil || node.Type() == ast.NullType {
		p.add(entry.key, "%s has no value, expected one", clipped(entry.name))
		return false
	}
	entry.value = placeOf(node.GetToken())
	if list, ok := node.(*ast.SequenceNode); ok {
		entry.isList = true
		for _, item := range list.Values {
			if !p.scalar(entry, item) {
				return false
			}
		}
		return true
	}
	return p.scalar(entry, node)
}

// scalar adds a value, letter by letter as it stands in the file: a format such
// as 0010 is not a number.
func (p *configParser) scalar(entry *configEntry, node ast.Node) bool {
	switch n := node.(type) {
	case *ast.StringNode:
		entry.values = append(entry.values, n.Value)
	case *ast.LiteralNode:
		entry.values = append(entry.values, strings.TrimSuffix(n.Value.Value, "\n"))
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		entry.values = append(entry.values, n.GetToken().Value)
	default:
		p.add(entry.key, "%s has keys or lists of its own, expected one value; settings are not nested", clipped(entry.name))
		return false
	}
	return true
}

// clipped quotes a name of unknown length for a message.
func clipped(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	return strconv.Quote(name)
}
