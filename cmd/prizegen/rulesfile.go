package main

import (
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

// loadRules finds rules by what --rules says: a built-in name, the path of a YAML
// file, or - for standard input.
func (a *app) loadRules(ref string) (*prize.Rules, error) {
	if slices.Contains(prize.Builtins(), ref) {
		return prize.Builtin(ref)
	}
	source, err := a.readRules(ref)
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
	return rules, a.noteBorrowedName(ref, rules)
}

// noteBorrowedName warns of a file whose rules are called like built-in ones and
// are others: whoever verifies its draws without the file is told that they do not
// hold.
func (a *app) noteBorrowedName(ref string, rules *prize.Rules) error {
	if !slices.Contains(prize.Builtins(), rules.Name) {
		return nil
	}
	own, err := prize.Builtin(rules.Name)
	if err == nil && own.SHA256() != rules.SHA256() {
		a.note("warning: the rules in %s are called %s like built-in ones, but differ from them; better give them a name of their own", sourceName(ref), rules.Name)
	}
	return err
}

// sourceName names a file, - being standard input.
func sourceName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// readRules reads the text of a rules file.
func (a *app) readRules(ref string) ([]byte, error) {
	if ref == "-" {
		return readLimited(a.in, "standard input")
	}
	file, err := openFile(ref)
	if err != nil {
		isName := !strings.ContainsAny(ref, `/\`) && filepath.Ext(ref) == ""
		if isName && errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("%w %q: expected %s or the path of a YAML file", prize.ErrUnknownRules, ref, strings.Join(prize.Builtins(), ", "))
		}
		return nil, fmt.Errorf("rules file %s: %w", ref, bare(err))
	}
	defer file.Close()
	return readLimited(file, "rules file "+ref)
}

// openFile opens a file to be read.
func openFile(name string) (io.ReadCloser, error) { return os.Open(name) }

func readLimited(r io.Reader, what string) ([]byte, error) {
	// One byte too many is enough for the parser to refuse it.
	source, err := io.ReadAll(io.LimitReader(r, prize.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, bare(err))
	}
	return source, nil
}

// bare takes the operation and the path off an error, for messages that name the
// file themselves.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
