package main

import (
	"context"
	"errors"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/tui"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// tuiOptions are what the interactive program begins with.
type tuiOptions struct {
	cmd      *cobra.Command
	formats  formats
	run      runFlags
	rules    *string
	campaign *string
	person   personFlags
	db       *string
	still    *bool
}

func newTUICmd(a *app) *cobra.Command {
	var o tuiOptions
	cmd := &cobra.Command{
		Use:   "tui",
		Short: "Hold a draw on the screen, in front of people",
		Long: `Tui shows draws as they are made: the account number rolls in letter by letter,
then the prize is revealed with its exact chance. Other screens have the odds,
many draws at once, the draws made so far, the services and the rules. The key ?
tells all keys. prizegen alone in a terminal does the same.`,
		Example: `  prizegen
  prizegen tui --rules modest --seed 42
  prizegen tui --campaign summer --no-animation
  prizegen tui --remote http://localhost:8080`,
		Args: cobra.NoArgs,
	}
	o.cmd = cmd
	o.run = newRunFlags(cmd)
	o.formats = newFormats(cmd)
	o.rules = newRulesFlag(cmd)
	o.campaign = cmd.Flags().String("campaign", "", "play the campaign of this `name`")
	runOnly(cmd, "campaign")
	o.person = newPersonFlags(cmd)
	o.db = newDBFlag(cmd)
	o.still = cmd.Flags().Bool("no-animation", false, "show everything at once")
	completeWith(cmd, "campaign", a.completeCampaigns(o.db))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.tui(cmd.Context(), o) }
	return cmd
}

// onScreen says whether the program can be used interactively.
func (a *app) onScreen() bool { return a.inIsTerm && isTerminal(a.out) }

// alone is prizegen without a command: the interactive program in a terminal, and the
// help elsewhere.
func (a *app) alone(root *cobra.Command) error {
	if !a.onScreen() {
		return root.Help()
	}
	cmd, _, err := root.Find([]string{"tui"})
	if err != nil {
		return err
	}
	cmd.SetContext(root.Context())
	if err := a.config.applyTo(cmd); err != nil {
		return err
	}
	return cmd.RunE(cmd, nil)
}

// tui shows the interactive program until the user quits.
func (a *app) tui(ctx context.Context, o tuiOptions) error {
	if !a.onScreen() {
		return hintError{errors.New("the interactive program needs a terminal to be shown on and to read keys from"), "prizegen draw draws without one; prizegen help has the other commands"}
	}
	if a.env("TERM") == "dumb" {
		return hintError{errors.New("the interactive program needs a terminal whose cursor can be moved, and TERM=dumb says that this one has none"), "prizegen draw draws on any terminal"}
	}
	if err := alone(o.cmd, "campaign", "seed", "start", "text", "number", "rules"); err != nil {
		return hintError{err, "a campaign has its own rules, formats and seed"}
	}
	seed, err := a.seedOf(o.cmd, o.run)
	if err != nil {
		return err
	}
	backends := &tuiBackends{a: a, db: *o.db}
	cfg := tui.Config{
		Local: backends.of(remote.Config{}), Connect: backends.connect, Hint: hintOf,
		NewSeed: func(ctx context.Context) (entropy.Seed, jsontext.Value, error) {
			return a.quietly().newSeed(ctx, o.run.made)
		},
		Now:     time.Now,
		Animate: !*o.still && a.env("NO_COLOR") == "",
	}
	cfg.Settings = tui.Settings{
		Backend: cfg.Local, Seed: seed.Seed, Proof: seed.proof, Next: o.run.start.value,
		Free: tui.Terms{Text: o.formats.text.value, Number: o.formats.number.value}, Entrant: o.person.person(),
	}
	if services := a.backend.addresses(); services != (remote.Config{}) {
		b := backends.of(services)
		cfg.Remote, cfg.Settings.Backend = &b, b
	}
	if err = a.beginTUI(ctx, &cfg, o); err == nil {
		err = a.showTUI(ctx, cfg)
	}
	return errors.Join(err, backends.close())
}

// showTUI shows the program. Other signals that end processes end it in good order too:
// the terminal is restored and no half-written file stays.
func (a *app) showTUI(ctx context.Context, cfg tui.Config) error {
	shown, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	err := tui.Run(shown, cfg, a.in, a.out)
	if shown.Err() != nil {
		return errInterrupted
	}
	return err
}

// env is the value of an environment variable, empty where it is not set.
func (a *app) env(name string) string {
	for _, pair := range a.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// beginTUI fills in the rules, and has completed what takes asking services for.
func (a *app) beginTUI(ctx context.Context, cfg *tui.Config, o tuiOptions) error {
	b := cfg.Settings.Backend
	if *o.rules == "-" {
		return errTyped()
	}
	rules, err := a.loadRules(*o.rules)
	switch {
	case errors.Is(err, prize.ErrUnknownRules) && b.Client != nil: // which the services may know
		rules, err = prize.Builtin(prize.Default)
	case err != nil:
		return err
	}
	cfg.Settings.Free.Rules, cfg.Settings.RulesRef = rules, *o.rules
	if b.Client == nil {
		if *o.campaign != "" && err == nil {
			cfg.Settings, err = cfg.Settings.EnterCampaign(ctx, *o.campaign)
		}
		if errors.Is(err, campaign.ErrNotFound) {
			return hintError{err, "prizegen campaign list has the names of campaigns"}
		}
		return err
	}
	cfg.Load = func(ctx context.Context, s tui.Settings) (tui.Settings, error) {
		f := o.formats
		if err := a.takeDeployed(ctx, o.cmd, f); err != nil {
			return s, err
		}
		s.Free.Text, s.Free.Number = f.text.value, f.number.value
		rules, err := a.quietly().rulesFor(ctx, o.cmd, *o.rules)
		if err != nil {
			return s, err
		}
		s.Free.Rules = rules
		if !a.given(o.cmd, "rules") {
			s.RulesRef = rules.Name
		}
		if *o.campaign == "" {
			return s, nil
		}
		return s.EnterCampaign(ctx, *o.campaign)
	}
	return err
}

// errTyped is about rules from standard input, which keys come from.
func errTyped() error {
	return usagef("rules can't be read from standard input here, since keys are: expected a name or a file")
}

// quietly is the app without notes, which would be written over the screen.
func (a *app) quietly() *app {
	quiet := *a
	quiet.quiet = true
	return &quiet
}
