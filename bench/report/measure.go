package main

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// contestant is one way to do the work of a section.
type contestant struct {
	name    string
	what    string // what it does, for the reader
	measure func(ctx context.Context) (float64, error)
}

// result is what a contestant reached, a sample a round.
type result struct {
	name, what string
	samples    []float64
}

// interleave measures every contestant once a round, each round in another order, so
// that what disturbs the machine for a while disturbs all alike.
func interleave(ctx context.Context, rounds int, all []contestant) ([]result, error) {
	results := make([]result, len(all))
	for i, c := range all {
		results[i] = result{name: c.name, what: c.what}
	}
	for round := range rounds {
		for k := range all {
			i := (k + round) % len(all)
			if err := ctx.Err(); err != nil {
				return nil, context.Cause(ctx)
			}
			value, err := all[i].measure(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", all[i].name, err)
			}
			fmt.Fprintf(os.Stderr, "        %-32s %s\n", all[i].name, figure(value))
			results[i].samples = append(results[i].samples, value)
		}
	}
	return results, nil
}

func (r *result) median() float64 { return median(r.samples) }

func median(samples []float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratios are those of two results in each round.
func ratios(a, b *result) []float64 {
	var all []float64
	for i := range min(len(a.samples), len(b.samples)) {
		all = append(all, a.samples[i]/b.samples[i])
	}
	return all
}

// find gives the result of a name.
func find(results []result, name string) *result {
	i := slices.IndexFunc(results, func(r result) bool { return r.name == name })
	if i < 0 {
		panic("report: no contestant is called " + name)
	}
	return &results[i]
}
