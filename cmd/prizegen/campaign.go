package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

func newCampaignCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "campaign",
		Short: "Run promotions",
		Long: `Run promotions.

A campaign starts as a draft. Opening it fixes its rules, formats and stock, and
publishes the commitment to its seed. People play on the website, through the API or
with prizegen draw --campaign. Closing it reveals the seed. prizegen verify checks the
export of a campaign.

Campaigns are stored in the database that --db names, or by the core service at
--core-url or --remote.`,
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
	return oneArg("name", "specify a campaign name; prizegen campaign list shows all of them")
}

// planFlags are the flags that describe a campaign.
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
	f.title = cmd.Flags().String("title", "", "`title` that people see (default: the name)")
	f.opens = settings.AddFlag(cmd, settings.NewOptional("time", parseTime), "opens", "start at this time in UTC: 2027-06-01, \"2027-06-01 18:00\" or RFC 3339; none means when you open it")
	f.closes = settings.AddFlag(cmd, settings.NewOptional("time", parseTime), "closes", "end at this time; none means when you close it")
	f.maxPlays = cmd.Flags().Int64("max-plays", 0, "limit each entrant to this `number` of plays; 0 means no limit")
	f.requireEmail = cmd.Flags().Bool("require-email", false, "require an email address, and count plays by it")
	return f
}

// parseTime parses a time. It returns nil for "none".
func parseTime(text string) (*time.Time, error) {
	if text == "none" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return &t, nil
		}
	}
	return nil, errors.New("must be none or a time in UTC such as 2027-06-01, \"2027-06-01 18:00\" or 2027-06-01T18:00:00+02:00")
}

func newCampaignCreateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a draft",
		Long: `Create a draft, which nobody can play yet. Its name becomes part of the URL of its web
page, so it may contain only lower-case letters, digits and hyphens.`,
		Example: `  prizegen campaign create summer --title "The great summer draw"
  prizegen campaign create vip --rules vip.yaml --text upper3 --number digits6 --max-plays 1 --require-email --open`,
		Args: oneCampaign(),
	}
	flags := newPlanFlags(a, cmd)
	open := cmd.Flags().Bool("open", false, "open the campaign immediately")
	return creatingCmd(a, cmd, func(ctx context.Context, c campaigns, args []string) error {
		plan := campaign.Plan{
			Name: args[0], Title: *flags.title, OpensAt: flags.opens.Get(), ClosesAt: flags.closes.Get(),
			MaxPlays: *flags.maxPlays, RequireEmail: *flags.requireEmail,
		}
		if err := fillPlan(a, flags, &plan); err != nil {
			return err
		}
		draft, err := c.Create(ctx, plan)
		if err != nil {
			return err
		}
		if *open {
			return openCampaign(ctx, a, c, draft.Name)
		}
		a.note("campaign %s is a draft; open it with prizegen campaign open %s", draft.Name, draft.Name)
		return nil
	})
}

// fillPlan adds the rules and formats to a plan. A core service uses its deployed rules
// and formats if a plan has none, so for a core, fillPlan adds only those that the user
// specified.
func fillPlan(a *app, flags planFlags, plan *campaign.Plan) error {
	isRemote := a.services.Core != nil
	if !isRemote || flags.formats.text.Given() {
		plan.TextFormat = flags.formats.text.String()
	}
	if !isRemote || flags.formats.number.Given() {
		plan.NumberFormat = flags.formats.number.String()
	}
	if isRemote && !flags.rules.Given() {
		return nil
	}
	rules, err := loadRules(a, flags.rules.Get())
	if errors.Is(err, prize.ErrUnknownRules) && isRemote {
		plan.Rules, plan.RulesYAML = flags.rules.Get(), "" // the core may have these rules
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
		Long: `Change the properties of a campaign that the flags specify. Once it is open, you can
change only its title, its closing time and its limit on plays.`,
		Example: `  prizegen campaign edit summer --closes "2027-09-01 18:00"`,
		Args:    oneCampaign(),
	}
	flags := newPlanFlags(a, cmd)
	return promotionCmd(a, cmd, func(ctx context.Context, c campaigns, args []string) error {
		old, err := c.Campaign(ctx, args[0])
		if err != nil {
			return err
		}
		plan := old.Plan()
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
		if _, err = c.Edit(ctx, old.Name, old.Version, plan); err == nil {
			a.note("changed campaign %s", old.Name)
		}
		return err
	})
}

func newCampaignOpenCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "open NAME", Short: "Open a draft so that people can play",
		Long: `Open a draft: fix its rules, formats and stock, generate a seed of 256 random bits and
print the commitment to the seed. Publish the commitment. It will prove that you did not
change the seed afterwards. It does not prove how the seed was chosen, or that nobody knew
the draws in advance.`,
		Example: "  prizegen campaign open summer", Args: oneCampaign(),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, c campaigns, args []string) error { return openCampaign(ctx, a, c, args[0]) })
}

