package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// oddsOptions are the options of the odds command.
type oddsOptions struct {
	formats formats
	rules   *settings.Value[string]
	account *settings.Value[string]
	draws   *settings.Value[uint64]
	check   *settings.Value[uint64]
	seed    *settings.Value[entropy.Seed]
	output  *settings.Value[string]
}

func newOddsCmd(a *app) *cobra.Command {
	var o oddsOptions
	cmd := &cobra.Command{
		Use:   "odds",
		Short: "Compute the exact odds of every prize, and the cost of draws",
		Long: `Compute the exact chance of each rule and prize.

The patterns are compiled into an automaton, which is used to count the account numbers
to which each rule applies. Nothing is sampled or enumerated, so long formats are as fast
as short ones.

--draws adds the cost of that many draws: the expected cost and its 95th and 99th
percentiles, approximated with a normal distribution corrected for skew (Cornish-Fisher).
The table warns if the approximation is poor. Stock is ignored, because only campaigns
have stock.`,
		Example: `  prizegen odds
  prizegen odds --rules modest --text upper2 --number digits8
  prizegen odds --account ABC123456
  prizegen odds --draws 10000
  prizegen odds --check 1000000 --seed 42`,
		Args: cobra.NoArgs,
	}
	o.formats = newFormats(a, cmd)
	o.rules = newRulesFlag(a, cmd)
	o.account = settings.AddFlag(cmd, settings.NewOptional("account", settings.ParseText), "account", "compute the odds of this account number only")
	o.draws = settings.AddFlag(cmd, settings.NewOptional("count", settings.ParseCount), "draws", "add the cost of this many draws")
	o.check = settings.AddFlag(cmd, settings.NewOptional("count", settings.ParseCount), "check", "make this many draws and compare them with the odds")
	o.seed = settings.DefineAs[entropy.Seed](a.table, cmd, "seed", "seed", "seed for the draws of --check (default: a new one)")
	o.output = settings.DefineOutput(a.table, cmd, "table", "json", "csv")
	exclusive(cmd, "account", "text", "number", "check")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.seed.Typed() && !o.check.Given() {
			return usagef("--seed needs --check")
		}
		return runOdds(cmd.Context(), a, o)
	}
	return cmd
}

// oddsReport is the result of the odds command. Its JSON contains the odds and the
// results of --draws and --check.
type oddsReport struct {
	draw.Odds
	Total *oddsTotal   `json:"total,omitempty"`
	Check *draw.Sample `json:"check,omitempty"`

	rules *prize.Rules
	exact prize.Odds
	total prize.Total
}

// oddsTotal is the total cost of a number of draws, in minor units.
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

func runOdds(ctx context.Context, a *app, o oddsOptions) error {
	if o.output.Get() == "csv" && (o.draws.Given() || o.check.Given()) {
		return usagef("--output csv contains only the odds: omit --draws and --check, or use table or json")
	}
	if o.account.Given() {
		if err := prize.CheckAccount(o.account.Get()); err != nil {
			return usageError{err}
		}
	}
	text, number, err := o.formats.resolve(ctx, a)
	if err != nil {
		return err
	}
	rules, err := rulesFor(ctx, a, o.rules)
	if err != nil {
		return err
	}
	r := oddsReport{rules: rules}
	if account := o.account.Get(); o.account.Given() {
		r.exact = rules.AccountOdds(account)
		r.Odds = draw.NewAccountOdds(rules, account, r.exact)
	} else {
		r.exact = rules.Odds(text.Format, number.Format)
		r.Odds = draw.NewOdds(rules, text, number, r.exact)
	}
	if o.draws.Given() {
		r.total = r.exact.Total(o.draws.Get())
		r.Total = &oddsTotal{
			Draws: r.total.Draws, ExpectedValue: r.total.Mean.RatString(), Stddev: r.total.StandardDeviation,
			P95: r.total.P95, P99: r.total.P99, Approximation: approximation, Rough: r.total.Rough,
		}
	}
	if o.check.Given() {
		noteLocalParts(a, remote.Text, remote.Number, remote.Prize)
		if r.Check, err = sample(ctx, a, o, r, text, number); err != nil {
			return err
		}
	}
	switch o.output.Get() {
	case "json":
		return a.writeJSON(r)
	case "csv":
		return writeOddsCSV(a, r)
	default:
		return a.write([]byte(oddsTable(a, r)))
	}
}

