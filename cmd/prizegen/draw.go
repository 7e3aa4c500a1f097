package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// drawOptions are what the commands draw and prize are asked for.
type drawOptions struct {
	cmd      *cobra.Command
	formats  formats
	run      runFlags
	rules    *string
	accounts []string
	plays    playFlags
	output   *value[string]
}

func newDrawCmd(a *app) *cobra.Command {
	var o drawOptions
	cmd := &cobra.Command{
		Use:   "draw",
		Short: "Draw account numbers and what they win",
		Long: `Draw generates account numbers and decides what each of them wins. With
--account it decides the account numbers given instead, and with --campaign it
plays a campaign: the draw is stored and takes its prize out of the stock.

The same seed gives the same draws, whatever the number of cores. Draws written
as json or ndjson are all that prizegen verify needs.`,
		Example: `  prizegen draw
  prizegen draw --seed 42 --start 9 -o ndjson
  prizegen draw -n 1000000 --rules modest -o csv >draws.csv
  prizegen draw --text upper3 --number digits6 --rules summer.yaml
  prizegen draw --account ABC123456 --account XYZ000007
  prizegen draw --campaign summer --first-name Ann --last-name Lee`,
		Args: cobra.NoArgs,
	}
	o.cmd = cmd
	o.run = newRunFlags(cmd).withCount(cmd, "draws")
	o.formats = newFormats(cmd)
	o.rules = newRulesFlag(cmd)
	cmd.Flags().StringArrayVar(&o.accounts, "account", nil, "decide this `account` number instead of a generated one; may be repeated")
	o.output = newOutput(cmd, "table", "json", "ndjson", "csv")
	o.plays = newPlayFlags(cmd)
	completeWith(cmd, "campaign", a.completeCampaigns(o.plays.db))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.plays.check(cmd); err != nil {
			return err
		}
		if *o.plays.campaign != "" {
			return a.play(cmd.Context(), o.plays, o.run.count.value, o.output.value)
		}
		if err := alone(cmd, "account", "count", "text", "number"); err != nil {
			return err
		}
		if cmd.Flags().Changed("account") {
			return a.prize(cmd.Context(), o, o.accounts)
		}
		return a.draw(cmd.Context(), o)
	}
	return cmd
}

// draw draws generated account numbers.
func (a *app) draw(ctx context.Context, o drawOptions) error {
	if err := a.takeDeployed(ctx, o.cmd, o.formats); err != nil {
		return err
	}
	w, err := a.begin(ctx, o)
	if err != nil {
		return err
	}
	w.spec.Count = o.run.count.value
	w.spec.Text, w.spec.Number = o.formats.text.value, o.formats.number.value
	w.accountWidth = w.spec.Text.Len() + w.spec.Number.Len()
	w.replay = replay(o, w.spec) + a.whereRulesAre(o, w.spec.Rules)
	return w.run(ctx)
}

// begin finds seed and rules for a run.
func (a *app) begin(ctx context.Context, o drawOptions) (*drawWriter, error) {
	rules, err := a.rulesFor(ctx, o.cmd, *o.rules)
	if err != nil {
		return nil, err
	}
	seed, err := a.seedOf(o.cmd, o.run)
	if err != nil {
		return nil, err
	}
	return &drawWriter{
		a: a, format: o.output.value, seedMade: seed.made,
		spec: draw.Spec{Seed: seed.Seed, Proof: seed.proof, Start: o.run.start.value, Rules: rules},
	}, nil
}

// replay is the command line that makes the same draws again.
func replay(o drawOptions, spec draw.Spec) string {
	words := []string{"prizegen", "draw", "--seed", shellWord(string(spec.Seed))}
	add := func(flag, value, standard string) {
		if value != standard {
			words = append(words, flag, shellWord(value))
		}
	}
	add("--start", o.run.start.text, "0")
	add("-n", o.run.count.text, "1")
	add("--text", o.formats.text.text, "lower4")
	add("--number", o.formats.number.text, "digits4")
	switch *o.rules {
	case prize.Default:
		add("--rules", spec.Rules.Name, prize.Default) // what is deployed, where nobody named any
	case "-": // which can't be read again
		add("--rules", "rules.yaml", prize.Default)
		return strings.Join(words, " ") + "\nwith the rules saved in the file rules.yaml"
	default:
		add("--rules", *o.rules, prize.Default)
	}
	return strings.Join(words, " ")
}

// shellWord quotes a text for a POSIX shell where that is needed.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
