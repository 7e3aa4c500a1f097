package prize

import (
	"slices"
	"strings"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// Mistake describes a mistake in a rules file.
type Mistake = strictyaml.Mistake

// FileError is the error for a rules file. It lists the mistakes in the file.
type FileError = strictyaml.Error

// fields returns the values of a mapping by key, or nil if the node is not a mapping. A key
// without a value has a nil node. Wrong types, unknown and missing keys, and missing values
// are added to the mistakes; what names the mapping in them.
func (p *parser) fields(node *strictyaml.Node, what string, required, optional []string) map[string]*strictyaml.Node {
	known := slices.Concat(required, optional)
	if node.Kind != strictyaml.Map {
		p.Addf(node.Pos, "%s must be a mapping with the keys %s", what, strings.Join(known, ", "))
		return nil
	}
	fields := make(map[string]*strictyaml.Node, len(node.Fields))
	for _, f := range node.Fields {
		switch {
		case isDigits(f.Key) && slices.Contains(known, "win"):
			p.Addf(f.Pos, "unknown key %q in %s; a comma ends an amount: use a point for decimals (1.50) and nothing between thousands (1000)", excerpt.Of(f.Key), what)
		case !slices.Contains(known, f.Key):
			p.Addf(f.Pos, "unknown key %q in %s; the keys are %s", excerpt.Of(f.Key), what, strings.Join(known, ", "))
		default:
			if f.Value == nil {
				p.Addf(f.Pos, "key %q has no value", f.Key)
			}
			fields[f.Key] = f.Value
		}
	}
	for _, key := range required {
		if _, found := fields[key]; !found {
			p.Addf(node.Pos, "missing key %q in %s", key, what)
		}
	}
	return fields
}

// items returns the items of a list. A node that is not a list, or is an empty list, is
// added to the mistakes.
func (p *parser) items(node *strictyaml.Node, what string) []*strictyaml.Node {
	switch {
	case node.Kind != strictyaml.List:
		p.Addf(node.Pos, "%s must be a list of lines that begin with a dash", what)
	case len(node.Items) == 0:
		p.Addf(node.Pos, "the list of %s is empty", what)
	}
	return node.Items
}

// scalar returns the text of a scalar as written in the file. For any other node, it adds a
// mistake and reports false.
func (p *parser) scalar(node *strictyaml.Node) (string, bool) {
	if node.Kind != strictyaml.Scalar {
		p.Addf(node.Pos, "this must be text or a number, not a list or a mapping")
		return "", false
	}
	return node.Text, true
}
