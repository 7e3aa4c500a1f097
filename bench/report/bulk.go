package main

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/prizegen/prizegen/bench"
	"github.com/prizegen/prizegen/pkg/draw"
)

// bulk measures how fast many draws are made and written.
func bulk(ctx context.Context, l *lab) (section, error) {
	cores := runtime.GOMAXPROCS(0)
	many := 20_000_000
	if l.quick {
		many = 4_000_000
	}
	ours := func(format func(*draw.Spec) *draw.Encoding) func(int) error {
		return func(n int) error {
			spec, err := bench.Spec(n)
			if err != nil {
				return err
			}
			return bench.Ours(spec, format, io.Discard)
		}
	}
	script := func(processes int) func(int) error {
		return func(n int) error {
			return exec.CommandContext(ctx, python, filepath.Join(l.flask, "bulk.py"), strconv.Itoa(n), strconv.Itoa(processes)).Run()
		}
	}
	results, err := interleave(ctx, l.rounds, []contestant{
		{"ours, CSV", "`draw.Run` with `draw.CSV`: AES-256 streams; every draw can be recomputed from the seed and its index; the lines are in order", perSecond(many, ours(draw.CSV))},
		{"ours, NDJSON", "the same with `draw.NDJSON`, whose lines are seven times as long", perSecond(many, ours(draw.NDJSON))},
		{"bound", "only generates the words of the streams and copies the bytes of the CSV", perSecond(2*many, func(n int) error { return bench.Bound(n, cores) })},
		{"gofakeit", "gofakeit for the account number, regexp for the rule, cumulative weights for the prize, and encoding/csv; one goroutine per core; the lines are in no particular order", perSecond(many/20, func(n int) error {
			return bench.Peers(n, cores, (*bench.Peer).Pick, bench.NewCSVOutput)
		})},
		{"Python", "random, re and csv, in one process", perSecond(many/100, script(1))},
		{"Python, a process per core", "the same with one process per core", perSecond(many/50, script(cores))},
	})
	if err != nil {
		return section{}, err
	}
	csv := find(results, "ours, CSV")
	return section{
		title: "Draws in bulk", unit: "draws/s", results: results,
		about: "Each draw consists of an account number (`lower4` + `digits4`), the first of the generous rules that matches it, its prize, and an output line. All cores are used, and the lines are discarded.",
		aims: []aim{
			{text: "CSV ÷ gofakeit with as many goroutines", ratios: ratios(csv, find(results, "gofakeit")), atLeast: 10},
			{text: "CSV ÷ Python", ratios: ratios(csv, find(results, "Python")), atLeast: 100},
			{text: "bound ÷ CSV", ratios: ratios(find(results, "bound"), csv), atMost: 3},
			{text: "NDJSON ÷ CSV", ratios: ratios(find(results, "ours, NDJSON"), csv), atLeast: 0.5},
		},
	}, nil
}

// perSecond returns a function that calls do for n operations and returns the number of
// operations per second.
func perSecond(n int, do func(n int) error) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		started := time.Now()
		err := do(n)
		return float64(n) / time.Since(started).Seconds(), err
	}
}
