package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"

	"github.com/charmbracelet/lipgloss"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
)

// pages reads a list page by page until it ends or most entries are there, 0 for all
// of them.
func pages[T any](most int, page func(cursor string, limit int) (some []T, next string, err error)) ([]T, error) {
	all := []T{}
	for cursor := ""; ; {
		limit := campaign.MaxPage
		if most > 0 {
			limit = min(limit, most-len(all))
		}
		some, next, err := page(cursor, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if next == "" || len(all) == most {
			return all, nil
		}
		cursor = next
	}
}

// newLimitFlag defines --limit.
func newLimitFlag(cmd *cobra.Command, most int) *int {
	limit := cmd.Flags().Int("limit", most, "how many at most, 0 for all")
	return limit
}

func newCampaignListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List campaigns, the newest first", Long: "List lists campaigns, the newest first.",
		Example: "  prizegen campaign list --state open -o json", Args: cobra.NoArgs,
	}
	states := []string{string(campaign.Draft), string(campaign.Open), string(campaign.Closed)}
	state := settings.AddFlag(cmd, settings.NewOptional("state", settings.OneOf(states...)), "state", "list only campaigns in this state: draft, open, closed", states...)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, _ []string) error {
		all, err := pages(0, func(cursor string, limit int) ([]campaign.Campaign, string, error) {
			return p.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Cursor: cursor, Limit: limit}, State: campaign.State(state.Get())})
		})
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(all)
		}
		var rows [][]string
		for i := range all {
			c := &all[i]
			rows = append(rows, []string{c.Name, string(c.State), c.Rules, c.TextFormat + " + " + c.NumberFormat, strconv.FormatInt(c.Plays, 10), timeText(c.OpensAt), timeText(c.ClosesAt), c.Title})
		}
		return a.writeTable([]string{"NAME", "STATE", "RULES", "FORMATS", "PLAYS", "OPENS", "CLOSES", "TITLE"}, rows)
	})
}

func newCampaignShowCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a campaign and what became of its prizes",
		Long:    "Show tells all about a campaign: its state, its prizes and how many of them were awarded.",
		Example: "  prizegen campaign show summer", Args: oneCampaign(),
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		c, err := p.Campaign(ctx, args[0])
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(c)
		}
		return a.write([]byte(campaignText(&c, a.styles())))
	})
}

func campaignText(c *campaign.Campaign, style styles) string {
	plays := "any number of plays for each entrant"
	if c.MaxPlays > 0 {
		plays = show.Count(uint64(c.MaxPlays), "play") + " for each entrant"
	}
	if c.RequireEmail {
		plays += ", who must give an email address"
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
	text += fmt.Sprintf("%s  %8s  %8s\n", show.Padded("PRIZE", width), "AWARDED", "LEFT")
	for _, s := range c.Prizes {
		left := "any"
		if n, limited := s.Left(); limited {
			left = strconv.FormatInt(n, 10)
		}
		text += fmt.Sprintf("%s  %8d  %8s\n", show.Padded(s.Name, width), s.Awarded, left)
	}
	return text
}

func newCampaignDrawsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "draws NAME", Short: "List the draws of a campaign, the newest first",
		Long: "Draws lists the draws of a campaign, the newest first, with who played.",
		Example: `  prizegen campaign draws summer --status unclaimed
  prizegen campaign draws summer --limit 0 --oldest -o ndjson`,
		Args: oneCampaign(),
	}
	var list campaign.DrawQuery
	cmd.Flags().BoolVar(&list.Won, "won", false, "only those that won something")
	cmd.Flags().BoolVar(&list.Oldest, "oldest", false, "the oldest first")
	cmd.Flags().StringVar(&list.Prize, "prize", "", "only those that won this prize")
	cmd.Flags().StringVar(&list.Account, "account", "", "only those whose account number begins so")
	cmd.Flags().Int64Var(&list.Entrant, "entrant", 0, "only those of the entrant with this id")
	cmd.Flags().StringVar(&list.Status, "status", "", "only those that are unclaimed, claimed or voided")
	settings.Complete(cmd, "status", cobra.FixedCompletions([]string{campaign.Unclaimed, campaign.Claimed, campaign.Voided}, cobra.ShellCompDirectiveNoFileComp))
	limit := newLimitFlag(cmd, 50)
	output := settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		list.Campaign = args[0]
		all, err := pages(*limit, func(cursor string, limit int) ([]campaign.Draw, string, error) {
			list.Cursor, list.Limit = cursor, limit
			return p.Draws(ctx, list)
		})
		if err != nil {
			return err
		}
		return writeDraws(a, all, output.Get())
	})
}

