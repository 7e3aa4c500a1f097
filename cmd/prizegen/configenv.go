package main

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// fileSuffix is added to the variable of a masked setting for one that names a
// file with the value, which is how containers are handed secrets.
const fileSuffix = "_FILE"

// openFunc opens a file to be read.
type openFunc func(name string) (fs.File, error)

// isVariable says whether a name is that of a variable this program reads.
func (c *config) isVariable(name string) bool {
	if name == variable("config") {
		return true
	}
	for _, s := range c.known.list {
		if own := variable(s.name); name == own || s.masked && name == own+fileSuffix {
			return true
		}
	}
	return false
}

// fromEnvironment finds the value of a setting in the environment, nil where there
// is none.
func (c *config) fromEnvironment(s *setting) (*setValue, error) {
	name := variable(s.name)
	text := c.environ[name]
	if s.masked && c.environ[name+fileSuffix] != "" {
		if text != "" {
			return nil, fmt.Errorf("%s and %s are both set, expected one of them", name, name+fileSuffix)
		}
		name += fileSuffix
		var err error
		if text, err = c.readSecret(c.environ[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if text == "" {
		return nil, nil
	}
	return &setValue{values: []string{text}, layer: fromEnvironment, source: name, at: name}, nil
}

// readSecret reads a file whose content is a value, but for the line break that
// editors end files with.
func (c *config) readSecret(name string) (string, error) {
	content, _, err := readSmall(c.open, name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if len(content) > maxConfigFile {
		return "", fmt.Errorf("%s: the file is too large, expected at most %d bytes", name, maxConfigFile)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s: the file is empty, expected the value", name)
	}
	return text, nil
}

// readSmall reads a file, up to one byte more than a configuration file may have,
// and tells its mode.
func readSmall(open openFunc, name string) ([]byte, fs.FileMode, error) {
	file, err := open(name)
	if err != nil {
		return nil, 0, bare(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	info, err := file.Stat()
	if err != nil {
		return nil, 0, bare(err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxConfigFile+1))
	if err != nil {
		return nil, 0, bare(err)
	}
	return content, info.Mode(), nil
}
