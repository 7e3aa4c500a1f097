package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// maxFile is the maximum size of the configuration file and of a secret file, in bytes.
const maxFile = 64 << 10

// fileSuffix is appended to the environment variable of a secret setting. The resulting
// variable names a file that contains the value, as is usual for secrets in containers.
const fileSuffix = "_FILE"

// configFile is the configuration file.
type configFile struct {
	name    string // "" if the user has no configuration directory
	exists  bool
	mode    fs.FileMode
	entries []entry
}

// entry is a setting in the configuration file.
type entry struct {
	name   string
	values []string // a single value unless the setting is a list
	isList bool
	key    strictyaml.Pos // position of the name
	value  strictyaml.Pos // position of the value
}

// readFile reads the configuration file that --config names or, without that flag,
// PRIZEGEN_CONFIG. If neither is set, it reads the file in the user's configuration
// directory, which need not exist.
func (s *Set) readFile() (configFile, error) {
	file, prefix := configFile{}, ""
	named := s.environ[Variable("config")]
	switch {
	case s.sources.ConfigFile != nil:
		file.name, prefix = *s.sources.ConfigFile, "--config: "
		if file.name == "" {
			return file, errors.New("--config: the file name is empty")
		}
	case named != "":
		file.name, prefix = named, Variable("config")+": "
	case s.sources.ConfigDir != "":
		file.name = filepath.Join(s.sources.ConfigDir, "prizegen", "config.yaml")
	default:
		return file, nil
	}
	content, mode, err := s.readSmall(file.name)
	isMissing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
	switch {
	case isMissing && prefix == "":
		return file, nil
	case err != nil:
		return file, fmt.Errorf("%sconfiguration file %s: %w", prefix, file.name, err)
	}
	file.exists, file.mode = true, mode
	doc := strictyaml.Parse(file.name, content, strictyaml.Options{MaxSize: maxFile, MaxKeys: 200, MaxDepth: 2, Secret: true})
	file.entries = s.readEntries(doc)
	if err := doc.Err(); err != nil {
		return file, fmt.Errorf("%s in the configuration file:\n%w", show.Count(doc.Mistakes(), "mistake"), err)
	}
	return file, nil
}

// readEntries reads the settings in a file. It reports a mistake for each unknown setting
// and for each value that no command accepts.
func (s *Set) readEntries(doc *strictyaml.Document) []entry {
	if doc.Root == nil {
		return nil
	}
	if doc.Root.Kind != strictyaml.Map {
		doc.Addf(doc.Root.Pos, "not a setting; write lines such as rules: modest")
		return nil
	}
	var entries []entry
	for _, field := range doc.Root.Fields {
		setting := s.table.find(field.Key)
		if setting == nil {
			doc.Addf(field.Pos, "unknown setting %q%s", excerpt.Of(field.Key), s.fileHint(field.Key))
			continue
		}
		if field.Value == nil {
			doc.Addf(field.Pos, "%s has no value", setting.Name)
			continue
		}
		e, ok := newEntry(field)
		if !ok {
			doc.Addf(field.Pos, "%s has keys or lists of its own; settings are not nested", setting.Name)
			continue
		}
		v := e.sourced("")
		v.at = e.name // doc.Addf adds the position
		if err := setting.check(v); err != nil {
			doc.Addf(field.Value.Pos, "%v", err)
			continue
		}
		entries = append(entries, e)
	}
	return entries
}

// newEntry returns the entry of a field. ok is false if its value is nested.
func newEntry(field strictyaml.Field) (e entry, ok bool) {
	e = entry{name: field.Key, key: field.Pos, value: field.Value.Pos}
	items := []*strictyaml.Node{field.Value}
	if field.Value.Kind == strictyaml.List {
		e.isList, items = true, field.Value.Items
	}
	for _, item := range items {
		if item.Kind != strictyaml.Scalar {
			return e, false
		}
		e.values = append(e.values, item.Text)
	}
	return e, true
}

// fileHint returns a suggestion for an unknown setting. It is appended to an error.
func (s *Set) fileHint(name string) string {
	if s.isFlagOnly(name) {
		return "; use --" + name + " on the command line"
	}
	if near := s.table.suggest(name); near != "" {
		return "; did you mean " + near + "?"
	}
	return "; prizegen config lists all settings"
}

// lookup returns the value of a setting in the file, or nil.
func (file *configFile) lookup(name string) *sourced {
	for _, e := range file.entries {
		if e.name == name {
			return e.sourced(file.name)
		}
	}
	return nil
}

func (e *entry) sourced(file string) *sourced {
	return &sourced{
		values: e.values, isList: e.isList, layer: FromFile,
		source: fmt.Sprintf("%s:%d", file, e.key.Line),
		at:     fmt.Sprintf("%s:%d:%d", file, e.value.Line, e.value.Column),
	}
}

// exposed returns a warning for each secret in the file if everyone on the machine can
// read the file.
func (file *configFile) exposed(table Table) []string {
	const others = 0o004
	// On Windows the mode does not show who can read a file.
	if file.mode&others == 0 || runtime.GOOS == "windows" {
		return nil
	}
	var list []string
	for _, e := range file.entries {
		if s := table.find(e.name); s != nil && s.Secret {
			list = append(list, fmt.Sprintf("%s:%d: %s is secret, but everyone on this machine can read the file; run: chmod 600 %s",
				file.name, e.key.Line, e.name, show.ShellWord(file.name)))
		}
	}
	return list
}

// isVariable reports whether the program reads an environment variable.
func (s *Set) isVariable(name string) bool {
	if name == Variable("config") {
		return true
	}
	for i := range s.table {
		own := Variable(s.table[i].Name)
		if name == own || s.table[i].Secret && name == own+fileSuffix {
			return true
		}
	}
	return false
}

// fromEnvironment returns the value of a setting in the environment, or nil.
func (s *Set) fromEnvironment(setting *Setting) (*sourced, error) {
	name := Variable(setting.Name)
	text := s.environ[name]
	if setting.Secret && s.environ[name+fileSuffix] != "" {
		if text != "" {
			return nil, fmt.Errorf("%s and %s are both set; set only one of them", name, name+fileSuffix)
		}
		name += fileSuffix
		var err error
		if text, err = s.readSecret(s.environ[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if text == "" {
		return nil, nil
	}
	return &sourced{values: []string{text}, layer: FromEnvironment, source: name, at: name}, nil
}

// readSecret reads a value from a file and removes the line break at its end.
func (s *Set) readSecret(name string) (string, error) {
	content, _, err := s.readSmall(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if len(content) > maxFile {
		return "", fmt.Errorf("%s: the file is larger than %d bytes", name, maxFile)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s: the file is empty", name)
	}
	return text, nil
}

// readSmall reads at most one byte more than maxFile from a file. It also returns the
// mode of the file.
func (s *Set) readSmall(name string) ([]byte, fs.FileMode, error) {
	file, err := s.sources.Open(name)
	if err != nil {
		return nil, 0, withoutPath(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	info, err := file.Stat()
	if err != nil {
		return nil, 0, withoutPath(err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, 0, withoutPath(err)
	}
	return content, info.Mode(), nil
}

// OpenFile opens a file for [Sources].
func OpenFile(name string) (fs.File, error) { return os.Open(name) }

// withoutPath removes the operation and the path from an error, for messages that already
// name the file.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
