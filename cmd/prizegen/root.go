package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/remote"
)

// globalFlags are the flags of every command.
type globalFlags struct {
	config *settings.Value[string]
	quiet  *settings.Value[bool]
	remote *settings.Value[*url.URL] // one URL for all services
	text   *settings.Value[*url.URL] // these four override it, each for one service
	number *settings.Value[*url.URL]
	prize  *settings.Value[*url.URL]
	core   *settings.Value[*url.URL]
	tls    identityFlags
	plain  *settings.Value[bool]
	keys   *settings.Value[string]
}

// identityFlags are the flags for the certificates of services and their callers.
type identityFlags struct{ ca, cert, key *settings.Value[string] }

func newIdentityFlags(a *app, cmd *cobra.Command) identityFlags {
	return identityFlags{
		ca:   settings.Define[string](a.table, cmd, "service-ca"),
		cert: settings.Define[string](a.table, cmd, "service-cert"),
		key:  settings.Define[string](a.table, cmd, "service-key"),
	}
}

// files returns the names of the certificate files. Either all of them are set or none.
func (f identityFlags) files() (certs.Files, error) {
	files := certs.Files{CA: f.ca.Get(), Cert: f.cert.Get(), Key: f.key.Get()}
	if files != (certs.Files{}) && (files.CA == "" || files.Cert == "" || files.Key == "") {
		return files, usagef("--service-ca, --service-cert and --service-key must be used together")
	}
	return files, nil
}

func newGlobalFlags(a *app, root *cobra.Command) globalFlags {
	f := globalFlags{
		config: settings.NewOptional("file", settings.ParseText),
		quiet:  settings.Define[bool](a.table, root, "quiet"),
		remote: settings.Define[*url.URL](a.table, root, "remote"),
		text:   settings.Define[*url.URL](a.table, root, "text-url"),
		number: settings.Define[*url.URL](a.table, root, "number-url"),
		prize:  settings.Define[*url.URL](a.table, root, "prize-url"),
		core:   settings.Define[*url.URL](a.table, root, "core-url"),
		tls:    newIdentityFlags(a, root),
		plain:  settings.Define[bool](a.table, root, "allow-plain-http"),
		keys:   settings.Define[string](a.table, root, "secrets-key-file"),
	}
	root.PersistentFlags().Var(f.config, "config", "configuration file (default: prizegen/config.yaml in your configuration directory)")
	if err := root.MarkPersistentFlagFilename("config", "yaml", "yml"); err != nil {
		panic("prizegen: " + err.Error()) // the flag is not defined
	}
	return f
}

// services returns the URLs of the services. This process does the work of a service
// without a URL.
func (f globalFlags) services() remote.Config {
	all := f.remote.Get()
	return remote.Config{
		Text: cmp.Or(f.text.Get(), all), Number: cmp.Or(f.number.Get(), all),
		Prize: cmp.Or(f.prize.Get(), all), Core: cmp.Or(f.core.Get(), all),
		AllowPlainHTTP: f.plain.Get(), TrustPublic: true,
	}
}

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:     "prizegen",
		Version: thisBuild().String(),
		Short:   "Run instant-win prize draws that anyone can check",
		Long: `prizegen draws account numbers and their prizes, by chance and by rules that are published
in advance. A seed and an index determine every draw, so anyone who knows the seed can
recompute it.`,
		Example: `  prizegen                               start the interactive program, in a terminal
  prizegen draw                          make one draw
  prizegen draw -n 1000 -o csv           make a thousand, for a spreadsheet
  prizegen draw --seed 42 --start 9      make draw 9 of seed 42, always the same
  prizegen odds --rules modest           compute the exact odds`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return a.table.FlagError(err) })
	root.SetVersionTemplate("{{.Version}}\n")
	global := newGlobalFlags(a, root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := configure(a, cmd, global.config); err != nil {
			return err
		}
		a.quiet, a.services, a.keyFile = global.quiet.Get(), global.services(), global.keys.Get()
		var err error
		if a.identity, err = global.tls.files(); err != nil {
			return err
		}
		return connect(a)
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error { return runRoot(a, cmd) }
	standard := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error { return usage(a.table, cmd, standard) })
	addCommands(a, root)
	noteRunning(a, root)
	return root
}

