package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/tui"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// tuiOptions are the options of the interactive program.
type tuiOptions struct {
	formats     formats
	run         runFlags
	rules       *settings.Value[string]
	campaign    *string
	person      personFlags
	db          *settings.Value[string]
	noAnimation *settings.Value[bool]
}

func newTUICmd(a *app) *cobra.Command {
	var o tuiOptions
	cmd := &cobra.Command{
		Use:   "tui",
		Short: "Start the interactive program",
		Long: `Show draws as they are made: the account number rolls in letter by letter, then the
prize is revealed with its exact chance.

Other screens show the odds, many draws at once, past draws, the services and the rules.
Press ? to see all keys. On a terminal, prizegen without a command also starts this
program.`,
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
	o.noAnimation = settings.Define[bool](a.table, cmd, "no-animation")
	exclusive(cmd, "campaign", "seed", "start", "text", "number", "rules")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runTUI(cmd.Context(), a, o) }
	return cmd
}

// runTUI shows the interactive program until the user quits.
func runTUI(ctx context.Context, a *app, o tuiOptions) error {
	if !a.isInteractive() {
		return hintError{errors.New("the interactive program needs a terminal for input and output"), "use prizegen draw or another command; prizegen help lists them"}
	}
	if a.env("TERM") == "dumb" {
		return hintError{errors.New("the interactive program needs a terminal with a movable cursor, but TERM is dumb"), "use prizegen draw, which works on any terminal"}
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
		Animate: !o.noAnimation.Get() && a.env("NO_COLOR") == "",
	}
	cfg.Settings = tui.Settings{
		Backend: cfg.Local, Seed: seed.Seed, Proof: seed.proof, Next: o.run.start.Get(),
		Free: tui.Terms{Text: o.formats.text.Get(), Number: o.formats.number.Get()}, Entrant: o.person.person(),
	}
	if a.services.HasServices() {
		b := backends.of(a.services)
		cfg.Remote, cfg.Settings.Backend = &b, b
	}
	if err = fillTUI(ctx, a, &cfg, o); err == nil {
		err = showTUI(ctx, a, cfg)
	}
	return errors.Join(err, backends.close())
}

// showTUI runs the interactive program. If a signal stops it, the terminal is restored
// and no incomplete file remains.
func showTUI(ctx context.Context, a *app, cfg tui.Config) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	err := tui.Run(ctx, cfg, a.in, a.out)
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// fillTUI adds the rules and the campaign to the configuration. If they come from
// services, cfg.Load adds them later.
func fillTUI(ctx context.Context, a *app, cfg *tui.Config, o tuiOptions) error {
	b := cfg.Settings.Backend
	if o.rules.Get() == "-" {
		return errRulesFromStdin()
	}
	rules, err := loadRules(a, o.rules.Get())
	switch {
	case errors.Is(err, prize.ErrUnknownRules) && b.Client != nil: // the services may have them
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
			return hintError{err, "prizegen campaign list shows the names of campaigns"}
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

// errRulesFromStdin returns the error for rules from standard input. The interactive
// program reads keys from there.
func errRulesFromStdin() error {
	return usagef("the interactive program cannot read rules from standard input; specify a name or a file")
}

// tuiBackends creates the backends of the interactive program, and closes everything that
// they opened.
type tuiBackends struct {
	a  *app
	db string // the database for campaigns without a core service

	mu     sync.Mutex
	opened []func() error
}

// connect returns the backend for the services at a single URL.
func (t *tuiBackends) connect(address string) (tui.Backend, error) {
	u, err := settings.ParseServiceURL(address)
	if err != nil {
		return tui.Backend{}, err
	}
	services := t.a.services
	if services.Identity, err = loadIdentity(t.a); err != nil {
		return tui.Backend{}, err
	}
	services.Text, services.Number, services.Prize, services.Core = u, u, u, u
	return t.of(services), nil
}

// of returns the backend for services. If there is no service for a part, this process
// generates the part.
func (t *tuiBackends) of(services remote.Config) tui.Backend {
	local := t.a.quietly()
	local.client, local.generator = nil, draw.Local{}
	b := tui.Backend{Name: "local"}
	if services.HasServices() {
		services.UserAgent = userAgent()
		local.client = remote.New(services)
		local.generator, b.Client, b.Name = local.client, local.client, nameOf(services)
	}
	b.Generator = local.generator
	b.Rules = func(ctx context.Context, ref string) (*prize.Rules, error) {
		if ref == "-" {
			return nil, errRulesFromStdin()
		}
		return namedRules(ctx, local, ref)
	}
	b.Formats = func(ctx context.Context) (textgen.Format, numgen.Format, error) { return deployedFormats(ctx, local) }
	open := t.promotion(local, services)
	b.Campaigns = func(ctx context.Context) (tui.Campaigns, error) { return open(ctx) }
	b.Draws = func(ctx context.Context) (tui.Draws, error) { return open(ctx) }
	return b
}

// nameOf returns a name for services: the URL of the first one, and whether there are
// others.
func nameOf(services remote.Config) string {
	first := cmp.Or(services.Core, services.Prize, services.Text, services.Number)
	for _, other := range []*url.URL{services.Text, services.Number, services.Prize} {
		if other == nil || other.String() != first.String() {
			return first.Redacted() + " and others"
		}
	}
	return first.Redacted()
}

// promotion returns a function that opens the campaigns once. If opening fails, the next
// call tries again.
func (t *tuiBackends) promotion(a *app, services remote.Config) func(context.Context) (promotion, error) {
	var opening sync.Mutex
	var p promotion
	return func(ctx context.Context) (promotion, error) {
		opening.Lock()
		defer opening.Unlock()
		if p != nil {
			return p, nil
		}
		open, done, err := openPromotion(ctx, a, services, t.db, store.Options{})
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.opened = append(t.opened, done)
		p = open
		return p, nil
	}
}

// close closes everything that was opened.
func (t *tuiBackends) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, done := range t.opened {
		errs = append(errs, done())
	}
	return errors.Join(errs...)
}
