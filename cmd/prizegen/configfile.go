package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/pflag"
)

// configFile is the configuration file, or where one would be.
type configFile struct {
	name    string // empty where there is no place for one
	read    bool
	mode    fs.FileMode
	entries []configEntry
}

// readFile reads the configuration file: the one of --config, else the one of
// PRIZEGEN_CONFIG, else the user's own, which need not be there.
func (c *config) readFile(typed *pflag.Flag, userDir string) (configFile, error) {
	file, named := configFile{}, ""
	switch {
	case typed.Changed:
		file.name, named = typed.Value.String(), "--config: "
		if file.name == "" {
			return file, errors.New("--config: the name is empty, expected that of a file")
		}
	case c.environ[variable("config")] != "":
		file.name, named = c.environ[variable("config")], variable("config")+": "
	case userDir != "":
		file.name = filepath.Join(userDir, "prizegen", "config.yaml")
	default:
		return file, nil
	}
	content, mode, err := readSmall(c.open, file.name)
	isMissing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
	switch {
	case isMissing && named == "":
		return file, nil
	case err != nil:
		return file, fmt.Errorf("%sconfiguration file %s: %w", named, file.name, err)
	}
	file.read, file.mode = true, mode
	p := configParser{configMistakes: configMistakes{file: file.name}}
	p.parse(content)
	file.entries = p.entries
	file.check(c.known, &p.configMistakes)
	return file, p.err()
}

// check adds the mistakes of the settings themselves: unknown names, and values
// that no command takes. All are checked, whichever command runs.
func (file *configFile) check(known *settings, wrong *configMistakes) {
	for _, entry := range file.entries {
		s := known.named(entry.name)
		if s == nil {
			wrong.add(entry.key, "unknown setting %s, %s", clipped(entry.name), known.expected(entry.name))
			continue
		}
		v := entry.setValue(file.name)
		v.at = entry.name // the mistake has the place
		if err := s.accepts(v); err != nil {
			wrong.add(entry.value, "%v", err)
		}
	}
}

// expected says what an unknown setting might be instead.
func (s *settings) expected(name string) string {
	if s.isRunOnly(name) {
		return "--" + name + " is for the command line alone"
	}
	if near := s.suggest(name); near != "" {
		return "did you mean " + near + "?"
	}
	return "expected one of those that prizegen config lists"
}

// lookup finds a setting in the file, nil where it is not there.
func (file *configFile) lookup(name string) *setValue {
	for _, entry := range file.entries {
		if entry.name == name {
			return entry.setValue(file.name)
		}
	}
	return nil
}

func (e *configEntry) setValue(file string) *setValue {
	return &setValue{
		values: e.values, isList: e.isList, layer: fromFile,
		source: fmt.Sprintf("%s:%d", file, e.key.line),
		at:     fmt.Sprintf("%s:%d:%d", file, e.value.line, e.value.column),
	}
}

// exposed warns of secrets that everyone on the machine can read.
func (file *configFile) exposed(known *settings) []string {
	const others = 0o004
	// On Windows the mode does not tell who may read a file.
	if file.mode&others == 0 || runtime.GOOS == "windows" {
		return nil
	}
	var list []string
	for _, entry := range file.entries {
		if s := known.named(entry.name); s != nil && s.masked {
			list = append(list, fmt.Sprintf("%s:%d: %s is secret, but everyone on this machine can read the file; run: chmod 600 %s",
				file.name, entry.key.line, entry.name, shellWord(file.name)))
		}
	}
	return list
}