// addCommands adds the commands to their groups.
func addCommands(a *app, root *cobra.Command) {
	root.AddGroup(
		&cobra.Group{ID: "draw", Title: "Draw:"},
		&cobra.Group{ID: "campaign", Title: "Campaigns:"},
		&cobra.Group{ID: "check", Title: "Check:"},
		&cobra.Group{ID: "serve", Title: "Serve:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		"draw":     {newDrawCmd(a), newTUICmd(a), newPrizeCmd(a), newTextCmd(a), newNumberCmd(a)},
		"campaign": {newCampaignCmd(a), newEntrantCmd(a), newDBCmd(a), newSecretsCmd(a)},
		"check":    {newOddsCmd(a), newRulesCmd(a), newVerifyCmd(a), newStreamCmd(a)},
		"serve":    {newServeCmd(a), newStatusCmd(a), newAdminCmd(a), newHashPasswordCmd(a)},
	} {
		for _, sub := range commands {
			sub.GroupID = group
			root.AddCommand(sub)
		}
	}
	root.AddCommand(newConfigCmd(a), newVersionCmd(a), newManCmd(a))
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, sub := range root.Commands() {
		switch sub.Name() {
		case "completion":
			sub.Args = cobra.NoArgs
			sub.RunE = showHelp
		case "help":
			refuseUnknownTopics(root, sub)
		}
	}
}

// showHelp is the run function of commands that only group subcommands.
func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// refuseUnknownTopics makes help return an error for an unknown command.
func refuseUnknownTopics(root, help *cobra.Command) {
	show := help.Run
	help.Run = nil
	help.RunE = func(cmd *cobra.Command, args []string) error {
		if _, _, err := root.Find(args); err != nil {
			return usageError{err}
		}
		show(cmd, args)
		return nil
	}
}

// noteRunning makes commands set a.running when they start. Errors before that are usage
// errors.
func noteRunning(a *app, cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.running = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		noteRunning(a, sub)
	}
}

// runRoot runs prizegen without a command. It starts the interactive program on a
// terminal; otherwise it prints help.
func runRoot(a *app, root *cobra.Command) error {
	if !a.isInteractive() {
		return root.Help()
	}
	cmd, _, err := root.Find([]string{"tui"})
	if err != nil {
		return err
	}
	cmd.SetContext(root.Context())
	if err := settingsError(a.settings.Apply(cmd.Flags())); err != nil {
		return err
	}
	return cmd.RunE(cmd, nil)
}

// configure loads the settings and applies them to the flags that were not typed.
func configure(a *app, cmd *cobra.Command, config *settings.Value[string]) error {
	if !takesSettings(cmd) {
		return nil
	}
	sources := a.sources
	sources.IsFlag = func(name string) bool { return hasFlag(cmd.Root(), name) }
	if config.Given() {
		file := config.Get()
		sources.ConfigFile = &file
	}
	set, err := settings.Load(a.table, sources)
	if err != nil {
		return settingsError(err)
	}
	a.settings = set
	for _, warning := range set.Warnings() {
		a.say("prizegen: warning: %s", warning)
	}
	return settingsError(set.Apply(cmd.Flags()))
}

// settingsError adds a hint to an error in the settings and turns it into a usage error,
// like the same error in a flag. It returns nil for nil.
func settingsError(err error) error {
	if err == nil {
		return nil
	}
	return hintError{usageError{err}, "prizegen config --help explains where settings come from and how to write them"}
}

// takesSettings reports whether a command reads the environment and the configuration
// file. Completion and help must work even if these contain mistakes.
func takesSettings(cmd *cobra.Command) bool {
	for ; cmd.HasParent(); cmd = cmd.Parent() {
		switch cmd.Name() {
		case "completion", "help", "man", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return false
		}
	}
	return true
}

// hasFlag reports whether a command or one of its subcommands defines a flag.
func hasFlag(cmd *cobra.Command, name string) bool {
	if name != "help" && name != "version" && cmd.LocalFlags().Lookup(name) != nil {
		return true
	}
	for _, sub := range cmd.Commands() {
		if hasFlag(sub, name) {
			return true
		}
	}
	return false
}

// usage writes cobra's usage text with the backend flags under their own heading.
func usage(table settings.Table, cmd *cobra.Command, standard func(*cobra.Command) error) error {
	backend := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, setting := range table {
		if setting.Group == settings.Backend {
			backend.AddFlag(cmd.Root().PersistentFlags().Lookup(setting.Name))
		}
	}
	hide := func(hidden bool) { backend.VisitAll(func(f *pflag.Flag) { f.Hidden = hidden }) }
	heading := "\n\nBackend:\n" + strings.TrimRight(backend.FlagUsages(), "\n")
	out, text := cmd.OutOrStderr(), &strings.Builder{}
	hide(true)
	cmd.SetOut(text)
	err := standard(cmd)
	cmd.SetOut(out)
	hide(false)
	if err != nil {
		return err
	}
	// The line about subcommands remains last.
	before, last, found := strings.Cut(strings.TrimRight(text.String(), "\n"), "\n\nUse \"")
	if found {
		last = "\n\nUse \"" + last
	}
	_, err = fmt.Fprintln(out, before+heading+last)
	return err
}
