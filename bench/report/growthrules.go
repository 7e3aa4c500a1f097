package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prizegen/prizegen/bench"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// growthRules measures how the cost of rules grows with their number and with the length
// of a pattern.
func growthRules(ctx context.Context, l *lab) (section, error) {
	numbers, err := l.growRules(ctx, []int{1, 3, 10, 30, 100, 300, 1000}, manyRules)
	if err != nil {
		return section{}, err
	}
	lengths, err := l.growRules(ctx, []int{1, 3, 10, 30, 100, 300, 1000}, longPattern)
	if err != nil {
		return section{}, err
	}
	return section{
		title: "Growing rules",
		about: "In the first table, the number of rules grows. A quarter of them match a prefix (`^ab`), a quarter a suffix (`77$`), a quarter a whole account number (`^abcd1234$`), and a quarter a short string anywhere (`1234`). In the second table, the pattern of one rule grows. The third table shows patterns that are rejected. " +
			"*Compile* is the time to read the file and to build one automaton from all patterns. The odds are exact, for `lower4` + `digits4`.",
		tables: []table{numbers.table("rules"), lengths.table("bytes of the pattern"), refusals()},
		charts: []lineChart{numbers.chart("Rules", "rules"), lengths.chart("Length of a pattern", "bytes of the pattern")},
		aims:   []aim{{text: "odds of 1,000 rules", ratios: numbers.last.odds, atMost: 1000, absolute: "ms"}},
	}, nil
}

// refusals measures how long it takes to reject patterns whose automaton would be too
// large.
func refusals() table {
	t := table{columns: []string{"pattern", "rejected after, ms", "error"}}
	for _, pattern := range []string{"4.{16}7", "4.{900}7", "((a{10}){10}){100}"} {
		started := time.Now()
		_, err := prize.Parse("rules.yaml", []byte("name: x\ncurrency: GBP\nrules:\n  - {match: '"+pattern+"', prizes: [{win: 1, chance: 1%}]}\n  - {name: else, prizes: [{win: 1, chance: 1%}]}\n"))
		first := "none: it was accepted"
		if err != nil {
			first, _, _ = strings.Cut(err.Error(), "\n")
		}
		t.rows = append(t.rows, []string{"`" + pattern + "`", figure(millis(time.Since(started))), first})
	}
	return t
}

// ruleGrowth holds the cost of rules of different sizes.
type ruleGrowth struct {
	compile, odds, draw line
	last                struct{ odds []float64 } // samples for the largest size
}

func (l *lab) growRules(ctx context.Context, sizes []int, source func(size int) string) (ruleGrowth, error) {
	g := ruleGrowth{compile: line{name: "compile, ms"}, odds: line{name: "odds, ms"}, draw: line{name: "a draw, ns"}}
	for _, size := range sizes {
		var compile, odds, draws []float64
		for range l.rounds {
			if err := ctx.Err(); err != nil {
				return g, context.Cause(ctx)
			}
			started := time.Now()
			rules, err := prize.Parse("rules.yaml", []byte(source(size)))
			if err != nil {
				return g, err
			}
			compile = append(compile, millis(time.Since(started)))
			const many = 1_000_000
			spec, err := bench.Spec(many)
			if err != nil {
				return g, err
			}
			started = time.Now()
			rules.Odds(spec.Text.Format, spec.Number.Format)
			odds = append(odds, millis(time.Since(started)))
			spec.Rules = rules
			started = time.Now()
			if err := bench.Ours(spec, draw.CSV, io.Discard); err != nil {
				return g, err
			}
			draws = append(draws, float64(time.Since(started).Nanoseconds())/many)
		}
		g.compile.points = append(g.compile.points, point{float64(size), median(compile)})
		g.odds.points = append(g.odds.points, point{float64(size), median(odds)})
		g.draw.points = append(g.draw.points, point{float64(size), median(draws)})
		g.last.odds = odds
	}
	return g, nil
}

func (g *ruleGrowth) table(what string) table {
	t := table{columns: []string{what, "compile, ms", "odds, ms", "time per draw on all cores, ns"}}
	for i, p := range g.compile.points {
		t.rows = append(t.rows, []string{group(p.x), figure(p.y), figure(g.odds.points[i].y), figure(g.draw.points[i].y)})
	}
	return t
}

func (g *ruleGrowth) chart(title, x string) lineChart {
	return lineChart{title: title, x: x, y: "ms, and ns per draw", lines: []line{g.compile, g.odds, g.draw}}
}

// manyRules returns a rules file with n patterns and a rule for all other account numbers.
func manyRules(n int) string {
	var b strings.Builder
	b.WriteString("name: many\ncurrency: GBP\nrules:\n")
	for i := range n {
		k := i / 4
		letters := fmt.Sprintf("%c%c%c", 'a'+k%26, 'a'+k/26%26, 'a'+k*7%26)
		pattern := []string{"^" + letters, fmt.Sprintf("%03d$", k), fmt.Sprintf("^%sx%04d$", letters, k), fmt.Sprintf("%04d", 9999-k)}[i%4]
		fmt.Fprintf(&b, "  - {match: '%s', prizes: [{win: %d, chance: 1/10}]}\n", pattern, 1+i)
	}
	b.WriteString("  - {name: else, prizes: [{win: 1, chance: 1%}]}\n")
	return b.String()
}

// longPattern returns a rules file with a pattern of n bytes, which consists of
// alternatives.
func longPattern(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%c%c%02d|", 'a'+i%26, 'a'+i/26%26, i%100)
	}
	pattern := strings.TrimSuffix(b.String()[:n], "|")
	return "name: long\ncurrency: GBP\nrules:\n  - {match: '" + pattern + "', prizes: [{win: 1, chance: 1/10}]}\n  - {name: else, prizes: [{win: 1, chance: 1%}]}\n"
}
