package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// promotionFunc runs a command with the campaigns that it is about.
type promotionFunc func(ctx context.Context, p promotion, args []string) error

// promotionCmd makes a command about campaigns or entrants: it has the flag --db and
// works here or with a core elsewhere.
func promotionCmd(a *app, cmd *cobra.Command, f promotionFunc) *cobra.Command {
	db := newDBFlag(a, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withPromotion(cmd.Context(), a, db.Get(), func(p promotion) error { return f(cmd.Context(), p, args) })
	}
	return cmd
}

func newCampaignCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "campaign",
		Short: "Run promotions",
		Long: `Campaign runs promotions. A campaign is a draft at first. Opening it fixes its
rules, formats and stock and publishes the commitment of its seed; people play
it on the web site, by the API or with prizegen draw --campaign; closing it
reveals the seed, and prizegen verify checks what campaign export writes.

Campaigns are kept in the database that --db names, or by the core whose address
--core-url or --remote gives.`,
		Example: `  prizegen campaign create summer --rules generous --max-plays 1
  prizegen campaign open summer
  prizegen draw --campaign summer --first-name Ann --last-name Lee
  prizegen campaign close summer
  prizegen campaign export summer >summer.json
  prizegen verify summer.json`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newCampaignCreateCmd(a), newCampaignEditCmd(a), newCampaignListCmd(a), newCampaignShowCmd(a),
		newCampaignOpenCmd(a), newCampaignCloseCmd(a), newCampaignDeleteCmd(a),
		newCampaignDrawsCmd(a), newCampaignClaimCmd(a), newCampaignVoidCmd(a), newCampaignExportCmd(a), newCampaignHistoryCmd(a))
	return cmd
}

func oneCampaign() cobra.PositionalArgs {
	return oneArg("name", "give the name of a campaign; prizegen campaign list has them")
}

// planFlags are the flags that say what a campaign is.
type planFlags struct {
	title        *string
	formats      formats
	rules        *settings.Value[string]
	opens        *settings.Value[*time.Time]
	closes       *settings.Value[*time.Time]
	maxPlays     *int64
	requireEmail *bool
}

func newPlanFlags(a *app, cmd *cobra.Command) planFlags {
	f := planFlags{formats: newFormats(a, cmd), rules: newRulesFlag(a, cmd)}
	f.title = cmd.Flags().String("title", "", "name for people (default: the name)")
	f.opens = settings.NewOptional("time", parseTime)
	settings.AddFlag(cmd, f.opens, "opens", "when playing begins, in UTC: 2027-06-01, \"2027-06-01 18:00\" or RFC 3339; none for as soon as it is open")
	f.closes = settings.NewOptional("time", parseTime)
	settings.AddFlag(cmd, f.closes, "closes", "when playing ends; none for as soon as it is closed")
	f.maxPlays = cmd.Flags().Int64("max-plays", 0, "how often an entrant may play, 0 for any number")
	f.requireEmail = cmd.Flags().Bool("require-email", false, "ask entrants for an email address, by which their plays are counted")
	return f
}

// parseTime reads a time, or none.
func parseTime(text string) (*time.Time, error) {
	if text == "none" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return &t, nil
		}
	}
	return nil, errors.New("expected a time in UTC such as 2027-06-01, \"2027-06-01 18:00\" or 2027-06-01T18:00:00+02:00, or none")
}

func newCampaignCreateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a draft",
		Long: `Create makes a draft, which nobody can play yet. Its name is that of its web page:
lower-case letters, digits and hyphens.`,
		Example: `  prizegen campaign create summer --title "The great summer draw"
  prizegen campaign create vip --rules vip.yaml --text upper3 --number digits6 --max-plays 1 --require-email --open`,
		Args: oneCampaign(),
	}
	plan := newPlanFlags(a, cmd)
	open := cmd.Flags().Bool("open", false, "open it at once")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		asked := campaign.Plan{
			Name: args[0], Title: *plan.title, OpensAt: plan.opens.Get(), ClosesAt: plan.closes.Get(),
			MaxPlays: *plan.maxPlays, RequireEmail: *plan.requireEmail,
		}
		if err := fillPlan(a, plan, &asked); err != nil {
			return err
		}
		c, err := p.Create(ctx, asked)
		if err != nil {
			return err
		}
		if *open {
			return openCampaign(ctx, a, p, c.Name)
		}
		a.note("the campaign %s is a draft; open it with prizegen campaign open %s", c.Name, c.Name)
		return nil
	})
}

