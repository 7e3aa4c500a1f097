package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The annotations of flags that this layer reads.
const (
	settingAnnotation = "prizegen_setting" // the name of its setting, empty where it has none
	groupAnnotation   = "prizegen_group"   // the group that its setting is shown in
)

// The groups of settings that are not groups of commands.
const (
	generalGroup = "general"
	backendGroup = "backend"
	otherGroup   = "other"
	secretsGroup = "secrets"
)

// setting is something that can be set from outside a command line: in the
// environment or in the configuration file.
type setting struct {
	name   string
	group  string
	usage  string
	masked bool          // whether its value is never shown
	flags  []*pflag.Flag // that stand for it, each on its own command; none for a secret
}

// nameSetting gives the flags of several commands one setting, where a flag's own
// name would not do.
func nameSetting(cmd *cobra.Command, flag, name string) {
	annotate(cmd.Flags(), flag, settingAnnotation, name)
}

// runOnly keeps flags to the command line: those that ask for one thing once, such
// as --account, and those that must be meant each time, such as --force.
func runOnly(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		nameSetting(cmd, flag, "")
	}
}

// nameSettings names the settings of flags that commands call otherwise, and keeps
// to the command line those that must be.
func nameSettings(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "draw":
			runOnly(cmd, "account")
		case "status":
			runOnly(cmd, "self")
		case "odds":
			runOnly(cmd, "account", "draws", "check")
		case "text", "number":
			nameSetting(cmd, "format", cmd.Name()+"-format")
		case "rules":
			for _, sub := range cmd.Commands() {
				if sub.Name() == "init" {
					runOnly(sub, "force")
				}
			}
		}
	}
}

func annotate(flags *pflag.FlagSet, flag, key, text string) {
	if err := flags.SetAnnotation(flag, key, []string{text}); err != nil {
		panic("prizegen: " + err.Error()) // the flag was not defined before
	}
}

// settingOf is the name of a flag's setting, empty where it has none.
func settingOf(f *pflag.Flag) string {
	switch f.Name {
	case "help", "version", "config": // --config says where settings are and is none
		return ""
	}
	if name, ok := f.Annotations[settingAnnotation]; ok {
		return name[0]
	}
	return f.Name
}

// variable is the environment variable of a setting.
func variable(name string) string {
	return "PRIZEGEN_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// secrets are the settings without a flag, since a command line can be read by
// everyone on the machine.
func secrets() []*setting {
	secret := func(name, usage string) *setting {
		return &setting{name: name, group: secretsGroup, usage: usage, masked: true}
	}
	return []*setting{
		secret("admin-password", "password of the site's administrator (default: made at start and shown once)"),
		secret("admin-token", "bearer token of the API's administrator (default: made at start and shown once)"),
		secret("random-org-api-key", "key of the RANDOM.ORG API, for seeds from there"),
	}
}

// isMasked says whether the value of a flag's setting is never shown: a seed tells
// all its draws, and the address of a database may hold a password.
func isMasked(name string) bool { return name == "seed" || name == "db" }

// settings are all that there are, in the order they are shown in.
type settings struct {
	list []*setting
	// flags tells the settings that flags of a name stand for; an empty one is that
	// of a flag for the command line alone.
	flags map[string][]string
}

// settingsOf gathers the settings of all commands.
func settingsOf(root *cobra.Command) *settings {
	s := &settings{flags: map[string][]string{}}
	groups := []string{generalGroup, backendGroup}
	for _, group := range root.Groups() {
		groups = append(groups, group.ID)
	}
	groups = append(groups, otherGroup, secretsGroup)
	rank := func(group string) int { return slices.Index(groups, group) }

	s.addFlags(root.PersistentFlags(), generalGroup)
	commands := slices.Clone(root.Commands())
	groupOf := func(cmd *cobra.Command) string { return cmp.Or(cmd.GroupID, otherGroup) }
	slices.SortStableFunc(commands, func(x, y *cobra.Command) int { return rank(groupOf(x)) - rank(groupOf(y)) })
	for _, cmd := range commands {
		if takesSettings(cmd) {
			s.addCommand(cmd, groupOf(cmd))
		}
	}
	s.list = append(s.list, secrets()...)
	slices.SortStableFunc(s.list, func(x, y *setting) int {
		return cmp.Or(rank(x.group)-rank(y.group), strings.Compare(x.name, y.name))
	})
	return s
}

// takesSettings is false for the commands that must work whatever is configured,
// since the shell or somebody looking for help runs them.
func takesSettings(cmd *cobra.Command) bool {
	for ; cmd.HasParent(); cmd = cmd.Parent() {
		switch cmd.Name() {
		case "completion", "help", "man", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return false
		}
	}
	return true
}

func (s *settings) addCommand(cmd *cobra.Command, group string) {
	s.addFlags(cmd.Flags(), group)
	for _, sub := range cmd.Commands() {
		s.addCommand(sub, group)
	}
}

func (s *settings) addFlags(flags *pflag.FlagSet, group string) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := settingOf(f)
		if !slices.Contains(s.flags[f.Name], name) {
			s.flags[f.Name] = append(s.flags[f.Name], name)
		}
		if name == "" {
			return
		}
		known := s.named(name)
		if known == nil {
			_, usage := pflag.UnquoteUsage(f)
			known = &setting{name: name, group: group, usage: usage, masked: isMasked(name)}
			if own := f.Annotations[groupAnnotation]; own != nil {
				known.group = own[0]
			}
			s.list = append(s.list, known)
		}
		if !slices.Contains(known.flags, f) { // inherited flags are those of the parent
			known.flags = append(known.flags, f)
		}
	})
}

// named finds a setting, nil where there is none of that name.
func (s *settings) named(name string) *setting {
	for _, known := range s.list {
		if known.name == name {
			return known
		}
	}
	return nil
}

// standard is the default of a setting, empty where it has none. Where commands
// differ in it ok is false.
func (s *setting) standard() (text string, ok bool) {
	for _, f := range s.flags {
		own := f.DefValue
		if _, isList := f.Value.(pflag.SliceValue); isList {
			own = strings.Trim(own, "[]")
		}
		if text != "" && own != "" && text != own {
			return "", false
		}
		text = cmp.Or(text, own)
	}
	return text, true
}

// spelled are the ways to write the setting's flag.
func (s *setting) spelled() []string {
	names := []string{}
	for _, f := range s.flags {
		if name := "--" + f.Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
