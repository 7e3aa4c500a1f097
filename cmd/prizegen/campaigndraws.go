package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/campaign"
)

// pages returns up to most entries of a paged list; 0 means all entries. The function page
// returns the page at a cursor and the cursor of the next page, or "" after the last page.
func pages[T any](most int, page func(cursor string, limit int) (list []T, next string, err error)) ([]T, error) {
	all := []T{}
	for cursor := ""; ; {
		limit := campaign.MaxPage
		if most > 0 {
			limit = min(limit, most-len(all))
		}
		list, next, err := page(cursor, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if next == "" || len(all) == most {
			return all, nil
		}
		cursor = next
	}
}

// newLimitFlag adds the --limit flag.
func newLimitFlag(cmd *cobra.Command) *int {
	return cmd.Flags().Int("limit", 50, "show at most this `number`; 0 means all")
}

func newCampaignDrawsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "draws NAME", Short: "List the draws of a campaign, newest first",
		Long: "List the draws of a campaign and who played them, newest first.",
		Example: `  prizegen campaign draws summer --status unclaimed
  prizegen campaign draws summer --limit 0 --oldest -o ndjson`,
		Args: oneCampaign(),
	}
	var q campaign.DrawQuery
	cmd.Flags().BoolVar(&q.Won, "won", false, "list only draws that won")
	cmd.Flags().BoolVar(&q.Oldest, "oldest", false, "list the oldest first")
	cmd.Flags().StringVar(&q.Prize, "prize", "", "list only draws that won this `prize`")
	cmd.Flags().StringVar(&q.Account, "account", "", "list only draws whose account number begins with this `text`")
	cmd.Flags().Int64Var(&q.Entrant, "entrant", 0, "list only draws of the entrant with this `id`")
	cmd.Flags().StringVar(&q.Status, "status", "", "list only draws with this `status`: unclaimed, claimed or voided")
	settings.Complete(cmd, "status", cobra.FixedCompletions([]string{campaign.Unclaimed, campaign.Claimed, campaign.Voided}, cobra.ShellCompDirectiveNoFileComp))
	limit := newLimitFlag(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	return promotionCmd(a, cmd, func(ctx context.Context, d draws, args []string) error {
		q.Campaign = args[0]
		all, err := pages(*limit, func(cursor string, limit int) ([]campaign.Draw, string, error) {
			q.Cursor, q.Limit = cursor, limit
			return d.Draws(ctx, q)
		})
		if err != nil {
			return err
		}
		return writeDraws(a, all, output.Get())
	})
}

// writeDraws writes the draws of a campaign as json, ndjson, csv or, for any other format,
// as a table.
func writeDraws(a *app, list []campaign.Draw, format string) error {
	switch format {
	case "json":
		return a.writeJSON(list)
	case "ndjson":
		for i := range list {
			line, err := show.JSONLine(&list[i])
			if err == nil {
				err = a.write(append(line, '\n'))
			}
			if err != nil {
				return err
			}
		}
		return nil
	case "csv":
		return writeDrawsCSV(a, list)
	}
	var rows [][]string
	for i := range list {
		d := &list[i]
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

// writeDrawsCSV writes draws with the same columns as prizegen draw.
func writeDrawsCSV(a *app, list []campaign.Draw) error {
	w := csv.NewWriter(resultWriter{a})
	// w.Error returns the first error of all writes.
	_ = w.Write([]string{"index", "account", "rule", "prize", "value", "currency"})
	for i := range list {
		d := &list[i]
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
	return oneArg("id", "specify the ID of a draw; prizegen campaign draws lists them")
}

func newCampaignClaimCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "claim ID", Short: "Record that a prize was handed over", Long: "Record that the prize of a draw was handed over. With --undo, remove this record.",
		Example: `  prizegen campaign claim summer-17-3k5dyzf2q7wmb4xu --note "collected at the desk"`, Args: oneDraw(),
	}
	note := cmd.Flags().String("note", "", "`note` about the handover")
	undo := cmd.Flags().Bool("undo", false, "undo an earlier claim")
	output := settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	return promotionCmd(a, cmd, func(ctx context.Context, d draws, args []string) error {
		var changed campaign.Draw
		var err error
		if *undo {
			changed, err = d.Unclaim(ctx, args[0])
		} else {
			changed, err = d.Claim(ctx, args[0], *note)
		}
		if err != nil {
			return err
		}
		return writeDraws(a, []campaign.Draw{changed}, output.Get())
	})
}

func newCampaignVoidCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "void ID", Short: "Declare a draw invalid",
		Long: `Declare a draw invalid permanently. The draw and the reason stay on record, and the prize
does not return to the stock.`,
		Example: `  prizegen campaign void summer-17-3k5dyzf2q7wmb4xu --reason "played by staff"`, Args: oneDraw(),
	}
	reason := cmd.Flags().String("reason", "", "`reason` to record")
	output := settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	return promotionCmd(a, cmd, func(ctx context.Context, d draws, args []string) error {
		changed, err := d.Void(ctx, args[0], *reason)
		if err != nil {
			return err
		}
		return writeDraws(a, []campaign.Draw{changed}, output.Get())
	})
}

func newCampaignExportCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export NAME", Short: "Write all draws of a campaign",
		Long: `Write a campaign and all its draws, either as one JSON object that prizegen verify can
check or as CSV for a spreadsheet. The output contains the seed once the campaign is
closed. It contains personal data only with --entrants.`,
		Example: `  prizegen campaign export summer >summer.json
  prizegen campaign export summer -o csv --entrants --file summer.csv`,
		Args: oneCampaign(),
	}
	output := settings.DefineOutput(a.table, cmd, "json", "csv")
	entrants := cmd.Flags().Bool("entrants", false, "include the entrants and the notes on draws")
	file := cmd.Flags().String("file", "", "write to this `file`, which must not exist")
	return promotionCmd(a, cmd, func(ctx context.Context, e exports, args []string) error {
		export := e.Export
		if output.Get() == "csv" {
			export = e.ExportCSV
		}
		o := campaign.ExportOptions{Entrants: *entrants}
		if *file == "" {
			return export(ctx, args[0], resultWriter{a}, o)
		}
		err := atomicfile.Write(*file, atomicfile.Options{Mode: 0o600}, func(w *os.File) error { return export(ctx, args[0], w, o) })
		if errors.Is(err, fs.ErrExist) {
			return hintError{err, "choose another name"}
		}
		return err
	})
}

func newCampaignHistoryCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "history [NAME]", Short: "Show the audit trail, newest first", Long: "Show who changed what in one campaign or in all of them, newest first.",
		Example: "  prizegen campaign history summer", Args: cobra.MaximumNArgs(1),
	}
	limit := newLimitFlag(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, trail auditTrail, args []string) error {
		q := campaign.ChangeQuery{}
		if len(args) > 0 {
			q.Subject = args[0]
		}
		all, err := pages(*limit, func(cursor string, limit int) ([]campaign.Change, string, error) {
			q.Cursor, q.Limit = cursor, limit
			list, err := trail.Changes(ctx, q)
			if len(list) < limit {
				return list, "", err
			}
			return list, strconv.FormatInt(list[len(list)-1].ID, 10), err
		})
		if err != nil {
			return err
		}
		if output.Get() == "json" {
			return a.writeJSON(all)
		}
		var rows [][]string
		for _, c := range all {
			rows = append(rows, []string{c.At.UTC().Format(time.DateTime), c.Actor, c.Action, c.Subject, c.Detail})
		}
		return a.writeTable([]string{"TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL"}, rows)
	})
}