// sample makes the draws of --check.
func sample(ctx context.Context, a *app, o oddsOptions, r oddsReport, text textgen.Format, number numgen.Format) (*draw.Sample, error) {
	seed := o.seed.Get()
	if !o.seed.Given() {
		seed = entropy.NewSeed()
	}
	spec := draw.Spec{Seed: seed, Count: o.check.Get(), Text: text, Number: number, Rules: r.rules}
	progress := startProgress(a, spec.Count, "draw")
	defer progress.stop()
	sample, err := draw.Check(ctx, a.generator, spec, r.exact, func(n int) { progress.add(uint64(n)) })
	return &sample, err
}

// The longest bar takes up to maxBar of the columns that the table leaves free. There are
// no bars if fewer than minBar columns are free.
const (
	maxBar = 24
	minBar = 4
)

// oddsTable formats odds as a table.
func oddsTable(a *app, r oddsReport) string {
	s := a.styles()
	head := []string{"RULE", "PRIZE", "CHANCE", "ONE IN", "EXACTLY"}
	shown := r.shown()
	rows := r.cells(shown)
	if r.Check != nil {
		head = append(head, "DRAWN", "EXPECTED")
	} else if width := tableWidth(append(rows, head)); width > a.width {
		// The exact fractions are in the widest and least important column.
		head = head[:len(head)-1]
		for i := range rows {
			rows[i] = rows[i][:len(rows[i])-1]
		}
	} else if room := min(maxBar, a.width-2-width); room >= minBar {
		head = append(head, "")
		addBars(rows, shown, room)
	}
	t := table.New().Headers(head...).Rows(rows...).
		Border(lipgloss.Border{Top: "─", Bottom: "─", Middle: "─", MiddleTop: "─", MiddleBottom: "─"}).
		BorderLeft(false).BorderRight(false).BorderColumn(false).BorderTop(false).BorderBottom(false).BorderStyle(s.faint)
	t.StyleFunc(func(row, col int) lipgloss.Style {
		style := lipgloss.NewStyle().PaddingRight(2)
		switch {
		case row == table.HeaderRow:
			style = s.head.PaddingRight(2)
		case row >= 0 && row < len(shown) && shown[row].Prize == nil && col > 0:
			style = s.faint.PaddingRight(2)
		case col == 1:
			style = s.win.PaddingRight(2)
		}
		if col == 2 || r.Check != nil && col >= 5 {
			style = style.Align(lipgloss.Right)
		}
		return style
	})
	var b strings.Builder
	fmt.Fprintln(&b, s.head.Render(r.title()))
	fmt.Fprintln(&b)
	for line := range strings.Lines(t.Render()) {
		fmt.Fprintln(&b, strings.TrimRight(line, " \n"))
	}
	fmt.Fprintln(&b)
	b.WriteString(r.figures())
	return b.String()
}

// title returns the first line of the table.
func (r *oddsReport) title() string {
	if r.Account != "" {
		return fmt.Sprintf("The chances of %s with rules %s", r.Account, r.Rules)
	}
	return fmt.Sprintf("The odds of %s + %s with rules %s", r.TextFormat, r.NumberFormat, r.Rules)
}

