package settings

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// hidden is shown in place of the value of a secret.
const hidden = "••••"

// Report lists every setting with the value that it has for a command without flags.
type Report struct {
	File     string      `json:"file"` // "" if the user has no configuration directory
	Read     bool        `json:"file_read"`
	Settings []ReportRow `json:"settings"`
}

// ReportRow is a setting and its value.
type ReportRow struct {
	Name     string   `json:"name"`
	Group    Group    `json:"group"`
	Variable string   `json:"variable"`
	Flags    []string `json:"flags"`
	Value    *string  `json:"value"` // nil if there is no value or each command has its own
	Layer    Layer    `json:"layer"`
	Source   string   `json:"source"`
	Secret   bool     `json:"secret"`
	Set      bool     `json:"set"` // whether the value differs from the default
}

// Report returns all settings, and an error for the settings with invalid values. typed
// contains the flags that every command has.
func (s *Set) Report(typed *pflag.FlagSet) (Report, error) {
	report := Report{File: s.file.name, Read: s.file.exists}
	values := map[string]string{}
	typed.VisitAll(func(f *pflag.Flag) {
		if setting := s.settingOf(f); setting != nil && f.Changed {
			values[setting.Name] = f.Value.String()
		}
	})
	var errs []error
	for i := range s.table {
		setting := &s.table[i]
		row := ReportRow{Name: setting.Name, Group: setting.Group, Variable: Variable(setting.Name), Flags: []string{}, Secret: setting.Secret}
		for _, flag := range setting.Flags {
			row.Flags = append(row.Flags, "--"+flag)
		}
		if text, ok := values[setting.Name]; ok {
			row.Value, row.Layer, row.Source = &text, FromFlag, string(FromFlag)
		} else if err := s.fill(&row, setting); err != nil {
			errs = append(errs, err)
		}
		row.Set = row.Layer != FromDefault
		if setting.Secret && row.Set {
			text := hidden
			row.Value = &text
		}
		report.Settings = append(report.Settings, row)
	}
	return report, errors.Join(errs...)
}

// fill sets the value and the source of a setting whose flag was not typed.
func (s *Set) fill(row *ReportRow, setting *Setting) error {
	v, err := s.lookup(setting)
	if err != nil {
		return err
	}
	if v == nil {
		row.Layer, row.Source = FromDefault, string(FromDefault)
		if text, ok := setting.Default(); ok && text != "" {
			row.Value = &text
		}
		return nil
	}
	text := v.text()
	row.Value, row.Layer, row.Source = &text, v.layer, v.source
	return setting.check(v)
}

// Shown returns the value as text for a table.
func (row *ReportRow) Shown() string {
	switch {
	case row.Value == nil && row.Name == "output":
		return "depends on the command"
	case row.Value == nil:
		return "not set"
	case strings.ContainsFunc(*row.Value, func(r rune) bool { return !strconv.IsPrint(r) }):
		return strconv.Quote(*row.Value)
	}
	return cmp.Or(*row.Value, `""`)
}
