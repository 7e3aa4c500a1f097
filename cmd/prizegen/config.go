package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// masked stands for what is not shown.
const masked = "••••"

// layer is where a setting may come from; an earlier one beats a later one.
type layer string

const (
	fromFlag        layer = "flag"
	fromEnvironment layer = "environment"
	fromFile        layer = "file"
	fromDefault     layer = "default"
)

// setValue is the value that the environment or the configuration file has for a
// setting.
type setValue struct {
	values []string // exactly one where it is no list
	isList bool
	layer  layer
	source string // what set it: a variable, or file:line
	at     string // where a mistake in it is: a variable, or file:line:column
}

// text is the value as it would stand on a command line.
func (v *setValue) text() string { return strings.Join(v.values, ",") }

// config is what is set outside the command line.
type config struct {
	known   *settings
	environ map[string]string // the variables that begin with PRIZEGEN_ and are not empty
	file    configFile
	applied map[*pflag.Flag]*setValue
	open    openFunc
}

// configure gives the flags that were not typed what the environment or the
// configuration file has for them, before a command begins its work. Such flags
// do not count as changed: that two flags can't stand beside each other is about
// what was typed.
func (a *app) configure(cmd *cobra.Command) error {
	if !takesSettings(cmd) {
		return nil
	}
	c, err := a.loadConfig(cmd.Root())
	if err != nil {
		return configError(err)
	}
	a.config = c
	for _, warning := range c.warnings() {
		a.say("prizegen: warning: %s", warning)
	}
	return c.applyTo(cmd)
}

// applyTo sets the flags of a command that were not typed.
func (c *config) applyTo(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			errs = append(errs, c.apply(f))
		}
	})
	return configError(errors.Join(errs...))
}

// configError is a mistake in the settings. It is one of usage, like the same
// mistake in a flag.
func configError(err error) error {
	if err == nil {
		return nil
	}
	return hintError{usageError{err}, "prizegen config --help tells where settings come from and how to write them"}
}

// loadConfig reads the environment and the configuration file.
func (a *app) loadConfig(root *cobra.Command) (*config, error) {
	// A second tree of commands is what values are tried on, so that the flags of
	// the first one keep what was typed.
	trial := *a
	c := &config{
		known:   settingsOf(newRootCmd(&trial)),
		environ: map[string]string{},
		applied: map[*pflag.Flag]*setValue{},
		open:    a.openConfig,
	}
	for _, pair := range a.environ {
		name, text, _ := strings.Cut(pair, "=")
		// Empty is what containers make of a variable that was not set outside them.
		if strings.HasPrefix(name, variable("")) && text != "" {
			c.environ[name] = text
		}
	}
	var err error
	c.file, err = c.readFile(root.PersistentFlags().Lookup("config"), a.configDir)
	return c, err
}

// apply sets a flag that was not typed.
func (c *config) apply(f *pflag.Flag) error {
	known := c.known.named(settingOf(f))
	if known == nil {
		return nil
	}
	v, err := c.lookup(known)
	if v == nil || err != nil {
		return err
	}
	if err := known.assign(f, v); err != nil {
		if known.name == "output" && known.accepts(v) == nil {
			return nil // another command's format; this one keeps its own
		}
		return err
	}
	c.applied[f] = v
	// Cobra asks whether required flags were typed; these are there all the same.
	if f.Annotations[cobra.BashCompOneRequiredFlag] != nil {
		f.Annotations[cobra.BashCompOneRequiredFlag] = []string{"false"}
	}
	return nil
}

// lookup finds the value of a setting, nil where neither the environment nor the
// file has one.
func (c *config) lookup(s *setting) (*setValue, error) {
	v, err := c.fromEnvironment(s)
	if v == nil && err == nil {
		v = c.file.lookup(s.name)
	}
	return v, err
}

// accepts tells what is wrong with a value, nil where one of the commands takes it.
func (s *setting) accepts(v *setValue) error {
	switch isSecret := len(s.flags) == 0; {
	case isSecret && v.isList:
		return fmt.Errorf("%s: %w", v.at, errList())
	case isSecret && v.text() == "":
		return fmt.Errorf("%s: the value is empty, expected one", v.at)
	}
	var first error
	for _, f := range s.flags {
		err := s.assign(f, v)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// assign sets a flag and names the place of the value where that fails.
func (s *setting) assign(f *pflag.Flag, v *setValue) error {
	var err error
	list, takesList := f.Value.(pflag.SliceValue)
	switch {
	case takesList && v.isList:
		err = list.Replace(v.values)
	case takesList:
		err = list.Replace(strings.Split(v.values[0], ","))
	case v.isList:
		err = errList()
	default:
		err = f.Value.Set(v.values[0])
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", v.at, s.plain(f, v, err))
}

// errList is about a list where a single value is expected.
func errList() error {
	return errors.New("this is a list, expected one value; a text that begins with [ or - needs quotes")
}

// plain makes an error about a value one for people.
func (s *setting) plain(f *pflag.Flag, v *setValue, err error) error {
	var number *strconv.NumError
	switch {
	case errors.As(err, &number) && f.Value.Type() == "bool":
		err = errors.New("expected true or false")
	case errors.As(err, &number):
		err = errors.New("expected a number")
	case f.Value.Type() == "duration":
		err = errors.New("expected a duration such as 30s")
	}
	switch message := err.Error(); {
	case s.masked && v.text() != "" && (strings.Contains(message, `"`) || strings.Contains(message, v.text())):
		// What others say of a value may quote it, or a part of it.
		return fmt.Errorf("the value, which is not shown, was not understood; %s is: %s", s.name, s.usage)
	case s.masked || v.isList || strings.Contains(message, `"`) || strings.Contains(v.text(), "@"):
		return err // which quotes the value itself, or had better not: addresses may hold passwords
	default:
		return fmt.Errorf("%s: %w", clipped(v.text()), err)
	}
}

// given says whether a flag was typed, or set in the environment or the
// configuration file, which [pflag.FlagSet.Changed] does not count.
func (a *app) given(cmd *cobra.Command, flag string) bool {
	f := cmd.Flags().Lookup(flag)
	return f != nil && (f.Changed || a.config != nil && a.config.applied[f] != nil)
}

// setting is the value of a setting that has no flag, empty where it is not set.
func (a *app) setting(name string) (string, error) {
	known := a.config.known.named(name)
	if known == nil || len(known.flags) > 0 {
		panic("prizegen: " + name + " is no setting without a flag")
	}
	v, err := a.config.lookup(known)
	if v == nil || err != nil {
		return "", configError(err)
	}
	return v.text(), nil
}

// warnings are about what was likely meant otherwise, but harms nothing.
func (c *config) warnings() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(c.environ)) {
		if !c.isVariable(name) {
			list = append(list, name+" is no setting and is ignored"+c.didYouMean(name))
		}
	}
	return append(list, c.file.exposed(c.known)...)
}

// didYouMean proposes a variable for one that is unknown.
func (c *config) didYouMean(name string) string {
	plain := strings.TrimPrefix(name, variable(""))
	asSetting := strings.ToLower(strings.ReplaceAll(plain, "_", "-"))
	if c.known.isRunOnly(asSetting) {
		return "; --" + asSetting + " is for the command line alone"
	}
	if near := c.known.suggest(plain); near != "" {
		return "; did you mean " + variable(near) + "?"
	}
	return "; prizegen config lists those there are"
}
