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

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// drawWriter makes the draws of a spec and writes them as they come.
type drawWriter struct {
	a            *app
	spec         draw.Spec
	format       string // table, json, ndjson or csv
	seedMade     bool   // whether nobody but this run knows the seed
	accountWidth int    // of the table's column
	replay       string // the command line that makes the draws again; empty where there is none
	tally        *draw.Tally
}

// run makes and writes the draws. Whatever ends it, whole lines are written and
// JSON is closed.
func (w *drawWriter) run(ctx context.Context) error {
	encoding := w.encoding()
	if err := w.a.write(encoding.Header()); err != nil {
		return err
	}
	w.tally = draw.NewTally(w.spec.Rules)
	progress := w.a.startProgress(w.spec.Count, "draw")
	err := draw.Write(ctx, w.a.generator, w.spec, encoding, writer{w.a}, func(b *draw.Batch) {
		w.tally.Add(b)
		progress.add(uint64(b.Len()))
	})
	progress.stop()
	err = errors.Join(err, w.a.write(encoding.Footer()))
	if err == nil && w.format == "table" {
		err = w.a.write([]byte(w.summary()))
	}
	if w.seedMade && w.format == "csv" && (err == nil || errors.Is(err, context.Canceled)) {
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

// table lays out columns whose widths are known before the first draw, so that
// any number of draws can be shown as they come.
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
			return "  " + s.warn.Render("no rule covers it") + "\n"
		case won == nil:
			return "  " + padded(rule.Name, ruleWidth) + "  " +
				s.faint.Render(padded("no prize", prizeWidth)+"  "+prize.Percent(rule.NoPrize())) + "\n"
		}
		return "  " + padded(rule.Name, ruleWidth) + "  " + s.win.Render(padded(won.Name, prizeWidth)) + "  " +
			prize.Percent(won.Chance) + "\n"
	}
	return draw.Table(&w.spec, s.head.Render(header)+"\n", indexWidth, w.accountWidth, outcome)
}

// padded fills a text up to a width in columns of the terminal.
func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

// summary tells below a table what was won, and how to make the draws again.
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
	total := "more than can be told"
	if cost.IsInt64() && cost.Int64() < math.MaxInt64 {
		total = w.spec.Rules.Currency.Display(cost.Int64())
	}
	text := fmt.Sprintf("\n%s won in %s by the rules %s, worth %s in all.\n", show.Count(wins, "prize"), show.Count(draws, "draw"), w.spec.Rules.Name, total)
	if w.replay == "" {
		return text + fmt.Sprintf("seed: %s\n", w.spec.Seed)
	}
	return text + "To see the same again:\n  " + strings.ReplaceAll(w.replay, "\n", "\n  ") + "\n"
}