// writeDraws writes draws of campaigns.
func writeDraws(a *app, draws []campaign.Draw, format string) error {
	switch format {
	case "json":
		return a.writeJSON(draws)
	case "ndjson":
		for i := range draws {
			line, err := show.JSONLine(&draws[i])
			if err == nil {
				err = a.write(append(line, '\n'))
			}
			if err != nil {
				return err
			}
		}
		return nil
	case "csv":
		return writeDrawsCSV(a, draws)
	}
	var rows [][]string
	for i := range draws {
		d := &draws[i]
		won := "no prize"
		if d.Prize != nil {
			won = d.Prize.Name
		}
		state := ""
		switch {
		case d.Void != nil:
			state = "void"
		case d.Claim != nil:
			state = "claimed"
		}
		rows = append(rows, []string{strconv.FormatUint(d.Index, 10), d.Whole, textOf(d.Rule), won, timeText(&d.PlayedAt), d.Player, state, d.ID})
	}
	return a.writeTable([]string{"INDEX", "ACCOUNT", "RULE", "PRIZE", "PLAYED", "PLAYER", "STATE", "ID"}, rows)
}

// writeDrawsCSV writes draws in the columns that prizegen draw has.
func writeDrawsCSV(a *app, draws []campaign.Draw) error {
	w := csv.NewWriter(resultWriter{a})
	// Errors are sticky: Error tells of the first one.
	_ = w.Write([]string{"index", "account", "rule", "prize", "value", "currency"})
	for i := range draws {
		d := &draws[i]
		record := []string{strconv.FormatUint(d.Index, 10), d.Whole, textOf(d.Rule), "", "0", ""}
		if d.Prize != nil {
			record = append(record[:3], d.Prize.Name, strconv.FormatInt(d.Prize.Value, 10), d.Prize.Currency)
		}
		_ = w.Write(record)
	}
	w.Flush()
	return w.Error()
}

func oneDraw() cobra.PositionalArgs {
	return oneArg("id", "give the id of a draw; prizegen campaign draws has them")
}

func newCampaignClaimCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "claim ID", Short: "Note that a prize was handed over", Long: "Claim notes that the prize of a draw was handed over, or with --undo that it was not.",
		Example: `  prizegen campaign claim summer-17-3k5dyzf2q7wmb4xu --note "collected at the desk"`, Args: oneDraw(),
	}
	note := cmd.Flags().String("note", "", "how it was handed over")
	undo := cmd.Flags().Bool("undo", false, "take it back")
	output := settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		var d campaign.Draw
		var err error
		if *undo {
			d, err = p.Unclaim(ctx, args[0])
		} else {
			d, err = p.Claim(ctx, args[0], *note)
		}
		if err != nil {
			return err
		}
		return writeDraws(a, []campaign.Draw{d}, output.Get())
	})
}

func newCampaignVoidCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "void ID", Short: "Declare a draw invalid",
		Long: `Void declares a draw invalid for good. It stays on record with the reason, and its
prize does not go back into the stock.`,
		Example: `  prizegen campaign void summer-17-3k5dyzf2q7wmb4xu --reason "played by the staff"`, Args: oneDraw(),
	}
	reason := cmd.Flags().String("reason", "", "why")
	output := settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		d, err := p.Void(ctx, args[0], *reason)
		if err != nil {
			return err
		}
		return writeDraws(a, []campaign.Draw{d}, output.Get())
	})
}

func newCampaignHistoryCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "history [NAME]", Short: "Show the audit trail, the newest first", Long: "History shows who changed what, the newest first: everything, or what is about one campaign.",
		Example: "  prizegen campaign history summer", Args: cobra.MaximumNArgs(1),
	}
	limit := newLimitFlag(cmd, 50)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		q := campaign.ChangeQuery{}
		if len(args) > 0 {
			q.Subject = args[0]
		}
		all, err := pages(*limit, func(cursor string, limit int) ([]campaign.Change, string, error) {
			q.Cursor, q.Limit = cursor, limit
			some, err := p.Changes(ctx, q)
			if len(some) < limit {
				return some, "", err
			}
			return some, strconv.FormatInt(some[len(some)-1].ID, 10), err
		})
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(all)
		}
		rows := slices.Collect(func(yield func([]string) bool) {
			for _, c := range all {
				if !yield([]string{c.At.UTC().Format("2006-01-02 15:04:05"), c.Actor, c.Action, c.Subject, c.Detail}) {
					return
				}
			}
		})
		return a.writeTable([]string{"TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL"}, rows)
	})
}