func openCampaign(ctx context.Context, a *app, c campaigns, name string) error {
	opened, err := c.Open(ctx, name)
	if err != nil {
		return err
	}
	a.note("campaign %s is open; the commitment to its seed is:", opened.Name)
	return a.write([]byte(opened.Commitment + "\n"))
}

func newCampaignCloseCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "close NAME", Short: "End a campaign and reveal its seed",
		Long:    "End a campaign permanently and print its seed. With the seed, anyone can recompute the\ndraws.",
		Example: "  prizegen campaign close summer", Args: oneCampaign(),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, c campaigns, args []string) error {
		closed, err := c.Close(ctx, args[0])
		if err != nil {
			return err
		}
		a.note("campaign %s is closed after %s; its seed is:", closed.Name, show.Count(uint64(closed.Plays), "draw"))
		return a.write([]byte(closed.Seed + "\n"))
	})
}

func newCampaignDeleteCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a draft",
		Long: `Delete a draft. A campaign that has been opened cannot be deleted, except for the demo
campaign that prizegen serve opens in a new database.`,
		Example: "  prizegen campaign delete summer", Args: oneCampaign(),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, c campaigns, args []string) error {
		err := c.Delete(ctx, args[0])
		if err == nil {
			a.note("deleted campaign %s", args[0])
		}
		return err
	})
}

func newCampaignListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List campaigns, newest first", Long: "List campaigns, newest first.",
		Example: "  prizegen campaign list --state open -o json", Args: cobra.NoArgs,
	}
	states := []string{string(campaign.Draft), string(campaign.Open), string(campaign.Closed)}
	state := settings.AddFlag(cmd, settings.NewOptional("state", settings.OneOf(states...)), "state", "list only campaigns in this state: draft, open, closed", states...)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, c campaigns, _ []string) error {
		all, err := pages(0, func(cursor string, limit int) ([]campaign.Campaign, string, error) {
			return c.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Cursor: cursor, Limit: limit}, State: campaign.State(state.Get())})
		})
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(all)
		}
		var rows [][]string
		for i := range all {
			row := &all[i]
			rows = append(rows, []string{row.Name, string(row.State), row.Rules, row.TextFormat + " + " + row.NumberFormat, strconv.FormatInt(row.Plays, 10), timeText(row.OpensAt), timeText(row.ClosesAt), row.Title})
		}
		return a.writeTable([]string{"NAME", "STATE", "RULES", "FORMATS", "PLAYS", "OPENS", "CLOSES", "TITLE"}, rows)
	})
}

func newCampaignShowCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a campaign and its prizes",
		Long:    "Show a campaign: its state, its prizes and how many of them were awarded.",
		Example: "  prizegen campaign show summer", Args: oneCampaign(),
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, c campaigns, args []string) error {
		shown, err := c.Campaign(ctx, args[0])
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(shown)
		}
		return a.write([]byte(campaignText(&shown, a.styles())))
	})
}

// campaignText returns a description of a campaign and its prizes.
func campaignText(c *campaign.Campaign, style styles) string {
	plays := "no limit"
	if c.MaxPlays > 0 {
		plays = show.Count(uint64(c.MaxPlays), "play") + " for each entrant"
	}
	if c.RequireEmail {
		plays += ", email address required"
	}
	text := style.head.Render(c.Title) + "\n"
	for _, fact := range [][2]string{
		{"name", c.Name},
		{"state", string(c.State)},
		{"rules", c.Rules + "  " + c.RulesSHA256},
		{"formats", c.TextFormat + " + " + c.NumberFormat},
		{"opens", timeText(c.OpensAt)},
		{"closes", timeText(c.ClosesAt)},
		{"limits", plays},
		{"commitment", orDash(c.Commitment)},
		{"seed", orDash(c.Seed)},
		{"draws", fmt.Sprintf("%d, and %d indexes skipped", c.Plays, c.Skipped)},
	} {
		text += fmt.Sprintf("%-11s %s\n", fact[0], fact[1])
	}
	text += "\n"
	width := len("PRIZE")
	for _, s := range c.Prizes {
		width = max(width, lipgloss.Width(s.Name))
	}
	text += fmt.Sprintf("%s  %8s  %8s\n", show.Pad("PRIZE", width), "AWARDED", "LEFT")
	for _, s := range c.Prizes {
		left := "any"
		if n, limited := s.Left(); limited {
			left = strconv.FormatInt(n, 10)
		}
		text += fmt.Sprintf("%s  %8d  %8s\n", show.Pad(s.Name, width), s.Awarded, left)
	}
	return text
}

// timeText formats a time in UTC. It returns a dash for nil.
func timeText(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func orDash(s string) string { return cmp.Or(s, "-") }
