package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Layer is a kind of source for settings. The command line overrides the environment,
// which overrides the configuration file, which overrides the default.
type Layer string

// The layers.
const (
	FromFlag        Layer = "flag"
	FromEnvironment Layer = "environment"
	FromFile        Layer = "file"
	FromDefault     Layer = "default"
)

// Sources are all sources of settings except the command line.
type Sources struct {
	Environ   []string // NAME=value, as from os.Environ
	ConfigDir string   // the user's configuration directory, "" if unknown
	Open      func(name string) (fs.File, error)
	// ConfigFile is the value of --config, nil if it was not given.
	ConfigFile *string
	// IsFlag reports whether a command has a flag. Error messages use it.
	IsFlag func(name string) bool
}

// Set contains the settings from the environment and the configuration file.
type Set struct {
	table   Table
	environ map[string]string // the non-empty variables with variablePrefix
	file    configFile
	sources Sources
}

// sourced is the value of a setting from the environment or the configuration file.
type sourced struct {
	values []string // a single value unless the setting is a list
	isList bool
	layer  Layer
	source string // the variable, or file:line
	at     string // the position for error messages: the variable, or file:line:column
}

// text returns the value in the format of the command line.
func (v *sourced) text() string { return strings.Join(v.values, ",") }

// Load reads the environment and the configuration file. It checks every setting in the
// file, even those that the command does not use.
func Load(table Table, sources Sources) (*Set, error) {
	s := &Set{table: table, environ: map[string]string{}, sources: sources}
	for _, pair := range sources.Environ {
		name, text, _ := strings.Cut(pair, "=")
		// Container tools pass an empty variable if it is not set.
		if strings.HasPrefix(name, variablePrefix) && text != "" {
			s.environ[name] = text
		}
	}
	var err error
	s.file, err = s.readFile()
	return s, err
}

// Apply sets the flags that were not typed from the environment and the configuration
// file. It leaves Changed false, because conflicts between flags apply only to typed
// flags.
func (s *Set) Apply(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		if setting := s.settingOf(f); setting != nil && !f.Changed {
			errs = append(errs, s.apply(setting, f))
		}
	})
	return errors.Join(errs...)
}

// settingOf returns the setting of a flag, or nil if the flag has none.
func (s *Set) settingOf(f *pflag.Flag) *Setting {
	if v, ok := f.Value.(bound); ok {
		return s.table.find(v.Setting())
	}
	return nil
}

func (s *Set) apply(setting *Setting, f *pflag.Flag) error {
	v, err := s.lookup(setting)
	if v == nil || err != nil {
		return err
	}
	if err := setting.assign(f.Value, v); err != nil {
		if setting.PerCommand && setting.check(v) == nil {
			return nil // this command does not accept the value, so it keeps its default
		}
		return err
	}
	// Cobra returns an error if a required flag was not typed. This flag has a value now.
	delete(f.Annotations, cobra.BashCompOneRequiredFlag)
	return nil
}

// lookup returns the value of a setting, or nil if neither the environment nor the file
// sets it.
func (s *Set) lookup(setting *Setting) (*sourced, error) {
	v, err := s.fromEnvironment(setting)
	if v == nil && err == nil {
		v = s.file.lookup(setting.Name)
	}
	return v, err
}

// assign sets the value of a flag. Its error begins with the position of v.
func (s *Setting) assign(value pflag.Value, v *sourced) error {
	var err error
	list, takesList := value.(pflag.SliceValue)
	switch {
	case takesList && v.isList:
		err = list.Replace(v.values)
	case takesList:
		err = list.Replace(strings.Split(v.values[0], ","))
	case v.isList:
		err = errList()
	default:
		err = value.Set(v.values[0])
	}
	if err == nil {
		return nil
	}
	message, text := err.Error(), v.text()
	quotes := strings.Contains(message, `"`)
	switch {
	case s.Secret && text != "" && (quotes || strings.Contains(message, text)):
		return fmt.Errorf("%s: invalid value, which is hidden; %s is the %s", v.at, s.Name, s.Usage)
	case s.Secret, v.isList, quotes, strings.Contains(text, "@"): // an address may contain a password
		return fmt.Errorf("%s: %w", v.at, err)
	}
	return fmt.Errorf("%s: %q: %w", v.at, excerpt.Of(text), err)
}

// errList is the error for a list where a single value is expected.
func errList() error {
	return errors.New("expected a single value, got a list; put quotes around text that begins with [ or -")
}

// Secret returns the value of a setting without a flag, or "" if it is not set.
func (s *Set) Secret(name string) (string, error) {
	setting := s.table.find(name)
	if setting == nil || setting.New != nil {
		panic("prizegen: setting " + name + " has a flag or does not exist")
	}
	v, err := s.lookup(setting)
	if v == nil || err != nil {
		return "", err
	}
	return v.text(), nil
}

// Text returns the value of a setting in a command that does not have its flag.
func (s *Set) Text(name string) (string, error) {
	setting := s.table.mustFind(name)
	value := setting.New()
	v, err := s.lookup(setting)
	if v != nil && err == nil {
		err = setting.assign(value, v)
	}
	return value.String(), err
}

// Warnings returns warnings about unknown variables, and about secrets that everyone on
// the machine can read.
func (s *Set) Warnings() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(s.environ)) {
		if !s.isVariable(name) {
			list = append(list, "ignored unknown variable "+name+s.variableHint(name))
		}
	}
	return append(list, s.file.exposed(s.table)...)
}

// variableHint returns a suggestion for an unknown variable. It is appended to a warning.
func (s *Set) variableHint(name string) string {
	name = strings.TrimPrefix(name, variablePrefix)
	asFlag := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	if s.isFlagOnly(asFlag) {
		return "; use --" + asFlag + " on the command line"
	}
	if near := s.table.suggest(name); near != "" {
		return "; did you mean " + Variable(near) + "?"
	}
	return "; prizegen config lists all settings"
}

// isFlagOnly reports whether a name is the name of a flag without a setting.
func (s *Set) isFlagOnly(name string) bool {
	if s.sources.IsFlag == nil || !s.sources.IsFlag(name) {
		return false
	}
	return !slices.ContainsFunc(s.table, func(setting Setting) bool { return slices.Contains(setting.Flags, name) })
}

// suggest returns the setting whose name is most similar to an unknown one, or "" if none
// is similar.
func (t Table) suggest(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	name = strings.TrimPrefix(strings.TrimLeft(name, "-"), "prizegen-")
	for i := range t {
		if slices.Contains(t[i].Flags, name) {
			return t[i].Name
		}
	}
	nearest, least := "", len(name)/3+1
	for i := range t {
		own := t[i].Name
		if d := editDistance(name, own); d < least || d == least && nearest == "" {
			nearest, least = own, d
		}
	}
	return nearest
}

// editDistance returns the Levenshtein distance of two strings, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
