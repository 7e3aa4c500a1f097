package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
)

func newConfigCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show every setting, its value and its source",
		Long: `Show and check every setting, its value and its source.

A flag overrides the environment, which overrides the configuration file, which
overrides the default. The environment variable of a setting is PRIZEGEN_ followed by its
name in capitals with _ for -, so text-url can be set with PRIZEGEN_TEXT_URL. Empty
variables are ignored. The format flags of all commands use the text-format and
number-format settings. Flags for a single run, such as --account, are not settings.

--config or PRIZEGEN_CONFIG names the configuration file. The default is
prizegen/config.yaml in your configuration directory, if it exists. It is YAML with
one line for each setting, such as text-url: http://text:8081.

Secrets have no flags. Secrets, the seed and the database can also be read from a file:
add _FILE to the variable, as in PRIZEGEN_ADMIN_TOKEN_FILE. prizegen config never shows
their values.

docs/configuration.md lists all settings.`,
		Example: `  prizegen config
  prizegen config -o json
  prizegen config --config deploy.yaml
  PRIZEGEN_RULES=modest prizegen draw`,
		Args: cobra.NoArgs,
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		report, err := a.settings.Report(cmd.InheritedFlags())
		if err != nil {
			return settingsError(err)
		}
		if output.Get() == "json" {
			return a.writeJSON(report)
		}
		return a.write([]byte(configTable(report, a.styles())))
	}
	return cmd
}

// configTable returns a report as a table, followed by a line about the configuration
// file.
func configTable(r settings.Report, style styles) string {
	names, values := 0, 0
	for _, row := range r.Settings {
		names = max(names, len(row.Name))
		values = max(values, min(utf8.RuneCountInString(row.Shown()), 40))
	}
	var b strings.Builder
	group := settings.Group("")
	for _, row := range r.Settings {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&b, "%s\n", style.head.Render(strings.ToUpper(string(group[:1]))+string(group[1:])+":"))
		}
		fmt.Fprintf(&b, "  %-*s  %-*s  %s\n", names, row.Name, values, row.Shown(), row.Source)
	}
	switch {
	case r.File == "":
		b.WriteString("\nNo configuration file; specify one with --config.\n")
	case r.Read:
		fmt.Fprintf(&b, "\nThe configuration file is %s.\n", r.File)
	default:
		fmt.Fprintf(&b, "\nNo configuration file; %s does not exist.\n", r.File)
	}
	return b.String()
}