// fillPlan fills in rules and formats. A core knows what it has deployed, so it gets only
// what was given.
func fillPlan(a *app, flags planFlags, plan *campaign.Plan) error {
	elsewhere := a.services.Core != nil
	if !elsewhere || flags.formats.text.Given() {
		plan.TextFormat = flags.formats.text.String()
	}
	if !elsewhere || flags.formats.number.Given() {
		plan.NumberFormat = flags.formats.number.String()
	}
	if elsewhere && !flags.rules.Given() {
		return nil
	}
	rules, err := loadRules(a, flags.rules.Get())
	if errors.Is(err, prize.ErrUnknownRules) && elsewhere {
		plan.Rules, plan.RulesYAML = flags.rules.Get(), "" // the core may know them
		return nil
	}
	if err == nil {
		plan.Rules, plan.RulesYAML = "", string(rules.Source())
	}
	return err
}

func newCampaignEditCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit NAME", Short: "Change a campaign",
		Long: `Edit changes what its flags name. Once a campaign is open only the title, the
closing time and the number of plays can be changed.`,
		Example: `  prizegen campaign edit summer --closes "2027-09-01 18:00"`,
		Args:    oneCampaign(),
	}
	flags := newPlanFlags(a, cmd)
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		c, err := p.Campaign(ctx, args[0])
		if err != nil {
			return err
		}
		plan := c.Plan()
		changed := cmd.Flags().Changed
		for flag, set := range map[string]func(){
			"title": func() { plan.Title = *flags.title }, "opens": func() { plan.OpensAt = flags.opens.Get() },
			"closes": func() { plan.ClosesAt = flags.closes.Get() }, "max-plays": func() { plan.MaxPlays = *flags.maxPlays },
			"require-email": func() { plan.RequireEmail = *flags.requireEmail },
			"text":          func() { plan.TextFormat = flags.formats.text.String() }, "number": func() { plan.NumberFormat = flags.formats.number.String() },
		} {
			if changed(flag) {
				set()
			}
		}
		if changed("rules") {
			rules, err := loadRules(a, flags.rules.Get())
			if err != nil {
				return err
			}
			plan.RulesYAML = string(rules.Source())
		}
		c, err = p.Edit(ctx, c.Name, c.Version, plan)
		if err == nil {
			a.note("the campaign %s was changed", c.Name)
		}
		return err
	})
}

func newCampaignOpenCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "open NAME", Short: "Open a draft for playing",
		Long: `Open fixes rules, formats and stock for good, makes a seed of 256 random bits and
prints its commitment. Publish the commitment: it proves later that the seed was
not chosen to anybody's liking.`,
		Example: "  prizegen campaign open summer", Args: oneCampaign(),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error { return openCampaign(ctx, a, p, args[0]) })
}

func openCampaign(ctx context.Context, a *app, p promotion, name string) error {
	c, err := p.Open(ctx, name)
	if err != nil {
		return err
	}
	a.note("the campaign %s is open; the commitment of its seed is", c.Name)
	return a.write([]byte(c.Commitment + "\n"))
}

func newCampaignCloseCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "close NAME", Short: "End a campaign and reveal its seed",
		Long:    `Close ends a campaign for good and prints its seed, with which anyone can check it.`,
		Example: "  prizegen campaign close summer", Args: oneCampaign(),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		c, err := p.Close(ctx, args[0])
		if err != nil {
			return err
		}
		a.note("the campaign %s is closed after %s; its seed is", c.Name, show.Count(uint64(c.Plays), "draw"))
		return a.write([]byte(c.Seed + "\n"))
	})
}

func newCampaignDeleteCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Remove a draft", Long: "Delete removes a draft. A campaign that was open stays on record.",
		Example: "  prizegen campaign delete summer", Args: oneCampaign(),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		err := p.Delete(ctx, args[0])
		if err == nil {
			a.note("the draft %s is deleted", args[0])
		}
		return err
	})
}

func newCampaignExportCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export NAME", Short: "Write all draws of a campaign",
		Long: `Export writes a campaign and all its draws: as one JSON object that prizegen verify
recomputes, or as CSV for a spreadsheet. It has no personal data unless
--entrants is given, and the seed once the campaign is closed.`,
		Example: `  prizegen campaign export summer >summer.json
  prizegen campaign export summer -o csv --entrants --file summer.csv`,
		Args: oneCampaign(),
	}
	output := settings.DefineOutput(a.table, cmd, "json", "csv")
	entrants := cmd.Flags().Bool("entrants", false, "tell who played, and the notes about draws")
	file := cmd.Flags().String("file", "", "write to this `file`, which must not be there yet")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		export := p.Export
		if output.Get() == "csv" {
			export = p.ExportCSV
		}
		o := campaign.ExportOptions{Entrants: *entrants}
		if *file == "" {
			return export(ctx, args[0], resultWriter{a}, o)
		}
		err := atomicfile.Write(*file, atomicfile.Options{Mode: 0o600}, func(w *os.File) error { return export(ctx, args[0], w, o) })
		if errors.Is(err, fs.ErrExist) {
			return hintError{err, "give another name"}
		}
		return err
	})
}

// timeText is a time for people, in UTC.
func timeText(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func orDash(s string) string { return cmp.Or(s, "-") }
