package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// drawOptions are the options of the draw and prize commands.
type drawOptions struct {
	formats  formats
	run      runFlags
	count    *settings.Value[uint64]
	rules    *settings.Value[string]
	accounts []string
	plays    playFlags
	output   *settings.Value[string]
}

func newDrawCmd(a *app) *cobra.Command {
	var o drawOptions
	cmd := &cobra.Command{
		Use:   "draw",
		Short: "Draw account numbers and their prizes",
		Long: `Generate account numbers and draw a prize for each of them.

With --account, use the given account numbers instead. With --campaign, play in a
campaign: the draw is stored and its prize is taken from the stock.

The same seed always produces the same draws, whatever the number of cores. prizegen
verify recomputes draws that were written as json or ndjson.`,
		Example: `  prizegen draw
  prizegen draw --seed 42 --start 9 -o ndjson
  prizegen draw -n 1000000 --rules modest -o csv >draws.csv
  prizegen draw --text upper3 --number digits6 --rules summer.yaml
  prizegen draw --account ABC123456 --account XYZ000007
  prizegen draw --campaign summer --first-name Ann --last-name Lee`,
		Args: cobra.NoArgs,
	}
	o.run, o.count = newRunFlags(a, cmd), newCountFlag(a, cmd, "draws")
	o.formats = newFormats(a, cmd)
	o.rules = newRulesFlag(a, cmd)
	cmd.Flags().StringArrayVar(&o.accounts, "account", nil, "use this account `number` instead of a generated one; can be repeated")
	o.output = settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	o.plays = newPlayFlags(a, cmd)
	exclusive(cmd, "account", "count", "text", "number")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.plays.check(cmd); err != nil {
			return err
		}
		switch {
		case *o.plays.campaign != "":
			return runPlay(cmd.Context(), a, o.plays, o.count.Get(), o.output.Get())
		case cmd.Flags().Changed("account"):
			return runPrize(cmd.Context(), a, o, o.accounts)
		}
		return runDraw(cmd.Context(), a, o)
	}
	return cmd
}

// runDraw draws generated account numbers.
func runDraw(ctx context.Context, a *app, o drawOptions) error {
	text, number, err := o.formats.resolve(ctx, a)
	if err != nil {
		return err
	}
	noteLocalParts(a, remote.Text, remote.Number, remote.Prize)
	w, err := newDrawWriter(ctx, a, o, o.count.Get())
	if err != nil {
		return err
	}
	w.spec.Text, w.spec.Number = text, number
	w.accountWidth = text.Len() + number.Len()
	w.replay = replay(o, w.spec) + rulesURLFlag(ctx, a, o.rules.Get(), w.spec.Rules)
	return w.run(ctx)
}

// replay returns the command line that repeats the same draws.
func replay(o drawOptions, spec draw.Spec) string {
	words := []string{"prizegen", "draw", "--seed", show.ShellWord(string(spec.Seed))}
	add := func(flag, value, standard string) {
		if value != standard {
			words = append(words, flag, show.ShellWord(value))
		}
	}
	add("--start", o.run.start.String(), "0")
	add("-n", o.count.String(), "1")
	add("--text", spec.Text.String(), textgen.Default)
	add("--number", spec.Number.String(), numgen.Default)
	switch rules := o.rules.Get(); rules {
	case prize.Default:
		add("--rules", spec.Rules.Name, prize.Default) // the deployed rules
	case "-": // standard input cannot be read again
		add("--rules", "rules.yaml", prize.Default)
		return strings.Join(words, " ") + "\nwith the rules saved in the file rules.yaml"
	default:
		add("--rules", rules, prize.Default)
	}
	return strings.Join(words, " ")
}

// drawWriter makes the draws of a spec and writes each of them immediately.
type drawWriter struct {
	a            *app
	spec         draw.Spec
	format       string // table, json, ndjson or csv
	seedIsNew    bool
	accountWidth int    // width of the table's column
	replay       string // the command line that repeats the draws; "" if there is none
	tally        *draw.Tally
}

// newDrawWriter returns a drawWriter for a run of count draws, with its seed and rules.
func newDrawWriter(ctx context.Context, a *app, o drawOptions, count uint64) (*drawWriter, error) {
	rules, err := rulesFor(ctx, a, o.rules)
	if err != nil {
		return nil, err
	}
	seed, err := seedOf(ctx, a, o.run, count)
	if err != nil {
		return nil, err
	}
	return &drawWriter{
		a: a, format: o.output.Get(), seedIsNew: seed.isNew,
		spec: draw.Spec{Seed: seed.Seed, Proof: seed.proof, Start: o.run.start.Get(), Count: count, Rules: rules},
	}, nil
}

