package main

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/tui"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// tuiOptions are the options of the interactive program.
type tuiOptions struct {
	formats  formats
	run      runFlags
	rules    *settings.Value[string]
	campaign *string
	person   personFlags
	db       *settings.Value[string]
	still    *settings.Value[bool]
}

func newTUICmd(a *app) *cobra.Command {
	var o tuiOptions
	cmd := &cobra.Command{
		Use:   "tui",
		Short: "Draw on the screen, in front of people",
		Long: `Show draws as they are made: the account number rolls in letter by letter, then the
prize is revealed with its exact chance.

Other screens have the odds, many draws at once, past draws, the services and the rules.
Press ? for all keys. In a terminal, prizegen alone does the same.`,
		Example: `  prizegen
  prizegen tui --rules modest --seed 42
  prizegen tui --campaign summer --no-animation
  prizegen tui --remote http://localhost:8080`,
		Args: cobra.NoArgs,
	}
	o.run = newRunFlags(a, cmd)
	o.formats = newFormats(a, cmd)
	o.rules = newRulesFlag(a, cmd)
	o.db = newDBFlag(a, cmd)
	o.campaign = newPlayedCampaignFlag(a, cmd, o.db)
	o.person = newPersonFlags(cmd)
	o.still = settings.Define[bool](a.table, cmd, "no-animation")
	exclusive(cmd, "campaign", "seed", "start", "text", "number", "rules")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runTUI(cmd.Context(), a, o) }
	return cmd
}

// runTUI shows the interactive program until the user quits.
func runTUI(ctx context.Context, a *app, o tuiOptions) error {
	if !a.isInteractive() {
		return hintError{errors.New("the interactive program needs a terminal for the screen and the keys"), "use prizegen draw, or see prizegen help for the other commands"}
	}
	if a.env("TERM") == "dumb" {
		return hintError{errors.New("TERM=dumb, but the interactive program needs a terminal with a movable cursor"), "use prizegen draw, which works on any terminal"}
	}
	seed, err := seedOf(ctx, a, o.run, 1)
	if err != nil {
		return err
	}
	backends := &tuiBackends{a: a, db: o.db.Get()}
	cfg := tui.Config{
		Local: backends.of(remote.Config{}), Connect: backends.connect, Hint: hintOf,
		NewSeed: func(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
			return newSeed(ctx, a.quietly(), o.run.new)
		},
		Now:     time.Now,
		Animate: !o.still.Get() && a.env("NO_COLOR") == "",
	}
	cfg.Settings = tui.Settings{
		Backend: cfg.Local, Seed: seed.Seed, Proof: seed.proof, Next: o.run.start.Get(),
		Free: tui.Terms{Text: o.formats.text.Get(), Number: o.formats.number.Get()}, Entrant: o.person.person(),
	}
	if a.services != (remote.Config{}) {
		b := backends.of(a.services)
		cfg.Remote, cfg.Settings.Backend = &b, b
	}
	if err = fillTUI(ctx, a, &cfg, o); err == nil {
		err = showTUI(ctx, a, cfg)
	}
	return errors.Join(err, backends.close())
}

// showTUI shows the program. Signals end it in good order: the terminal is restored and no
// file stays incomplete.
func showTUI(ctx context.Context, a *app, cfg tui.Config) error {
	shown, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	err := tui.Run(shown, cfg, a.in, a.out)
	if shown.Err() != nil {
		return errInterrupted
	}
	return err
}

// fillTUI adds the rules and the campaign to the configuration. What needs the services is
// left to its function Load.
func fillTUI(ctx context.Context, a *app, cfg *tui.Config, o tuiOptions) error {
	b := cfg.Settings.Backend
	if o.rules.Get() == "-" {
		return errRulesFromStdin()
	}
	rules, err := loadRules(a, o.rules.Get())
	switch {
	case errors.Is(err, prize.ErrUnknownRules) && b.Client != nil: // the services may know them
		rules, err = prize.Builtin(prize.Default)
	case err != nil:
		return err
	}
	cfg.Settings.Free.Rules, cfg.Settings.RulesRef = rules, o.rules.Get()
	if b.Client == nil {
		if *o.campaign != "" && err == nil {
			cfg.Settings, err = cfg.Settings.EnterCampaign(ctx, *o.campaign)
		}
		if errors.Is(err, campaign.ErrNotFound) {
			return hintError{err, "see prizegen campaign list for the names of campaigns"}
		}
		return err
	}
	cfg.Load = func(ctx context.Context, s tui.Settings) (tui.Settings, error) {
		var err error
		if s.Free.Text, s.Free.Number, err = o.formats.resolve(ctx, a); err != nil {
			return s, err
		}
		if s.Free.Rules, err = rulesFor(ctx, a.quietly(), o.rules); err != nil {
			return s, err
		}
		if !o.rules.Given() {
			s.RulesRef = s.Free.Rules.Name
		}
		if *o.campaign == "" {
			return s, nil
		}
		return s.EnterCampaign(ctx, *o.campaign)
	}
	return err
}

// errRulesFromStdin is the error for rules from standard input, which has the keys.
func errRulesFromStdin() error {
	return usagef("the interactive program cannot read rules from standard input; give a name or a file")
}
