// Package settings defines the table of the program's settings: their names, flags,
// environment variables, defaults and parsers. The command line, the environment, the
// configuration file and prizegen config all use this table.
//
//	table := settings.NewTable()
//	seed := settings.Define[entropy.Seed](table, cmd, "seed") // the --seed flag
//	set, err := settings.Load(table, sources)                 // environment and file
//	err = set.Apply(cmd.Flags())                              // sets the flags that were not typed
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Group is a group of settings in the output of prizegen config.
type Group string

// The groups.
const (
	General Group = "general"
	Backend Group = "backend"
	Draw    Group = "draw"
	Check   Group = "check"
	Serve   Group = "serve"
	Secrets Group = "secrets"
)

// Setting is a value that can be set on the command line, in the environment and in
// the configuration file.
type Setting struct {
	Name  string
	Group Group
	Usage string
	// Flags are the names of the setting's flags, which may differ between commands. A
	// secret may have no flags, because everyone on a machine can read command lines.
	Flags     []string
	Shorthand string
	Global    bool     // whether all commands have this flag
	Secret    bool     // whether the value is never shown
	Values    []string // values that the shell completes
	Files     bool     // whether the shell completes file names too
	// New returns a new value, which parses and holds the default. It is nil for a setting
	// without flags, which accepts any string.
	New func() bound
	// PerCommand marks a setting whose default and permitted values depend on the command.
	// New accepts every value that at least one command accepts.
	PerCommand bool
}

// variablePrefix is the prefix of the name of every environment variable.
const variablePrefix = "PRIZEGEN_"

// Variable returns the name of a setting's environment variable.
func Variable(name string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Default returns the default of the setting, or "" if it has none. ok is false if the
// default depends on the command.
func (s *Setting) Default() (text string, ok bool) {
	switch {
	case s.PerCommand:
		return "", false
	case s.New == nil:
		return "", true
	}
	return s.New().String(), true
}

// check returns an error if the setting does not accept the value.
func (s *Setting) check(v *sourced) error {
	if s.New != nil {
		return s.assign(s.New(), v)
	}
	switch {
	case v.isList:
		return fmt.Errorf("%s: %w", v.at, errList())
	case v.text() == "":
		return fmt.Errorf("%s: the value is empty", v.at)
	}
	return nil
}

// Define adds the flag of a setting to a command and returns its value. T must be the
// type of the setting's value.
func Define[T any](t Table, cmd *cobra.Command, setting string) *Value[T] {
	return DefineAs[T](t, cmd, setting, setting, "")
}

// DefineAs is like [Define], but uses another name for the flag or another usage text. If
// usage is empty, it uses the setting's usage text.
func DefineAs[T any](t Table, cmd *cobra.Command, setting, flag, usage string) *Value[T] {
	v, ok := define(cmd, t.mustFind(setting), flag, usage).(*Value[T])
	if !ok {
		panic("prizegen: the value of setting " + setting + " has another type")
	}
	return v
}

// DefineList adds the flag of a setting whose value is a list.
func DefineList(t Table, cmd *cobra.Command, setting string) *List {
	s := t.mustFind(setting)
	list, ok := define(cmd, s, s.Name, "").(*List)
	if !ok {
		panic("prizegen: the value of setting " + setting + " is not a list")
	}
	return list
}

// DefineOutput adds the --output flag of a command that can write the given formats. The
// first format is the default.
func DefineOutput(t Table, cmd *cobra.Command, formats ...string) *Value[string] {
	s := *t.mustFind("output")
	v := NewValue("format", formats[0], OneOf(formats...))
	s.New = func() bound { return v }
	s.Values = formats
	define(cmd, &s, s.Name, s.Usage+": "+strings.Join(formats, ", "))
	return v
}

func define(cmd *cobra.Command, s *Setting, flag, usage string) bound {
	if !slices.Contains(s.Flags, flag) {
		panic("prizegen: setting " + s.Name + " has no flag --" + flag)
	}
	flags := cmd.Flags()
	if s.Global {
		flags = cmd.PersistentFlags()
	}
	v := s.New()
	v.bind(addFlag(flags, v, flag, s.Shorthand, cmp.Or(usage, s.Usage)), s.Name)
	directive := cobra.ShellCompDirectiveNoFileComp
	if s.Files {
		directive = cobra.ShellCompDirectiveDefault
	}
	if s.Values != nil || !s.Files {
		Complete(cmd, flag, cobra.FixedCompletions(s.Values, directive))
	}
	return v
}

// FlagError removes the value of a secret setting from an error about a flag.
func (t Table) FlagError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	v, ok := invalid.GetFlag().Value.(bound)
	if !ok || v.Setting() == "" || !t.mustFind(v.Setting()).Secret {
		return err
	}
	return fmt.Errorf("invalid argument for \"--%s\" flag: %w", invalid.GetFlag().Name, invalid.Unwrap())
}

// AddFlag adds a flag that has no setting, so it can be set only on the command line.
func AddFlag[T any](cmd *cobra.Command, v *Value[T], flag, usage string, completions ...string) *Value[T] {
	v.bind(addFlag(cmd.Flags(), v, flag, "", usage), "")
	if completions != nil {
		Complete(cmd, flag, cobra.FixedCompletions(completions, cobra.ShellCompDirectiveNoFileComp))
	}
	return v
}

func addFlag(flags *pflag.FlagSet, v pflag.Value, flag, shorthand, usage string) *pflag.Flag {
	f := flags.VarPF(v, flag, shorthand, usage)
	if _, isBool := v.(*Value[bool]); isBool {
		f.NoOptDefVal = "true" // the flag can be used without a value on the command line
	}
	return f
}

// Complete makes the shell complete the values of a flag.
func Complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic("prizegen: " + err.Error()) // the flag is not defined
	}
}

// Table lists all settings in the order of prizegen config.
type Table []Setting

// find returns the setting with the given name, or nil.
func (t Table) find(name string) *Setting {
	for i := range t {
		if t[i].Name == name {
			return &t[i]
		}
	}
	return nil
}

// mustFind returns the setting with the given name, which must exist.
func (t Table) mustFind(name string) *Setting {
	s := t.find(name)
	if s == nil {
		panic("prizegen: unknown setting " + name)
	}
	return s
}