// run makes and writes the draws. Even if it fails, the output contains only whole lines,
// and its JSON is closed.
func (w *drawWriter) run(ctx context.Context) error {
	encoding := w.encoding()
	if err := w.a.write(encoding.Header()); err != nil {
		return err
	}
	w.tally = draw.NewTally(w.spec.Rules)
	progress := startProgress(w.a, w.spec.Count, "draw")
	err := draw.Write(ctx, w.a.generator, w.spec, encoding, resultWriter{w.a}, func(b *draw.Batch) {
		w.tally.Add(b)
		progress.add(uint64(b.Len()))
	})
	progress.stop()
	err = errors.Join(err, w.a.write(encoding.Footer()))
	if err == nil && w.format == "table" {
		err = w.a.write([]byte(w.summary()))
	}
	if w.seedIsNew && w.format == "csv" && (err == nil || errors.Is(err, context.Canceled)) {
		w.a.note("seed: %s", w.spec.Seed)
	}
	return err
}

func (w *drawWriter) encoding() *draw.Encoding {
	switch w.format {
	case "json":
		return draw.JSON(&w.spec)
	case "ndjson":
		return draw.NDJSON(&w.spec)
	case "csv":
		return draw.CSV(&w.spec)
	default:
		return w.table()
	}
}

// table returns the encoding for a table. It fixes the widths of the columns in advance, so
// that each line can be written as soon as its draw is made.
func (w *drawWriter) table() *draw.Encoding {
	s, rules := w.a.styles(), w.spec.Rules
	last := w.spec.Start + max(w.spec.Count, 1) - 1
	indexWidth := max(len("INDEX"), len(strconv.FormatUint(last, 10)))
	w.accountWidth = max(len("ACCOUNT"), w.accountWidth)
	ruleWidth, prizeWidth := len("RULE"), len("no prize")
	for i := range rules.List {
		ruleWidth = max(ruleWidth, lipgloss.Width(rules.List[i].Name))
		for k := range rules.List[i].Prizes {
			prizeWidth = max(prizeWidth, lipgloss.Width(rules.List[i].Prizes[k].Name))
		}
	}
	header := fmt.Sprintf("%*s  %-*s  %-*s  %-*s  %s", indexWidth, "INDEX", w.accountWidth, "ACCOUNT",
		ruleWidth, "RULE", prizeWidth, "PRIZE", "CHANCE")
	outcome := func(o prize.Outcome) string {
		rule, won := rules.Rule(o), rules.Prize(o)
		switch {
		case rule == nil:
			return "  " + s.warn.Render("no rule matches") + "\n"
		case won == nil:
			return "  " + show.Pad(rule.Name, ruleWidth) + "  " +
				s.faint.Render(show.Pad("no prize", prizeWidth)+"  "+prize.Percent(rule.NoPrize())) + "\n"
		}
		return "  " + show.Pad(rule.Name, ruleWidth) + "  " + s.win.Render(show.Pad(won.Name, prizeWidth)) + "  " +
			prize.Percent(won.Chance) + "\n"
	}
	return draw.Table(&w.spec, s.head.Render(header)+"\n", indexWidth, w.accountWidth, outcome)
}

// summary returns the lines below a table: the prizes won, and a command that repeats the
// draws.
func (w *drawWriter) summary() string {
	var draws, wins uint64
	cost := new(big.Int)
	for o, n := range w.tally.Counts() {
		draws += n
		if won := w.spec.Rules.Prize(prize.Outcome(o)); won != nil {
			wins += n
			value := new(big.Int).SetUint64(n)
			cost.Add(cost, value.Mul(value, big.NewInt(won.Value)))
		}
	}
	if draws == 0 {
		return ""
	}
	total := "too much to display"
	if cost.IsInt64() && cost.Int64() < math.MaxInt64 {
		total = w.spec.Rules.Currency.Display(cost.Int64())
	}
	text := fmt.Sprintf("\n%s won in %s with rules %s, worth %s in all.\n", show.Count(wins, "prize"), show.Count(draws, "draw"), w.spec.Rules.Name, total)
	if w.replay == "" {
		return text + fmt.Sprintf("seed: %s\n", w.spec.Seed)
	}
	return text + "To repeat these draws:\n  " + strings.ReplaceAll(w.replay, "\n", "\n  ") + "\n"
}