// shown returns the rows of the table: the possible outcomes, and the prizes that cannot
// be won.
func (r *oddsReport) shown() []prize.Row {
	var rows []prize.Row
	for _, row := range r.exact.Rows {
		if row.Probability.Sign() > 0 || row.Prize != nil && r.Account == "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// cells returns the cells of the table's rows. The name of a rule appears only in its
// first row.
func (r *oddsReport) cells(rows []prize.Row) [][]string {
	var cells [][]string
	for i, row := range rows {
		rule, won := "(no rule)", "no prize"
		if row.Rule != nil {
			rule = row.Rule.Name
		}
		if i > 0 && rows[i-1].Rule == row.Rule {
			rule = ""
		}
		if row.Prize != nil {
			won = row.Prize.Name
		}
		line := []string{rule, won, prize.Percent(row.Probability), strings.TrimPrefix(prize.OneIn(row.Probability), "1 in "), fraction(row.Probability)}
		if r.Check != nil {
			line = append(line, prize.Thousands(r.Check.Observed[row.Outcome]), strconv.FormatFloat(r.Check.Expected[row.Outcome], 'f', 1, 64))
		}
		cells = append(cells, line)
	}
	return cells
}

// tableWidth returns the width of a table in terminal columns.
func tableWidth(rows [][]string) int {
	total := 0
	for col := range rows[0] {
		widest := 0
		for _, row := range rows {
			widest = max(widest, lipgloss.Width(row[col]))
		}
		total += widest + 2
	}
	return total
}

// addBars appends a bar to each row to show its probability. The longest bar has a width
// of room columns.
func addBars(cells [][]string, rows []prize.Row, room int) {
	most := new(big.Rat)
	for _, row := range rows {
		if row.Probability.Cmp(most) > 0 {
			most = row.Probability
		}
	}
	for i, row := range rows {
		share, _ := new(big.Rat).Quo(row.Probability, most).Float64()
		cells[i] = append(cells[i], show.Bar(share, room))
	}
}

// fraction returns an exact probability. If it is too long, fraction returns a reference
// to the JSON output.
func fraction(p *big.Rat) string {
	if text, short := show.Fraction(p); short {
		return text
	}
	return "(see -o json)"
}

// figures returns the lines below the table.
func (r *oddsReport) figures() string {
	var b strings.Builder
	currency := r.rules.Currency
	money := func(minor float64) string { return show.Money(currency, minor) }
	fmt.Fprintf(&b, "Win anything  %s (%s)\n", prize.Percent(r.exact.Win), prize.OneIn(r.exact.Win))
	fmt.Fprintf(&b, "Cost per draw %s expected, %s standard deviation\n", currency.FormatRat(r.exact.Mean, 2), money(r.exact.StandardDeviation()))
	if r.Total != nil {
		fmt.Fprintf(&b, "%-13s %s expected, %s standard deviation\n", show.Count(r.total.Draws, "draw"), currency.FormatRat(r.total.Mean, 0), money(r.total.StandardDeviation))
		fmt.Fprintf(&b, "              at most %s with 95%% probability, %s with 99%%\n", money(r.total.P95), money(r.total.P99))
		fmt.Fprintf(&b, "              (%s)\n", approximation)
		if r.total.Rough != "" {
			fmt.Fprintf(&b, "              These two figures are rough: %s.\n", r.total.Rough)
		}
	}
	if r.Check != nil {
		fmt.Fprintf(&b, "Check         %s of seed %s\n", show.Count(r.Check.Draws, "draw"), r.Check.Seed)
		if r.Check.Degrees == 0 {
			b.WriteString("              too few draws for a test\n")
			return b.String()
		}
		fmt.Fprintf(&b, "              chi-square %.2f with %d degrees of freedom, p = %.4f\n", r.Check.ChiSquare, r.Check.Degrees, r.Check.P)
		fmt.Fprintf(&b, "              (fair draws are at least this far from the odds in %.4g%% of runs)\n", 100*r.Check.P)
	}
	return b.String()
}

// writeOddsCSV writes a line for each row of the odds.
func writeOddsCSV(a *app, r oddsReport) error {
	w := csv.NewWriter(resultWriter{a})
	// w.Error returns the first error of all writes.
	_ = w.Write([]string{"rule", "prize", "value", "currency", "probability"})
	for _, row := range r.Rows {
		_ = w.Write([]string{textOf(row.Rule), textOf(row.Prize), strconv.FormatInt(row.Value, 10), r.Currency, row.Probability})
	}
	w.Flush()
	return w.Error()
}

// textOf returns *s, or "" if s is nil.
func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
