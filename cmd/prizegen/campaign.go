package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// promoterFunc is what a command does with campaigns.
type promoterFunc func(ctx context.Context, p promoter, args []string) error

// promoterCmd makes a command about campaigns or entrants: it has the flag --db and
// works here or with a core elsewhere.
func (a *app) promoterCmd(cmd *cobra.Command, f promoterFunc) *cobra.Command {
	db := newDBFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.withPromoter(cmd.Context(), *db, func(p promoter) error { return f(cmd.Context(), p, args) })
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
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCampaignCreateCmd(a), newCampaignEditCmd(a), newCampaignListCmd(a), newCampaignShowCmd(a),
		newCampaignOpenCmd(a), newCampaignCloseCmd(a), newCampaignDeleteCmd(a),
		newCampaignDrawsCmd(a), newCampaignClaimCmd(a), newCampaignVoidCmd(a), newCampaignExportCmd(a), newCampaignHistoryCmd(a))
	return cmd
}

// oneArg takes exactly one argument.
func oneArg(what, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return hintError{fmt.Errorf("%d %ss were given, expected one", len(args), what), hint}
		}
		return nil
	}
}

func oneCampaign() cobra.PositionalArgs {
	return oneArg("name", "give the name of a campaign; prizegen campaign list has them")
}

// planFlags are the flags that say what a campaign is.
type planFlags struct {
	title        *string
	formats      formats
	rules        *string
	opens        *value[*time.Time]
	closes       *value[*time.Time]
	maxPlays     *int64
	requireEmail *bool
}

func newPlanFlags(cmd *cobra.Command) planFlags {
	f := planFlags{formats: newFormats(cmd), rules: newRulesFlag(cmd)}
	f.title = cmd.Flags().String("title", "", "name for people (default: the name)")
	f.opens = &value[*time.Time]{kind: "time", parse: parseTime}
	cmd.Flags().Var(f.opens, "opens", "when playing begins, in UTC: 2027-06-01, \"2027-06-01 18:00\" or RFC 3339; none for as soon as it is open")
	f.closes = &value[*time.Time]{kind: "time", parse: parseTime}
	cmd.Flags().Var(f.closes, "closes", "when playing ends; none for as soon as it is closed")
	f.maxPlays = cmd.Flags().Int64("max-plays", 0, "how often an entrant may play, 0 for any number")
	f.requireEmail = cmd.Flags().Bool("require-email", false, "ask entrants for an email address, by which their plays are counted")
	runOnly(cmd, "title", "opens", "closes", "max-plays", "require-email")
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
	plan := newPlanFlags(cmd)
	open := cmd.Flags().Bool("open", false, "open it at once")
	runOnly(cmd, "open")
	return a.promoterCmd(cmd, func(ctx context.Context, p promoter, args []string) error {
		asked := campaign.Plan{
			Name: args[0], Title: *plan.title, OpensAt: plan.opens.value, ClosesAt: plan.closes.value,
			MaxPlays: *plan.maxPlays, RequireEmail: *plan.requireEmail,
		}
		if err := a.fillPlan(cmd, plan, &asked, a.backend.addresses().Core != nil); err != nil {
			return err
		}
		c, err := p.Create(ctx, asked)
		if err != nil {
			return err
		}
		if *open {
			return a.openCampaign(ctx, p, c.Name)
		}
		a.note("the campaign %s is a draft; open it with prizegen campaign open %s", c.Name, c.Name)
		return nil
	})
}

// fillPlan fills in rules and formats. A core elsewhere knows best what it has
// deployed, so that it is told only what was asked for.
func (a *app) fillPlan(cmd *cobra.Command, flags planFlags, plan *campaign.Plan, elsewhere bool) error {
	asked := func(flag string) bool { return !elsewhere || a.given(cmd, flag) }
	if asked("text") {
		plan.TextFormat = flags.formats.text.text
	}
	if asked("number") {
		plan.NumberFormat = flags.formats.number.text
	}
	if !asked("rules") {
		return nil
	}
	rules, err := a.loadRules(*flags.rules)
	if errors.Is(err, prize.ErrUnknownRules) && elsewhere {
		plan.Rules, plan.RulesYAML = *flags.rules, "" // which the core may know
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
	flags := newPlanFlags(cmd)
	return a.promoterCmd(cmd, func(ctx context.Context, p promoter, args []string) error {
		c, err := p.Campaign(ctx, args[0])
		if err != nil {
			return err
		}
		plan := c.Plan()
		changed := cmd.Flags().Changed
		for flag, set := range map[string]func(){
			"title": func() { plan.Title = *flags.title }, "opens": func() { plan.OpensAt = flags.opens.value },
			"closes": func() { plan.ClosesAt = flags.closes.value }, "max-plays": func() { plan.MaxPlays = *flags.maxPlays },
			"require-email": func() { plan.RequireEmail = *flags.requireEmail },
			"text":          func() { plan.TextFormat = flags.formats.text.text }, "number": func() { plan.NumberFormat = flags.formats.number.text },
		} {
			if changed(flag) {
				set()
			}
		}
		if changed("rules") {
			rules, err := a.loadRules(*flags.rules)
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
	return a.promoterCmd(cmd, func(ctx context.Context, p promoter, args []string) error { return a.openCampaign(ctx, p, args[0]) })
}

func (a *app) openCampaign(ctx context.Context, p promoter, name string) error {
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
	return a.promoterCmd(cmd, func(ctx context.Context, p promoter, args []string) error {
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
	return a.promoterCmd(cmd, func(ctx context.Context, p promoter, args []string) error {
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
	output := newOutput(cmd, "json", "csv")
	entrants := cmd.Flags().Bool("entrants", false, "tell who played, and the notes about draws")
	file := cmd.Flags().String("file", "", "write to this `file`, which must not be there yet")
	runOnly(cmd, "entrants", "file")
	return a.promoterCmd(cmd, func(ctx context.Context, p promoter, args []string) error {
		export := p.Export
		if output.value == "csv" {
			export = p.ExportCSV
		}
		o := campaign.ExportOptions{Entrants: *entrants}
		if *file == "" {
			return export(ctx, args[0], writer{a}, o)
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
