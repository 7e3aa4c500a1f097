package main

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// contestant is one of the alternatives that a section compares.
type contestant struct {
	name    string
	what    string // describes its work to the reader
	measure func(ctx context.Context) (float64, error)
}

// result contains the samples of a contestant, one per round.
type result struct {
	name, what string
	samples    []float64
}

// interleave measures every contestant once per round. Each round begins with a different
// contestant, so that a temporary disturbance does not always affect the same one.
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

// ratios returns the ratio of a to b for each round.
func ratios(a, b *result) []float64 {
	var all []float64
	for i := range min(len(a.samples), len(b.samples)) {
		all = append(all, a.samples[i]/b.samples[i])
	}
	return all
}

// find returns the result with the given name.
func find(results []result, name string) *result {
	i := slices.IndexFunc(results, func(r result) bool { return r.name == name })
	if i < 0 {
		panic("report: no contestant named " + name)
	}
	return &results[i]
}
