package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// oddsOptions are what the command odds is asked for.
type oddsOptions struct {
	cmd     *cobra.Command
	formats formats
	rules   *string
	account string
	draws   *value[uint64]
	check   *value[uint64]
	seed    *value[entropy.Seed]
	output  *value[string]
}

func newOddsCmd(a *app) *cobra.Command {
	o := oddsOptions{
		draws: &value[uint64]{kind: "count", parse: parseCount},
		check: &value[uint64]{kind: "count", parse: parseCount},
		seed:  &value[entropy.Seed]{kind: "text", parse: entropy.ParseSeed},
	}
	cmd := &cobra.Command{
		Use:   "odds",
		Short: "Compute the exact odds of every prize, and what draws will cost",
		Long: `Odds computes the chance of each rule and prize exactly, by counting the account
numbers that each rule decides over the automata of the patterns. Nothing is
sampled and nothing is enumerated, so long formats take no longer than short ones.

The cost not exceeded with 95% and 99% probability that --draws adds is that of
a normal distribution corrected for skew (Cornish-Fisher); where that is not good,
the table says so. Stock does not count, since it belongs to campaigns.`,
		Example: `  prizegen odds
  prizegen odds --rules modest --text upper2 --number digits8
  prizegen odds --account ABC123456
  prizegen odds --draws 10000
  prizegen odds --check 1000000 --seed 42`,
		Args: cobra.NoArgs,
	}
	o.cmd = cmd
	o.formats = newFormats(cmd)
	o.rules = newRulesFlag(cmd)
	cmd.Flags().StringVar(&o.account, "account", "", "the chances of this `account` number alone")
	cmd.Flags().Var(o.draws, "draws", "add what this many draws will cost together")
	cmd.Flags().Var(o.check, "check", "make this many draws and hold them against the odds")
	cmd.Flags().Var(o.seed, "seed", "seed of the draws of --check (default: a new one)")
	o.output = newOutput(cmd, "table", "json", "csv")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := alone(cmd, "account", "text", "number", "check"); err != nil {
			return err
		}
		if cmd.Flags().Changed("seed") && !cmd.Flags().Changed("check") {
			return usagef("--seed is of the draws of --check, which was not given")
		}
		return a.odds(cmd.Context(), o, cmd.Flags().Changed("account"), cmd.Flags().Changed("draws"), cmd.Flags().Changed("check"))
	}
	return cmd
}

// oddsReport is everything that the command odds tells; as JSON it is the odds
// with what was asked for beside them.
type oddsReport struct {
	draw.Odds
	Total *oddsTotal   `json:"total,omitempty"`
	Check *draw.Sample `json:"check,omitempty"`

	rules *prize.Rules
	exact prize.Odds
	total prize.Total
}

// oddsTotal is what a number of draws will cost, in minor units.
type oddsTotal struct {
	Draws         uint64  `json:"draws"`
	ExpectedValue string  `json:"expected_value"`
	Stddev        float64 `json:"stddev"`
	P95           float64 `json:"p95"`
	P99           float64 `json:"p99"`
	Approximation string  `json:"approximation"`
	Rough         string  `json:"rough,omitempty"`
}

const approximation = "normal distribution with Cornish-Fisher correction for skew"

func (a *app) odds(ctx context.Context, o oddsOptions, account, draws, check bool) error {
	if o.output.value == "csv" && (draws || check) {
		return usagef("csv has the odds alone, without --draws and --check; expected table or json")
	}
	if account {
		if err := prize.CheckAccount(o.account); err != nil {
			return usageError{err}
		}
	}
	if err := a.takeDeployed(ctx, o.cmd, o.formats); err != nil {
		return err
	}
	rules, err := a.rulesFor(ctx, o.cmd, *o.rules)
	if err != nil {
		return err
	}
	text, number := o.formats.text.value, o.formats.number.value
	r := oddsReport{rules: rules}
	if account {
		r.exact = rules.AccountOdds(o.account)
		r.Odds = draw.NewAccountOdds(rules, o.account, r.exact)
	} else {
		r.exact = rules.Odds(text.Format, number.Format)
		r.Odds = draw.NewOdds(rules, text, number, r.exact)
	}
	if draws {
		r.total = r.exact.Total(o.draws.value)
		r.Total = &oddsTotal{
			Draws: r.total.Draws, ExpectedValue: r.total.Mean.RatString(), Stddev: r.total.StandardDeviation,
			P95: r.total.P95, P99: r.total.P99, Approximation: approximation, Rough: r.total.Rough,
		}
	}
	if check {
		if r.Check, err = a.sample(ctx, o, rules, r.exact); err != nil {
			return err
		}
	}
	return a.writeOdds(o.output.value, r)
}

// sample makes the draws of --check.
func (a *app) sample(ctx context.Context, o oddsOptions, rules *prize.Rules, exact prize.Odds) (*draw.Sample, error) {
	seed := o.seed.value
	if o.seed.text == "" {
		seed = entropy.NewSeed()
	}
	spec := draw.Spec{Seed: seed, Count: o.check.value, Text: o.formats.text.value, Number: o.formats.number.value, Rules: rules}
	progress := a.startProgress(spec.Count, "draw")
	defer progress.stop()
	sample, err := draw.Check(ctx, a.generator, spec, exact, func(n int) { progress.add(uint64(n)) })
	return &sample, err
}

func (a *app) writeOdds(format string, r oddsReport) error {
	switch format {
	case "json":
		return a.writeJSON(r)
	case "csv":
		return a.writeOddsCSV(r)
	default:
		return a.write([]byte(a.oddsTable(r)))
	}
}

// writeJSON writes a value as indented JSON that leaves <, > and & readable.
func (a *app) writeJSON(v any) error {
	w := json.NewEncoder(writer{a})
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	return w.Encode(v)
}

// writer writes results, so that a failure says what failed.
type writer struct{ a *app }

func (w writer) Write(p []byte) (int, error) { return len(p), w.a.write(p) }
