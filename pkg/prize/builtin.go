package prize

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// The names of the built-in rules.
const (
	Generous = "generous" // larger prizes
	Modest   = "modest"   // smaller prizes
)

// Default is the name of the default rules.
const Default = Generous

//go:embed builtin/*.yaml
var builtin embed.FS

// Builtins returns the names of the built-in rules.
func Builtins() []string { return []string{Generous, Modest} }

// ErrUnknownRules is wrapped by the error for an unknown name of built-in rules.
var ErrUnknownRules = errors.New("unknown rules")

// Builtin returns the built-in rules with the given name. For an unknown name, the error
// wraps [ErrUnknownRules].
func Builtin(name string) (*Rules, error) {
	if !slices.Contains(Builtins(), name) {
		return nil, fmt.Errorf("%w %q; use %s", ErrUnknownRules, excerpt.Of(name), strings.Join(Builtins(), " or "))
	}
	file := "builtin/" + name + ".yaml"
	source, err := builtin.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, source)
}
