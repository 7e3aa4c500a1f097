package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

// open opens a file to read; "-" is standard input.
func open(ctx context.Context, a *app, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin(ctx)), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, withoutPath(err))
	}
	return file, nil
}

// sourceName returns the name of a file for messages; "-" is standard input.
func sourceName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// withoutPath removes the operation and the path from an error, for messages that already
// name the file.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// loadRules returns the rules that a reference names: built-in rules, the path of a YAML
// file, or "-" for standard input.
func loadRules(a *app, ref string) (*prize.Rules, error) {
	if slices.Contains(prize.Builtins(), ref) {
		return prize.Builtin(ref)
	}
	source, err := readRules(a, ref)
	if err != nil {
		return nil, err
	}
	rules, err := prize.Parse(sourceName(ref), source)
	var wrong *prize.FileError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("%s in the rules:\n%w", show.Count(len(wrong.Mistakes), "mistake"), err)
	}
	if err != nil {
		return nil, err
	}
	return rules, warnBuiltinName(a, ref, rules)
}

// warnBuiltinName prints a warning if rules from a file have the name of built-in rules
// but differ from them. Their draws can be verified only with that file.
func warnBuiltinName(a *app, ref string, rules *prize.Rules) error {
	if !slices.Contains(prize.Builtins(), rules.Name) {
		return nil
	}
	builtin, err := prize.Builtin(rules.Name)
	if err == nil && builtin.SHA256() != rules.SHA256() {
		a.note("warning: the rules in %s differ from the built-in rules %s; choose another name for them", sourceName(ref), rules.Name)
	}
	return err
}

// readRules returns the content of a rules file.
func readRules(a *app, ref string) ([]byte, error) {
	if ref == "-" {
		return readLimited(a.in, "standard input")
	}
	file, err := os.Open(ref)
	if err != nil {
		isName := !strings.ContainsAny(ref, `/\`) && filepath.Ext(ref) == ""
		if isName && errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("%w %q; use %s or the path of a YAML file", prize.ErrUnknownRules, ref, strings.Join(prize.Builtins(), ", "))
		}
		return nil, fmt.Errorf("rules file %s: %w", ref, withoutPath(err))
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return readLimited(file, "rules file "+ref)
}

func readLimited(r io.Reader, what string) ([]byte, error) {
	// The parser returns an error for a file that is one byte too long.
	source, err := io.ReadAll(io.LimitReader(r, prize.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, withoutPath(err))
	}
	return source, nil
}
