package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// addConfigFlags defines the flags of all commands that settings and their
// places have.
func (a *app) addConfigFlags(root *cobra.Command) {
	name := &value[string]{kind: "file", parse: func(text string) (string, error) { return text, nil }}
	root.PersistentFlags().Var(name, "config", "configuration file (default: config.yaml in the user's configuration directory)")
	if err := root.MarkPersistentFlagFilename("config", "yaml", "yml"); err != nil {
		panic("prizegen: " + err.Error()) // it was not defined before
	}
	a.backend = newBackendFlags(root)
	standard := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error { return usage(cmd, standard) })
}

// configReport is what the command config tells.
type configReport struct {
	File     string       `json:"file"` // empty where there is no place for one
	Read     bool         `json:"file_read"`
	Settings []settingRow `json:"settings"`
}

// settingRow is a setting with the value in force.
type settingRow struct {
	Name     string   `json:"name"`
	Group    string   `json:"group"`
	Variable string   `json:"variable"`
	Flags    []string `json:"flags"`
	Value    *string  `json:"value"` // nil where none is set, or each command has its own
	Layer    layer    `json:"layer"`
	Source   string   `json:"source"`
	Secret   bool     `json:"secret"`
	Set      bool     `json:"set"` // by anything but the default
}

func newConfigCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show every setting, its value and where it comes from",
		Long: `Config shows every setting that a command takes, the value in force, and where
that comes from. It also checks all of them.

A flag beats the environment, which beats the configuration file, which beats the
default. The variable of a flag is PRIZEGEN_ and the name of its setting in
capitals, with _ for -: the flag --text-url is PRIZEGEN_TEXT_URL. Empty variables
do not count. The format flags of all commands are the settings text-format and
number-format. Flags that ask for one thing once, such as --account, are for the
command line alone.

The configuration file is the one of --config or PRIZEGEN_CONFIG, else
prizegen/config.yaml in the user's configuration directory, where there is one. It
is YAML with a line for each setting, such as text-url: http://text:8081.

Secrets have no flag. They, the seed and the database can also be the content of
a file that a variable ending in _FILE names, such as PRIZEGEN_ADMIN_TOKEN_FILE.
They are never shown.

docs/configuration.md lists all settings.`,
		Example: `  prizegen config
  prizegen config -o json
  prizegen config --config deploy.yaml
  PRIZEGEN_RULES=modest prizegen draw`,
		Args: cobra.NoArgs,
	}
	output := newOutput(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		report, err := a.config.report(cmd.InheritedFlags())
		if err != nil {
			return configError(err)
		}
		if output.value == "json" {
			return a.writeJSON(report)
		}
		return a.write([]byte(a.configTable(report)))
	}
	return cmd
}

// report gathers all settings. The flags are those of all commands, the only ones
// that can have been typed.
func (c *config) report(typed *pflag.FlagSet) (configReport, error) {
	report := configReport{File: c.file.name, Read: c.file.read}
	values := map[string]string{}
	typed.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			values[settingOf(f)] = f.Value.String()
		}
	})
	var errs []error
	for _, s := range c.known.list {
		row := settingRow{Name: s.name, Group: s.group, Variable: variable(s.name), Flags: s.spelled(), Secret: s.masked}
		if text, ok := values[s.name]; ok {
			row.Value, row.Layer, row.Source = &text, fromFlag, string(fromFlag)
		} else if err := c.fill(&row, s); err != nil {
			errs = append(errs, err)
		}
		row.Set = row.Layer != fromDefault
		if s.masked && row.Set {
			hidden := masked
			row.Value = &hidden
		}
		report.Settings = append(report.Settings, row)
	}
	return report, errors.Join(errs...)
}

// fill adds the value of a setting that was not typed.
func (c *config) fill(row *settingRow, s *setting) error {
	v, err := c.lookup(s)
	if err != nil {
		return err
	}
	if v == nil {
		row.Layer, row.Source = fromDefault, string(fromDefault)
		if text, ok := s.standard(); ok && text != "" {
			row.Value = &text
		}
		return nil
	}
	text := v.text()
	row.Value, row.Layer, row.Source = &text, v.layer, v.source
	return s.accepts(v)
}

// configTable shows a report to people.
func (a *app) configTable(r configReport) string {
	names, values := 0, 0
	for _, row := range r.Settings {
		names = max(names, len(row.Name))
		values = max(values, min(utf8.RuneCountInString(row.shown()), 40))
	}
	var b strings.Builder
	head, group := a.styles().head, ""
	for _, row := range r.Settings {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&b, "%s\n", head.Render(strings.ToUpper(group[:1])+group[1:]+":"))
		}
		fmt.Fprintf(&b, "  %-*s  %-*s  %s\n", names, row.Name, values, row.shown(), row.Source)
	}
	switch {
	case r.File == "":
		b.WriteString("\nThere is no configuration file; --config names one.\n")
	case r.Read:
		fmt.Fprintf(&b, "\nThe configuration file is %s.\n", r.File)
	default:
		fmt.Fprintf(&b, "\nThere is no configuration file; %s would be read.\n", r.File)
	}
	return b.String()
}

// shown is the value as a line of a table has it.
func (row *settingRow) shown() string {
	switch {
	case row.Value == nil && row.Name == "output":
		return "as the command"
	case row.Value == nil:
		return "not set"
	case strings.ContainsFunc(*row.Value, func(r rune) bool { return !strconv.IsPrint(r) }):
		return strconv.Quote(*row.Value)
	}
	return cmp.Or(*row.Value, `""`)
}
